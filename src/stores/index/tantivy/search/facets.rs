//! Facets: how many of the matching transcripts have each value.
use super::context::Context;
use crate::base::clock::Timestamp;
use crate::base::fold;
use crate::domain::fields::definition::Storage;
use crate::query::resolved::{FacetAsked, FacetValue, Target};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::columns::Column;
use crate::stores::index::tantivy::columns::keywords::Keywords;
use crate::stores::index::tantivy::columns::numbers::to_double;
use crate::stores::index::tantivy::schema;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Integers up to this are exact as doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The values of one facet: the most frequent first, then by code point of the spelling.
pub fn count(context: &Context<'_>, asked: &FacetAsked, matching: &Bits) -> Result<Vec<FacetValue>> {
    let mut keys = matching.clone();
    if let Some(folders) = &asked.source.only_folders {
        keys.keep(&context.snapshot.scope(folders.iter().map(|folder| folder.0)).0);
    }
    let Some(target) = asked.source.targets.first() else { return Ok(Vec::new()) };
    let counted = match *target {
        Target::Builtin(builtin) if builtin.name == schema::FOLDER => folders(context, &keys),
        target => match target.storage() {
            Storage::Keyword => keywords(context, target, &keys)?,
            Storage::Number | Storage::Instant => numbers(context, target, &keys)?,
            // Whole texts are not kept, and hardly two are the same.
            Storage::Words => Vec::new(),
        },
    };
    let mut values: Vec<(String, FacetValue)> =
        counted.into_iter().map(|(value, count)| (text(&value), FacetValue { value, count })).collect();
    values.sort_unstable_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
    values.truncate(asked.size);
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A folded value's transcripts, and each spelling's.
#[derive(Default)]
struct Group<'c> {
    count: u64,
    spellings: BTreeMap<&'c str, u64>,
}

fn keywords(context: &Context<'_>, target: Target, keys: &Bits) -> Result<Vec<(Value, u64)>> {
    let columns = columns(context, target)?;
    let tallies = tally(context, &columns, keys)?;
    let mut groups: HashMap<&str, Group<'_>> = HashMap::new();
    for (column, tally) in columns.iter().zip(&tallies) {
        let Some(Column::Keywords(column)) = column.as_deref() else { continue };
        for (spelling, count) in (0u32..).zip(tally).filter(|(_, count)| **count > 0) {
            let group = groups.entry(column.folded().get(column.fold_of(spelling) as usize)).or_default();
            group.count += u64::from(*count);
            *group.spellings.entry(column.shown().get(spelling as usize)).or_default() += u64::from(*count);
        }
    }
    let shown = |group: &Group<'_>| {
        // Of equally frequent ones the least by code point, which comes first in the map.
        let most = group.spellings.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        most.map_or(Value::Null, |(spelling, _)| Value::String((*spelling).to_owned()))
    };
    Ok(groups.values().map(|group| (shown(group), group.count)).collect())
}

/// How often each spelling of each segment counts.
fn tally(context: &Context<'_>, columns: &[Option<Arc<Column>>], keys: &Bits) -> Result<Vec<Vec<u32>>> {
    let mut tallies: Vec<Vec<u32>> = columns
        .iter()
        .map(|column| match column.as_deref() {
            Some(Column::Keywords(column)) => vec![0; column.shown().len()],
            _ => Vec::new(),
        })
        .collect();
    let mut once: Vec<u32> = Vec::new();
    for (key, at) in keys.iter().zip(1usize..) {
        if at.is_multiple_of(256) {
            context.deadline.tick()?;
        }
        let Some(entry) = context.snapshot.entries.get(key) else { continue };
        let slot = entry.slot as usize;
        let (Some(Some(column)), Some(tally)) = (columns.get(slot), tallies.get_mut(slot)) else { continue };
        let Column::Keywords(column) = column.as_ref() else { continue };
        match column.spellings(entry.doc) {
            [] => {}
            [one] => add(tally, *one),
            several => once_each(column, several, &mut once, tally),
        }
    }
    Ok(tallies)
}

/// Equal elements of a list count once, in their first spelling.
fn once_each(column: &Keywords, several: &[u32], once: &mut Vec<u32>, tally: &mut [u32]) {
    once.clear();
    for spelling in several {
        let value = column.fold_of(*spelling);
        if !once.contains(&value) {
            once.push(value);
            add(tally, *spelling);
        }
    }
}

#[inline]
fn add(tally: &mut [u32], spelling: u32) {
    if let Some(count) = tally.get_mut(spelling as usize) {
        *count += 1;
    }
}

fn numbers(context: &Context<'_>, target: Target, keys: &Bits) -> Result<Vec<(Value, u64)>> {
    let columns = columns(context, target)?;
    let mut counts: HashMap<i64, u64> = HashMap::new();
    for (key, at) in keys.iter().zip(1usize..) {
        if at.is_multiple_of(256) {
            context.deadline.tick()?;
        }
        let Some(entry) = context.snapshot.entries.get(key) else { continue };
        let Some(Some(column)) = columns.get(entry.slot as usize) else { continue };
        let Column::Numbers(column) = column.as_ref() else { continue };
        let values = column.of(entry.doc);
        for (value, place) in values.iter().zip(0usize..) {
            if !values.iter().take(place).any(|before| before == value) {
                *counts.entry(*value).or_default() += 1;
            }
        }
    }
    let instants = target.storage() == Storage::Instant;
    let shown =
        |value: i64| if instants { Value::String(Timestamp(value).rfc3339()) } else { number(to_double(value)) };
    Ok(counts.into_iter().map(|(value, count)| (shown(value), count)).collect())
}

/// Whole numbers without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < EXACT { Value::from(value as i64) } else { Value::from(value) }
}

fn folders(context: &Context<'_>, keys: &Bits) -> Vec<(Value, u64)> {
    let mut groups: HashMap<String, Group<'_>> = HashMap::new();
    for (id, name) in context.search.folder_names.iter() {
        let count = context.snapshot.folders.get(&id.0).map_or(0, |folder| folder.keys.count_common(keys));
        if count > 0 {
            let group = groups.entry(fold::fold_value(name.as_str())).or_default();
            group.count += count;
            *group.spellings.entry(name.as_str()).or_default() += count;
        }
    }
    groups
        .values()
        .filter_map(|group| {
            let most = group.spellings.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))?;
            Some((Value::String((*most.0).to_owned()), group.count))
        })
        .collect()
}

fn columns(context: &Context<'_>, target: Target) -> Result<Vec<Option<Arc<Column>>>> {
    let mut columns = Vec::with_capacity(context.snapshot.records.len());
    for segment in &context.snapshot.records {
        context.deadline.check()?;
        columns.push(segment.as_ref().map(|segment| segment.cache.column(target)).transpose()?);
    }
    Ok(columns)
}
