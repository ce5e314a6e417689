//! Back-fills: rows projected with an older schema are projected anew, from the archive, while the server works. Which
//! rows are behind stands in the rows themselves, so a restart goes on where it was.
use crate::domain::catalogue::Folder;
use crate::domain::identity::{FolderId, Key, OrgId, Place, Tid};
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict, chain};
use crate::engine::edit::current::{self, Current};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::engine::world::Home;
use crate::stores::database::Write;
use crate::stores::error::Kind;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Rows of one commit: small, so that edits hardly wait.
const CHUNK: usize = 100;
/// How long the end of a back-fill waits for the index.
const INDEX_PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Debug)]
struct Running {
    label: String,
    /// The number of its start: a folder may be started anew while it runs.
    number: u64,
    total: u64,
    left: u64,
}

#[derive(Default)]
struct State {
    running: HashMap<FolderId, Running>,
    started: u64,
    rung: bool,
    closed: bool,
}

/// The back-fills that run or wait.
#[derive(Default)]
pub struct Backfills {
    state: Mutex<State>,
    bell: Condvar,
}

impl Backfills {
    /// A folder's schema has changed; `label` names what is done, e.g. `field queue`.
    pub fn start(&self, folder: FolderId, label: String) {
        let mut state = self.state.lock();
        state.started += 1;
        let number = state.started;
        state.running.insert(folder, Running { label, number, total: 0, left: 0 });
        state.rung = true;
        self.bell.notify_all();
    }

    /// What runs for a folder, for its `status`: `indexing field queue: 41 %`.
    pub fn status(&self, folder: FolderId) -> Option<String> {
        self.state.lock().running.get(&folder).map(|running| {
            let done = running.total.saturating_sub(running.left);
            let percent = (done * 100).checked_div(running.total).unwrap_or(0);
            format!("indexing {}: {percent} %", running.label)
        })
    }

    /// Transcripts still to be done, over all folders; one that has not been counted or not been indexed yet counts one.
    pub fn left(&self) -> u64 {
        self.state.lock().running.values().map(|running| running.left.max(1)).sum()
    }

    /// Whether one runs for any of the folders.
    pub fn any(&self, folders: &[FolderId]) -> bool {
        let state = self.state.lock();
        folders.iter().any(|folder| state.running.contains_key(folder))
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.bell.notify_all();
    }

    /// Waits for a bell; `false` when closed.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while !state.rung && !state.closed {
            self.bell.wait(&mut state);
        }
        state.rung = false;
        !state.closed
    }

    fn set(&self, folder: FolderId, total: u64, left: u64) {
        if let Some(running) = self.state.lock().running.get_mut(&folder) {
            running.total = total.max(running.total);
            running.left = left;
        }
    }

    /// The number of the start that stands for a folder.
    fn number(&self, folder: FolderId) -> Option<u64> {
        self.state.lock().running.get(&folder).map(|running| running.number)
    }

    /// The folder is done, unless it was started anew since.
    fn done(&self, folder: FolderId, number: Option<u64>) {
        let mut state = self.state.lock();
        if state.running.get(&folder).map(|running| running.number) == number {
            state.running.remove(&folder);
        }
    }
}

/// Runs until closed. The first round looks at every folder: what a crash interrupted goes on.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    for home in homes(core) {
        let folder = &home.folder;
        match core.stores.database.count(folder.id, folder.schema.version) {
            Ok(summary) if summary.behind > 0 => core.backfills.start(folder.id, "fields".to_owned()),
            Ok(_) => {}
            Err(error) => tracing::error!(error = %chain(&error), "a folder could not be counted"),
        }
    }
    while core.backfills.wait() {
        for home in homes(core) {
            if core.backfills.any(&[home.folder.id])
                && let Err(error) = folder(core, runtime, home.folder.id)
            {
                tracing::error!(error = %chain(&error), folder = %home.folder.name, "a back-fill failed; it is tried again");
                std::thread::sleep(Duration::from_millis(500));
                core.backfills.state.lock().rung = true;
            }
        }
    }
}

fn homes(core: &Core) -> Vec<Home> {
    core.world().homes().cloned().collect()
}

