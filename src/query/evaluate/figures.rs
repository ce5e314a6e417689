//! Statistics and histograms over the transcripts found.
use super::order::{order, sortable};
use super::values;
use crate::domain::identity::{FolderId, FolderName};
use crate::domain::record::Record;
use crate::query::resolved::{Bucket, HistogramAsked, SortValue, Source, Stats};
use std::collections::HashMap;

/// Figures over all values behind a name. Without any value there is no least, no greatest and no sum.
pub fn stats(found: &[&Record], source: &Source, folder_names: &HashMap<FolderId, FolderName>) -> Stats {
    let mut stats = Stats::default();
    let mut values: Vec<SortValue> = Vec::new();
    for record in found {
        let before = values.len();
        values.extend(values::of_source(record, source, folder_names).into_iter().filter_map(sortable));
        stats.missing += u64::from(values.len() == before);
    }
    stats.count = values.len() as u64;
    let numbers = values.iter().filter_map(|value| match value {
        SortValue::Number(number) => Some(*number),
        _ => None,
    });
    stats.sum = numbers.reduce(|sum, number| sum + number);
    values.sort_by(order);
    values.dedup();
    stats.distinct = values.len() as u64;
    let sized = |value: &&SortValue| !matches!(value, SortValue::Text(_));
    stats.min = values.first().filter(sized).cloned();
    stats.max = values.last().filter(sized).cloned();
    stats
}

/// The buckets that hold transcripts; a transcript counts once in each bucket its values fall into.
pub fn histogram(
    found: &[&Record],
    asked: &HistogramAsked,
    folder_names: &HashMap<FolderId, FolderName>,
) -> Vec<Bucket> {
    let mut keys: Vec<SortValue> = Vec::new();
    for record in found {
        let values = values::of_source(record, &asked.source, folder_names).into_iter().filter_map(sortable);
        let mut own: Vec<SortValue> = values
            .filter_map(|value| match value {
                SortValue::Number(number) => asked.interval.of_number(number).map(SortValue::Number),
                SortValue::Instant(instant) => asked.interval.of_instant(instant).map(SortValue::Instant),
                SortValue::Text(_) => None,
            })
            .collect();
        own.sort_by(order);
        own.dedup();
        keys.append(&mut own);
    }
    keys.sort_by(order);
    let buckets = keys.chunk_by(|a, b| a == b);
    buckets.filter_map(|same| Some(Bucket { key: same.first()?.clone(), count: same.len() as u64 })).collect()
}
