//! Phrases of every kind: patterns, distances, anchors, times; checked by hand.
use super::support::*;
use crate::domain::identity::{FolderId, OrgId};
use crate::domain::transcript::Role;
use crate::query::glob::Glob;
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::Fuzzy;
use crate::query::pattern::regex::WholeRegex;
use crate::query::resolved::{Arrangement, Edge, Node, Phrase, Said, Scope, SortKey, Speaker, Test, When, Word};
use crate::query::score::Statistics;
use crate::stores::error::Kind;
use crate::stores::index::SearchIndex;
use std::time::Duration;

/// `a*` and `?` are patterns, `/x/` an expression, `x~1` near; `^` and `$` stand at the ends.
fn phrase(written: &str, how: Arrangement) -> Phrase {
    let (written, first) = written.strip_prefix('^').map_or((written, false), |rest| (rest, true));
    let (written, last) = written.strip_suffix('$').map_or((written, false), |rest| (rest, true));
    let word = |word: &str| {
        if let Some(source) = word.strip_prefix('/') {
            Word::Like(Pattern::Regex(WholeRegex::parse(source.trim_end_matches('/')).unwrap()))
        } else if let Some((word, edits)) = word.split_once('~') {
            Word::Like(Pattern::Fuzzy(Fuzzy::new(word, edits.parse().unwrap())))
        } else if word.contains(['*', '?']) {
            Word::Like(Pattern::Glob(Glob::new(word.chars().map(|letter| (letter, false)))))
        } else {
            Word::Exact(word.to_owned())
        }
    };
    Phrase { words: written.split(' ').map(word).collect(), how, first, last }
}

pub fn node(written: &str, how: Arrangement) -> Node {
    Node::Said(Said { by: Speaker::Anyone, phrase: phrase(written, how), when: Vec::new() })
}

pub fn adjacent(written: &str) -> Node {
    node(written, Arrangement::Adjacent)
}

fn calls() -> Vec<Call> {
    let mut calls = vec![
        call(1).says("agent", "Good morning to you").says("client", "I want to cancel my account now"),
        call(2).says("client", "please close the account, cancelling it").says("agent", "bye"),
        call(3).says("agent", "good good morning").says("client", "no no yes"),
        call(4).says("agent", "canceled plan").says("client", "it was a good day, good bye"),
        call(5).says("agent", "cansel morning good").place(2, 20),
    ];
    calls[0].record.builtins.duration = Some(10.0);
    calls[1].record.builtins.duration = Some(3.0);
    calls
}

#[test]
fn patterns_stand_for_the_words_they_match() {
    let bench = Bench::with(calls());
    for (written, keys) in [
        ("canc*", &[1, 2, 4][..]),
        ("*ing", &[1, 2, 3]),
        ("*unt", &[1, 2]),
        ("g??d", &[1, 3, 4]),
        ("?", &[1, 4]),
        ("*", &[1, 2, 3, 4]),
        ("/(can|clo)[a-z]*/", &[1, 2, 4]),
        ("/no|bye/", &[2, 3, 4]),
        ("cansel~1", &[1]),
        ("cancle~1", &[1]),
        ("cancle~2", &[1, 4]),
        ("zzz*", &[]),
        ("cancel* my", &[1]),
        ("g* m*", &[1, 3]),
        ("to * my", &[1]),
        ("* * * * * * *", &[1, 4]),
        ("close the acc~2", &[]),
        ("close th~1 a*", &[2]),
    ] {
        assert_eq!(bench.matching(adjacent(written)), keys, "{written}");
    }
}

