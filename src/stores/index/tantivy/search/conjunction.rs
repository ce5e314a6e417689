//! Transcripts that pass several conditions over values at once.
//!
//! *Decision:* segment by segment and document by document. The condition with the fewest documents is walked, the
//! others test what it finds, a block at a time and on arrays of small numbers; only what passes all of them is joined
//! to its transcript, if it is at all ([`super::matches`]). Joining first costs ten times as much for each document tested.
//!
//! *Decision:* where even the narrowest condition has many of a segment's documents, all of them are tested in their own
//! order instead: comparing neighbours takes a twentieth of the time of comparing documents that lie about. Only what is
//! no simple range is tested on what is left.
use super::context::Context;
use super::matches::Matches;
use super::values::{Condition, Lookup};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::entries::{Narrow, OneEach};
use crate::stores::index::tantivy::columns::{Column, LEVEL};
use crate::stores::index::tantivy::records::RecordSegment;
use fearless_simd::{Simd, dispatch};
use std::ops::Range;

/// Documents tested between two looks at the time.
const BLOCK: usize = 1_024;

/// Ranges are tested on all documents in their order where at least one in so many passes the narrowest condition.
const SCANNED: u64 = 24;

/// The narrowest condition is tested like the others where it leaves at least one in so many.
const SCANNED_TOO: u64 = 4;

/// Up to so many different entries, which of them pass is written down before documents are tested.
const LISTED_MOST: usize = 4_096;

/// The transcripts in scope that pass all of these.
pub fn matching(context: &Context<'_>, conditions: &[Condition]) -> Result<Bits> {
    let snapshot = context.snapshot;
    let mut among = context.scope.clone();
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
    let (mut passing, mut block) = (Bits::below(documents), Vec::with_capacity(BLOCK));
    let one_in = |part: u64| lead.most().saturating_mul(part) >= u64::from(documents);
    let (mut scanned, others): (Vec<_>, Vec<_>) =
        others.iter().map(|lookup| Check::of(lookup)).partition(|check| one_in(SCANNED) && check.is_within());
    let leading = Check::of(lead);
    if !scanned.is_empty() && one_in(SCANNED_TOO) && leading.is_within() {
        passing = Bits::full(documents);
        scanned.push(leading);
    } else {
        let first: &[Check<'_>] = if scanned.is_empty() { &others } else { &[] };
        for docs in lead.docs().flat_map(|docs| docs.chunks(BLOCK)) {
            context.deadline.tick()?;
            let mut docs = docs;
            if !first.is_empty() {
                block.clear();
                block.extend_from_slice(docs);
                first.iter().for_each(|check| check.keep(&mut block));
                docs = &block;
            }
            docs.iter().for_each(|doc| passing.insert(*doc));
        }
    }
    if !scanned.is_empty() {
        scan(context, &scanned, &mut passing)?;
        if !others.is_empty() {
            passing = tested(context, &passing, &others)?;
        }
    }
    segment.keep_there(&mut passing);
    Ok(passing)
}

/// Takes out the documents that do not pass, all in their order.
fn scan(context: &Context<'_>, checks: &[Check<'_>], passing: &mut Bits) -> Result<()> {
    let mut marks = [0; BLOCK];
    for from in (0..passing.room()).step_by(BLOCK) {
        context.deadline.tick()?;
        marks.fill(1);
        checks.iter().for_each(|check| check.mark(from, &mut marks));
        passing.keep_marked(from, &marks);
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

    /// Clears the marks of the documents from `from` on that do not pass; only for those that are tested so.
    fn mark(&self, from: usize, marks: &mut [u8]) {
        let Check::Within(entries, range) = self else { return };
        match entries {
            OneEach::Small(own) => mark_within(marks, own, from, range),
            OneEach::Middle(own) => mark_within(marks, own, from, range),
            OneEach::Large(own) => mark_within(marks, own, from, range),
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

/// Clears the marks of documents whose entry does not lie in the range; `marks` are of the documents from `from` on.
fn mark_within<T: Narrow>(marks: &mut [u8], entries: &[T], from: usize, range: &Range<u32>) {
    let own = entries.get(from..).unwrap_or(&[]);
    let (with, without) = marks.split_at_mut(own.len().min(marks.len()));
    dispatch!(*LEVEL, simd => mark_each(simd, with, own, range));
    without.fill(0);
}

/// Compared as narrow as they are kept, in the widest instructions the processor has; what stands for none is greater than
/// every value.
#[inline(always)]
fn mark_each<S: Simd, T: Narrow>(_: S, marks: &mut [u8], entries: &[T], range: &Range<u32>) {
    let (start, length) = (T::narrow(range.start), T::narrow(range.end.saturating_sub(range.start)));
    for (mark, entry) in marks.iter_mut().zip(entries) {
        *mark &= u8::from(entry.is_within(start, length));
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

    #[test]
    fn neighbours_are_marked_as_documents_are_kept() {
        let entries = [0u8, 3, u8::MAX, 2, 3];
        let mut marks = [1; 4];
        mark_within(&mut marks, &entries, 2, &(2..4));
        assert_eq!(marks, [0, 1, 1, 0], "none has no value, and there is no sixth document");
        mark_within(&mut marks, &entries, 3, &(2..3));
        assert_eq!(marks, [0, 0, 0, 0]);
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
