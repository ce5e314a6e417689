//! Words: clauses, speakers, phrases, scores, moments.
use super::support::*;
use crate::domain::fields::SpeakerMap;
use crate::domain::fields::schema::Voice;
use crate::domain::identity::{FolderId, OrgId};
use crate::domain::transcript::Role;
use crate::query::resolved::{Node, Scope, SortKey, Speaker};
use crate::query::score::Statistics;
use std::collections::HashMap;
use std::sync::Arc;

fn calls() -> Vec<Call> {
    vec![
        call(1).says("agent", "Hello there").says("client", "I want to cancel my plan").says("agent", "Cancel, sure"),
        call(2).says("agent", "your plan is fine").says("client", "cancel it"),
        call(3).says("Wizard", "cancel my").says("User", "plan now").place(1, 11),
        call(4).says("agent", "nothing at all"),
    ]
}

#[test]
fn words_combine_over_whole_transcripts() {
    let bench = Bench::with(calls());
    assert_eq!(bench.matching(said("cancel")), [1, 2, 3]);
    assert_eq!(bench.matching(Node::And(vec![said("cancel"), said("hello")])), [1]);
    assert_eq!(bench.matching(Node::Or(vec![said("hello"), said("nothing")])), [1, 4]);
    assert_eq!(bench.matching(Node::And(vec![said("plan"), not(said("hello"))])), [2, 3]);
    assert_eq!(bench.matching(not(said("cancel"))), [4]);
    assert_eq!(bench.matching(not(not(said("cancel")))), [1, 2, 3]);
    assert_eq!(bench.matching(said("absent")), [0u32; 0]);
    assert_eq!(bench.matching(Node::Nothing), [0u32; 0]);
    assert_eq!(bench.matching(Node::All), [1, 2, 3, 4]);
    assert_eq!(bench.matching(Node::And(vec![Node::All, not(Node::Nothing)])), [1, 2, 3, 4]);
    assert_eq!(bench.matching(Node::Or(vec![Node::All, Node::Nothing])), [1, 2, 3, 4]);
}

#[test]
fn a_phrase_stands_within_one_turn() {
    let mut bench = Bench::with(calls());
    assert_eq!(bench.matching(said("cancel my plan")), [1]);
    assert_eq!(bench.matching(said("my plan")), [1]);
    assert_eq!(bench.matching(said("plan my")), [0u32; 0]);
    bench.apply(vec![call(5).says("agent", "no no no yes").says("agent", "no").whole()]);
    assert_eq!(bench.matching(said("no no")), [5]);
    assert_eq!(bench.matching(said("no no no no")), [0u32; 0]);
}

#[test]
fn speakers_are_labels_or_roles_as_the_folder_says() {
    let bench = Bench::with(calls());
    let label = |text: &str| Speaker::Label(text.to_owned());
    assert_eq!(bench.matching(said_by(label("wizard"), "cancel")), [3]);
    assert_eq!(bench.matching(said_by(label("client"), "cancel")), [1, 2]);
    assert_eq!(bench.matching(said_by(label("nobody"), "cancel")), [0u32; 0]);
    let agent = said_by(Speaker::Role(Role::Agent), "cancel");
    assert_eq!(bench.matching(agent.clone()), [1]);
    let mut asked = search(agent);
    let map = SpeakerMap { agent: vec![Voice::Label("WIZARD".to_owned())], client: vec![] };
    asked.speakers = Arc::new(HashMap::from([(FolderId(11), map)]));
    assert_eq!(bench.keys(&asked), [1, 3]);
    assert_eq!(bench.matching(said_by(Speaker::Role(Role::Client), "my plan")), [1]);
}

#[test]
fn organisations_and_folders_are_walls() {
    let mut bench = Bench::with(calls());
    bench.apply(vec![
        call(6).says("agent", "cancel").place(2, 20).whole(),
        call(7).says("agent", "cancel cancel").place(2, 21).whole(),
    ]);
    assert_eq!(bench.matching(said("cancel")), [1, 2, 3]);
    let mut asked = search(said("cancel"));
    asked.scope = Scope { orgs: vec![OrgId(2)], folders: vec![FolderId(20)] };
    assert_eq!(bench.keys(&asked), [6]);
    asked.scope = Scope { orgs: vec![OrgId(1), OrgId(2)], folders: vec![FolderId(11), FolderId(21)] };
    assert_eq!(bench.keys(&asked), [3, 7]);
    asked.root = not(said("cancel"));
    assert_eq!(bench.keys(&asked), [0u32; 0]);
    // A folder named without its organisation is nobody's.
    asked.scope = Scope { orgs: vec![OrgId(1)], folders: vec![FolderId(20)] };
    asked.root = Node::All;
    assert_eq!(bench.keys(&asked), [0u32; 0]);
}

