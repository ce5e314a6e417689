//! Rows that are alike in everything but their transcript: by transcript id ascending, then by key.
use super::context::Context;
use crate::stores::error::Result;
use crate::stores::index::tantivy::records::RecordCache;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The first `first` of these in order; with `after`, of those that come after this id and key.
///
/// *Decision:* within a segment the ids' ordinals sort as the ids do, so that texts are read only where two segments
/// meet, and only as many as are shown: reading the ids of 100,000 transcripts would take 50 ms after every merge.
pub fn by_tid(context: &Context<'_>, keys: &[u32], first: usize, after: Option<(&str, u32)>) -> Result<Vec<u32>> {
    let mut by_slot: HashMap<u32, Vec<(u64, u32)>> = HashMap::new();
    for (key, at) in keys.iter().zip(1usize..) {
        if at.is_multiple_of(256) {
            context.deadline.tick()?;
        }
        let Some(entry) = context.snapshot.entries.get(*key) else { continue };
        let Some(segment) = context.snapshot.segment(entry.slot) else { continue };
        by_slot.entry(entry.slot).or_default().push((segment.cache.tid_ordinal(entry.doc)?, *key));
    }
    let mut sorted = Vec::with_capacity(by_slot.len());
    for (slot, mut rows) in by_slot {
        if let (Some((tid, key)), Some(segment)) = (after, context.snapshot.segment(slot)) {
            let (same, later) = ordinals(&segment.cache, &rows, tid)?;
            rows.retain(|row| row.0 >= later || (Some(row.0) == same && row.1 > key));
        }
        if first > 0 && first < rows.len() {
            rows.select_nth_unstable(first - 1);
            rows.truncate(first);
        }
        rows.sort_unstable();
        sorted.push((slot, rows.into_iter()));
    }
    let mut merged = Vec::with_capacity(first.min(keys.len()));
    if let [(_, rows)] = sorted.as_mut_slice() {
        merged.extend(rows.take(first).map(|(_, key)| key));
        return Ok(merged);
    }
    let mut heads = BinaryHeap::new();
    for (at, (slot, rows)) in sorted.iter_mut().enumerate() {
        heads.extend(head(context, *slot, rows)?.map(|(tid, key)| Reverse((tid, key, at))));
    }
    while merged.len() < first {
        let Some(Reverse((_, key, at))) = heads.pop() else { break };
        merged.push(key);
        if let Some((slot, rows)) = sorted.get_mut(at) {
            heads.extend(head(context, *slot, rows)?.map(|(tid, key)| Reverse((tid, key, at))));
        }
    }
    Ok(merged)
}

/// Of the ordinals of these rows: the one of `tid`, and the least that is greater than it.
fn ordinals(cache: &RecordCache, rows: &[(u64, u32)], tid: &str) -> Result<(Option<u64>, u64)> {
    let mut own: Vec<u64> = rows.iter().map(|row| row.0).collect();
    own.sort_unstable();
    own.dedup();
    let (mut low, mut high, mut same) = (0, own.len(), None);
    while low < high {
        let middle = low.midpoint(high);
        let Some(ordinal) = own.get(middle).copied() else { break };
        match cache.tid(ordinal)?.as_str().cmp(tid) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => {
                same = Some(ordinal);
                low = middle + 1;
            }
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok((same, own.get(low).copied().unwrap_or(u64::MAX)))
}

/// The next of a segment's rows, with its id.
fn head(
    context: &Context<'_>,
    slot: u32,
    rows: &mut impl Iterator<Item = (u64, u32)>,
) -> Result<Option<(String, u32)>> {
    let (Some((ordinal, key)), Some(segment)) = (rows.next(), context.snapshot.segment(slot)) else { return Ok(None) };
    Ok(Some((segment.cache.tid(ordinal)?, key)))
}
