//! Transcripts in and out: one, many, whole, erased (contract section 7).
pub mod erase;
pub mod lines;
pub mod read;
pub mod target;
pub mod wave;
