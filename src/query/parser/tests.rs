//! The language of `q`, input by input.
use super::*;

/// What was written: `/…/` an expression, and the signs behind it.
fn written(text: &Written) -> String {
    let signs: String = text.signs.iter().map(|letter| letter.is).collect();
    if text.regex { format!("/{}/{signs}", text.value()) } else { text.value() + &signs }
}

/// The tree in a short form: `w:` words, `p:` phrase, `name=value`, `name~pattern`, `name[low,high]`.
fn shape(query: &Query) -> String {
    let list = |parts: &[Query]| parts.iter().map(shape).collect::<Vec<_>>().join(" ");
    match query {
        Query::All => "*".into(),
        Query::And(parts) => format!("(& {})", list(parts)),
        Query::Or(parts) => format!("(| {})", list(parts)),
        Query::Not(inner) => format!("!{}", shape(inner)),
        Query::Said(_, text) => format!("{}:{}", if text.quoted { "p" } else { "w" }, written(text)),
        Query::Named(Named { name, test, .. }) => {
            let end = |end: &Option<End>| match end {
                None => "*".to_owned(),
                Some(End { value, inclusive }) => format!("{value}{}", if *inclusive { "=" } else { "" }),
            };
            match test {
                FieldTest::Equals(text) if text.is_pattern() => format!("{name}~{}", text.glob().pieces.len()),
                FieldTest::Equals(text) => format!("{name}={}{}", written(text), if text.quoted { "'" } else { "" }),
                FieldTest::Range { low, high } => format!("{name}[{},{}]", end(low), end(high)),
                FieldTest::Exists => format!("{name}?"),
            }
        }
    }
}

fn read_it(text: &str) -> String {
    match parse(text, &Limits::default()) {
        Ok(query) => shape(&query),
        Err(refusal) => refusal.detail,
    }
}

