//! Several sort keys, and pages that go on where the last one ended, compared with the oracle.
use super::support::*;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId};
use crate::query::evaluate::{self, Document};
use crate::query::intervals::{Every, Interval};
use crate::query::resolved::{
    FacetAsked, HistogramAsked, Node, Position, ResolvedSearch, SearchPage, SortBy, SortKey, Source, Target,
};
use jiff::tz::TimeZone;

const COLOURS: [&str; 6] = ["Red", "red", "green", "Blue", "blue", "Ärger"];

/// Numbers that look like chance, the same each time.
fn mixed(seed: u32) -> u32 {
    let mut value = seed.wrapping_mul(0x9E37_79B9) ^ 0x5bd1_e995;
    value ^= value >> 15;
    value = value.wrapping_mul(0x85eb_ca6b);
    value ^ (value >> 13)
}

/// A field that another organisation calls by the same name.
const OTHER: Target = Target::Field(FieldId(5), Storage::Keyword);

fn calls(count: u32) -> Vec<Call> {
    (0..count)
        .map(|key| {
            let chance = |what: u32, of: u32| mixed(key * 16 + what) % of;
            let mut own = call(key).tid(&format!("{}{:03}", ["t", "T", "é"][chance(0, 3) as usize], 999 - key));
            own = own.at(i64::from(chance(1, 6)) * 1_800_000_000 - 3_600_000_000);
            if chance(2, 4) > 0 {
                let several = (0..=chance(3, 3)).map(|at| COLOURS[chance(4 + at, 6) as usize]).collect::<Vec<_>>();
                own = own.queue(&several);
                if chance(10, 2) == 0 {
                    // In the other organisation the same values stand under another number.
                    own.record.values[0].0 = FieldId(5);
                }
            }
            if chance(7, 3) > 0 {
                let numbers = (0..=chance(8, 2)).map(|at| f64::from(chance(9 + at, 7)) - 2.5).collect::<Vec<_>>();
                own = own.hold(&numbers);
            }
            if chance(11, 3) == 0 {
                own = own.place(1, 11);
            }
            let text = ["cancel", "cancel the plan", "plan plan", "hello"][chance(12, 4) as usize];
            own.says("agent", text)
        })
        .collect()
}

fn world(count: u32) -> (Bench, Vec<Document>) {
    let calls = calls(count);
    let documents = calls.iter().map(|own| Document { record: own.record.clone(), turns: own.turns.clone() }).collect();
    let mut bench = Bench::new();
    for batch in calls.chunks(37) {
        bench.apply(batch.iter().cloned().map(Call::whole).collect());
    }
    (bench, documents)
}

fn both() -> Source {
    Source { targets: vec![QUEUE, OTHER], only_folders: None }
}

fn key(by: Source, descending: bool) -> SortKey {
    SortKey { by: SortBy::Values(by), descending }
}

fn orders() -> Vec<Vec<SortKey>> {
    let only = |target| Source { only_folders: Some([FolderId(10)].into()), ..Source::of(target) };
    vec![
        vec![key(both(), false), key(Source::of(HOLD), true)],
        vec![key(both(), true), SortKey::score(false), key(Source::of(builtin("datetime")), true)],
        vec![key(Source::of(builtin("datetime")), false), key(both(), true), key(Source::of(HOLD), false)],
        vec![SortKey::score(true), key(both(), false)],
        vec![SortKey::score(false)],
        vec![key(only(HOLD), true), key(only(builtin("datetime")), false)],
        vec![key(Source::of(builtin("folder")), true), key(Source::of(builtin("tid")), true)],
        vec![key(Source::of(NOTE), true)],
        vec![key(Source::of(HOLD), false), SortKey::score(true)],
    ]
}

/// The keys of all pages, one after the other.
fn through(asked: &ResolvedSearch, answer: impl Fn(&ResolvedSearch) -> SearchPage) -> (Vec<u32>, Vec<Position>) {
    let (mut keys, mut ends) = (Vec::new(), Vec::new());
    let mut asked = asked.clone();
    loop {
        let page = answer(&asked);
        keys.extend(page.hits.iter().map(|hit| hit.key.0));
        match page.next {
            Some(next) => {
                ends.push(next.clone());
                asked.after = Some(next);
            }
            None => return (keys, ends),
        }
    }
}

