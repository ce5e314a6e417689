//! Conditions over values.
use super::support::*;
use crate::domain::identity::FolderId;
use crate::domain::transcript::scores::score_id;
use crate::query::glob::{Glob, Piece};
use crate::query::pattern::Pattern;
use crate::query::resolved::{Node, Phrase, Target, Test, ValueTest, Word};

fn calls() -> Vec<Call> {
    vec![
        call(1).queue(&["Billing"]).hold(&[60.0]).due(1_000_000).note(&["Call back, please", "never mind"]),
        call(2).queue(&["billing ", "Sales"]).hold(&[-1.5, 0.0]).note(&["mind the gap"]).place(1, 11),
        call(3).queue(&["Support"]).hold(&[61.5]).due(2_000_000).note(&["!!!"]),
        call(4).tid("t0004"),
    ]
}

fn glob(pieces: &[&str]) -> Pattern {
    let piece = |text: &&str| match *text {
        "*" => Piece::Any,
        "?" => Piece::One,
        literal => Piece::Literal(literal.to_owned()),
    };
    Pattern::Glob(Glob { pieces: pieces.iter().map(piece).collect() })
}

fn like(pattern: Pattern) -> Test {
    Test::Words(Phrase { words: vec![Word::Like(pattern)], ..Phrase::exact([""]) })
}

fn one_of(target: Target, values: &[&str]) -> Node {
    value(target, Test::OneOf(values.iter().map(|text| (*text).to_owned()).collect()))
}

fn end(text: &str, inclusive: bool) -> Option<(String, bool)> {
    Some((text.to_owned(), inclusive))
}

#[test]
fn keywords_compare_folded() {
    let bench = Bench::with(calls());
    assert_eq!(bench.matching(one_of(QUEUE, &["billing"])), [1, 2]);
    assert_eq!(bench.matching(one_of(QUEUE, &["sales", "support", "other"])), [2, 3]);
    assert_eq!(bench.matching(one_of(QUEUE, &["Billing"])), [0u32; 0]);
    assert_eq!(bench.matching(value(QUEUE, Test::Like(glob(&["*", "il", "*"])))), [1, 2]);
    assert_eq!(bench.matching(value(QUEUE, Test::Like(glob(&["s", "*"])))), [2, 3]);
    assert_eq!(bench.matching(value(QUEUE, Test::Like(glob(&["s", "?", "les"])))), [2]);
    assert_eq!(bench.matching(value(QUEUE, Test::Between(end("billing", false), end("support", false)))), [2]);
    assert_eq!(bench.matching(value(QUEUE, Test::Between(end("billing", true), None))), [1, 2, 3]);
    assert_eq!(bench.matching(value(QUEUE, Test::Exists)), [1, 2, 3]);
    assert_eq!(bench.matching(not(value(QUEUE, Test::Exists))), [4]);
    assert_eq!(bench.matching(value(QUEUE, Test::Numbers(None, None))), [0u32; 0]);
}

#[test]
fn lists_stand_beside_documents_without_values() {
    let mut bench = Bench::new();
    let calls = [
        call(1),
        call(2).queue(&["a", "b"]).hold(&[1.0, 2.0]),
        call(3),
        call(4).queue(&["c"]).hold(&[3.0]),
        call(5).queue(&["b", "c"]).hold(&[2.0, 3.0]),
        call(6),
    ];
    bench.apply(calls.into_iter().map(Call::whole).collect());
    for (text, keys) in [("a", vec![2]), ("b", vec![2, 5]), ("c", vec![4, 5])] {
        assert_eq!(bench.matching(one_of(QUEUE, &[text])), keys, "{text}");
    }
    assert_eq!(bench.matching(value(HOLD, Test::Numbers(Some((3.0, true)), None))), [4, 5]);
    assert_eq!(bench.matching(not(value(HOLD, Test::Exists))), [1, 3, 6]);
}

#[test]
fn numbers_and_instants_lie_between() {
    let bench = Bench::with(calls());
    let numbers = |low, high| value(HOLD, Test::Numbers(low, high));
    assert_eq!(bench.matching(numbers(Some((60.0, true)), None)), [1, 3]);
    assert_eq!(bench.matching(numbers(Some((60.0, false)), None)), [3]);
    assert_eq!(bench.matching(numbers(None, Some((-1e300, true)))), [0u32; 0]);
    assert_eq!(bench.matching(numbers(Some((-0.0, true)), Some((0.0, true)))), [2]);
    assert_eq!(bench.matching(numbers(Some((-1.0, true)), Some((-0.5, true)))), [0u32; 0]);
    assert_eq!(bench.matching(value(HOLD, Test::Exists)), [1, 2, 3]);
    assert_eq!(bench.matching(value(DUE, Test::Instants(Some(1_000_001), None))), [3]);
    assert_eq!(bench.matching(value(DUE, Test::Instants(None, Some(2_000_000)))), [1, 3]);
    assert_eq!(bench.matching(value(DUE, Test::Numbers(Some((1_000_000.0, false)), None))), [3]);
    assert_eq!(bench.matching(value(builtin("datetime"), Test::Instants(Some(2_000_000), Some(3_000_000)))), [2, 3]);
    assert_eq!(bench.matching(value(builtin("last_modified"), Test::Instants(Some(1_004), None))), [4]);
}

