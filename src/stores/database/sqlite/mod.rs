//! The database in one SQLite file: write-ahead log, one flush a commit, one writer, readers beside it.
//!
//! *Decision:* what a sink owes is `settled < row`, never `≠`, and a settle beyond the row is refused: so no sequence of
//! settles can make a row that is owed for ever. *Decision:* moving the log into the file has a connection of its own,
//! so that a commit never pays for it (`log.rs`). *Decision:* what is owed is found by two partial indexes: without them
//! every start would read the whole table. Edits do not pay for them: they are appended, and come into their rows when
//! they are settled (`pending.rs`).
mod administration;
mod apply;
mod copy;
mod fault;
mod journal;
mod log;
mod log_check;
pub mod mend;
mod open;
mod pending;
mod readers;
mod scrub;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
mod transcripts;
mod writer;

use super::rows::{Identity, Job, OwedRow, PastJob, Row, StoredObject, StoredToken, Summary};
use super::writes::{Committed, Remembered, Write};
use super::{Administration, Checkpoint, Database, Log, Owing, Sink, Transcripts};
use crate::domain::identity::{FolderId, Key, OrgId, Tid};
use crate::stores::error::{Kind, Result, Store, StoreError};
use fault::{During, fault};
use log::Mover;
use parking_lot::{Mutex, MutexGuard};
use pending::Pending;
use readers::Readers;
use scrub::Scrubber;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use writer::Writer;

/// Keys whose settled state is forgotten in one transaction; between two of them commits may go in.
const OWE_AT_ONCE: i64 = 4_096;

/// Reads of a row that came to nothing before edits are held up for one.
const READS: usize = 16;

/// The database in a file. Fields are dropped in order: the writer goes last of the connections, and leaves no log
/// behind; the file that is scrubbed is closed after it, when no lock of SQLite's can be lost by that.
pub struct SqliteDatabase {
    readers: Readers,
    mover: Mover,
    writer: Mutex<Writer>,
    scrubber: Scrubber,
    pending: Arc<Pending>,
    path: PathBuf,
    secret: [u8; 32],
    /// The latest moment a caller has named, µs: remembered requests that expired before it are dropped.
    now: AtomicI64,
}

impl SqliteDatabase {
    /// Opens the file, or makes it; its folder is there. Only one process may have it open.
    ///
    /// # Errors
    /// `Corrupt`, in words, when the file is damaged, of another program or of a newer version; `OutOfSpace`,
    /// `Unavailable` when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        // Absolute: a relative name that begins with `file:` would be read as an address.
        let path = std::path::absolute(path)
            .map_err(|error| StoreError::io(Store::Database, format!("finding {}", path.display()), error))?;
        let connection = open::create(&path)?;
        let identity = administration::identity(&connection)
            .map_err(|error| fault(During::Read, &format!("reading the identity of {}", path.display()), error))?;
        let writer = Writer::new(connection, identity.commit, identity.secret)?;
        Ok(Self {
            mover: Mover::new(&path)?,
            readers: Readers::new(path.clone())?,
            pending: writer.pending(),
            writer: Mutex::new(writer),
            scrubber: Scrubber::open(&path)?,
            path,
            secret: identity.secret,
            now: AtomicI64::new(i64::MIN),
        })
    }
}

impl Drop for SqliteDatabase {
    fn drop(&mut self) {
        // Best effort: what stays comes into its row at the next opening.
        let _folded = self.writer.lock().fold_all().is_ok();
    }
}

/// Bytes up to which a file is looked through at every start; larger ones are left to `verify`.
const LOOKED_THROUGH: u64 = 512 << 20;

impl SqliteDatabase {
    /// Looks through every page, unless the file is very large: a damaged one is better refused than served.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn look_through(&self) -> Result<()> {
        if std::fs::metadata(&self.path).map_or(0, |file| file.len()) > LOOKED_THROUGH {
            return Ok(());
        }
        let wrong = self.readers.with("looking through the file", administration::quick)?;
        if wrong.is_empty() {
            return Ok(());
        }
        Err(StoreError::plain(Store::Database, Kind::Corrupt, format!("the file is damaged: {}", wrong.join("; "))))
    }
}

impl Transcripts for SqliteDatabase {
    fn load(&self, org: OrgId, tid: &Tid) -> Result<Option<Row>> {
        let read = || self.readers.with("reading a transcript", |reader| transcripts::load(reader, org, tid));
        for _ in 0..READS {
            let folds = self.pending.folds();
            let Some(mut row) = read()? else { return Ok(None) };
            if self.pending.lay_over(&mut row, folds) {
                return Ok(Some(row));
            }
        }
        // Edits keep coming into their rows: they are held up for a moment.
        let _writer = self.writer.lock();
        let (folds, mut row) = (self.pending.folds(), read()?);
        if let Some(row) = &mut row {
            self.pending.lay_over(row, folds);
        }
        Ok(row)
    }