#[test]
fn pages_go_through_every_order_as_the_oracle_does() {
    let (bench, documents) = world(150);
    let few =
        Node::And(vec![said("plan"), value(HOLD, crate::query::resolved::Test::Numbers(Some((2.0, true)), None))]);
    for root in [Node::All, said("cancel"), Node::Or(vec![said("plan"), said("cancel")]), few] {
        for order in orders() {
            let mut asked = search(root.clone());
            (asked.order, asked.size) = (order, 1_000);
            let whole = evaluate::search(documents.iter(), &asked);
            let expected: Vec<u32> = whole.hits.iter().map(|hit| hit.key.0).collect();
            assert_eq!(bench.keys(&asked), expected, "{asked:#?}");
            for (offset, size) in [(0, 5), (30, 9), (expected.len().saturating_sub(3), 10)] {
                (asked.offset, asked.size) = (offset, size);
                let window = expected.iter().copied().skip(offset).take(size).collect::<Vec<_>>();
                assert_eq!(bench.keys(&asked), window, "{offset} {size} {asked:#?}");
            }
            (asked.offset, asked.paging) = (0, true);
            for size in [7, 50] {
                asked.size = size;
                let (keys, ends) = through(&asked, |asked| bench.page(asked));
                assert_eq!(keys, expected, "{size} {asked:#?}");
                let (_, others) = through(&asked, |asked| evaluate::search(documents.iter(), asked));
                let bare = |ends: &[Position]| {
                    let bare = |end: &Position| (end.values.clone(), end.tid.clone(), end.key, end.matching.clone());
                    ends.iter().map(bare).collect::<Vec<_>>()
                };
                assert_eq!(bare(&ends), bare(&others));
            }
        }
    }
}

#[test]
fn pages_stay_stable_while_transcripts_come_and_go() {
    let (mut bench, documents) = world(60);
    let mut asked = search(Node::Or(vec![said("plan"), said("cancel")]));
    (asked.order, asked.size, asked.paging) = (vec![SortKey::score(true)], 10, true);
    let first = bench.page(&asked);
    let whole = bench.page(&ResolvedSearch { size: 1_000, ..asked.clone() });
    let next = first.next.unwrap();
    // Others come, which would change every score, and the last row shown goes.
    let more = (200..260).map(|key| call(key).says("agent", "plan nothing at all today").whole());
    bench.apply(more.collect());
    let last = documents.iter().find(|own| own.record.key.0 == next.key).unwrap();
    bench.apply(vec![crate::stores::index::IndexWrite::Erase(last.record.key, last.record.org)]);
    asked.after = Some(next.clone());
    let second = bench.page(&ResolvedSearch { size: 1_000, ..asked.clone() });
    let old: Vec<(u32, f64)> =
        second.hits.iter().map(|hit| (hit.key.0, hit.score)).filter(|(key, _)| *key < 200).collect();
    let expected: Vec<(u32, f64)> = whole.hits.iter().skip(10).map(|hit| (hit.key.0, hit.score)).collect();
    assert_eq!(old, expected);
    let third = bench.page(&asked);
    assert_eq!(third.next.unwrap().statistics, next.statistics);
    assert_eq!(third.total, second.total);
}

#[test]
fn facets_statistics_and_histograms_are_those_of_the_oracle() {
    let (bench, documents) = world(150);
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let time = |every| Interval::Time(every, zone.clone());
    let facet =
        |source: Source, size, prefix: Option<&str>| FacetAsked { source, size, prefix: prefix.map(str::to_owned) };
    let mixed = Source { targets: vec![QUEUE, OTHER, HOLD, DUE], only_folders: None };
    let only = Source { only_folders: Some([FolderId(11)].into()), ..both() };
    let folder = Source::of(builtin("folder"));
    let histogram = |source: Source, interval| HistogramAsked { source, interval };
    for root in [Node::All, said("cancel"), Node::Nothing] {
        let mut asked = search(root);
        asked.size = 3;
        asked.facets = vec![
            facet(both(), 10, None),
            facet(both(), 2, None),
            facet(both(), 10, Some("r")),
            facet(mixed.clone(), 6, None),
            facet(mixed.clone(), 100, Some("")),
            facet(only.clone(), 10, None),
            facet(folder.clone(), 10, Some("a")),
            facet(Source::of(builtin("tid")), 20, Some("t9")),
            facet(Source::of(HOLD), 3, None),
        ];
        let sources = [both(), only.clone(), Source::of(HOLD), Source::of(builtin("datetime")), folder.clone()];
        asked.stats =
            sources.into_iter().chain([Source::of(NOTE), Source::of(builtin("tid")), Source::of(DUE)]).collect();
        let datetime = || Source::of(builtin("datetime"));
        asked.histograms = vec![
            histogram(datetime(), time(Every::Day)),
            histogram(datetime(), time(Every::Seconds(900))),
            histogram(datetime(), time(Every::Week)),
            histogram(datetime(), time(Every::Month)),
            histogram(datetime(), time(Every::Year)),
            histogram(Source::of(HOLD), Interval::Step(2.0)),
            histogram(Source::of(HOLD), Interval::Step(0.1)),
            histogram(Source { only_folders: Some([FolderId(11)].into()), ..Source::of(HOLD) }, Interval::Step(1e9)),
        ];
        let (answered, expected) = (bench.page(&asked), evaluate::search(documents.iter(), &asked));
        assert_eq!(answered.facets, expected.facets);
        assert_eq!(answered.histograms, expected.histograms);
        let near = |stats: &crate::query::resolved::Stats| {
            let mut stats = stats.clone();
            stats.sum = stats.sum.map(|sum| (sum * 1e6).round());
            stats
        };
        let near = |page: &SearchPage| page.stats.iter().map(near).collect::<Vec<_>>();
        assert_eq!(near(&answered), near(&expected));
    }
}
