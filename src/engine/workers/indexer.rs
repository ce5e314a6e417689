//! Carries rows to the index: claim, newest row, apply, settle. One index commit at a time; after each it rests three
//! times as long as the commit took, so that indexing never takes more than a quarter of the time. After a batch of few
//! rows it rests as long as the commit took, and never long: then nobody else wants the machine, and somebody may wait
//! to find what was just edited.
use super::progress::{Claim, Failure};
use super::rebuild;
use crate::base::causes::chain;
use crate::domain::catalogue::Folder;
use crate::domain::fields::value::coerce;
use crate::domain::identity::{FieldName, Key, OrgId, Place, Revision};
use crate::domain::record::Record;
use crate::domain::transcript::turns;
use crate::engine::core::Core;
use crate::engine::counters::{Pace, RUSH};
use crate::engine::edit::current::{builtins, facts};
use crate::engine::error::stop_if_fatal;
use crate::engine::world::Home;
use crate::stores::database::{Row, Sink, Write};
use crate::stores::error::{Kind, Result, Store, StoreError};
use crate::stores::index::IndexWrite;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Bytes of bodies one batch may hold, so that long transcripts do not fill the memory; and bytes of rows.
const BATCH_BYTES: usize = 32 << 20;
/// Rows in a batch up to which edits come at the pace of people.
const FEW_ROWS: usize = 16;
/// Longest rest after such a batch: one slow flush must not make the next edit late as well.
const FEW_REST_MAX: Duration = Duration::from_millis(15);
/// Longest rest: bounds how late a search can be under load.
const REST_MAX: Duration = Duration::from_millis(150);
/// The same while so many edits come in that they take all there is of the machine.
const RUSH_REST_MAX: Duration = Duration::from_secs(1);
/// Longer rests than usual then.
const RUSH_REST: u32 = 3;
/// Larger batches than usual when so many times as many rows are owed.
const BEHIND: usize = 5;

/// Words pushed lately whose settles may not have reached the database: saves writing them twice.
#[derive(Default)]
struct Pushed {
    now: HashMap<Key, u64>,
    before: HashMap<Key, u64>,
}

impl Pushed {
    fn words(&self, key: Key) -> u64 {
        self.now.get(&key).or(self.before.get(&key)).copied().unwrap_or(0)
    }

    fn note(&mut self, key: Key, words: u64) {
        if self.now.len() >= 50_000 {
            self.before = std::mem::take(&mut self.now);
        }
        self.now.insert(key, words);
    }
}

/// Runs until the progress is closed and empty.
pub fn run(core: &Arc<Core>) {
    let mut pushed = Pushed::default();
    let mut rows_max = core.settings.workers.index_rows;
    let mut pace = Pace::new(&core.counters);
    while let Some(work) = core.index.wait(Duration::from_millis(500)) {
        if core.reindexing.load(Ordering::SeqCst) {
            match rebuild::begin(core) {
                Ok(()) => pushed = Pushed::default(),
                Err(error) => {
                    tracing::error!(error = %chain(&error), "the index could not be begun anew; it is tried again");
                    if core.pause(REST_MAX) {
                        return;
                    }
                }
            }
            continue;
        }
        if !work {
            core.ready_if_level();
            continue;
        }
        let begun = Instant::now();
        let mut claim = core.index.claim(rows_max);
        let rows = claim.pairs().len();
        match push(core, &mut claim, &mut pushed) {
            Ok(()) => {
                core.counters.indexed(begun.elapsed());
                rows_max = core.settings.workers.index_rows;
                rows_max = core.index.len().clamp(rows_max, rows_max * BEHIND);
                core.ready_if_level();
                // A rebuild, a bulk load or a shutdown has nobody to be fair to.
                if core.index_ready.load(Ordering::Relaxed) && !core.closing() {
                    core.index.rest(pause(core, begun.elapsed(), rows, pace.look(&core.counters)));
                }
            }
            Err(error) => {
                stop_if_fatal(&error);
                core.doubt_index(&error);
                tracing::error!(error = %chain(&error), rows = claim.keys().len(), "the index could not be written");
                if claim.keys().len() == 1 {
                    for key in claim.keys() {
                        claim.fail(key, Failure::of(&error), &chain(&error));
                    }
                }
                drop(claim);
                // Halve the batch until a row that cannot be indexed stands alone.
                rows_max = (rows_max / 2).max(1);
                std::thread::sleep(REST_MAX);
            }
        }
    }
}

fn pause(core: &Core, took: Duration, rows: usize, a_second: u64) -> Duration {
    if rows <= FEW_ROWS && core.index.len() <= FEW_ROWS {
        return (took * core.settings.workers.index_rest.min(1)).min(FEW_REST_MAX);
    }
    let rest = took * core.settings.workers.index_rest;
    if a_second > RUSH { (rest * RUSH_REST).min(RUSH_REST_MAX) } else { rest.min(REST_MAX) }
}

