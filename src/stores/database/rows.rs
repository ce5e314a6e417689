//! Rows as the database port gives them.
use crate::domain::identity::{FolderId, Key, OrgId, Revision, Tid};
use std::sync::Arc;

/// One transcript in the database. JSON members are kept as text: most readers pass them on.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
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
    /// The revision that brought the present body.
    pub words_revision: Revision,
    /// The folder's schema version `values` were projected with.
    pub schema_version: u64,
    /// Microseconds since 1970 UTC; grows strictly.
    pub last_modified: i64,
    /// Time of the first ingest, microseconds.
    pub ingested: i64,
    /// [`crate::domain::transcript::Facts`] as JSON.
    pub facts: Arc<str>,
    /// [`crate::domain::builtins::Builtins`] as JSON.
    pub builtins: Arc<str>,
    /// Configured values: name as configured → value as sent, as JSON.
    pub values: Arc<str>,
    /// All metadata, until the archive holds it.
    pub unarchived: Option<Arc<str>>,
    /// Whether `values` are all metadata, byte for byte: nothing in it is unconfigured, unfit or spelled otherwise.
    pub whole: bool,
    /// What the index has settled.
    pub indexed: Settled,
    /// What the archive has settled.
    pub archived: Settled,
}

impl Row {
    /// All metadata, where the row has it; else only the archive does.
    pub fn metadata(&self) -> Option<&Arc<str>> {
        self.unarchived.as_ref().or_else(|| self.whole.then_some(&self.values))
    }

    /// Bytes of its texts: what it takes in memory, within some hundred bytes.
    pub fn bytes(&self) -> usize {
        let unarchived = self.unarchived.as_ref().map_or(0, |text| text.len());
        self.facts.len() + self.builtins.len() + self.values.len() + unarchived
    }
}

/// How far a sink has come with a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Revision pushed.
    pub revision: u64,
    /// Schema version pushed (index only; 0 in the archive).
    pub schema_version: u64,
    /// Words revision pushed.
    pub words_revision: u64,
}

/// A row that a sink has not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedRow {
    /// Which.
    pub key: Key,
    /// Whose.
    pub org: OrgId,
}

/// How many transcripts a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All of them.
    pub transcripts: u64,
    /// Those projected with another schema version.
    pub behind: u64,
}

/// A company, organisation or folder as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObject {
    /// `company`, `org` or `folder`.
    pub kind: ObjectKind,
    /// Its number.
    pub id: u32,
    /// The number of what it belongs to; 0 for companies.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// Everything else, as JSON.
    pub body: String,
}

/// What a stored object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A company.
    Company,
    /// An organisation.
    Org,
    /// A folder.
    Folder,
}

/// A token as stored: never the token itself.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredToken {
    /// Its id, shown in lists.
    pub id: String,
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// Name, scope, rights, expiry, as JSON.
    pub body: String,
}

/// Work that goes on over restarts.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id, shown in `Linernotes-Job`.
    pub id: String,
    /// `erase` or `delete_folder`, …
    pub kind: String,
    /// What it needs, as JSON.
    pub body: String,
}

/// A job that has ended: how it did.
#[derive(Clone, Debug, PartialEq)]
pub struct PastJob {
    /// Its id.
    pub id: String,
    /// What it did. Of each kind the newest [`PAST_JOBS`] are kept.
    pub kind: String,
    /// When it ended, microseconds.
    pub finished: i64,
    /// How it did, as JSON.
    pub body: String,
}

/// Ended jobs that are kept of each kind.
pub const PAST_JOBS: usize = 1_000;

/// Who this store is.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Random, new with every restore.
    pub epoch: u64,
    /// Signs marks and hashes tids of tombstones.
    pub secret: [u8; 32],
    /// The last commit's number.
    pub commit: u64,
    /// The greatest key ever given to a create, refused ones included.
    pub last_key: u32,
    /// The greatest number ever given to a configuration object or field.
    pub last_object: u32,
    /// The greatest index batch settled.
    pub index_batch: u64,
}
