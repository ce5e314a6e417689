//! The merged configuration as TOML, each value with where it came from.
use super::load::Loaded;
use serde_json::{Value, json};
use std::fmt::Write;

/// As TOML that can be read again; the origin stands behind each value as a comment.
pub fn toml(loaded: &Loaded) -> String {
    let mut out = String::new();
    let mut open = "";
    for (name, value, origin) in &loaded.values {
        let (section, key) = name.split_once('.').unwrap_or((name, ""));
        if section != open {
            let gap = if open.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}[{section}]");
            open = section;
        }
        let _ = writeln!(out, "{:<48} # {origin}", format!("{key} = {}", literal(value)));
    }
    out
}

/// As JSON for machines: `section.key` → `{"value", "origin"}`.
pub fn json(loaded: &Loaded) -> Value {
    let members = loaded
        .values
        .iter()
        .map(|(name, value, origin)| (name.clone(), json!({ "value": value, "origin": origin.to_string() })));
    Value::Object(members.collect())
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => ::toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::{Flag, Sources};

    #[test]
    fn what_is_shown_names_origins_and_can_be_read_again() {
        let flag = Flag { key: "data.dir", name: "--data", value: String::from("a \"b\"") };
        let loaded = Sources { flags: vec![flag], ..Sources::default() }.load().unwrap();
        let shown = toml(&loaded);
        assert!(shown.lines().any(|l| l.starts_with("dir = ") && l.ends_with("# flag --data")), "{shown}");
        assert!(shown.lines().any(|l| l.starts_with("open = false") && l.ends_with("# default")), "{shown}");
        let again = Sources { file: Some(("x".into(), shown)), ..Sources::default() }.load().unwrap();
        assert_eq!(again.config, loaded.config);
        assert_eq!(json(&loaded)["data.dir"]["origin"], "flag --data");
    }
}
