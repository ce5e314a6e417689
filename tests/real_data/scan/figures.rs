//! Figures over values: counted, added up and put into buckets one by one.
use super::values;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit, Zoned, ZonedRound};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The instants among the elements: a bare day begins at midnight in the zone.
pub fn instants(record: &Value, name: &str, zone: &str) -> Vec<Zoned> {
    let zone = TimeZone::get(zone).unwrap();
    let all = if name == "datetime" {
        record["app_data"]["datetime"].as_str().into_iter().map(str::to_owned).collect()
    } else {
        values(record, name)
    };
    let civil = |text: &String| text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from)).ok();
    all.iter().filter_map(civil).map(|at| at.to_zoned(zone.clone()).unwrap()).collect()
}

/// As answers spell it.
pub fn spelled(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Where the hour, day, week, month or year begins.
pub fn begin(at: &Zoned, unit: Unit) -> Zoned {
    let day = at.start_of_day().unwrap();
    match unit {
        Unit::Hour => at.round(ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc)).unwrap(),
        Unit::Day => day,
        Unit::Week => day.checked_sub(i64::from(at.weekday().to_monday_zero_offset()).days()).unwrap(),
        Unit::Month => day.first_of_month().unwrap(),
        Unit::Year => day.first_of_year().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Transcripts by the buckets their values fall into.
pub fn buckets<'a, K: Ord>(
    records: impl Iterator<Item = &'a Value>,
    keys: impl Fn(&Value) -> Vec<K>,
) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for record in records {
        for key in keys(record).into_iter().collect::<BTreeSet<_>>() {
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

/// Value and count, once a transcript, the most frequent spelling shown; the most frequent first.
pub fn counted<'a>(records: impl Iterator<Item = &'a Value>, name: &str, prefix: &str) -> Vec<(String, usize)> {
    let mut groups: BTreeMap<String, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for record in records {
        let mut seen = BTreeSet::new();
        for value in values(record, name) {
            let folded = value.trim().to_lowercase();
            if folded.starts_with(prefix) && seen.insert(folded.clone()) {
                let group = groups.entry(folded).or_default();
                group.0 += 1;
                *group.1.entry(value).or_default() += 1;
            }
        }
    }
    let shown = |spellings: BTreeMap<String, usize>| {
        let most = spellings.values().copied().max().unwrap_or(0);
        spellings.into_iter().find(|(_, count)| *count == most).map(|(spelling, _)| spelling).unwrap()
    };
    let mut all: Vec<_> = groups.into_values().map(|(count, spellings)| (shown(spellings), count)).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}
