//! Floor 4: three ports and their backends. What every backend promises:
//! *durable on return* where a method says so (a power cut one moment later loses nothing) · an older revision never
//! replaces a newer one · the same call twice changes nothing more · a failed flush is [`error::Kind::Fatal`]: nothing
//! is answered after it. Ports are synchronous: call them from a worker thread or a blocking pool; only the short reads
//! of [`database::Transcripts::load`] are fit for an async thread (some 20 µs).
pub mod archive;
pub mod backups;
pub mod database;
pub mod error;
pub mod index;
pub mod staging;

pub use error::StoreError;
use std::sync::Arc;

/// The three stores of one server.
#[derive(Clone)]
pub struct Stores {
    /// The truth about revisions, configured values, configuration.
    pub database: Arc<dyn database::Database>,
    /// Search; disposable.
    pub index: Arc<dyn index::SearchIndex>,
    /// Bodies and all metadata, for the long term.
    pub archive: Arc<dyn archive::Archive>,
}
