//! What matches a search: transcripts by key, or documents by segment.
//!
//! *Decision:* where values and folders alone decide, what matches stays a set of documents. Counting it and walking
//! a page of it need no keys; to join every document to its transcript takes half of the time of counting 20,000 of a
//! million, for the keys lie about. Who needs keys has them joined when first asked for.
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::snapshot::Snapshot;
use std::cell::OnceCell;

/// What matches.
pub struct Matches<'s> {
    snapshot: &'s Snapshot,
    /// By slot, those that are still there.
    docs: Option<Vec<Bits>>,
    keys: OnceCell<Bits>,
}

impl<'s> Matches<'s> {
    /// These transcripts.
    pub fn of_keys(snapshot: &'s Snapshot, keys: Bits) -> Self {
        Self { snapshot, docs: None, keys: OnceCell::from(keys) }
    }

    /// The transcripts of these documents, by slot.
    pub fn of_docs(snapshot: &'s Snapshot, docs: Vec<Bits>) -> Self {
        Self { snapshot, docs: Some(docs), keys: OnceCell::new() }
    }

    /// How many.
    pub fn total(&self) -> u64 {
        match &self.docs {
            Some(docs) => docs.iter().map(Bits::count).sum(),
            None => self.keys().count(),
        }
    }

    /// Their keys.
    pub fn keys(&self) -> &Bits {
        self.keys.get_or_init(|| joined(self.snapshot, self.docs.as_deref().unwrap_or(&[])))
    }

    /// Their keys.
    pub fn into_keys(self) -> Bits {
        self.keys();
        self.keys.into_inner().unwrap_or_default()
    }

    /// The documents, where they are known, by slot.
    pub fn docs(&self) -> Option<&[Bits]> {
        self.docs.as_deref()
    }
}

/// The keys of documents by slot.
fn joined(snapshot: &Snapshot, docs: &[Bits]) -> Bits {
    let mut keys = Bits::below(snapshot.bound);
    for (docs, segment) in docs.iter().zip(&snapshot.records) {
        let Some(segment) = segment else { continue };
        let own = &segment.cache.keys;
        docs.iter().filter_map(|doc| own.get(doc as usize)).for_each(|key| keys.insert(*key));
    }
    keys
}
