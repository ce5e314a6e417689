//! Making the index again while the server runs: everything is owed to it anew.
//!
//! *Decision:* the indexer's own thread begins it, so that no push is under way while the index is emptied, and what was
//! pushed before is settled before it is forgotten: else a late settle would say that the new index has a transcript
//! that only the old one had. The wish stands among the database's jobs, so that a crash in the middle repeats it.
use super::janitor;
use super::progress::Progress;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::stores::database::{Database, Job, Sink, Write};
use std::sync::atomic::Ordering::SeqCst;

/// Rows read at once.
const CHUNK: usize = 10_000;
/// What the note of a rebuild holds that is promised and not begun.
const ASKED: &str = r#"{"asked":true}"#;

/// The note of a rebuild that was promised.
pub fn asked_note() -> Job {
    Job { body: ASKED.to_owned(), ..janitor::rebuild_note() }
}

/// Whether the note is of a rebuild that was promised and not begun.
pub fn is_asked(note: &Job) -> bool {
    note.body == ASKED
}

/// Loads what the database says a sink is owed.
///
/// # Errors
/// The database's.
pub fn load_owed(database: &dyn Database, sink: Sink, progress: &Progress) -> crate::stores::error::Result<()> {
    let mut after = None;
    loop {
        let rows = database.owed(sink, after, CHUNK)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.key);
        for row in rows {
            // Commit 0: a mark of any age waits for them.
            progress.owe(row.key, row.org, 0);
        }
    }
}

/// Empties the index and owes everything to it. Called by the indexer between two pushes.
///
/// # Errors
/// The stores'; it is called again then.
pub fn begin(core: &Core) -> Result<()> {
    core.index_ready.store(false, SeqCst);
    core.stores.index.clear().inspect_err(stop_if_fatal)?;
    // Those of pushes to the index that is gone, before all is owed.
    core.committer.commit_blocking(Request::settling())?;
    core.stores.database.owe_all_to_index().inspect_err(stop_if_fatal)?;
    load_owed(&*core.stores.database, Sink::Index, &core.index).map_err(Error::Store)?;
    core.committer.commit_blocking(Request::plain(vec![Write::PutJob(janitor::rebuild_note())]))?;
    core.rebuild_noted.store(true, SeqCst);
    core.rebuild_total.store(core.index.len() as u64, SeqCst);
    core.reindexing.store(false, SeqCst);
    tracing::info!(transcripts = core.index.len(), "the search index is being made again");
    Ok(())
}
