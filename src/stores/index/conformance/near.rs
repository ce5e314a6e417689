//! The nearest to a vector.
use super::Case;
use super::asking::{BUDGET, field, found, not, one_of, queue};
use super::world::{GIST, QUEUE, everything, gist, keyword, record, turns};
use crate::domain::fields::definition::Storage;
use crate::domain::fields::vector::cosine;
use crate::domain::identity::{FieldId, FolderId, Key, OrgId, Revision};
use crate::domain::record::Record;
use crate::query::resolved::{
    FacetAsked, Near, Node, Position, ResolvedSearch, SearchPage, SortBy, SortKey, Source, Target, Test,
};
use crate::stores::index::{IndexWrite, SearchIndex};

/// The second organisation's field of the same name.
const GIST_2: FieldId = FieldId(205);

/// What is asked for.
const VECTOR: [f32; 3] = [1.0, 0.0, 0.0];

/// Promises about it.
pub(super) const CASES: [Case; 6] = [
    ("the nearest are found by cosine, ties by id", by_cosine),
    ("the nearest are looked for in what all else leaves", within),
    ("everything in an answer is about the nearest", all_about_them),
    ("pages go through the nearest", pages),
    ("an embedding follows its transcript", changed),
    ("an embedding is there or not, and nothing else", exists),
];

fn whole(mut record: Record, values: Vec<(FieldId, [f32; 3])>, name: &str) -> IndexWrite {
    record.values = values.into_iter().map(|(field, numbers)| gist(field, numbers)).collect();
    record.values.push(keyword(name));
    IndexWrite::Whole(Box::new(record), turns(&[("agent", "hello")]))
}

/// By falling cosine: 3 (1), 5 (other organisation, 0.96), 2 and 6 (0.6, `B` before `a`), 1 (0), 4 (-1), 7 without any.
fn fill(index: &dyn SearchIndex) {
    let writes = [
        whole(record(1, 1, 11, "t1", 1), vec![(GIST, [0.0, 2.0, 0.0])], "x"),
        whole(record(2, 1, 11, "a", 1), vec![(GIST, [3.0, 4.0, 0.0])], "y"),
        whole(record(3, 1, 12, "t3", 1), vec![(GIST, [0.25, 0.0, 0.0])], "x"),
        whole(record(4, 1, 12, "t4", 1), vec![(GIST, [-5.0, 0.0, 0.0])], "y"),
        whole(record(5, 2, 21, "t5", 1), vec![(GIST_2, [24.0, 0.0, 7.0])], "x"),
        whole(record(6, 1, 11, "B", 1), vec![(GIST, [3.0, 0.0, -4.0])], "x"),
        whole(record(7, 1, 11, "t7", 1), vec![], "x"),
    ];
    // In two batches: an index may keep them apart.
    let (first, second) = writes.split_at(4);
    index.apply(first.to_vec(), 1).unwrap();
    index.apply(second.to_vec(), 2).unwrap();
}

fn near(k: usize) -> Near {
    Near { fields: vec![GIST, GIST_2], only_folders: None, vector: VECTOR.into(), k }
}

fn asked(root: Node, near: Near) -> ResolvedSearch {
    ResolvedSearch { near: Some(near), order: vec![SortKey::score(true)], ..everything(root) }
}

fn page(index: &dyn SearchIndex, search: &ResolvedSearch) -> SearchPage {
    index.search(search, BUDGET).unwrap()
}

fn keys(index: &dyn SearchIndex, search: &ResolvedSearch) -> Vec<u32> {
    page(index, search).hits.iter().map(|hit| hit.key.0).collect()
}

fn by_cosine(index: &dyn SearchIndex) {
    assert_eq!(page(index, &asked(Node::All, near(3))), SearchPage::default(), "of nothing there is nothing");
    fill(index);
    let all = page(index, &asked(Node::All, near(100)));
    assert_eq!(all.hits.iter().map(|hit| hit.key.0).collect::<Vec<_>>(), [3, 5, 6, 2, 1, 4]);
    assert_eq!(all.total, 6, "what has no embedding is not among them");
    let scores: Vec<f64> = all.hits.iter().map(|hit| hit.score).collect();
    assert_eq!(scores[0], 1.0);
    assert_eq!(scores[1], cosine(&VECTOR, &[24.0, 0.0, 7.0]));
    assert_eq!(&scores[2..], [0.6, 0.6, 0.0, -1.0]);
    for (k, nearest) in [(1, vec![3]), (3, vec![3, 5, 6]), (4, vec![3, 5, 6, 2])] {
        assert_eq!(keys(index, &asked(Node::All, near(k))), nearest, "{k}");
    }
    let longer = Near { vector: [1e-20, 0.0, 0.0].into(), ..near(3) };
    assert_eq!(keys(index, &asked(Node::All, longer)), [3, 5, 6], "only the direction counts");
    let mut found = index.keys(&asked(Node::All, near(3)), BUDGET).unwrap();
    found.sort_unstable();
    assert_eq!(found, [Key(3), Key(5), Key(6)]);
}

