//! Facets: how many of the matching transcripts have each value.
//!
//! *Decision:* transcripts are counted by the numbers their spellings have in each segment, without looking at a single
//! string; strings are compared once per value and segment, and shown ones made for the values answered alone.
use super::context::Context;
use super::matches::Matches;
use super::source::Columns;
use crate::base::clock::Timestamp;
use crate::domain::fields::definition::Storage;
use crate::query::facets::{number, shown};
use crate::query::resolved::{FacetAsked, FacetValue, Target};
use crate::stores::error::Result;
use crate::stores::index::tantivy::columns::Column;
use crate::stores::index::tantivy::columns::entries::Own;
use crate::stores::index::tantivy::columns::numbers::to_double;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// The values of one facet: the most frequent first, then by code point of the spelling.
pub fn count(context: &Context<'_>, asked: &FacetAsked, matching: &Matches<'_>) -> Result<Vec<FacetValue>> {
    let mut values: Vec<FacetValue> = Vec::new();
    let (mut kinds, prefix) = (0, asked.prefix.as_deref().unwrap_or(""));
    for storage in [Storage::Keyword, Storage::Number, Storage::Instant] {
        // Whole texts are not kept, and hardly two are the same.
        let of_kind = |target: Target| target.storage() == storage;
        let asked_for = asked.source.targets.iter().any(|target| of_kind(*target));
        if !asked_for || (storage != Storage::Keyword && asked.prefix.is_some()) {
            continue;
        }
        kinds += 1;
        let columns = Columns::of_targets(context, &asked.source, of_kind)?;
        values.extend(if columns.folders().is_some() {
            folders(context, &columns, matching, prefix)
        } else if storage == Storage::Keyword {
            keywords(context, &columns, matching, prefix, asked)?
        } else {
            numbers(context, &columns, matching, asked)?
        });
    }
    if kinds > 1 {
        values = added_up(values);
    }
    values.sort_by_cached_key(|facet| (Reverse(facet.count), shown(&facet.value)));
    values.truncate(asked.size);
    Ok(values)
}

/// Values of several kinds that are spelled alike are one, shown as a string when one of them is.
fn added_up(values: Vec<FacetValue>) -> Vec<FacetValue> {
    let mut by_spelling: BTreeMap<String, FacetValue> = BTreeMap::new();
    for own in values {
        let place =
            by_spelling.entry(shown(&own.value)).or_insert_with(|| FacetValue { value: own.value.clone(), count: 0 });
        place.count += own.count;
        if own.value.is_string() {
            place.value = own.value;
        }
    }
    by_spelling.into_values().collect()
}

/// How often each entry of each column counts: once per transcript and value.
pub fn tally(context: &Context<'_>, columns: &Columns, matching: &Matches<'_>) -> Result<Vec<Vec<u32>>> {
    let mut once: Vec<u32> = Vec::new();
    columns.tally(context, matching, |tally, column, own| {
        once_each(column, own, &mut once, |entry| {
            if let Some(count) = tally.get_mut(entry as usize) {
                *count += 1;
            }
        });
    })
}

/// Equal elements of a list count once, in their first spelling.
pub fn once_each(column: &Column, own: Own<'_>, once: &mut Vec<u32>, mut each: impl FnMut(u32)) {
    once.clear();
    for entry in own.iter() {
        let value = column.value(entry);
        if !once.contains(&value) {
            once.push(value);
            each(entry);
        }
    }
}

/// A folded value's transcripts, and each spelling's: column, spelling, transcripts.
#[derive(Default)]
struct Group {
    count: u64,
    first: Option<(usize, u32, u64)>,
    others: Vec<(usize, u32, u64)>,
}

impl Group {
    fn add(&mut self, spelling: (usize, u32, u64)) {
        self.count += spelling.2;
        match self.first {
            None => self.first = Some(spelling),
            Some(_) => self.others.push(spelling),
        }
    }

    /// The most frequent spelling; of equally frequent ones the least by code point.
    fn shown(&self, columns: &Columns) -> String {
        let text = |own: &(usize, u32, u64)| {
            columns.all().get(own.0).and_then(|column| column.keywords()).map_or("", |keywords| keywords.shown(own.1))
        };
        let mut spellings: HashMap<&str, u64> = HashMap::new();
        for own in self.first.iter().chain(&self.others) {
            *spellings.entry(text(own)).or_default() += own.2;
        }
        most(spellings.into_iter())
    }
}

