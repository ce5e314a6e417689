//! Facets: how values are shown, and how the counts of several organisations become one list.
use super::resolved::FacetValue;
use crate::base::clock::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// One facet as the answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetPlan {
    /// As it is named in the answer.
    pub name: String,
    /// Whether the values are booleans, which an index keeps as text.
    pub boolean: bool,
    /// Of instants, which an index shows in UTC: where they are shown.
    pub zone: Option<TimeZone>,
}

/// A number as facets and rows show it: whole ones without a fraction.
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { Value::from(value as i64) } else { Value::from(value) }
}

/// The text values are ordered by when their counts are equal.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Puts the values in the order of the answer: most frequent first, then by code point as shown.
pub fn sort(values: &mut [FacetValue]) {
    values.sort_by_cached_key(|facet| (std::cmp::Reverse(facet.count), shown(&facet.value)));
}

/// The facets as answered.
pub fn answer(plans: &[FacetPlan], lists: Vec<Vec<FacetValue>>) -> Vec<(String, Vec<FacetValue>)> {
    let answered = plans.iter().zip(lists).map(|(plan, mut values)| {
        if plan.boolean {
            for facet in &mut values {
                facet.value = boolean(std::mem::take(&mut facet.value));
            }
        }
        if let Some(zone) = &plan.zone {
            for facet in &mut values {
                facet.value = local(std::mem::take(&mut facet.value), zone);
            }
        }
        (plan.name.clone(), values)
    });
    answered.collect()
}

fn boolean(value: Value) -> Value {
    match value.as_str() {
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        _ => value,
    }
}

fn local(value: Value, zone: &TimeZone) -> Value {
    match value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
        Some(instant) => Value::from(Timestamp(instant.as_microsecond()).rfc3339_in(zone)),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facet(value: impl Into<Value>, count: u64) -> FacetValue {
        FacetValue { value: value.into(), count }
    }

    #[test]
    fn booleans_are_shown_as_such() {
        let plans = [FacetPlan { name: "paid".into(), boolean: true, zone: None }];
        assert_eq!(answer(&plans, vec![vec![facet("true", 2)]]), [("paid".to_owned(), vec![facet(true, 2)])]);
    }

    #[test]
    fn instants_are_shown_in_the_zone() {
        let plans = [FacetPlan { name: "called".into(), boolean: false, zone: TimeZone::get("Europe/Berlin").ok() }];
        let lists = vec![vec![facet("2026-06-30T22:00:00.000000Z", 2), facet("2026-01-01T10:00:00.250000Z", 1)]];
        let shown = vec![facet("2026-07-01T00:00:00+02:00", 2), facet("2026-01-01T11:00:00.25+01:00", 1)];
        assert_eq!(answer(&plans, lists), [("called".to_owned(), shown)]);
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(78.0).to_string(), "78");
        assert_eq!(number(-0.0).to_string(), "0");
        assert_eq!(number(0.5).to_string(), "0.5");
        assert_eq!(number(1e300).to_string(), "1e+300");
    }
}
