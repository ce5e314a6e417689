//! Counts of what happened, for `/metrics`.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Monotone counters.
#[derive(Debug, Default)]
pub struct Counters {
    /// Edits answered.
    pub edits: AtomicU64,
    /// Transcripts brought in.
    pub ingested: AtomicU64,
    /// Searches answered.
    pub searches: AtomicU64,
    /// Commits.
    pub commits: AtomicU64,
    /// Writes in them.
    pub writes: AtomicU64,
    /// Microseconds in them.
    pub commit_micros: AtomicU64,
    /// Index commits.
    pub index_commits: AtomicU64,
    /// Microseconds in them.
    pub index_micros: AtomicU64,
}

impl Counters {
    /// One commit of that many writes took that long.
    pub fn committed(&self, writes: usize, took: Duration) {
        self.commits.fetch_add(1, Relaxed);
        self.writes.fetch_add(writes as u64, Relaxed);
        self.commit_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// One index commit took that long.
    pub fn indexed(&self, took: Duration) {
        self.index_commits.fetch_add(1, Relaxed);
        self.index_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// One more.
    pub fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}
