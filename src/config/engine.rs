//! `[compat]` and `[workers]`: the sections the engine is told.
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[compat]`: V-Spark's peculiarities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compat {
    /// Refuse `:` and `=` in field names.
    pub vspark_names: bool,
    /// Store a leading `-` of a string value as `#`.
    pub dash_to_hash: bool,
}

impl Default for Compat {
    fn default() -> Self {
        Self { vspark_names: true, dash_to_hash: false }
    }
}

/// `[backup]`: backups a running server may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// The folder they may lie in; empty: none may be asked for.
    pub dir: PathBuf,
}

/// `[retention]`: the days that companies and organisations keep transcripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Whether what is older is erased, once a day.
    pub enforce: bool,
}

/// `[workers]`: how the followers of the database work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workers {
    /// Writes one commit may hold.
    pub commit_writes: usize,
    /// Writes that may wait for a commit before the server answers 503.
    pub commit_queue: usize,
    /// Rows the indexer takes at once.
    pub index_rows: usize,
    /// Rows the archiver takes at once.
    pub archive_rows: usize,
    /// The indexer rests at least this many times as long as its last commit took; after a few single edits once as
    /// long.
    pub index_rest: u32,
    /// Bytes of the cache of current metadata.
    pub cache_bytes: u64,
    /// Bytes of memory kept for embeddings that searches asked for; what finds no room is read from disk by every search.
    pub vector_bytes: u64,
    /// Searches at once; more wait.
    pub searches: usize,
    /// Searches that may wait before the server answers 503.
    pub search_queue: usize,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            commit_writes: 512,
            commit_queue: 2_048,
            index_rows: 2_000,
            archive_rows: 1_000,
            index_rest: 3,
            cache_bytes: 64 << 20,
            vector_bytes: 256 << 20,
            searches: 4,
            search_queue: 128,
        }
    }
}
