//! Editing metadata: lock, newest state, pure edit, projection, group commit, answer.
pub mod committer;
pub mod current;
pub mod idempotency;
pub mod locks;
pub mod settles;
pub mod transcript;
