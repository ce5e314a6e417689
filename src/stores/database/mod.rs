//! The database port: rows of transcripts, configuration, tokens, jobs. One `commit` is one durable transaction.
#[cfg(test)]
mod conformance;
pub mod memory;
pub mod rows;
pub mod sqlite;
pub mod writes;

pub use rows::{Job, OwedRow, PastJob, Row, StoredObject, StoredToken, Summary};
pub use writes::{Committed, Outcome, Write};

use super::error::Result;
use crate::domain::identity::{FolderId, Key, OrgId, Tid};

/// Which follower of the database something is owed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sink {
    /// The search index.
    Index,
    /// The archive.
    Archive,
}

/// How thoroughly the log is moved into the main file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// As much as can be done beside the writer.
    Beside,
    /// All of it, so that the log begins anew in the room it has; readers may put it off.
    Anew,
    /// All of it, and nothing of what the log held is left; readers are waited for.
    Empty,
    /// The same, and nothing of what was deleted is left within the main file either. Reads all of it.
    Clean,
}

/// The write-ahead log, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Written since it was begun.
    pub in_use: u64,
    /// Of these, not yet in the main file.
    pub unmoved: u64,
}

/// Reading transcripts.
pub trait Transcripts: Send + Sync {
    /// The row of a transcript, its unarchived metadata included. Short enough for an async thread.
    fn load(&self, org: OrgId, tid: &Tid) -> Result<Option<Row>>;
    /// Rows by key, in the order asked; gone ones are `None`.
    fn load_keys(&self, keys: &[Key]) -> Result<Vec<Option<Row>>> {
        self.load_some(keys, usize::MAX)
    }
    /// The same for the first of them: until what was read has more than `bytes`, at least one. For who asks for many:
    /// a row has some hundred bytes, or some megabytes.
    fn load_some(&self, keys: &[Key], bytes: usize) -> Result<Vec<Option<Row>>>;
    /// Rows after `after` in key order, at most `limit`, fewer where they are long, none at the end; of one organisation
    /// or of all.
    fn scan(&self, org: Option<OrgId>, after: Option<Key>, limit: usize) -> Result<Vec<Row>>;
    /// Keys of a folder's rows projected with another schema version than `version`, after `after`, at most `limit`.
    fn behind(&self, folder: FolderId, version: u64, after: Option<Key>, limit: usize) -> Result<Vec<Key>>;
    /// How many transcripts a folder holds, and how many of them are behind `version`.
    fn count(&self, folder: FolderId, version: u64) -> Result<Summary>;
    /// Revision of the tombstone of an erased id, if there is one.
    fn tombstone(&self, org: OrgId, tid: &Tid) -> Result<Option<u64>>;
    /// The revision remembered under an idempotency digest, if it is younger than 24 hours at `now`, µs.
    fn replayed(&self, digest: &[u8; 32], now: i64) -> Result<Option<writes::Remembered>>;
}

/// What the sinks still owe.
pub trait Owing: Send + Sync {
    /// Rows whose `revision`, schema version or words the sink has not settled, after `after` in key order.
    fn owed(&self, sink: Sink, after: Option<Key>, limit: usize) -> Result<Vec<OwedRow>>;
    /// Forgets what the index has: every transcript is owed to it again.
    fn owe_all_to_index(&self) -> Result<()>;
}

/// Configuration, tokens, jobs, and the store's identity.
pub trait Administration: Send + Sync {
    /// All stored configuration objects.
    fn objects(&self) -> Result<Vec<StoredObject>>;
    /// All tokens (digests only).
    fn tokens(&self) -> Result<Vec<StoredToken>>;
    /// All unfinished jobs.
    fn jobs(&self) -> Result<Vec<Job>>;
    /// Jobs that have ended, the newest first; some of the latest thousand of each kind.
    fn past_jobs(&self) -> Result<Vec<PastJob>>;
    /// One job that has ended.
    fn past_job(&self, id: &str) -> Result<Option<PastJob>>;
    /// Names ever seen in metadata of a folder without being configured there, folded.
    fn seen(&self) -> Result<Vec<(FolderId, String)>>;
    /// Epoch, signing key and counters, made at the first opening.
    fn identity(&self) -> Result<rows::Identity>;
}

/// Writing, and upkeep of the file.
pub trait Database: Transcripts + Owing + Administration {
    /// Applies the writes in order in one transaction; each stands or is refused alone.
    /// Durable on return. A failed flush is `Fatal`.
    fn commit(&self, writes: &[Write]) -> Result<Committed>;
    /// Moves the write-ahead log into the main file.
    fn checkpoint(&self, how: Checkpoint) -> Result<()>;
    /// Where the write-ahead log stands.
    fn log(&self) -> Log;
    /// Gives back memory that nobody needed since the last call. To be called every few seconds.
    fn rest(&self) {}
    /// Copies everything, as it is when `begun` is called, to a new file; writes go on meanwhile. Not flushed.
    fn copy(&self, to: &std::path::Path, begun: &mut dyn FnMut()) -> Result<()>;
    /// Removes damaged files that a repair has kept beside the main one: nobody can tell what they hold. Their names.
    fn forget_kept(&self) -> Result<Vec<String>>;
    /// Reads every page and checks the structure; a list of what is wrong.
    fn check(&self) -> Result<Vec<String>>;
}
