//! Tests of cutting inputs into transcripts.
use super::*;
use std::io::BufReader;

/// Cuts `text`, fed in pieces of `piece` bytes, and shows the items as short texts.
fn cut_in(text: &[u8], by_line: bool, bytes_max: usize, piece: usize) -> Vec<String> {
    let input = Box::new(BufReader::with_capacity(piece, Cursor::new(text.to_vec())));
    Records::new(input, by_line, bytes_max)
        .map(|item| match item.unwrap() {
            Item::Record { line, text } => format!("{line} {text}"),
            Item::Broken { line, code, .. } => format!("{line} !{code}"),
        })
        .collect()
}

fn check(text: &str, by_line: bool, expected: &[&str]) {
    // A byte order mark is only looked for in the first buffer, so pieces are at least as long as one.
    for piece in [3, 7, 64, 4_096] {
        assert_eq!(cut_in(text.as_bytes(), by_line, 60, piece), expected, "{text:?} in pieces of {piece}");
    }
}

#[test]
fn one_transcript_a_line() {
    check("{\"a\":1}\n\n  {\"b\":2}\r\n{\"c\":3}", true, &["1 {\"a\":1}", "3 {\"b\":2}", "4 {\"c\":3}"]);
    check("", true, &[]);
    check("\n\n", true, &[]);
}

#[test]
fn a_bad_line_does_not_hide_the_next() {
    check("{\"a\":\n{\"b\":2}\n", true, &["1 {\"a\":", "2 {\"b\":2}"]);
    let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":2}}\n", "x".repeat(100));
    check(&long, true, &["1 !body_too_large", "2 {\"b\":2}"]);
    assert_eq!(cut_in(b"\xff{}\n{}\n", true, 60, 64), ["1 !json_invalid", "2 {}"]);
}

#[test]
fn a_json_file_may_hold_one_transcript_over_several_lines() {
    check("{\n \"a\": \"}]\\\"\"\n}\n", false, &["1 {\n \"a\": \"}]\\\"\"\n}"]);
    check("\u{feff}{\"a\":1}", false, &["1 {\"a\":1}"]);
}

#[test]
fn a_json_file_may_hold_an_array() {
    check("[{\"a\":1},\n {\"b\":[2]}\n]\n", false, &["1 {\"a\":1}", "2 {\"b\":[2]}"]);
    check("[]", false, &[]);
    check(" [ ] ", false, &[]);
}

#[test]
fn a_json_file_may_hold_lines() {
    check("{\"a\":1}\n{\"b\":2}\n", false, &["1 {\"a\":1}", "2 {\"b\":2}"]);
    // Lines are meant, so the broken one is one broken line.
    check("{\"a\":1}\n{\"b\n{\"c\":3}\n", false, &["1 {\"a\":1}", "2 {\"b", "3 {\"c\":3}"]);
}

#[test]
fn a_json_file_may_hold_several_values_after_each_other() {
    check("{\n\"a\":1}\n{\n\"b\":2}", false, &["1 {\n\"a\":1}", "3 {\n\"b\":2}"]);
}

#[test]
fn what_ends_too_early_or_is_no_transcript_is_named_with_its_line() {
    check("{\n\"a\":1", false, &["1 !json_invalid"]);
    check("[{\"a\":1}\n", false, &["1 {\"a\":1}", "2 !json_invalid"]);
    check("[{\"a\":1},\n 7]", false, &["1 {\"a\":1}", "2 !json_invalid"]);
    check("\nhello", false, &["2 !json_invalid"]);
    check("[{}]\n[{}]", false, &["1 {}", "2 !json_invalid"]);
}

#[test]
fn a_value_that_is_too_long_is_skipped() {
    let long = "x".repeat(100);
    check(&format!("[{{\"a\":\"{long}\"}},{{\"b\":2}}]"), false, &["1 !body_too_large", "1 {\"b\":2}"]);
    check(&format!("{{\n\"a\":\"{long}\"}}\n{{\n}}"), false, &["1 !body_too_large", "3 {\n}"]);
}

#[test]
fn deep_nesting_and_runs_of_commas_are_not_followed_by_recursion() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(cut_in(deep.as_bytes(), false, 1_000_000, 4_096).len(), 1);
    let commas = format!("[{}{{}}]", ",".repeat(1_000_000));
    assert_eq!(cut_in(commas.as_bytes(), false, 60, 4_096), ["1 {}"]);
}
