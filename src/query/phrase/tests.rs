//! Phrases, sign by sign.
use super::*;
use crate::query::ast::Query;
use crate::query::parser;
use crate::query::resolved::Edge;

/// What one clause of `q` says.
fn written(text: &str) -> Written {
    match parser::parse(text, &Default::default()) {
        Ok(Query::Said(_, written)) => written,
        other => panic!("{text}: {other:?}"),
    }
}

fn phrase(text: &str) -> Phrase {
    read(&written(text)).unwrap_or_else(|fault| panic!("{text}: at {}: {}", fault.at, fault.detail)).0
}

fn glob(pattern: &str) -> Word {
    Word::Like(Pattern::Glob(Glob::new(pattern.chars().map(|c| (c, false)))))
}

fn exact(word: &str) -> Word {
    Word::Exact(word.to_owned())
}

#[test]
fn words_and_patterns_are_cut_as_texts_are() {
    let table = [
        ("Cancel", vec![exact("cancel")]),
        ("e-mail*", vec![exact("e"), glob("mail*")]),
        ("*mail-x?", vec![glob("*mail"), glob("x?")]),
        ("\"C?ncel my pl*n\"", vec![glob("c?ncel"), exact("my"), glob("pl*n")]),
        ("\"cancel * plan\"", vec![exact("cancel"), glob("*"), exact("plan")]),
        ("\"can't*, 1,000* don'?\"", vec![glob("can't*"), glob("1,000*"), glob("don'?")]),
        ("Straße*", vec![glob("strasse*")]),
        ("\"caf\u{e9}?? cafe\u{301}*\"", vec![glob("café??"), glob("café*")]),
        ("\"Really? Can I?\"", vec![exact("really"), exact("can"), exact("i")]),
        ("\"yo? two?x\"", vec![exact("yo"), glob("two?x")]),
        ("\"yo?\"", vec![glob("yo?")]),
        ("**", vec![glob("*")]),
        ("a\\*b", vec![exact("a"), exact("b")]),
        ("\"\\~ \\^a b\\$\"", vec![exact("a"), exact("b")]),
        ("北京", vec![exact("北"), exact("京")]),
        ("北京*", vec![exact("北"), exact("京")]),
        ("*北?", vec![exact("北"), glob("?")]),
        ("北a*", vec![exact("北"), glob("a*")]),
    ];
    for (text, words) in table {
        assert_eq!(phrase(text), Phrase { words, ..Phrase::exact(Vec::<String>::new()) }, "{text}");
    }
}

#[test]
fn every_sign_has_its_meaning() {
    use Arrangement::{Adjacent, SameTurn, Within};
    let table = [
        ("\"a b\"", Adjacent, false, false),
        ("\"a b\"~4", Within(4), false, false),
        ("\"a b ~4\"", Within(4), false, false),
        ("\"a b~4\"", Within(4), false, false),
        ("\"a b\"~t", SameTurn, false, false),
        ("\"a b ~t\"", SameTurn, false, false),
        ("\"^ a b\"", Adjacent, true, false),
        ("\"^a b$\"~0", Within(0), true, true),
        ("\"a b $ ~10000\"", Within(10_000), false, true),
        ("\"a b ~ t $\"", SameTurn, false, true),
        ("^hello", Adjacent, true, false),
        ("bye$", Adjacent, false, true),
        ("^e-mail$", Adjacent, true, true),
        ("e-mail~t", SameTurn, false, false),
        ("\"a\"~4", Adjacent, false, false),
        ("\"a\"~t", Adjacent, false, false),
        ("hello~t", Adjacent, false, false),
        ("\"a ^ b $ c\"", Adjacent, false, false),
        ("$5", Adjacent, false, false),
    ];
    for (text, how, first, last) in table {
        let phrase = phrase(text);
        assert_eq!((phrase.how, phrase.first, phrase.last), (how, first, last), "{text}");
    }
}

#[test]
fn times_are_read_behind_words_phrases_and_expressions() {
    let when = |from, within, seconds| When { from, within, seconds };
    let table = [
        ("hello~s<30", vec![when(Edge::Start, true, 30.0)]),
        ("\"a b\"~e>2.5", vec![when(Edge::End, false, 2.5)]),
        ("\"a b ~s > 30 ~e<10\"", vec![when(Edge::Start, false, 30.0), when(Edge::End, true, 10.0)]),
        ("\"thank you ~e<30\"~s>1", vec![when(Edge::End, true, 30.0), when(Edge::Start, false, 1.0)]),
        ("/a.*/~s<0.25", vec![when(Edge::Start, true, 0.25)]),
        ("hel*~e<1$", vec![when(Edge::End, true, 1.0)]),
        ("word~1~s<5", vec![when(Edge::Start, true, 5.0)]),
    ];
    for (text, when) in table {
        assert_eq!(read(&written(text)).unwrap().1, when, "{text}");
    }
    assert!(phrase("hel*~e<1$").last);
}

