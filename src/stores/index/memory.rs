//! The index in memory: keeps every transcript and answers by looking at each, as the oracle does. For tests and
//! small demonstrations; it starts empty with the process.
use super::{IndexEntry, IndexFigures, IndexWrite, Opened, SearchIndex, tid_digest};
use crate::domain::identity::Key;
use crate::domain::record::Record;
use crate::query::evaluate::{self, Document};
use crate::query::resolved::{ResolvedSearch, SearchPage};
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::time::Duration;

/// The index in memory.
#[derive(Default)]
pub struct MemoryIndex {
    documents: RwLock<BTreeMap<Key, Document>>,
}

impl MemoryIndex {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl SearchIndex for MemoryIndex {
    fn opened(&self) -> Opened {
        Opened::Empty
    }

    fn apply(&self, writes: Vec<IndexWrite>, _batch: u64) -> Result<()> {
        let mut documents = self.documents.write();
        for write in writes {
            match write {
                // A record whose words are not here cannot be found: it counts only with them.
                IndexWrite::Record(record) => {
                    if let Some(held) = documents.get_mut(&record.key)
                        && is_newer(&record, &held.record)
                    {
                        held.record = *record;
                    }
                }
                IndexWrite::Whole(record, turns) => {
                    if documents.get(&record.key).is_none_or(|held| is_newer(&record, &held.record)) {
                        documents.insert(record.key, Document { record: *record, turns });
                    }
                }
                IndexWrite::Erase(key, org) => {
                    if documents.get(&key).is_some_and(|held| held.record.org == org) {
                        documents.remove(&key);
                    }
                }
            }
        }
        Ok(())
    }

    /// A budget of nothing is used up at once; any other is never measured.
    fn search(&self, search: &ResolvedSearch, budget: Duration) -> Result<SearchPage> {
        if budget.is_zero() {
            return Err(StoreError::plain(Store::Index, Kind::TooExpensive, "search within no time"));
        }
        Ok(evaluate::search(self.documents.read().values(), search))
    }

    fn entries(&self) -> Result<Vec<IndexEntry>> {
        let documents = self.documents.read();
        let entries = documents.values().map(|Document { record, turns }| IndexEntry {
            key: record.key,
            org: record.org,
            tid: tid_digest(record.tid.as_str()),
            revision: record.revision.0,
            schema_version: record.schema_version,
            words_revision: record.words_revision.0,
            turns: u32::try_from(turns.len()).unwrap_or(u32::MAX),
        });
        Ok(entries.collect())
    }

    fn clear(&self) -> Result<()> {
        self.documents.write().clear();
        Ok(())
    }

    fn purge(&self) -> Result<()> {
        Ok(())
    }

    fn figures(&self) -> IndexFigures {
        let documents = self.documents.read();
        IndexFigures {
            turn_segments: 1,
            record_segments: 1,
            turns: documents.values().map(|document| document.turns.len() as u64).sum(),
            records: documents.len() as u64,
            value_bytes: 0,
        }
    }

    fn check(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn is_newer(record: &Record, held: &Record) -> bool {
    (record.revision, record.schema_version) > (held.revision, held.schema_version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::intervals::Interval;
    use crate::stores::index::{conformance, random};

    #[test]
    fn keeps_the_ports_promises() {
        for (name, case) in conformance::cases() {
            println!("{name}");
            case(&MemoryIndex::new());
        }
    }

    #[test]
    fn agrees_with_the_oracle_whatever_happens() {
        for seed in 1..=4 {
            random::compare(&MemoryIndex::new(), seed, 20);
        }
    }

    /// An index with one defect.
    struct Faulty(MemoryIndex, fn(&mut Vec<IndexWrite>), fn(&mut ResolvedSearch));

    impl SearchIndex for Faulty {
        fn opened(&self) -> Opened {
            self.0.opened()
        }
        fn apply(&self, mut writes: Vec<IndexWrite>, batch: u64) -> Result<()> {
            (self.1)(&mut writes);
            self.0.apply(writes, batch)
        }
        fn search(&self, search: &ResolvedSearch, budget: Duration) -> Result<SearchPage> {
            let mut search = search.clone();
            (self.2)(&mut search);
            self.0.search(&search, budget)
        }
        fn entries(&self) -> Result<Vec<IndexEntry>> {
            self.0.entries()
        }
        fn clear(&self) -> Result<()> {
            self.0.clear()
        }
        fn purge(&self) -> Result<()> {
            self.0.purge()
        }
        fn figures(&self) -> IndexFigures {
            self.0.figures()
        }
        fn check(&self) -> Result<Vec<String>> {
            self.0.check()
        }
    }

    fn forget_starts(write: &mut IndexWrite) {
        if let IndexWrite::Whole(_, turns) = write {
            turns.iter_mut().for_each(|turn| turn.start = None);
        }
    }

    /// Something done wrong to what is written, and something done wrong to what is asked.
    type Defect = (fn(&mut Vec<IndexWrite>), fn(&mut ResolvedSearch));

    #[test]
    fn the_comparison_sees_each_of_these_defects() {
        let defects: [Defect; 14] = [
            (|writes| writes.retain(|write| !matches!(write, IndexWrite::Erase(..))), |_| {}),
            (|writes| writes.retain(|write| !matches!(write, IndexWrite::Record(_))), |_| {}),
            (|_| {}, |search| search.order[0].descending = !search.order[0].descending),
            (|_| {}, |search| search.facets.iter_mut().for_each(|facet| facet.source.only_folders = None)),
            (|_| {}, |search| search.speakers = Default::default()),
            (|_| {}, |search| search.order.truncate(1)),
            (|_| {}, |search| search.facets.iter_mut().for_each(|facet| facet.prefix = None)),
            (|_| {}, |search| search.stats.iter_mut().for_each(|source| source.targets.truncate(1))),
            (|_| {}, |search| search.histograms.iter_mut().for_each(|asked| asked.interval = Interval::Step(1.0))),
            (|_| {}, |search| search.paging = false),
            (|_| {}, |search| search.near.iter_mut().for_each(|near| near.k += 1)),
            (|_| {}, |search| search.after = None),
            (
                |_| {},
                |search| {
                    if let Some(after) = &mut search.after {
                        after.statistics.transcripts += 1;
                    }
                },
            ),
            (|writes| writes.iter_mut().for_each(forget_starts), |_| {}),
        ];
        for (number, (writes, search)) in defects.into_iter().enumerate() {
            let index = Faulty(MemoryIndex::new(), writes, search);
            let compared = std::panic::AssertUnwindSafe(|| random::compare(&index, 1, 150));
            assert!(std::panic::catch_unwind(compared).is_err(), "defect {number} stays unseen");
        }
    }
}
