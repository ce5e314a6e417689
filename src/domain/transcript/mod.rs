//! Transcripts: the two shapes recognised, read into turns and facts (contract sections 1 and 7).
pub mod facts;
pub mod read;
pub mod scores;
pub mod sidecar;
pub mod turns;
pub mod voci;

pub use facts::Facts;
pub use read::Received;
pub use scores::{Scores, score_id};
pub use sidecar::Sidecar;
pub use turns::{Role, Turn};
