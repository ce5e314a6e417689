//! Bringing the sources together: defaults < file < environment < flags, each value with its origin.
use super::check::{Problem, check};
use super::environment::{Environment, PREFIX};
use super::sections::{Config, nest};
use crate::base::near::near;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file that is read when none is named and it is there.
pub const USUAL_FILE: &str = "config/linernotes.toml";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The file.
    File(PathBuf),
    /// The variable named.
    Environment(String),
    /// The flag named.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "file {}", path.display()),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value given by a flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// `section.key`
    pub key: &'static str,
    /// The flag, for words: `--listen`.
    pub name: &'static str,
    /// Its value as typed.
    pub value: String,
}

/// All that is to be brought together.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file's name and text, if there is one.
    pub file: Option<(PathBuf, String)>,
    /// The environment.
    pub environment: Environment,
    /// Flags.
    pub flags: Vec<Flag>,
}

impl Sources {
    /// Reads the file: the one named by flag or environment, which must be there, else [`USUAL_FILE`] if it is there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn gather(named: Option<&Path>, environment: Environment, flags: Vec<Flag>) -> Result<Self, Vec<Problem>> {
        let named = named.map(Path::to_owned).or_else(|| environment.config_file.clone());
        let must_exist = named.is_some();
        let path = named.unwrap_or_else(|| PathBuf::from(USUAL_FILE));
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => None,
            Err(error) => {
                let detail = format!("cannot read the configuration file: {error}");
                return Err(vec![Problem { key: String::new(), origin: path.display().to_string(), detail }]);
            }
        };
        Ok(Self { file, environment, flags })
    }

    /// Brings everything together and checks it.
    ///
    /// # Errors
    /// All problems found, in the order of the sources.
    pub fn load(self) -> Result<Loaded, Vec<Problem>> {
        let mut merge = Merge::new();
        if let Some((path, text)) = &self.file {
            merge.file(path, text);
        }
        for (name, value) in &self.environment.variables {
            merge.variable(name, value);
        }
        for flag in &self.flags {
            merge.typed(flag.key, &flag.value, Origin::Flag(flag.name));
        }
        merge.finish()
    }
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The same as (`section.key`, value, origin), in the order of the sections.
    pub values: Vec<(String, Value, Origin)>,
}

impl Loaded {
    /// Where the value of a key came from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.iter().find(|(name, _, _)| name == key).map(|(_, _, origin)| origin)
    }
}

/// The merge as it goes on.
struct Merge {
    /// Keys in order, with their defaults.
    defaults: Vec<(String, Value)>,
    /// What was set, so far.
    set: BTreeMap<String, (Value, Origin)>,
    problems: Vec<Problem>,
}

impl Merge {
    fn new() -> Self {
        Self { defaults: Config::defaults(), set: BTreeMap::new(), problems: Vec::new() }
    }

    fn problem(&mut self, key: &str, origin: &Origin, detail: impl Into<String>) {
        let origin = if *origin == Origin::Default { String::new() } else { origin.to_string() };
        self.problems.push(Problem { key: key.to_owned(), origin, detail: detail.into() });
    }

    fn default_of(&self, key: &str) -> Option<&Value> {
        self.defaults.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn file(&mut self, path: &Path, text: &str) {
        let origin = Origin::File(path.to_owned());
        let whole: Value = match toml::from_str(text) {
            Ok(whole) => whole,
            Err(error) => return self.problem("", &origin, format!("is not TOML: {}", error.to_string().trim())),
        };
        for (section, keys) in whole.as_object().cloned().unwrap_or_default() {
            let Value::Object(keys) = keys else {
                let detail = "stands outside any section; every key belongs under a [section]";
                self.problem(&section, &origin, detail);
                continue;
            };
            if !self.sections().contains(&section.as_str()) {
                let detail = unknown("section", &section, self.sections());
                self.problem(&section, &origin, detail);
                continue;
            }
            for (key, value) in keys {
                self.put(&format!("{section}.{key}"), value, origin.clone());
            }
        }
    }

    fn sections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.defaults.iter().filter_map(|(key, _)| key.split('.').next()).collect();
        names.dedup();
        names
    }

