//! `repair`: heals what another store can prove, and names what none can. Works on a folder nobody else uses; index and
//! archive have caught up before. Nothing is destroyed: what is replaced or belongs to nobody goes to `.lost+found`.
//!
//! Which store proves what: a body is proven by the sum in the database or in its metadata file; a metadata file by its
//! own sum, and its revision by the moment of the last change, which the database knows to the microsecond; configured
//! values follow from the metadata; the index follows from everything. *Decision:* configured values alone do not make
//! metadata: a transcript whose metadata is lost is named, and gets what the database proves only when that is wished.
use super::adopt;
use super::report::{RepairOptions, RepairReport};
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_hex;
use crate::domain::identity::{Key, Place, Revision};
use crate::domain::metadata::Metadata;
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then};
use crate::engine::edit::current::facts;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::engine::world::Home;
use crate::stores::archive::MetadataFile;
use crate::stores::database::writes::Stored;
use crate::stores::database::{Row, Write};
use std::sync::Arc;

/// Rows read at once.
const CHUNK: usize = 1_000;

/// Heals. Blocking.
///
/// # Errors
/// The stores', when one cannot be used at all.
pub fn repair(core: &Core, options: &RepairOptions) -> Result<RepairReport> {
    let mut report = RepairReport::default();
    let mut after: Option<Key> = None;
    loop {
        let rows = core.stores.database.scan(None, after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key);
        for row in &rows {
            let world = core.world.load_full();
            let Some(home) = world.home(row.folder) else { continue };
            report.transcripts += 1;
            let place = place(home, row);
            if let Err(error) = (Patient { core, row, home, place: &place }).treat(options, &mut report) {
                report.lose(&place, told(error)?);
            }
        }
    }
    adopt::strangers(core, options, &mut report)?;
    for (place, revision, metadata) in &options.unarchived {
        adopt::unarchived(core, place, *revision, metadata, &mut report)?;
    }
    Ok(report)
}

/// Damage in words; a store that cannot be used ends the repair.
fn told(error: Error) -> Result<String> {
    match error {
        Error::Store(store) if store.kind != crate::stores::error::Kind::Corrupt => Err(Error::Store(store)),
        Error::Store(store) => Ok(chain(&store)),
        Error::Refused(refusal) => Ok(refusal.detail),
    }
}

fn place(home: &Home, row: &Row) -> Place {
    Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() }
}

/// A transcript of the database under repair.
struct Patient<'a> {
    core: &'a Core,
    row: &'a Row,
    home: &'a Home,
    place: &'a Place,
}

