//! From what is there to what is wanted: the steps, and what they do to the index. Pure.
use super::tree::{Key, Kind, Tree};
use crate::domain::fields::Definition;
use crate::domain::identity::FieldName;
use crate::engine::admin::{org, secrets};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Makes an object.
    Create,
    /// Changes some of its settings.
    Update,
    /// Deletes it.
    Delete,
}

impl Act {
    /// As it is called.
    pub fn text(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// As it is marked in lists.
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
        }
    }
}

/// One setting that differs. `from` is null for what is not there, `to` for what goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name.
    pub key: String,
    /// As it is.
    pub from: Value,
    /// As it is wanted.
    pub to: Value,
}

/// One change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// To which object.
    pub key: Key,
    /// What differs.
    pub changes: Vec<Change>,
    /// What is sent.
    pub body: Map<String, Value>,
}

impl Step {
    /// Names that leave the index with it.
    pub fn leaves(&self) -> Vec<String> {
        let listed = |value: &Value| -> Vec<String> {
            let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let change = self.changes.iter().find(|change| change.key == "custom_meta" && self.key.kind == Kind::Folder);
        let Some(change) = change else { return Vec::new() };
        let stay: HashSet<FieldName> = listed(&change.to).iter().map(|name| FieldName::lenient(name)).collect();
        listed(&change.from).into_iter().filter(|name| !stay.contains(&FieldName::lenient(name))).collect()
    }

    /// As JSON.
    pub fn shown(&self) -> Value {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|change| json!({"key": change.key, "from": change.from, "to": change.to}))
            .collect();
        json!({"kind": self.key.kind.text(), "name": self.key.names.join("/"), "changes": changes})
    }
}

/// The steps in the order in which they can be done: makers first, then what no folder lists any more, then deletions
/// from the bottom up.
pub fn steps(now: &Tree, wanted: &Tree, prune: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (key, settings) in wanted {
        let before = now.get(key);
        let changes = differences(key.kind, before.unwrap_or(&Map::new()), settings);
        match before {
            None => steps.push(Step { act: Act::Create, key: key.clone(), changes, body: settings.clone() }),
            Some(_) if changes.is_empty() => {}
            Some(_) => {
                let body = body(&changes, settings);
                steps.push(Step { act: Act::Update, key: key.clone(), changes, body });
            }
        }
    }
    if prune {
        steps.extend(wanted.iter().filter_map(|(key, settings)| unlisted(key, now.get(key)?, settings)));
        let order = |key: &Key| match key.kind {
            Kind::Folder | Kind::App => 0,
            Kind::User | Kind::Org => 1,
            Kind::Company => 2,
        };
        let mut gone: Vec<&Key> = now.keys().filter(|key| !wanted.contains_key(key)).collect();
        gone.sort_by_key(|key| order(key));
        let gone = gone.into_iter().map(|key| {
            let settings = now.get(key).into_iter().flatten().filter(|(name, _)| *name == "custom_meta");
            let changes = settings
                .map(|(name, value)| Change { key: name.clone(), from: value.clone(), to: Value::Null })
                .collect();
            Step { act: Act::Delete, key: key.clone(), changes, body: Map::new() }
        });
        steps.extend(gone);
    }
    steps
}

/// Of `fields` only those that differ are sent, of other settings the whole.
fn body(changes: &[Change], settings: &Map<String, Value>) -> Map<String, Value> {
    let mut body = Map::new();
    for change in changes {
        match change.key.strip_prefix("fields.") {
            Some(field) => {
                let fields = body.entry("fields").or_insert_with(|| Value::Object(Map::new()));
                if let Some(fields) = fields.as_object_mut() {
                    fields.insert(field.to_owned(), change.to.clone());
                }
            }
            None => {
                let sent = settings.get(&change.key).unwrap_or(&change.to);
                body.insert(change.key.clone(), sent.clone());
            }
        }
    }
    body
}

/// Definitions that are not wanted any more.
fn unlisted(key: &Key, now: &Map<String, Value>, wanted: &Map<String, Value>) -> Option<Step> {
    let there = now.get("fields").filter(|_| key.kind == Kind::Org)?.as_object()?;
    let keep = wanted.get("fields")?.as_object()?;
    let keep: HashSet<FieldName> = keep.keys().map(|name| FieldName::lenient(name)).collect();
    let gone = there.iter().filter(|(name, _)| !keep.contains(&FieldName::lenient(name)));
    let changes: Vec<Change> = gone
        .map(|(name, from)| Change { key: format!("fields.{name}"), from: from.clone(), to: Value::Null })
        .collect();
    let body = body(&changes, wanted);
    (!changes.is_empty()).then(|| Step { act: Act::Update, key: key.clone(), changes, body })
}

