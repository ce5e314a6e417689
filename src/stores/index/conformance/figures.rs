//! Names that several organisations define, several sort keys, facets by prefix, statistics, histograms.
use super::Case;
use super::asking::{BUDGET, built_in, fill};
use super::world::{HOLD, QUEUE, everything, record};
use crate::base::fold::fold_value;
use crate::domain::builtins::builtin;
use crate::domain::fields::TypedValue;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId};
use crate::query::intervals::Interval;
use crate::query::resolved::{
    Bucket, FacetAsked, HistogramAsked, Node, ResolvedSearch, SearchPage, SortBy, SortKey, SortValue, Source, Stats,
    Target, Test,
};
use crate::stores::index::{IndexWrite, SearchIndex};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// What is promised.
pub(super) const CASES: [Case; 6] = [
    ("rows are ordered by several keys", several_keys),
    ("one name is several organisations' fields", several_targets),
    ("facets are narrowed by a prefix", prefixes),
    ("values are counted and added up", stats),
    ("numbers fall into steps", steps),
    ("instants fall into days", days),
];

/// The second organisation's own `varchar`.
const OTHER: FieldId = FieldId(201);

fn values(targets: &[Target]) -> Source {
    Source { targets: targets.to_vec(), only_folders: None }
}

fn of(name: &str) -> Target {
    Target::Builtin(builtin(name).unwrap())
}

fn queue() -> Target {
    Target::Field(QUEUE, Storage::Keyword)
}

fn hold() -> Target {
    Target::Field(HOLD, Storage::Number)
}

fn other() -> Target {
    Target::Field(OTHER, Storage::Keyword)
}

fn page(index: &dyn SearchIndex, search: ResolvedSearch) -> SearchPage {
    index.search(&search, BUDGET).unwrap()
}

fn ordered(index: &dyn SearchIndex, order: &[(Target, bool)]) -> Vec<u32> {
    ordered_by(index, order.iter().map(|(target, descending)| SortKey::value(*target, *descending)).collect())
}

fn ordered_by(index: &dyn SearchIndex, order: Vec<SortKey>) -> Vec<u32> {
    page(index, ResolvedSearch { order, ..everything(Node::All) }).hits.iter().map(|hit| hit.key.0).collect()
}

fn facet(index: &dyn SearchIndex, source: Source, prefix: Option<&str>) -> Vec<(Value, u64)> {
    let asked = FacetAsked { source, size: 10, prefix: prefix.map(str::to_owned) };
    let mut page = page(index, ResolvedSearch { facets: vec![asked], size: 0, ..everything(Node::All) });
    page.facets.remove(0).into_iter().map(|facet| (facet.value, facet.count)).collect()
}

/// Gives transcript 5, of the second organisation, a value of its field.
fn give_five(index: &dyn SearchIndex, revision: u64, text: &str) {
    let mut five = record(5, 2, 21, "a", 2);
    five.revision.0 = revision;
    five.values = vec![(OTHER, vec![TypedValue::Keyword { shown: text.to_owned(), folded: fold_value(text) }])];
    index.apply(vec![IndexWrite::Record(Box::new(five))], revision).unwrap();
}

fn several_keys(index: &dyn SearchIndex) {
    fill(index);
    // 1 and 2 share the agent; the others have none and go by the second key, at last by tid.
    assert_eq!(ordered(index, &[(of("agentid"), false), (hold(), true)]), [2, 1, 3, 5, 4]);
    assert_eq!(ordered(index, &[(of("agentid"), true), (hold(), false)]), [1, 2, 3, 5, 4]);
    assert_eq!(ordered(index, &[(of("folder"), false), (of("datetime"), true)]), [3, 2, 1, 5, 4]);
    assert_eq!(ordered(index, &[(of("agentid"), false), (of("folder"), true), (of("tid"), true)]), [2, 1, 4, 5, 3]);
    let score_first = vec![SortKey::score(true), SortKey::value(of("datetime"), false)];
    assert_eq!(ordered_by(index, score_first), [1, 2, 3, 4, 5]);
}

fn several_targets(index: &dyn SearchIndex) {
    fill(index);
    give_five(index, 2, "Alpha");
    let both = values(&[queue(), other()]);
    let by = |source: &Source, descending| vec![SortKey { by: SortBy::Values(source.clone()), descending }];
    assert_eq!(ordered_by(index, by(&both, false)), [5, 3, 1, 2, 4]);
    assert_eq!(ordered_by(index, by(&both, true)), [3, 2, 1, 5, 4]);
    let only = Source { only_folders: Some([FolderId(21)].into()), ..both.clone() };
    assert_eq!(ordered_by(index, by(&only, false)), [5, 3, 1, 2, 4]);
    give_five(index, 3, "SALES");
    assert_eq!(facet(index, both.clone(), None), [(json!("Billing"), 2), (json!("SALES"), 2), (json!("Salé"), 1)]);
    assert_eq!(facet(index, only, None), [(json!("SALES"), 1)]);
    // A number here, a word there: what is shown alike is one line.
    give_five(index, 4, "60");
    let shown: Vec<(String, u64)> = facet(index, values(&[hold(), other()]), None)
        .iter()
        .map(|(value, count)| (crate::query::facets::shown(value), *count))
        .collect();
    assert_eq!(shown, [("60".to_owned(), 2), ("-5.5".to_owned(), 1), ("61".to_owned(), 1)]);
    let asked = ResolvedSearch { stats: vec![both], ..everything(Node::All) };
    let stats = page(index, asked).stats.remove(0);
    assert_eq!((stats.count, stats.distinct, stats.missing), (6, 4, 1));
}

