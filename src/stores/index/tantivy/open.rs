//! Opening both indexes, or starting empty when what is there cannot be trusted. The index is disposable: nothing that
//! lies on disk may stop the server from starting.
use super::failure::{corrupt, panicked};
use super::half::{Half, Merging, Payload};
use super::schema::{RecordFields, TurnFields};
use super::snapshot::Snapshot;
use crate::base::room::Room;
use crate::stores::error::{Kind, Result, Store, StoreError};
use crate::stores::index::Opened;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// Turns are many and seldom deleted: large steps.
const TURNS: Merging = Merging { segments: 8, small: 2_000, memory: 96 << 20 };
/// Records are rewritten by every edit, and each segment costs every search: small steps.
const RECORDS: Merging = Merging { segments: 5, small: 200, memory: 32 << 20 };

/// Bytes up to which all files are looked through at every start: wrong bytes would be wrong answers. Larger ones are
/// looked through while the server works.
const LOOKED_THROUGH: u64 = 512 << 20;

/// Where a damaged index is kept.
const DAMAGED: &str = "damaged";

/// Both indexes and their first state.
pub struct Pair {
    /// Turns.
    pub turns: Half,
    /// Records.
    pub records: Half,
    /// What the last commit of the records says.
    pub payload: Payload,
    /// Their state.
    pub snapshot: Snapshot,
    /// Whether they came with their contents.
    pub opened: Opened,
    /// Whether their sums were not looked at.
    pub unchecked: bool,
}

/// Opens the pair in `dir`; starts empty when it is missing, foreign to `epoch`, older than `settled`, or damaged.
pub fn open(dir: &Path, epoch: u64, settled: u64, room: &Arc<Room>) -> Result<Pair> {
    // A damaged file may make the library panic instead of answering an error.
    let found = catch_unwind(AssertUnwindSafe(|| existing(dir, epoch, settled, room)));
    match found {
        Ok(Ok(Some(pair))) => return Ok(pair),
        Ok(Ok(None)) => clear(dir)?,
        Ok(Err(error)) if error.kind == Kind::Corrupt => set_aside(dir, &error)?,
        Ok(Err(error)) => return Err(error),
        Err(panic) => set_aside(dir, &panicked("read the index", panic.as_ref()))?,
    }
    fresh(dir, epoch, room)
}

fn existing(dir: &Path, epoch: u64, settled: u64, room: &Arc<Room>) -> Result<Option<Pair>> {
    let ((turn_schema, turn_fields), (record_schema, record_fields)) = (TurnFields::schema(), RecordFields::schema());
    let Some(turns) = Half::open("turns", &dir.join("turns"), &turn_schema, TURNS)? else { return Ok(None) };
    let Some(records) = Half::open("records", &dir.join("records"), &record_schema, RECORDS)? else { return Ok(None) };
    let Some(payload) = records.payload()? else { return Ok(None) };
    let turns_batch = turns.payload()?.filter(|own| own.epoch == epoch).map_or(0, |own| own.batch);
    if payload.epoch != epoch || payload.batch < settled || turns_batch < payload.turns_batch {
        return Ok(None);
    }
    let unchecked = bytes_in(dir) > LOOKED_THROUGH;
    if !unchecked {
        let wrong = [turns.check().run()?, records.check().run()?].concat();
        if !wrong.is_empty() {
            return Err(corrupt(wrong.join("; ")));
        }
    }
    let snapshot = Snapshot::empty(turn_fields, record_fields, room.clone()).next(
        Some(&turns.reload()?.unwrap_or_default()),
        &records.reload()?.unwrap_or_default(),
        &[],
    )?;
    Ok(Some(Pair { turns, records, payload, snapshot, opened: Opened::Current, unchecked }))
}

fn bytes_in(dir: &Path) -> u64 {
    let files =
        ["turns", "records"].into_iter().filter_map(|half| fs::read_dir(dir.join(half)).ok()).flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum()
}

/// An empty pair in place of whatever lies in `dir`.
pub fn anew(dir: &Path, epoch: u64, room: &Arc<Room>) -> Result<Pair> {
    clear(dir)?;
    fresh(dir, epoch, room)
}

fn fresh(dir: &Path, epoch: u64, room: &Arc<Room>) -> Result<Pair> {
    let ((turn_schema, turn_fields), (record_schema, record_fields)) = (TurnFields::schema(), RecordFields::schema());
    Ok(Pair {
        turns: Half::create("turns", &dir.join("turns"), turn_schema, TURNS)?,
        records: Half::create("records", &dir.join("records"), record_schema, RECORDS)?,
        payload: Payload::new(epoch, 0, 0),
        snapshot: Snapshot::empty(turn_fields, record_fields, room.clone()),
        opened: Opened::Empty,
        unchecked: false,
    })
}

/// Removes an index that is whole but not ours to use.
fn clear(dir: &Path) -> Result<()> {
    for half in ["turns", "records"] {
        remove(&dir.join(half))?;
    }
    Ok(())
}

/// Keeps a damaged index for whoever wants to look at it: the last one only, so that disks do not fill.
fn set_aside(dir: &Path, why: &StoreError) -> Result<()> {
    let aside = dir.join(DAMAGED);
    tracing::warn!(error = why as &dyn std::error::Error, "the index is damaged: set aside, to be made again");
    remove(&aside)?;
    fs::create_dir_all(&aside).map_err(|e| StoreError::io(Store::Index, "set the index aside", e))?;
    for half in ["turns", "records"] {
        let from = dir.join(half);
        if from.exists() && fs::rename(&from, aside.join(half)).is_err() {
            remove(&from)?;
        }
    }
    Ok(())
}

/// Removes a damaged index that was set aside: it may hold what was erased since.
pub fn remove_damaged(dir: &Path) -> Result<()> {
    remove(&dir.join(DAMAGED))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(Store::Index, "remove an old index", error))
        }
        _ => Ok(()),
    }
}
