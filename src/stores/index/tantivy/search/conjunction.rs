//! Transcripts that pass several conditions over values at once.
//!
//! *Decision:* segment by segment and document by document. The condition with the fewest documents is walked, the
//! others test what it finds, a block at a time and on arrays of small numbers; only what passes all of them is joined
//! to its transcript, if it is at all ([`super::matches`]). Joining first costs ten times as much for each document tested.
//!
//! *Decision:* where even the narrowest condition has many of a segment's documents, all of them are tested in their own
//! order instead: comparing neighbours takes a twentieth of the time of comparing documents that lie about. Only what is
//! no simple range is tested on what is left. So is the narrowest condition itself, where its documents are so many that
//! entering them one by one takes longer than looking at all.
use super::context::Context;
use super::matches::Matches;
use super::values::{Condition, Lookup};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::entries::{Narrow, OneEach, TOGETHER};
use crate::stores::index::tantivy::columns::{Column, LEVEL};
use crate::stores::index::tantivy::records::RecordSegment;
use fearless_simd::{Simd, dispatch};
use std::ops::Range;

/// Documents tested between two looks at the time.
const BLOCK: usize = 1_024;
/// The same where all are tested in their order.
const SCANNED_BLOCK: usize = 8_192;

/// Ranges are tested on all documents in their order where at least one in so many passes the narrowest condition.
const SCANNED: u64 = 24;

/// Entering one document takes as long as comparing the numbers of all others in so many bytes.
const BYTES_PER_ENTERED: u64 = 32;

/// Up to so many different entries, which of them pass is written down before documents are tested.
const LISTED_MOST: usize = 4_096;

/// The transcripts in scope that pass all of these.
pub fn matching(context: &Context<'_>, conditions: &[Condition]) -> Result<Bits> {
    let snapshot = context.snapshot;
    let mut among = context.scope().clone();
    conditions.iter().filter_map(Condition::only).for_each(|only| among.keep(only));
    let looked: Vec<&Condition> = conditions.iter().filter(|condition| !condition.is_keys()).collect();
    if looked.is_empty() {
        return Ok(among);
    }
    let mut keys = Matches::of_docs(snapshot, documents(context, &looked)?).into_keys();
    keys.keep(&among);
    Ok(keys)
}

/// The documents by slot that pass all of these, whatever their folders.
pub fn documents(context: &Context<'_>, conditions: &[&Condition]) -> Result<Vec<Bits>> {
    let passing = |(slot, segment): (usize, &Option<RecordSegment>)| {
        context.deadline.check()?;
        let Some(segment) = segment else { return Ok(Bits::default()) };
        let lookups = conditions.iter().filter_map(|condition| condition.lookup(slot)).collect();
        passing(context, segment, lookups)
    };
    context.snapshot.records.iter().enumerate().map(passing).collect()
}

/// The documents of a segment that are still there and pass.
fn passing(context: &Context<'_>, segment: &RecordSegment, mut lookups: Vec<&Lookup>) -> Result<Bits> {
    lookups.sort_by_cached_key(|lookup| lookup.most());
    let Some((lead, others)) = lookups.split_first().filter(|(lead, _)| lead.most() > 0) else {
        return Ok(Bits::default());
    };
    let documents = u32::try_from(segment.cache.keys.len()).unwrap_or(u32::MAX);
    let many = lead.most().saturating_mul(SCANNED) >= u64::from(documents);
    let (mut scanned, others): (Vec<_>, Vec<_>) =
        others.iter().map(|lookup| Check::of(lookup)).partition(|check| many && check.is_within());
    let (mut passing, beside) = match among_all(lead, u64::from(documents)) {
        Some((check, beside)) => {
            scanned.push(check);
            (Bits::full(documents), beside)
        }
        None => {
            let first = if scanned.is_empty() { others.as_slice() } else { &[] };
            (entered(context, lead, first, documents)?, [[].as_slice(); 2])
        }
    };
    if !scanned.is_empty() {
        scan(context, &scanned, &mut passing)?;
        beside.into_iter().flatten().for_each(|doc| passing.remove(*doc));
        if !others.is_empty() {
            passing = tested(context, &passing, &others)?;
        }
    }
    segment.keep_there(&mut passing);
    Ok(passing)
}

