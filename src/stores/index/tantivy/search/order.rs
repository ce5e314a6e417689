//! The rows of the page, in order.
//!
//! *Decision:* two ways to the same rows. When much matches, each segment's sorted column of the first key is walked and
//! the walks are merged until the page is full: 20 rows of 100,000 cost 20 steps. When little matches, the value of each
//! match is looked up and the best are kept. Which is cheaper is known from the total. A condition on the first key
//! bounds the walk: a week in the middle of a year is not reached over the months before it.
//!
//! *Decision:* rows of one value are a group, and only groups that reach into the page are ordered by the next key. A page
//! that begins after a position begins its walk there: what is before it is never seen, so that the thousandth page costs
//! as much as the first.
use super::best::{Best, compare};
use super::context::Context;
use super::matches::Matches;
use super::score;
use super::source::{Columns, rank_of, shown};
use super::ties;
use super::values::Condition;
use crate::query::resolved::{Node, Position, SortBy, Test, ValueTest};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::{Column, Rank};
use crate::stores::index::tantivy::records::RecordSegment;
use std::borrow::Cow;
use std::ops::Range;

/// Steps of a walk that cost as much as looking up one value.
const STEPS_PER_LOOKUP: u64 = 8;
/// Rows between two looks at the time.
const STEP: usize = 256;

/// The keys of the page in order, with their scores.
pub type Rows = Vec<(u32, f64)>;

/// The rows of the page, and where it ends when that is asked for and rows follow.
pub fn page(context: &Context<'_>, matching: &Matches<'_>, total: u64) -> Result<(Rows, Option<Position>)> {
    let search = context.search;
    if search.size == 0 || total <= search.offset as u64 {
        return Ok((Vec::new(), None));
    }
    let levels = Level::all(context)?;
    let mut page = Page {
        context,
        levels: &levels,
        after: search.after.as_ref(),
        skip: search.offset,
        room: search.size.saturating_add(usize::from(search.paging)),
        rows: Vec::new(),
        rank: None,
    };
    page.fill(matching, total)?;
    let Page { mut rows, .. } = page;
    let follow = rows.len() > search.size;
    rows.truncate(search.size);
    let rows = scored(context, rows)?;
    let next = match rows.last() {
        Some((key, score)) if search.paging && follow => position(context, &levels, *key, *score)?,
        _ => None,
    };
    Ok((rows, next))
}

/// Scores of rows that were not ordered by them are taken for the page alone.
fn scored(context: &Context<'_>, rows: Vec<(u32, Option<i64>)>) -> Result<Rows> {
    let known: Option<Rows> = rows.iter().map(|(key, rank)| Some((*key, score::of_rank((*rank)?)))).collect();
    if let Some(known) = known {
        return Ok(known);
    }
    let keys: Vec<u32> = rows.into_iter().map(|(key, _)| key).collect();
    let scores = score::of(context, &keys)?;
    Ok(keys.into_iter().zip(scores).collect())
}

/// Where a page ends that ends with this row.
fn position(context: &Context<'_>, levels: &[Level], key: u32, score: f64) -> Result<Option<Position>> {
    let Some(entry) = context.snapshot.entries.get(key) else { return Ok(None) };
    let Some(segment) = context.snapshot.segment(entry.slot) else { return Ok(None) };
    let value = |level: &Level| match &level.by {
        By::Score => None,
        By::Values(columns) => columns.rank(key, &entry, level.descending).map(|rank| shown(rank, columns.storage)),
    };
    Ok(Some(Position {
        values: levels.iter().take(context.search.order.len()).map(value).collect(),
        score,
        tid: segment.cache.tid(segment.cache.tid_ordinal(entry.doc)?)?,
        key,
        statistics: context.statistics,
        matching: context.scored.iter().map(|clause| score::matching(context, *clause)).collect::<Result<Vec<_>>>()?,
    }))
}

/// A sort key, looked up.
struct Level {
    by: By,
    descending: bool,
}

enum By {
    Score,
    Values(Columns),
}

