//! The oracle itself, on transcripts small enough to check by hand; the index's own list of promises covers the rest.
use super::said::spans;
use super::*;
use crate::domain::builtins::Builtins;
use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId, Revision, Tid};
use crate::domain::transcript::Role;
use crate::query::resolved::{FacetAsked, Scope, Source, Speaker, Target};
use std::sync::Arc;

fn document(key: u32, tid: &str, said: &[(Role, &str)]) -> Document {
    let turn = |(no, (role, text)): (usize, &(Role, &str))| Turn {
        no: no as u32,
        text: (*text).to_owned(),
        role: *role,
        ..Turn::default()
    };
    let turns: Vec<Turn> = said.iter().enumerate().map(turn).collect();
    let words = turns.iter().map(|turn| turn.text.split(' ').count() as u32).sum();
    let record = Record {
        key: Key(key),
        org: OrgId(1),
        folder: FolderId(1),
        tid: Tid::parse(tid).unwrap(),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: 0,
        builtins: Builtins { datetime: 5, ..Builtins::default() },
        values: Vec::new(),
        words,
    };
    Document { record, turns }
}

fn asked(root: Node) -> ResolvedSearch {
    let scope = Scope { orgs: vec![OrgId(1)], folders: vec![FolderId(1)] };
    ResolvedSearch {
        size: 10,
        moments: 5,
        folder_names: Arc::new([(FolderId(1), FolderName::parse("F").unwrap())].into()),
        ..ResolvedSearch::new(scope, root)
    }
}

fn words(by: Speaker, text: &str) -> Node {
    Node::Said(Said::exact(by, text.split(' ')))
}

#[test]
fn equal_dates_are_ordered_by_score_then_tid() {
    let corpus = [
        document(1, "b", &[(Role::Agent, "yes no no no")]),
        document(2, "a", &[(Role::Agent, "yes no no no")]),
        document(3, "c", &[(Role::Agent, "yes yes no no")]),
    ];
    let page = search(corpus.iter(), &asked(words(Speaker::Anyone, "yes")));
    assert_eq!(page.hits.iter().map(|hit| hit.key.0).collect::<Vec<_>>(), [3, 2, 1]);
    // BM25 by hand: idf = ln(1 + 0.5/3.5), length = average = 4, tf·2.2/(tf + 1.2).
    let idf = (1.0_f64 + 0.5 / 3.5).ln();
    assert!((page.hits[0].score - idf * 2.0 * 2.2 / 3.2).abs() < 1e-12);
    assert!((page.hits[1].score - idf * 1.0 * 2.2 / 2.2).abs() < 1e-12);
}

#[test]
fn a_phrase_stands_in_one_turn_of_its_speaker() {
    let corpus = [document(1, "a", &[(Role::Agent, "please hold"), (Role::Client, "hold on please hold")])];
    let total = |node| search(corpus.iter(), &asked(node)).total;
    assert_eq!(total(words(Speaker::Anyone, "please hold")), 1);
    assert_eq!(total(words(Speaker::Anyone, "hold hold")), 0);
    assert_eq!(total(words(Speaker::Role(Role::Agent), "hold on")), 0);
    assert_eq!(total(words(Speaker::Role(Role::Client), "hold on")), 1);
    let page = search(corpus.iter(), &asked(words(Speaker::Anyone, "hold")));
    assert_eq!(page.hits[0].moments[1].spans, [(0, 4), (15, 19)]);
}

#[test]
fn spans_count_characters_and_join_overlaps() {
    assert_eq!(spans("é北x a b", &[(0, 5), (3, 6), (7, 8)]), [(0, 3), (4, 5)]);
    assert_eq!(spans("a a a", &[(0, 3), (2, 5)]), [(0, 5)]);
    assert_eq!(spans("", &[]), []);
}

#[test]
fn two_spellings_in_one_transcript_count_it_once() {
    use crate::domain::fields::TypedValue;
    use crate::domain::fields::definition::Storage;
    let keyword = |text: &str| TypedValue::Keyword { shown: text.into(), folded: text.to_lowercase() };
    let mut one = document(1, "a", &[]);
    one.record.values = vec![(FieldId(7), vec![keyword("x"), keyword("X"), keyword("x")])];
    let mut two = document(2, "b", &[]);
    two.record.values = vec![(FieldId(7), vec![keyword("x")])];
    let mut search = asked(Node::All);
    let target = Target::Field(FieldId(7), Storage::Keyword);
    search.facets = vec![FacetAsked { source: Source::of(target), size: 9, prefix: None }];
    let page = super::search([one, two].iter(), &search);
    assert_eq!(page.facets[0].len(), 1);
    assert_eq!((page.facets[0][0].value.as_str(), page.facets[0][0].count), (Some("x"), 2));
}