    /// Takes a variable, if it is one of ours. Others that merely begin like ours (a container platform sets
    /// `LINERNOTES_PORT` for a service called so) are left alone, unless they are a key with a wrong number of `_`.
    fn variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix(PREFIX) else { return };
        let origin = Origin::Environment(name.to_owned());
        if let Some((section, key)) = rest.split_once("__") {
            let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
            return self.typed(&key, value, origin);
        }
        let bare = |text: &str| text.replace(['_', '.'], "").to_lowercase();
        let meant = self.defaults.iter().map(|(key, _)| key.as_str()).find(|key| bare(key) == bare(rest));
        if let Some(key) = meant {
            let right = format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"));
            self.problem("", &origin, format!("is no variable of ours; write {right} with two underscores"));
        }
    }

    /// Takes a value given as text, by the type of the default.
    fn typed(&mut self, key: &str, text: &str, origin: Origin) {
        let value = match self.default_of(key) {
            None => Value::Null,
            Some(Value::Bool(_)) => match text.trim() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                other => return self.problem(key, &origin, format!("is {other:?}; write true or false")),
            },
            Some(Value::Number(_)) => match text.trim().replace('_', "").parse::<u64>() {
                Ok(number) => Value::from(number),
                Err(_) => return self.problem(key, &origin, format!("is {text:?}; write a whole number, 0 or more")),
            },
            Some(_) => Value::from(text),
        };
        self.put(key, value, origin);
    }

    /// Takes one value if its key exists and its type fits.
    fn put(&mut self, key: &str, value: Value, origin: Origin) {
        if self.default_of(key).is_none() {
            let detail = self.unknown_key(key);
            return self.problem(key, &origin, detail);
        }
        let (name, single) = (key.to_owned(), value.clone());
        match serde_json::from_value::<Config>(nest([(&name, &single)])) {
            Ok(_) => {
                self.set.insert(name, (value, origin));
            }
            Err(_) => {
                let right = match self.default_of(key) {
                    Some(Value::Bool(_)) => "write true or false",
                    Some(Value::Number(_)) => "write a whole number, 0 or more",
                    _ => "write a text in quotes",
                };
                self.problem(key, &origin, format!("is {value}; {right}"));
            }
        }
    }

    fn unknown_key(&self, key: &str) -> String {
        let (section, short) = key.split_once('.').unwrap_or((key, ""));
        let names: Vec<&str> = self
            .defaults
            .iter()
            .filter_map(|(name, _)| name.split_once('.'))
            .filter_map(|(own, name)| (own == section).then_some(name))
            .collect();
        if names.is_empty() {
            return unknown("section", section, self.sections());
        }
        let elsewhere =
            self.defaults.iter().find(|(name, _)| name.split_once('.').is_some_and(|(_, own)| own == short));
        match (near(short, names.iter().copied()).first(), elsewhere) {
            (None, Some((name, _))) => format!("there is no such key; did you mean `{name}`?"),
            _ => unknown("key", short, names),
        }
    }

    fn finish(mut self) -> Result<Loaded, Vec<Problem>> {
        let values: Vec<(String, Value, Origin)> = self
            .defaults
            .iter()
            .map(|(key, default)| match self.set.get(key) {
                Some((value, origin)) => (key.clone(), value.clone(), origin.clone()),
                None => (key.clone(), default.clone(), Origin::Default),
            })
            .collect();
        let config: Config = match serde_json::from_value(nest(values.iter().map(|(key, value, _)| (key, value)))) {
            Ok(config) => config,
            Err(error) => {
                self.problem("", &Origin::Default, error.to_string());
                return Err(self.problems);
            }
        };
        let loaded = Loaded { config, values };
        for (key, detail) in check(&loaded.config) {
            let origin = loaded.origin(key).cloned().unwrap_or(Origin::Default);
            self.problem(key, &origin, detail);
        }
        if self.problems.is_empty() { Ok(loaded) } else { Err(self.problems) }
    }
}

fn unknown(what: &str, name: &str, known: Vec<&str>) -> String {
    match near(name, known.iter().copied()).first() {
        Some(meant) => format!("there is no such {what}; did you mean `{meant}`?"),
        None => format!("there is no such {what}; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests;
