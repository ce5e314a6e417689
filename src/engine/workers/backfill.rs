//! Back-fills: rows projected with an older schema are projected anew, from the archive, while the server works. Which
//! rows are behind stands in the rows themselves, so a restart goes on where it was.
pub mod board;
pub mod switch;

use super::progress::Progress;
use crate::base::causes::chain;
use crate::domain::identity::{FieldName, FolderId, Key, Place};
use crate::domain::projection::project;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::{self, Current, Kept};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::engine::jobs::account::Account;
use crate::engine::jobs::ended;
use crate::engine::world::Home;
use crate::stores::database::{Row, Summary, Write};
use crate::stores::error::Kind;
use std::collections::{BTreeSet, HashSet};
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
    if switch::any(&core.world()) {
        core.backfills.ring();
    }
    while core.backfills.wait() {
        let mut finished = Vec::new();
        for (folder, number) in core.backfills.all() {
            if let Err(error) = backfill(core, runtime, folder) {
                tracing::error!(error = %chain(&error), folder = folder.0, "a back-fill failed; it is tried again");
                core.pause(Duration::from_millis(500));
                core.backfills.ring();
            } else if !core.closing() {
                remember(core, folder);
                finished.push((folder, number));
            }
        }
        // Before they are taken from the board, so that `status` never says all is done while a switch is to come.
        if let Err(error) = switch::switch(core, runtime, &finished) {
            tracing::error!(error = %chain(&error), "a retype could not be completed; it is tried again");
            core.pause(Duration::from_millis(500));
            core.backfills.ring();
        }
        finished.into_iter().for_each(|(folder, number)| core.backfills.done(folder, number));
    }
}

/// Notes that a folder is level with its schema, for those who ask for the job.
fn remember(core: &Core, folder: FolderId) {
    let told = core.backfills.told().into_iter().find(|(id, ..)| *id == folder);
    let (Some((_, label, total, _)), Some(home)) = (told, core.world().home(folder).cloned()) else { return };
    let account = Account {
        id: format!("backfill-{}-{}", folder.0, home.folder.schema.version),
        kind: "backfill".to_owned(),
        company: Some(home.company.name.clone()),
        org: Some(home.org.name.clone()),
        folder: Some(home.folder.name.clone()),
        name: Some(label),
        total,
        ..Account::default()
    };
    if let Err(error) = core.committer.commit_blocking(Request::plain(vec![ended::done(core, account)])) {
        tracing::warn!(error = %chain(&error), "the end of a back-fill could not be noted");
    }
}

fn homes(core: &Core) -> Vec<Home> {
    core.world().homes().cloned().collect()
}

/// Brings one folder up to its schema. Transcripts whose metadata is damaged are left as they are: they must not stop
/// the others.
fn backfill(core: &Arc<Core>, runtime: &Runtime, id: FolderId) -> Result<()> {
    let mut last_commit = 0;
    let mut damaged: HashSet<Key> = HashSet::new();
    while !core.closing() {
        let Some(home) = core.world().home(id).cloned() else { return Ok(()) };
        let summary = core.stores.database.count(id, home.folder.schema.version)?;
        core.backfills.set(id, summary.transcripts, summary.behind);
        if summary.behind <= damaged.len() as u64 {
            let org = home.org.id;
            let level = |p: &Progress| core.closing() || p.has_all(org, last_commit);
            runtime.block_on(core.index.until(INDEX_PATIENCE, level));
            return Ok(());
        }
        let commit = pass(core, runtime, &home, summary, &mut damaged)?;
        last_commit = last_commit.max(commit);
    }
    Ok(())
}

/// Goes once through the rows that are behind; the last commit made.
fn pass(core: &Arc<Core>, runtime: &Runtime, home: &Home, summary: Summary, damaged: &mut HashSet<Key>) -> Result<u64> {
    let (id, version) = (home.folder.id, home.folder.schema.version);
    let mut after: Option<Key> = None;
    let mut left = summary.behind;
    let mut last_commit = 0;
    while !core.closing() {
        let keys = core.stores.database.behind(id, version, after, CHUNK)?;
        let Some(last) = keys.last() else { break };
        after = Some(*last);
        match chunk(core, runtime, home, &keys, damaged)? {
            Some(commit) => last_commit = last_commit.max(commit),
            None => break,
        }
        left = left.saturating_sub(keys.len() as u64);
        core.backfills.set(id, summary.transcripts, left);
    }
    Ok(last_commit)
}

/// Projects some rows anew, under their locks, in one commit; `None` when the configuration moved.
fn chunk(
    core: &Arc<Core>,
    runtime: &Runtime,
    home: &Home,
    keys: &[Key],
    damaged: &mut HashSet<Key>,
) -> Result<Option<u64>> {
    let mut rows: Vec<Row> = core.stores.database.load_keys(keys)?.into_iter().flatten().collect();
    // In the order of ids, as every taker of several locks: so no two wait for each other.
    rows.sort_by(|a, b| a.tid.cmp(&b.tid));
    let mut guards: Vec<Guard> = Vec::with_capacity(rows.len());
    let mut writes = Vec::with_capacity(rows.len());
    // What is not configured any more was seen all the same.
    let mut unconfigured: BTreeSet<FieldName> = BTreeSet::new();
    for Row { key, tid, .. } in rows {
        guards.push(runtime.block_on(core.locks.lock(home.org.id, &tid)).map_err(Error::Refused)?);
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid };
        let write = newest(core, home, &place)
            .and_then(|current| current.map(|current| reproject(core, home, &current, &mut unconfigured)).transpose());
        match write {
            Ok(write) => writes.extend(write),
            Err(Error::Store(error)) if error.kind == Kind::Corrupt => {
                tracing::error!(error = %chain(&error), transcript = %place, "left out of a back-fill");
                damaged.insert(key);
            }
            Err(error) => return Err(error),
        }
    }
    if writes.is_empty() {
        return Ok(Some(0));
    }
    let news = core.seen.news(home.folder.id, unconfigured.iter());
    writes.extend(news.map(|seen| (seen, Then::Nothing)));
    let answer = core.committer.commit_blocking(Request::many(writes, guards))?;
    if answer.verdicts.contains(&Verdict::Reconfigured) {
        return Ok(None);
    }
    Ok(Some(answer.commit))
}

/// The newest state of a transcript, if it is in the folder. Called under its lock.
fn newest(core: &Core, home: &Home, place: &Place) -> Result<Option<Arc<Current>>> {
    let current = match core.cache.find(home.org.id, &place.tid) {
        Some(current) => Some(current),
        None => current::load(&core.stores, home.org.id, place)?.map(Arc::new),
    };
    Ok(current.filter(|current| current.folder == home.folder.id))
}

fn reproject(
    core: &Core,
    home: &Home,
    current: &Arc<Current>,
    unconfigured: &mut BTreeSet<FieldName>,
) -> Result<(Write, Then)> {
    let folder = &home.folder;
    let projection = project(&current.metadata, &folder.schema, core.settings.value_bounds());
    for name in &projection.unconfigured {
        if !unconfigured.contains(name) {
            unconfigured.insert(name.clone());
        }
    }
    let builtins = derive(&current.facts, &current.metadata, home, current.ingested)?;
    let values = projection.values_json();
    let write = Write::Reproject {
        key: current.key,
        expected: current.revision,
        schema_version: folder.schema.version,
        builtins: builtins.clone(),
        whole: values == current.metadata.to_json(),
        values: values.into(),
    };
    let after = Kept::of(&Current { builtins, ..Current::clone(current) });
    Ok((write, Then::Keep(after)))
}
