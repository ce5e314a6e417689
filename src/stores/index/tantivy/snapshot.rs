//! One state of both indexes, as a search sees it from beginning to end. Immutable; each applied batch makes the next
//! one out of the last, reading new segments only.
use super::bits::Bits;
use super::entries::{Entries, Entry};
use super::records::{Held, RecordCache, RecordSegment};
use super::schema::{RecordFields, TurnFields};
use super::turns::{TurnCache, TurnSegment};
use crate::base::room::Room;
use crate::domain::identity::FieldId;
use crate::query::resolved::{Scope, Target};
use crate::query::score::Statistics;
use crate::stores::error::Result;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tantivy::SegmentReader;

/// From so many documents on a new segment's columns are read before it is shown, so that no search pays for a merge.
const WARM_FROM: usize = 2_048;

/// What is known of a folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Its organisation.
    pub org: u32,
    /// Its transcripts.
    pub keys: Bits,
    /// How many.
    pub count: u64,
    /// Their words.
    pub words: u64,
}

/// One state of both indexes.
#[derive(Clone)]
pub struct Snapshot {
    /// Segments of turns.
    pub turns: Vec<TurnSegment>,
    /// Segments of records by slot; a slot is empty between two segments.
    pub records: Vec<Option<RecordSegment>>,
    /// What is known by key.
    pub entries: Entries,
    /// What is known by folder.
    pub folders: HashMap<u32, Arc<Folder>>,
    /// Above every key.
    pub bound: u32,
    /// Transcripts.
    pub live: u64,
    /// Records that are there: as many, or the table of keys is not to be trusted.
    pub there: u64,
    /// The schema of the turns.
    pub turn_fields: TurnFields,
    /// The schema of the records.
    pub record_fields: RecordFields,
    /// Memory for embeddings.
    pub room: Arc<Room>,
}

impl Snapshot {
    /// Nothing yet.
    pub fn empty(turn_fields: TurnFields, record_fields: RecordFields, room: Arc<Room>) -> Self {
        Self {
            turns: Vec::new(),
            records: Vec::new(),
            entries: Entries::default(),
            folders: HashMap::new(),
            bound: 0,
            live: 0,
            there: 0,
            turn_fields,
            record_fields,
            room,
        }
    }

    /// The state after this one. `turns` is `None` when they did not change. `erased` are the transcripts whose records
    /// were deleted without a successor.
    pub fn next(&self, turns: Option<&[SegmentReader]>, records: &[SegmentReader], erased: &[u32]) -> Result<Self> {
        let mut next = self.clone();
        if let Some(turns) = turns {
            next.turns = self.next_turns(turns)?;
        }
        let fresh = next.replace_records(records)?;
        for slot in &fresh {
            next.enter(*slot)?;
        }
        for key in erased {
            next.forget(*key);
        }
        next.there = records.iter().map(|reader| u64::from(reader.num_docs())).sum();
        if next.live != next.there {
            // Every record changes through `apply`, so this cannot be; but a wrong table would answer wrongly for ever.
            tracing::warn!(
                live = next.live,
                there = next.there,
                "reading the whole index again: its table of keys had drifted"
            );
            next.read_again()?;
        }
        self.warm(&next, &fresh)?;
        Ok(next)
    }

    fn next_turns(&self, readers: &[SegmentReader]) -> Result<Vec<TurnSegment>> {
        let known: HashMap<_, _> = self.turns.iter().map(|segment| (segment.cache.id(), &segment.cache)).collect();
        readers
            .iter()
            .map(|reader| {
                let cache = match known.get(&reader.segment_id()) {
                    Some(cache) => (*cache).clone(),
                    None => Arc::new(TurnCache::read(reader, &self.turn_fields)?),
                };
                Ok(TurnSegment::new(cache, reader))
            })
            .collect()
    }

    /// Puts the segments of `readers` into slots; those known keep theirs. Answers the slots of new ones.
    fn replace_records(&mut self, readers: &[SegmentReader]) -> Result<Vec<u32>> {
        let mut known: HashMap<_, _> = HashMap::new();
        for (slot, place) in self.records.iter_mut().enumerate() {
            if let Some(segment) = place.take() {
                known.insert(segment.cache.id(), (slot, segment.cache));
            }
        }
        let mut fresh = Vec::new();
        for reader in readers {
            match known.remove(&reader.segment_id()) {
                Some((slot, cache)) => {
                    if let Some(place) = self.records.get_mut(slot) {
                        *place = Some(RecordSegment::new(cache, reader));
                    }
                }
                None => fresh
                    .push(RecordSegment::new(Arc::new(RecordCache::read(reader, self.record_fields.vectors)?), reader)),
            }
        }
        // Entries that still point into a slot given away are all overwritten by `enter`, or forgotten.
        let mut slots = Vec::with_capacity(fresh.len());
        for segment in fresh {
            let slot = self.records.iter().position(Option::is_none).unwrap_or(self.records.len());
            match self.records.get_mut(slot) {
                Some(place) => *place = Some(segment),
                None => self.records.push(Some(segment)),
            }
            slots.push(u32::try_from(slot).unwrap_or(u32::MAX));
        }
        Ok(slots)
    }

