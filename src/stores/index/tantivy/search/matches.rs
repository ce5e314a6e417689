//! What matches a search: transcripts by key, or documents by segment.
//!
//! *Decision:* where values and folders alone decide, what matches stays a set of documents. Counting it and walking
//! a page of it need no keys; to join every document to its transcript takes half of the time of counting 20,000 of a
//! million, for the keys lie about. Who needs keys has them joined when first asked for. The other way round, facets,
//! statistics and histograms of what words find are counted by document: joined once, and then in the documents' order.
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::records::RecordSegment;
use crate::stores::index::tantivy::snapshot::Snapshot;
use std::cell::OnceCell;
use std::convert::Infallible;

/// What matches.
pub struct Matches<'s> {
    snapshot: &'s Snapshot,
    /// By slot, those that are still there.
    docs: OnceCell<Vec<Bits>>,
    keys: OnceCell<Bits>,
}

impl<'s> Matches<'s> {
    /// These transcripts.
    pub fn of_keys(snapshot: &'s Snapshot, keys: Bits) -> Self {
        Self { snapshot, docs: OnceCell::new(), keys: OnceCell::from(keys) }
    }

    /// The transcripts of these documents, by slot.
    pub fn of_docs(snapshot: &'s Snapshot, docs: Vec<Bits>) -> Self {
        Self { snapshot, docs: OnceCell::from(docs), keys: OnceCell::new() }
    }

    /// How many.
    pub fn total(&self) -> u64 {
        match self.docs_at_hand() {
            Some(docs) => docs.iter().map(Bits::count).sum(),
            None => self.keys().count(),
        }
    }

    /// Their keys.
    pub fn keys(&self) -> &Bits {
        self.keys.get_or_init(|| joined(self.snapshot, self.docs_at_hand().unwrap_or(&[])))
    }

    /// Their keys.
    pub fn into_keys(self) -> Bits {
        self.keys();
        self.keys.into_inner().unwrap_or_default()
    }

    /// Their documents, by slot.
    pub fn docs(&self) -> &[Bits] {
        self.docs.get_or_init(|| placed(self.snapshot, self.keys()))
    }

    /// The documents, where they are known, by slot.
    pub fn docs_at_hand(&self) -> Option<&[Bits]> {
        self.docs.get().map(Vec::as_slice)
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

/// The documents of keys by slot.
fn placed(snapshot: &Snapshot, keys: &Bits) -> Vec<Bits> {
    let room = |segment: &RecordSegment| u32::try_from(segment.cache.keys.len()).unwrap_or(u32::MAX);
    let room = snapshot.records.iter().map(|segment| segment.as_ref().map_or(0, room));
    let mut docs: Vec<Bits> = room.map(Bits::below).collect();
    let all = keys.each_run(|keys| {
        for (slot, doc) in keys.iter().filter_map(|key| snapshot.entries.place(*key)) {
            if let Some(own) = docs.get_mut(slot as usize) {
                own.insert(doc);
            }
        }
        Ok::<_, Infallible>(())
    });
    let Ok(()) = all;
    docs
}
