//! `reindex`: the index is made again from database and archive while edits and reads go on; searches answer
//! `index_rebuilding` until it is complete.
use crate::domain::access::Right;
use crate::domain::identity::{Key, Place};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::Result;
use crate::engine::workers::rebuild;
use crate::stores::database::Write;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering::SeqCst;

/// How far the index is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reindexing {
    /// Whether it is being made again.
    pub running: bool,
    /// Transcripts of this rebuild, or of the last one.
    pub transcripts: u64,
    /// Those that are still to be indexed.
    pub left: u64,
    /// Those that cannot be indexed.
    pub failed: Vec<SetAside>,
}

/// A transcript that a store cannot take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// company/org/tid, as far as known.
    pub transcript: String,
    /// Why, in words.
    pub reason: String,
}

/// Asks for it; one that runs already is left to go on. Durable on return.
///
/// # Errors
/// `right_missing` but for the right `admin` on everything.
pub async fn ask(core: &Core, caller: &Caller) -> Result<Reindexing> {
    caller.demand_everything(Right::Admin)?;
    promise(core).await?;
    standing(core, caller)
}

/// Notes durably that the index is to be made again; one that is being made is left to go on.
///
/// # Errors
/// The database's.
pub async fn promise(core: &Core) -> Result<()> {
    let _one = core.configuring.lock().await;
    let runs = core.reindexing.load(SeqCst) || (core.rebuild_noted.load(SeqCst) && !core.index_ready.load(SeqCst));
    if !runs {
        core.committer.commit(Request::plain(vec![Write::PutJob(rebuild::asked_note())])).await?;
        // In this order: nobody may find the index ready and the note gone before the rebuild has begun.
        core.reindexing.store(true, SeqCst);
        core.index_ready.store(false, SeqCst);
        core.rebuild_noted.store(true, SeqCst);
        core.index.call();
    }
    Ok(())
}

/// How far it is.
///
/// # Errors
/// `right_missing`; the database's.
pub fn standing(core: &Core, caller: &Caller) -> Result<Reindexing> {
    caller.demand_everything(Right::Admin)?;
    let begun = !core.reindexing.load(SeqCst);
    let transcripts = if begun { core.rebuild_total.load(SeqCst) } else { 0 };
    let running = !begun || !core.index_ready.load(SeqCst);
    let left = if running { core.index.len() as u64 } else { 0 };
    Ok(Reindexing { running, transcripts, left, failed: set_aside(core, core.index.set_aside())? })
}

/// Names what was set aside.
fn set_aside(core: &Core, aside: Vec<(Key, String)>) -> Result<Vec<SetAside>> {
    let keys: Vec<Key> = aside.iter().map(|(key, _)| *key).collect();
    let rows = core.stores.database.load_keys(&keys)?;
    let world = core.world();
    let named = aside.into_iter().zip(rows).map(|((key, reason), row)| {
        let place = row.and_then(|row| {
            let (company, org) = world.org(row.org)?;
            Some(Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid }.to_string())
        });
        SetAside { transcript: place.unwrap_or_else(|| format!("key {}", key.0)), reason }
    });
    Ok(named.collect())
}
