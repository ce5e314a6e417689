//! Phrases of every kind in one segment: patterns, distances, anchors.
//!
//! First the documents in which every word stands, beginning with the rarest; then, in pieces of bounded size, where
//! the words stand in them; [`Places`] says how often the phrase does. Most phrases without patterns, distances and
//! anchors never come here: [`super::cursor`] walks them faster.
use super::deadline::Deadline;
use super::expand::Meant;
use crate::query::places::Places;
use crate::query::resolved::{Arrangement, Phrase};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::failure::unread;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

/// Documents whose places are read together, at most.
const PIECE_DOCS: usize = 1 << 16;
/// Words of the documents whose places are read together, but for those of the last one: at most so many places for
/// each word of the phrase are in memory.
const PIECE_WORDS: u64 = 1 << 20;
/// Words of more terms than this are not looked up twice: where they stand says whether they do.
const NARROW: usize = 2;
/// With fewer documents to add up than one in so many, they are sorted rather than counted in place.
const SPARSE: u64 = 64;

/// A phrase in one segment.
pub struct Arranged<'a> {
    /// The phrase.
    pub phrase: &'a Phrase,
    /// What each of its words stands for.
    pub words: &'a [Meant],
    /// Whether no word of a document can be meant by two of them.
    pub apart: bool,
    /// Where.
    pub reader: &'a InvertedIndexReader,
    /// Documents of the segment.
    pub docs: u32,
    /// How many words a document has.
    pub length: &'a dyn Fn(u32) -> u32,
    /// Whether a document may match.
    pub keep: &'a dyn Fn(u32) -> bool,
    /// The time.
    pub deadline: &'a Deadline,
}

