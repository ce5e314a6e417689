//! Statistics, histograms and substrings, checked by hand.
use super::support::*;
use crate::domain::identity::FieldId;
use crate::query::glob::Glob;
use crate::query::intervals::{Every, Interval};
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::Fuzzy;
use crate::query::pattern::regex::WholeRegex;
use crate::query::resolved::{
    Bucket, FacetAsked, HistogramAsked, Node, ResolvedSearch, SortValue, Source, Stats, Target, Test,
};
use crate::stores::error::Kind;
use crate::stores::index::SearchIndex;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

fn histogram(target: Target, interval: Interval) -> ResolvedSearch {
    let mut asked = search(Node::All);
    asked.histograms = vec![HistogramAsked { source: Source::of(target), interval }];
    asked
}

fn buckets(bench: &Bench, target: Target, interval: Interval) -> Vec<(SortValue, u64)> {
    let page = bench.page(&histogram(target, interval));
    page.histograms[0].iter().map(|Bucket { key, count }| (key.clone(), *count)).collect()
}

#[test]
fn statistics_count_every_element() {
    let bench = Bench::with(vec![
        call(1).hold(&[10.0, 10.0, -2.5]).queue(&["Billing", "billing", "Sales"]),
        call(2).hold(&[4.0]).queue(&["SALES"]).due(5),
        call(3),
        call(4).place(2, 20).hold(&[1e9]),
    ]);
    let mut asked = search(Node::All);
    asked.stats = [HOLD, QUEUE, DUE, builtin("folder")].map(Source::of).to_vec();
    let number = |value| Some(SortValue::Number(value));
    let hold = Stats { count: 4, distinct: 3, missing: 1, min: number(-2.5), max: number(10.0), sum: Some(21.5) };
    let queue = Stats { count: 4, distinct: 2, missing: 1, ..Stats::default() };
    let at = Some(SortValue::Instant(5));
    let due = Stats { count: 1, distinct: 1, missing: 2, min: at.clone(), max: at, sum: None };
    let folder = Stats { count: 3, distinct: 1, missing: 0, ..Stats::default() };
    assert_eq!(bench.page(&asked).stats, [hold, queue, due, folder]);
    asked.root = Node::Nothing;
    assert_eq!(bench.page(&asked).stats, vec![Stats::default(); 4]);
}

#[test]
fn a_transcript_counts_once_in_each_bucket() {
    let bench = Bench::with(vec![call(1).hold(&[1.0, 29.0, 31.0]), call(2).hold(&[-0.5]), call(3).hold(&[59.0])]);
    let number = SortValue::Number;
    let expected = [(number(-30.0), 1), (number(0.0), 1), (number(30.0), 2)];
    assert_eq!(buckets(&bench, HOLD, Interval::Step(30.0)), expected);
    assert_eq!(buckets(&bench, QUEUE, Interval::Step(30.0)), []);
}

#[test]
fn days_are_those_of_the_zone() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    // The clock goes forward on 29 March.
    let bench = Bench::with(vec![
        call(1).at(at("2026-03-28T23:30:00Z")),
        call(2).at(at("2026-03-29T21:59:59Z")),
        call(3).at(at("2026-03-29T22:00:00Z")),
    ]);
    let day = Interval::Time(Every::Day, TimeZone::get("Europe/Berlin").unwrap());
    let begins = |text: &str| SortValue::Instant(at(text));
    let expected = [(begins("2026-03-28T23:00:00Z"), 2), (begins("2026-03-29T22:00:00Z"), 1)];
    assert_eq!(buckets(&bench, builtin("datetime"), day), expected);
}

#[test]
fn too_many_buckets_are_refused() {
    let mut bench = Bench::new();
    bench.apply((0..10_001u32).map(|key| call(key).hold(&[f64::from(key)]).whole()).collect());
    let answer = |step| bench.index.search(&histogram(HOLD, Interval::Step(step)), Duration::from_secs(10));
    assert_eq!(answer(1.0).unwrap_err().kind, Kind::TooBroad);
    assert_eq!(answer(2.0).unwrap().histograms[0].len(), 5_001);
}

