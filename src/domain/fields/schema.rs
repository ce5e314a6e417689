//! What is configured for a folder: the organisation's schema seen through the folder's `custom_meta`.
use super::definition::Definition;
use crate::domain::identity::{FieldId, FieldName, FolderId};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// One configured field.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredField {
    /// Its number in the organisation; another type is another number.
    pub id: FieldId,
    /// Its name in the spelling configured.
    pub name: FieldName,
    /// Type and options.
    pub definition: Definition,
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
    by_name: HashMap<Arc<str>, usize>,
}

impl FolderSchema {
    /// Builds the look-up by name.
    pub fn new(
        folder: FolderId,
        version: u64,
        zone: TimeZone,
        on_mismatch: OnMismatch,
        fields: Vec<Arc<ConfiguredField>>,
    ) -> Self {
        let by_name = fields.iter().enumerate().map(|(at, field)| (field.name.folded().into(), at)).collect();
        Self { folder, version, zone, on_mismatch, fields, by_name }
    }

    /// The field of that name, if it is configured here.
    pub fn field(&self, name: &FieldName) -> Option<&Arc<ConfiguredField>> {
        self.by_name.get(name.folded()).and_then(|at| self.fields.get(*at))
    }
}
