//! Whether two answers are the same: all of it but the last bits of what is added up from fractions.
use crate::domain::identity::Key;
use crate::query::evaluate::Document;
use crate::query::evaluate::order::sort_values;
use crate::query::resolved::{FacetValue, Hit, Position, ResolvedSearch, SearchPage, SortValue, Stats};
use std::collections::BTreeMap;

/// How far two scores or sums may be apart, as a part of their size above 1.
const CLOSE: f64 = 1e-9;

pub(super) fn close(own: f64, other: f64) -> bool {
    (own - other).abs() <= CLOSE * own.abs().max(other.abs()).max(1.0)
}

/// Compares two answers; says what differs.
pub(super) fn agree(
    answered: &SearchPage,
    expected: &SearchPage,
    search: &ResolvedSearch,
    documents: &BTreeMap<Key, Document>,
) -> Result<(), String> {
    beside_rows(answered, expected)?;
    rows(answered, expected, search, documents)?;
    match (&answered.next, &expected.next) {
        (None, None) => Ok(()),
        (Some(own), Some(other)) => position(own, other),
        (own, _) => Err(format!("there is {} next page", if own.is_some() { "a" } else { "no" })),
    }
}

/// Totals, facets, statistics, histograms.
pub(super) fn beside_rows(answered: &SearchPage, expected: &SearchPage) -> Result<(), String> {
    if answered.total != expected.total {
        return Err(format!("{} found instead of {}", answered.total, expected.total));
    }
    let facets = |page: &SearchPage| page.facets.iter().map(|list| list.iter().map(shown).collect()).collect();
    let (own, other): (Vec<Vec<_>>, Vec<Vec<_>>) = (facets(answered), facets(expected));
    if own != other {
        return Err("facets differ".to_owned());
    }
    if answered.stats.len() != expected.stats.len()
        || !answered.stats.iter().zip(&expected.stats).all(|(own, other)| same_figures(own, other))
    {
        return Err("statistics differ".to_owned());
    }
    if answered.histograms != expected.histograms {
        return Err("histograms differ".to_owned());
    }
    Ok(())
}

/// Numbers by their value, whatever their spelling.
fn shown(facet: &FacetValue) -> (String, u64) {
    let shown = facet.value.as_f64().map_or_else(|| facet.value.to_string(), |number| number.to_string());
    (shown, facet.count)
}

fn same_figures(own: &Stats, other: &Stats) -> bool {
    let same = |own: &Option<SortValue>, other: &Option<SortValue>| match (own, other) {
        (Some(SortValue::Number(own)), Some(SortValue::Number(other))) => close(*own, *other),
        _ => own == other,
    };
    let sums = match (own.sum, other.sum) {
        (Some(own), Some(other)) => close(own, other),
        (own, other) => own == other,
    };
    (own.count, own.distinct, own.missing) == (other.count, other.distinct, other.missing)
        && same(&own.min, &other.min)
        && same(&own.max, &other.max)
        && sums
}

/// Transcripts with the same sort values whose scores are that near may change places.
fn rows(
    answered: &SearchPage,
    expected: &SearchPage,
    search: &ResolvedSearch,
    documents: &BTreeMap<Key, Document>,
) -> Result<(), String> {
    if answered.hits.len() != expected.hits.len() {
        return Err(format!("{} rows instead of {}", answered.hits.len(), expected.hits.len()));
    }
    let sorted_by = |hit: &Hit| documents.get(&hit.key).map(|own| sort_values(&own.record, search));
    let cut = search.offset > 0 || answered.total > answered.hits.len() as u64;
    for (place, (own, other)) in answered.hits.iter().zip(&expected.hits).enumerate() {
        if !close(own.score, other.score) {
            return Err(format!("the score of row {place} differs"));
        }
        if own.key == other.key {
            if own.moments != other.moments {
                return Err(format!("the moments of row {place} differ"));
            }
            continue;
        }
        let elsewhere = cut || answered.hits.iter().any(|hit| hit.key == other.key);
        if other.score == 0.0 || !elsewhere || sorted_by(own) != sorted_by(other) {
            return Err(format!("row {place} is another transcript"));
        }
    }
    Ok(())
}

fn position(own: &Position, other: &Position) -> Result<(), String> {
    if own.values != other.values || !close(own.score, other.score) {
        return Err("the page ends elsewhere".to_owned());
    }
    if (own.key, &own.tid) != (other.key, &other.tid) && other.score == 0.0 {
        return Err("the page ends with another row".to_owned());
    }
    if own.statistics != other.statistics || own.matching != other.matching {
        return Err("the statistics kept for further pages differ".to_owned());
    }
    Ok(())
}
