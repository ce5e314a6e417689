//! Editing metadata: lock, newest state, pure edit, projection, group commit, answer.
pub mod commits;
pub mod committer;
pub mod current;
pub mod idempotency;
pub mod locks;
pub mod request;
pub mod settles;
pub mod transcript;
