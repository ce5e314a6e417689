//! V-Spark's plain text, sign by sign.
use super::*;
use crate::query::phrase;
use crate::query::resolved::{Arrangement, Edge, Word};

/// The tree in a short form: words, then `^ $`, the arrangement and times as signs.
fn shape(query: &Query) -> String {
    let list = |parts: &[Query]| parts.iter().map(shape).collect::<Vec<_>>().join(", ");
    match query {
        Query::All => "*".to_owned(),
        Query::And(parts) => format!("all({})", list(parts)),
        Query::Or(parts) => format!("any({})", list(parts)),
        Query::Not(inner) => format!("not({})", shape(inner)),
        Query::Named(_) => "named".to_owned(),
        Query::Said(_, text) => match phrase::read(text) {
            Err(fault) => format!("at {}: {}", fault.at, fault.detail),
            Ok((phrase, when)) => {
                let word = |word: &Word| match word {
                    Word::Exact(word) => word.clone(),
                    Word::Like(pattern) => format!("<{}>", pattern.prefix()),
                };
                let mut shape = phrase.words.iter().map(word).collect::<Vec<_>>().join(" ");
                shape += if phrase.first { " ^" } else { "" };
                shape += if phrase.last { " $" } else { "" };
                shape += &match phrase.how {
                    Arrangement::Adjacent => String::new(),
                    Arrangement::Within(others) => format!(" ~{others}"),
                    Arrangement::SameTurn => " ~t".to_owned(),
                };
                for when in when {
                    let edge = if when.from == Edge::Start { 's' } else { 'e' };
                    shape += &format!(" ~{edge}{}{}", if when.within { '<' } else { '>' }, when.seconds);
                }
                shape
            }
        },
    }
}

fn read_it(text: &str) -> String {
    match parse(text, &Speaker::Anyone, 64) {
        Ok(query) => shape(&query),
        Err(fault) => format!("at {}: {}", fault.at, fault.detail),
    }
}

#[test]
fn a_phrase_list_of_v_spark_means_what_it_meant() {
    let table = [
        ("", "*"),
        (" \t", "*"),
        ("cancel my plan", "cancel my plan"),
        ("Cancel, my PLAN!", "cancel my plan"),
        ("-very happy", "not(very happy)"),
        ("- very happy", "not(very happy)"),
        ("tablet & laptop", "all(tablet, laptop)"),
        ("tablet&laptop", "all(tablet, laptop)"),
        ("tablet | laptop", "any(tablet, laptop)"),
        ("a b & -c | d & e", "any(all(a b, not(c)), all(d, e))"),
        ("help*", "<help>"),
        ("th???", "<th>"),
        ("close account ~4", "close account ~4"),
        ("close account~4", "close account ~4"),
        ("close account ~ 4 ", "close account ~4"),
        ("close account ~t", "close account ~t"),
        ("close account ~0", "close account ~0"),
        ("^ good morning", "good morning ^"),
        ("^good morning", "good morning ^"),
        ("policy number $", "policy number $"),
        ("policy number$", "policy number $"),
        ("phone ~s<30", "phone ~s<30"),
        ("phone ~s > 30", "phone ~s>30"),
        ("phone ~e<2.5", "phone ~e<2.5"),
        ("-thank you ~e<30", "not(thank you ~e<30)"),
        ("thank you ~e>30", "thank you ~e>30"),
        // Several signs, which the product does not allow.
        ("^ close acc* ~4 ~s>10 ~s<30 $", "close <acc> ^ $ ~4 ~s>10 ~s<30"),
        ("-^ hello $ ~s<5 | bye", "any(not(hello ^ $ ~s<5), bye)"),
        ("phone ~4", "phone"),
        ("phone ~t", "phone"),
        // Words and punctuation.
        ("this AND that OR not", "this and that or not"),
        ("\"cancel\" (my) plan:", "cancel my plan"),
        ("e-mail", "e mail"),
        ("costs $5 or ^ more", "costs 5 or more"),
        ("--a", "not(a)"),
        ("\\-a \\~4 b\\*", "a 4 b"),
        ("a \\& b \\| c", "a b c"),
        ("北京 ~4", "北 京 ~4"),
    ];
    for (text, tree) in table {
        assert_eq!(read_it(text), tree, "{text}");
    }
}

#[test]
fn errors_say_where() {
    let table = [
        ("|", "at 0: expected a phrase"),
        ("a |", "at 3: expected a phrase"),
        ("a & | b", "at 4: expected a phrase"),
        ("| a", "at 0: expected a phrase"),
        ("-", "at 1: expected a phrase to exclude after `-`"),
        ("a & - | b", "at 6: expected a phrase to exclude after `-`"),
        ("a\\", "at 1: nothing follows the `\\`"),
        (" ...", "at 1: there is no word in \"...\""),
        ("é & |", "at 4: expected a phrase"),
        ("a ~s<", "at 5: expected seconds, as in `~s<30` or `~e<2.5`"),
        ("^ ~4", "at 2: expected a word before `~`; behind a quoted phrase it follows the quotes without a blank"),
    ];
    for (text, error) in table {
        assert_eq!(read_it(text), error, "{text}");
    }
    assert_eq!(parse("a|b&c", &Speaker::Anyone, 2).unwrap_err().code, Code::QueryTooLarge);
    assert_eq!(parse("a|b&c", &Speaker::Anyone, 3).unwrap().clauses(), 3);
}

#[test]
fn expressions_are_over_one_word() {
    let Query::Said(by, text) = expression("  ab.* ", &Speaker::Anyone) else { panic!("not said") };
    let (phrase, _) = phrase::read(&text).unwrap();
    assert_eq!((by, text.at, phrase.words.len()), (Speaker::Anyone, 2, 1));
    let whole = |expression: &str| {
        phrase::read(match &super::expression(expression, &Speaker::Anyone) {
            Query::Said(_, text) => text,
            _ => panic!("not said"),
        })
    };
    let matches = |expression: &str| whole(expression).unwrap().0.words[0].matches("abcde");
    assert!(matches("ab.*") && !matches("abcd") && !matches("^abcd") && matches("ABCDE|x"));
    assert_eq!(whole(" a(").unwrap_err().at, 3);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]
    #[test]
    fn no_input_panics_and_errors_point_into_it(text in "([a-z0-9 &|*?~^$<>.\\\\\"é北-]|~s<|~e>|~t){0,24}") {
        fn faults(query: &Query, found: &mut Vec<Fault>) {
            match query {
                Query::And(parts) | Query::Or(parts) => parts.iter().for_each(|part| faults(part, found)),
                Query::Not(inner) => faults(inner, found),
                Query::Said(_, text) => found.extend(phrase::read(text).err()),
                Query::All | Query::Named(_) => {}
            }
        }
        let mut found = Vec::new();
        match parse(&text, &Speaker::Anyone, 64) {
            Err(fault) => found.push(fault),
            Ok(query) => faults(&query, &mut found),
        }
        faults(&expression(&text, &Speaker::Anyone), &mut found);
        for fault in found {
            proptest::prop_assert!(fault.at <= text.chars().count(), "{} at {} of {}", fault.detail, fault.at, text);
        }
    }
}
