//! What a change or a deletion would do, in JSON: the answer to `?dry_run=true`.
use super::path::Subject;
use serde_json::{Map, Value};

/// One object that is made, changed or removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub subject: Subject,
    /// Names from the company down, joined by `/`, which no name holds.
    pub name: String,
    /// Whether it is new.
    pub created: bool,
    /// Organisations: of the schema; folders: of `custom_meta`.
    pub fields: FieldChanges,
}

/// What becomes of fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldChanges {
    /// Defined, or listed from now on.
    pub added: Vec<String>,
    /// Other options, another type or another spelling.
    pub changed: Vec<String>,
    /// Gone, or no longer listed.
    pub removed: Vec<String>,
}

impl Step {
    /// A step that concerns no fields.
    pub fn new(subject: Subject, name: String, created: bool) -> Self {
        Self { subject, name, created, fields: FieldChanges::default() }
    }

    /// `{"kind","name"}` and, where fields change, `{"fields":{"added","changed","removed"}}`.
    pub fn shown(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("kind".into(), self.subject.text().into());
        shown.insert("name".into(), self.name.as_str().into());
        let FieldChanges { added, changed, removed } = &self.fields;
        let mut fields = Map::new();
        for (what, names) in [("added", added), ("changed", changed), ("removed", removed)] {
            if !names.is_empty() {
                fields.insert(what.into(), names.clone().into());
            }
        }
        if !fields.is_empty() {
            shown.insert("fields".into(), Value::Object(fields));
        }
        Value::Object(shown)
    }
}

/// `{"changed","created":[…],"updated":[…],"reindexed":["CO/ORG/FOLDER",…]}`
pub fn plan(steps: &[Step], reindexed: &[String]) -> Value {
    let shown = |created: bool| steps.iter().filter(|step| step.created == created).map(Step::shown).collect();
    let mut plan = Map::new();
    plan.insert("changed".into(), (!steps.is_empty()).into());
    plan.insert("created".into(), Value::Array(shown(true)));
    plan.insert("updated".into(), Value::Array(shown(false)));
    plan.insert("reindexed".into(), reindexed.to_vec().into());
    Value::Object(plan)
}

/// `{"deleted":[{"kind","name"},…]}`
pub fn deleted(steps: &[Step]) -> Value {
    let mut plan = Map::new();
    plan.insert("deleted".into(), Value::Array(steps.iter().map(Step::shown).collect()));
    Value::Object(plan)
}
