//! The sections together: the whole of `config/linernotes.toml` as one value.
use super::engine::{Backup, Compat, Retention, Workers};
use super::server::{Data, Log, Metrics, Server};
use crate::domain::limits::Limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that can be configured. The order of the members is the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[data]`
    pub data: Data,
    /// `[limits]`
    pub limits: Limits,
    /// `[compat]`
    pub compat: Compat,
    /// `[workers]`
    pub workers: Workers,
    /// `[backup]`
    pub backup: Backup,
    /// `[retention]`
    pub retention: Retention,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[log]`
    pub log: Log,
}

impl Config {
    /// Every key that exists, as `section.key` with its default, in the order of the sections.
    pub fn defaults() -> Vec<(String, Value)> {
        let whole = serde_json::to_value(Config::default()).unwrap_or_default();
        let sections = whole.as_object().cloned().unwrap_or_default();
        sections.into_iter().flat_map(|(section, keys)| flatten(&section, keys)).collect()
    }
}

fn flatten(section: &str, keys: Value) -> Vec<(String, Value)> {
    match keys {
        Value::Object(keys) => keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)).collect(),
        _ => Vec::new(),
    }
}

/// The reverse of [`Config::defaults`]: pairs back into nested objects.
pub fn nest<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Value {
    let mut whole = Map::new();
    for (name, value) in pairs {
        let (section, key) = name.split_once('.').unwrap_or((name, ""));
        let keys = whole.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(keys) = keys {
            keys.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(whole)
}
