//! Expressions, sign by sign.
use super::*;

fn regex(source: &str) -> WholeRegex {
    WholeRegex::parse(source).unwrap_or_else(|(at, why)| panic!("{source}: at {at}: {why}"))
}

#[test]
fn every_sign_does_as_lucene_says() {
    let table: [(&str, &[&str], &[&str]); 32] = [
        ("ab.*", &["abcde", "ab"], &["a", "xab"]),
        ("abcd", &["abcd"], &["abcde", "xabcd"]),
        ("^abcd", &["^abcd"], &["abcd"]),
        ("abcd$", &["abcd$"], &["abcd"]),
        ("ca(n|nt|n't)", &["can", "cant", "can't"], &["ca"]),
        ("a|bc|d", &["a", "bc", "d"], &["ad", "ab"]),
        ("colou?r", &["color", "colour"], &["colouur"]),
        ("a+b*", &["a", "aab"], &["b"]),
        ("a{2}", &["aa"], &["a", "aaa"]),
        ("a{2,}", &["aa", "aaaa"], &["a"]),
        ("a{1,2}b", &["ab", "aab"], &["aaab", "b"]),
        ("(a+)?b", &["b", "aab"], &["a"]),
        ("a+?b", &["b", "aab"], &["a"]),
        ("[a-c]x[^0-9]", &["axz", "bx-"], &["dxz", "ax1"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[a\\]^&&.]+", &["]^&a."], &["b"]),
        ("CAN[A-Z]+", &["cancel"], &["can", "can1"]),
        ("Stra(ß|ẞ)e", &["strasse"], &["strase"]),
        ("[xß]", &["x", "ss"], &["s"]),
        ("[^ß]", &["x", "s"], &["ss"]),
        ("É[À-Ý]", &["éá", "éý"], &["ea"]),
        ("e\u{301}+", &["é", "éé"], &["e"]),
        ("x@y", &["xy", "xaay"], &["x"]),
        ("a|#", &["a"], &["", "#"]),
        ("\"a.b\"c", &["a.bc"], &["axbc"]),
        ("\\.\\@\\#\\&\\~\\<\\\"\\/", &[".@#&~<\"/"], &[]),
        ("a<9-11>", &["a9", "a11", "a010"], &["a8", "a12"]),
        ("a<09-11>", &["a09", "a11"], &["a9", "a011"]),
        ("a.*&.*z", &["az", "abz"], &["ab", "bz"]),
        ("a.*&~(abc)|q", &["ab", "q"], &["abc", "x"]),
        ("~(a.*)&~b", &["c", "bb", ""], &["ab", "b"]),
    ];
    for (source, yes, no) in table {
        let regex = regex(source);
        for text in yes {
            assert!(regex.matches(text), "{source} on {text}");
        }
        for text in no {
            assert!(!regex.matches(text), "{source} on {text}");
        }
    }
    assert!(regex("()").matches("") && regex("a()b").matches("ab"));
    assert!(regex("a.b").matches("a\nb"), "any character is any character");
}

#[test]
fn matches_begin_with_the_prefix() {
    let table = [
        ("Cancel.*", "cancel"),
        ("can|cat", ""),
        ("ca?t", "c"),
        ("ca+t", "ca"),
        ("ca{0,2}", "c"),
        ("(ca)t", ""),
        ("\"Ca.\"x[a]", "ca.x"),
        ("a.*&ab.*", "ab"),
        ("~(ab)", ""),
        ("\\.x", ".x"),
    ];
    for (source, prefix) in table {
        assert_eq!(regex(source).prefix(), prefix, "{source}");
    }
    assert_eq!(regex("ab|C.").expression(), Some("^(?:ab|c.)$"));
    assert_eq!(regex("a&b").expression(), None);
}

#[test]
fn errors_say_where() {
    let table = [
        ("", 0, "expected something to match"),
        ("a|", 2, "expected something to match"),
        ("a&", 2, "expected something to match"),
        ("*a", 0, "nothing to repeat before `*`"),
        ("(a", 2, "expected `)` for the `(` at character 0"),
        ("a)", 1, "no `(` was opened"),
        ("[a", 0, "not closed"),
        ("[z-a]", 1, "is empty"),
        ("a\\", 1, "nothing follows"),
        ("\\d+", 0, "write `[0-9]`"),
        ("ab~c", 2, "whole alternatives only"),
        ("(a&b)", 2, "whole alternatives only"),
        ("~ab", 2, "write `~(…)`"),
        ("a{x}", 2, "expected a number of times"),
        ("a{2", 3, "expected `}`"),
        ("a{3,2}", 1, "less than the first"),
        ("a{1001}", 2, "at most 1000 times"),
        ("\"a", 0, "not closed"),
        ("<a-b>", 1, "as in `<1-12>`"),
        ("a~", 1, "whole alternatives only"),
        ("~", 1, "expected something to exclude"),
    ];
    for (source, at, why) in table {
        let (place, detail) = WholeRegex::parse(source).unwrap_err();
        assert!(place == at && detail.contains(why), "{source}: at {place}: {detail}");
    }
}

#[test]
fn bombs_are_refused() {
    let refused = |source: &str| WholeRegex::parse(source).unwrap_err().1;
    assert!(refused("((a{1000}){1000}){1000}").contains("stands for too much"));
    assert!(refused("(.*.*.*){900}").contains("stands for too much"));
    assert!(refused(&"(".repeat(100)).contains("nests deeper"));
    assert!(refused(&format!("a{}", "?".repeat(900))).contains("nested too deeply"));
    assert!(refused(&"a".repeat(1_001)).contains("at most 1000 characters"));
    assert!(refused(&"a&".repeat(20)[..39]).contains("at most 8 expressions"));
    assert!(regex("(a*)*(a|aa)+[a-z]{50}").matches(&"a".repeat(1_000)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1_000))]
    #[test]
    fn no_input_panics_and_errors_point_into_it(source in "[a-cß\u{301}É0-9.?+*|{}\\[\\]()#@&<>~\"\\\\^$,-]{0,24}") {
        match WholeRegex::parse(&source) {
            Err((at, why)) => proptest::prop_assert!(at <= source.chars().count(), "{} at {} of {}", why, at, source),
            Ok(regex) => {
                regex.matches("abc");
            }
        }
    }

    #[test]
    fn what_matches_begins_with_the_prefix(source in "[abc.?+*|()\"&]{1,8}", word in "[abc]{0,6}") {
        if let Ok(regex) = WholeRegex::parse(&source) {
            proptest::prop_assert!(!regex.matches(&word) || word.starts_with(regex.prefix()), "{} on {}", source, word);
        }
    }
}
