//! Followers of the database: archive, index, back-fills, jobs, checkpoints. Each is one thread; what they owe stands
//! in the database, so a crash at any step only makes them do it again.
pub mod archiver;
pub mod auditor;
pub mod backfill;
pub mod erasing;
pub mod indexer;
pub mod janitor;
pub mod jobs;
pub mod progress;
pub mod rebuild;
pub mod retention;
