//! Statistics: figures over all values of the matching transcripts.
use super::context::Context;
use super::matches::Matches;
use super::source::{Columns, shown};
use crate::domain::fields::definition::Storage;
use crate::query::resolved::{Source, Stats};
use crate::stores::error::Result;
use crate::stores::index::tantivy::columns::numbers::to_double;
use crate::stores::index::tantivy::columns::{Column, Rank};
use std::collections::HashSet;

/// The figures of one source. Whole texts and embeddings are no values here, as in orders and facets.
pub fn of(context: &Context<'_>, source: &Source, matching: &Matches<'_>, total: u64) -> Result<Stats> {
    let columns = Columns::of(context, source)?;
    if columns.folders().is_some() {
        return Ok(of_folders(context, &columns, matching, total));
    }
    if matches!(columns.storage, Storage::Words | Storage::Vector) {
        return Ok(Stats { missing: total, ..Stats::default() });
    }
    let mut tallies: Vec<Vec<u32>> = columns.all().iter().map(|column| vec![0; column.values() as usize]).collect();
    let mut count = 0;
    let having = columns.each(context, matching, |place, column, own| {
        let Some(tally) = tallies.get_mut(place) else { return };
        count += own.len() as u64;
        own.iter().for_each(|entry| {
            if let Some(times) = tally.get_mut(column.value(entry) as usize) {
                *times += 1;
            }
        });
    })?;
    let mut stats = Stats { count, missing: total.saturating_sub(having), ..Stats::default() };
    let (mut ranks, mut sum) = (Vec::new(), 0.0);
    for (column, tally) in columns.all().iter().zip(&tallies) {
        context.deadline.check()?;
        let had = (0u32..).zip(tally).filter(|(_, times)| **times > 0);
        ranks.extend(had.clone().map(|(value, _)| column.rank(value)));
        if columns.storage == Storage::Number {
            sum += had.map(|(value, times)| double(column, value) * f64::from(*times)).sum::<f64>();
        }
    }
    // Sorted runs, one per column: a sort that keeps them merges them.
    ranks.sort();
    if columns.storage != Storage::Keyword {
        stats.min = ranks.first().map(|rank| shown(*rank, columns.storage));
        stats.max = ranks.last().map(|rank| shown(*rank, columns.storage));
    }
    if columns.storage == Storage::Number {
        stats.sum = Some(sum).filter(|_| count > 0);
    }
    ranks.dedup();
    stats.distinct = ranks.len() as u64;
    Ok(stats)
}

fn double(column: &Column, value: u32) -> f64 {
    match column.rank(value) {
        Rank::Whole(whole) => to_double(whole),
        Rank::Text(_) => 0.0,
    }
}

fn of_folders(context: &Context<'_>, columns: &Columns, matching: &Matches<'_>, total: u64) -> Stats {
    let keys = columns.within(matching.keys());
    let (mut count, mut different) = (0, HashSet::new());
    for (id, (folded, _)) in columns.folders().into_iter().flatten() {
        let own = context.snapshot.folders.get(id).map_or(0, |folder| folder.keys.count_common(&keys));
        if own > 0 {
            count += own;
            different.insert(folded);
        }
    }
    Stats { count, distinct: different.len() as u64, missing: total.saturating_sub(count), ..Stats::default() }
}
