//! Carries metadata to the archive: claim, newest row, write, settle. Settling drops the unarchived copy.
use super::progress::{Claim, Failure};
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::domain::identity::{Key, Place, Revision};
use crate::engine::core::Core;
use crate::engine::counters::{Pace, RUSH};
use crate::engine::edit::current::facts;
use crate::engine::error::stop_if_fatal;
use crate::stores::archive::MetadataFile;
use crate::stores::database::{Row, Sink, Write};
use crate::stores::error::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of rows one batch may hold, so that long metadata do not fill the memory.
const BATCH_BYTES: usize = 32 << 20;
/// Rests between two batches at most so long; a busy archive gathers more edits of the same transcript meanwhile.
const REST_MAX: Duration = Duration::from_millis(200);
/// The same while edits come in.
const BUSY_REST_MAX: Duration = Duration::from_secs(2);
/// The same while so many come in that they take all there is of the machine.
const RUSH_REST_MAX: Duration = Duration::from_secs(3);
/// Larger batches than usual when so many times as many rows are owed: a flush of the disk costs little more for them.
const BEHIND: usize = 4;
/// Rows owed from which the archive works as fast as it can: each holds an unarchived copy in the database.
const BEHIND_ROWS: usize = 100_000;

/// Runs until the progress is closed and empty.
pub fn run(core: &Arc<Core>) {
    let mut rows_max = core.settings.workers.archive_rows;
    let mut pace = Pace::new(&core.counters);
    while let Some(work) = core.archive.wait(Duration::from_millis(500)) {
        if !work {
            continue;
        }
        let begun = Instant::now();
        // A backup's moment comes between two pushes, never between a file and its settle. Taken before the claim: an
        // erasure waits for claims while it holds the same.
        let landing = core.landing.read();
        let mut claim = core.archive.claim(rows_max);
        let pushed = push(core, &mut claim);
        match pushed {
            Ok(Pushed { settles, taken }) => {
                core.committer.settle(settles);
                drop(landing);
                claim.settle(&taken);
                drop(claim);
                rows_max = core.settings.workers.archive_rows;
                rows_max = core.archive.len().clamp(rows_max, rows_max * BEHIND);
                core.archive.rest(pause(core, begun.elapsed(), pace.look(&core.counters)));
            }
            Err(error) => {
                drop(landing);
                tracing::error!(error = %chain(&error), "the archive could not be written");
                stop_if_fatal(&error);
                if claim.keys().len() == 1 {
                    for key in claim.keys() {
                        claim.fail(key, Failure::of(&error), &chain(&error));
                    }
                }
                drop(claim);
                // Halve the batch until a row that cannot be archived stands alone: it must not block the others.
                rows_max = (rows_max / 2).max(1);
                std::thread::sleep(REST_MAX);
            }
        }
    }
}

/// How long to rest after a batch. Flushing many small files holds up the commits of edits on the same disk: while
/// edits come in, the archive takes a fifth of the time and gathers them, unless it falls far behind.
fn pause(core: &Core, took: Duration, a_second: u64) -> Duration {
    if core.closing() || a_second == 0 {
        return Duration::ZERO;
    }
    match core.archive.len() {
        BEHIND_ROWS.. => took.min(REST_MAX),
        _ if a_second > RUSH => (took * 12).min(RUSH_REST_MAX),
        _ => (took * 4).min(BUSY_REST_MAX),
    }
}

/// What a push came to.
struct Pushed {
    settles: Vec<Write>,
    /// What of the claim it took; the rest is taken next time.
    taken: Vec<Key>,
}

fn push(core: &Core, claim: &mut Claim) -> Result<Pushed> {
    let mut taken = claim.keys();
    let rows = core.stores.database.load_some(&taken, BATCH_BYTES)?;
    taken.truncate(rows.len());
    let mut files = Vec::with_capacity(rows.len());
    let mut bodies: Vec<(Place, Key, Revision)> = Vec::new();
    let mut settles = Vec::with_capacity(rows.len());
    for row in rows.into_iter().flatten() {
        let Some((place, file)) = file(core, &row)? else { continue };
        if row.archived.words_revision < row.words_revision.0 {
            bodies.push((place, row.key, row.words_revision));
        }
        files.extend(file);
        settles.push(settle(&row));
    }
    core.stores.archive.publish(&bodies)?;
    core.stores.archive.put_metadata(&files)?;
    Ok(Pushed { settles, taken })
}

fn settle(row: &Row) -> Write {
    Write::Settle {
        sink: Sink::Archive,
        key: row.key,
        revision: row.revision,
        schema_version: 0,
        words_revision: row.words_revision,
    }
}

type Entry = (Place, Option<MetadataFile>);

/// The row's place and its metadata file; no file when the archive holds it already, nothing when the folder is being
/// deleted.
fn file(core: &Core, row: &Row) -> Result<Option<Entry>> {
    let world = core.world();
    let Some(home) = world.home(row.folder) else { return Ok(None) };
    let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() };
    let Some(metadata) = &row.unarchived else { return Ok(Some((place, None))) };
    let file = MetadataFile {
        place: place.clone(),
        metadata: metadata.clone(),
        folder: home.folder.name.clone(),
        revision: row.revision,
        words_revision: row.words_revision,
        last_modified: Timestamp(row.last_modified).rfc3339(),
        body_sha256: facts(&row.facts)?.body_sha256,
    };
    Ok(Some((place, Some(file))))
}