/// The narrowest condition as one that all documents are tested with, where that is faster than entering those that pass;
/// with the documents that pass the test and not the condition.
fn among_all(lead: &Lookup, documents: u64) -> Option<(Check<'_>, [&[u32]; 2])> {
    let (Lookup::Values(column, _), Check::Within(entries, range)) = (lead, Check::of(lead)) else { return None };
    let (entries, range, beside) = match column.coarse() {
        Some(coarse) => {
            let (parts, beside) = coarse.around(&range);
            (OneEach::Small(coarse.parts()), parts, beside.map(|values| column.docs(values)))
        }
        None => (entries, range, [[].as_slice(); 2]),
    };
    let taken_out = beside.iter().map(|docs| docs.len() as u64).sum::<u64>();
    let costs = documents * entries.bytes_each() / BYTES_PER_ENTERED + taken_out;
    (costs < lead.most()).then_some((Check::Within(entries, range), beside))
}

/// The documents of the narrowest condition that pass the others.
fn entered(context: &Context<'_>, lead: &Lookup, others: &[Check<'_>], documents: u32) -> Result<Bits> {
    let (mut passing, mut block) = (Bits::below(documents), Vec::with_capacity(BLOCK));
    for mut docs in lead.docs().flat_map(|docs| docs.chunks(BLOCK)) {
        context.deadline.tick()?;
        if !others.is_empty() {
            block.clear();
            block.extend_from_slice(docs);
            others.iter().for_each(|check| check.keep(&mut block));
            docs = &block;
        }
        docs.iter().for_each(|doc| passing.insert(*doc));
    }
    Ok(passing)
}

/// Takes out the documents that do not pass, all in their order.
fn scan(context: &Context<'_>, checks: &[Check<'_>], passing: &mut Bits) -> Result<()> {
    for (words, from) in passing.words_mut().chunks_mut(SCANNED_BLOCK / TOGETHER).zip((0..).step_by(SCANNED_BLOCK)) {
        context.deadline.tick()?;
        checks.iter().for_each(|check| check.keep_all(from, words));
    }
    Ok(())
}

/// Those of these documents that pass, one after the other.
fn tested(context: &Context<'_>, docs: &Bits, checks: &[Check<'_>]) -> Result<Bits> {
    let mut passing = Bits::below(u32::try_from(docs.room()).unwrap_or(u32::MAX));
    let (mut docs, mut block) = (docs.iter(), Vec::with_capacity(BLOCK));
    loop {
        context.deadline.tick()?;
        block.clear();
        block.extend(docs.by_ref().take(BLOCK));
        if block.is_empty() {
            return Ok(passing);
        }
        checks.iter().for_each(|check| check.keep(&mut block));
        block.iter().for_each(|doc| passing.insert(*doc));
    }
}

