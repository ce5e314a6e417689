//! What is shown of what matches: order, pages, facets.
use super::support::*;
use crate::domain::identity::FolderId;
use crate::query::resolved::{FacetValue, Node, ResolvedSearch, SortKey, Target};
use serde_json::json;

fn by(target: Target, descending: bool) -> ResolvedSearch {
    let mut asked = search(Node::All);
    asked.order = vec![SortKey::value(target, descending)];
    asked
}

#[test]
fn many_segments_merge_into_one_order() {
    let mut bench = Bench::new();
    for batch in 0..5i64 {
        let calls = (0..40i64).map(|at| {
            let key = batch * 40 + at;
            // Every datetime twice, in different segments.
            call(key as u32).at((key * 37 % 100) * 1_000).tid(&format!("t{:03}", 999 - key)).whole()
        });
        bench.apply(calls.collect());
    }
    let mut expected: Vec<(i64, String, u32)> =
        (0..200i64).map(|key| (key * 37 % 100, format!("t{:03}", 999 - key), key as u32)).collect();
    expected.sort();
    let keys: Vec<u32> = expected.iter().map(|row| row.2).collect();
    let mut asked = by(builtin("datetime"), false);
    for (offset, size) in [(0, 7), (7, 20), (190, 50), (0, 200), (3, 1)] {
        (asked.offset, asked.size) = (offset, size);
        assert_eq!(bench.keys(&asked), keys[offset..(offset + size).min(200)], "{offset} {size}");
    }
    expected.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let keys: Vec<u32> = expected.iter().map(|row| row.2).collect();
    asked.order[0].descending = true;
    for (offset, size) in [(0, 7), (7, 20), (190, 50)] {
        (asked.offset, asked.size) = (offset, size);
        assert_eq!(bench.keys(&asked), keys[offset..(offset + size).min(200)], "{offset} {size}");
    }
    (asked.offset, asked.size) = (0, 0);
    let page = bench.page(&asked);
    assert_eq!((page.total, page.hits.len()), (200, 0));
    (asked.offset, asked.size) = (500, 10);
    assert_eq!(bench.page(&asked).total, 200);
}

#[test]
fn lists_sort_by_their_least_or_greatest_and_missing_values_last() {
    let bench = Bench::with(vec![
        call(1).hold(&[5.0]).queue(&["m"]),
        call(2).hold(&[9.0, 1.0]).queue(&["A", "z"]),
        call(3).tid("b"),
        call(4).hold(&[3.0]).queue(&["M"]),
        call(5).tid("a"),
    ]);
    assert_eq!(bench.keys(&by(HOLD, false)), [2, 4, 1, 5, 3]);
    assert_eq!(bench.keys(&by(HOLD, true)), [2, 1, 4, 5, 3]);
    assert_eq!(bench.keys(&by(QUEUE, false)), [2, 1, 4, 5, 3]);
    assert_eq!(bench.keys(&by(QUEUE, true)), [2, 1, 4, 5, 3]);
    assert_eq!(bench.keys(&by(builtin("tid"), false)), [1, 2, 4, 5, 3]);
    assert_eq!(bench.keys(&by(builtin("last_modified"), true)), [5, 4, 3, 2, 1]);
    // Few matches of many are looked up instead of walked: the same order.
    let mut asked = by(HOLD, true);
    asked.root = not(value(QUEUE, crate::query::resolved::Test::OneOf(vec!["m".to_owned()])));
    assert_eq!(bench.keys(&asked), [2, 5, 3]);
}

#[test]
fn folders_sort_and_count_by_name() {
    let bench = Bench::with(vec![call(1), call(2).place(1, 11), call(3)]);
    assert_eq!(bench.keys(&by(builtin("folder"), false)), [2, 1, 3]);
    assert_eq!(bench.keys(&by(builtin("folder"), true)), [1, 3, 2]);
    let mut asked = search(Node::All);
    asked.facets = vec![facet(builtin("folder"), 10)];
    assert_eq!(bench.page(&asked).facets, [counts(&[(json!("Inbound"), 2), (json!("Archive"), 1)])]);
}

fn counts(values: &[(serde_json::Value, u64)]) -> Vec<FacetValue> {
    values.iter().map(|(value, count)| FacetValue { value: value.clone(), count: *count }).collect()
}

#[test]
fn facets_count_transcripts_by_folded_value() {
    let bench = Bench::with(vec![
        call(1).queue(&["Billing"]).hold(&[1.0]).due(0),
        call(2).queue(&["billing", "BILLING", "Sales"]).hold(&[1.0, 1.0, 2.5]),
        call(3).queue(&["Billing"]).place(1, 11),
        call(4).queue(&["Other"]),
        call(5).queue(&["Foreign"]).place(2, 20),
    ]);
    let mut asked = search(Node::All);
    asked.facets = vec![facet(QUEUE, 10), facet(QUEUE, 1), facet(HOLD, 10), facet(DUE, 10), facet(NOTE, 10)];
    let page = bench.page(&asked);
    assert_eq!(page.facets[0], counts(&[(json!("Billing"), 3), (json!("Other"), 1), (json!("Sales"), 1)]));
    assert_eq!(page.facets[1], counts(&[(json!("Billing"), 3)]));
    assert_eq!(page.facets[2], counts(&[(json!(1), 2), (json!(2.5), 1)]));
    assert_eq!(page.facets[3], counts(&[(json!("1970-01-01T00:00:00.000000Z"), 1)]));
    assert_eq!(page.facets[4], []);
    let mut only = facet(QUEUE, 10);
    only.source.only_folders = Some([FolderId(11)].into());
    (asked.facets, asked.size) = (vec![only], 0);
    assert_eq!(bench.page(&asked).facets, [counts(&[(json!("Billing"), 1)])]);
}
