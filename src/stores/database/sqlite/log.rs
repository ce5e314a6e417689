//! Moving the write-ahead log into the file, on a connection of its own, and keeping room for the log on disk.
//!
//! *Decision:* under load the log is not cut but begun anew, within room that was written before: a commit then
//! overwrites and flushes data alone. A log that grows makes every commit change the file's size, which drags the file
//! system's journal, with all the archive and the index have written, into the flush. What the log held is cut away
//! when it is quiet.
//!
//! *Decision:* SQLite flushes the file when all of the log is in it, which under load is in the round that commits wait
//! for: what earlier rounds have moved went to disk while they waited (6 to 95 ms, about once a second). So each round
//! beside the writer is flushed there.
use super::fault::{During, fault, writing};
use super::open;
use super::scrub::Scrubber;
use super::writer::Writer;
use crate::stores::database::{Checkpoint, Log};
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long emptying the log waits for readers; commits queue behind it meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes of a page in the log with its header.
const FRAME: u64 = 4_096 + 24;
/// Room for the log on disk while commits come in, bytes.
const ROOM: u64 = 64 << 20;
/// Room on disk as a multiple of what is in use.
const ROOM_AHEAD: u64 = 4;
/// Room that is left when the log was emptied, if it had as much.
const ROOM_QUIET: u64 = 16 << 20;
/// Room made while commits wait: about a millisecond.
const ROOM_STEP: u64 = 2 << 20;
/// Bytes of room written at once.
const PIECE: usize = 4_096;
/// Rounds beside the writer before it is held up for the rest: each leaves less.
const ROUNDS_BESIDE: usize = 3;
/// Pages scrubbed while commits wait: a few milliseconds.
const SCRUBBED: usize = 256;
/// Bytes left to move from which another round beside the writer is worth while.
const ROUND_WORTH: u64 = 1 << 20;

/// What moves the log.
pub struct Mover {
    connection: Mutex<Connection>,
    file: PathBuf,
    in_use: AtomicU64,
    unmoved: AtomicU64,
}