#[test]
fn every_form_has_its_tree() {
    let table = [
        ("", "*"),
        ("  ", "*"),
        ("*", "*"),
        ("* -queue:x", "(& * !queue=x)"),
        ("cancel plan", "(& w:cancel w:plan)"),
        ("cancel AND plan", "(& w:cancel w:plan)"),
        ("a OR b c", "(| w:a (& w:b w:c))"),
        ("(a OR b) c", "(& (| w:a w:b) w:c)"),
        ("a and or not", "(& w:a w:and w:or w:not)"),
        ("a AND NOT b OR -c", "(| (& w:a !w:b) !w:c)"),
        ("NOT (a b)", "!(& w:a w:b)"),
        ("--a", "!!w:a"),
        ("e-mail", "w:e-mail"),
        ("\"cancel my plan\"", "p:cancel my plan"),
        ("a\"b c\"d", "(& w:a p:b c w:d)"),
        ("\"AND\"", "p:AND"),
        ("\\AND", "w:AND"),
        ("ANDROID NOTE", "(& w:ANDROID w:NOTE)"),
        ("a\\ b\\:c", "w:a b:c"),
        ("\"say \\\"no\\\"\"", "p:say \"no\""),
        ("queue:billing", "queue=billing"),
        ("-queue:billing", "!queue=billing"),
        ("queue:\"a b\"", "queue=a b'"),
        ("\"hold time\":>60", "hold time[60,*]"),
        ("h:>=60 h:<5 h:<=-5", "(& h[60=,*] h[*,5] h[*,-5=])"),
        ("hold_time:[30 TO 90}", "hold_time[30=,90]"),
        ("hold_time:{ * TO \"9 0\" ]", "hold_time[*,9 0=]"),
        ("datetime:[2026-01-01T10:00:00Z TO now-7d]", "datetime[2026-01-01T10:00:00Z=,now-7d=]"),
        ("datetime:2026-01-01T10:00:00Z", "datetime=2026-01-01T10:00:00Z"),
        ("queue:(a OR b)", "(| queue=a queue=b)"),
        ("queue:(a -\"b c\" (>3 OR x*))", "(& queue=a !queue=b c' (| queue[3,*] queue~2))"),
        ("name:*smi*", "name~3"),
        ("name:\"*smi*\"", "name=*smi*'"),
        ("name:\\*smi\\*", "name=*smi*"),
        ("note:*", "note?"),
        ("-note:*", "!note?"),
        ("balance:-5", "balance=-5"),
        ("agent:word client:\"a b\"", "(& agent=word client=a b')"),
        ("speaker.Wizard:word", "speaker.Wizard=word"),
        ("speaker.\"Dr X\":word", "speaker.Dr X=word"),
        ("\"speaker.Dr X\":word", "speaker.Dr X=word"),
        ("end.\"quoted\"", "(& w:end. p:quoted)"),
        ("\"Did you enjoy this task?\":true", "Did you enjoy this task?=true"),
        ("\"bank_balance.PIN\":0314", "bank_balance.PIN=0314"),
        ("bank_balance.PIN:0314", "bank_balance.PIN=0314"),
        ("\"a:b\":c", "a:b=c"),
        ("a\\:b:c", "a:b=c"),
        ("\"...und weiter\":ja", "...und weiter=ja"),
        ("客户/名称:北京", "客户/名称=北京"),
        ("NOT:x", "NOT=x"),
        ("url:https://x.org/?a=b", "url~3"),
        ("wo?d* word~1 ^hello bye$ hi~s<30", "(& w:wo?d* w:word~1 w:^hello w:bye$ w:hi~s<30)"),
        ("\"close account\"~4 x", "(& p:close account~4 w:x)"),
        ("\"a b\"~t~s<30~e>2.5", "p:a b~t~s<30~e>2.5"),
        ("(\"a b\"~t)\"c\"~4\"d\"", "(& p:a b~t p:c~4 p:d)"),
        ("\"close account ~4\"", "p:close account ~4"),
        ("/ca(n|t)/", "w:/ca(n|t)/"),
        ("-/a b/ c", "(& !w:/a b/ w:c)"),
        ("/a\\/b\\\\/ c", "(& w:/a\\/b\\\\/ w:c)"),
        ("/a/~s<30 (/\"(/)", "(& w:/a/~s<30 w:/\"(/)"),
        ("a/b/", "w:a/b/"),
        ("\\/a", "w:/a"),
        ("queue:/smi.*|a b/ x", "(& queue=/smi.*|a b/ w:x)"),
        ("queue:(/a/ OR smith~1)", "(| queue=/a/ queue=smith~1)"),
        ("agent:\"a b\"~4", "agent=a b~4'"),
        ("client:(a OR \"b c\"~3)", "(| client=a client=b c~3')"),
        ("speaker.X:/re/~e<3", "speaker.X=/re/~e<3"),
        ("agent:* -client:*", "(& agent? !client?)"),
        ("agent:^hello client:bye$", "(& agent=^hello client=bye$)"),
        ("file:a/b \"url\":\"/usr/bin\"", "(& file=a/b url=/usr/bin')"),
    ];
    for (text, tree) in table {
        assert_eq!(read_it(text), tree, "{text}");
    }
}

