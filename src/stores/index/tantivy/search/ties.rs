//! Rows of one value: by score descending where scores are not the order itself, then by transcript id ascending.
use super::context::Context;
use super::score;
use crate::stores::error::Result;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

/// The keys of `rows` (sorted by value) that stand in `window`, ties settled.
pub fn settle<V: PartialEq>(
    context: &Context<'_>,
    rows: Vec<(V, u32)>,
    window: &Range<usize>,
    by_score: bool,
) -> Result<Vec<u32>> {
    let mut keys: Vec<u32> = rows.iter().map(|(_, key)| *key).collect();
    let mut from = 0;
    for group in rows.chunk_by(|a, b| a.0 == b.0) {
        let to = from + group.len();
        if group.len() > 1
            && from < window.end
            && to > window.start
            && let Some(own) = keys.get_mut(from..to)
        {
            let last = window.end.min(to) - from;
            if by_score && !context.scored.is_empty() {
                order_by_score(context, own, last)?;
            } else {
                order_by_tid(context, own, last)?;
            }
        }
        from = to;
    }
    let end = window.end.min(keys.len());
    Ok(keys.get(window.start.min(end)..end).unwrap_or(&[]).to_vec())
}

/// Puts the first `first` of these in place.
fn order_by_score(context: &Context<'_>, keys: &mut [u32], first: usize) -> Result<()> {
    let scores = score::of(context, keys)?;
    let mut rows: Vec<(Reverse<i64>, u32)> =
        scores.into_iter().map(|own| Reverse(score::rank(own))).zip(keys.iter().copied()).collect();
    rows.sort_unstable();
    for (place, (_, key)) in keys.iter_mut().zip(&rows) {
        *place = *key;
    }
    let mut from = 0;
    for group in rows.chunk_by(|a, b| a.0 == b.0) {
        let to = from + group.len();
        if group.len() > 1
            && from < first
            && let Some(own) = keys.get_mut(from..to)
        {
            order_by_tid(context, own, first.min(to) - from)?;
        }
        from = to;
    }
    Ok(())
}

/// Puts the first `first` of these in place, by transcript id.
///
/// *Decision:* within a segment the ids' ordinals sort as the ids do, so that texts are read only where two segments
/// meet, and only as many as are shown: reading the ids of 100,000 transcripts would take 50 ms after every merge.
fn order_by_tid(context: &Context<'_>, keys: &mut [u32], first: usize) -> Result<()> {
    let mut by_slot: HashMap<u32, Vec<(u64, u32)>> = HashMap::new();
    for (key, at) in keys.iter().zip(1usize..) {
        if at.is_multiple_of(256) {
            context.deadline.tick()?;
        }
        let Some(entry) = context.snapshot.entries.get(*key) else { continue };
        let Some(segment) = context.snapshot.segment(entry.slot) else { continue };
        by_slot.entry(entry.slot).or_default().push((segment.cache.tid_ordinal(entry.doc)?, *key));
    }
    let mut sorted = Vec::with_capacity(first);
    for (slot, mut rows) in by_slot {
        if first > 0 && first < rows.len() {
            rows.select_nth_unstable(first - 1);
            rows.truncate(first);
        }
        rows.sort_unstable();
        sorted.push((slot, rows.into_iter()));
    }
    let mut merged = Vec::with_capacity(first);
    if let [(_, rows)] = sorted.as_mut_slice() {
        merged.extend(rows.map(|(_, key)| key));
    } else {
        let mut heads = BinaryHeap::new();
        for (at, (slot, rows)) in sorted.iter_mut().enumerate() {
            heads.extend(head(context, *slot, rows)?.map(|(tid, key)| Reverse((tid, key, at))));
        }
        while let Some(Reverse((_, key, at))) = heads.pop() {
            merged.push(key);
            if merged.len() >= first {
                break;
            }
            if let Some((slot, rows)) = sorted.get_mut(at) {
                heads.extend(head(context, *slot, rows)?.map(|(tid, key)| Reverse((tid, key, at))));
            }
        }
    }
    // Those behind the first are not shown: what stands there does not matter.
    for (place, key) in keys.iter_mut().zip(merged) {
        *place = key;
    }
    Ok(())
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
