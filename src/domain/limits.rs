//! Every bound of contract section 3 in one place, with unit and default. This type is the `[limits]` section.
use serde::{Deserialize, Serialize};

/// The bounds on what clients send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a metadata body, of a configuration body, of a search body.
    pub metadata_body_bytes: usize,
    /// Bytes of one transcript, and of one NDJSON line.
    pub transcript_bytes: usize,
    /// Bytes of a file sent to `/transcribe`.
    pub upload_bytes: u64,
    /// Bytes of all files of a zip sent there, unpacked.
    pub upload_unpacked_bytes: u64,
    /// Bytes of bodies held in memory, all requests together.
    pub bodies_bytes: usize,
    /// Bytes of answers held in memory that their clients have not read yet, all requests together.
    pub answers_bytes: usize,
    /// Nesting of arrays and objects.
    pub json_depth: usize,
    /// Metadata names a transcript may have.
    pub metadata_names: usize,
    /// Bytes of a value of an indexed field, as JSON.
    pub indexed_value_bytes: usize,
    /// Bytes of a `text` field that are indexed.
    pub indexed_text_bytes: usize,
    /// Rows of one answer.
    pub search_size: usize,
    /// Bytes of a query.
    pub query_bytes: usize,
    /// Clauses of a query.
    pub query_clauses: usize,
    /// Different words that one pattern of a query may stand for.
    pub query_expansions: usize,
    /// Transcripts one `DELETE /search` may name.
    pub search_delete_tids: usize,
    /// Edits that may wait for one transcript.
    pub waiting_per_transcript: usize,
    /// Milliseconds an edit may wait for its transcript.
    pub lock_timeout_ms: u64,
    /// Milliseconds one search may take.
    pub search_timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            metadata_body_bytes: 1 << 20,
            transcript_bytes: 64 << 20,
            upload_bytes: 250 << 20,
            upload_unpacked_bytes: 2 << 30,
            bodies_bytes: 256 << 20,
            answers_bytes: 512 << 20,
            json_depth: 64,
            metadata_names: 1_000,
            indexed_value_bytes: 32 << 10,
            indexed_text_bytes: 1 << 20,
            search_size: 1_000,
            query_bytes: 8 << 10,
            query_clauses: 64,
            query_expansions: 10_000,
            search_delete_tids: 1_000,
            waiting_per_transcript: 1_024,
            lock_timeout_ms: 30_000,
            search_timeout_ms: 10_000,
        }
    }
}
