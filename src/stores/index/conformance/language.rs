//! Patterns, distances, anchors and times.
use super::Case;
use super::asking::{BUDGET, field, fill, found, fuzzy, glob, not, queue, regex, search};
use super::world::{NOTE, everything, record, turns};
use crate::domain::fields::definition::Storage;
use crate::domain::identity::Key;
use crate::domain::transcript::Role;
use crate::query::resolved::{Arrangement, Edge, Node, Phrase, ResolvedSearch, Said, Speaker, Test, When, Word};
use crate::query::score::Statistics;
use crate::stores::index::{IndexWrite, SearchIndex};

/// What is promised.
pub(super) const CASES: [Case; 9] = [
    ("words are found by patterns", patterns),
    ("patterns stand within phrases", patterns_in_phrases),
    ("words stand within a distance, or in one turn", distances),
    ("words begin or end a turn", anchors),
    ("turns begin at a time", times),
    ("frequencies follow the arrangement", frequencies),
    ("moments show each word of a loose phrase", moments),
    ("values are found by expressions and nearly", values),
    ("texts are found by phrases with patterns", texts),
];

const NONE: [u32; 0] = [];

/// A phrase of exact words and, where they hold `*` or `?`, patterns.
fn phrase(text: &str, how: Arrangement) -> Phrase {
    let word = |word: &str| match word.contains(['*', '?']) {
        true => Word::Like(glob(word)),
        false => Word::Exact(word.to_owned()),
    };
    Phrase { words: text.split(' ').map(word).collect(), how, first: false, last: false }
}

fn said(phrase: Phrase) -> Node {
    Node::Said(Said { by: Speaker::Anyone, phrase, when: Vec::new() })
}

fn like(pattern: crate::query::pattern::Pattern) -> Node {
    said(Phrase { words: vec![Word::Like(pattern)], ..Phrase::exact([""]) })
}

fn patterns(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, like(glob("canc*"))), [1, 2, 4]);
    assert_eq!(found(index, like(glob("cann?t"))), [2]);
    assert_eq!(found(index, like(glob("*ing"))), [5]);
    assert_eq!(found(index, like(glob("?a"))), [1], "a character is not a byte");
    assert_eq!(found(index, like(glob("*"))), [1, 2, 3, 4, 5]);
    assert_eq!(found(index, like(glob("nowhere*"))), NONE);
    assert_eq!(found(index, like(regex("(hello|good)"))), [1, 4, 5]);
    assert_eq!(found(index, like(regex("hell"))), NONE, "the whole word matches");
    assert_eq!(found(index, like(fuzzy("cancle", 1))), [1, 2, 4]);
    assert_eq!(found(index, like(fuzzy("by", 1))), [1, 3, 4], "my and bye");
    assert_eq!(found(index, not(like(glob("h*")))), [2, 3, 5]);
    let by = |by| Node::Said(Said { by, phrase: phrase("can*", Arrangement::Adjacent), when: Vec::new() });
    assert_eq!(found(index, by(Speaker::Role(Role::Client))), [1, 4]);
    assert_eq!(found(index, by(Speaker::Role(Role::Agent))), [2]);
    assert_eq!(found(index, by(Speaker::Label("user".into()))), [4]);
    let anything =
        Said { by: Speaker::Label("wizard".into()), phrase: phrase("*", Arrangement::Adjacent), when: vec![] };
    assert_eq!(found(index, Node::Said(anything)), [4]);
}

fn patterns_in_phrases(index: &dyn SearchIndex) {
    fill(index);
    let adjacent = |text| found(index, said(phrase(text, Arrangement::Adjacent)));
    assert_eq!(adjacent("cancel m? pl*"), [1, 4]);
    assert_eq!(adjacent("* plan"), [1, 4]);
    assert_eq!(adjacent("plan *"), NONE);
    assert_eq!(adjacent("can* can*"), [2], "cannot cancel");
    assert_eq!(adjacent("* * * *"), [1, 2], "turns of four words");
    let mixed = Phrase { words: vec![Word::Like(regex("can.*")), Word::Like(fuzzy("mx", 1))], ..Phrase::exact([""]) };
    assert_eq!(found(index, said(mixed)), [1, 4]);
}