fn prefixes(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(facet(index, values(&[queue()]), Some("sal")), [(json!("Salé"), 1), (json!("sales"), 1)]);
    assert_eq!(facet(index, values(&[queue()]), Some("billing")), [(json!("Billing"), 2)]);
    assert_eq!(facet(index, values(&[queue()]), Some("")).len(), 3);
    assert_eq!(facet(index, values(&[queue()]), Some("x")), []);
    assert_eq!(facet(index, values(&[of("folder")]), Some("out")), [(json!("Outbound"), 1)]);
    assert_eq!(facet(index, values(&[of("agentid")]), Some("smi")), [(json!("SMITH"), 2)]);
    assert_eq!(facet(index, values(&[hold()]), Some("6")), []);
}

fn stats(index: &dyn SearchIndex) {
    fill(index);
    let of_all = |source: Source, root: Node| {
        page(index, ResolvedSearch { stats: vec![source], size: 0, ..everything(root) }).stats.remove(0)
    };
    let numbers = of_all(values(&[hold()]), Node::All);
    assert!((numbers.sum.unwrap() - 115.5).abs() < 1e-9);
    let expected = Stats {
        count: 3,
        distinct: 3,
        missing: 2,
        min: Some(SortValue::Number(-5.5)),
        max: Some(SortValue::Number(61.0)),
        sum: numbers.sum,
    };
    assert_eq!(numbers, expected);
    // Each element of a list counts; billing stands there three times, twice in one transcript.
    let words = Stats { count: 5, distinct: 3, missing: 2, ..Stats::default() };
    assert_eq!(of_all(values(&[queue()]), Node::All), words);
    let nowhere = Source { only_folders: Some([FolderId(12)].into()), ..values(&[hold()]) };
    assert_eq!(of_all(nowhere, Node::All), Stats { missing: 5, ..Stats::default() });
    assert_eq!(of_all(values(&[hold()]), Node::Nothing), Stats::default());
    let dates = of_all(values(&[of("datetime")]), built_in("duration", Test::Exists));
    let instants = (Some(SortValue::Instant(1_000_000)), Some(SortValue::Instant(4_000_000)));
    assert_eq!((dates.count, dates.distinct, dates.missing, dates.sum), (4, 4, 0, None));
    assert_eq!((dates.min, dates.max), instants);
    let agents = of_all(values(&[of("agentid")]), Node::All);
    assert_eq!((agents.count, agents.distinct, agents.missing), (2, 1, 3));
}

fn histogram(index: &dyn SearchIndex, target: Target, interval: Interval) -> Vec<Bucket> {
    let asked = HistogramAsked { source: values(&[target]), interval };
    page(index, ResolvedSearch { histograms: vec![asked], size: 0, ..everything(Node::All) }).histograms.remove(0)
}

fn steps(index: &dyn SearchIndex) {
    fill(index);
    let buckets = |target, step| {
        let buckets = histogram(index, target, Interval::Step(step));
        let number = |bucket: Bucket| match bucket.key {
            SortValue::Number(key) => (key, bucket.count),
            other => panic!("{other:?}"),
        };
        buckets.into_iter().map(number).collect::<Vec<_>>()
    };
    assert_eq!(buckets(hold(), 30.0), [(-30.0, 1), (60.0, 2)]);
    assert_eq!(buckets(hold(), 0.5), [(-5.5, 1), (60.0, 1), (61.0, 1)]);
    assert_eq!(buckets(of("duration"), 10.0), [(0.0, 1), (10.0, 1), (20.0, 1), (30.0, 1)]);
    assert_eq!(buckets(of("silence"), 10.0), []);
    // Two values in one bucket are one transcript.
    let mut three = record(3, 1, 11, "T3", 3);
    three.revision.0 = 2;
    three.values = vec![(HOLD, vec![TypedValue::Number(1.0), TypedValue::Number(2.0), TypedValue::Number(61.0)])];
    index.apply(vec![IndexWrite::Record(Box::new(three))], 2).unwrap();
    assert_eq!(buckets(hold(), 30.0), [(0.0, 1), (60.0, 3)]);
}

fn days(index: &dyn SearchIndex) {
    fill(index);
    let buckets = |interval: &str, zone: &str| {
        let interval = Interval::time(interval, &TimeZone::get(zone).unwrap()).unwrap();
        let instant = |bucket: Bucket| match bucket.key {
            SortValue::Instant(key) => (key, bucket.count),
            other => panic!("{other:?}"),
        };
        histogram(index, of("datetime"), interval).into_iter().map(instant).collect::<Vec<_>>()
    };
    assert_eq!(buckets("2s", "UTC"), [(0, 1), (2_000_000, 2), (4_000_000, 2)]);
    assert_eq!(buckets("1d", "UTC"), [(0, 5)]);
    assert_eq!(buckets("1d", "Europe/Berlin"), [(-3_600_000_000, 5)]);
    assert_eq!(buckets("1w", "UTC"), [(-3 * 86_400_000_000, 5)], "the first of 1970 was a Thursday");
    assert_eq!(buckets("1M", "UTC"), [(0, 5)]);
}
