//! Clauses over words said: which transcripts match, and how often the words stand in them.
use super::cursor::Cursor;
use super::deadline::Deadline;
use super::speakers::Filter;
use crate::domain::fields::SpeakerMap;
use crate::domain::identity::{FolderId, OrgId};
use crate::query::resolved::Said;
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::failure::unread;
use crate::stores::index::tantivy::snapshot::Snapshot;
use crate::stores::index::tantivy::turns::TurnSegment;
use std::collections::HashMap;
use tantivy::TERMINATED;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

/// A clause with its terms looked up.
pub struct Clause<'a> {
    /// The clause.
    pub said: &'a Said,
    /// Where it is looked for: segments, and within them organisations, in which all its words stand.
    places: Vec<Place<'a>>,
}

struct Place<'a> {
    segment: &'a TurnSegment,
    infos: Vec<TermInfo>,
}

/// What a clause matches.
pub struct Found {
    /// The transcripts.
    pub keys: Bits,
    /// Each with the occurrences in its turns; only when asked for. A transcript's turns stand side by side, so each
    /// stands here once.
    pub counts: Option<Vec<(u32, u32)>>,
}

/// A turn that matched.
#[derive(Clone, Copy)]
pub struct Spoken<'a> {
    /// Its segment.
    pub segment: &'a TurnSegment,
    /// Its document.
    pub doc: u32,
    /// How often the words stand in it.
    pub count: u32,
}

impl<'a> Clause<'a> {
    /// Looks up the words in every segment.
    pub fn new(snapshot: &'a Snapshot, orgs: &[OrgId], said: &'a Said) -> Result<Self> {
        let mut places = Vec::new();
        for org in orgs {
            let terms: Vec<_> = said
                .phrase
                .plain()
                .unwrap_or_default()
                .into_iter()
                .map(|word| snapshot.turn_fields.word(*org, word))
                .collect();
            for segment in &snapshot.turns {
                let infos = terms
                    .iter()
                    .map(|term| segment.cache.words.get_term_info(term))
                    .collect::<std::io::Result<Option<Vec<TermInfo>>>>()
                    .map_err(unread)?;
                if let Some(infos) = infos.filter(|infos| !infos.is_empty()) {
                    places.push(Place { segment, infos });
                }
            }
        }
        Ok(Self { said, places })
    }

    /// Every transcript that matches; with `counts`, how often.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        speakers: &HashMap<FolderId, SpeakerMap>,
        counts: bool,
        deadline: &Deadline,
    ) -> Result<Found> {
        let mut sink = Sink { keys: Bits::below(snapshot.bound), counts: counts.then(Vec::new), last: None };
        for place in &self.places {
            let filter = Filter::new(snapshot, place.segment, &self.said.by, speakers)?;
            if place.infos.len() == 1 {
                place.walk_word(&filter, &mut sink, deadline)?;
            } else {
                place.walk(&filter, &mut sink, deadline)?;
            }
            sink.end_run();
        }
        Ok(Found { keys: sink.keys, counts: sink.counts })
    }

    /// The turns of these transcripts that match, by transcript; `each` gets the position in `keys`.
    pub fn in_transcripts(
        &self,
        snapshot: &Snapshot,
        speakers: &HashMap<FolderId, SpeakerMap>,
        keys: &[u32],
        deadline: &Deadline,
        mut each: impl FnMut(usize, Spoken<'a>),
    ) -> Result<()> {
        for place in &self.places {
            let cache = &place.segment.cache;
            let mut runs: Vec<_> = keys
                .iter()
                .enumerate()
                .flat_map(|(at, key)| cache.runs(*key).iter().map(move |run| (run.from, run.to, at, *key)))
                .collect();
            if runs.is_empty() {
                continue;
            }
            runs.sort_unstable();
            let filter = Filter::new(snapshot, place.segment, &self.said.by, speakers)?;
            let Some(mut cursor) = Cursor::open(&cache.words, &place.infos, deadline)? else { continue };
            for (from, to, at, key) in runs {
                deadline.tick()?;
                let mut doc = cursor.seek(from, deadline)?;
                while doc < to {
                    if place.segment.has(doc) && filter.passes(doc, key) {
                        each(at, Spoken { segment: place.segment, doc, count: cursor.count() });
                    }
                    doc = cursor.advance(deadline)?;
                }
            }
        }
        Ok(())
    }
}

impl Place<'_> {
    /// One word: block by block, 128 turns each.
    fn walk_word(&self, filter: &Filter<'_>, sink: &mut Sink, deadline: &Deadline) -> Result<()> {
        let Some(info) = self.infos.first() else { return Ok(()) };
        let cache = &self.segment.cache;
        let option = if sink.counts.is_some() { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        let mut block = cache.words.read_block_postings_from_terminfo(info, option).map_err(unread)?;
        let plain = filter.is_open() && self.segment.alive().is_none();
        while !block.docs().is_empty() {
            deadline.tick()?;
            if plain && sink.counts.is_none() {
                for key in block.docs().iter().filter_map(|doc| cache.keys.get(*doc as usize)) {
                    sink.keys.insert(*key);
                }
            } else {
                for (at, doc) in block.docs().iter().enumerate() {
                    let Some(key) = cache.keys.get(*doc as usize) else { continue };
                    if plain || (self.segment.has(*doc) && filter.passes(*doc, *key)) {
                        sink.add(*key, block.freqs().get(at).copied().unwrap_or(1));
                    }
                }
            }
            block.advance();
        }
        Ok(())
    }

    fn walk(&self, filter: &Filter<'_>, sink: &mut Sink, deadline: &Deadline) -> Result<()> {
        let cache = &self.segment.cache;
        let Some(mut cursor) = Cursor::open(&cache.words, &self.infos, deadline)? else { return Ok(()) };
        let mut doc = cursor.doc();
        while doc != TERMINATED {
            if let Some(key) = cache.keys.get(doc as usize)
                && self.segment.has(doc)
                && filter.passes(doc, *key)
            {
                sink.add(*key, cursor.count());
            }
            doc = cursor.advance(deadline)?;
        }
        Ok(())
    }
}

/// Takes in matching turns, one run after the other.
struct Sink {
    keys: Bits,
    counts: Option<Vec<(u32, u32)>>,
    last: Option<(u32, u32)>,
}

impl Sink {
    #[inline]
    fn add(&mut self, key: u32, count: u32) {
        match &mut self.last {
            Some((last, sum)) if *last == key => *sum = sum.saturating_add(count),
            _ => {
                self.end_run();
                self.keys.insert(key);
                self.last = Some((key, count));
            }
        }
    }

    fn end_run(&mut self) {
        if let (Some(counts), Some(run)) = (&mut self.counts, self.last.take()) {
            counts.push(run);
        }
    }
}
