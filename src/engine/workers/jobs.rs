//! Jobs that go on over restarts: erasing what deleted transcripts, folders and organisations left in files.
pub mod list;

use super::erasing;
use super::progress::Progress;
use crate::base::causes::chain;
use crate::domain::identity::{CompanyName, FolderId, Key, OrgId, OrgName, Place, Revision, Tid};
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then};
use crate::engine::edit::current::Current;
use crate::engine::edit::locks::Guard;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::engine::imports::scrub::scrub;
use crate::engine::jobs::ended;
use crate::stores::archive::Erasure;
use crate::stores::database::Job;
use crate::stores::database::{Checkpoint, Row, Write};
use list::Task;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Rows of one commit.
const CHUNK: usize = 500;
/// How long a job waits for the index to forget.
const INDEX_PATIENCE: Duration = Duration::from_secs(60);
/// How long failed jobs rest.
const AGAIN: Duration = Duration::from_secs(2);

/// Removes files at once, under the transcripts' locks and after their rows; a failure is left to the job.
pub fn remove_files(core: &Core, gone: &[(Place, Arc<Current>)]) {
    let keys: Vec<Key> = gone.iter().map(|(_, current)| current.key).collect();
    // A push that read a row before it went would write its file after the removal.
    core.archive.until_pushed(Some(&keys));
    let places: Vec<Place> = gone.iter().map(|(place, _)| place.clone()).collect();
    let staged: Vec<(Key, Revision)> = gone.iter().map(|(_, current)| (current.key, current.words_revision)).collect();
    let archive = &core.stores.archive;
    if let Err(error) = archive.discard(&staged).and_then(|()| archive.erase(&places)) {
        stop_if_fatal(&error);
        tracing::warn!(error = %chain(&error), "files of erased transcripts are left to their job");
    }
}

/// Sets aside the files of a deleted organisation. Called while no configuration can change, so that it cannot be made
/// anew meanwhile. Blocking.
///
/// # Errors
/// The archive's.
pub fn discard_org(core: &Core, company: &CompanyName, org: &OrgName) -> Result<()> {
    // Bodies on their way to their names, and metadata files being written: both began before the deletion.
    drop(core.landing.write());
    core.archive.until_pushed(None);
    Ok(core.stores.archive.discard_org(company, org).inspect_err(stop_if_fatal)?)
}

/// Runs until closed.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    while let Some(jobs) = core.jobs.next() {
        let begun = Instant::now();
        let mut finished = Vec::new();
        let mut failed = false;
        for job in jobs {
            match serde_json::from_str(&job.body) {
                Ok(task) => match step(core, runtime, &job, &task) {
                    Ok(true) => finished.push((job, task)),
                    Ok(false) => {}
                    Err(error) => {
                        failed = true;
                        stop_at(&error);
                        tracing::error!(job = %job.id, error = %chain(&error), "a job failed; it is tried again");
                    }
                },
                Err(error) => {
                    // It stays in the database: a version that can read it goes on with it.
                    tracing::error!(job = %job.id, %error, "a job cannot be read");
                    core.jobs.done(&job.id);
                }
            }
            if core.closing() {
                return;
            }
        }
        let mut rest = if failed { AGAIN } else { Duration::from_millis(20) };
        if !finished.is_empty() && core.stores.archive.is_frozen() {
            // A backup that runs keeps files as they were: they go when it is complete.
            rest = AGAIN;
        } else if !finished.is_empty() {
            let took = begun.elapsed();
            match finish(core, finished) {
                Ok(0) => {}
                Ok(_) => rest = AGAIN.max(took),
                Err(error) => {
                    rest = AGAIN;
                    stop_at(&error);
                    tracing::error!(error = %chain(&error), "jobs could not be finished; they are tried again");
                }
            }
            // Purging rewrites index files: never more than a fifth of the time.
            rest = (begun.elapsed() * 4).clamp(rest, Duration::from_secs(30));
        }
        core.pause(rest);
    }
}

fn stop_at(error: &Error) {
    if let Error::Store(error) = error {
        stop_if_fatal(error);
    }
}

/// Bytes go from staged rows, from index files, from the database and its log, and from what was set aside; then the jobs
/// are forgotten. How many have to wait for imports that began before them.
fn finish(core: &Core, mut finished: Vec<(Job, Task)>) -> Result<usize> {
    let all = finished.len();
    let waiting = scrub(core, &finished)?;
    finished.retain(|(_, task)| !waiting.holds(task));
    let finished = finished.as_slice();
    if finished.is_empty() {
        return Ok(all);
    }
    core.stores.index.purge()?;
    core.stores.database.checkpoint(Checkpoint::Clean)?;
    let mut removed = core.stores.database.forget_kept()?;
    for erasure in erasures(finished) {
        removed.extend(core.stores.archive.forget_aside(&erasure)?.into_iter().map(|file| format!("archive/{file}")));
    }
    for file in &removed {
        tracing::warn!(%file, "removed: it was set aside by a repair, and may hold what has been erased");
    }
    let writes = finished.iter().map(|(job, _)| ended::done(core, ended::erasing(job))).collect();
    core.committer.commit_blocking(Request::plain(writes))?;
    // The jobs themselves named what they erased.
    core.stores.database.checkpoint(Checkpoint::Empty)?;
    let now = core.clock.now();
    for (job, task) in finished {
        core.erasures.finished(&job.id, task, &removed, now);
        core.jobs.done(&job.id);
    }
    Ok(all - finished.len())
}

