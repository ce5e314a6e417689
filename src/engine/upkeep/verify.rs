//! Comparing the three stores transcript by transcript: every difference is named by store and company/org/tid.
//!
//! Works on a server at rest and on a running one: what a sink still owes is not a difference. `deep` reads every byte:
//! bodies and metadata against their sums, index files against theirs, the database's pages.
use super::compare::{Difference, Transcript};
use crate::base::causes::chain;
use crate::domain::identity::{Key, Place};
use crate::engine::core::Core;
use crate::engine::workers::jobs::list::Task;
use crate::engine::world::World;
use crate::stores::archive::Found;
use crate::stores::database::Row;
use crate::stores::error::{Result, StoreError};
use crate::stores::index::IndexEntry;
use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// Rows read at once.
const CHUNK: usize = 1_000;
/// Transcripts compared at a time. Most of the time is waiting for a disk that finds many small files as fast as one.
const THREADS: usize = 16;
/// The same when bodies are read whole: each is in memory meanwhile.
const DEEP_THREADS: usize = 3;

/// What a comparison found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct VerifyReport {
    /// Transcripts in the database.
    pub transcripts: u64,
    /// Entries in the index.
    pub indexed: u64,
    /// Transcripts in the archive.
    pub archived: u64,
    /// Rows the sinks still owed.
    pub owed: u64,
    /// Differences; empty is clean.
    pub differences: Vec<Difference>,
}

/// Compares. Blocking: it reads every row and every metadata file. The stores are not read at one moment: where a running
/// server may have moved on between two of them, only what a second look finds too is a difference.
///
/// # Errors
/// The stores', when one cannot be read at all.
pub fn verify(core: &Core, deep: bool) -> Result<VerifyReport> {
    let first = compare(core, deep)?;
    if first.differences.is_empty() {
        return Ok(first);
    }
    let mut second = compare(core, deep)?;
    second.differences.retain(|difference| first.differences.contains(difference));
    Ok(second)
}

fn compare(core: &Core, deep: bool) -> Result<VerifyReport> {
    let mut comparison = Comparison::begin(core, deep)?;
    let mut after = None;
    loop {
        let rows = core.stores.database.scan(None, after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key);
        comparison.rows(rows)?;
    }
    comparison.end()
}

struct Comparison<'a> {
    core: &'a Core,
    deep: bool,
    index: HashMap<Key, IndexEntry>,
    archive: HashMap<String, Found>,
    /// What jobs that are not done yet will take away, as of the beginning.
    leaving: Leaving,
    report: VerifyReport,
}

/// What is erased and may still lie in files until its job is done.
#[derive(Default)]
struct Leaving {
    transcripts: HashSet<String>,
    /// Whole organisations: what their places begin with.
    orgs: Vec<String>,
}

impl Leaving {
    fn now(core: &Core) -> Self {
        let mut leaving = Self::default();
        for job in core.jobs.all() {
            match serde_json::from_str(&job.body) {
                Ok(Task::Erase { company, org_name, tid, .. }) => {
                    leaving.transcripts.insert(Place { company, org: org_name, tid }.to_string());
                }
                Ok(Task::DiscardOrg { company, org_name }) => leaving.orgs.push(format!("{company}/{org_name}/")),
                Ok(Task::EraseFolder { .. } | Task::EraseField(_)) | Err(_) => {}
            }
        }
        leaving
    }

    fn holds(&self, at: &str) -> bool {
        self.transcripts.contains(at) || self.orgs.iter().any(|org| at.starts_with(org))
    }
}