#[test]
fn texts_hold_words_and_phrases_within_one_element() {
    let bench = Bench::with(calls());
    let words = |text: &str| value(NOTE, Test::Words(Phrase::exact(text.split(' '))));
    assert_eq!(bench.matching(words("mind")), [1, 2]);
    assert_eq!(bench.matching(words("never mind")), [1]);
    assert_eq!(bench.matching(words("please never")), [0u32; 0]);
    assert_eq!(bench.matching(value(NOTE, like(glob(&["b", "*"])))), [1]);
    assert_eq!(bench.matching(value(NOTE, like(glob(&["*", "n", "*"])))), [1, 2]);
    assert_eq!(bench.matching(value(NOTE, Test::Exists)), [1, 2, 3]);
    assert_eq!(bench.matching(said("mind")), [0u32; 0]);
}

#[test]
fn ids_compare_exactly_and_folders_by_number() {
    let bench = Bench::with(calls());
    assert_eq!(bench.matching(one_of(builtin("tid"), &["T0001", "t0002"])), [1]);
    assert_eq!(bench.matching(value(builtin("tid"), Test::Like(glob(&["t000", "*"])))), [1, 2, 3, 4]);
    assert_eq!(bench.matching(value(QUEUE, Test::Folders(vec![FolderId(11), FolderId(99)]))), [2]);
    assert_eq!(bench.matching(one_of(builtin("folder"), &["archive"])), [2]);
    let only = ValueTest { target: QUEUE, only_folders: Some([FolderId(11)].into()), test: Test::Exists };
    assert_eq!(bench.matching(Node::Values(only.clone())), [2]);
    assert_eq!(bench.matching(Node::And(vec![one_of(QUEUE, &["billing"]), Node::Values(only)])), [2]);
}

#[test]
fn builtins_are_searched_like_fields() {
    let mut bench = Bench::with(calls());
    let mut own = call(9);
    own.record.builtins.agentid = Some("A-7".to_owned());
    own.record.builtins.duration = Some(12.5);
    own.record.builtins.attributes.insert("agent_clarity".to_owned(), serde_json::json!(0.5));
    own.record.builtins.attributes.insert("client_gender".to_owned(), serde_json::json!("Female"));
    bench.apply(vec![own.whole()]);
    assert_eq!(bench.matching(one_of(builtin("agentid"), &["a-7"])), [9]);
    assert_eq!(bench.matching(one_of(builtin("client_gender"), &["female"])), [9]);
    assert_eq!(bench.matching(value(builtin("duration"), Test::Numbers(Some((12.0, true)), None))), [9]);
    assert_eq!(bench.matching(value(builtin("agent_clarity"), Test::Exists)), [9]);
}

#[test]
fn conditions_narrow_one_another() {
    // Enough of them that the second condition is tested one by one, over several segments.
    let mut bench = Bench::new();
    for batch in 0..4u32 {
        let calls = (0..50).map(|at| {
            let key = batch * 50 + at;
            let queue = if key % 2 == 0 { "even" } else { "odd" };
            call(key).queue(&[queue]).hold(&[f64::from(key)]).says("agent", "hello").whole()
        });
        bench.apply(calls.collect());
    }
    let few = value(HOLD, Test::Numbers(Some((98.0, true)), Some((103.0, false))));
    let both = Node::And(vec![one_of(QUEUE, &["even"]), few.clone(), said("hello")]);
    assert_eq!(bench.matching(both), [98, 100, 102]);
    assert_eq!(bench.matching(Node::And(vec![few, not(one_of(QUEUE, &["even"]))])), [99, 101]);
}

#[test]
fn scores_of_applications_are_numbers() {
    let scored = |key: u32, json: &str| {
        let mut own = call(key);
        own.record.builtins.scores = serde_json::from_str(json).unwrap();
        own
    };
    let bench = Bench::with(vec![
        scored(1, r#"{"Call Drivers":{"":1.0,"Billing":0.5,"Billing.Refund":2.5}}"#),
        scored(2, r#"{"Call Drivers":{"billing":0.75}}"#),
        scored(3, r#"{"Other":{"Billing":9.0}}"#),
    ]);
    let score = |path, test| value(Target::Score(score_id("call drivers", path)), test);
    assert_eq!(bench.matching(score("billing", Test::Exists)), [1, 2]);
    assert_eq!(bench.matching(score("BILLING", Test::Numbers(Some((0.5, false)), None))), [2]);
    assert_eq!(bench.matching(score("billing.refund", Test::Numbers(Some((2.5, true)), Some((2.5, true))))), [1]);
    assert_eq!(bench.matching(score("", Test::Numbers(None, None))), [1]);
    assert_eq!(bench.matching(score("refund", Test::Exists)), [0u32; 0]);
    let mut asked = search(score("billing", Test::Exists));
    asked.order =
        vec![crate::query::resolved::SortKey::value(Target::Score(score_id("Call Drivers", "Billing")), true)];
    assert_eq!(bench.keys(&asked), [2, 1]);
}
