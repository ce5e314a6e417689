//! `import`: files into a folder, with progress, each refused line by its place.
//!
//! One thread reads and unpacks while the place stores the batch before, so a disk or network never waits for gunzip.
//! Batches go one after the other: when an id comes twice, the later line wins, as in one stream.
pub mod batches;
pub mod progress;
pub mod records;
pub mod report;
pub mod rows;
pub mod sheets;
pub mod sources;

use super::args::{Common, Import};
use super::output::Ending;
use super::target::{self, Target, Verdict};
use crate::app::Presence;
use anyhow::{Context, Result, bail};
use batches::Batch;
use progress::Progress;
use report::Report;

/// Runs the command.
///
/// # Errors
/// When a file is missing, the folder is, or the place fails as a whole; lines that are refused are no error.
pub fn run(common: &Common, import: &Import) -> Result<Ending> {
    if import.rows.metadata {
        return rows::run(common, import);
    }
    let sources = sources::expand(&import.files)?;
    let presence = if import.create { Presence::Made } else { Presence::Required };
    let mut target = target::open(common, &import.place, presence)?;
    let result = import_all(import, sources, target.as_mut());
    // Also after a failure: what was stored before it must become level.
    let closed = target.close();
    let ending = result?;
    closed?;
    Ok(ending)
}

fn import_all(import: &Import, sources: Vec<sources::Source>, target: &mut dyn Target) -> Result<Ending> {
    prepare_folder(import, target)?;
    let total = sources::total_bytes(&sources);
    let mut report = Report::new(import.json, Progress::new(total));
    let batches = batches::read_behind(sources, import.into.clone(), import.id.clone())?;
    for batch in batches {
        store(import, target, batch, &mut report)?;
    }
    report.finish(&import.into)
}

fn prepare_folder(import: &Import, target: &mut dyn Target) -> Result<()> {
    if target.has_folder(&import.into)? {
        return Ok(());
    }
    if !import.create {
        bail!(
            "there is no folder {0}: run the same command with --create, or make it with \
             POST /config/{1}/{2}/folders and {{\"{3}\": {{\"custom_meta\": [\"name\", …]}}}} \
             to say which metadata names are searchable",
            import.into,
            import.into.company,
            import.into.org,
            import.into.folder
        );
    }
    target.make_folder(&import.into).with_context(|| format!("cannot make the folder {}", import.into))
}

fn store(import: &Import, target: &mut dyn Target, batch: Batch, report: &mut Report) -> Result<()> {
    for broken in batch.broken {
        report.refused(&broken.place, None, &broken.code, &broken.detail)?;
    }
    let (places, lines): (Vec<_>, Vec<_>) = batch.records.into_iter().unzip();
    if let Some(first) = places.first() {
        let verdicts = target
            .ingest(&import.into, import.id.as_deref(), lines)
            .with_context(|| format!("stopped at {first}; everything before is stored, import again from there"))?;
        for (place, verdict) in places.iter().zip(verdicts) {
            match verdict {
                Verdict::Stored { created, unindexed } => report.stored(created, unindexed),
                Verdict::Refused { tid, code, detail } => report.refused(place, tid.as_deref(), &code, &detail)?,
            }
        }
    }
    for (place, name, content) in batch.updates {
        let verdict = target.update(&import.into, &name, &content);
        match verdict.with_context(|| format!("stopped at {place}; everything before is stored"))? {
            Verdict::Stored { created, unindexed } => report.stored(created, unindexed),
            Verdict::Refused { tid, code, detail } => report.refused(&place, tid.as_deref(), &code, &detail)?,
        }
    }
    report.read_so_far(batch.bytes_read);
    Ok(())
}
