//! Jobs that go on over restarts: erasing what deleted transcripts, folders and organisations left in files.
use crate::base::digest;
use crate::domain::identity::{CompanyName, FolderId, Key, OrgId, OrgName, Place, Tid};
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict, chain};
use crate::engine::edit::current::Current;
use crate::engine::edit::locks::Guard;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::stores::database::{Job, Row, Write};
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Rows of one commit.
const CHUNK: usize = 500;
/// How long a job waits for the index to forget.
const INDEX_PATIENCE: Duration = Duration::from_secs(60);
/// How long failed jobs rest.
const AGAIN: Duration = Duration::from_secs(2);

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Task {
    /// One transcript's files, index entries and bytes.
    Erase {
        /// Incarnation.
        key: Key,
        /// Organisation.
        org: OrgId,
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
        /// Id.
        tid: Tid,
    },
    /// All transcripts of a deleted folder.
    EraseFolder {
        /// The folder.
        folder: FolderId,
        /// Its organisation.
        org: OrgId,
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
        /// Whether the whole organisation goes: then its files went as one folder.
        whole_org: bool,
    },
    /// The files of a deleted organisation, set aside as one.
    DiscardOrg {
        /// Names.
        company: CompanyName,
        /// Names.
        org_name: OrgName,
    },
}

/// Unfinished jobs.
#[derive(Default)]
pub struct Jobs {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<String, Job>,
    closed: bool,
}

impl Jobs {
    /// A job that is durable is to be run.
    pub fn add(&self, job: Job) {
        self.state.lock().jobs.insert(job.id.clone(), job);
        self.bell.notify_all();
    }

    /// Unfinished ones.
    pub fn len(&self) -> usize {
        self.state.lock().jobs.len()
    }

    /// Whether all are done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.bell.notify_all();
    }

    fn all(&self) -> Vec<Job> {
        self.state.lock().jobs.values().cloned().collect()
    }

    fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.state.lock();
        while state.jobs.is_empty() && !state.closed {
            self.bell.wait(&mut state);
        }
        (!state.closed).then(|| state.jobs.values().cloned().collect())
    }

    fn done(&self, id: &str) {
        self.state.lock().jobs.remove(id);
    }
}

/// A job of that task.
pub fn job(task: &Task) -> Job {
    let id = digest::hex(digest::random().get(..8).unwrap_or_default());
    let body = serde_json::to_string(task).unwrap_or_default();
    Job { id: format!("job-{id}"), kind: "erase".to_owned(), body }
}

/// The job that erases one transcript.
pub fn erasure(current: &Current, place: &Place) -> Job {
    job(&Task::Erase {
        key: current.key,
        org: current.org,
        company: place.company.clone(),
        org_name: place.org.clone(),
        tid: place.tid.clone(),
    })
}

/// Removes files at once, under the transcripts' locks; a failure is left to the job.
pub fn remove_files(core: &Core, places: Vec<Place>) {
    if let Err(error) = core.stores.archive.erase(&places) {
        stop_if_fatal(&error);
        tracing::warn!(error = %chain(&error), "files of erased transcripts are left to their job");
    }
}

/// Sets the files of a deleted organisation aside; one that has been made anew keeps its own. Called while the
/// configuration cannot change.
///
/// # Errors
/// The archive's.
pub fn discard_org(core: &Core, company: &CompanyName, org: &OrgName) -> Result<()> {
    if core.world().catalogue.org(company, org).is_none() {
        core.stores.archive.discard_org(company, org).inspect_err(stop_if_fatal)?;
    }
    Ok(())
}

/// Sets aside what a failed attempt left of deleted organisations, before one of them can be made anew among its old
/// files. Called while the configuration cannot change.
///
/// # Errors
/// The archive's: then nothing may be made yet.
pub fn discard_orgs_left(core: &Core) -> Result<()> {
    for job in core.jobs.all() {
        if let Ok(Task::DiscardOrg { company, org_name }) = serde_json::from_str(&job.body) {
            discard_org(core, &company, &org_name)?;
        }
    }
    Ok(())
}

/// Runs until closed.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    while let Some(jobs) = core.jobs.next() {
        let begun = Instant::now();
        let mut finished = Vec::new();
        let mut failed = false;
        for job in jobs {
            match serde_json::from_str(&job.body) {
                Ok(task) => match step(core, runtime, &task) {
                    Ok(()) => finished.push(job.id),
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
        if let Err(error) = finish(core, finished) {
            failed = true;
            stop_at(&error);
            tracing::error!(error = %chain(&error), "jobs could not be finished; they are tried again");
        }
        // Purging rewrites index files: never more than a fifth of the time.
        let least = if failed { AGAIN } else { Duration::from_millis(20) };
        let rest = (begun.elapsed() * 4).clamp(least, Duration::from_secs(30));
        core.pause(rest);
    }
}

fn stop_at(error: &Error) {
    if let Error::Store(error) = error {
        stop_if_fatal(error);
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
        Task::DiscardOrg { company, org_name } => {
            // Not while the configuration changes: the organisation must not come anew under the hands of this.
            let _one_at_a_time = core.configuring.blocking_lock();
            discard_org(core, company, org_name)
        }
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
    let gone = runtime.block_on(core.index.until(INDEX_PATIENCE, |p| core.closing() || keys.iter().all(|(key, _)| p.has(*key, 0))));
    if gone && !core.closing() { Ok(()) } else { Err(Error::refused(crate::domain::refusal::Code::Overloaded, "the index is slow")) }
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
        let mut tids: Vec<Tid> = core.stores.database.load_keys(&keys)?.into_iter().flatten().map(|row| row.tid).collect();
        tids.sort();
        let mut guards: Vec<Guard> = Vec::with_capacity(tids.len());
        for tid in &tids {
            guards.push(runtime.block_on(core.locks.lock(org, tid)).map_err(Error::Refused)?);
        }
        // Read again under the locks: an id may have been made anew meanwhile, and must not lose its files.
        let rows = core.stores.database.load_keys(&keys)?.into_iter().flatten();
        let mut rows: Vec<Row> = rows.filter(|row| row.folder == folder).collect();
        let erased: Vec<(Key, OrgId)> = rows.iter().map(|row| (row.key, row.org)).collect();
        let writes = rows.iter().map(|row| (erasing(row), Then::Forget(row.org, row.tid.clone()))).collect();
        let answer = core.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        let mut verdicts = answer.verdicts.iter();
        rows.retain(|_| verdicts.next() == Some(&Verdict::Done));
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