impl Arranged<'_> {
    /// Calls `each` with every document that matches, ascending, and how often the phrase stands in it; only those
    /// `among` (ascending), when given.
    pub fn walk(&self, among: Option<&[u32]>, mut each: impl FnMut(u32, u32)) -> Result<()> {
        let anchored = self.phrase.first || self.phrase.last;
        match self.words {
            _ if anchored => {}
            [Meant::Any] => {
                for doc in self.candidates(among, usize::MAX)? {
                    each(doc, (self.length)(doc));
                }
                return Ok(());
            }
            [Meant::Terms(terms)] => return self.add_up(terms, among, each),
            _ if self.phrase.how == Arrangement::SameTurn && self.apart => {
                self.candidates(among, usize::MAX)?.into_iter().for_each(|doc| each(doc, 1));
                return Ok(());
            }
            _ => {}
        }
        let docs = self.candidates(among, NARROW)?;
        let mut rest = docs.as_slice();
        while !rest.is_empty() {
            let (piece, after) = self.piece(rest);
            self.arrange(piece, &mut each)?;
            rest = after;
        }
        Ok(())
    }

    /// One word: how often its terms stand in each document.
    fn add_up(&self, terms: &[TermInfo], among: Option<&[u32]>, mut each: impl FnMut(u32, u32)) -> Result<()> {
        if let Some(among) = among {
            let mut counts = vec![0u32; among.len()];
            for info in terms {
                self.meet(info, IndexRecordOption::WithFreqs, among, |at, postings| {
                    if let Some(count) = counts.get_mut(at) {
                        *count = count.saturating_add(postings.term_freq());
                    }
                })?;
            }
            for (doc, count) in among.iter().zip(counts) {
                if count > 0 && (self.keep)(*doc) {
                    each(*doc, count);
                }
            }
            return Ok(());
        }
        if let [info] = terms {
            return self.blocks(info, IndexRecordOption::WithFreqs, |docs, freqs| {
                for (doc, count) in docs.iter().zip(freqs) {
                    if (self.keep)(*doc) {
                        each(*doc, *count);
                    }
                }
            });
        }
        let all: u64 = terms.iter().map(|info| u64::from(info.doc_freq)).sum();
        if all.saturating_mul(SPARSE) < u64::from(self.docs) {
            let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(usize::try_from(all).unwrap_or(0));
            for info in terms {
                self.blocks(info, IndexRecordOption::WithFreqs, |docs, freqs| {
                    pairs.extend(docs.iter().copied().zip(freqs.iter().copied()));
                })?;
            }
            pairs.sort_unstable();
            for same in pairs.chunk_by(|a, b| a.0 == b.0) {
                let Some((doc, _)) = same.first().filter(|(doc, _)| (self.keep)(*doc)) else { continue };
                each(*doc, same.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count)));
            }
            return Ok(());
        }
        let mut counts = vec![0u32; self.docs as usize];
        for info in terms {
            self.blocks(info, IndexRecordOption::WithFreqs, |docs, freqs| {
                for (doc, freq) in docs.iter().zip(freqs) {
                    if let Some(count) = counts.get_mut(*doc as usize) {
                        *count = count.saturating_add(*freq);
                    }
                }
            })?;
        }
        for (doc, count) in (0u32..).zip(counts) {
            if count > 0 && (self.keep)(doc) {
                each(doc, count);
            }
        }
        Ok(())
    }

    /// The documents in which every word of at most `narrow` terms stands, and the rarest in any case, as far as they
    /// are kept; ascending.
    fn candidates(&self, among: Option<&[u32]>, narrow: usize) -> Result<Vec<u32>> {
        let mut words: Vec<&[TermInfo]> = self
            .words
            .iter()
            .filter_map(|word| match word {
                Meant::Any => None,
                Meant::Terms(terms) => Some(terms.as_slice()),
            })
            .collect();
        words.sort_by_key(|terms| terms.iter().map(|info| u64::from(info.doc_freq)).sum::<u64>());
        let mut words = words.into_iter();
        let mut docs = match (among, words.as_slice()) {
            (Some(among), _) => among.to_vec(),
            (None, []) => (0..self.docs).collect(),
            (None, [..]) => self.union(words.next().unwrap_or(&[]))?,
        };
        for terms in words.filter(|terms| terms.len() <= narrow) {
            if docs.is_empty() {
                break;
            }
            self.intersect(&mut docs, terms)?;
        }
        let any = self.words.iter().any(|word| matches!(word, Meant::Any));
        docs.retain(|doc| (!any || (self.length)(*doc) > 0) && (self.keep)(*doc));
        Ok(docs)
    }

    /// The documents in which any of the terms stands.
    fn union(&self, terms: &[TermInfo]) -> Result<Vec<u32>> {
        let mut docs = Vec::new();
        if let [info] = terms {
            docs.reserve(info.doc_freq as usize);
            self.blocks(info, IndexRecordOption::Basic, |block, _| docs.extend_from_slice(block))?;
            return Ok(docs);
        }
        let mut bits = Bits::below(self.docs);
        for info in terms {
            self.blocks(info, IndexRecordOption::Basic, |block, _| block.iter().for_each(|doc| bits.insert(*doc)))?;
        }
        docs.extend(bits.iter());
        Ok(docs)
    }

    /// Keeps the documents in which any of the terms stands.
    fn intersect(&self, docs: &mut Vec<u32>, terms: &[TermInfo]) -> Result<()> {
        let mut met = vec![false; docs.len()];
        for info in terms {
            self.meet(info, IndexRecordOption::Basic, docs, |at, _| {
                if let Some(met) = met.get_mut(at) {
                    *met = true;
                }
            })?;
        }
        let mut met = met.into_iter();
        docs.retain(|_| met.next().unwrap_or(false));
        Ok(())
    }

    /// Calls `each` with the blocks of a term: documents and how often it stands in them.
    fn blocks(&self, info: &TermInfo, option: IndexRecordOption, mut each: impl FnMut(&[u32], &[u32])) -> Result<()> {
        let mut block = self.reader.read_block_postings_from_terminfo(info, option).map_err(unread)?;
        while !block.docs().is_empty() {
            self.deadline.tick()?;
            each(block.docs(), block.freqs());
            block.advance();
        }
        Ok(())
    }

    /// Calls `each` with the place in `docs` of every document in which the term stands.
    fn meet(
        &self,
        info: &TermInfo,
        option: IndexRecordOption,
        docs: &[u32],
        mut each: impl FnMut(usize, &mut SegmentPostings),
    ) -> Result<()> {
        let mut postings = self.reader.read_postings_from_terminfo(info, option).map_err(unread)?;
        let (mut at, mut doc) = (0, postings.doc());
        while let Some(own) = docs.get(at) {
            self.deadline.tick()?;
            if doc < *own {
                doc = postings.seek(*own);
            }
            if doc == TERMINATED {
                break;
            }
            if doc == *own {
                each(at, &mut postings);
                at += 1;
                doc = postings.advance();
            } else {
                at += gallop(docs.get(at..).unwrap_or(&[]), doc);
            }
        }
        Ok(())
    }

    /// The first documents of bounded size, at least one, and the others.
    fn piece<'d>(&self, docs: &'d [u32]) -> (&'d [u32], &'d [u32]) {
        let (mut words, mut count) = (0u64, 0usize);
        for doc in docs.iter().take(PIECE_DOCS) {
            words += u64::from((self.length)(*doc));
            count += 1;
            if words > PIECE_WORDS {
                break;
            }
        }
        docs.split_at(count.max(1).min(docs.len()))
    }

    /// Reads where the words stand in these documents, and calls `each` with those in which the phrase does.
    fn arrange(&self, docs: &[u32], each: &mut impl FnMut(u32, u32)) -> Result<()> {
        let tables = self.words.iter().map(|word| self.table(word, docs)).collect::<Result<Vec<Table>>>()?;
        let mut lists: Vec<&[u32]> = Vec::with_capacity(tables.len());
        for (at, doc) in docs.iter().enumerate() {
            lists.clear();
            lists.extend(tables.iter().map(|table| table.of(at)));
            let words = (self.length)(*doc);
            let places = Places { phrase: self.phrase, lists: &lists, words, apart: self.apart };
            let count = places.count(|| self.deadline.tick())?;
            if count > 0 {
                each(*doc, count);
            }
        }
        Ok(())
    }

    fn table(&self, word: &Meant, docs: &[u32]) -> Result<Table> {
        let mut table = Table { starts: Vec::with_capacity(docs.len() + 1), places: Vec::new() };
        match word {
            Meant::Any => {
                for doc in docs {
                    table.begin(table.starts.len());
                    table.places.extend(0..(self.length)(*doc));
                }
            }
            Meant::Terms(terms) => {
                if let [info] = terms.as_slice() {
                    self.meet(info, IndexRecordOption::WithFreqsAndPositions, docs, |at, postings| {
                        table.begin(at);
                        postings.append_positions_with_offset(0, &mut table.places);
                    })?;
                } else {
                    let (mut of, mut places): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
                    for info in terms {
                        self.meet(info, IndexRecordOption::WithFreqsAndPositions, docs, |at, postings| {
                            postings.append_positions_with_offset(0, &mut places);
                            of.resize(places.len(), u32::try_from(at).unwrap_or(u32::MAX));
                        })?;
                    }
                    return Ok(Table::gathered(docs.len(), &of, &places));
                }
            }
        }
        table.begin(docs.len());
        Ok(table)
    }
}

