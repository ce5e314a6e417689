//! Writes to the database: what one group commit is made of.
use super::Sink;
use super::rows::{Job, ObjectKind, PastJob, StoredObject, StoredToken};
use crate::domain::identity::{FolderId, Key, OrgId, Revision, Tid};
use std::sync::Arc;

/// One write of a batch.
#[derive(Clone, Debug)]
pub enum Write {
    /// A transcript is new: key never used, id not there. `Stale(Some)` when the id is there; the key is used up.
    Create(Arc<Stored>),
    /// An edit: new metadata of a row that stands at `expected`.
    Edit(Arc<Stored>, Revision),
    /// A new body (and metadata, folder) of a row that stands at `expected`. The time of the first ingest stays.
    Replace(Arc<Stored>, Revision),
    /// A transcript goes; its id leaves a tombstone with `expected`; the job erases what is left.
    Erase {
        /// The row.
        key: Key,
        /// Its organisation.
        org: OrgId,
        /// Its id.
        tid: Tid,
        /// Where it must stand.
        expected: Revision,
        /// Erases archive and index afterwards.
        job: Option<Job>,
    },
    /// A back-fill: the same revision seen through a newer schema. At that revision, one through an older schema than
    /// the row's changes nothing and is `Done`.
    Reproject {
        /// The row.
        key: Key,
        /// Where it must stand.
        expected: Revision,
        /// The schema version projected with.
        schema_version: u64,
        /// New built-ins, JSON.
        builtins: Arc<str>,
        /// New configured values, JSON.
        values: Arc<str>,
        /// Whether they are all metadata, byte for byte.
        whole: bool,
    },
    /// A sink has this much of the row durably. A revision below what is settled changes nothing and is `Done`; the
    /// same revision only raises schema version and words; a higher one brings its own schema version. One beyond the
    /// row's, or a row that is gone, is `Stale`.
    /// Settling the archive at the row's revision and words drops the unarchived copy.
    Settle {
        /// Which sink.
        sink: Sink,
        /// The row.
        key: Key,
        /// Revision pushed.
        revision: Revision,
        /// Schema version pushed.
        schema_version: u64,
        /// Words revision pushed.
        words_revision: Revision,
    },
    /// Configuration objects change in one piece.
    Configure {
        /// New or changed objects.
        put: Vec<StoredObject>,
        /// Objects that go.
        delete: Vec<(ObjectKind, u32)>,
        /// The greatest number given so far.
        last_object: u32,
        /// Jobs that come with it (deleting transcripts of deleted folders).
        jobs: Vec<Job>,
    },
    /// A token is made.
    PutToken(StoredToken),
    /// A token is revoked.
    DeleteToken(String),
    /// A job is new or has moved on.
    PutJob(Job),
    /// A job is done.
    DeleteJob(String),
    /// A job has ended: it leaves the unfinished ones and is remembered; the oldest of its kind beyond
    /// [`super::rows::PAST_JOBS`] are forgotten.
    EndJob(PastJob),
    /// An ended job is forgotten.
    ForgetJob(String),
    /// Metadata of a folder has these folded names, none of them configured there; known ones change nothing.
    Seen(FolderId, Vec<String>),
    /// Settles in this commit rest on that batch of the index; an index that is behind it is not to be trusted.
    IndexBatch(u64),
}

/// The new state of a transcript's row.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The incarnation.
    pub key: Key,
    /// Its organisation.
    pub org: OrgId,
    /// Its folder.
    pub folder: FolderId,
    /// Its id.
    pub tid: Tid,
    /// The new revision.
    pub revision: Revision,
    /// The revision of the body.
    pub words_revision: Revision,
    /// The schema version projected with.
    pub schema_version: u64,
    /// Microseconds.
    pub last_modified: i64,
    /// Microseconds; only [`Write::Create`] reads it.
    pub ingested: i64,
    /// [`crate::domain::transcript::Facts`] as JSON; edits leave the column alone.
    pub facts: Arc<str>,
    /// JSON.
    pub builtins: Arc<str>,
    /// JSON.
    pub values: Arc<str>,
    /// All metadata, JSON.
    pub metadata: Arc<str>,
    /// Remembered with it.
    pub idempotency: Option<Remember>,
}

impl Stored {
    /// Whether the values are all metadata, byte for byte.
    pub fn is_whole(&self) -> bool {
        self.values == self.metadata
    }
}

/// An idempotency key to remember: hashes and numbers, no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// Digest of token, method, path and key.
    pub digest: [u8; 32],
    /// Digest of the body.
    pub body: [u8; 32],
    /// Microseconds at which it may be forgotten.
    pub until: i64,
}

/// What was remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Digest of the body.
    pub body: [u8; 32],
    /// The revision the first request made.
    pub revision: Revision,
    /// The commit that held it.
    pub commit: u64,
}

/// What became of one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stands.
    Done,
    /// The row stands elsewhere (`Some`) or is not there (`None`); nothing was changed.
    Stale(Option<Revision>),
}

/// A durable batch.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its number: one more than the last, over restarts too.
    pub number: u64,
    /// One per write, in order.
    pub outcomes: Vec<Outcome>,
}
