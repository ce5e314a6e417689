//! Comparing the three stores transcript by transcript: every difference is named by store and company/org/tid.
//!
//! Works on a server at rest and on a running one: what a sink still owes is not a difference. `deep` reads every byte:
//! bodies and metadata against their sums, index files against theirs, the database's pages.
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_hex;
use crate::domain::identity::{Key, Place};
use crate::domain::metadata::Metadata;
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::current::facts;
use crate::engine::workers::jobs::list::Task;
use crate::engine::world::Home;
use crate::stores::archive::{Found, MetadataFile};
use crate::stores::database::Row;
use crate::stores::error::Result;
use crate::stores::index::{IndexEntry, tid_digest};
use std::collections::{HashMap, HashSet};

/// Rows read at once.
const CHUNK: usize = 1_000;

/// One difference, with the store that differs and the transcript.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `database`, `index` or `archive`; `staging` for rows of imports.
    pub store: &'static str,
    /// company/org/tid, as far as known; the folder of an import.
    pub transcript: String,
    /// What differs: `missing`, `behind`, `ahead`, `extra`, `value`, `sum`, `damaged`.
    pub kind: &'static str,
    /// In words.
    pub detail: String,
}

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
        for row in &rows {
            comparison.row(row)?;
        }
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

    fn row(&mut self, row: &Row) -> Result<()> {
        self.report.transcripts += 1;
        let world = self.core.world.load_full();
        let Some(home) = world.home(row.folder) else {
            // A folder being deleted: its job takes the rest away.
            self.index.remove(&row.key);
            if let Some((company, org)) = world.org(row.org) {
                let place = Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid.clone() };
                self.archive.remove(&place.to_string());
            }
            return Ok(());
        };
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() };
        let at = place.to_string();
        let found = self.archive.remove(&at);
        let entry = self.index.remove(&row.key);
        if self.core.index.has(row.key, u64::MAX - 1) {
            self.index_entry(&at, row, entry)?;
        }
        if self.core.archive.has(row.key, u64::MAX - 1) {
            self.archived(&at, &place, (row, home), found)?;
        }
        Ok(())
    }

    fn index_entry(&mut self, at: &str, row: &Row, entry: Option<IndexEntry>) -> Result<()> {
        let Some(entry) = entry else {
            self.differs("index", at, "missing", "the database has it, the index does not");
            return Ok(());
        };
        if entry.tid != tid_digest(row.tid.as_str()) {
            self.differs("index", at, "value", "the index has another transcript under its key");
        }
        let pairs = [
            ("revision", entry.revision, row.revision.0),
            ("schema version", entry.schema_version, row.schema_version),
            ("words revision", entry.words_revision, row.words_revision.0),
            ("turns", u64::from(entry.turns), u64::from(facts(&row.facts)?.turns)),
        ];
        for (what, has, wanted) in pairs {
            if has != wanted {
                let kind = if has < wanted { "behind" } else { "ahead" };
                self.differs("index", at, kind, format!("{what} is {has} in the index, {wanted} in the database"));
            }
        }
        Ok(())
    }

    fn archived(&mut self, at: &str, place: &Place, (row, home): (&Row, &Home), found: Option<Found>) -> Result<()> {
        if !found.as_ref().is_some_and(|f| f.body) {
            self.differs("archive", at, "missing", "the body is not there");
        }
        match self.core.stores.archive.metadata(place) {
            Ok(Some(file)) => self.metadata(at, (row, home), &file),
            Ok(None) => self.differs("archive", at, "missing", "the metadata file is not there"),
            Err(error) => self.differs("archive", at, "damaged", chain(&error)),
        }
        if self.deep {
            self.body(at, place, row)?;
        }
        Ok(())
    }

    fn metadata(&mut self, at: &str, (row, home): (&Row, &Home), file: &MetadataFile) {
        if row.unarchived.is_some() && row.archived.revision >= row.revision.0 {
            self.differs(
                "database",
                at,
                "behind",
                "the row still holds an unarchived copy although the archive has it",
            );
        }
        if file.revision != row.revision {
            let kind = if file.revision < row.revision { "behind" } else { "ahead" };
            let detail = format!("revision is {} in the archive, {} in the database", file.revision.0, row.revision.0);
            self.differs("archive", at, kind, detail);
            return;
        }
        if file.folder != home.folder.name {
            let detail = format!("folder is {:?} in the archive, {:?} in the database", file.folder, home.folder.name);
            self.differs("archive", at, "value", detail);
        }
        let told = [
            ("words revision", file.words_revision == row.words_revision),
            ("last_modified", file.last_modified == Timestamp(row.last_modified).rfc3339()),
            ("sum of the body", facts(&row.facts).is_ok_and(|facts| facts.body_sha256 == file.body_sha256)),
        ];
        for (what, _) in told.iter().filter(|(_, same)| !same) {
            self.differs("archive", at, "value", format!("{what} differs from the database's"));
        }
        let Ok(metadata) = Metadata::lenient(&file.metadata) else {
            self.differs("archive", at, "damaged", "the metadata is no JSON object");
            return;
        };
        if row.schema_version == home.folder.schema.version {
            let projection = project(&metadata, &home.folder.schema, self.core.settings.value_bounds());
            if *projection.values_json() != *row.values {
                self.differs("database", at, "value", "configured values differ from those of the archive");
            }
        }
    }

    fn body(&mut self, at: &str, place: &Place, row: &Row) -> Result<()> {
        match self.core.stores.archive.body(place, row.key, row.words_revision) {
            Ok(Some(body)) => {
                let (has, wanted) = (sha256_hex(body.as_bytes()), facts(&row.facts)?.body_sha256);
                if has != wanted {
                    self.differs("archive", at, "sum", "the body's bytes do not have the sum the database knows");
                }
            }
            Ok(None) => {}
            Err(error) => self.differs("archive", at, "damaged", chain(&error)),
        }
        Ok(())
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