    fn load_some(&self, keys: &[Key], bytes: usize) -> Result<Vec<Option<Row>>> {
        let entries = self.pending.of(keys);
        let mut rows =
            self.readers.with("reading transcripts by key", |reader| transcripts::load_some(reader, keys, bytes))?;
        Pending::lay_all_over(&mut rows, &entries);
        Ok(rows)
    }

    fn scan(&self, org: Option<OrgId>, after: Option<Key>, limit: usize) -> Result<Vec<Row>> {
        self.writer.lock().fold_all()?;
        self.readers.with("reading transcripts in order", |reader| transcripts::scan(reader, org, after, limit))
    }

    fn behind(&self, folder: FolderId, version: u64, after: Option<Key>, limit: usize) -> Result<Vec<Key>> {
        self.readers.with("looking for transcripts to project anew", |reader| {
            transcripts::behind(reader, folder, version, after, limit)
        })
    }

    fn count(&self, folder: FolderId, version: u64) -> Result<Summary> {
        self.readers.with("counting a folder's transcripts", |reader| transcripts::count(reader, folder, version))
    }

    fn tombstone(&self, org: OrgId, tid: &Tid) -> Result<Option<u64>> {
        let name = apply::tombstone(&self.secret, org, tid);
        self.readers.with("looking for a tombstone", |reader| transcripts::tombstone(reader, &name))
    }

    fn replayed(&self, digest: &[u8; 32], now: i64) -> Result<Option<Remembered>> {
        self.now.fetch_max(now, Ordering::Relaxed);
        self.readers.with("looking for an idempotency key", |reader| transcripts::replayed(reader, digest, now))
    }
}

impl Owing for SqliteDatabase {
    fn owed(&self, sink: Sink, after: Option<Key>, limit: usize) -> Result<Vec<OwedRow>> {
        self.writer.lock().fold_all()?;
        self.readers.with("looking for what is owed", |reader| transcripts::owed(reader, sink, after, limit))
    }

    fn owe_all_to_index(&self) -> Result<()> {
        let mut after = -1;
        loop {
            let mut writer = self.writer.lock();
            let greatest = writer.owe_to_index(after, after + OWE_AT_ONCE)?;
            MutexGuard::unlock_fair(writer);
            after += OWE_AT_ONCE;
            if after >= greatest {
                return Ok(());
            }
        }
    }
}

impl Administration for SqliteDatabase {
    fn objects(&self) -> Result<Vec<StoredObject>> {
        self.readers.with("reading the configuration", administration::objects)
    }

    fn tokens(&self) -> Result<Vec<StoredToken>> {
        self.readers.with("reading the tokens", administration::tokens)
    }

    fn jobs(&self) -> Result<Vec<Job>> {
        self.readers.with("reading the jobs", administration::jobs)
    }

    fn past_jobs(&self) -> Result<Vec<PastJob>> {
        self.readers.with("reading the jobs that have ended", administration::past_jobs)
    }

    fn past_job(&self, id: &str) -> Result<Option<PastJob>> {
        self.readers.with("reading a job that has ended", |connection| administration::past_job(connection, id))
    }

    fn seen(&self) -> Result<Vec<(FolderId, String)>> {
        self.readers.with("reading the names seen", administration::seen)
    }

    fn identity(&self) -> Result<Identity> {
        self.readers.with("reading the store's identity", administration::identity)
    }
}

impl Database for SqliteDatabase {
    fn commit(&self, writes: &[Write]) -> Result<Committed> {
        self.writer.lock().commit(writes, self.now.load(Ordering::Relaxed))
    }

    fn checkpoint(&self, how: Checkpoint) -> Result<()> {
        self.mover.checkpoint(how, &self.writer, &self.scrubber)
    }

    fn log(&self) -> Log {
        self.mover.log()
    }

    fn rest(&self) {
        self.readers.rest();
    }

    fn copy(&self, to: &Path, begun: &mut dyn FnMut()) -> Result<()> {
        copy::copy(&self.path, to, begun)
    }

    fn forget_kept(&self) -> Result<Vec<String>> {
        mend::forget_kept(&self.path)
    }

    fn check(&self) -> Result<Vec<String>> {
        match self.readers.with("checking the file", administration::check) {
            // Damage is what was asked for: it is an answer, not a failure.
            Err(error) if error.kind == Kind::Corrupt => {
                Ok(vec![error.source.map_or(error.operation, |source| source.to_string())])
            }
            checked => checked,
        }
    }
}
