//! A metadata field is erased: every transcript of the scope that holds it is edited, a piece at a time, while the server
//! works. The archive is the source of names: also where the field is not configured. How far it is stands in the job,
//! so a restart goes on there; what a crash makes it do again finds nothing to do.
use super::jobs::list::{FieldErasure, Task, moved};
use super::progress::Progress;
use crate::domain::identity::{FieldName, Place};
use crate::domain::metadata::erase::without;
use crate::domain::projection::project;
use crate::domain::refusal::Code;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::{self, Current, Kept};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::stores::database::{Job, Row, Write};
use crate::stores::error::Kind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Rows looked at in one piece, and so edits of one commit at most.
const CHUNK: usize = 250;
/// How long it works before other jobs have their turn.
const SLICE: Duration = Duration::from_secs(2);
/// How long it waits for archive and index.
const PATIENCE: Duration = Duration::from_secs(60);
/// Transcripts that cannot be read of which the names are kept.
const NAMED: usize = 1_000;

/// Goes on for a while; whether no store holds the field any more but as bytes that mean nothing.
///
/// # Errors
/// The stores'; `overloaded` when archive or index do not follow.
pub fn step(core: &Arc<Core>, runtime: &Runtime, job: &Job, field: &FieldErasure) -> Result<bool> {
    let mut field = field.clone();
    let begun = Instant::now();
    while !field.walked {
        // With an organisation that is gone all it held goes.
        field.walked = core.world().org(field.org).is_none() || chunk(core, runtime, &mut field)?;
        note(core, job, &field)?;
        if core.closing() || (!field.walked && begun.elapsed() > SLICE) {
            return Ok(false);
        }
    }
    let commit = note(core, job, &field)?;
    let level = |p: &Progress| core.closing() || p.has_all(field.org, commit);
    for sink in [&core.archive, &core.index] {
        if !runtime.block_on(sink.until(PATIENCE, level)) {
            return Err(Error::refused(Code::Overloaded, "archive and index have not caught up with the erasure yet"));
        }
        let aside: Vec<_> = sink.set_aside().into_iter().map(|(key, _)| key).collect();
        if core.stores.database.load_keys(&aside)?.iter().flatten().any(|row| row.org == field.org) {
            let words =
                "a transcript of the organisation cannot be archived or indexed, so that its files stay as they are";
            return Err(Error::refused(Code::Overloaded, words));
        }
    }
    Ok(!core.closing())
}

/// Writes down how far it is; the commit's number.
fn note(core: &Core, job: &Job, field: &FieldErasure) -> Result<u64> {
    let job = moved(job, &Task::EraseField(field.clone()));
    let commit = core.committer.commit_blocking(Request::plain(vec![Write::PutJob(job.clone())]))?.commit;
    core.erasures.moved_on(&job.id, field);
    core.jobs.moved_on(&job);
    Ok(commit)
}

/// Looks at the next rows and edits those that hold it; whether there were none.
fn chunk(core: &Arc<Core>, runtime: &Runtime, field: &mut FieldErasure) -> Result<bool> {
    let name = FieldName::lenient(&field.field);
    let rows = core.stores.database.scan(Some(field.org), field.after, CHUNK)?;
    let Some(last) = rows.last().map(|row| row.key) else { return Ok(true) };
    let wanted: Vec<Row> = rows.into_iter().filter(|row| is_wanted(field, row.folder)).collect();
    let looked = wanted.len() as u64;
    let mut holding = Vec::new();
    for row in wanted {
        let place = place(field, &row);
        match holds(core, &row, &place, &name) {
            Ok(true) => holding.push(place),
            Ok(false) => {}
            Err(Error::Store(error)) if error.kind == Kind::Corrupt => unread(field, &place),
            Err(error) => return Err(error),
        }
    }
    // In the order of ids, as every taker of several locks: so no two wait for each other.
    holding.sort_by(|a, b| a.tid.cmp(&b.tid));
    if let Some(erased) = erase(core, runtime, field, &name, &holding)? {
        field.after = Some(last);
        field.looked += looked;
        field.erased += erased;
    }
    Ok(false)
}

fn is_wanted(field: &FieldErasure, folder: crate::domain::identity::FolderId) -> bool {
    field.folder.as_ref().is_none_or(|(own, _)| *own == folder)
}

fn place(field: &FieldErasure, row: &Row) -> Place {
    Place { company: field.company.clone(), org: field.org_name.clone(), tid: row.tid.clone() }
}

fn unread(field: &mut FieldErasure, place: &Place) {
    let name = place.to_string();
    if field.unread.len() < NAMED && !field.unread.contains(&name) {
        tracing::error!(transcript = %place, "its metadata cannot be read, so nothing could be erased from it");
        field.unread.push(name);
    }
}

/// Whether the newest metadata may hold it: looked at without the lock, most transcripts do not.
fn holds(core: &Core, row: &Row, place: &Place, name: &FieldName) -> Result<bool> {
    // What has moved on meanwhile is looked at again under the lock.
    let current = current::complete(&core.stores, row, place)?;
    Ok(current.is_none_or(|current| without(&current.metadata, name).is_some()))
}

/// Edits them in one commit, as accepted edits are made; how many held it, or `None` when some have to be looked at
/// again.
fn erase(
    core: &Arc<Core>,
    runtime: &Runtime,
    field: &mut FieldErasure,
    name: &FieldName,
    holding: &[Place],
) -> Result<Option<u64>> {
    let mut guards: Vec<Guard> = Vec::with_capacity(holding.len());
    let mut writes = Vec::with_capacity(holding.len());
    let mut edited = Vec::with_capacity(holding.len());
    for place in holding {
        guards.push(runtime.block_on(core.locks.lock(field.org, &place.tid)).map_err(Error::Refused)?);
        let newest = match core.cache.find(field.org, &place.tid) {
            Some(current) => Ok(Some(current)),
            None => current::load(&core.stores, field.org, place).map(|found| found.map(Arc::new)),
        };
        let current = match newest {
            Ok(Some(current)) if is_wanted(field, current.folder) => current,
            Ok(_) => continue,
            Err(error) if error.kind == Kind::Corrupt => {
                unread(field, place);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(write) = less(core, &current, name)? {
            writes.push(write);
            edited.push(place);
        }
    }
    if writes.is_empty() {
        return Ok(Some(0));
    }
    let answer = core.committer.commit_blocking(Request::many(writes, guards))?;
    if answer.verdicts.iter().all(|verdict| *verdict == Verdict::Done) {
        return Ok(Some(edited.len() as u64));
    }
    edited.iter().for_each(|place| core.cache.forget(field.org, &place.tid));
    Ok(None)
}

/// The edit that takes it out of a transcript's metadata; `None` when there is nothing to take, or the folder is being
/// deleted. Called under the transcript's lock.
fn less(core: &Core, current: &Arc<Current>, name: &FieldName) -> Result<Option<(Write, Then)>> {
    let world = core.world();
    let Some(home) = world.home(current.folder) else { return Ok(None) };
    let Some(metadata) = without(&current.metadata, name) else { return Ok(None) };
    let projection = project(&metadata, &home.folder.schema, core.settings.value_bounds());
    let builtins = derive(&current.facts, &metadata, home, current.ingested)?;
    let stored = current.edited(&core.clock, (&home.folder, &projection), &metadata, builtins, None);
    let kept = Kept::stored(&stored);
    Ok(Some((Write::Edit(Arc::new(stored), current.revision), Then::Keep(kept))))
}