impl Patient<'_> {
    fn treat(&self, options: &RepairOptions, report: &mut RepairReport) -> Result<()> {
        let archive = &self.core.stores.archive;
        let sum = facts(&self.row.facts)?.body_sha256;
        for done in archive.heal(self.place, None)? {
            report.heal(self.place, done);
        }
        match archive.metadata(self.place) {
            Ok(Some(file)) => {
                self.compare(&file, report)?;
                if file.words_revision > self.row.words_revision {
                    // The body came with it: it was proven by the file's own sum, or named.
                    return Ok(());
                }
            }
            Ok(None) => self.without("is missing", options, report)?,
            Err(error) => self.without(&format!("is damaged ({})", chain(&error)), options, report)?,
        }
        self.body(&sum, report)
    }

    /// The metadata file is good; does it say what the database says?
    fn compare(&self, file: &MetadataFile, report: &mut RepairReport) -> Result<()> {
        let row = self.row;
        let same_moment = file.last_modified == Timestamp(row.last_modified).rfc3339();
        if file.revision == row.revision || same_moment {
            let wanted = self.file(&file.metadata)?;
            if *file != wanted {
                // Its metadata has its sum; what stands around it follows from the row.
                self.core.stores.archive.set_metadata_aside(self.place)?;
                self.core.stores.archive.put_metadata(&[wanted])?;
                report.heal(self.place, "revision, folder, date or sums in the metadata file were corrected");
            }
            return self.values(file, report);
        }
        if file.revision > row.revision {
            return adopt::newer(self.core, (row, self.home), self.place, file, report);
        }
        if row.unarchived.is_none() {
            let detail = format!(
                "the archive holds revision {}, the database says {}: what was changed between them is lost, but for \
                 the configured values",
                file.revision.0, row.revision.0
            );
            report.lose(self.place, detail);
        }
        Ok(())
    }

    /// The metadata file as it must be around that metadata.
    fn file(&self, metadata: &Arc<str>) -> Result<MetadataFile> {
        Ok(MetadataFile {
            place: self.place.clone(),
            metadata: metadata.clone(),
            folder: self.home.folder.name.clone(),
            revision: self.row.revision,
            words_revision: self.row.words_revision,
            last_modified: Timestamp(self.row.last_modified).rfc3339(),
            body_sha256: facts(&self.row.facts)?.body_sha256,
        })
    }

    /// Configured values follow from the metadata.
    fn values(&self, file: &MetadataFile, report: &mut RepairReport) -> Result<()> {
        let (row, folder) = (self.row, &self.home.folder);
        let Ok(metadata) = Metadata::lenient(&file.metadata) else { return Ok(()) };
        let values = project(&metadata, &folder.schema, self.core.settings.value_bounds()).values_json();
        let whole = values == metadata.to_json();
        let same = *values == *row.values && (whole || !row.whole);
        if row.schema_version != folder.schema.version || row.unarchived.is_some() || same {
            return Ok(());
        }
        let builtins = derive(&row.facts, &metadata, self.home, row.ingested)?;
        let write = Write::Reproject {
            key: row.key,
            expected: row.revision,
            schema_version: row.schema_version,
            builtins,
            whole,
            values: values.into(),
        };
        self.core.committer.commit_blocking(Request::plain(vec![write]))?;
        report.heal(self.place, "configured values in the database were corrected from the archive");
        Ok(())
    }

    /// There is no good metadata file.
    fn without(&self, how: &str, options: &RepairOptions, report: &mut RepairReport) -> Result<()> {
        let row = self.row;
        if let Some(metadata) = row.metadata() {
            self.core.stores.archive.set_metadata_aside(self.place)?;
            self.core.stores.archive.put_metadata(&[self.file(metadata)?])?;
            report.heal(self.place, "the metadata file was written again from the database's own copy");
            return Ok(());
        }
        let names: Vec<String> = match crate::base::json::members(&row.values) {
            Ok(members) => members.0.into_iter().map(|(name, _)| name.into_owned()).collect(),
            Err(_) => Vec::new(),
        };
        let proven = if names.is_empty() {
            "the database proves none of it".to_owned()
        } else {
            format!("the database proves {} of it: {}", names.len(), names.join(", "))
        };
        if !options.accept_loss {
            let detail = format!(
                "the metadata file {how} and no copy is left; {proven}. Put the file back from a backup, or let \
                 `repair --accept-loss` keep what is proven"
            );
            report.lose(self.place, detail);
            return Ok(());
        }
        self.core.stores.archive.set_metadata_aside(self.place)?;
        self.reduce()?;
        report.heal(self.place, format!("the metadata file {how}: the loss was accepted; {proven}"));
        Ok(())
    }

    /// A new revision that holds what the database proves.
    fn reduce(&self) -> Result<()> {
        let (row, home) = (self.row, self.home);
        let metadata = Metadata::lenient(&row.values).unwrap_or_default();
        let projection = project(&metadata, &home.folder.schema, self.core.settings.value_bounds());
        let stored = Stored {
            key: row.key,
            org: row.org,
            folder: row.folder,
            tid: row.tid.clone(),
            revision: Revision(row.revision.0 + 1),
            words_revision: row.words_revision,
            schema_version: home.folder.schema.version,
            last_modified: self.core.clock.now().0.max(row.last_modified + 1),
            ingested: row.ingested,
            facts: row.facts.clone(),
            builtins: derive(&row.facts, &metadata, home, row.ingested)?,
            values: projection.values_json().into(),
            metadata: metadata.to_json().into(),
            idempotency: None,
        };
        let write = Write::Edit(Arc::new(stored), row.revision);
        let forget = Then::Forget(row.org, row.tid.clone());
        self.core.committer.commit_blocking(Request::many(vec![(write, forget)], Vec::new()))?;
        Ok(())
    }

    fn body(&self, sum: &str, report: &mut RepairReport) -> Result<()> {
        let archive = &self.core.stores.archive;
        let read = |report: &mut RepairReport| -> Result<Option<&str>> {
            Ok(match archive.body(self.place, self.row.key, self.row.words_revision) {
                Ok(Some(body)) if sha256_hex(body.as_bytes()) == sum => None,
                Ok(None) => Some("is missing"),
                Ok(Some(_)) => Some("does not have the sum the database knows"),
                Err(error) if error.kind == crate::stores::error::Kind::Corrupt => Some("cannot be read"),
                Err(error) => {
                    report.lose(self.place, chain(&error));
                    None
                }
            })
        };
        if read(report)?.is_none() {
            return Ok(());
        }
        for done in archive.heal(self.place, Some(sum))? {
            report.heal(self.place, done);
        }
        if let Some(how) = read(report)? {
            let detail = format!(
                "the body {how} and no other store holds it: put the file back from a backup, or bring the transcript \
                 in again"
            );
            report.lose(self.place, detail);
        }
        Ok(())
    }
}