fn within(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(keys(index, &asked(queue(one_of(&["y"])), near(9))), [2, 4]);
    assert_eq!(keys(index, &asked(not(queue(one_of(&["x"]))), near(1))), [2]);
    let mut one_folder = asked(Node::All, near(2));
    one_folder.scope.orgs = vec![OrgId(1)];
    one_folder.scope.folders = vec![FolderId(11)];
    assert_eq!(keys(index, &one_folder), [6, 2]);
    let only = Near { only_folders: Some([FolderId(12)].into()), ..near(9) };
    assert_eq!(keys(index, &asked(Node::All, only)), [3, 4], "elsewhere the field has no value");
    let other = Near { fields: vec![GIST_2], ..near(9) };
    assert_eq!(keys(index, &asked(Node::All, other)), [5]);
    let none = Near { fields: vec![FieldId(999)], ..near(9) };
    assert_eq!(page(index, &asked(Node::All, none)).total, 0);
}

fn all_about_them(index: &dyn SearchIndex) {
    fill(index);
    let source = Source::of(Target::Field(QUEUE, Storage::Keyword));
    let mut search = asked(Node::All, near(4));
    search.facets = vec![FacetAsked { source: source.clone(), size: 10, prefix: None }];
    search.stats = vec![source.clone()];
    let answer = page(index, &search);
    assert_eq!((answer.total, answer.stats[0].count), (4, 4));
    let facet: Vec<(String, u64)> = answer.facets[0].iter().map(|one| (one.value.to_string(), one.count)).collect();
    assert_eq!(facet, [("\"x\"".to_owned(), 3), ("\"y\"".to_owned(), 1)]);
    search.order = vec![SortKey { by: SortBy::Values(source), descending: true }];
    let by_queue = page(index, &search);
    let shown: Vec<(u32, f64)> = by_queue.hits.iter().map(|hit| (hit.key.0, hit.score)).collect();
    let other = cosine(&VECTOR, &[24.0, 0.0, 7.0]);
    assert_eq!(shown, [(2, 0.6), (3, 1.0), (5, other), (6, 0.6)], "another order, the same four; then by likeness");
    search.order = vec![SortKey::score(false)];
    assert_eq!(keys(index, &search), [6, 2, 5, 3], "the farthest of the nearest first");
    (search.offset, search.size) = (1, 2);
    assert_eq!(keys(index, &search), [2, 5]);
}

fn pages(index: &dyn SearchIndex) {
    fill(index);
    for order in [vec![SortKey::score(true)], vec![SortKey::value(Target::Field(QUEUE, Storage::Keyword), false)]] {
        let whole = ResolvedSearch { order, ..asked(Node::All, near(5)) };
        let (mut walked, mut after): (Vec<u32>, Option<Position>) = (Vec::new(), None);
        loop {
            let one = page(index, &ResolvedSearch { size: 2, paging: true, after, ..whole.clone() });
            assert_eq!(one.total, 5);
            walked.extend(one.hits.iter().map(|hit| hit.key.0));
            match one.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(walked, keys(index, &whole));
    }
}

fn changed(index: &dyn SearchIndex) {
    fill(index);
    let edited = |key: u32, tid: &str, revision: u64, values| {
        let mut record = record(key, 1, 11, tid, 1);
        (record.revision, record.values) = (Revision(revision), values);
        IndexWrite::Record(Box::new(record))
    };
    index.apply(vec![edited(1, "t1", 2, vec![gist(GIST, [7.0, 0.0, 0.0])])], 3).unwrap();
    assert_eq!(keys(index, &asked(Node::All, near(3))), [1, 3, 5], "of equals the lesser id");
    index.apply(vec![edited(1, "t1", 3, vec![]), IndexWrite::Erase(Key(5), OrgId(2))], 4).unwrap();
    assert_eq!(keys(index, &asked(Node::All, near(3))), [3, 6, 2]);
    index.purge().unwrap();
    assert_eq!(keys(index, &asked(Node::All, near(9))), [3, 6, 2, 4]);
}

fn exists(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, field(GIST, Storage::Vector, Test::Exists)), [1, 2, 3, 4, 6]);
    assert_eq!(found(index, not(field(GIST, Storage::Vector, Test::Exists))), [5, 7]);
    assert_eq!(found(index, field(GIST, Storage::Vector, Test::Instants(None, None))), [] as [u32; 0]);
    assert_eq!(found(index, field(GIST, Storage::Vector, Test::Numbers(None, None))), [] as [u32; 0]);
}
