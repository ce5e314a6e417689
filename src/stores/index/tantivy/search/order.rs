//! The rows of the page, in order.
//!
//! *Decision:* two ways to the same rows. When much matches, each segment's sorted column is walked and the walks are
//! merged until the page is full: 20 rows of 100,000 cost 20 steps. When little matches, the value of each match is
//! looked up and the best are kept. Which is cheaper is known from the total.
use super::best::{Best, compare};
use super::context::Context;
use super::score;
use super::ties;
use crate::base::fold;
use crate::domain::fields::definition::Storage;
use crate::query::resolved::{SortBy, Target};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::Column;
use crate::stores::index::tantivy::entries::Entry;
use crate::stores::index::tantivy::records::RecordSegment;
use crate::stores::index::tantivy::schema;
use std::collections::HashMap;
use std::sync::Arc;

/// Steps of a walk that cost as much as looking up one value.
const STEPS_PER_LOOKUP: u64 = 8;
/// Rows between two looks at the time.
const STEP: usize = 256;

/// The keys of the page in order, with their scores.
pub fn page(context: &Context<'_>, matching: &Bits, total: u64) -> Result<Vec<(u32, f64)>> {
    let search = context.search;
    let window = search.offset..search.offset.saturating_add(search.size);
    if search.size == 0 || total <= window.start as u64 {
        return Ok(Vec::new());
    }
    let Some(first) = search.order.first() else { return Ok(Vec::new()) };
    let SortBy::Values(source) = &first.by else {
        let rows = score::best(context, matching, window.end, first.descending)?;
        let scored: HashMap<u32, i64> = rows.iter().map(|(rank, key)| (*key, *rank)).collect();
        let keys = ties::settle(context, rows, &window, false)?;
        let score = |key: &u32| scored.get(key).map_or(0.0, |rank| score::of_rank(*rank));
        return Ok(keys.iter().map(|key| (*key, score(key))).collect());
    };
    let Some(target) = source.targets.first() else { return Ok(Vec::new()) };
    let keys = by_value(context, matching, total, *target, &window)?;
    let scores = score::of(context, &keys)?;
    Ok(keys.into_iter().zip(scores).collect())
}

type Window = std::ops::Range<usize>;

fn by_value(context: &Context<'_>, matching: &Bits, total: u64, target: Target, window: &Window) -> Result<Vec<u32>> {
    let descending = context.descending();
    if let Target::Builtin(builtin) = target
        && builtin.name == schema::FOLDER
    {
        let names: HashMap<u32, String> =
            context.search.folder_names.iter().map(|(id, name)| (id.0, fold::fold_value(name.as_str()))).collect();
        let rows = look_up(context, matching, window.end, |_, entry| names.get(&entry.folder).map(String::as_str))?;
        return ties::settle(context, rows, window, true);
    }
    if target.storage() == Storage::Words {
        // A text has no place in an order: all are missing.
        let rows = matching.iter().map(|key| ((), key)).collect();
        return ties::settle(context, rows, window, true);
    }
    let columns = Columns::of(context, target)?;
    if target.storage() == Storage::Keyword {
        let rows = columns.rows(context, matching, total, window.end, |column, doc| match column {
            Column::Keywords(own) => own.end(doc, descending).map(|value| own.folded().get(value as usize)),
            Column::Numbers(_) => None,
        })?;
        return ties::settle(context, rows, window, true);
    }
    let rows = columns.rows(context, matching, total, window.end, |column, doc| match column {
        Column::Numbers(own) => own.end(doc, descending),
        Column::Keywords(_) => None,
    })?;
    ties::settle(context, rows, window, true)
}

/// The values of one target, by slot.
struct Columns {
    slots: Vec<Option<Arc<Column>>>,
}

impl Columns {
    fn of(context: &Context<'_>, target: Target) -> Result<Self> {
        let mut slots = Vec::with_capacity(context.snapshot.records.len());
        for segment in &context.snapshot.records {
            context.deadline.check()?;
            slots.push(segment.as_ref().map(|segment| segment.cache.column(target)).transpose()?);
        }
        Ok(Self { slots })
    }

    fn get(&self, slot: u32) -> Option<&Column> {
        self.slots.get(slot as usize)?.as_deref()
    }