    /// Enters the records of a new segment.
    fn enter(&mut self, slot: u32) -> Result<()> {
        let Some(segment) = self.segment(slot).cloned() else { return Ok(()) };
        let (folders, words) = segment.cache.folders_and_words()?;
        let (mut folder, mut at): (Arc<Folder>, Option<u32>) = (Arc::default(), None);
        for (((key, doc), in_folder), words) in segment.cache.keys.iter().zip(0u32..).zip(folders).zip(words) {
            if !segment.has(doc) {
                continue;
            }
            let entry = Entry { slot, doc, folder: in_folder, words };
            let before = self.entries.get(*key);
            self.entries.set(*key, entry);
            self.bound = self.bound.max(key.saturating_add(1));
            if before.is_some_and(|old| old.folder == in_folder && old.words == words) {
                continue;
            }
            if at != Some(in_folder) || before.is_some() {
                self.put_back(at.take(), std::mem::take(&mut folder));
            }
            if let Some(old) = before {
                self.leave_folder(*key, old);
            }
            if at.is_none() {
                folder = self.folders.remove(&in_folder).unwrap_or_default();
                at = Some(in_folder);
            }
            let own = Arc::make_mut(&mut folder);
            if own.count == 0 {
                own.org = segment.cache.org(doc)?;
            }
            own.keys.insert_growing(*key);
            own.count += 1;
            own.words += u64::from(words);
            self.live += 1;
        }
        self.put_back(at, folder);
        Ok(())
    }

    fn put_back(&mut self, at: Option<u32>, folder: Arc<Folder>) {
        if let Some(at) = at {
            self.folders.insert(at, folder);
        }
    }

    fn leave_folder(&mut self, key: u32, old: Entry) {
        if let Some(folder) = self.folders.get_mut(&old.folder) {
            let folder = Arc::make_mut(folder);
            folder.keys.remove(key);
            folder.count = folder.count.saturating_sub(1);
            folder.words = folder.words.saturating_sub(u64::from(old.words));
            self.live = self.live.saturating_sub(1);
        }
    }

    fn forget(&mut self, key: u32) {
        if let Some(old) = self.entries.get(key) {
            self.leave_folder(key, old);
            self.entries.clear(key);
        }
    }

    fn read_again(&mut self) -> Result<()> {
        (self.entries, self.folders, self.live, self.bound) = (Entries::default(), HashMap::new(), 0, 0);
        for slot in (0u32..).take(self.records.len()) {
            self.enter(slot)?;
        }
        Ok(())
    }

    /// Reads the columns of large new segments that the segments they replace had in memory.
    fn warm(&self, next: &Self, fresh: &[u32]) -> Result<()> {
        let kept: HashSet<_> = next.records.iter().flatten().map(|segment| segment.cache.id()).collect();
        let gone = self.records.iter().flatten().filter(|segment| !kept.contains(&segment.cache.id()));
        let mut wanted: HashSet<(Target, bool)> = HashSet::new();
        let mut vectors: HashSet<(FieldId, usize)> = HashSet::new();
        let mut folders = false;
        for segment in gone {
            folders |= segment.cache.keys.len() >= WARM_FROM && segment.cache.are_folders_at_hand();
            wanted.extend(segment.cache.targets());
            vectors.extend(segment.cache.vector_fields());
        }
        for segment in fresh.iter().filter_map(|slot| next.segment(*slot)) {
            if segment.cache.keys.len() >= WARM_FROM {
                if folders {
                    segment.cache.folders()?;
                }
                for (target, infix) in &wanted {
                    let column = segment.cache.column(*target)?;
                    if let (true, Some(keywords)) = (*infix, column.keywords()) {
                        keywords.candidates(&[]);
                    }
                }
                for (field, size) in &vectors {
                    segment.cache.vectors(*field, *size, &next.room)?;
                }
            }
        }
        Ok(())
    }

    /// The segment of records in a slot.
    #[inline]
    pub fn segment(&self, slot: u32) -> Option<&RecordSegment> {
        self.records.get(slot as usize).and_then(Option::as_ref)
    }

    /// What the record of a transcript says of itself.
    pub fn held(&self, key: u32) -> Result<Option<Held>> {
        match self.entries.get(key) {
            Some(entry) => self.segment(entry.slot).map(|segment| segment.cache.held(entry.doc)).transpose(),
            None => Ok(None),
        }
    }

    /// The transcripts in scope. A folder counts only with its organisation.
    pub fn in_scope(&self, scope: &Scope) -> Bits {
        self.scope(self.folders_in(scope))
    }

    /// The figures that scores need of the transcripts in scope.
    pub fn statistics(&self, scope: &Scope) -> Statistics {
        let folders: HashSet<u32> = self.folders_in(scope).collect();
        let folders = folders.iter().filter_map(|folder| self.folders.get(folder));
        folders.fold(Statistics { transcripts: 0, words: 0 }, |sum, folder| Statistics {
            transcripts: sum.transcripts + folder.count,
            words: sum.words + folder.words,
        })
    }

    /// The folders in scope that have transcripts.
    pub fn folders_in(&self, scope: &Scope) -> impl Iterator<Item = u32> {
        let within = |org: u32| scope.orgs.iter().any(|own| own.0 == org);
        let there = move |folder: &u32| self.folders.get(folder).is_some_and(|own| within(own.org));
        scope.folders.iter().map(|folder| folder.0).filter(there)
    }

    /// The transcripts of these folders.
    pub fn scope(&self, folders: impl Iterator<Item = u32>) -> Bits {
        let mut mask = Bits::below(self.bound);
        folders.filter_map(|folder| self.folders.get(&folder)).for_each(|folder| mask.add(&folder.keys));
        mask
    }
}
