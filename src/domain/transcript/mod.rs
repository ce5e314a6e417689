//! Transcripts: the two shapes recognised, read into turns and facts (contract sections 1 and 7).
pub mod read;
pub mod turns;

pub use read::{Facts, Received};
pub use turns::{Role, Turn};
