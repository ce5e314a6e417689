//! Prints a query as the language writes it: what is printed reads as the same query again.
use super::ast::{End, FieldTest, Letter, Named, Query, Written};
use super::resolved::Speaker;
use crate::domain::transcript::Role;

/// The query as text.
pub fn render(query: &Query) -> String {
    let mut out = String::new();
    write(&mut out, query, Above::Nothing);
    out
}

/// What a part stands in: decides whether it needs parentheses.
#[derive(Clone, Copy, PartialEq)]
enum Above {
    Nothing,
    All,
    Any,
    Not,
}

fn write(out: &mut String, query: &Query, above: Above) {
    match query {
        Query::All => out.push('*'),
        Query::And(parts) => joined(out, parts, " AND ", Above::All, matches!(above, Above::All | Above::Not)),
        Query::Or(parts) => joined(out, parts, " OR ", Above::Any, above != Above::Nothing),
        Query::Not(inner) => {
            out.push_str("NOT ");
            write(out, inner, Above::Not);
        }
        Query::Said(by, written) => {
            speaker(out, by);
            words(out, written);
        }
        Query::Named(named) => condition(out, named),
    }
}

fn joined(out: &mut String, parts: &[Query], between: &str, own: Above, grouped: bool) {
    if grouped {
        out.push('(');
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write(out, part, own);
    }
    if grouped {
        out.push(')');
    }
}

fn speaker(out: &mut String, by: &Speaker) {
    match by {
        Speaker::Anyone => {}
        Speaker::Role(Role::Agent) => out.push_str("agent:"),
        Speaker::Role(Role::Client) => out.push_str("client:"),
        Speaker::Role(Role::Unknown) => out.push_str("unknown:"),
        Speaker::Label(label) => {
            text(out, &format!("speaker.{label}"));
            out.push(':');
        }
    }
}

fn condition(out: &mut String, named: &Named) {
    let name = named.name.shown();
    // In front of a condition a minus is a sign.
    if name.starts_with('-') {
        quoted(out, name)
    } else {
        text(out, name)
    }
    out.push(':');
    match &named.test {
        FieldTest::Equals(written) => words(out, written),
        FieldTest::Exists | FieldTest::Range { low: None, high: None } => out.push('*'),
        FieldTest::Range { low: Some(low), high: None } => end(out, ">", low),
        FieldTest::Range { low: None, high: Some(high) } => end(out, "<", high),
        FieldTest::Range { low: Some(low), high: Some(high) } => {
            out.push(if low.inclusive { '[' } else { '{' });
            text(out, &low.value);
            out.push_str(" TO ");
            text(out, &high.value);
            out.push(if high.inclusive { ']' } else { '}' });
        }
    }
}

fn end(out: &mut String, sign: &str, end: &End) {
    out.push_str(sign);
    if end.inclusive {
        out.push('=');
    }
    text(out, &end.value);
}

/// Words or a value, with the signs they were written with.
fn words(out: &mut String, written: &Written) {
    let around = match (written.quoted, written.regex) {
        (true, _) => "\"",
        (_, true) => "/",
        _ => "",
    };
    out.push_str(around);
    if around.is_empty() && is_keyword(written) {
        out.push('\\');
    }
    for letter in &written.letters {
        push(out, *letter, written.quoted);
    }
    out.push_str(around);
    for letter in &written.signs {
        push(out, *letter, false);
    }
}

/// Whether a bare word is spelled as a keyword: one of its letters was escaped.
fn is_keyword(written: &Written) -> bool {
    let is = |word: &str| written.letters.iter().map(|letter| letter.is).eq(word.chars());
    ["AND", "OR", "NOT"].into_iter().any(is)
}

/// What was escaped is escaped again where it would mean something else without.
fn push(out: &mut String, letter: Letter, quoted: bool) {
    let telling = if quoted { "\"\\*?/~^$<>".contains(letter.is) } else { !letter.is.is_alphanumeric() };
    if letter.literal && telling {
        out.push('\\');
    }
    out.push(letter.is);
}

/// A name or an end of a range: quoted unless nothing in it is a sign.
fn text(out: &mut String, value: &str) {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '+');
    if !value.is_empty() && value.chars().all(plain) && !matches!(value, "AND" | "OR" | "NOT" | "TO") {
        out.push_str(value);
    } else {
        quoted(out, value);
    }
}

fn quoted(out: &mut String, value: &str) {
    out.push('"');
    for letter in value.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::Limits;
    use crate::query::parser::parse;

    #[test]
    fn what_is_printed_reads_as_the_same_query() {
        let read = |text: &str| parse(text, &Limits::default()).unwrap_or_else(|why| panic!("{text}: {why}"));
        for (query, shown) in [
            ("*", "*"),
            ("cancel plan", "cancel AND plan"),
            ("a OR b c", "a OR b AND c"),
            ("(a OR b) -c", "(a OR b) AND NOT c"),
            ("NOT (a b)", "NOT (a AND b)"),
            (r#""my plan""#, r#""my plan""#),
            (r#"agent:(a OR "b c")"#, r#"agent:a OR agent:"b c""#),
            (r#""speaker.Dr X":hello"#, r#""speaker.Dr X":hello"#),
            (r#"queue:"x \"y\" \\z""#, r#"queue:"x \"y\" \\z""#),
            (r"queue:a\*b*", r"queue:a\*b*"),
            ("\"hold time\":>=60", "\"hold time\":>=60"),
            ("hold:[30 TO 90}", "hold:[30 TO 90}"),
            ("hold:[* TO 90}", "hold:<90"),
            ("hold:*", "hold:*"),
            (r"\-tid:a", r#""-tid":a"#),
            ("a:>-5 b:[-3 TO -1]", "a:>-5 AND b:[-3 TO -1]"),
            (r"a NO\T b \OR", r"a AND \NOT AND b AND \OR"),
            ("called:>\"2026-01-01 10:00\"", "called:>\"2026-01-01 10:00\""),
        ] {
            let printed = render(&read(query));
            assert_eq!(printed, shown);
            assert_eq!(render(&read(&printed)), printed);
        }
    }

    #[test]
    fn values_of_parameters_are_quoted() {
        let named = Named {
            name: crate::domain::identity::FieldName::lenient("queue"),
            at: 0,
            test_at: 0,
            test: FieldTest::Equals(Written::literal("a*b \"c\"")),
        };
        assert_eq!(render(&Query::Named(named)), r#"queue:"a\*b \"c\"""#);
    }
}