    /// The first `room` rows and what ties with the last; those without a value come last, as `None`.
    fn rows<'c, V: Ord + Copy>(
        &'c self,
        context: &Context<'_>,
        matching: &Bits,
        total: u64,
        room: usize,
        value: impl Fn(&'c Column, u32) -> Option<V>,
    ) -> Result<Vec<(Option<V>, u32)>> {
        let live = context.snapshot.live.max(1);
        let steps = live.saturating_mul(room as u64) / total.max(1);
        if steps.min(live) > total.saturating_mul(STEPS_PER_LOOKUP) {
            let value = |_, entry: &Entry| self.get(entry.slot).and_then(|column| value(column, entry.doc));
            return look_up(context, matching, room, value);
        }
        let mut rows: Vec<(Option<V>, u32)> =
            self.walk(context, matching, room, &value)?.into_iter().map(|(value, key)| (Some(value), key)).collect();
        if rows.len() < room && (rows.len() as u64) < total {
            for key in matching.iter() {
                let entry = context.snapshot.entries.get(key);
                let own = entry.and_then(|entry| self.get(entry.slot).and_then(|column| value(column, entry.doc)));
                if own.is_none() {
                    rows.push((None, key));
                }
            }
        }
        Ok(rows)
    }

    /// Merges the walks of all segments.
    fn walk<'c, V: Ord + Copy>(
        &'c self,
        context: &Context<'_>,
        matching: &Bits,
        room: usize,
        value: &impl Fn(&'c Column, u32) -> Option<V>,
    ) -> Result<Vec<(V, u32)>> {
        let descending = context.descending();
        let mut walks = Vec::new();
        for (slot, segment) in (0u32..).zip(&context.snapshot.records) {
            if let (Some(segment), Some(column)) = (segment, self.get(slot)) {
                let mut walk = Walk::new(column, segment, descending);
                if walk.advance(context, matching, value)? {
                    walks.push(walk);
                }
            }
        }
        let mut rows: Vec<(V, u32)> = Vec::new();
        loop {
            let first = walks
                .iter()
                .enumerate()
                .filter_map(|(at, walk)| walk.head.map(|head| (at, head)))
                .min_by(|a, b| compare(a.1.0, b.1.0, descending));
            let Some((at, head)) = first else { return Ok(rows) };
            if rows.len() >= room && rows.last().is_some_and(|last| last.0 != head.0) {
                return Ok(rows);
            }
            rows.push(head);
            if let Some(walk) = walks.get_mut(at) {
                walk.advance(context, matching, value)?;
            }
        }
    }
}

/// One segment's documents in the order of their values.
struct Walk<'c, 's, V> {
    column: &'c Column,
    segment: &'s RecordSegment,
    descending: bool,
    passed: usize,
    /// Documents passed, where one may stand several times: the first time is its least or greatest value.
    seen: Option<Bits>,
    head: Option<(V, u32)>,
}

impl<'c, 's, V: Ord + Copy> Walk<'c, 's, V> {
    fn new(column: &'c Column, segment: &'s RecordSegment, descending: bool) -> Self {
        let many = match column {
            Column::Keywords(own) => own.many(),
            Column::Numbers(own) => own.many(),
        };
        Self { column, segment, descending, passed: 0, seen: many.then(Bits::default), head: None }
    }

    /// On to the next document that matches; false at the end.
    fn advance(
        &mut self,
        context: &Context<'_>,
        matching: &Bits,
        value: &impl Fn(&'c Column, u32) -> Option<V>,
    ) -> Result<bool> {
        let docs = match self.column {
            Column::Keywords(own) => own.docs(),
            Column::Numbers(own) => own.docs(),
        };
        self.head = None;
        while self.passed < docs.len() {
            let at = if self.descending { docs.len() - 1 - self.passed } else { self.passed };
            self.passed += 1;
            if self.passed.is_multiple_of(STEP) {
                context.deadline.tick()?;
            }
            let Some(doc) = docs.get(at).copied() else { continue };
            let Some(key) = self.segment.cache.keys.get(doc as usize).copied() else { continue };
            if !matching.contains(key) || !self.segment.has(doc) {
                continue;
            }
            if let Some(seen) = &mut self.seen {
                if seen.contains(doc) {
                    continue;
                }
                seen.insert_growing(doc);
            }
            if let Some(value) = value(self.column, doc) {
                self.head = Some((value, key));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Looks up the value of each match and keeps the first `room`.
fn look_up<V: Ord + Copy>(
    context: &Context<'_>,
    matching: &Bits,
    room: usize,
    value: impl Fn(u32, &Entry) -> Option<V>,
) -> Result<Vec<(Option<V>, u32)>> {
    let mut best = Best::new(room, context.descending());
    let mut missing = Vec::new();
    for (key, at) in matching.iter().zip(1usize..) {
        if at.is_multiple_of(STEP) {
            context.deadline.tick()?;
        }
        match context.snapshot.entries.get(key).and_then(|entry| value(key, entry)) {
            Some(value) => best.push(value, key),
            None => missing.push(key),
        }
    }
    let mut rows: Vec<(Option<V>, u32)> = best.sorted().into_iter().map(|(value, key)| (Some(value), key)).collect();
    if rows.len() < room {
        rows.extend(missing.into_iter().map(|key| (None, key)));
    }
    Ok(rows)
}