fn distances(index: &dyn SearchIndex) {
    fill(index);
    let within = |text, others| found(index, said(phrase(text, Arrangement::Within(others))));
    assert_eq!(within("plan cancel", 1), [1, 4]);
    assert_eq!(within("plan cancel", 0), NONE);
    assert_eq!(within("cancel cancel", 9), NONE, "one place serves one word, and turns are apart");
    assert_eq!(within("now i", 3), [2]);
    assert_eq!(within("now i", 2), NONE);
    assert_eq!(within("can* can*", 0), [2]);
    let same = |text| found(index, said(phrase(text, Arrangement::SameTurn)));
    assert_eq!(same("cancel yes"), [1]);
    assert_eq!(same("hello cancel"), NONE);
    assert_eq!(same("now i"), [2]);
    assert_eq!(same("p* c*"), [1, 4]);
    assert_eq!(found(index, not(said(phrase("plan cancel", Arrangement::Within(1))))), [2, 3, 5]);
}

fn anchors(index: &dyn SearchIndex) {
    fill(index);
    let anchored = |text, how, first, last| found(index, said(Phrase { first, last, ..phrase(text, how) }));
    let (adjacent, same) = (Arrangement::Adjacent, Arrangement::SameTurn);
    assert_eq!(anchored("cancel", adjacent, true, false), [4]);
    assert_eq!(anchored("plan", adjacent, false, true), [1, 4]);
    assert_eq!(anchored("cancel my plan", adjacent, true, true), [4]);
    assert_eq!(anchored("my plan", adjacent, false, true), [1, 4]);
    assert_eq!(anchored("h*", adjacent, true, false), [1, 4]);
    assert_eq!(anchored("plan ça", Arrangement::Within(2), true, true), [1]);
    assert_eq!(anchored("plan my", Arrangement::Within(2), true, false), NONE);
    assert_eq!(anchored("my plan", Arrangement::Within(0), false, true), [1, 4]);
    assert_eq!(anchored("cancel my", Arrangement::Within(2), false, true), NONE);
    assert_eq!(anchored("cancel i", same, true, false), [2]);
    assert_eq!(anchored("it yes", same, true, true), [1]);
    assert_eq!(anchored("cancel i", same, false, true), NONE);
}

fn times(index: &dyn SearchIndex) {
    fill(index);
    let mut own = turns(&[("agent", "bell")]);
    own[0].start = None;
    let mut six = record(6, 1, 11, "t6", 1);
    six.builtins.duration = Some(9.0);
    index.apply(vec![IndexWrite::Whole(Box::new(six), own)], 2).unwrap();
    let when = |from, within, seconds| When { from, within, seconds };
    let then = |word: &str, when: &[When]| {
        let phrase = phrase(word, Arrangement::Adjacent);
        found(index, Node::Said(Said { by: Speaker::Anyone, phrase, when: when.to_vec() }))
    };
    let (start, end) = (Edge::Start, Edge::End);
    // Turns that say it begin at 10 and 20 of 10 (1), 0 of 20 (2) and 0 of 5 seconds (4).
    assert_eq!(then("cancel", &[when(start, true, 5.0)]), [2, 4]);
    assert_eq!(then("cancel", &[when(start, false, 5.0)]), [1]);
    assert_eq!(then("cancel", &[when(start, true, 10.0)]), [2, 4], "not at ten");
    assert_eq!(then("cancel", &[when(start, false, 10.0)]), [1], "at ten");
    assert_eq!(then("cancel", &[when(start, false, 10.0), when(start, true, 15.0)]), [1]);
    assert_eq!(then("cancel", &[when(start, false, 25.0)]), NONE);
    assert_eq!(then("cancel", &[when(end, true, 10.0)]), [1, 4]);
    assert_eq!(then("cancel", &[when(end, false, 10.0)]), [2]);
    assert_eq!(then("cancel", &[when(end, true, 0.0)]), [1], "it begins after the end");
    assert_eq!(then("c*", &[when(end, false, 10.0)]), [2]);
    assert_eq!(then("good", &[when(end, true, 100.0)]), NONE, "no duration is known");
    assert_eq!(then("good", &[when(end, false, 0.0)]), NONE);
    assert_eq!(then("bell", &[]), [6]);
    assert_eq!(then("bell", &[when(start, true, 100.0)]), NONE, "no start is known");
    assert_eq!(then("bell", &[when(start, false, 0.0)]), NONE);
    assert_eq!(then("bell", &[when(end, true, 100.0)]), NONE);
    // A new duration moves the end.
    let mut longer = record(2, 1, 11, "t2", 5);
    longer.revision.0 = 2;
    longer.builtins.duration = Some(3.0);
    index.apply(vec![IndexWrite::Record(Box::new(longer))], 3).unwrap();
    assert_eq!(then("cancel", &[when(end, true, 10.0)]), [1, 2, 4]);
}