fn push(core: &Core, claim: &mut Claim, pushed: &mut Pushed) -> Result<()> {
    let pairs = claim.pairs().to_vec();
    let keys: Vec<Key> = pairs.iter().map(|(key, _)| *key).collect();
    let rows = core.stores.database.load_some(&keys, BATCH_BYTES)?;
    let mut batch = Batch {
        core,
        pushed,
        writes: Vec::new(),
        settles: Vec::new(),
        taken: Vec::new(),
        without_body: Vec::new(),
        bytes: 0,
    };
    for ((key, org), row) in pairs.iter().zip(rows) {
        if batch.bytes > BATCH_BYTES as u64 {
            break;
        }
        batch.add(*key, *org, row)?;
    }
    let Batch { writes, settles, taken, without_body, .. } = batch;
    let words: Vec<(Key, u64)> = writes.iter().filter_map(words_of).collect();
    let number = core.batches.fetch_add(1, Ordering::SeqCst) + 1;
    core.stores.index.apply(writes, number)?;
    for (key, words) in words {
        pushed.note(key, words);
    }
    // Before the claim is settled: whoever finds nothing owed finds the settles on their way.
    core.committer.settle(settles.into_iter().chain([Write::IndexBatch(number)]));
    claim.settle(&taken);
    for key in without_body {
        claim.fail(key, Failure::Own, "the body is missing in the archive");
    }
    Ok(())
}

fn words_of(write: &IndexWrite) -> Option<(Key, u64)> {
    match write {
        IndexWrite::Whole(record, _) => Some((record.key, record.words_revision.0)),
        IndexWrite::Record(_) | IndexWrite::Erase(..) => None,
    }
}

struct Batch<'a> {
    core: &'a Core,
    pushed: &'a Pushed,
    writes: Vec<IndexWrite>,
    settles: Vec<Write>,
    taken: Vec<Key>,
    without_body: Vec<Key>,
    bytes: u64,
}

impl Batch<'_> {
    fn add(&mut self, key: Key, org: OrgId, row: Option<Row>) -> Result<()> {
        self.taken.push(key);
        let world = self.core.world();
        let Some((row, home)) = row.and_then(|row| world.home(row.folder).map(|home| (row, home))) else {
            self.writes.push(IndexWrite::Erase(key, org));
            return Ok(());
        };
        let settled = row.indexed.words_revision.max(self.pushed.words(key));
        let facts = facts(&row.facts)?;
        let record = Box::new(record(&row, &home.folder, facts.words, self.core)?);
        if settled < row.words_revision.0 {
            let Some(turns) = self.turns(&row, home)? else {
                // Replaced or erased since the row was read (then the newer commit is owed already), or lost.
                self.taken.pop();
                self.without_body.push(key);
                return Ok(());
            };
            self.bytes += facts.body_bytes;
            self.writes.push(IndexWrite::Whole(record, turns));
        } else {
            self.writes.push(IndexWrite::Record(record));
        }
        self.settles.push(Write::Settle {
            sink: Sink::Index,
            key,
            revision: row.revision,
            schema_version: row.schema_version,
            words_revision: row.words_revision,
        });
        Ok(())
    }

    fn turns(&self, row: &Row, home: &Home) -> Result<Option<Vec<turns::Turn>>> {
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() };
        let Some(body) = self.core.stores.archive.body(&place, row.key, row.words_revision)? else { return Ok(None) };
        let turns = turns::turns(&body)
            .map_err(|e| StoreError::new(Store::Archive, Kind::Corrupt, format!("the body of {place}"), e))?;
        Ok(Some(turns))
    }
}

/// The index document of a row.
///
/// # Errors
/// `Corrupt` when the row's JSON cannot be read.
pub fn record(row: &Row, folder: &Folder, words: u32, core: &Core) -> Result<Record> {
    let damaged = |e| StoreError::new(Store::Database, Kind::Corrupt, "values of a row", e);
    let members = crate::base::json::members(&row.values).map_err(damaged)?;
    let bounds = core.settings.value_bounds();
    let mut values = Vec::with_capacity(members.0.len());
    for (name, raw) in members.0 {
        let Some(field) = folder.schema.field(&FieldName::lenient(&name)) else { continue };
        // While a field is retyped its values are kept under both numbers, so that searches can switch at once.
        let next = field.next.as_ref().map(|next| (next.id, &next.definition));
        for (id, definition) in [(field.id, &field.definition)].into_iter().chain(next) {
            // A value that fitted an older definition and does not fit this one is left to the back-fill.
            let Ok(typed) = coerce(definition, raw, &folder.schema.zone, bounds) else { continue };
            if !typed.is_empty() {
                values.push((id, typed));
            }
        }
    }
    Ok(Record {
        key: row.key,
        org: row.org,
        folder: row.folder,
        tid: row.tid.clone(),
        revision: row.revision,
        schema_version: row.schema_version,
        words_revision: Revision(row.words_revision.0),
        last_modified: row.last_modified,
        builtins: builtins(&row.builtins)?,
        values,
        words,
    })
}

impl Core {
    /// A rebuilt index answers searches once it has what was owed at the start; newer edits need not wait for it, nor
    /// it for them.
    pub fn ready_if_level(&self) {
        let due = !self.index_ready.load(Ordering::Relaxed) && !self.reindexing.load(Ordering::SeqCst);
        if due && self.index.has_everything(0) {
            self.index_ready.store(true, Ordering::SeqCst);
            tracing::info!("the search index is complete");
        }
    }

    /// Whether the server stops.
    pub fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}