/// A condition that documents are tested with.
enum Check<'c> {
    /// Each document's only entry lies here.
    Within(OneEach<'c>, Range<u32>),
    /// Each document's only entry is one of these.
    Listed(OneEach<'c>, Vec<bool>),
    /// All else.
    Other(&'c Lookup),
}

impl<'c> Check<'c> {
    fn of(lookup: &'c Lookup) -> Self {
        let Lookup::Values(column, ranges) = lookup else { return Check::Other(lookup) };
        match (column.one_each(), ranges.as_slice()) {
            (Some(entries), [range]) if column.entries_are_values() => Check::Within(entries, range.clone()),
            (Some(entries), _) if column.kinds_of_entries() <= LISTED_MOST => {
                Check::Listed(entries, listed(column, ranges))
            }
            _ => Check::Other(lookup),
        }
    }

    /// Whether documents are tested many at a time side by side.
    fn is_within(&self) -> bool {
        matches!(self, Check::Within(..))
    }

    /// Takes the documents from `from` on that do not pass out of a part of a set; only for those that are tested so.
    fn keep_all(&self, from: usize, words: &mut [u64]) {
        let Check::Within(entries, range) = self else { return };
        match entries {
            OneEach::Small(own) => keep_within(words, own, from, range),
            OneEach::Middle(own) => keep_within(words, own, from, range),
            OneEach::Large(own) => keep_within(words, own, from, range),
        }
    }

    /// Keeps the documents that pass.
    fn keep(&self, docs: &mut Vec<u32>) {
        match self {
            Check::Within(OneEach::Small(own), range) => keep_in(docs, own, |entry| range.contains(&entry)),
            Check::Within(OneEach::Middle(own), range) => keep_in(docs, own, |entry| range.contains(&entry)),
            Check::Within(OneEach::Large(own), range) => keep_in(docs, own, |entry| range.contains(&entry)),
            Check::Listed(OneEach::Small(own), listed) => keep_in(docs, own, |entry| is_in(listed, entry)),
            Check::Listed(OneEach::Middle(own), listed) => keep_in(docs, own, |entry| is_in(listed, entry)),
            Check::Listed(OneEach::Large(own), listed) => keep_in(docs, own, |entry| is_in(listed, entry)),
            Check::Other(lookup) => docs.retain(|doc| lookup.matches(*doc)),
        }
    }
}

/// Which entries of a column have a value in these ranges.
fn listed(column: &Column, ranges: &[Range<u32>]) -> Vec<bool> {
    let kinds = u32::try_from(column.kinds_of_entries()).unwrap_or(u32::MAX);
    let passes = |entry: u32| {
        let value = column.value(entry);
        let at = ranges.partition_point(|range| range.end <= value);
        ranges.get(at).is_some_and(|range| range.contains(&value))
    };
    (0..kinds).map(passes).collect()
}

/// Keeps of the documents from `from` on, 64 in a word, those whose entry lies in the range.
fn keep_within<T: Narrow>(words: &mut [u64], entries: &[T], from: usize, range: &Range<u32>) {
    let own = entries.get(from..).unwrap_or(&[]);
    dispatch!(*LEVEL, simd => keep_each(simd, words, own, range));
}

/// Compared as narrow as they are kept, in the widest instructions the processor has; what stands for none is greater than
/// every value.
#[inline(always)]
fn keep_each<S: Simd, T: Narrow>(simd: S, words: &mut [u64], entries: &[T], range: &Range<u32>) {
    let (start, length) = (T::narrow(range.start), T::narrow(range.end.saturating_sub(range.start)));
    let (whole, rest) = entries.as_chunks::<TOGETHER>();
    let (with, without) = words.split_at_mut(whole.len().min(words.len()));
    for (word, entries) in with.iter_mut().zip(whole) {
        *word &= T::are_within(simd, entries, start, length);
    }
    for (at, word) in without.iter_mut().enumerate() {
        let rest = if at == 0 { rest } else { &[] };
        let passing = rest.iter().zip(0..).map(|(entry, at)| u64::from(entry.is_within(start, length)) << at);
        *word &= passing.sum::<u64>();
    }
}

#[inline]
fn is_in(listed: &[bool], entry: u32) -> bool {
    listed.get(entry as usize).copied().unwrap_or(false)
}

/// Keeps the documents whose entry passes; the number that stands for none never does. Without a branch for each: which
/// way it goes is a coin's toss.
#[inline]
fn keep_in<T: Narrow>(docs: &mut Vec<u32>, entries: &[T], passes: impl Fn(u32) -> bool) {
    let mut kept = 0;
    for at in 0..docs.len() {
        let Some(doc) = docs.get(at).copied() else { break };
        let entry = entries.get(doc as usize).copied().unwrap_or(T::NONE);
        if let Some(place) = docs.get_mut(kept) {
            *place = doc;
        }
        kept += usize::from(passes(entry.into()) & (entry != T::NONE));
    }
    docs.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::builtins::BUILTINS;
    use crate::query::resolved::Target;
    use crate::stores::index::tantivy::schema::LAST_MODIFIED;
    use std::sync::Arc;
    use tantivy::schema::{FAST, SchemaBuilder};
    use tantivy::{Index, TantivyDocument, doc};

    #[test]
    fn neighbours_are_kept_as_documents_are() {
        let entries: Vec<u8> = (0..200u32).map(|at| if at == 70 { u8::MAX } else { (at % 9) as u8 }).collect();
        for from in [0, 64, 128] {
            let mut words = [u64::MAX, u64::MAX >> 1, u64::MAX, u64::MAX];
            keep_within(&mut words, &entries, from, &(2..5));
            for at in 0..256 {
                let passes = entries.get(from + at).is_some_and(|entry| (2..5).contains(entry)) && at != 127;
                assert_eq!(words[at / 64] >> (at % 64) & 1 == 1, passes, "{at} from {from}");
            }
        }
        let (middle, large): (Vec<u16>, Vec<u32>) = ((0..64).map(|at| at * 1_000).collect(), (0..64).rev().collect());
        let (mut of_middle, mut of_large) = ([u64::MAX], [u64::MAX]);
        keep_within(&mut of_middle, &middle, 0, &(1_000..3_001));
        keep_within(&mut of_large, &large, 0, &(0..2));
        assert_eq!((of_middle, of_large), ([0b1110], [3 << 62]));
    }

    /// A column of instants in which one document of a hundred has none.
    fn column(values: impl Iterator<Item = i64>) -> Arc<Column> {
        let mut schema = SchemaBuilder::new();
        let field = schema.add_i64_field(LAST_MODIFIED, FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, 64 << 20).unwrap();
        for (value, at) in values.zip(0..) {
            writer.add_document(if at % 100 == 7 { doc!() } else { doc!(field => value) }).unwrap();
        }
        writer.commit().unwrap();
        let target = Target::Builtin(BUILTINS.iter().find(|own| own.name == LAST_MODIFIED).unwrap());
        let searcher = index.reader().unwrap().searcher();
        Arc::new(Column::read(searcher.segment_reader(0), target).unwrap())
    }

    #[test]
    fn many_of_many_values_are_found_among_all() {
        // Three of four values once, the rest often: 75,000 different ones, which take four bytes.
        let values = |at: i64| if at % 4 == 0 { at % 7 } else { at * 7_919 % 100_003 };
        let column = column((0..100_000).map(values));
        assert!(column.coarse().is_some());
        let mut among = 0;
        for at in 0..200u32 {
            let from = at * 7_919 % column.values();
            let range = from..(from + 1 + at * 377 % 40_000).min(column.values());
            let lead = Lookup::Values(column.clone(), vec![range.clone()]);
            let Some((check, beside)) = among_all(&lead, 100_000) else { continue };
            let mut found = Bits::full(100_000);
            check.keep_all(0, found.words_mut());
            beside.into_iter().flatten().for_each(|doc| found.remove(*doc));
            let mut entered = Bits::below(100_000);
            lead.docs().flatten().for_each(|doc| entered.insert(*doc));
            assert!(found == entered, "{range:?}");
            among += 1;
        }
        assert!(among > 100, "{among}");
    }

    #[test]
    fn documents_are_kept_in_order() {
        let entries = [0u8, 3, u8::MAX, 2, 3];
        let mut docs = vec![4, 0, 2, 1, 3, 9];
        keep_in(&mut docs, &entries, |entry| entry >= 2);
        assert_eq!(docs, [4, 1, 3]);
        keep_in(&mut docs, &entries, |entry| is_in(&[true, true, true], entry));
        assert_eq!(docs, [3]);
    }
}