/// What is erased by the jobs, as the archive is told.
fn erasures(finished: &[(Job, Task)]) -> Vec<Erasure> {
    let mut places = Vec::new();
    let mut all = Vec::new();
    for (_, task) in finished {
        match task {
            Task::Erase { company, org_name, tid, .. } => {
                places.push(Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() });
            }
            Task::EraseField(field) => all.push(Erasure::Metadata(field.company.clone(), field.org_name.clone())),
            Task::DiscardOrg { company, org_name } => all.push(Erasure::Org(company.clone(), org_name.clone())),
            // Its transcripts were told one by one.
            Task::EraseFolder { .. } => {}
        }
    }
    all.push(Erasure::Transcripts(places));
    all
}

/// Works on a job; whether all is done but the bytes that go for all jobs together.
fn step(core: &Arc<Core>, runtime: &Runtime, job: &Job, task: &Task) -> Result<bool> {
    match task {
        Task::Erase { key, org, company, org_name, tid, words, .. } => {
            let place = Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() };
            erase(core, runtime, (*key, *words), *org, &place)?;
        }
        Task::EraseFolder { folder, org, company, org_name, .. } => {
            erase_folder(core, runtime, *folder, *org, (company, org_name))?;
        }
        Task::EraseField(field) => return erasing::step(core, runtime, job, field),
        Task::DiscardOrg { company, org_name } => {
            let _unchanged = runtime.block_on(core.configuring.lock());
            if core.world().catalogue.org(company, org_name).is_none() {
                discard_org(core, company, org_name)?;
            }
        }
    }
    Ok(true)
}

fn erase(
    core: &Arc<Core>,
    runtime: &Runtime,
    (key, words): (Key, Option<Revision>),
    org: OrgId,
    place: &Place,
) -> Result<()> {
    let guard = runtime.block_on(core.locks.lock(org, &place.tid)).map_err(Error::Refused)?;
    if let Some(words) = words {
        core.stores.archive.discard(&[(key, words)])?;
    }
    if core.stores.database.load(org, &place.tid)?.is_none() {
        remove_places(core, runtime, org, std::slice::from_ref(place))?;
    }
    drop(guard);
    settled(core, runtime, &[(key, org)])
}

/// Removes files of transcripts whose rows are gone, under their locks. Files of an organisation that is gone went with
/// it; under its names another one may have been made since, whose files these are not.
fn remove_places(core: &Arc<Core>, runtime: &Runtime, org: OrgId, places: &[Place]) -> Result<()> {
    let _unchanged = runtime.block_on(core.configuring.lock());
    if core.world().org(org).is_some() {
        core.stores.archive.erase(places)?;
    }
    Ok(())
}

/// Waits until the index has forgotten the keys.
fn settled(core: &Arc<Core>, runtime: &Runtime, keys: &[(Key, OrgId)]) -> Result<()> {
    for (key, org) in keys {
        // After a restart nobody else remembers that the index still holds it; once more is harmless.
        core.index.owe(*key, *org, 0);
    }
    let gone = |p: &Progress| keys.iter().all(|(key, _)| p.has(*key, 0));
    let waited = runtime.block_on(core.index.until(INDEX_PATIENCE, |p| core.closing() || gone(p)));
    if waited && gone(&core.index) {
        return Ok(());
    }
    Err(Error::refused(crate::domain::refusal::Code::Overloaded, "the index has not forgotten the transcripts yet"))
}

fn erase_folder(
    core: &Arc<Core>,
    runtime: &Runtime,
    folder: FolderId,
    org: OrgId,
    (company, org_name): (&CompanyName, &OrgName),
) -> Result<()> {
    loop {
        let keys = core.stores.database.behind(folder, u64::MAX >> 1, None, CHUNK)?;
        if keys.is_empty() || core.closing() {
            return Ok(());
        }
        // Index and files first: after a crash the rows still say what has to go.
        settled(core, runtime, &keys.iter().map(|key| (*key, org)).collect::<Vec<_>>())?;
        let mut tids: Vec<Tid> =
            core.stores.database.load_keys(&keys)?.into_iter().flatten().map(|row| row.tid).collect();
        tids.sort();
        let mut guards: Vec<Guard> = Vec::with_capacity(tids.len());
        for tid in &tids {
            guards.push(runtime.block_on(core.locks.lock(org, tid)).map_err(Error::Refused)?);
        }
        // Again, under the locks: one that was brought in anew meanwhile lives elsewhere, and keeps its files.
        let rows: Vec<Row> = core.stores.database.load_keys(&keys)?.into_iter().flatten().collect();
        core.archive.until_pushed(Some(&rows.iter().map(|row| row.key).collect::<Vec<_>>()));
        let staged: Vec<(Key, Revision)> = rows.iter().map(|row| (row.key, row.words_revision)).collect();
        core.stores.archive.discard(&staged)?;
        let place = |row: &Row| Place { company: company.clone(), org: org_name.clone(), tid: row.tid.clone() };
        let places: Vec<Place> = rows.iter().map(place).collect();
        remove_places(core, runtime, org, &places)?;
        core.stores.archive.forget_aside(&Erasure::Transcripts(places))?;
        let writes = rows.iter().map(|row| (erasing(row), Then::Forget(row.org, row.tid.clone()))).collect();
        core.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        drop(guards);
    }
}

fn erasing(row: &Row) -> Write {
    Write::Erase { key: row.key, org: row.org, tid: row.tid.clone(), expected: row.revision, job: None }
}
