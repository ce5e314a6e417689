//! Rows of one value: by score descending where scores are not the order itself, then by transcript id ascending.
use super::context::Context;
use super::score;
use crate::stores::error::Result;
use crate::stores::index::tantivy::columns::Column;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// From so many ids of one segment on they are read whole.
const TIDS_WHOLE: usize = 48;

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

/// Puts the first `first` of these in place.
fn order_by_tid(context: &Context<'_>, keys: &mut [u32], first: usize) -> Result<()> {
    let columns = columns(context, keys)?;
    let mut rows: Vec<(Cow<'_, str>, u32)> = Vec::with_capacity(keys.len());
    for (key, at) in keys.iter().zip(1usize..) {
        if at.is_multiple_of(256) {
            context.deadline.tick()?;
        }
        let entry = context.snapshot.entries.get(*key);
        let place = entry.and_then(|entry| context.snapshot.segment(entry.slot).map(|segment| (entry, segment)));
        let tid = match place {
            Some((entry, segment)) => {
                segment.cache.tid(entry.doc, columns.get(&entry.slot).and_then(|column| column.as_deref()))?
            }
            None => Cow::Borrowed(""),
        };
        rows.push((tid, *key));
    }
    if first > 0 && first < rows.len() {
        rows.select_nth_unstable(first - 1);
    }
    if let Some(shown) = rows.get_mut(..first) {
        shown.sort_unstable();
    }
    for (place, (_, key)) in keys.iter_mut().zip(&rows) {
        *place = *key;
    }
    Ok(())
}

/// The columns of ids of the segments in which many of these stand.
fn columns(context: &Context<'_>, keys: &[u32]) -> Result<HashMap<u32, Option<Arc<Column>>>> {
    let mut asked: HashMap<u32, usize> = HashMap::new();
    for entry in keys.iter().filter_map(|key| context.snapshot.entries.get(*key)) {
        *asked.entry(entry.slot).or_default() += 1;
    }
    let mut columns = HashMap::new();
    for (slot, count) in asked {
        if let Some(segment) = context.snapshot.segment(slot) {
            columns.insert(slot, segment.cache.tids(count >= TIDS_WHOLE)?);
        }
    }
    Ok(columns)
}
