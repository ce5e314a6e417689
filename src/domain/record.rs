//! The small document an index keeps per transcript: everything that is searched besides the words.
use super::builtins::Builtins;
use super::fields::TypedValue;
use super::identity::{FieldId, FolderId, Key, OrgId, Revision, Tid};

/// What an index knows of a transcript besides its turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The incarnation.
    pub key: Key,
    /// Its organisation.
    pub org: OrgId,
    /// Its folder.
    pub folder: FolderId,
    /// Its id.
    pub tid: Tid,
    /// Of the metadata.
    pub revision: Revision,
    /// The folder's schema version the values were projected with.
    pub schema_version: u64,
    /// Of the words.
    pub words_revision: Revision,
    /// Microseconds since 1970 UTC.
    pub last_modified: i64,
    /// Derived values.
    pub builtins: Builtins,
    /// Configured values.
    pub values: Vec<(FieldId, Vec<TypedValue>)>,
    /// Words in all turns.
    pub words: u32,
}