#[test]
fn scores_are_bm25_over_the_scope() {
    let mut bench = Bench::with(calls());
    bench.apply(vec![call(8).says("agent", "cancel").place(2, 20).whole()]);
    let mut asked = search(said("cancel"));
    asked.order = vec![SortKey::score(true)];
    let page = bench.page(&asked);
    let words: Vec<u32> = calls().iter().map(|call| call.record.words).collect();
    let statistics = Statistics { transcripts: 4, words: words.iter().map(|n| u64::from(*n)).sum() };
    let idf = statistics.idf(3);
    let expected = [(1, 2, words[0]), (2, 1, words[1]), (3, 1, words[2])];
    assert_eq!(page.total, 3);
    for (key, count, length) in expected {
        let hit = page.hits.iter().find(|hit| hit.key.0 == key).unwrap();
        assert_eq!(hit.score, statistics.part(idf, count, length), "{key}");
    }
    assert!(page.hits.is_sorted_by(|a, b| a.score >= b.score));
    // The same scores whatever the order.
    asked.order = vec![SortKey::value(builtin("datetime"), true)];
    let by_date = bench.page(&asked);
    for hit in &by_date.hits {
        assert_eq!(Some(hit.score), page.hits.iter().find(|own| own.key == hit.key).map(|own| own.score));
    }
    // Clauses add up; what is under a NOT does not count; without words the score is 0.
    asked.root = Node::And(vec![said("cancel"), said("plan"), not(said("absent"))]);
    let plan = statistics.idf(3);
    let hits = bench.page(&asked).hits;
    let first = hits.iter().find(|hit| hit.key.0 == 1).unwrap();
    assert_eq!(first.score, statistics.part(idf, 2, words[0]) + statistics.part(plan, 1, words[0]));
    asked.root = not(said("absent"));
    assert!(bench.page(&asked).hits.iter().all(|hit| hit.score == 0.0));
}

#[test]
fn equal_scores_go_by_id() {
    let bench = Bench::with(vec![
        call(1).tid("c").says("agent", "yes sir"),
        call(2).tid("a").says("agent", "yes sir"),
        call(3).tid("B").says("agent", "yes sir"),
        call(4).tid("z").says("agent", "yes yes"),
        call(5).tid("0").says("agent", "no"),
    ]);
    let mut asked = search(Node::Or(vec![said("yes"), said("no"), Node::All]));
    (asked.order, asked.root) = (vec![SortKey::score(true)], Node::Or(vec![said("yes"), Node::All]));
    assert_eq!(bench.keys(&asked), [4, 3, 2, 1, 5]);
    asked.size = 2;
    assert_eq!(bench.keys(&asked), [4, 3]);
    asked.offset = 2;
    assert_eq!(bench.keys(&asked), [2, 1]);
    (asked.offset, asked.size, asked.order) = (0, 10, vec![SortKey::score(false)]);
    assert_eq!(bench.keys(&asked), [5, 3, 2, 1, 4]);
}

#[test]
fn moments_show_where_it_was_said() {
    let bench = Bench::with(calls());
    let mut asked = search(Node::And(vec![said("cancel"), said("plan"), not(said("absent"))]));
    asked.moments = 5;
    let page = bench.page(&asked);
    let first = &page.hits[0].moments;
    assert_eq!(first.len(), 2);
    assert_eq!((first[0].turn, first[0].speaker.as_deref()), (1, Some("client")));
    assert_eq!((first[0].channel, first[0].start, first[0].end), (Some(1), Some(2.0), None));
    assert_eq!(first[0].text, "I want to cancel my plan");
    assert_eq!(first[0].spans, [(10, 16), (20, 24)]);
    assert_eq!((first[1].turn, first[1].spans.as_slice()), (2, [(0, 6)].as_slice()));
    asked.moments = 1;
    assert!(bench.page(&asked).hits.iter().all(|hit| hit.moments.len() == 1));
    asked.root = Node::Or(vec![said("cancel my plan"), said_by(Speaker::Role(Role::Agent), "plan")]);
    asked.moments = 9;
    let page = bench.page(&asked);
    assert_eq!(page.hits.len(), 2);
    assert_eq!(page.hits[0].moments[0].spans, [(10, 24)]);
    assert_eq!(page.hits[1].moments[0].text, "your plan is fine");
}
