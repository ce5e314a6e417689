//! Answering a search over one snapshot.
//!
//! The words part of the tree is walked on the turns, the values part on the records' columns, each to a set of keys;
//! sets combine bit by bit, within the scope. The total is a count of bits; the page is walked or looked up.
mod arranged;
mod automata;
mod best;
mod conjunction;
mod context;
mod cursor;
mod deadline;
mod evaluate;
mod expand;
mod facets;
mod histogram;
mod matches;
mod moments;
mod near;
mod order;
mod said;
mod score;
mod source;
mod speakers;
mod stats;
mod texts;
mod ties;
mod values;
mod when;

use super::snapshot::Snapshot;
use crate::domain::identity::Key;
use crate::query::resolved::{Hit, ResolvedSearch, SearchPage};
use crate::stores::error::Result;
use context::Context;
use deadline::Deadline;
use matches::Matches;
use std::time::Duration;

/// The keys of all transcripts that match, ascending.
///
/// # Errors
/// As [`answer`].
pub fn keys(snapshot: &Snapshot, search: &ResolvedSearch, budget: Duration) -> Result<Vec<Key>> {
    let mut context = Context::new(snapshot, search, Deadline::after(budget))?;
    let keys = found(&mut context)?.keys().iter().map(Key).collect();
    context.deadline.check()?;
    Ok(keys)
}

/// The transcripts that match; of them the nearest, where such are asked for.
fn found<'s>(context: &mut Context<'s>) -> Result<Matches<'s>> {
    let matching = evaluate::matching(context)?;
    let Some(asked) = &context.search.near else { return Ok(matching) };
    let nearest = near::nearest(context, asked, matching.keys())?;
    context.likeness = Some(nearest.scores);
    Ok(Matches::of_keys(context.snapshot, nearest.keys))
}

/// Answers a search.
///
/// # Errors
/// `TooBroad` when a pattern stands for too many words or a histogram has too many buckets; `TooExpensive` when `budget`
/// is over; `Corrupt` or `Unavailable` when a segment cannot be read.
pub fn answer(snapshot: &Snapshot, search: &ResolvedSearch, budget: Duration) -> Result<SearchPage> {
    let mut context = Context::new(snapshot, search, Deadline::after(budget))?;
    let matching = found(&mut context)?;
    let context = context;
    let total = matching.total();
    let (rows, next) = order::page(&context, &matching, total)?;
    let keys: Vec<u32> = rows.iter().map(|(key, _)| *key).collect();
    let moments = moments::of(&context, &keys)?;
    let hits =
        rows.into_iter().zip(moments).map(|((key, score), moments)| Hit { key: Key(key), score, moments }).collect();
    let facets =
        search.facets.iter().map(|asked| facets::count(&context, asked, &matching)).collect::<Result<Vec<_>>>()?;
    let stats = search.stats.iter().map(|source| stats::of(&context, source, &matching, total));
    let stats = stats.collect::<Result<Vec<_>>>()?;
    let histograms = search.histograms.iter().map(|asked| histogram::of(&context, asked, &matching));
    let histograms = histograms.collect::<Result<Vec<_>>>()?;
    context.deadline.check()?;
    Ok(SearchPage { total, hits, facets, stats, histograms, next })
}