impl<'a> Comparison<'a> {
    fn begin(core: &'a Core, deep: bool) -> Result<Self> {
        let leaving = Leaving::now(core);
        let mut report = VerifyReport { owed: (core.index.len() + core.archive.len()) as u64, ..Default::default() };
        let index: HashMap<Key, IndexEntry> = core.stores.index.entries()?.into_iter().map(|e| (e.key, e)).collect();
        let mut archive = HashMap::new();
        core.stores.archive.list(&mut |found| match found {
            Ok(found) => {
                archive.insert(found.place.to_string(), found);
            }
            Err(error) => report.differences.push(Difference {
                store: "archive",
                transcript: String::new(),
                kind: "damaged",
                detail: chain(&error),
            }),
        })?;
        report.indexed = index.len() as u64;
        report.archived = archive.len() as u64;
        Ok(Self { core, deep, index, archive, leaving, report })
    }

    fn differs(&mut self, store: &'static str, at: &str, kind: &'static str, detail: impl Into<String>) {
        let difference = Difference { store, transcript: at.to_owned(), kind, detail: detail.into() };
        self.report.differences.push(difference);
    }

    /// Compares some rows, several at a time.
    fn rows(&mut self, rows: Vec<Row>) -> Result<()> {
        self.report.transcripts += rows.len() as u64;
        let world = self.core.world.load_full();
        let transcripts: Vec<Transcript<'_>> = rows.iter().filter_map(|row| self.transcript(&world, row)).collect();
        let (core, deep, next) = (self.core, self.deep, AtomicUsize::new(0));
        let some = || {
            let mut differences = Vec::new();
            while let Some(transcript) = transcripts.get(next.fetch_add(1, Relaxed)) {
                differences.extend(transcript.compare(core, deep)?);
            }
            Ok::<_, StoreError>(differences)
        };
        let threads = if deep { DEEP_THREADS } else { THREADS };
        let all: Vec<Result<Vec<Difference>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..threads.min(transcripts.len())).map(|_| scope.spawn(some)).collect();
            let own = some();
            let others = threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic)));
            std::iter::once(own).chain(others).collect()
        });
        for differences in all {
            self.report.differences.extend(differences?);
        }
        Ok(())
    }

    /// What the stores have of a row, taken from their lists; nothing while its folder is being deleted.
    fn transcript<'t>(&mut self, world: &'t World, row: &'t Row) -> Option<Transcript<'t>> {
        let entry = self.index.remove(&row.key);
        let Some(home) = world.home(row.folder) else {
            // A folder being deleted: its job takes the rest away.
            let (company, org) = world.org(row.org)?;
            let place = Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid.clone() };
            self.archive.remove(&place.to_string());
            return None;
        };
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() };
        let body = self.archive.remove(&place.to_string()).is_some_and(|found| found.body);
        Some(Transcript { row, home, place, entry, body })
    }

    fn end(mut self) -> Result<VerifyReport> {
        let extra: Vec<String> = std::mem::take(&mut self.archive).into_keys().collect();
        let leaving = std::mem::take(&mut self.leaving);
        for at in extra.into_iter().filter(|at| !leaving.holds(at)) {
            self.differs("archive", &at, "extra", "the archive has it, the database does not");
        }
        for (key, entry) in std::mem::take(&mut self.index) {
            if self.core.index.has(key, u64::MAX - 1) {
                let at = self.core.world().org(entry.org).map_or_else(
                    || format!("organisation {}", entry.org.0),
                    |(company, org)| format!("{}/{}", company.name, org.name),
                );
                self.differs(
                    "index",
                    &format!("{at}/key {}", key.0),
                    "extra",
                    "the index has it, the database does not",
                );
            }
        }
        for (id, kind, detail) in crate::engine::imports::scrub::check(self.core, self.deep)? {
            self.differs("staging", &format!("imports/{id}"), kind, detail);
        }
        for detail in self.core.stores.database.check()? {
            self.differs("database", "", "damaged", detail);
        }
        if self.deep {
            for detail in self.core.stores.index.check()? {
                self.differs("index", "", "damaged", detail);
            }
        }
        self.report.differences.sort_by(|a, b| (&a.transcript, a.store, a.kind).cmp(&(&b.transcript, b.store, b.kind)));
        Ok(self.report)
    }
}
