//! Figures, histograms and prefixes of facets, beside ones counted one by one.
use crate::analyst::Meaning;
use crate::scan::figures::{begin, buckets, counted, instants, spelled};
use crate::scan::hall::Hall;
use crate::scan::said::said;
use crate::scan::test::{all, kept};
use crate::scan::{is, numbers, values};
use crate::world::World;
use jiff::Unit;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The records that a meaning holds for.
fn matching<'a>(hall: &Hall<'a>, meaning: Meaning) -> Vec<&'a Value> {
    let test = meaning();
    hall.records.values().filter(|r| test.holds(&hall.vocabulary, r)).map(|r| r.json).collect()
}

/// Whether a chat says when it was: one that does not counts as of the day it was brought in.
fn dated(record: &Value) -> bool {
    record["app_data"]["datetime"].is_string()
}

/// How a field's values are compared.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Date,
}

const STATS: &[(&str, &str, Meaning, &str, Kind)] = &[
    ("Chat", "", all, "restaurant_book.PartySize", Kind::Number),
    ("Chat", "cancel*", || said("cancel*").into(), "DialogueID", Kind::Number),
    ("Chat", "Happy:true", || kept(|r| is(r, "Happy", "true")), "Domains", Kind::Text),
    ("Chat", "", all, "Scenario.WizardCapabilities.Task", Kind::Text),
    ("Chat", "", all, "UserQuestionnaire.Answer", Kind::Text),
    ("Chat", "refund datetime:<2021-01-01", || said("refund") & kept(dated), "datetime", Kind::Date),
    ("Phone", "sex:F", || kept(|r| is(r, "sex", "F")), "dob", Kind::Date),
    ("Phone", "", all, "name_last", Kind::Text),
    ("Calls-21", "", all, "audio_length", Kind::Number),
    ("Calls-22", "", all, "File Length (seconds)", Kind::Number),
    ("Bitcoin", "mining", || said("mining").into(), "tags", Kind::Text),
    ("Bitcoin", "", all, "date", Kind::Date),
    ("Bitcoin", "", all, "episode", Kind::Number),
];