impl Mover {
    /// A mover for the database at `path`, which has been opened for writing.
    pub fn new(path: &Path) -> Result<Self> {
        let connection = open::writer(path)?;
        connection
            .busy_timeout(PATIENCE)
            .map_err(|error| fault(During::Write, &format!("opening {}", path.display()), error))?;
        let mut file = path.to_owned().into_os_string();
        file.push("-wal");
        let (in_use, unmoved) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { connection: Mutex::new(connection), file: file.into(), in_use, unmoved })
    }

    /// Where the log stands; while it is being moved, where it stood before.
    pub fn log(&self) -> Log {
        // Best effort: a figure, and the janitor asks again.
        if let Some(connection) = self.connection.try_lock() {
            let _known = self.run(&connection, "PRAGMA wal_checkpoint(NOOP)").is_ok();
        }
        Log { in_use: self.in_use.load(Ordering::Relaxed), unmoved: self.unmoved.load(Ordering::Relaxed) }
    }

    /// Moves the log into the file as far as `how` says.
    pub fn checkpoint(&self, how: Checkpoint, writer: &Mutex<Writer>, scrubber: &Scrubber) -> Result<()> {
        let connection = self.connection.lock();
        if matches!(how, Checkpoint::Empty | Checkpoint::Clean) {
            // The table of pending edits has what the archive has by now.
            writer.lock().fold_all()?;
        } else {
            // As the log grows: zeros for a short burst would be most of what it writes.
            let in_use = self.in_use.load(Ordering::Relaxed);
            self.make_room(ROOM.min(ROOM_AHEAD * in_use), writer)?;
        }
        for _ in 0..ROUNDS_BESIDE {
            self.run(&connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
            if how == Checkpoint::Beside {
                break;
            }
            scrubber.flush()?;
            self.run(&connection, "PRAGMA wal_checkpoint(NOOP)")?;
            if self.unmoved.load(Ordering::Relaxed) < ROUND_WORTH {
                break;
            }
        }
        match how {
            Checkpoint::Beside => Ok(()),
            Checkpoint::Anew => {
                // With all of it moved and nobody reading it, the next commit begins at the log's front.
                let _queue = writer.lock();
                self.run(&connection, "PRAGMA wal_checkpoint(PASSIVE)").map(drop)
            }
            Checkpoint::Empty => self.empty(&connection, writer),
            Checkpoint::Clean => self.clean(&connection, writer, scrubber),
        }
    }

    fn empty(&self, connection: &Connection, writer: &Mutex<Writer>) -> Result<()> {
        let had = self.length();
        {
            // The writer's lock instead of the file's: the next commit queues and does not poll.
            let _queue = writer.lock();
            self.truncate(connection)?;
        }
        if had >= ROOM_QUIET { self.make_room(ROOM_QUIET, writer) } else { Ok(()) }
    }

    /// Empties the log and zeroes what deleted values left in pages, some pages at a time, between which commits may
    /// go in: what they move is alive.
    fn clean(&self, connection: &Connection, writer: &Mutex<Writer>, scrubber: &Scrubber) -> Result<()> {
        self.empty(connection, writer)?;
        let stained = scrubber.stained()?;
        if stained.is_empty() {
            return Ok(());
        }
        for pages in stained.chunks(SCRUBBED) {
            let queue = writer.lock();
            self.truncate(connection)?;
            queue.drop_cache()?;
            scrubber.scrub(pages)?;
            MutexGuard::unlock_fair(queue);
        }
        scrubber.flush()?;
        self.empty(connection, writer)
    }

    /// Moves all of the log and cuts it away; the writer's lock is held.
    fn truncate(&self, connection: &Connection) -> Result<()> {
        if self.run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")? {
            let why = "emptying the log: a reader did not let go of it";
            return Err(StoreError::plain(Store::Database, Kind::Unavailable, why));
        }
        Ok(())
    }

    /// Runs a checkpoint and notes where the log stands; whether somebody was in the way.
    fn run(&self, connection: &Connection, pragma: &str) -> Result<bool> {
        let (busy, frames, moved): (bool, i64, i64) = connection
            .prepare_cached(pragma)
            .and_then(|mut statement| statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))))
            .map_err(|error| writing(connection, During::Write, "moving the log into the file", error))?;
        let bytes = |frames: i64| u64::try_from(frames).unwrap_or(0) * FRAME;
        self.in_use.store(bytes(frames), Ordering::Relaxed);
        self.unmoved.store(bytes(frames.saturating_sub(moved)), Ordering::Relaxed);
        Ok(busy)
    }

    fn length(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |log| log.len())
    }

    /// Lengthens the log by zeros, which are no frames to whoever reads it. In steps, each while no commit runs: none
    /// may lengthen the file at the same time.
    fn make_room(&self, room: u64, writer: &Mutex<Writer>) -> Result<()> {
        if self.length() >= room {
            return Ok(());
        }
        // Not locked by SQLite through this file, so closing it lets go of nothing.
        let Ok(mut file) = OpenOptions::new().write(true).open(&self.file) else { return Ok(()) };
        let zeros = vec![0; usize::try_from(ROOM_STEP).unwrap_or(0)];
        while self.length() < room {
            let queue = writer.lock();
            let written = append(&mut file, &zeros);
            MutexGuard::unlock_fair(queue);
            if written.is_err() {
                // Room is a matter of speed; a full disk is told by whoever has something to write.
                return Ok(());
            }
            file.sync_data().map_err(|error| {
                StoreError::new(Store::Database, Kind::Fatal, format!("flushing {}", self.file.display()), error)
            })?;
        }
        Ok(())
    }
}

/// *Decision:* a page at a time. Linux keeps in its cache what was written at once as one large piece; every frame put
/// there later then looks through the whole piece, page by page, and so does every flush (2 MiB a write: 100 µs of a
/// commit instead of 60).
fn append(file: &mut File, zeros: &[u8]) -> std::io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    zeros.chunks(PIECE).try_for_each(|piece| file.write_all(piece)).inspect_err(|_| {
        // What was written is no harm; giving it back helps on a full disk.
        let _ = file.set_len(end);
    })
}
