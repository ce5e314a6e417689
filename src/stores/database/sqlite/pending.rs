//! Edits that are durable but not in their rows yet.
//!
//! *Decision:* an edit is appended to the table `pending`, several to a page, and kept here; into its row it comes when
//! archive and index have settled it, once, with what they settled. A row stands on a page of its own, and its marks of
//! what is owed on others, so writing it at once and settling it twice cost nine pages of log where this costs two, and
//! of these only a fraction before the edit is answered. Readers lay what is pending over the rows. After a crash the
//! table is replayed; settles that were only here are made again by the sinks.
use crate::domain::identity::{Key, Revision};
use crate::stores::database::Sink;
use crate::stores::database::rows::{Row, Settled};
use crate::stores::database::writes::{Outcome, Stored};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// The newest pending edit of a row.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The state it makes.
    pub stored: Arc<Stored>,
    /// The revision of the row itself.
    pub base: Revision,
    /// The row's words, which no edit changes.
    pub words_revision: u64,
    /// What the index has settled.
    pub indexed: Settled,
    /// What the archive has settled.
    pub archived: Settled,
    /// Its places in the table, those of earlier edits of the row included.
    pub places: Vec<i64>,
}

impl Entry {
    /// Lays the edit over the row that it rests on, and over no other: one that was read later has it already. False
    /// when the row was read before a new body came, on which the edit rests.
    fn lay_over(&self, row: &mut Row) -> bool {
        if row.revision != self.base {
            return row.revision > self.base;
        }
        row.revision = self.stored.revision;
        row.schema_version = self.stored.schema_version;
        row.last_modified = self.stored.last_modified;
        row.builtins = self.stored.builtins.clone();
        row.values = self.stored.values.clone();
        row.unarchived = self.unarchived().cloned();
        row.whole = self.stored.is_whole();
        row.indexed = self.indexed;
        row.archived = self.archived;
        true
    }

    /// The metadata, until the archive has it.
    pub fn unarchived(&self) -> Option<&Arc<str>> {
        (!self.is_archived()).then_some(&self.stored.metadata)
    }

    /// A sink has `pushed`; the rules stand at [`crate::stores::database::Write::Settle`].
    pub fn settle(&mut self, sink: Sink, pushed: Settled) -> Outcome {
        if pushed.revision > self.stored.revision.0 {
            return Outcome::Stale(Some(self.stored.revision));
        }
        let settled = match sink {
            Sink::Index => &mut self.indexed,
            Sink::Archive => &mut self.archived,
        };
        if pushed.revision < settled.revision {
            return Outcome::Done;
        }
        let schema_version = match sink {
            Sink::Archive => 0,
            Sink::Index if pushed.revision > settled.revision => pushed.schema_version,
            Sink::Index => pushed.schema_version.max(settled.schema_version),
        };
        let words_revision = pushed.words_revision.max(settled.words_revision);
        *settled = Settled { revision: pushed.revision, schema_version, words_revision };
        Outcome::Done
    }

    /// Whether neither sink owes anything.
    pub fn is_level(&self) -> bool {
        self.is_archived()
            && self.indexed.revision == self.stored.revision.0
            && self.indexed.schema_version >= self.stored.schema_version
            && self.indexed.words_revision >= self.words_revision
    }

    fn is_archived(&self) -> bool {
        self.archived.revision == self.stored.revision.0 && self.archived.words_revision >= self.words_revision
    }

    /// About how many bytes it takes in memory.
    fn bytes(&self) -> usize {
        let Stored { metadata, values, builtins, .. } = &*self.stored;
        let metadata = if Arc::ptr_eq(metadata, values) { 0 } else { metadata.len() };
        metadata + values.len() + builtins.len() + self.places.len() * 8 + 400
    }
}

/// What changed in one commit: the newest entry of a key, or none any more.
pub type Changes = HashMap<Key, Option<Entry>>;

/// All pending edits. One writer changes them, after its commit; readers look at any time.
#[derive(Default)]
pub struct Pending(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    by_key: HashMap<Key, Arc<Entry>>,
    bytes: usize,
    /// Grows when entries come into their rows.
    folds: u64,
}

impl Pending {
    /// The entry of a key.
    pub fn find(&self, key: Key) -> Option<Arc<Entry>> {
        self.0.read().by_key.get(&key).cloned()
    }

    /// The entries of some keys. To be called *before* the rows are read: what is not here any more is in the rows.
    pub fn of(&self, keys: &[Key]) -> Vec<Option<Arc<Entry>>> {
        let entries = self.0.read();
        keys.iter().map(|key| entries.by_key.get(key).cloned()).collect()
    }

    /// All keys.
    pub fn keys(&self) -> Vec<Key> {
        self.0.read().by_key.keys().copied().collect()
    }

    /// How often entries have come into their rows.
    pub fn folds(&self) -> u64 {
        self.0.read().folds
    }

    /// Lays over a row that was read after `folds`. False, and nothing done, when it must be read again: its entry may
    /// have come in since, or what is pending rests on a newer row.
    pub fn lay_over(&self, row: &mut Row, folds: u64) -> bool {
        let entries = self.0.read();
        if entries.folds != folds {
            return false;
        }
        entries.by_key.get(&row.key).is_none_or(|entry| entry.lay_over(row))
    }

    /// Lays entries over rows that were read after them: none rests on a newer row.
    pub fn lay_all_over(rows: &mut [Option<Row>], entries: &[Option<Arc<Entry>>]) {
        for (row, entry) in rows.iter_mut().zip(entries) {
            if let (Some(row), Some(entry)) = (row, entry) {
                entry.lay_over(row);
            }
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.read().bytes
    }

    /// Takes in what a commit, durable now, has changed.
    pub fn accept(&self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let mut entries = self.0.write();
        let entries = &mut *entries;
        for (key, change) in changes {
            let before = match change {
                Some(entry) => {
                    entries.bytes += entry.bytes();
                    entries.by_key.insert(key, Arc::new(entry))
                }
                None => {
                    entries.folds += 1;
                    entries.by_key.remove(&key)
                }
            };
            entries.bytes -= before.map_or(0, |before| before.bytes());
        }
        if entries.by_key.is_empty() {
            entries.by_key.shrink_to_fit();
        }
    }
}

/// The revision of an entry, as refusals name it.
pub fn revision(entry: &Entry) -> Revision {
    entry.stored.revision
}