fn named(key: u32) -> String {
    format!(
        "Name {:07} {}",
        key.wrapping_mul(2_654_435_761) % 10_000_000,
        ["Schmidt", "Smith", "Meier"][key as usize % 3]
    )
}

#[test]
fn substrings_of_long_lists_are_found_with_and_without_their_table() {
    let mut bench = Bench::new();
    bench.apply((0..12_000u32).map(|key| call(key).queue(&[&named(key)]).whole()).collect());
    let Target::Field(id, _) = QUEUE else { unreachable!() };
    for pattern in ["*4711*", "*12*34*", "*99?1*", "*9 sm*", "*smith", "*e 00*8 m*", "*xyz*", "*i*", "*12", "?ame 12*"]
    {
        let glob = Glob::new(pattern.chars().map(|letter| (letter, false)));
        let mut expected: Vec<u32> = (0..12_000).filter(|key| glob.matches(&named(*key).to_lowercase())).collect();
        expected.sort_unstable();
        for infix in [HashSet::<FieldId>::new(), HashSet::from([id])] {
            let mut asked = search(value(QUEUE, Test::Like(Pattern::Glob(glob.clone()))));
            (asked.infix, asked.size) = (Arc::new(infix), 20_000);
            let mut keys = bench.keys(&asked);
            keys.sort_unstable();
            assert_eq!(keys, expected, "{pattern}");
        }
    }
    assert!(bench.index.figures().value_bytes > 12_000 * 20);
}

/// What takes too long to prepare is not begun with little time left; of few different values there is nothing to prepare.
#[test]
fn substrings_of_short_lists_are_looked_for_with_little_time() {
    let mut bench = Bench::new();
    let Target::Field(id, _) = QUEUE else { unreachable!() };
    bench.apply((0..300u32).map(|key| call(key).queue(&[&named(key)]).whole()).collect());
    let mut asked = search(value(QUEUE, Test::Like(Pattern::Glob(Glob::new("*smith*".chars().map(|c| (c, false)))))));
    asked.infix = Arc::new(HashSet::from([id]));
    let a_moment = Duration::from_millis(9);
    // One that the machine delays proves nothing.
    assert!((0..50).any(|_| bench.index.search(&asked, a_moment).is_ok_and(|page| page.total == 100)));
}

#[test]
fn values_match_regular_expressions_and_words_nearly_right() {
    let calls = ["Billing", "Biling", "bulling", "Sales 12", "sales 13"];
    let bench = Bench::with((1..).zip(calls).map(|(key, queue)| call(key).queue(&[queue])).collect());
    let like = |pattern| value(QUEUE, Test::Like(pattern));
    assert_eq!(bench.matching(like(Pattern::Fuzzy(Fuzzy::new("billing", 1)))), [1, 2, 3]);
    assert_eq!(bench.matching(like(Pattern::Fuzzy(Fuzzy::new("biling", 1)))), [1, 2]);
    assert_eq!(bench.matching(like(Pattern::Regex(WholeRegex::parse("sales 1[0-2]").unwrap()))), [4]);
    assert_eq!(bench.matching(like(Pattern::Regex(WholeRegex::parse("sales").unwrap()))), [0u32; 0]);
}

#[test]
fn facet_values_begin_with_the_prefix_folded() {
    let bench = Bench::with(vec![call(1).queue(&["Ärger", "Sales"]), call(2).queue(&["ärzte"]), call(3).hold(&[1.0])]);
    let mut asked = search(Node::All);
    let facet =
        |target, prefix: &str| FacetAsked { source: Source::of(target), size: 9, prefix: Some(prefix.to_owned()) };
    asked.facets = vec![facet(QUEUE, "är"), facet(QUEUE, "x"), facet(HOLD, "1")];
    let shown: Vec<Vec<String>> = bench
        .page(&asked)
        .facets
        .iter()
        .map(|list| list.iter().map(|facet| facet.value.as_str().unwrap_or("").to_owned()).collect())
        .collect();
    assert_eq!(shown, [vec!["Ärger".to_owned(), "ärzte".to_owned()], vec![], vec![]]);
}
