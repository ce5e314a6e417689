//! Back-fills: rows projected with an older schema are projected anew, from the archive, while the server works. Which
//! rows are behind stands in the rows themselves, so a restart goes on where it was.
pub mod board;

use crate::base::causes::chain;
use crate::domain::catalogue::Folder;
use crate::domain::identity::{FolderId, Key, OrgId, Place, Tid};
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::{self, Current};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::engine::world::Home;
use crate::stores::database::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Rows of one commit: small, so that edits hardly wait.
const CHUNK: usize = 100;
/// How long the end of a back-fill waits for the index.
const INDEX_PATIENCE: Duration = Duration::from_secs(600);

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
                core.backfills.ring();
            }
        }
    }
}

fn homes(core: &Core) -> Vec<Home> {
    core.world().homes().cloned().collect()
}

/// Brings one folder up to its schema.
fn folder(core: &Arc<Core>, runtime: &Runtime, id: FolderId) -> Result<()> {
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
        loop {
            let keys = core.stores.database.behind(id, version, after, CHUNK)?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            match chunk(core, runtime, &home, &keys)? {
                Some(commit) => last_commit = last_commit.max(commit),
                None => break,
            }
            left = left.saturating_sub(keys.len() as u64);
            core.backfills.set(id, summary.transcripts, left);
            if core.closing() {
                return Ok(());
            }
        }
    }
    runtime.block_on(core.index.until(INDEX_PATIENCE, |p| core.closing() || p.has_all(org, last_commit)));
    core.backfills.done(id);
    Ok(())
}

/// Projects some rows anew, under their locks, in one commit; `None` when the configuration moved.
fn chunk(core: &Arc<Core>, runtime: &Runtime, home: &Home, keys: &[Key]) -> Result<Option<u64>> {
    let mut tids: Vec<Tid> = core.stores.database.load_keys(keys)?.into_iter().flatten().map(|row| row.tid).collect();
    // In the order of ids, as every taker of several locks: so no two wait for each other.
    tids.sort();
    let mut guards: Vec<Guard> = Vec::with_capacity(tids.len());
    let mut writes = Vec::with_capacity(tids.len());
    for tid in tids {
        guards.push(runtime.block_on(core.locks.lock(home.org.id, &tid)).map_err(Error::Refused)?);
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid };
        let current = match core.cache.find(home.org.id, &place.tid) {
            Some(current) => Some(current),
            None => current::load(&core.stores, home.org.id, &place)?.map(Arc::new),
        };
        if let Some(current) = current.filter(|current| current.folder == home.folder.id) {
            writes.push(reproject(core, home, &home.folder, &current)?);
        }
    }
    if writes.is_empty() {
        return Ok(Some(0));
    }
    let answer = core.committer.commit_blocking(Request::many(writes, guards))?;
    if answer.verdicts.contains(&Verdict::Reconfigured) {
        return Ok(None);
    }
    Ok(Some(answer.commit))
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
