//! Histograms: how many of the matching transcripts have values in each bucket.
//!
//! *Decision:* transcripts are counted by the numbers of their values, which are sorted in each segment, and the calendar
//! is asked once per bucket: where it begins and where the next one does. All values up to there belong to it.
use super::context::Context;
use super::matches::Matches;
use super::source::{Columns, shown};
use crate::domain::fields::definition::Storage;
use crate::query::intervals::Interval;
use crate::query::resolved::{Bucket, HistogramAsked};
use crate::stores::error::{Kind, Result, Store, StoreError};
use crate::stores::index::tantivy::columns::entries::Own;
use crate::stores::index::tantivy::columns::numbers::{Numbers, from_double, to_double};
use crate::stores::index::tantivy::columns::{Column, Rank};
use std::collections::BTreeMap;

/// The most buckets.
const BUCKETS_MAX: usize = 10_000;

/// The buckets with transcripts, ascending.
///
/// # Errors
/// `TooBroad` for more than 10,000 of them.
pub fn of(context: &Context<'_>, asked: &HistogramAsked, matching: &Matches<'_>) -> Result<Vec<Bucket>> {
    let columns = Columns::of(context, &asked.source)?;
    if !matches!(columns.storage, Storage::Number | Storage::Instant) {
        return Ok(Vec::new());
    }
    let mut buckets = Buckets { interval: &asked.interval, storage: columns.storage, known: BTreeMap::new() };
    let mut several: Vec<i64> = Vec::new();
    let mut broad = false;
    let tallies = columns.tally(context, matching, |_, column, own| {
        broad |= !buckets.add_list(column, own, &mut several);
    })?;
    for (column, tally) in columns.all().iter().zip(&tallies) {
        context.deadline.check()?;
        if let Some(numbers) = column.numbers() {
            broad |= !buckets.add_tally(numbers, tally);
        }
        if broad {
            let what = format!("a histogram has more than {BUCKETS_MAX} buckets; take a wider step");
            return Err(StoreError::plain(Store::Index, Kind::TooBroad, what));
        }
    }
    let buckets = buckets.known.into_iter().filter(|(_, own)| own.count > 0);
    Ok(buckets
        .map(|(begin, own)| Bucket { key: shown(Rank::Whole(begin), columns.storage), count: own.count })
        .collect())
}

/// Buckets met so far, by where they begin.
struct Buckets<'i> {
    interval: &'i Interval,
    storage: Storage,
    known: BTreeMap<i64, Open>,
}

/// A bucket.
struct Open {
    /// Values from here on are not in it.
    end: i64,
    count: u64,
}

impl Buckets<'_> {
    /// The beginning of the bucket of a value, which is known from now on.
    fn begin(&mut self, value: i64) -> Option<i64> {
        if let Some((begin, own)) = self.known.range(..=value).next_back()
            && value < own.end
        {
            return Some(*begin);
        }
        let (begin, end) = if self.storage == Storage::Number {
            // Where the next one begins is not known to the last bit: each number is asked for itself.
            let begin = self.begin_of(value)?;
            (begin, begin)
        } else {
            self.interval.around(value)?
        };
        self.known.entry(begin).or_insert(Open { end, count: 0 });
        Some(begin)
    }

    /// The beginning of the bucket of a number.
    fn begin_of(&self, value: i64) -> Option<i64> {
        self.interval.of_number(to_double(value)).map(from_double)
    }

    fn add(&mut self, begin: i64, count: u64) {
        if let Some(own) = self.known.get_mut(&begin) {
            own.count += count;
        }
    }

    /// Counts a transcript with several values once in each bucket; false when there are too many buckets.
    fn add_list(&mut self, column: &Column, own: Own<'_>, several: &mut Vec<i64>) -> bool {
        several.clear();
        for entry in own.iter() {
            let Rank::Whole(value) = column.rank(column.value(entry)) else { continue };
            if let Some(begin) = self.begin(value)
                && !several.contains(&begin)
            {
                several.push(begin);
                self.add(begin, 1);
            }
        }
        self.known.len() <= BUCKETS_MAX
    }

    /// Counts transcripts by value; false when there are too many buckets.
    fn add_tally(&mut self, numbers: &Numbers, tally: &[u32]) -> bool {
        let mut open: Option<Run> = None;
        for (value, count) in numbers.values().iter().zip(tally).filter(|(_, count)| **count > 0) {
            if let Some(run) = &mut open
                && (*value < run.end || (self.storage == Storage::Number && self.begin_of(*value) == Some(run.begin)))
            {
                run.count += u64::from(*count);
                continue;
            }
            if let Some(run) = open.take() {
                self.add(run.begin, run.count);
            }
            if let Some(begin) = self.begin(*value) {
                let end = self.known.get(&begin).map_or(begin, |own| own.end);
                open = Some(Run { begin, end, count: u64::from(*count) });
            }
            if self.known.len() > BUCKETS_MAX {
                return false;
            }
        }
        if let Some(run) = open {
            self.add(run.begin, run.count);
        }
        true
    }
}

/// Consecutive values of one bucket.
struct Run {
    begin: i64,
    end: i64,
    count: u64,
}
