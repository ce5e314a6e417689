//! Transcripts in and out: one, many, whole, erased (contract section 7).
pub mod erase;
pub mod lines;
pub mod package;
pub mod read;
pub mod requests;
pub mod target;
pub mod upload;
pub mod wave;