pub fn figures_are_those_of_a_plain_scan(world: &World, halls: &BTreeMap<&str, Hall<'_>>) {
    for (org, q, meaning, name, kind) in STATS {
        let imported = world.of(org);
        let records = matching(&halls[org], *meaning);
        let answer = world.search(imported, &json!({"q": q, "size": 0, "stats": format!("\"{name}\"")}));
        let found = &answer["stats"][name];
        let shown = format!("{name} of {q:?}: {found}");
        let each = |of: &dyn Fn(&Value) -> usize| records.iter().map(|r| of(r)).collect::<Vec<_>>();
        let (count, distinct) = match kind {
            Kind::Text => {
                let folded: BTreeSet<String> =
                    records.iter().flat_map(|r| values(r, name)).map(|v| v.trim().to_lowercase()).collect();
                (each(&|r| values(r, name).len()), folded.len())
            }
            Kind::Number => {
                let numbers_of: Vec<f64> = records.iter().flat_map(|r| numbers(r, name)).collect();
                let close = |key: &str, expected: f64| {
                    let got = found[key].as_f64().unwrap_or(f64::NAN);
                    assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{key} {expected}: {shown}");
                };
                let sum = numbers_of.iter().sum::<f64>();
                close("min", numbers_of.iter().copied().fold(f64::INFINITY, f64::min));
                close("max", numbers_of.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                close("sum", sum);
                close("avg", sum / numbers_of.len() as f64);
                let different: BTreeSet<u64> = numbers_of.iter().map(|n| n.to_bits()).collect();
                (each(&|r| numbers(r, name).len()), different.len())
            }
            Kind::Date => {
                let zone = imported.collection.timezone;
                let dates: BTreeSet<_> = records.iter().flat_map(|r| instants(r, name, zone)).collect();
                assert_eq!(found["min"], spelled(dates.first().unwrap()), "{shown}");
                assert_eq!(found["max"], spelled(dates.last().unwrap()), "{shown}");
                (each(&|r| instants(r, name, zone).len()), dates.len())
            }
        };
        assert_eq!(found["count"], count.iter().sum::<usize>(), "{shown}");
        assert_eq!(found["distinct"], distinct, "{shown}");
        assert_eq!(found["missing"], count.iter().filter(|n| **n == 0).count(), "{shown}");
    }
}

const HISTOGRAMS_OF_DATES: &[(&str, &str, Meaning, &str, &str, Unit)] = &[
    ("Chat", "hello datetime:<2021-01-01", || said("hello") & kept(dated), "datetime", "1d", Unit::Day),
    (
        "Chat",
        "Domains:bank datetime:<2021-01-01",
        || kept(|r| is(r, "Domains", "bank") && dated(r)),
        "datetime",
        "1h",
        Unit::Hour,
    ),
    ("Phone", "", all, "dob", "1y", Unit::Year),
    ("Phone", "sex:M", || kept(|r| is(r, "sex", "M")), "dob", "1M", Unit::Month),
    ("Bitcoin", "", all, "date", "1M", Unit::Month),
    ("Bitcoin", "lightning", || said("lightning").into(), "date", "1w", Unit::Week),
];

const HISTOGRAMS_OF_NUMBERS: &[(&str, &str, Meaning, &str, f64)] = &[
    ("Chat", "", all, "restaurant_book.PartySize", 5.0),
    ("Chat", "/canc.*/", || said("/canc.*/").into(), "DialogueID", 250.0),
    ("Calls-21", "", all, "audio_length", 600.0),
    ("Bitcoin", "", all, "episode", 0.5),
];

pub fn buckets_are_those_of_a_plain_scan(world: &World, halls: &BTreeMap<&str, Hall<'_>>) {
    let asked = |org: &str, q: &str, name: &str, step: &str| {
        let body = json!({"q": q, "size": 0, "histogram": format!("\"{name}\":{step}")});
        world.search(world.of(org), &body)["histogram"][name].clone()
    };
    for (org, q, meaning, name, step, unit) in HISTOGRAMS_OF_DATES {
        let zone = world.of(org).collection.timezone;
        let keys = |r: &Value| instants(r, name, zone).iter().map(|at| begin(at, *unit)).collect();
        let expected = buckets(matching(&halls[org], *meaning).into_iter(), keys);
        let expected: Vec<Value> =
            expected.into_iter().map(|(key, count)| json!({"key": spelled(&key), "count": count})).collect();
        assert!(expected.len() > 3, "{name} by {step} tells nothing");
        assert_eq!(asked(org, q, name, step), json!(expected), "{name} by {step} of {q:?}");
    }
    for (org, q, meaning, name, step) in HISTOGRAMS_OF_NUMBERS {
        // All keys are halves at most, so that they can be compared as whole numbers.
        let keys = |r: &Value| numbers(r, name).iter().map(|n| ((n / step).floor() * step * 2.0) as i64).collect();
        let expected = buckets(matching(&halls[org], *meaning).into_iter(), keys);
        let expected: Vec<(f64, usize)> = expected.into_iter().map(|(key, count)| (key as f64 / 2.0, count)).collect();
        let answer = asked(org, q, name, &step.to_string());
        let rows = answer.as_array().unwrap().iter();
        let found: Vec<(f64, usize)> =
            rows.map(|row| (row["key"].as_f64().unwrap(), row["count"].as_u64().unwrap() as usize)).collect();
        assert_eq!(found, expected, "{name} by {step} of {q:?}");
    }
}

const PREFIXES: &[(&str, &str, Meaning, &str, &str)] = &[
    ("Chat", "", all, "Domains", "ba"),
    ("Chat", "book*", || said("book*").into(), "restaurant_book.Name", "the "),
    ("Chat", "", all, "Scenario.WizardCapabilities.Task", "hotel_"),
    ("Phone", "", all, "name", "ada"),
    ("Phone", "sex:M", || kept(|r| is(r, "sex", "M")), "name_last", "Ś"),
    ("Bitcoin", "", all, "transcript_by", "m"),
];

/// Dates are counted as days of the organisation, however summer time moves them.
pub fn facets_show_dates_in_the_organisations_time(world: &World) {
    for (org, name) in [("Phone", "dob"), ("Bitcoin", "date")] {
        let org = world.of(org);
        let keys = |r: &Value| instants(r, name, org.collection.timezone);
        let expected: BTreeSet<(String, u64)> =
            buckets(org.records.values(), keys).into_iter().map(|(at, count)| (spelled(&at), count as u64)).collect();
        let answer = world.search(org, &json!({"size": 0, "facets": format!("{name}:1000")}));
        let rows = answer["facets"][name].as_array().unwrap();
        let found: BTreeSet<(String, u64)> = rows
            .iter()
            .map(|row| (row["value"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap()))
            .collect();
        // There are more birthdays than a facet holds.
        assert!(found.is_subset(&expected) && found.len() == expected.len().min(1000), "{name}: {rows:?}");
    }
}

pub fn facets_begin_as_asked(world: &World, halls: &BTreeMap<&str, Hall<'_>>) {
    for (org, q, meaning, name, prefix) in PREFIXES {
        let expected = counted(matching(&halls[org], *meaning).into_iter(), name, &prefix.to_lowercase());
        let body = json!({"q": q, "size": 0, "facets": format!("\"{name}\":1000:{prefix}*")});
        let answer = world.search(world.of(org), &body);
        let rows = answer["facets"][name].as_array().unwrap().iter();
        let found: Vec<(String, usize)> = rows
            .map(|row| (row["value"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap() as usize))
            .collect();
        assert_eq!(found, expected, "{name} {prefix}* of {q:?}");
        assert!(!expected.is_empty(), "{name} {prefix}* tells nothing");
    }
}
