//! Handlers, one file a resource: take the request apart, one call of the engine, dress the answer.
pub mod bulk;
pub mod config;
pub mod erase;
pub mod fields;
pub mod imports;
pub mod ingest;
pub mod jobs;
pub mod list;
pub mod metadata;
pub mod operations;
pub mod search;
pub mod standing;
pub mod tokens;
pub mod transcribe;
pub mod transcripts;
pub mod upkeep;