#[test]
fn errors_say_where_and_what() {
    let table = [
        ("queue:", "at character 6: expected a value after \"queue:\""),
        ("-queue: x", "at character 7: expected a value after \"queue:\""),
        ("queue:>", "at character 7: expected a value after \"queue:>\""),
        ("é queue:)", "at character 8: expected a value after \"queue:\""),
        (":x", "at character 0: expected a name before `:`"),
        ("\"\":x", "at character 0: expected a name before `:`"),
        ("a AND", "at character 5: expected something to find"),
        ("AND a", "at character 0: expected something to find before AND; quote the word itself"),
        ("a OR OR b", "at character 5: expected something to find before OR; quote the word itself"),
        ("NOT", "at character 3: expected something to find"),
        ("a - b", "at character 3: expected something to exclude right after `-`"),
        ("()", "at character 1: expected something to find"),
        ("(a", "at character 2: expected `)` for the `(` at character 0"),
        ("a)", "at character 1: no `(` was opened for this `)`"),
        ("say \"no", "at character 4: the quotes opened here are not closed"),
        ("a\\", "at character 1: nothing follows the `\\`"),
        ("h:[3 90]", "at character 5: expected TO, as in `[30 TO 90]`"),
        ("h:[3 TO 90", "at character 10: expected `]` or `}` for the range at character 2"),
        ("h:[ TO 3]", "at character 7: expected TO, as in `[30 TO 90]`"),
        ("h:[3 TO ]", "at character 8: expected an end of the range at character 2; `*` is an open end"),
        (
            "say /no",
            "at character 4: the regular expression opened here is not closed; write `\\/` for the sign itself",
        ),
        (
            "/and/or/",
            "at character 5: expected a blank after the regular expression; write `\\/` for a slash within it",
        ),
        ("/no\\", "at character 0: the regular expression opened here is not closed; write `\\/` for the sign itself"),
        (
            "path:/usr/bin",
            "at character 10: expected a blank after the regular expression; a value that begins with `/` is quoted",
        ),
        ("\"a b\"~\\", "at character 6: nothing follows the `\\`"),
        ("n:a(b)", "at character 3: a value that holds `(` or `\"` is quoted as a whole"),
    ];
    for (text, error) in table {
        assert_eq!(read_it(text), error, "{text}");
    }
}

#[test]
fn size_clauses_and_depth_are_bounded() {
    let limits = Limits { query_bytes: 20, query_clauses: 3, ..Limits::default() };
    assert_eq!(parse("a b c", &limits).unwrap().clauses(), 3);
    assert_eq!(parse("a q:(b c)", &limits).unwrap().clauses(), 3);
    assert_eq!(parse("a b c d", &limits).unwrap_err().code, Code::QueryTooLarge);
    assert_eq!(parse(&"a".repeat(21), &limits).unwrap_err().code, Code::QueryTooLarge);
    let wide = Limits { query_bytes: usize::MAX, query_clauses: usize::MAX, ..Limits::default() };
    for deep in ["(", "-", "NOT "] {
        assert_eq!(parse(&deep.repeat(100_000), &wide).unwrap_err().code, Code::QueryTooLarge, "{deep}");
    }
    assert!(parse(&format!("{}a{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX)), &wide).is_ok());
}

/// Everything that is read of a query before names are bound: places of faults.
fn faults(query: &Query, found: &mut Vec<Fault>) {
    let text = match query {
        Query::All => return,
        Query::And(parts) | Query::Or(parts) => return parts.iter().for_each(|part| faults(part, found)),
        Query::Not(inner) => return faults(inner, found),
        Query::Said(_, text) | Query::Named(Named { test: FieldTest::Equals(text), .. }) => text,
        Query::Named(_) => return,
    };
    found.extend(crate::query::phrase::read(text).err());
    found.extend(crate::query::phrase::read_text(text).err());
    if let Err(misfit) = crate::query::resolve::condition::pattern(text) {
        found.push(Fault::new(misfit.at.unwrap_or(text.at), misfit.why));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]
    #[test]
    fn no_input_panics_and_errors_point_into_it(
        text in "([a-z:\"\\\\()\\[\\]{}<>=~*?/^$éß北0-9. -]|AND |OR |NOT | TO |q:|\"|~s<|~t|/){0,40}"
    ) {
        let mut found = Vec::new();
        match read(&text, 64) {
            Err(fault) => found.push(fault),
            Ok(query) => faults(&query, &mut found),
        }
        for fault in found {
            proptest::prop_assert!(fault.at <= text.chars().count(), "{} at {} of {}", fault.detail, fault.at, text);
        }
    }
}