/// What of `wanted` is not so. Settings that it does not name stay.
pub fn differences(kind: Kind, now: &Map<String, Value>, wanted: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, to) in wanted {
        let from = now.get(key).cloned().unwrap_or(Value::Null);
        if let ("fields", Kind::Org, Some(fields)) = (key.as_str(), kind, to.as_object()) {
            changes.extend(field_changes(from.as_object().unwrap_or(&Map::new()), fields));
        } else if !same(kind, key, &from, to) {
            changes.push(Change { key: key.clone(), from, to: to.clone() });
        }
    }
    changes
}

fn field_changes(now: &Map<String, Value>, wanted: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, to) in wanted {
        let own = FieldName::lenient(name);
        let from = now.iter().find(|(other, _)| FieldName::lenient(other) == own).map(|(_, from)| from.clone());
        let same = match (&from, definition(to)) {
            (Some(from), Some(to)) => definition(from).is_some_and(|from| from == to),
            (from, None) => from.as_ref().unwrap_or(&Value::Null) == to,
            (None, Some(_)) => false,
        };
        if !same {
            let from = from.unwrap_or(Value::Null);
            changes.push(Change { key: format!("fields.{name}"), from, to: to.clone() });
        }
    }
    changes
}

/// A definition by its meaning: aliases and options left out do not matter.
fn definition(value: &Value) -> Option<Definition> {
    let mut members = value.as_object()?.clone();
    members.entry("type").or_insert_with(|| json!("varchar"));
    serde_json::from_value(Value::Object(members)).ok()
}

fn same(kind: Kind, key: &str, from: &Value, to: &Value) -> bool {
    if from == to {
        return true;
    }
    let names = |value: &Value| -> Option<Vec<FieldName>> {
        value.as_array()?.iter().map(|name| Some(FieldName::lenient(name.as_str()?))).collect()
    };
    match (kind, key) {
        (Kind::Folder, "custom_meta") => names(from).is_some() && names(from) == names(to),
        // Credentials are never shown: what can be seen is compared.
        (Kind::Folder, "callback") => {
            to.as_object().map(|sent| Value::Object(secrets::part(sent).0)).as_ref() == Some(from)
        }
        (Kind::User, "auth") => {
            to.as_object().map(|sent| Value::Object(secrets::without_passwords(sent))).as_ref() == Some(from)
        }
        (Kind::User, key) => secrets::without_passwords(&Map::from_iter([(key.to_owned(), to.clone())])).is_empty(),
        (Kind::Org, "timezone") => {
            let zone = |value: &Value| org::timezone(value.as_str()?).map(|(name, _)| name);
            zone(from).is_some() && zone(from) == zone(to)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::unnest;
    use super::*;

    fn tree(folders: &Value, fields: &Value) -> Tree {
        unnest(&json!({"A": {"orgs": {"O": {"fields": fields, "folders": folders}}}})).unwrap()
    }

    #[test]
    fn equal_trees_have_no_steps_whatever_their_spelling() {
        let now = tree(
            &json!({"F": {"custom_meta": ["Queue"], "callback": {"posturl": "http://x"}}}),
            &json!({"n": {"type": "number"}}),
        );
        let wanted = tree(
            &json!({"F": {"custom_meta": ["queue"], "callback": {"posturl": "http://x", "secret": "s"}}}),
            &json!({"N": {"type": "float"}}),
        );
        assert_eq!(steps(&now, &wanted, true), []);
    }

    #[test]
    fn steps_come_in_an_order_that_can_be_done() {
        let now = tree(
            &json!({"F": {"custom_meta": ["a", "b"]}, "Old": {}}),
            &json!({"a": {"type": "varchar"}, "b": {"type": "varchar"}}),
        );
        let wanted = tree(&json!({"F": {"custom_meta": ["b", "c"]}, "New": {}}), &json!({"b": {"type": "number"}}));
        let kept: Vec<String> =
            steps(&now, &wanted, false).iter().map(|s| format!("{} {}", s.act.sign(), s.key)).collect();
        assert_eq!(kept, ["~ org A/O", "~ folder A/O/F", "+ folder A/O/New"]);
        let all = steps(&now, &wanted, true);
        let marked: Vec<String> = all.iter().map(|s| format!("{} {}", s.act.sign(), s.key)).collect();
        assert_eq!(marked, ["~ org A/O", "~ folder A/O/F", "+ folder A/O/New", "~ org A/O", "- folder A/O/Old"]);
        assert_eq!(all[0].body, *json!({"fields": {"b": {"type": "number"}}}).as_object().unwrap());
        assert_eq!(all[1].leaves(), ["a"]);
        assert_eq!(all[3].body, *json!({"fields": {"a": null}}).as_object().unwrap());
    }
}