impl Level {
    /// The keys asked for, then the score; the transcript id comes after all of them.
    fn all(context: &Context<'_>) -> Result<Vec<Self>> {
        let mut levels = Vec::with_capacity(context.search.order.len() + 1);
        for key in &context.search.order {
            let by = match &key.by {
                SortBy::Score => By::Score,
                SortBy::Values(source) => By::Values(Columns::of(context, source)?),
            };
            levels.push(Level { by, descending: key.descending });
        }
        let by_score = levels.iter().any(|level| matches!(level.by, By::Score));
        let scored = !context.scored.is_empty() || context.likeness.is_some();
        if !by_score && (scored || context.search.after.is_some()) {
            levels.push(Level { by: By::Score, descending: true });
        }
        Ok(levels)
    }
}

/// A page being filled.
struct Page<'p> {
    context: &'p Context<'p>,
    levels: &'p [Level],
    /// Only rows after this one.
    after: Option<&'p Position>,
    /// Rows still to be left out.
    skip: usize,
    /// How many rows are wanted.
    room: usize,
    /// Keys, each with its score where that is known.
    rows: Vec<(u32, Option<i64>)>,
    /// The score of the rows that are pushed now, where it is known.
    rank: Option<i64>,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.rows.len() >= self.room
    }

    /// How many rows matter yet.
    fn wanted(&self) -> usize {
        self.skip.saturating_add(self.room).saturating_sub(self.rows.len())
    }

    /// Takes ordered rows.
    fn push(&mut self, keys: &[u32]) {
        let skipped = self.skip.min(keys.len());
        self.skip -= skipped;
        let room = self.room.saturating_sub(self.rows.len());
        self.rows.extend(keys.iter().skip(skipped).take(room).map(|key| (*key, self.rank)));
    }

    fn fill(&mut self, matching: &Matches<'_>, total: u64) -> Result<()> {
        let after = self.after.is_some();
        match self.levels.first() {
            Some(Level { by: By::Score, descending }) if self.context.by_score() => {
                let edge = self.after.map(|after| score::rank(after.score));
                let best = Best::new(self.wanted(), *descending).after(edge);
                let (equal, rows) = score::best(self.context, matching.keys(), best, *descending)?.sorted();
                self.rank = edge;
                self.settle(&equal, 1, true)?;
                self.groups(&rows, 1, |page, rank| page.rank = Some(rank))
            }
            Some(Level { by: By::Values(columns), descending }) => {
                let spans = spans(self.context, columns)?;
                if !self.walks(columns, &spans, total) {
                    let keys: Vec<u32> = matching.keys().iter().collect();
                    return self.settle(&keys, 0, after);
                }
                let edge = self.after.map(|after| after.values.first().and_then(Option::as_ref).map(rank_of));
                let having = match matching.docs_at_hand() {
                    Some(docs) if columns.are_of_everybody() => Having::Docs(docs),
                    _ => Having::Keys(columns.within(matching.keys())),
                };
                if edge != Some(None) && !self.walk(&spans, *descending, &having, edge.flatten())? {
                    return Ok(());
                }
                // The walk is over and the page is not full: those without a value follow.
                let entries = &self.context.snapshot.entries;
                let missing = |key: &u32| entries.get(*key).and_then(|own| columns.rank(*key, &own, false)).is_none();
                let missing: Vec<u32> = matching.keys().iter().filter(missing).collect();
                self.settle(&missing, 1, edge == Some(None))
            }
            _ => {
                let keys: Vec<u32> = matching.keys().iter().collect();
                self.settle(&keys, 0, after)
            }
        }
    }

    /// Whether walking is cheaper than looking each match up.
    fn walks(&self, columns: &Columns, spans: &[Span<'_>], total: u64) -> bool {
        let all = spans.iter().map(|span| span.column.docs(span.values.clone()).len() as u64).sum::<u64>().max(1);
        let steps = all.saturating_mul(self.wanted() as u64) / total.max(1);
        columns.folders().is_none() && steps.min(all) <= total.saturating_mul(STEPS_PER_LOOKUP)
    }

    /// Merges the walks of all segments, group by group; false when the page is full.
    fn walk(
        &mut self,
        spans: &[Span<'_>],
        descending: bool,
        having: &Having<'_>,
        edge: Option<Rank<'_>>,
    ) -> Result<bool> {
        let mut walks = Vec::new();
        for span in spans {
            let mut walk = Walk::new(span, descending, edge);
            if walk.advance(self.context, having)? {
                walks.push(walk);
            }
        }
        let mut group: Vec<u32> = Vec::new();
        loop {
            let heads = walks.iter().filter_map(|walk| walk.head.map(|head| head.0));
            let Some(first) = heads.min_by(|a, b| compare(a, b, descending)) else { return Ok(true) };
            group.clear();
            for walk in &mut walks {
                while let Some((rank, key)) = walk.head
                    && rank == first
                {
                    group.push(key);
                    walk.advance(self.context, having)?;
                }
            }
            self.settle(&group, 1, edge == Some(first))?;
            if self.is_full() {
                return Ok(false);
            }
        }
    }

    /// Takes rows ordered by their value up to here; `each` is told each group's.
    fn groups<V: PartialEq + Copy>(
        &mut self,
        rows: &[(V, u32)],
        level: usize,
        each: impl Fn(&mut Self, V),
    ) -> Result<()> {
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            if self.is_full() {
                break;
            }
            if let Some((value, _)) = group.first() {
                each(self, *value);
            }
            let keys: Vec<u32> = group.iter().map(|(_, key)| *key).collect();
            self.settle(&keys, level, false)?;
        }
        Ok(())
    }

    /// Takes rows that are alike in all keys before `level`, in order of the others. With `edge` they are like the
    /// position in those keys too, and only those after it are taken.
    fn settle(&mut self, keys: &[u32], level: usize, edge: bool) -> Result<()> {
        if keys.is_empty() || self.is_full() {
            return Ok(());
        }
        if !edge && (keys.len() == 1 || keys.len() <= self.skip) {
            self.push(keys);
            return Ok(());
        }
        let context = self.context;
        let after = self.after.filter(|_| edge);
        let Some(Level { by, descending }) = self.levels.get(level) else {
            let keys = ties::by_tid(context, keys, self.wanted(), after.map(|after| (after.tid.as_str(), after.key)))?;
            self.push(&keys);
            return Ok(());
        };
        match by {
            By::Score => {
                let mut best = Best::new(self.wanted(), *descending).after(after.map(|own| score::rank(own.score)));
                for (score, key) in score::of(context, keys)?.into_iter().zip(keys) {
                    best.push(score::rank(score), *key);
                }
                let (equal, rows) = best.sorted();
                self.settle(&equal, level + 1, true)?;
                self.groups(&rows, level + 1, |_, _| {})
            }
            By::Values(columns) => {
                let own = after.map(|after| after.values.get(level).and_then(Option::as_ref).map(rank_of));
                let mut best = Best::new(self.wanted(), *descending).after(own.flatten());
                let mut missing = Vec::new();
                for (key, at) in keys.iter().zip(1usize..) {
                    if at.is_multiple_of(STEP) {
                        context.deadline.tick()?;
                    }
                    let entry = context.snapshot.entries.get(*key);
                    match entry.and_then(|entry| columns.rank(*key, &entry, *descending)) {
                        Some(_) if own == Some(None) => {}
                        Some(rank) => best.push(rank, *key),
                        None => missing.push(*key),
                    }
                }
                let (equal, rows) = best.sorted();
                self.settle(&equal, level + 1, true)?;
                self.groups(&rows, level + 1, |_, _| {})?;
                self.settle(&missing, level + 1, own == Some(None))
            }
        }
    }
}

