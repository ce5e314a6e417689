//! Jobs that go on over restarts: erasing what deleted transcripts, folders and organisations left in files.
pub mod list;

use crate::base::causes::chain;
use crate::domain::identity::{CompanyName, FolderId, Key, OrgId, OrgName, Place};
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then};
use crate::engine::edit::locks::Guard;
use crate::engine::error::{Error, Result};
use crate::stores::database::{Row, Write};
use list::Task;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Rows of one commit.
const CHUNK: usize = 500;
/// How long a job waits for the index to forget.
const INDEX_PATIENCE: Duration = Duration::from_secs(60);

/// Removes files at once, under the transcripts' locks; a failure is left to the job.
pub fn remove_files(core: &Core, places: Vec<Place>) {
    if let Err(error) = core.stores.archive.erase(&places) {
        tracing::warn!(error = %chain(&error), "files of erased transcripts are left to their job");
    }
}

/// Runs until closed.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    while let Some(jobs) = core.jobs.next() {
        let begun = Instant::now();
        let mut finished = Vec::new();
        for job in jobs {
            match serde_json::from_str(&job.body) {
                Ok(task) => match step(core, runtime, &task) {
                    Ok(()) => finished.push(job.id),
                    Err(error) => {
                        tracing::error!(job = %job.id, error = %chain(&error), "a job failed; it is tried again");
                    }
                },
                Err(error) => tracing::error!(job = %job.id, %error, "a job cannot be read"),
            }
            if core.closing() {
                return;
            }
        }
        if let Err(error) = finish(core, finished) {
            tracing::error!(error = %chain(&error), "jobs could not be finished; they are tried again");
        }
        // Purging rewrites index files: never more than a fifth of the time.
        let rest = (begun.elapsed() * 4).clamp(Duration::from_millis(20), Duration::from_secs(30));
        core.pause(rest);
    }
}

/// Bytes go from index files and from the database's log; then the jobs are forgotten.
fn finish(core: &Core, finished: Vec<String>) -> Result<()> {
    if finished.is_empty() {
        return Ok(());
    }
    core.stores.index.purge()?;
    core.stores.database.checkpoint(true)?;
    let writes = finished.iter().map(|id| Write::DeleteJob(id.clone())).collect();
    core.committer.commit_blocking(Request::plain(writes))?;
    for id in finished {
        core.jobs.done(&id);
    }
    Ok(())
}

fn step(core: &Arc<Core>, runtime: &Runtime, task: &Task) -> Result<()> {
    match task {
        Task::Erase { key, org, company, org_name, tid } => {
            let place = Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() };
            erase(core, runtime, *key, *org, &place)
        }
        Task::EraseFolder { folder, org, company, org_name, whole_org } => {
            let names = (!whole_org).then_some((company, org_name));
            erase_folder(core, runtime, *folder, *org, names)
        }
        Task::DiscardOrg { .. } => Ok(()),
    }
}

fn erase(core: &Arc<Core>, runtime: &Runtime, key: Key, org: OrgId, place: &Place) -> Result<()> {
    let guard = runtime.block_on(core.locks.lock(org, &place.tid)).map_err(Error::Refused)?;
    if core.stores.database.load(org, &place.tid)?.is_none() {
        core.stores.archive.erase(std::slice::from_ref(place))?;
    }
    drop(guard);
    settled(core, runtime, &[(key, org)])
}

/// Waits until the index has forgotten the keys.
fn settled(core: &Arc<Core>, runtime: &Runtime, keys: &[(Key, OrgId)]) -> Result<()> {
    for (key, org) in keys {
        // After a restart nobody else remembers that the index still holds it; once more is harmless.
        core.index.owe(*key, *org, 0);
    }
    let gone = runtime.block_on(core.index.until(INDEX_PATIENCE, |p| keys.iter().all(|(key, _)| p.has(*key, 0))));
    if gone { Ok(()) } else { Err(Error::refused(crate::domain::refusal::Code::Overloaded, "the index is slow")) }
}

fn erase_folder(
    core: &Arc<Core>,
    runtime: &Runtime,
    folder: FolderId,
    org: OrgId,
    names: Option<(&CompanyName, &OrgName)>,
) -> Result<()> {
    loop {
        let keys = core.stores.database.behind(folder, u64::MAX >> 1, None, CHUNK)?;
        if keys.is_empty() || core.closing() {
            return Ok(());
        }
        let mut rows: Vec<Row> = core.stores.database.load_keys(&keys)?.into_iter().flatten().collect();
        rows.sort_by(|a, b| a.tid.cmp(&b.tid));
        let mut guards: Vec<Guard> = Vec::with_capacity(rows.len());
        for row in &rows {
            guards.push(runtime.block_on(core.locks.lock(org, &row.tid)).map_err(Error::Refused)?);
        }
        let erased: Vec<(Key, OrgId)> = rows.iter().map(|row| (row.key, row.org)).collect();
        let writes = rows.iter().map(|row| (erasing(row), Then::Forget(row.org, row.tid.clone()))).collect();
        core.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        if let Some((company, org_name)) = names {
            let place = |row: Row| Place { company: company.clone(), org: org_name.clone(), tid: row.tid };
            core.stores.archive.erase(&rows.into_iter().map(place).collect::<Vec<_>>())?;
        }
        drop(guards);
        settled(core, runtime, &erased)?;
    }
}

fn erasing(row: &Row) -> Write {
    Write::Erase { key: row.key, org: row.org, tid: row.tid.clone(), expected: row.revision, job: None }
}
