//! The transcripts nearest to a vector, among those that match everything else.
//!
//! *Decision:* exact, by a scan of all: 100,000 embeddings of 384 numbers are 38 MB of codes, two milliseconds. The scan
//! bounds each cosine from both sides; whatever may be among the nearest by its bounds is read in full and compared in
//! doubles. Segments that found no room in memory are read in full at once.
use super::best::Best;
use super::context::Context;
use super::score::{of_rank, rank};
use super::ties;
use crate::domain::fields::vector;
use crate::domain::identity::FieldId;
use crate::query::resolved::Near;
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::vectors::Codes;
use crate::stores::index::tantivy::records::RecordSegment;
use std::collections::HashMap;

/// Embeddings compared between two looks at the time.
const STEP: usize = 1_024;
/// Candidates from which on they are thinned out, beside those wanted.
const MANY: usize = 4_096;

/// The nearest.
pub struct Nearest {
    /// They.
    pub keys: Bits,
    /// The cosine of each.
    pub scores: HashMap<u32, f64>,
}

/// What may be among the nearest.
#[derive(Clone, Copy)]
struct Candidate {
    least: f64,
    greatest: f64,
    slot: u32,
    doc: u32,
    key: u32,
}

/// The nearest of `matching`.
pub fn nearest(context: &Context<'_>, asked: &Near, matching: &Bits) -> Result<Nearest> {
    let mut within = matching.clone();
    if let Some(only) = &asked.only_folders {
        within.keep(&context.snapshot.scope(only.iter().map(|folder| folder.0)));
    }
    let mut search = Search { context, asked, within, codes: Codes::of(&asked.vector), found: Found::new(asked.k) };
    for (slot, segment) in (0u32..).zip(&context.snapshot.records) {
        if let Some(segment) = segment {
            for field in &asked.fields {
                search.segment(slot, segment, *field)?;
            }
        }
    }
    search.exact()
}

struct Search<'s> {
    context: &'s Context<'s>,
    asked: &'s Near,
    /// Who counts.
    within: Bits,
    codes: Codes,
    found: Found,
}

impl Search<'_> {
    fn segment(&mut self, slot: u32, segment: &RecordSegment, field: FieldId) -> Result<()> {
        let size = self.asked.vector.len();
        let key = |doc: u32| segment.key(doc).filter(|key| self.within.contains(*key));
        let Some(vectors) = segment.cache.vectors(field, size, &self.context.snapshot.room)? else {
            let docs = segment.cache.having_vectors(field)?;
            let own: Vec<(u32, u32)> = docs.into_iter().filter_map(|doc| Some((doc, key(doc)?))).collect();
            return self.in_full(slot, segment, field, &own);
        };
        let (mut rows, mut products) = (Vec::with_capacity(STEP), Vec::with_capacity(STEP));
        let mut keys = Vec::with_capacity(STEP);
        for (first, docs) in (0u32..).step_by(STEP).zip(vectors.docs().chunks(STEP)) {
            self.context.deadline.check()?;
            rows.clear();
            keys.clear();
            for (row, doc) in (first..).zip(docs) {
                if let Some(key) = key(*doc) {
                    rows.push(row);
                    keys.push((*doc, key));
                }
            }
            let (mut own, found) = (keys.iter(), &mut self.found);
            vectors.bounds(&self.codes, &rows, &mut products, |_, least, greatest| {
                if let Some((doc, key)) = own.next() {
                    found.push(Candidate { least, greatest, slot, doc: *doc, key: *key });
                }
            });
        }
        Ok(())
    }

    /// Compares embeddings as they are stored: documents and keys.
    fn in_full(&mut self, slot: u32, segment: &RecordSegment, field: FieldId, own: &[(u32, u32)]) -> Result<()> {
        if own.is_empty() {
            return Ok(());
        }
        let stored = segment.cache.embeddings()?;
        let mut numbers = Vec::with_capacity(self.asked.vector.len());
        for (doc, key) in own {
            self.context.deadline.tick()?;
            stored.read(*doc, &[field], &mut numbers)?;
            let cosine = vector::cosine(&self.asked.vector, &numbers);
            self.found.push(Candidate { least: cosine, greatest: cosine, slot, doc: *doc, key: *key });
        }
        Ok(())
    }

    /// Compares what may be among the nearest in full, and keeps those that are.
    fn exact(self) -> Result<Nearest> {
        let Self { context, asked, found, .. } = self;
        let mut candidates = found.all();
        candidates.sort_unstable_by_key(|one| (one.slot, one.doc));
        let mut best = Best::new(asked.k, true);
        let mut numbers = Vec::with_capacity(asked.vector.len());
        for own in candidates.chunk_by(|a, b| a.slot == b.slot) {
            let slot = own.first().map_or(u32::MAX, |one| one.slot);
            let Some(segment) = context.snapshot.segment(slot) else { continue };
            let stored = segment.cache.embeddings()?;
            for one in own {
                context.deadline.tick()?;
                let cosine = if one.least == one.greatest {
                    one.least
                } else {
                    stored.read(one.doc, &asked.fields, &mut numbers)?;
                    vector::cosine(&asked.vector, &numbers)
                };
                best.push(rank(cosine), one.key);
            }
        }
        let (_, rows) = best.sorted();
        let mut nearest = Nearest { keys: Bits::below(context.snapshot.bound), scores: HashMap::new() };
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let room = asked.k.saturating_sub(nearest.scores.len());
            let mut keys: Vec<u32> = group.iter().map(|(_, key)| *key).collect();
            if keys.len() > room {
                keys = ties::by_tid(context, &keys, room, None)?;
            }
            for (key, (rank, _)) in keys.iter().zip(group) {
                nearest.keys.insert(*key);
                nearest.scores.insert(*key, of_rank(*rank));
            }
        }
        Ok(nearest)
    }
}

/// What may be among the nearest so far.
struct Found {
    wanted: usize,
    candidates: Vec<Candidate>,
    /// So many are at least this near: what cannot be is none of the nearest.
    floor: f64,
    /// When to thin out next.
    limit: usize,
}

impl Found {
    fn new(wanted: usize) -> Self {
        let limit = wanted.saturating_mul(2).saturating_add(MANY);
        Self { wanted, candidates: Vec::new(), floor: f64::NEG_INFINITY, limit }
    }

    #[inline]
    fn push(&mut self, one: Candidate) {
        if one.greatest < self.floor {
            return;
        }
        self.candidates.push(one);
        if self.candidates.len() >= self.limit {
            self.thin();
            self.limit = self.candidates.len().saturating_mul(2).max(self.limit);
        }
    }

    fn thin(&mut self) {
        if self.candidates.len() <= self.wanted || self.wanted == 0 {
            return;
        }
        let by_least = |a: &Candidate, b: &Candidate| b.least.total_cmp(&a.least);
        let (_, last, _) = self.candidates.select_nth_unstable_by(self.wanted - 1, by_least);
        self.floor = self.floor.max(last.least);
        let floor = self.floor;
        self.candidates.retain(|one| one.greatest >= floor);
    }

    fn all(mut self) -> Vec<Candidate> {
        self.thin();
        self.candidates
    }
}