#[test]
fn bare_words_may_be_nearly_right() {
    let fuzzy = |word: &str, edits| vec![Word::Like(Pattern::Fuzzy(Fuzzy::new(word, edits)))];
    for (text, words) in [
        ("Wrod~1", fuzzy("wrod", 1)),
        ("wrod~2", fuzzy("wrod", 2)),
        ("wrod~", fuzzy("wrod", 2)),
        ("wrod~0", fuzzy("wrod", 0)),
        ("^wrod~$", fuzzy("wrod", 2)),
        ("wrod~~s<3", fuzzy("wrod", 2)),
        ("can't~1", fuzzy("can't", 1)),
    ] {
        assert_eq!(phrase(text).words, words, "{text}");
    }
}

#[test]
fn expressions_are_one_word() {
    let [Word::Like(Pattern::Regex(regex))] = &phrase("/ca(n|t)\\/?/").words[..] else { panic!("no expression") };
    assert!(regex.matches("can") && regex.matches("cat/") && !regex.matches("ca"));
}

#[test]
fn errors_point_at_the_character() {
    let table = [
        ("\"a b\"~", 6, "expected after `~` a number"),
        ("\"a ~ b\"", 5, "expected after `~` a number"),
        ("\"a ~4 b\"", 6, "expected the end or another sign"),
        ("\"a b ~4x\"", 7, "expected the end or another sign"),
        ("\"wrod~1 b\"", 8, "expected the end or another sign"),
        ("\"a b\"~4~t", 7, "only one `~t` or distance"),
        ("\"a b ~4\"~4", 8, "only one `~t` or distance"),
        ("\"a b\"~10001", 6, "distances go up to 10000"),
        ("\"a b\"~99999999999999", 6, "distances go up to 10000"),
        ("\"a b\"~s", 7, "expected `<` or `>`"),
        ("\"a b\"~s=3", 7, "expected `<` or `>`"),
        ("\"a b\"~s<x", 8, "expected seconds"),
        ("\"a b\"~s<3.", 10, "expected a digit after the `.`"),
        ("\"a b\"~s<99999999999", 8, "times go up to 1000000000 seconds"),
        ("a~3", 2, "words may differ by at most 2 letters"),
        ("a~1~2", 3, "only one `~` for similar words"),
        ("e-mail~1", 6, "goes with a single word"),
        ("北京~1", 2, "goes with a single word"),
        ("wor*~1", 4, "either `*` and `?` or a `~`"),
        ("~4", 0, "expected a word before `~`"),
        ("^", 1, "expected a word right after `^`"),
        ("$", 0, "expected a word right before `$`"),
        ("\"^ $\"", 0, "there is no word in \"^ $\""),
        ("...", 0, "there is no word in \"...\""),
        ("/a/~4", 3, "an expression is one word"),
        ("/a(b/", 4, "expected `)`"),
        ("/é*|*/", 4, "nothing to repeat before `*`"),
        ("北*京", 1, "quote them with a distance"),
    ];
    for (text, at, why) in table {
        let fault = read(&written(text)).unwrap_err();
        assert!(fault.at == at && fault.detail.contains(why), "{text}: at {}: {}", fault.at, fault.detail);
    }
}

#[test]
fn phrases_with_a_distance_have_a_bounded_number_of_words() {
    let words = |count: usize| vec!["a"; count].join(" ");
    assert_eq!(phrase(&format!("\"{}\"~4", words(64))).words.len(), 64);
    assert_eq!(phrase(&format!("\"{}\"", words(65))).words.len(), 65);
    for sign in ["~4", "~t"] {
        let fault = read(&written(&format!("\"{}\"{sign}", words(65)))).unwrap_err();
        assert_eq!((fault.at, fault.detail.as_str()), (131, "distances go with at most 64 words; there are 65"));
    }
}

#[test]
fn text_values_know_no_turns() {
    for text in ["\"ca* back\"", "/ca.*/", "cal~1", "\"a b\""] {
        assert_eq!(read_text(&written(text)).unwrap(), phrase(text), "{text}");
    }
    for (text, at, sign) in [("\"^ a b\"~4", 1, '^'), ("\"a b\"~t", 5, '~'), ("a$", 1, '$'), ("/a/~s<3", 3, '~')] {
        let fault = read_text(&written(text)).unwrap_err();
        assert_eq!(fault.at, at, "{text}");
        assert!(fault.detail.ends_with(&format!("write `\\{sign}` for the sign itself")), "{}", fault.detail);
    }
    assert_eq!(read_text(&Written::literal("^a* ~4")).unwrap(), Phrase::exact(["a", "4"]));
}
