//! Edits of many transcripts: line by line, and by query. Waves of them share commits.
pub mod lines;
pub mod locking;
pub mod query;
pub mod wave;