fn frequencies(index: &dyn SearchIndex) {
    let own = turns(&[("agent", "a b x a"), ("client", "b a")]);
    index.apply(vec![IndexWrite::Whole(Box::new(record(1, 1, 11, "t1", 6)), own)], 1).unwrap();
    let statistics = Statistics { transcripts: 1, words: 6 };
    let score = |phrase| search(index, said(phrase)).hits[0].score;
    let times = |frequency| statistics.part(statistics.idf(1), frequency, 6);
    let check = |phrase: Phrase, frequency: u32| {
        let (own, other) = (score(phrase.clone()), times(frequency));
        assert!((own - other).abs() < 1e-9, "{phrase:?}: {own} instead of {other}");
    };
    check(phrase("a", Arrangement::Adjacent), 3);
    check(phrase("?", Arrangement::Adjacent), 6);
    check(phrase("? ?", Arrangement::Adjacent), 4);
    check(phrase("a b", Arrangement::Within(0)), 2);
    check(phrase("a b", Arrangement::Within(1)), 3);
    check(phrase("a b", Arrangement::SameTurn), 2);
    check(Phrase { first: true, ..phrase("?", Arrangement::Adjacent) }, 2);
    check(Phrase { last: true, ..phrase("a b", Arrangement::Within(1)) }, 2);
}

fn moments(index: &dyn SearchIndex) {
    fill(index);
    let spans = |phrase, key: u32| {
        let asked = ResolvedSearch { moments: 9, ..everything(said(phrase)) };
        let page = index.search(&asked, BUDGET).unwrap();
        let hit = page.hits.into_iter().find(|hit| hit.key == Key(key)).unwrap();
        hit.moments.into_iter().map(|moment| (moment.turn, moment.spans)).collect::<Vec<_>>()
    };
    assert_eq!(spans(phrase("plan cancel", Arrangement::Within(1)), 1), [(1, vec![(4, 10), (14, 18)])]);
    assert_eq!(spans(phrase("cancel yes", Arrangement::SameTurn), 1), [(2, vec![(0, 3), (5, 11)])]);
    assert_eq!(spans(phrase("can* *t", Arrangement::Adjacent), 1), [(2, vec![(5, 14)])]);
    assert_eq!(spans(phrase("p*", Arrangement::Adjacent), 1), [(1, vec![(14, 18)])]);
    assert_eq!(
        spans(Phrase { last: true, ..phrase("*", Arrangement::Adjacent) }, 4),
        [(0, vec![(10, 14)]), (1, vec![(12, 18)])]
    );
    // Only what the match holds is shown: not the second word of the turn.
    let found = spans(phrase("that c*", Arrangement::Within(0)), 2);
    assert_eq!(found, [(0, vec![(9, 15), (16, 20)])]);
}

fn values(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, queue(Test::Like(regex("(billing|sal.*)")))), [1, 2, 3]);
    assert_eq!(found(index, queue(Test::Like(regex("sal.")))), [3]);
    assert_eq!(found(index, queue(Test::Like(fuzzy("biling", 1)))), [1, 3]);
    assert_eq!(found(index, queue(Test::Like(fuzzy("sale", 1)))), [2, 3]);
    assert_eq!(found(index, not(queue(Test::Like(regex(".*"))))), [4, 5]);
}

fn texts(index: &dyn SearchIndex) {
    fill(index);
    let note = |words: Vec<Word>| {
        found(index, field(NOTE, Storage::Words, Test::Words(Phrase { words, ..Phrase::exact([""]) })))
    };
    assert_eq!(note(vec![Word::Exact("call".into()), Word::Like(glob("*"))]), [1]);
    assert_eq!(note(vec![Word::Like(glob("c*l"))]), [1, 2]);
    assert_eq!(note(vec![Word::Like(regex("so+n")), Word::Like(fuzzy("pleas", 1))]), [1]);
    assert_eq!(note(vec![Word::Like(glob("b*")), Word::Like(glob("s*"))]), NONE, "elements of a list are apart");
}