#[test]
fn distances_count_the_words_between() {
    let bench = Bench::with(calls());
    for (written, others, keys) in [
        ("account close", 1, &[2][..]),
        ("account close", 0, &[]),
        ("account cancel", 1, &[1]),
        ("no no", 0, &[3]),
        ("no no no", 9, &[]),
        ("good good", 0, &[3]),
        ("good good", 1, &[3, 4]),
        ("no n*", 3, &[3]),
        ("yes y*", 3, &[]),
        ("cancel* *", 5, &[1, 2, 4]),
        ("^account want", 9, &[]),
        ("^want i", 0, &[1]),
        ("my now$", 1, &[1]),
        ("my now$", 0, &[]),
        ("good bye$", 0, &[4]),
    ] {
        assert_eq!(bench.matching(node(written, Arrangement::Within(others))), keys, "{written} {others}");
    }
    for (written, keys) in [
        ("account close", &[2][..]),
        ("now i", &[1]),
        ("no no", &[3]),
        ("yes yes", &[]),
        ("good morning", &[1, 3]),
        ("^now i", &[1]),
        ("^now want", &[]),
        ("i now$", &[1]),
        ("good g*", &[3, 4]),
        ("bye *", &[4]),
    ] {
        assert_eq!(bench.matching(node(written, Arrangement::SameTurn)), keys, "{written}");
    }
}

#[test]
fn anchors_hold_to_the_ends_of_a_turn() {
    let bench = Bench::with(calls());
    for (written, keys) in [
        ("^good", &[1, 3][..]),
        ("good morning$", &[3]),
        ("^good morning", &[1]),
        ("bye$", &[2, 4]),
        ("^bye$", &[2]),
        ("^* morning", &[1]),
        ("^can*", &[4]),
        ("*$", &[1, 2, 3, 4]),
    ] {
        assert_eq!(bench.matching(adjacent(written)), keys, "{written}");
    }
}

#[test]
fn times_are_those_of_the_turns_beginning() {
    let mut bench = Bench::with(calls());
    let mut untimed = call(6).says("agent", "account");
    untimed.turns[0].start = None;
    bench.apply(vec![untimed.whole()]);
    let asked = |from, within, seconds| {
        let when = vec![When { from, within, seconds }];
        Node::Said(Said { by: Speaker::Anyone, phrase: phrase("account", Arrangement::Adjacent), when })
    };
    // In 1 it begins at 2 of 10 seconds, in 2 at 0 of 3.
    assert_eq!(bench.matching(asked(Edge::Start, true, 2.0)), [2]);
    assert_eq!(bench.matching(asked(Edge::Start, false, 2.0)), [1]);
    assert_eq!(bench.matching(asked(Edge::End, true, 8.0)), [2]);
    assert_eq!(bench.matching(asked(Edge::End, false, 8.0)), [1]);
    // A duration that an edit brings, or takes away, counts at once.
    let mut longer = calls().remove(1).revised();
    longer.record.builtins.duration = None;
    bench.apply(vec![longer.edit()]);
    assert_eq!(bench.matching(asked(Edge::End, true, 8.0)), [0u32; 0]);
}

#[test]
fn speakers_and_organisations_hold_for_patterns_too() {
    let bench = Bench::with(calls());
    let by = |role, written| {
        Node::Said(Said { by: Speaker::Role(role), phrase: phrase(written, Arrangement::Adjacent), when: Vec::new() })
    };
    assert_eq!(bench.matching(by(Role::Agent, "canc*")), [4]);
    assert_eq!(bench.matching(by(Role::Client, "canc*")), [1, 2]);
    assert_eq!(bench.matching(by(Role::Client, "*")), [1, 2, 3, 4]);
    let mut asked = search(adjacent("*"));
    asked.scope = Scope { orgs: vec![OrgId(1), OrgId(2)], folders: vec![FolderId(10), FolderId(20)] };
    asked.order = vec![SortKey::score(true)];
    let page = bench.page(&asked);
    assert_eq!(page.total, 5);
    let statistics = Statistics { transcripts: 5, words: 11 + 7 + 6 + 9 + 3 };
    let last = page.hits.iter().find(|hit| hit.key.0 == 5).unwrap();
    assert_eq!(last.score, statistics.part(statistics.idf(5), 3, 3));
    asked.scope = Scope { orgs: vec![OrgId(2)], folders: vec![FolderId(20)] };
    asked.root = adjacent("can*");
    assert_eq!(bench.keys(&asked), [5]);
}

