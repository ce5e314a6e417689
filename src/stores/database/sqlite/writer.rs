//! The one connection that writes: a batch is one transaction, a transaction is one flush.
use super::apply::{self, Batch};
use super::fault::{During, fault, writing};
use super::journal::{self, Journal};
use super::pending::Pending;
use crate::stores::database::writes::{Committed, Write};
use crate::stores::error::{Kind, Result, Store, StoreError};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// The connection, and what it alone knows.
pub struct Writer {
    connection: Connection,
    /// The last commit's number.
    commits: u64,
    /// Hashes ids of tombstones.
    secret: [u8; 32],
    pending: Arc<Pending>,
    journal: Journal,
    /// A flush has failed: a later one that succeeds would prove nothing.
    broken: bool,
}

impl Writer {
    /// Goes on where the file stands; what is `pending` in it comes into the rows first.
    pub fn new(connection: Connection, commits: u64, secret: [u8; 32]) -> Result<Self> {
        let (mut broken, pending) = (false, Arc::default());
        transact(&connection, &mut broken, "bringing pending edits into their rows", journal::recover)?;
        Ok(Self { connection, commits, secret, pending, journal: Journal::default(), broken })
    }

    /// Edits that are not in their rows yet.
    pub fn pending(&self) -> Arc<Pending> {
        self.pending.clone()
    }

    /// Brings all pending edits into their rows.
    pub fn fold_all(&mut self) -> Result<()> {
        let keys = self.pending.keys();
        if keys.is_empty() {
            return Ok(());
        }
        let mut draft = self.journal.draft(&self.pending);
        transact(&self.connection, &mut self.broken, "bringing edits into their rows", |connection| {
            keys.iter().try_for_each(|key| draft.fold(connection, *key))
        })?;
        self.journal.accept(draft.done(), &self.pending);
        Ok(())
    }

    /// Applies `writes` in one transaction. `now`, µs, says which remembered requests have expired.
    ///
    /// A refused write is found by its first statement, which then changes no row: so a batch needs no savepoints. A
    /// statement that *fails* fails the batch, and nothing of it stands.
    pub fn commit(&mut self, writes: &[Write], now: i64) -> Result<Committed> {
        let number = self.commits + 1;
        let mut batch = Batch { number, secret: &self.secret, journal: self.journal.draft(&self.pending) };
        let outcomes = transact(&self.connection, &mut self.broken, "writing a batch", |connection| {
            let outcomes = writes
                .iter()
                .map(|write| apply::apply(connection, &mut batch, write))
                .collect::<rusqlite::Result<_>>()?;
            self.journal.trim(connection, &mut batch.journal, 2 * writes.len() + 16)?;
            forget(connection, writes, now)?;
            connection.prepare_cached("UPDATE state SET commits = ?1 WHERE id = 1")?.execute([number])?;
            Ok(outcomes)
        })?;
        // Before anybody is answered: what is read from now on has it.
        self.journal.accept(batch.journal.done(), &self.pending);
        self.commits = number;
        Ok(Committed { number, outcomes })
    }

    /// Forgets what the index has of the keys in `(after, to]`; the greatest key there is comes back.
    pub fn owe_to_index(&mut self, after: i64, to: i64) -> Result<i64> {
        self.fold_all()?;
        transact(&self.connection, &mut self.broken, "owing transcripts to the index", |connection| {
            connection.prepare_cached(include_str!("sql/owe_all.sql"))?.execute(params![after, to])?;
            connection.prepare_cached("SELECT coalesce(max(key), -1) FROM transcript")?.query_row([], |row| row.get(0))
        })
    }

    /// Lets go of every page it remembers.
    pub fn drop_cache(&self) -> Result<()> {
        let dropped = self.connection.execute_batch("PRAGMA shrink_memory");
        dropped.map_err(|error| fault(During::Read, "letting go of pages", error))
    }

    /// For tests that make the disk fill up.
    #[cfg(test)]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Runs `work` in a transaction that is durable on return, or leaves nothing behind and the connection usable.
fn transact<T>(
    connection: &Connection,
    broken: &mut bool,
    operation: &str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T> {
    if *broken {
        return Err(StoreError::plain(Store::Database, Kind::Fatal, format!("{operation} after a failed flush")));
    }
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
    let failed = |during, error| writing(connection, during, operation, error);
    run("BEGIN IMMEDIATE").map_err(|error| failed(During::Write, error))?;
    let answer = match work(connection) {
        Ok(answer) => run("COMMIT").map(|_| answer).map_err(|error| failed(During::Commit, error)),
        Err(error) => Err(failed(During::Write, error)),
    };
    *broken = answer.as_ref().is_err_and(|error| error.kind == Kind::Fatal);
    // Some failures have rolled back already; a roll-back that fails has nothing left to undo.
    if answer.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    answer
}

/// Drops expired requests, a few more than the batch remembers, so that they go as fast as they come.
fn forget(connection: &Connection, writes: &[Write], now: i64) -> rusqlite::Result<()> {
    let remembered = writes.iter().filter(|write| apply::remembers(write)).count();
    if remembered > 0 {
        connection.prepare_cached(include_str!("sql/forget.sql"))?.execute(params![now, 2 * remembered + 8])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_after_a_failed_flush() {
        let connection = Connection::open_in_memory().unwrap();
        let mut broken = false;
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
        let failing = |_: &Connection| Err::<(), _>(rusqlite::Error::SqliteFailure(failure, None));
        assert_eq!(transact(&connection, &mut broken, "trying", failing).unwrap_err().kind, Kind::Fatal);
        assert!(connection.is_autocommit());
        assert_eq!(transact(&connection, &mut broken, "trying", |_| Ok(())).unwrap_err().kind, Kind::Fatal);
    }
}
