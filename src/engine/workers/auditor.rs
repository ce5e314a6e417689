//! Looks through the index when there is a doubt: a search or a push found something in it that cannot be, it was too
//! large to be looked through when it was opened, or a day has passed. An index whose files do not have their sums is made again.
//!
//! *Decision:* the sums decide, not the failure: a failure with all sums right is a defect of ours, and making the
//! index again would only hide it, over and over.
use crate::base::causes::chain;
use crate::engine::core::Core;
use crate::engine::upkeep::reindex;
use crate::stores::error::{Kind, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How often it looks whether there is a doubt.
const EVERY: Duration = Duration::from_millis(100);
/// Between two rebuilds of its own at least so long: a disk that damages what it is given is no reason to work without
/// end.
const BETWEEN: Duration = Duration::from_secs(60);
/// Bytes that rot beneath a running server are not seen by searches, only answered wrongly: it is looked through without
/// a doubt so often.
const DAILY: Duration = Duration::from_secs(24 * 3_600);
/// How long it rests when files cannot be read.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs until the engine closes.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    if core.stores.index.too_large_to_check() {
        core.index_doubted.store(true, SeqCst);
    }
    let (mut last, mut looked): (Option<Instant>, _) = (None, Instant::now());
    while !core.pause(EVERY) {
        if looked.elapsed() > DAILY {
            core.index_doubted.store(true, SeqCst);
        }
        let rests = last.is_some_and(|last| last.elapsed() < BETWEEN);
        let is_made_again = core.reindexing.load(SeqCst) || !core.index_ready.load(SeqCst);
        if rests || is_made_again || !core.index_doubted.swap(false, SeqCst) {
            continue;
        }
        looked = Instant::now();
        match damage(core) {
            Ok(None) => tracing::info!("the search index was looked through: its files have their sums"),
            Ok(Some(damage)) => {
                tracing::error!(%damage, "the search index is damaged: it is made again");
                last = Some(Instant::now());
                if let Err(error) = runtime.block_on(reindex::promise(core)) {
                    tracing::warn!(error = %error, "the rebuild could not be noted; it is tried again");
                    core.index_doubted.store(true, SeqCst);
                }
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the search index could not be looked through; it is tried again");
                core.index_doubted.store(true, SeqCst);
                core.pause(AGAIN);
            }
        }
    }
}

/// What is wrong with the index; none if nothing is.
fn damage(core: &Core) -> Result<Option<String>, StoreError> {
    match core.stores.index.check() {
        Ok(lines) if lines.is_empty() => Ok(None),
        Ok(lines) => Ok(Some(lines.join("; "))),
        Err(error) if error.kind == Kind::Corrupt => Ok(Some(chain(&error))),
        Err(error) => Err(error),
    }
}

impl Core {
    /// A failure of a store; if it may come from a damaged index, that is looked through.
    pub fn doubt_index(&self, error: &StoreError) {
        if error.store == Store::Index && matches!(error.kind, Kind::Corrupt | Kind::Bug) {
            self.index_doubted.store(true, SeqCst);
        }
    }
}
