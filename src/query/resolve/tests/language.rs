//! What every form of the two languages becomes.
use super::*;
use crate::query::glob::Glob;
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::Fuzzy;
use crate::query::pattern::regex::WholeRegex;
use crate::query::resolved::{Arrangement, Edge, When};

fn said(by: Speaker, words: Vec<Word>, how: Arrangement, when: Vec<When>) -> Node {
    Node::Said(Said { by, phrase: Phrase { words, how, first: false, last: false }, when })
}

fn glob(pattern: &str) -> Pattern {
    Pattern::Glob(Glob::new(pattern.chars().map(|c| (c, false))))
}

fn exact(words: &[&str]) -> Vec<Word> {
    words.iter().map(|word| Word::Exact((*word).to_owned())).collect()
}

#[test]
fn speakers_take_every_form_of_phrases() {
    let agent = || Speaker::Role(Role::Agent);
    let any = vec![Word::Like(glob("*"))];
    assert_eq!(root("agent:*"), said(agent(), any, Arrangement::Adjacent, vec![]));
    let close = said(Speaker::Label("x".into()), exact(&["close", "account"]), Arrangement::Within(4), vec![]);
    assert_eq!(root("speaker.X:\"close account\"~4"), close);
    let soon = vec![When { from: Edge::Start, within: true, seconds: 30.0 }];
    let regex = Word::Like(Pattern::Regex(WholeRegex::parse("ca.").unwrap()));
    assert_eq!(root("agent:/ca./~s<30"), said(agent(), vec![regex], Arrangement::Adjacent, soon));
    assert!(refused("agent:/ca(/").1.starts_with("at character 10: expected something to match"));
    let both = Node::Or(vec![
        phrase(Speaker::Role(Role::Client), "a"),
        said(Speaker::Role(Role::Client), exact(&["b", "c"]), Arrangement::Within(3), vec![]),
    ]);
    assert_eq!(root("client:(a OR \"b c\"~3)"), both);
}

#[test]
fn parameters_on_what_is_said_are_read_like_phrases() {
    let of = |pairs: &[(&str, &str)]| ask(false, pairs).unwrap().search.root;
    let soon = vec![When { from: Edge::End, within: true, seconds: 30.0 }];
    let thanks = said(Speaker::Role(Role::Client), exact(&["thank", "you"]), Arrangement::Adjacent, soon);
    assert_eq!(of(&[("terms.client", "-thank you ~e<30")]), Node::Not(Box::new(thanks)));
    let regex = Word::Like(Pattern::Regex(WholeRegex::parse("ab.*").unwrap()));
    let regex = said(Speaker::Role(Role::Agent), vec![regex], Arrangement::Adjacent, vec![]);
    assert_eq!(of(&[("regex.agent", " ab.* "), ("q", "a")]), Node::And(vec![phrase(Speaker::Anyone, "a"), regex]));
    let refusal = ask(false, &[("terms.all", "a | b ~x")]).unwrap_err();
    assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::ParameterInvalid, "terms.all"));
    assert!(refusal.detail.starts_with("the parameter \"terms.all\": at character 7: expected after `~`"));
    let refusal = ask(false, &[("regex.all", " a(")]).unwrap_err();
    assert!(refusal.detail.starts_with("the parameter \"regex.all\": at character 3: "), "{}", refusal.detail);
}

#[test]
fn values_take_patterns_expressions_and_similar_ones() {
    let like = |pattern| values(1, Storage::Keyword, &[11], Test::Like(pattern));
    let regex = |source| Pattern::Regex(WholeRegex::parse(source).unwrap());
    assert_eq!(root("queue:/Smi.*/"), like(regex("Smi.*")));
    assert_eq!(root("queue:Smith~1"), like(Pattern::Fuzzy(Fuzzy::new("smith", 1))));
    assert_eq!(root("queue:smith~"), like(Pattern::Fuzzy(Fuzzy::new("smith", 2))));
    assert_eq!(root("queue:\"John Smith\"~2"), like(Pattern::Fuzzy(Fuzzy::new("john smith", 2))));
    assert_eq!(root("queue:?mi*"), like(glob("?mi*")));
    for (text, value) in [
        ("a~3", "a~3"),
        ("~user", "~user"),
        ("~", "~"),
        ("a\\~1", "a~1"),
        ("a~b~c", "a~b~c"),
        ("^a$", "^a$"),
        ("\"/a/\"", "/a/"),
        ("\"a*\"", "a*"),
    ] {
        assert_eq!(root(&format!("queue:{text}")), values(1, Storage::Keyword, &[11], one_of(&[value])), "{text}");
    }
    let words = |words| Test::Words(Phrase { words, ..Phrase::exact(Vec::<String>::new()) });
    let text = |test| values(3, Storage::Words, &[], test);
    assert_eq!(root("note:Call*"), text(words(vec![Word::Like(glob("call*"))])));
    let call = vec![Word::Like(glob("ca??")), Word::Exact("back".into())];
    assert_eq!(root("note:\"ca?? back\""), text(words(call)));
    assert_eq!(root("note:/ca.*/"), text(words(vec![Word::Like(regex("ca.*"))])));
    assert_eq!(root("note:calll~1"), text(words(vec![Word::Like(Pattern::Fuzzy(Fuzzy::new("calll", 1)))])));
    assert_eq!(
        ask(false, &[("terms.note", "ca?? \"~4")]).unwrap().search.root,
        text(Test::Words(Phrase::exact(["ca", "4"]))),
        "parameters are literal"
    );
    let folders = |q: &str| match root(q) {
        Node::Values(ValueTest { test: Test::Folders(folders), .. }) => folders.len(),
        _ => 0,
    };
    assert_eq!((folders("folder:/I.|o.*/"), folders("folder:in~1"), folders("folder:*")), (2, 1, 0));
}

#[test]
fn signs_that_values_do_not_have_are_refused_with_their_place() {
    let table = [
        ("queue:/a(/", "at character 9: \"Queue\" is a varchar field: expected something to match"),
        ("queue:/a/~1", "at character 9: \"Queue\" is a varchar field: no sign goes with an expression"),
        ("queue:\"a b\"~4", "at character 11: \"Queue\" is a varchar field: after a value only `~1` or `~2`"),
        ("queue:a*~1", "at character 8: \"Queue\" is a varchar field: a value has either"),
        ("note:\"a b\"~4", "at character 10: \"note\" is a text field: anchors, distances and times"),
        ("note:\"^ a b\"", "at character 6: \"note\" is a text field: anchors, distances and times"),
        ("note:bye~s<30", "at character 8: \"note\" is a text field: anchors, distances and times"),
        ("note:bye$", "at character 8: \"note\" is a text field: anchors, distances and times"),
        ("\"hold time\":/3/", "at character 12: \"hold time\" is a number field: regular expressions do not go"),
        ("\"hold time\":\"3\"~1", "at character 12: \"hold time\" is a number field: signs such as `~1` do not go"),
        ("called:2026*", "at character 7: \"called\" is a datetime field: `*` and `?` do not go"),
        ("paid:/t/", "at character 5: \"paid\" is a boolean field: regular expressions do not go"),
        ("tid:/a/", "at character 4: \"tid\": ids are compared as a whole"),
        ("tid:\"a\"~1", "at character 4: \"tid\": ids are compared as a whole"),
        ("folder:/(/", "at character 9: \"folder\": expected something to match"),
    ];
    for (q, detail) in table {
        let (code, own) = refused(q);
        assert!(code == Code::QueryInvalid && own.starts_with(detail), "{q}: {own}");
    }
}
