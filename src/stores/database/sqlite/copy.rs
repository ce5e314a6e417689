//! A copy of the database at one point while writers go on.
use super::administration::quick;
use super::fault::{During, fault};
use super::open;
use crate::stores::error::Result;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;

/// Pages of one step: between two of them nothing is held up.
const PAGES: i32 = 4_096;

/// Copies the file at `from`, as it is when `begun` is called, to `to`.
///
/// *Decision:* the copy reads within one transaction of its own, so it is of one moment and never begins again; the log
/// cannot be emptied while it runs.
pub fn copy(from: &Path, to: &Path, begun: &mut dyn FnMut()) -> Result<()> {
    let source = open::reader(from)?;
    run(&source, to, begun).map_err(|error| fault(During::Read, &format!("copying to {}", to.display()), error))
}

fn run(source: &Connection, to: &Path, begun: &mut dyn FnMut()) -> rusqlite::Result<()> {
    source.execute_batch("BEGIN")?;
    // The first read fixes the moment.
    source.query_row("SELECT commits FROM state WHERE id = 1", [], |_| Ok(()))?;
    begun();
    let mut target = Connection::open(to)?;
    {
        let backup = Backup::new(source, &mut target)?;
        while backup.step(PAGES)? != StepResult::Done {}
    }
    // One file, without a log beside it, so that its sum is the copy's.
    target.execute_batch("PRAGMA journal_mode = DELETE")?;
    if let Some(wrong) = quick(&target)?.into_iter().next() {
        let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(damaged, Some(wrong)));
    }
    source.execute_batch("ROLLBACK")?;
    target.close().map_err(|(_, error)| error)
}