/// Brings one folder up to its schema.
fn folder(core: &Arc<Core>, runtime: &Runtime, id: FolderId) -> Result<()> {
    let number = core.backfills.number(id);
    let mut last_commit = 0;
    let mut org = OrgId(0);
    while !core.closing() {
        let Some(home) = core.world().home(id).cloned() else { break };
        org = home.org.id;
        let version = home.folder.schema.version;
        let summary = core.stores.database.count(id, version)?;
        core.backfills.set(id, summary.transcripts, summary.behind);
        if summary.behind == 0 {
            break;
        }
        let mut after: Option<Key> = None;
        let mut left = summary.behind;
        let (mut seen, mut written) = (0, 0);
        loop {
            let keys = core.stores.database.behind(id, version, after, CHUNK)?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            match chunk(core, runtime, &home, &keys)? {
                Some(done) => {
                    last_commit = last_commit.max(done.commit);
                    seen += keys.len();
                    written += done.written;
                }
                None => {
                    seen = 0;
                    break;
                }
            }
            left = left.saturating_sub(keys.len() as u64);
            core.backfills.set(id, summary.transcripts, left);
            if core.closing() {
                return Ok(());
            }
        }
        if seen > 0 && written == 0 {
            // Only damaged ones are left: `verify` names them, and the next start tries them again.
            tracing::error!(folder = %home.folder.name, left = summary.behind, "a back-fill had to leave transcripts out");
            break;
        }
    }
    runtime.block_on(core.index.until(INDEX_PATIENCE, |p| core.closing() || p.has_all(org, last_commit)));
    core.backfills.done(id, number);
    Ok(())
}

/// What became of a chunk.
#[derive(Default)]
struct Chunk {
    commit: u64,
    written: usize,
}

/// Projects some rows anew, under their locks, in one commit; `None` when the configuration moved.
fn chunk(core: &Arc<Core>, runtime: &Runtime, home: &Home, keys: &[Key]) -> Result<Option<Chunk>> {
    let mut tids: Vec<Tid> = core.stores.database.load_keys(keys)?.into_iter().flatten().map(|row| row.tid).collect();
    // In the order of ids, as every taker of several locks: so no two wait for each other.
    tids.sort();
    let mut guards: Vec<Guard> = Vec::with_capacity(tids.len());
    let mut writes = Vec::with_capacity(tids.len());
    for tid in tids {
        guards.push(runtime.block_on(core.locks.lock(home.org.id, &tid)).map_err(Error::Refused)?);
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid };
        match one(core, home, &place) {
            Ok(write) => writes.extend(write),
            // One damaged transcript must not keep the others waiting.
            Err(Error::Store(error)) if error.kind == Kind::Corrupt => {
                tracing::error!(error = %chain(&error), "a transcript could not be projected anew");
            }
            Err(error) => return Err(error),
        }
    }
    if writes.is_empty() {
        return Ok(Some(Chunk::default()));
    }
    let written = writes.len();
    let answer = core.committer.commit_blocking(Request::many(writes, guards))?;
    if answer.verdicts.contains(&Verdict::Reconfigured) {
        return Ok(None);
    }
    Ok(Some(Chunk { commit: answer.commit, written }))
}

fn one(core: &Arc<Core>, home: &Home, place: &Place) -> Result<Option<(Write, Then)>> {
    let current = match core.cache.find(home.org.id, &place.tid) {
        Some(current) => Some(current),
        None => current::load(&core.stores, home.org.id, place)?.map(Arc::new),
    };
    let current = current.filter(|current| current.folder == home.folder.id);
    current.map(|current| reproject(core, home, &home.folder, &current)).transpose()
}

fn reproject(core: &Core, home: &Home, folder: &Folder, current: &Arc<Current>) -> Result<(Write, Then)> {
    let projection = project(&current.metadata, &folder.schema, core.settings.value_bounds());
    let builtins = derive(&current.facts, &current.metadata, home, current.ingested)?;
    let write = Write::Reproject {
        key: current.key,
        expected: current.revision,
        schema_version: folder.schema.version,
        builtins: builtins.clone(),
        values: projection.values_json().into(),
    };
    let after = Arc::new(Current { builtins, ..Current::clone(current) });
    Ok((write, Then::Keep(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_started_anew_while_it_runs_is_not_done_with_the_first_run() {
        let backfills = Backfills::default();
        let folder = FolderId(1);
        backfills.start(folder, "field a".to_owned());
        let first = backfills.number(folder);
        backfills.start(folder, "field b".to_owned());
        backfills.done(folder, first);
        assert_eq!(backfills.status(folder).as_deref(), Some("indexing field b: 0 %"));
        backfills.done(folder, backfills.number(folder));
        assert!(backfills.status(folder).is_none() && backfills.left() == 0);
    }
}
