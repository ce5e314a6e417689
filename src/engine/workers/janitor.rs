//! Keeps the database's log small, off the write path: moved beside the writer now and then, emptied when quiet, so
//! that no unconfigured value stays in the main file or its log.
use crate::base::causes::chain;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::stop_if_fatal;
use crate::engine::jobs::account::Account;
use crate::engine::jobs::ended;
use crate::engine::upkeep::catalogue::Keeper;
use crate::stores::database::{Checkpoint, Job};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Stands among the database's jobs while the index is rebuilt: a restart in the middle must not take the part that is
/// there for the whole.
pub const REBUILD: &str = "rebuild-index";
/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);
/// Rounds after which memory that nobody needs is given back.
const REST_ROUNDS: u32 = 50;
/// Bytes of a piece that the allocator does not keep for the next who asks.
const LARGE_PIECE: usize = 4 << 20;
/// How long it rests after a failure.
const AGAIN: Duration = Duration::from_secs(5);
/// Bytes to move from which it is done beside the writer.
const BESIDE_BYTES: u64 = 4 << 20;
/// Bytes of the log from which it is to begin anew: half the room it has on disk.
const ANEW_BYTES: u64 = 32 << 20;
/// Rounds without a commit after which the server counts as quiet.
const QUIET_ROUNDS: u32 = 8;

/// The note that a rebuild runs.
pub fn rebuild_note() -> Job {
    Job { id: REBUILD.to_owned(), kind: "index".to_owned(), body: "{}".to_owned() }
}

/// Takes the note away once the index is complete and knows it durably.
fn forget_rebuild(core: &Core) {
    if !core.rebuild_noted.load(Relaxed) || !core.index_ready.load(Relaxed) {
        return;
    }
    let account = Account {
        id: REBUILD.to_owned(),
        kind: "reindex".to_owned(),
        total: core.rebuild_total.load(Relaxed),
        ..Account::default()
    };
    match core.committer.commit_blocking(Request::plain(vec![ended::done(core, account)])) {
        Ok(_) => core.rebuild_noted.store(false, Relaxed),
        Err(error) => tracing::warn!(error = %chain(&error), "the end of the rebuild could not be noted"),
    }
}

/// The allocator gives freed memory back a second later, when it next frees something large. In a server that does
/// nothing any more nobody does: what the last crowd took would stay.
fn remind_allocator() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGE_PIECE)));
}

/// Runs until the engine closes.
pub fn run(core: &Arc<Core>) {
    let (mut seen, mut quiet, mut clean, mut rounds) = (0, 0_u32, false, 0_u32);
    let mut catalogue = Keeper::default();
    loop {
        let closing = core.pause(EVERY);
        if let Err(error) = catalogue.keep(core) {
            stop_if_fatal(&error);
            tracing::warn!(error = %chain(&error), "the configuration could not be written to the archive; it is tried again");
            core.pause(AGAIN);
        }
        if closing {
            return;
        }
        forget_rebuild(core);
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(REST_ROUNDS) {
            core.stores.database.rest();
            remind_allocator();
        }
        let commits = core.counters.commits.load(Relaxed);
        quiet = if commits == seen { quiet + 1 } else { 0 };
        clean &= commits == seen;
        seen = commits;
        let log = core.stores.database.log();
        let how = if quiet >= QUIET_ROUNDS && core.archive.is_empty() && !clean {
            Some(Checkpoint::Empty)
        } else if quiet == 0 && log.in_use > ANEW_BYTES {
            Some(Checkpoint::Anew)
        } else {
            (log.unmoved > BESIDE_BYTES && quiet == 0).then_some(Checkpoint::Beside)
        };
        if let Some(how) = how {
            match core.stores.database.checkpoint(how) {
                Ok(()) => clean |= how == Checkpoint::Empty,
                Err(error) => {
                    stop_if_fatal(&error);
                    tracing::warn!(error = %chain(&error), "the log could not be checkpointed");
                }
            }
        }
    }
}
