//! Counts of what happened, for `/metrics`.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Edits a second from which the followers of the database take less of the machine, and gather more at once.
pub const RUSH: u64 = 2_000;

/// Monotone counters.
#[derive(Debug, Default)]
pub struct Counters {
    /// Edits answered.
    pub edits: AtomicU64,
    /// Transcripts brought in.
    pub ingested: AtomicU64,
    /// Searches answered.
    pub searches: AtomicU64,
    /// Transcripts erased because they were too old.
    pub retention_erased: AtomicU64,
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

    /// Edits and transcripts taken so far.
    pub fn taken(&self) -> u64 {
        self.edits.load(Relaxed) + self.ingested.load(Relaxed)
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

/// How fast edits and transcripts come in, as one follower sees it between two looks.
#[derive(Debug)]
pub struct Pace {
    taken: u64,
    at: Instant,
}

impl Pace {
    /// From now on.
    pub fn new(counters: &Counters) -> Self {
        Self { taken: counters.taken(), at: Instant::now() }
    }

    /// How many a second since the last look.
    pub fn look(&mut self, counters: &Counters) -> u64 {
        let (taken, at) = (counters.taken(), Instant::now());
        let millis = u64::try_from((at - self.at).as_millis()).unwrap_or(u64::MAX).max(1);
        let a_second = (taken - self.taken).saturating_mul(1_000) / millis;
        *self = Self { taken, at };
        a_second
    }
}