fn most<'s>(spellings: impl Iterator<Item = (&'s str, u64)>) -> String {
    spellings.max_by_key(|(text, count)| (*count, Reverse(*text))).map_or("", |(text, _)| text).to_owned()
}

fn keywords(
    context: &Context<'_>,
    columns: &Columns,
    matching: &Matches<'_>,
    prefix: &str,
    asked: &FacetAsked,
) -> Result<Vec<FacetValue>> {
    let tallies = tally(context, columns, matching)?;
    let mut groups: HashMap<&str, Group> = HashMap::new();
    for ((column, tally), place) in columns.all().iter().zip(&tallies).zip(0usize..) {
        context.deadline.check()?;
        let Some(keywords) = column.keywords() else { continue };
        let folded = keywords.folded();
        let from = folded.partition(|value| value < prefix);
        let to = folded.partition(|value| value < prefix || value.starts_with(prefix));
        for (spelling, count) in (0u32..).zip(tally).filter(|(_, count)| **count > 0) {
            let value = keywords.fold_of(spelling) as usize;
            if from <= value && value < to {
                groups.entry(folded.get(value)).or_default().add((place, spelling, u64::from(*count)));
            }
        }
    }
    let groups = frequent(groups.into_values(), |group| group.count, asked);
    Ok(groups
        .into_iter()
        .map(|group| FacetValue { value: Value::String(group.shown(columns)), count: group.count })
        .collect())
}

/// Those that can be among the values answered: the most frequent, and all as frequent as the last of them.
fn frequent<T>(all: impl Iterator<Item = T>, count: impl Fn(&T) -> u64, asked: &FacetAsked) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    // Of several kinds values may yet be added up.
    let alone = asked.source.targets.windows(2).all(|pair| matches!(pair, [a, b] if a.storage() == b.storage()));
    if alone && asked.size > 0 && all.len() > asked.size {
        let (_, last, _) = all.select_nth_unstable_by_key(asked.size - 1, |one| Reverse(count(one)));
        let least = count(last);
        all.retain(|one| count(one) >= least);
    }
    all
}

fn numbers(
    context: &Context<'_>,
    columns: &Columns,
    matching: &Matches<'_>,
    asked: &FacetAsked,
) -> Result<Vec<FacetValue>> {
    let tallies = tally(context, columns, matching)?;
    let mut counts: HashMap<i64, u64> = HashMap::new();
    for (column, tally) in columns.all().iter().zip(&tallies) {
        context.deadline.check()?;
        let Some(numbers) = column.numbers() else { continue };
        for (value, count) in numbers.values().iter().zip(tally).filter(|(_, count)| **count > 0) {
            *counts.entry(*value).or_default() += u64::from(*count);
        }
    }
    let shown = |value: i64| match columns.storage {
        Storage::Instant => Value::String(Timestamp(value).rfc3339()),
        _ => number(to_double(value)),
    };
    let counts = frequent(counts.into_iter(), |(_, count)| *count, asked);
    Ok(counts.into_iter().map(|(value, count)| FacetValue { value: shown(value), count }).collect())
}

fn folders(context: &Context<'_>, columns: &Columns, matching: &Matches<'_>, prefix: &str) -> Vec<FacetValue> {
    let keys = columns.within(matching.keys());
    let mut groups: HashMap<&str, HashMap<&str, u64>> = HashMap::new();
    for (id, (folded, name)) in columns.folders().into_iter().flatten() {
        let count = context.snapshot.folders.get(id).map_or(0, |folder| folder.keys.count_common(&keys));
        if count > 0 && folded.starts_with(prefix) {
            *groups.entry(folded).or_default().entry(name).or_default() += count;
        }
    }
    let shown = |spellings: HashMap<&str, u64>| {
        let count = spellings.values().sum();
        FacetValue { value: Value::String(most(spellings.into_iter())), count }
    };
    groups.into_values().map(shown).collect()
}
