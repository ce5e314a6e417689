//! The shape of answers: order, scores, pages, facets, moments.
use super::asking::{BUDGET, by, fill, not, queue, search, words};
use super::world::{CALLED, HOLD, QUEUE, everything};
use crate::domain::builtins::builtin;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FolderId, Key};
use crate::domain::transcript::Role;
use crate::query::resolved::{
    FacetAsked, Node, ResolvedSearch, SearchPage, SortBy, SortKey, Source, Speaker, Target, Test,
};
use crate::stores::index::SearchIndex;
use serde_json::{Value, json};

fn ordered(index: &dyn SearchIndex, root: Node, by: SortBy, descending: bool) -> Vec<u32> {
    let page = index.search(&ResolvedSearch { order: vec![SortKey { by, descending }], ..everything(root) }, BUDGET);
    page.unwrap().hits.iter().map(|hit| hit.key.0).collect()
}

pub(super) fn orders(index: &dyn SearchIndex) {
    fill(index);
    let by_field = |id, storage| SortBy::Values(Source::of(Target::Field(id, storage)));
    let by_builtin = |name: &str| SortBy::Values(Source::of(Target::Builtin(builtin(name).unwrap())));
    assert_eq!(ordered(index, Node::All, by_builtin("datetime"), true), [5, 4, 3, 2, 1]);
    assert_eq!(ordered(index, Node::All, by_builtin("datetime"), false), [1, 2, 3, 4, 5]);
    // The tids stand in the order T3 < a < t1 < t2 < t4: of 3's two queues "billing" comes first ascending, where it
    // ties with 1; "salé" comes first descending; 5 and 4 have none.
    assert_eq!(ordered(index, Node::All, by_field(QUEUE, Storage::Keyword), false), [3, 1, 2, 5, 4]);
    assert_eq!(ordered(index, Node::All, by_field(QUEUE, Storage::Keyword), true), [3, 2, 1, 5, 4]);
    assert_eq!(ordered(index, Node::All, by_field(HOLD, Storage::Number), true), [2, 1, 3, 5, 4]);
    assert_eq!(ordered(index, Node::All, by_field(HOLD, Storage::Number), false), [3, 1, 2, 5, 4]);
    assert_eq!(ordered(index, Node::All, by_field(CALLED, Storage::Instant), true), [2, 1, 3, 5, 4]);
    assert_eq!(ordered(index, Node::All, by_builtin("folder"), true), [4, 5, 3, 1, 2]);
    assert_eq!(ordered(index, Node::All, by_builtin("tid"), true), [4, 2, 1, 5, 3]);
    assert_eq!(ordered(index, Node::All, by_builtin("agentid"), false), [1, 2, 3, 5, 4]);
    assert_eq!(ordered(index, words("hello"), SortBy::Score, true).len(), 2);
}

pub(super) fn scores(index: &dyn SearchIndex) {
    fill(index);
    let score = |page: &SearchPage, key| page.hits.iter().find(|hit| hit.key == Key(key)).unwrap().score;
    let page = search(index, words("cancel"));
    // Five transcripts of 9 + 5 + 3 + 6 + 2 words, three of which match.
    let statistics = crate::query::score::Statistics { transcripts: 5, words: 25 };
    let expected = |frequency, length| statistics.part(statistics.idf(3), frequency, length);
    for (key, frequency, length) in [(1, 2, 9), (2, 1, 5), (4, 1, 6)] {
        assert!((score(&page, key) - expected(frequency, length)).abs() < 1e-9, "{key}");
    }
    let page = search(index, Node::Or(vec![not(words("cancel")), queue(Test::Exists)]));
    assert!(page.hits.iter().all(|hit| hit.score == 0.0), "clauses under NOT and fields add nothing");
    let twice = search(index, Node::And(vec![words("cancel"), words("cancel")]));
    assert!((score(&twice, 2) - 2.0 * expected(1, 5)).abs() < 1e-9);
    assert_eq!(ordered(index, words("cancel"), SortBy::Score, true)[0], 1);
    assert_eq!(ordered(index, words("cancel"), SortBy::Score, false)[2], 1);
}

pub(super) fn pages(index: &dyn SearchIndex) {
    fill(index);
    let page = |offset, size| {
        let asked = ResolvedSearch { offset, size, ..everything(Node::All) };
        let page = index.search(&asked, BUDGET).unwrap();
        assert_eq!(page.total, 5);
        page.hits.iter().map(|hit| hit.key.0).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2), [5, 4]);
    assert_eq!(page(2, 2), [3, 2]);
    assert_eq!(page(4, 2), [1]);
    assert_eq!(page(9, 2), [] as [u32; 0]);
    assert_eq!(page(0, 0), [] as [u32; 0]);
    assert_eq!(page(usize::MAX, usize::MAX), [] as [u32; 0]);
}

