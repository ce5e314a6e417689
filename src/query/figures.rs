//! Statistics and histograms as the answer shows them.
use super::facets::number;
use super::resolved::{Bucket, SortValue, Stats};
use crate::base::clock::Timestamp;
use crate::domain::fields::definition::Storage;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// One name of `stats`.
#[derive(Clone, Debug, PartialEq)]
pub struct StatsPlan {
    /// As it is named in the answer.
    pub name: String,
    /// What its values are.
    pub storage: Storage,
    /// For instants.
    pub zone: TimeZone,
}

/// One name of `histogram`.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramPlan {
    /// As it is named in the answer.
    pub name: String,
    /// For instants.
    pub zone: TimeZone,
}

/// The statistics as answered: `{"count","distinct","missing"}`, of numbers `min`, `max`, `sum` and `avg` too, of instants
/// `min` and `max`; what there is not, of no values, is left out.
pub fn stats(plans: &[StatsPlan], stats: &[Stats]) -> Vec<(String, Value)> {
    plans.iter().zip(stats).map(|(plan, stats)| (plan.name.clone(), Value::Object(one(plan, stats)))).collect()
}

fn one(plan: &StatsPlan, stats: &Stats) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, count) in [("count", stats.count), ("distinct", stats.distinct), ("missing", stats.missing)] {
        members.insert(name.to_owned(), Value::from(count));
    }
    if matches!(plan.storage, Storage::Keyword | Storage::Words | Storage::Vector) {
        return members;
    }
    for (name, value) in [("min", &stats.min), ("max", &stats.max)] {
        if let Some(value) = value {
            members.insert(name.to_owned(), shown(value, &plan.zone));
        }
    }
    // A sum beyond all numbers is none that JSON could spell.
    if let Some(sum) = stats.sum.filter(|sum| plan.storage == Storage::Number && sum.is_finite()) {
        members.insert("sum".to_owned(), number(sum));
        if stats.count > 0 {
            members.insert("avg".to_owned(), number(sum / stats.count as f64));
        }
    }
    members
}

/// The histograms as answered: where each bucket begins, and its transcripts.
pub fn histograms(plans: &[HistogramPlan], lists: Vec<Vec<Bucket>>) -> Vec<(String, Vec<(Value, u64)>)> {
    let answered = plans.iter().zip(lists).map(|(plan, buckets)| {
        let buckets = buckets.into_iter().map(|bucket| (shown(&bucket.key, &plan.zone), bucket.count));
        (plan.name.clone(), buckets.collect())
    });
    answered.collect()
}

fn shown(value: &SortValue, zone: &TimeZone) -> Value {
    match value {
        SortValue::Text(text) => Value::from(text.as_str()),
        SortValue::Number(value) => number(*value),
        SortValue::Instant(micros) => Value::from(Timestamp(*micros).rfc3339_in(zone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(storage: Storage) -> StatsPlan {
        StatsPlan { name: "x".into(), storage, zone: TimeZone::get("Europe/Berlin").unwrap() }
    }

    fn answered(storage: Storage, all: Stats) -> Value {
        stats(&[plan(storage)], &[all])[0].1.clone()
    }

    #[test]
    fn statistics_show_what_their_values_have() {
        let counts = Stats { count: 4, distinct: 3, missing: 1, ..Stats::default() };
        assert_eq!(answered(Storage::Keyword, counts.clone()).to_string(), r#"{"count":4,"distinct":3,"missing":1}"#);
        let numbers = Stats {
            min: Some(SortValue::Number(-1.5)),
            max: Some(SortValue::Number(7.0)),
            sum: Some(10.0),
            ..counts.clone()
        };
        assert_eq!(
            answered(Storage::Number, numbers).to_string(),
            r#"{"count":4,"distinct":3,"missing":1,"min":-1.5,"max":7,"sum":10,"avg":2.5}"#
        );
        let instants = Stats { min: Some(SortValue::Instant(0)), max: Some(SortValue::Instant(500_000)), ..counts };
        let shown = answered(Storage::Instant, instants);
        assert_eq!(shown["min"], "1970-01-01T01:00:00+01:00");
        assert_eq!((&shown["max"], shown.get("sum")), (&json!("1970-01-01T01:00:00.5+01:00"), None));
    }

    #[test]
    fn statistics_of_no_values_leave_out_what_there_is_not() {
        let none = Stats { missing: 3, sum: Some(0.0), ..Stats::default() };
        assert_eq!(
            answered(Storage::Number, none.clone()).to_string(),
            r#"{"count":0,"distinct":0,"missing":3,"sum":0}"#
        );
        let endless = Stats { sum: Some(f64::INFINITY), count: 2, ..none };
        assert_eq!(answered(Storage::Number, endless).get("sum"), None);
    }

    #[test]
    fn buckets_begin_in_the_zone() {
        let plans = [HistogramPlan { name: "d".into(), zone: TimeZone::get("America/New_York").unwrap() }];
        let bucket = |key, count| Bucket { key, count };
        let lists = vec![vec![bucket(SortValue::Instant(18_000_000_000), 2), bucket(SortValue::Number(0.5), 1)]];
        let shown = histograms(&plans, lists);
        assert_eq!(shown, [("d".into(), vec![(json!("1970-01-01T00:00:00-05:00"), 2), (json!(0.5), 1)])]);
    }
}
