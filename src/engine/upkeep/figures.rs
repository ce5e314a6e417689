//! Figures of the engine for `/metrics`.
use crate::stores::index::IndexFigures;

/// Where things stand.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Edits answered.
    pub edits: u64,
    /// Transcripts brought in.
    pub ingested: u64,
    /// Searches answered.
    pub searches: u64,
    /// Transcripts erased because they were too old.
    pub retention_erased: u64,
    /// Commits made, and writes in them, and microseconds spent.
    pub commits: u64,
    /// Writes in commits.
    pub committed_writes: u64,
    /// Microseconds in commits.
    pub commit_micros: u64,
    /// Writes waiting for a commit now.
    pub commit_queue: usize,
    /// Rows owed to the index now.
    pub owed_index: usize,
    /// Rows owed to the archive now.
    pub owed_archive: usize,
    /// Rows set aside after repeated failure.
    pub quarantined: usize,
    /// Index commits.
    pub index_commits: u64,
    /// Microseconds in index commits.
    pub index_commit_micros: u64,
    /// Bytes of the write-ahead log in use.
    pub wal_bytes: u64,
    /// Unfinished jobs.
    pub jobs: usize,
    /// Rows that imports and edits by query have still to do.
    pub job_rows: u64,
    /// Transcripts still to be back-filled.
    pub backfill: u64,
    /// The index.
    pub index: IndexFigures,
}

/// Where an engine stands now.
pub fn figures(core: &crate::engine::core::Core) -> Figures {
    use std::sync::atomic::Ordering::Relaxed;
    let counters = &core.counters;
    Figures {
        edits: counters.edits.load(Relaxed),
        ingested: counters.ingested.load(Relaxed),
        searches: counters.searches.load(Relaxed),
        retention_erased: counters.retention_erased.load(Relaxed),
        commits: counters.commits.load(Relaxed),
        committed_writes: counters.writes.load(Relaxed),
        commit_micros: counters.commit_micros.load(Relaxed),
        commit_queue: core.committer.waiting(),
        owed_index: core.index.len(),
        owed_archive: core.archive.len(),
        quarantined: core.index.set_aside().len() + core.archive.set_aside().len(),
        index_commits: counters.index_commits.load(Relaxed),
        index_commit_micros: counters.index_micros.load(Relaxed),
        wal_bytes: core.stores.database.log().in_use,
        jobs: core.jobs.len() + core.board.unfinished(),
        job_rows: core.board.rows_left(),
        backfill: core.backfills.left(),
        index: core.stores.index.figures(),
    }
}
