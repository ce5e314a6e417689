//! The index port: words and typed values, searchable. Disposable: it can always be made again from the others.
#[cfg(test)]
pub(crate) mod conformance;
pub mod memory;
#[cfg(test)]
pub(crate) mod random;
pub mod tantivy;

use super::error::Result;
use crate::domain::identity::{Key, OrgId};
use crate::domain::record::Record;
use crate::domain::transcript::Turn;
use crate::query::resolved::{ResolvedSearch, SearchPage};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// One change to the index.
#[derive(Clone, Debug)]
pub enum IndexWrite {
    /// New values of a transcript whose words the index has.
    Record(Box<Record>),
    /// New words and values.
    Whole(Box<Record>, Vec<Turn>),
    /// The transcript goes.
    Erase(Key, OrgId),
}

/// What the index holds of one transcript, for comparison with the other stores.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexEntry {
    /// Which.
    pub key: Key,
    /// Its organisation.
    pub org: OrgId,
    /// [`tid_digest`] of its transcript id: a key that came to stand for another transcript is found by it.
    pub tid: u64,
    /// Revision of the values.
    pub revision: u64,
    /// Schema version of the values.
    pub schema_version: u64,
    /// Revision of the words, as the record says.
    pub words_revision: u64,
    /// Turns present.
    pub turns: u32,
}

/// A digest of a transcript id, for comparisons within this process.
pub fn tid_digest(tid: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    tid.hash(&mut hasher);
    hasher.finish()
}

/// Figures for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IndexFigures {
    /// Segments of words.
    pub turn_segments: usize,
    /// Segments of values.
    pub record_segments: usize,
    /// Turns, deleted ones not counted.
    pub turns: u64,
    /// Transcripts.
    pub records: u64,
    /// Bytes of memory taken by values that searches asked for.
    pub value_bytes: u64,
}

/// What opening found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The index is the one this database knows, complete up to what the database has settled.
    Current,
    /// It is missing, damaged, foreign or older than what the database has settled: it starts empty, everything is owed.
    Empty,
}

/// A search index.
pub trait SearchIndex: Send + Sync {
    /// Whether it came with its contents or starts empty; answered once, at start.
    fn opened(&self) -> Opened;
    /// Applies the writes; durable and visible to searches on return. A record at or below the (revision, schema version)
    /// held is a no-op. `batch` is remembered with it and grows.
    fn apply(&self, writes: Vec<IndexWrite>, batch: u64) -> Result<()>;
    /// Answers a search, or is cut off after `budget` with `TooExpensive`; refuses one whose patterns stand for too many
    /// words with `TooBroad`.
    fn search(&self, search: &ResolvedSearch, budget: Duration) -> Result<SearchPage>;
    /// The keys of all transcripts that match, ascending; order, page and figures of the search are not looked at. Cut
    /// off and refused as [`Self::search`].
    fn keys(&self, search: &ResolvedSearch, budget: Duration) -> Result<Vec<Key>> {
        let all = ResolvedSearch {
            size: u32::MAX as usize,
            ..ResolvedSearch::new(search.scope.clone(), search.root.clone())
        };
        let (speakers, near) = (search.speakers.clone(), search.near.clone());
        let all = ResolvedSearch { speakers, near, expansions: search.expansions, ..all };
        let mut keys: Vec<Key> = self.search(&all, budget)?.hits.into_iter().map(|hit| hit.key).collect();
        keys.sort_unstable();
        Ok(keys)
    }
    /// Every transcript it holds, in key order.
    fn entries(&self) -> Result<Vec<IndexEntry>>;
    /// Rewrites files that still hold bytes of erased transcripts.
    fn purge(&self) -> Result<()>;
    /// Forgets everything and begins anew, empty, also when what lies on disk is damaged. Searches find nothing
    /// until it is filled again.
    fn clear(&self) -> Result<()>;
    /// Figures.
    fn figures(&self) -> IndexFigures;
    /// Reads every byte and checks the sums; a list of what is wrong.
    fn check(&self) -> Result<Vec<String>>;
    /// Whether it came with its contents and was too large to be looked through when it was opened: what a search finds
    /// in it may be damaged.
    fn too_large_to_check(&self) -> bool {
        false
    }
}
