//! The order of rows, and where pages end.
use super::values::{self, Value};
use crate::domain::record::Record;
use crate::query::resolved::{Position, ResolvedSearch, SortBy, SortKey, SortValue};
use crate::query::score::Statistics;
use std::cmp::Ordering;

/// What a row is ordered by.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<'a> {
    /// Its value for each sort key, `None` for score ones.
    pub values: Vec<Option<SortValue>>,
    /// Its score.
    pub score: f64,
    /// Its id.
    pub tid: &'a str,
    /// Its key.
    pub key: u32,
}

impl<'a> Place<'a> {
    /// Of a transcript with its score.
    pub fn of(record: &'a Record, score: f64, search: &ResolvedSearch) -> Self {
        Self { values: sort_values(record, search), score, tid: record.tid.as_str(), key: record.key.0 }
    }

    /// Of the last row of a page.
    pub fn at(position: &'a Position) -> Self {
        Self { values: position.values.clone(), score: position.score, tid: &position.tid, key: position.key }
    }

    /// As the end of a page whose scores were computed so.
    pub fn position(&self, statistics: Statistics, matching: &[u64]) -> Position {
        Position {
            values: self.values.clone(),
            score: self.score,
            tid: self.tid.to_owned(),
            key: self.key,
            statistics,
            matching: matching.to_vec(),
        }
    }

    /// Which row comes first: by the keys, then score descending, then tid, then key.
    pub fn order(&self, other: &Self, keys: &[SortKey]) -> Ordering {
        let mut asked = keys.iter().enumerate().map(|(at, key)| match &key.by {
            SortBy::Score => directed(key, self.score.total_cmp(&other.score)),
            SortBy::Values(_) => match (self.values.get(at), other.values.get(at)) {
                (Some(Some(own)), Some(Some(others))) => directed(key, order(own, others)),
                (Some(Some(_)), _) => Ordering::Less,
                (_, Some(Some(_))) => Ordering::Greater,
                _ => Ordering::Equal,
            },
        });
        asked
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then_with(|| other.score.total_cmp(&self.score))
            .then_with(|| self.tid.cmp(other.tid))
            .then_with(|| self.key.cmp(&other.key))
    }
}

fn directed(key: &SortKey, order: Ordering) -> Ordering {
    if key.descending { order.reverse() } else { order }
}

/// The order of values of one kind: by code point, by size, by time.
pub fn order(own: &SortValue, other: &SortValue) -> Ordering {
    match (own, other) {
        (SortValue::Text(a), SortValue::Text(b)) => a.cmp(b),
        (SortValue::Number(a), SortValue::Number(b)) => a.total_cmp(b),
        (SortValue::Instant(a), SortValue::Instant(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// The values a transcript is ordered by: of several behind one key the one that comes first.
pub fn sort_values(record: &Record, search: &ResolvedSearch) -> Vec<Option<SortValue>> {
    let value = |key: &SortKey| {
        let SortBy::Values(source) = &key.by else { return None };
        let own = values::of_source(record, source, &search.folder_names).into_iter().filter_map(sortable);
        if key.descending { own.max_by(order) } else { own.min_by(order) }
    };
    search.order.iter().map(value).collect()
}

/// Texts and embeddings have no place in an order.
pub fn sortable(value: Value<'_>) -> Option<SortValue> {
    match value {
        Value::Keyword(_, folded) => Some(SortValue::Text(folded.into_owned())),
        Value::Number(number) => Some(SortValue::Number(number)),
        Value::Instant(instant) => Some(SortValue::Instant(instant)),
        Value::Words(_) | Value::Vector(_) => None,
    }
}