/// Those among which a page is walked.
enum Having<'m> {
    /// Documents by slot, those still there.
    Docs(&'m [Bits]),
    /// Keys.
    Keys(Cow<'m, Bits>),
}

impl Having<'_> {
    /// The key of a document that is among them.
    #[inline]
    fn key(&self, slot: u32, segment: &RecordSegment, doc: u32) -> Option<u32> {
        match self {
            Having::Docs(docs) if docs.get(slot as usize)?.contains(doc) => {
                segment.cache.keys.get(doc as usize).copied()
            }
            Having::Docs(_) => None,
            Having::Keys(keys) => segment.key(doc).filter(|key| keys.contains(*key)),
        }
    }
}

/// One segment's documents in the order of their values.
struct Walk<'c> {
    slot: u32,
    column: &'c Column,
    segment: &'c RecordSegment,
    descending: bool,
    many: bool,
    /// The values not walked yet.
    values: Range<u32>,
    /// The value walked now, and its documents not passed yet.
    value: u32,
    docs: &'c [u32],
    passed: usize,
    head: Option<(Rank<'c>, u32)>,
}

/// A column of a segment, and the values of it beside which nothing matches.
struct Span<'c> {
    slot: u32,
    column: &'c Column,
    segment: &'c RecordSegment,
    values: Range<u32>,
}