#[test]
fn frequencies_and_scores_are_as_the_arrangement_counts() {
    let bench = Bench::with(vec![
        call(1).says("agent", "no no no yes").says("agent", "no yes"),
        call(2).says("agent", "nothing"),
    ]);
    let statistics = Statistics { transcripts: 2, words: 7 };
    let scored = |root, frequency| {
        let mut asked = search(root);
        asked.order = vec![SortKey::score(true)];
        let hits = bench.page(&asked).hits;
        assert_eq!(hits[0].score, statistics.part(statistics.idf(1), frequency, 6));
        asked.order = vec![SortKey::value(builtin("datetime"), true)];
        assert_eq!(bench.page(&asked).hits[0].score, hits[0].score);
    };
    scored(adjacent("/no|yes/"), 6);
    scored(adjacent("n? yes"), 2);
    scored(node("no yes", Arrangement::Within(1)), 3);
    scored(node("no yes", Arrangement::SameTurn), 2);
    scored(adjacent("^no"), 2);
}

#[test]
fn moments_show_the_words_meant() {
    let bench = Bench::with(calls());
    let spans = |root: Node, key: u32| {
        let mut asked = search(root);
        asked.moments = 5;
        let hit = bench.page(&asked).hits.into_iter().find(|hit| hit.key.0 == key).unwrap();
        hit.moments.into_iter().map(|moment| (moment.turn, moment.spans)).collect::<Vec<_>>()
    };
    assert_eq!(spans(adjacent("cancel* my"), 1), [(1, vec![(10, 19)])]);
    assert_eq!(spans(node("now cancel", Arrangement::SameTurn), 1), [(1, vec![(10, 16), (28, 31)])]);
    assert_eq!(spans(node("account close", Arrangement::Within(3)), 2), [(0, vec![(7, 12), (17, 24)])]);
    assert_eq!(spans(adjacent("^good"), 3), [(0, vec![(0, 4)])]);
    assert_eq!(spans(adjacent("good~1"), 3), [(0, vec![(0, 4), (5, 9)])]);
}

#[test]
fn a_pattern_for_too_many_words_is_refused() {
    let bench = Bench::with(calls());
    let mut asked = search(adjacent("c*"));
    asked.expansions = 1;
    let error = bench.index.search(&asked, Duration::from_secs(10)).unwrap_err();
    assert_eq!(error.kind, Kind::TooBroad);
    assert_eq!(error.operation, "the pattern c* stands for more than 1 words");
    for written in ["*c*", "/c.*/", "to~2", "????"] {
        asked.root = adjacent(written);
        let error = bench.index.search(&asked, Duration::from_secs(10)).map(|_| written).unwrap_err();
        assert_eq!(error.kind, Kind::TooBroad, "{written}");
    }
    // Any word needs no list of words.
    asked.root = adjacent("*");
    assert_eq!(bench.keys(&asked), [1, 2, 3, 4]);
    asked.expansions = 4;
    asked.root = adjacent("c*");
    assert_eq!(bench.keys(&asked), [1, 2, 4]);
}

#[test]
fn patterns_in_text_fields_stay_within_one_element() {
    let bench = Bench::with(vec![
        call(1).note(&["follow up call", "closed by agent"]),
        call(2).note(&["close call"]),
        call(3).note(&["up", "closing"]),
        call(4).says("agent", "follow up"),
    ]);
    let noted = |written| value(NOTE, Test::Words(phrase(written, Arrangement::Adjacent)));
    assert_eq!(bench.matching(noted("clos*")), [1, 2, 3]);
    assert_eq!(bench.matching(noted("clos* c*")), [2]);
    assert_eq!(bench.matching(noted("up c*")), [1]);
    assert_eq!(bench.matching(noted("u? clos*")), [0u32; 0]);
    assert_eq!(bench.matching(noted("folow~1 * call")), [1]);
    assert_eq!(bench.matching(noted("call * by")), [0u32; 0]);
    assert_eq!(bench.matching(noted("/clos(e|ing)/")), [2, 3]);
    assert_eq!(bench.matching(noted("*")), [1, 2, 3]);
}

#[test]
fn what_was_erased_or_said_anew_is_not_found() {
    let mut bench = Bench::with(calls());
    bench.apply(vec![calls().remove(0).reworded().says("agent", "all fine").whole()]);
    assert_eq!(bench.matching(adjacent("canc*")), [2, 4]);
    assert_eq!(bench.matching(adjacent("^good")), [3]);
    assert_eq!(bench.matching(node("fine all", Arrangement::SameTurn)), [1]);
}
