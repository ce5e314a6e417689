//! What is configured for a folder: the organisation's schema seen through the folder's `custom_meta`.
use super::definition::Definition;
use crate::domain::identity::{FieldId, FieldName, FolderId};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One configured field.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredField {
    /// Its number in the organisation; another type is another number.
    pub id: FieldId,
    /// Its name in the spelling configured.
    pub name: FieldName,
    /// Type and options: what searches go by.
    pub definition: Definition,
    /// What it becomes once every transcript has been read that way: a retype under way.
    pub next: Option<Arc<Next>>,
}

/// The definition that a field is being given. Until the switch values are kept under both numbers: searches go by the
/// former definition, edits are judged by this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// Its number from the switch on.
    pub id: FieldId,
    /// Its definition from the switch on.
    pub definition: Definition,
}

impl ConfiguredField {
    /// A field that is not being retyped.
    pub fn new(id: FieldId, name: FieldName, definition: Definition) -> Self {
        Self { id, name, definition, next: None }
    }

    /// The definition configured last: what edits are judged by.
    pub fn meant(&self) -> &Definition {
        self.next.as_ref().map_or(&self.definition, |next| &next.definition)
    }
}

/// What becomes of a value that does not fit its field's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMismatch {
    /// The edit is refused.
    #[default]
    Refuse,
    /// The value goes to the archive only.
    Store,
}

/// Which labels or channels speak for agent and client in a folder; empty means the defaults of contract section 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpeakerMap {
    /// Labels (compared folded) or channels of the agent.
    pub agent: Vec<Voice>,
    /// Labels or channels of the client.
    pub client: Vec<Voice>,
}

/// A label or a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Voice {
    /// A channel's number.
    Channel(i64),
    /// A speaker's label.
    Label(String),
}

impl SpeakerMap {
    /// Whether the folder says nothing, so that the defaults hold.
    pub fn is_empty(&self) -> bool {
        self.agent.is_empty() && self.client.is_empty()
    }
}

/// Everything a projection needs to know of a folder.
#[derive(Clone, Debug)]
pub struct FolderSchema {
    /// The folder.
    pub folder: FolderId,
    /// Grows with every change that alters projections; rows remember the version they were projected with.
    pub version: u64,
    /// The organisation's time zone: for instants without one.
    pub zone: TimeZone,
    /// What becomes of misfits.
    pub on_mismatch: OnMismatch,
    /// The configured fields in the order of `custom_meta`.
    pub fields: Vec<Arc<ConfiguredField>>,
    /// Names that are barred in the organisation: nothing may be stored under them.
    pub barred: Arc<BTreeSet<FieldName>>,
    by_name: HashMap<Arc<str>, usize>,
    /// The fields whose names have dots, by folded name: those within one object stand side by side.
    dotted: Vec<Arc<ConfiguredField>>,
}

impl FolderSchema {
    /// Builds the look-ups by name.
    pub fn new(
        folder: FolderId,
        version: u64,
        zone: TimeZone,
        on_mismatch: OnMismatch,
        fields: Vec<Arc<ConfiguredField>>,
    ) -> Self {
        let by_name = fields.iter().enumerate().map(|(at, field)| (field.name.folded().into(), at)).collect();
        let mut dotted: Vec<_> = fields.iter().filter(|field| field.name.folded().contains('.')).cloned().collect();
        dotted.sort_by(|a, b| a.name.cmp(&b.name));
        Self { folder, version, zone, on_mismatch, fields, barred: Arc::default(), by_name, dotted }
    }

    /// The same as another version.
    pub fn at(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// The same with names barred.
    pub fn barring(self, barred: Arc<BTreeSet<FieldName>>) -> Self {
        Self { barred, ..self }
    }

    /// The field of that name, if it is configured here.
    pub fn field(&self, name: &FieldName) -> Option<&Arc<ConfiguredField>> {
        self.by_name.get(name.folded()).and_then(|at| self.fields.get(*at))
    }

    /// The configured fields with a dot in their names, which may take their values from inside objects: by folded
    /// name. Mostly there are none.
    pub fn dotted(&self) -> &[Arc<ConfiguredField>] {
        &self.dotted
    }

    /// The configured fields that name something inside the object `outer`: `address.city` inside `address`.
    pub fn inside(&self, outer: &FieldName) -> &[Arc<ConfiguredField>] {
        if self.dotted.is_empty() {
            return &[];
        }
        beginning(&self.dotted, &format!("{}.", outer.folded()))
    }
}

/// Those of the fields, which stand by folded name, whose folded name begins with `with`.
pub fn beginning<'f>(fields: &'f [Arc<ConfiguredField>], with: &str) -> &'f [Arc<ConfiguredField>] {
    let (_, rest) = fields.split_at(fields.partition_point(|field| field.name.folded() < with));
    let (among, _) = rest.split_at(rest.partition_point(|field| field.name.folded().starts_with(with)));
    among
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::FieldType;

    #[test]
    fn fields_inside_an_object_are_found_by_its_name() {
        let names = ["a.b", "A.c.d", "ab.c", "a", "a!", "a-b.c", "B.x", "a.b.c"];
        let fields = names.iter().zip(1..).map(|(name, id)| {
            let definition = Definition::of(FieldType::Varchar);
            Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), definition))
        });
        let schema = FolderSchema::new(FolderId(1), 1, TimeZone::UTC, OnMismatch::Refuse, fields.collect());
        let inside = |outer: &str| -> Vec<String> {
            let found = schema.inside(&FieldName::lenient(outer)).iter();
            found.map(|field| field.name.shown().to_owned()).collect()
        };
        assert_eq!(schema.dotted().len(), 6);
        assert_eq!(inside("A"), ["a.b", "a.b.c", "A.c.d"]);
        assert_eq!(inside("a.B"), ["a.b.c"]);
        assert_eq!(inside("b"), ["B.x"]);
        assert!(inside("c").is_empty() && inside("").is_empty());
    }
}