fn facet(index: &dyn SearchIndex, root: Node, target: Target, only: Option<&[u32]>, size: usize) -> Vec<(Value, u64)> {
    let only_folders = only.map(|folders| folders.iter().map(|id| FolderId(*id)).collect());
    let asked = FacetAsked { source: Source { targets: vec![target], only_folders }, size, prefix: None };
    let search = ResolvedSearch { facets: vec![asked], size: 0, ..everything(root) };
    let mut page = index.search(&search, BUDGET).unwrap();
    page.facets.remove(0).into_iter().map(|facet| (facet.value, facet.count)).collect()
}

pub(super) fn facets(index: &dyn SearchIndex) {
    fill(index);
    let queue = Target::Field(QUEUE, Storage::Keyword);
    let all = [(json!("Billing"), 2), (json!("Salé"), 1), (json!("sales"), 1)];
    assert_eq!(facet(index, Node::All, queue, None, 10), all);
    assert_eq!(facet(index, Node::All, queue, None, 2), all[..2]);
    assert_eq!(facet(index, words("cancel"), queue, None, 10), [(json!("Billing"), 1), (json!("sales"), 1)]);
    assert_eq!(facet(index, Node::All, queue, Some(&[12]), 10), []);
    assert_eq!(facet(index, Node::Nothing, queue, None, 10), []);
    let folder = Target::Builtin(builtin("folder").unwrap());
    let folders = [(json!("Inbound"), 3), (json!("Other"), 1), (json!("Outbound"), 1)];
    assert_eq!(facet(index, Node::All, folder, None, 10).len(), 3);
    let mut shown = facet(index, Node::All, folder, None, 10);
    shown.sort_by_key(|(value, _)| value.to_string());
    assert_eq!(shown, folders);
    // "SMITH" and "smith" are one agent; of equally frequent spellings the least is shown.
    let agent = Target::Builtin(builtin("agentid").unwrap());
    assert_eq!(facet(index, Node::All, agent, None, 10), [(json!("SMITH"), 2)]);
}

pub(super) fn facets_of_numbers(index: &dyn SearchIndex) {
    fill(index);
    let hold = facet(index, Node::All, Target::Field(HOLD, Storage::Number), None, 10);
    let numbers: Vec<(f64, u64)> = hold.iter().map(|(value, count)| (value.as_f64().unwrap(), *count)).collect();
    assert_eq!(numbers, [(-5.5, 1), (60.0, 1), (61.0, 1)]);
    let called = facet(index, Node::All, Target::Field(CALLED, Storage::Instant), None, 10);
    assert_eq!(called, [(json!("1970-01-01T00:00:00.001000Z"), 1), (json!("1970-01-01T00:00:00.002000Z"), 1)]);
}

pub(super) fn moments(index: &dyn SearchIndex) {
    fill(index);
    let root = Node::Or(vec![words("cancel my plan"), words("plan"), not(words("hello"))]);
    let search = ResolvedSearch { moments: 1, ..everything(root.clone()) };
    let page = index.search(&search, BUDGET).unwrap();
    let hit = page.hits.iter().find(|hit| hit.key == Key(1)).unwrap();
    assert_eq!(hit.moments.len(), 1);
    let moment = &hit.moments[0];
    assert_eq!((moment.turn, moment.speaker.as_deref(), moment.channel), (1, Some("client"), Some(1)));
    assert_eq!((moment.start, moment.end), (Some(10.0), Some(15.0)));
    assert_eq!(moment.text, "Ça, cancel my plan");
    assert_eq!(moment.spans, [(4, 18)], "characters, overlaps joined");
    let none = page.hits.iter().find(|hit| hit.key == Key(5)).unwrap();
    assert_eq!(none.moments, []);
    let search = ResolvedSearch { moments: 9, ..everything(words("cancel")) };
    let page = index.search(&search, BUDGET).unwrap();
    let hit = page.hits.iter().find(|hit| hit.key == Key(1)).unwrap();
    assert_eq!(
        hit.moments.iter().map(|m| (m.turn, m.spans.clone())).collect::<Vec<_>>(),
        [(1, vec![(4, 10)]), (2, vec![(5, 11)])]
    );
    let search = ResolvedSearch { moments: 9, ..everything(by(Speaker::Role(Role::Agent), "cancel")) };
    let page = index.search(&search, BUDGET).unwrap();
    assert_eq!(page.hits[0].moments.len(), 1);
}