/// The places of one word of the phrase in several documents.
struct Table {
    /// Where each document's places begin, and where the last's end.
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Table {
    /// Says that the next places are those of document `at`; those between have none.
    fn begin(&mut self, at: usize) {
        let end = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.starts.resize(at + 1, end);
    }

    /// Of places in no order: counted, put where they belong, sorted there.
    fn gathered(docs: usize, of: &[u32], places: &[u32]) -> Self {
        let mut starts = vec![0u32; docs + 1];
        for at in of {
            if let Some(count) = starts.get_mut(*at as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let (mut next, mut sorted) = (starts.clone(), vec![0u32; places.len()]);
        for (at, place) in of.iter().zip(places) {
            if let Some(next) = next.get_mut(*at as usize)
                && let Some(free) = sorted.get_mut(*next as usize)
            {
                *free = *place;
                *next += 1;
            }
        }
        for ends in starts.windows(2) {
            if let [from, to] = ends
                && let Some(own) = sorted.get_mut(*from as usize..*to as usize)
            {
                own.sort_unstable();
            }
        }
        Self { starts, places: sorted }
    }

    fn of(&self, at: usize) -> &[u32] {
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(from), Some(to)) => self.places.get(*from as usize..*to as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// How many of `docs` (ascending) are before `doc`; the farther, the longer the steps.
fn gallop(docs: &[u32], doc: u32) -> usize {
    let mut step = 1;
    while docs.get(step).is_some_and(|own| *own < doc) {
        step *= 2;
    }
    let from = step / 2;
    from + docs.get(from..=step).or(docs.get(from..)).unwrap_or(&[]).partition_point(|own| *own < doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gallops_to_the_first_that_is_not_before() {
        let docs: Vec<u32> = (0..100).map(|n| n * 3).collect();
        for doc in 0..310 {
            assert_eq!(gallop(&docs, doc), docs.partition_point(|own| *own < doc), "{doc}");
        }
        assert_eq!(gallop(&[], 5), 0);
    }

    #[test]
    fn places_in_no_order_are_put_in_order_by_document() {
        let table = Table::gathered(4, &[2, 0, 2, 2], &[9, 1, 3, 5]);
        let lists: Vec<&[u32]> = (0..4).map(|at| table.of(at)).collect();
        assert_eq!(lists, [&[1][..], &[], &[3, 5, 9], &[]]);
    }
}