/// What there is to walk: every column, cut to what the conditions that all matches pass leave of it.
fn spans<'c>(context: &'c Context<'_>, columns: &'c Columns) -> Result<Vec<Span<'c>>> {
    let mut tests = Vec::new();
    required(&context.search.root, &mut tests);
    // These are bisected; others are dear, and seldom narrow.
    let bisected = |test: &&ValueTest| {
        let range = matches!(test.test, Test::Numbers(..) | Test::Instants(..) | Test::Between(..));
        range && columns.targets().contains(&test.target)
    };
    let look_up = |test| Condition::new(context.snapshot, context.search, test, &context.deadline);
    let conditions = tests.into_iter().filter(bisected).map(look_up).collect::<Result<Vec<_>>>()?;
    let mut spans = Vec::new();
    for (slot, segment) in (0u32..).zip(&context.snapshot.records) {
        let Some(segment) = segment else { continue };
        for column in columns.slot(slot) {
            let mut values = 0..column.values();
            // A document with several values may match by one and stand in the order by another.
            for hull in conditions.iter().filter(|_| !column.many()).filter_map(|own| own.hull(slot as usize, column)) {
                values = values.start.max(hull.start)..values.end.min(hull.end);
            }
            spans.push(Span { slot, column, segment, values: values.start..values.end.max(values.start) });
        }
    }
    Ok(spans)
}

/// The conditions on values that all matches pass.
fn required<'n>(node: &'n Node, into: &mut Vec<&'n ValueTest>) {
    match node {
        Node::And(nodes) => nodes.iter().for_each(|node| required(node, into)),
        Node::Values(test) => into.push(test),
        _ => {}
    }
}

impl<'c> Walk<'c> {
    /// From the first value that is not before `edge`.
    fn new(span: &Span<'c>, descending: bool, edge: Option<Rank<'_>>) -> Self {
        let Span { slot, column, segment, values } = span;
        let values = match edge {
            None => values.clone(),
            Some(edge) if descending => values.start..values.end.min(column.partition(|own| own <= edge)),
            Some(edge) => values.start.max(column.partition(|own| own < edge))..values.end,
        };
        let many = column.many();
        Self { slot: *slot, column, segment, descending, many, values, value: 0, docs: &[], passed: 0, head: None }
    }

    /// On to the next document that matches; false at the end.
    fn advance(&mut self, context: &Context<'_>, having: &Having<'_>) -> Result<bool> {
        self.head = None;
        loop {
            while let Some((doc, rest)) = self.docs.split_first() {
                self.docs = rest;
                let Some(key) = having.key(self.slot, self.segment, *doc) else { continue };
                // A document with several values stands at its least or greatest.
                if self.many && self.column.end(*doc, self.descending) != Some(self.value) {
                    continue;
                }
                self.head = Some((self.column.rank(self.value), key));
                return Ok(true);
            }
            self.passed += 1;
            if self.passed.is_multiple_of(STEP) {
                context.deadline.tick()?;
            }
            let next = if self.descending { self.values.next_back() } else { self.values.next() };
            let Some(value) = next else { return Ok(false) };
            self.value = value;
            self.docs = self.column.docs(value..value + 1);
        }
    }
}
