//! Pages that follow each other while transcripts come and go.
use super::Case;
use super::asking::{BUDGET, fill, words};
use super::world::{QUEUE, everything, record, transcript};
use crate::domain::builtins::builtin;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{Key, OrgId};
use crate::query::resolved::{FacetAsked, Node, Position, ResolvedSearch, SearchPage, SortKey, Source, Target};
use crate::stores::index::{IndexWrite, SearchIndex};

/// What is promised.
pub(super) const CASES: [Case; 5] = [
    ("pages follow each other to the end", follow),
    ("rows without a value are paged too", missing),
    ("what comes and goes between pages moves no other row", stable),
    ("scores stay those of the first page", frozen),
    ("a page counts everything as usual", counts),
];

fn page(index: &dyn SearchIndex, search: &ResolvedSearch, after: Option<&Position>) -> SearchPage {
    index.search(&ResolvedSearch { paging: true, after: after.cloned(), ..search.clone() }, BUDGET).unwrap()
}

fn keys(page: &SearchPage) -> Vec<u32> {
    page.hits.iter().map(|hit| hit.key.0).collect()
}

/// The keys of all pages.
fn walk(index: &dyn SearchIndex, search: &ResolvedSearch) -> Vec<Vec<u32>> {
    let mut pages = vec![page(index, search, None)];
    while let Some(next) = pages.last().and_then(|last| last.next.clone()) {
        pages.push(page(index, search, Some(&next)));
        assert!(pages.len() < 10);
    }
    pages.iter().map(keys).collect()
}

fn follow(index: &dyn SearchIndex) {
    fill(index);
    let of = |size| ResolvedSearch { size, ..everything(Node::All) };
    assert_eq!(walk(index, &of(2)), [vec![5, 4], vec![3, 2], vec![1]]);
    assert_eq!(walk(index, &of(3)), [vec![5, 4, 3], vec![2, 1]]);
    assert_eq!(walk(index, &of(5)), [vec![5, 4, 3, 2, 1]], "no page follows that has no row");
    assert_eq!(walk(index, &of(9)), [vec![5, 4, 3, 2, 1]]);
    assert_eq!(walk(index, &of(0)), [Vec::<u32>::new()]);
    let ascending = ResolvedSearch { order: vec![SortKey::value(datetime(), false)], ..of(4) };
    assert_eq!(walk(index, &ascending), [vec![1, 2, 3, 4], vec![5]]);
    let unasked = index.search(&of(2), BUDGET).unwrap();
    assert_eq!(unasked.next, None, "it was not asked for");
}

fn datetime() -> Target {
    Target::Builtin(builtin("datetime").unwrap())
}

fn missing(index: &dyn SearchIndex) {
    fill(index);
    let queue = Target::Field(QUEUE, Storage::Keyword);
    let folder = Target::Builtin(builtin("folder").unwrap());
    let by = |order, size| ResolvedSearch { order, size, ..everything(Node::All) };
    for descending in [false, true] {
        let whole = if descending { [3, 2, 1, 5, 4] } else { [3, 1, 2, 5, 4] };
        for size in 1..5 {
            let search = by(vec![SortKey::value(queue, descending)], size);
            assert_eq!(walk(index, &search).concat(), whole, "{descending} {size}");
        }
    }
    let both = by(vec![SortKey::value(queue, false), SortKey::value(folder, true)], 1);
    assert_eq!(walk(index, &both).concat(), [3, 1, 2, 4, 5]);
}

fn stable(index: &dyn SearchIndex) {
    fill(index);
    let search = ResolvedSearch { size: 2, ..everything(Node::All) };
    let next = page(index, &search, None).next.unwrap();
    assert_eq!((next.key, next.tid.as_str(), next.score), (4, "t4", 0.0));
    // One comes before the place, one after it, the last row shown goes, and so does one that is to come.
    let mut late = record(7, 1, 11, "t7", 0);
    late.builtins.datetime = 1_500_000;
    let writes = vec![
        transcript(6, 1, 11, "t6", &[("agent", "new")]),
        IndexWrite::Whole(Box::new(late), Vec::new()),
        IndexWrite::Erase(Key(4), OrgId(1)),
        IndexWrite::Erase(Key(3), OrgId(1)),
    ];
    index.apply(writes, 2).unwrap();
    let second = page(index, &search, Some(&next));
    assert_eq!((keys(&second), second.total), (vec![2, 7], 5));
    let third = page(index, &search, second.next.as_ref());
    assert_eq!((keys(&third), third.next), (vec![1], None));
}

fn frozen(index: &dyn SearchIndex) {
    fill(index);
    let search = ResolvedSearch { size: 1, order: vec![SortKey::score(true)], ..everything(words("cancel")) };
    let whole = page(index, &ResolvedSearch { size: 9, ..search.clone() }, None);
    let first = page(index, &search, None);
    let next = first.next.unwrap();
    assert_eq!((next.statistics.transcripts, next.statistics.words, next.matching.as_slice()), (5, 25, &[3u64][..]));
    let more = (10..20).map(|key| transcript(key, 1, 11, &format!("u{key}"), &[("agent", "nothing of the kind")]));
    index.apply(more.collect(), 2).unwrap();
    let second = page(index, &search, Some(&next));
    assert_eq!(second.hits[0].key, whole.hits[1].key);
    assert!((second.hits[0].score - whole.hits[1].score).abs() < 1e-12);
    let kept = second.next.unwrap();
    assert_eq!((kept.statistics, kept.matching), (next.statistics, next.matching));
    let live = page(index, &search, None);
    assert!(live.hits[0].score > whole.hits[0].score, "the word is rarer now");
}

fn counts(index: &dyn SearchIndex) {
    fill(index);
    let queue = Source::of(Target::Field(QUEUE, Storage::Keyword));
    let facet = FacetAsked { source: queue.clone(), size: 9, prefix: None };
    let search =
        ResolvedSearch { size: 2, facets: vec![facet], stats: vec![queue], moments: 9, ..everything(words("cancel")) };
    let first = page(index, &search, None);
    let second = page(index, &search, first.next.as_ref());
    assert_eq!((first.total, second.total), (3, 3));
    assert_eq!((&first.facets, &first.stats), (&second.facets, &second.stats));
    assert_eq!((keys(&first), keys(&second)), (vec![4, 2], vec![1]));
    assert_eq!(second.hits[0].moments.len(), 2);
}
