//! Transcripts that pass several conditions over values at once.
//!
//! *Decision:* segment by segment and document by document. The condition with the fewest documents is walked, the
//! others test what it finds, a block at a time and on arrays of small numbers; only what passes all of them is joined
//! to its transcript. Joining first costs ten times as much for each document tested.
//!
//! *Decision:* where even the narrowest condition has many of a segment's documents, all of them are tested in their own
//! order instead: comparing neighbours takes a tenth of the time of comparing documents that lie about.
use super::context::Context;
use super::values::{Condition, Lookup};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::Column;
use crate::stores::index::tantivy::columns::entries::{Narrow, OneEach};
use std::ops::Range;

/// Documents tested between two looks at the time.
const BLOCK: usize = 1_024;

/// All documents are tested in their order where at least one in so many passes the narrowest condition.
const DENSE_FROM: u64 = 12;

/// Documents looked at together for one that passes.
const GROUP: usize = 32;

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
    let mut keys = Bits::below(snapshot.bound);
    let mut block = Vec::with_capacity(BLOCK);
    for (slot, segment) in snapshot.records.iter().enumerate() {
        context.deadline.check()?;
        let Some(segment) = segment else { continue };
        let mut lookups: Vec<&Lookup> = looked.iter().filter_map(|condition| condition.lookup(slot)).collect();
        lookups.sort_by_cached_key(|lookup| lookup.most());
        let Some((lead, others)) = lookups.split_first().filter(|(lead, _)| lead.most() > 0) else { continue };
        let checks: Vec<Check<'_>> = others.iter().map(|lookup| Check::of(lookup)).collect();
        let documents = segment.cache.keys.len();
        if !checks.is_empty() && lead.most().saturating_mul(DENSE_FROM) >= documents as u64 {
            let leading = Check::of(lead);
            if checks.iter().chain([&leading]).all(Check::is_dense) {
                let tests = Tests { leading: &leading, others: &checks };
                tests.scan(documents, context, |doc| segment.key(doc).into_iter().for_each(|key| keys.insert(key)))?;
                continue;
            }
        }
        for docs in lead.docs().flat_map(|docs| docs.chunks(BLOCK)) {
            context.deadline.tick()?;
            if checks.is_empty() {
                docs.iter().filter_map(|doc| segment.key(*doc)).for_each(|key| keys.insert(key));
                continue;
            }
            block.clear();
            block.extend_from_slice(docs);
            checks.iter().for_each(|check| check.keep(&mut block));
            block.iter().filter_map(|doc| segment.key(*doc)).for_each(|key| keys.insert(key));
        }
    }
    keys.keep(&among);
    Ok(keys)
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

    /// Whether documents are tested as fast side by side.
    fn is_dense(&self) -> bool {
        !matches!(self, Check::Other(_))
    }

    /// Clears the marks of the documents from `from` on that do not pass.
    fn mark(&self, from: usize, marks: &mut [u8]) {
        match self {
            Check::Within(OneEach::Small(own), range) => mark_within(marks, own, from, range),
            Check::Within(OneEach::Middle(own), range) => mark_within(marks, own, from, range),
            Check::Within(OneEach::Large(own), range) => mark_within(marks, own, from, range),
            Check::Listed(OneEach::Small(own), listed) => {
                mark_in(marks, own, from, |entry| is_in(listed, entry.into()))
            }
            Check::Listed(OneEach::Middle(own), listed) => {
                mark_in(marks, own, from, |entry| is_in(listed, entry.into()))
            }
            Check::Listed(OneEach::Large(own), listed) => mark_in(marks, own, from, |entry| is_in(listed, entry)),
            Check::Other(_) => {}
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

/// Conditions that a segment's documents are tested with in their order.
struct Tests<'t> {
    leading: &'t Check<'t>,
    others: &'t [Check<'t>],
}

impl Tests<'_> {
    /// Calls `each` with the documents that pass.
    fn scan(&self, documents: usize, context: &Context<'_>, mut each: impl FnMut(u32)) -> Result<()> {
        let mut marks = [0; BLOCK];
        for from in (0..documents).step_by(BLOCK) {
            context.deadline.tick()?;
            let Some(marks) = marks.get_mut(..BLOCK.min(documents - from)) else { break };
            marks.fill(1);
            self.leading.mark(from, marks);
            self.others.iter().for_each(|check| check.mark(from, marks));
            for (group, marks) in marks.chunks(GROUP).enumerate() {
                if marks.iter().any(|mark| *mark != 0) {
                    let first = u32::try_from(from + group * GROUP).unwrap_or(u32::MAX);
                    let passing = (first..).zip(marks).filter(|(_, mark)| **mark != 0);
                    passing.for_each(|(doc, _)| each(doc));
                }
            }
        }
        Ok(())
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

/// Clears the marks of documents whose entry does not lie in the range. Compared as narrow as they are kept, so that the
/// processor takes many at once; what stands for none is greater than every value.
#[inline]
fn mark_within<T: Narrow>(marks: &mut [u8], entries: &[T], from: usize, range: &Range<u32>) {
    let (start, length) = (T::narrow(range.start), T::narrow(range.end.saturating_sub(range.start)));
    mark_in(marks, entries, from, |entry| entry.is_within(start, length));
}

/// Clears the marks of documents whose entry does not pass; `marks` are of the documents from `from` on.
#[inline]
fn mark_in<T: Narrow>(marks: &mut [u8], entries: &[T], from: usize, passes: impl Fn(T) -> bool) {
    let own = entries.get(from..).unwrap_or(&[]);
    let (with, without) = marks.split_at_mut(own.len().min(marks.len()));
    for (mark, entry) in with.iter_mut().zip(own) {
        *mark &= u8::from(passes(*entry));
    }
    without.fill(0);
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
        mark_in(&mut marks, &entries, 2, |entry| is_in(&[true, true, false, true], entry.into()));
        assert_eq!(marks, [0, 0, 1, 0]);
        mark_in(&mut marks, &entries, 9, |_: u8| true);
        assert_eq!(marks, [0; 4]);
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
