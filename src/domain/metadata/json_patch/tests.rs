//! RFC 6902's own examples, then the rules of metadata.
use super::*;
use crate::domain::limits::Limits;
use std::sync::LazyLock;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

fn rules() -> EditRules<'static> {
    EditRules { limits: &LIMITS, names: NameRules::VSpark, dash_to_hash: false }
}

fn run(before: &str, patch: &str) -> Result<(String, Vec<String>), Refusal> {
    let elements: Vec<&RawValue> = serde_json::from_str(patch).unwrap();
    let (after, touched) = JsonPatch::read(&elements, rules())?.apply(&Metadata::lenient(before).unwrap(), rules())?;
    Ok((after.to_json(), touched.iter().map(|name| name.shown().to_owned()).collect()))
}

fn after(before: &str, patch: &str) -> Result<String, Code> {
    run(before, patch).map(|(after, _)| after).map_err(|refusal| refusal.code)
}

fn ok(after: &str) -> Result<String, Code> {
    Ok(after.to_owned())
}

#[test]
fn the_examples_of_rfc_6902_hold() {
    for (before, patch, expected) in [
        // A.1 to A.5
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux"}]"#, r#"{"foo":"bar","baz":"qux"}"#),
        (
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            r#"{"foo":["bar","qux","baz"]}"#,
        ),
        (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
        (r#"{"foo":["bar","qux","baz"]}"#, r#"[{"op":"remove","path":"/foo/1"}]"#, r#"{"foo":["bar","baz"]}"#),
        (
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            r#"{"baz":"boo","foo":"bar"}"#,
        ),
        // A.6, A.7
        (
            r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
        ),
        (
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            r#"{"foo":["all","cows","eat","grass"]}"#,
        ),
        // A.8
        (
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
        ),
        // A.10, A.11
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            r#"{"foo":"bar","child":{"grandchild":{}}}"#,
        ),
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, r#"{"foo":"bar","baz":"qux"}"#),
        // A.14
        (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
        // A.16
        (
            r#"{"foo":["bar"]}"#,
            r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            r#"{"foo":["bar",["abc","def"]]}"#,
        ),
    ] {
        assert_eq!(after(before, patch), ok(expected), "{before} {patch}");
    }
    for (before, patch, code) in [
        // A.9, A.12, A.13, A.15
        (r#"{"baz":"qux"}"#, r#"[{"op":"test","path":"/baz","value":"bar"}]"#, Code::PatchTestFailed),
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, Code::PatchPathMissing),
        (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#, Code::PatchInvalid),
        (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":"10"}]"#, Code::PatchTestFailed),
    ] {
        assert_eq!(after(before, patch), Err(code), "{before} {patch}");
    }
}

#[test]
fn top_level_names_ignore_case_and_deeper_ones_do_not() {
    assert_eq!(
        run(r#"{"Queue":{"a":1}}"#, r#"[{"op":"replace","path":"/QUEUE/a","value":2}]"#).unwrap(),
        (r#"{"Queue":{"a":2}}"#.to_owned(), vec!["QUEUE".to_owned()])
    );
    assert_eq!(
        after(r#"{"Queue":{"a":1}}"#, r#"[{"op":"replace","path":"/queue/A","value":2}]"#),
        Err(Code::PatchPathMissing)
    );
    assert_eq!(
        after(
            r#"{"Queue":1}"#,
            r#"[{"op":"test","path":"","value":{"queue":1.0}},{"op":"add","path":"/QUEUE","value":2}]"#
        ),
        ok(r#"{"Queue":2}"#)
    );
}

#[test]
fn what_no_operation_touches_keeps_its_spelling() {
    let before = r#"{"a":{ "x" : 1.10 , "y" : [ 1e400 ,{"z" : 0} ]},"b":[ 1 ]}"#;
    assert_eq!(
        after(before, r#"[{"op":"add","path":"/a/y/1/w","value": 2.0},{"op":"test","path":"/b/0","value":1}]"#),
        ok(r#"{"a":{"x":1.10,"y":[1e400,{"z":0,"w":2.0}]},"b":[ 1 ]}"#)
    );
    let copied = r#"[{"op":"copy","from":"/b","path":"/c"},{"op":"move","from":"/a/y","path":"/y"}]"#;
    assert_eq!(after(before, copied), ok(r#"{"a":{"x":1.10},"b":[ 1 ],"c":[ 1 ],"y":[ 1e400 ,{"z" : 0} ]}"#));
}

#[test]
fn all_operations_apply_or_none() {
    let patch = r#"[{"op":"add","path":"/a","value":2},{"op":"remove","path":"/absent"}]"#;
    let refusal = run(r#"{"a":1}"#, patch).unwrap_err();
    assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::PatchPathMissing, "/1"));
    assert!(refusal.detail.contains(r#"remove "/absent""#), "{}", refusal.detail);
}

#[test]
fn places_that_do_not_exist_are_told_from_patches_that_make_no_sense() {
    for (patch, code) in [
        (r#"[{"op":"replace","path":"/new","value":1}]"#, Code::PatchPathMissing),
        (r#"[{"op":"add","path":"/l/3","value":1}]"#, Code::PatchPathMissing),
        (r#"[{"op":"add","path":"/l/01","value":1}]"#, Code::PatchPathMissing),
        (r#"[{"op":"remove","path":"/l/-"}]"#, Code::PatchPathMissing),
        (r#"[{"op":"copy","from":"/l/2","path":"/x"}]"#, Code::PatchPathMissing),
        (r#"[{"op":"add","path":"/s/0","value":1}]"#, Code::PatchPathMissing),
        (r#"[{"op":"test","path":"/absent","value":null}]"#, Code::PatchTestFailed),
        (r#"[{"op":"remove","path":""}]"#, Code::PatchInvalid),
        (r#"[{"op":"move","from":"/l","path":"/L/0"}]"#, Code::PatchInvalid),
        (r#"[{"op":"move","from":"","path":"/a"}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":"/a"}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","value":1}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":"a","value":1}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":"/a~2","value":1}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":7,"value":1}]"#, Code::PatchInvalid),
        (r#"[{"op":"copy","path":"/a"}]"#, Code::PatchInvalid),
        (r#"[{"op":"merge","path":"/a","value":1}]"#, Code::PatchInvalid),
        (r#"[{"path":"/a"}]"#, Code::PatchInvalid),
        (r#"[[]]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":"","value":[]}]"#, Code::PatchInvalid),
        (r#"[{"op":"add","path":"","value":{"a":1,"A":2}}]"#, Code::DuplicateField),
    ] {
        assert_eq!(after(r#"{"l":[1,2],"s":"x"}"#, patch), Err(code), "{patch}");
    }
}

#[test]
fn names_no_edit_may_set_can_be_tested_and_copied_from_only() {
    let before = r#"{"datetime":"2021","a:b":{"c":1},"x":1}"#;
    let patch = r#"[{"op":"test","path":"/DATETIME","value":"2021"},{"op":"copy","from":"/a:b/c","path":"/y"}]"#;
    assert_eq!(after(before, patch), ok(r#"{"datetime":"2021","a:b":{"c":1},"x":1,"y":1}"#));
    let patch = r#"[{"op":"add","path":"/ok","value":1},{"op":"remove","path":"/a:b/c"},
        {"op":"move","from":"/datetime","path":"/tid"},{"op":"copy","from":"/x","path":"/ agentid"},
        {"op":"replace","path":"/AgentID/x","value":1}]"#;
    let refusal = run(before, patch).unwrap_err();
    let items: Vec<_> = refusal.items.iter().map(|item| (item.pointer.as_str(), item.code)).collect();
    assert_eq!(
        items,
        [
            ("/1/path", Code::NameInvalid),
            ("/2/from", Code::NameReserved),
            ("/2/path", Code::NameReserved),
            ("/3/path", Code::NameInvalid),
            ("/4/path", Code::NameReserved),
        ]
    );
}

#[test]
fn the_whole_is_replaced_by_puts_rules() {
    let before = r#"{"datetime":"2021","a":1,"b":{"c":2}}"#;
    let (text, touched) =
        run(before, r#"[{"op":"replace","path":"","value":{"datetime":"2021","n":1,"b":null}}]"#).unwrap();
    assert_eq!(text, r#"{"datetime":"2021","n":1}"#);
    assert_eq!(touched, ["datetime", "n", "b", "a"]);
    assert_eq!(after(before, r#"[{"op":"move","from":"/b","path":""}]"#), ok(r#"{"c":2}"#));
    assert_eq!(after(before, r#"[{"op":"add","path":"","value":{"datetime":"2022"}}]"#), Err(Code::NameReserved));
    let copied = after(r#"{"a":1}"#, r#"[{"op":"copy","from":"","path":"/b"}]"#);
    assert_eq!(copied, ok(r#"{"a":1,"b":{"a":1}}"#));
}

#[test]
fn moving_a_place_onto_itself_changes_nothing() {
    assert_eq!(after(r#"{"a":1,"b":2}"#, r#"[{"op":"move","from":"/a","path":"/A"}]"#), ok(r#"{"a":1,"b":2}"#));
    assert_eq!(after(r#"{"b":2}"#, r#"[{"op":"move","from":"/a","path":"/a"}]"#), Err(Code::PatchPathMissing));
}

#[test]
fn a_null_is_a_value_here() {
    assert_eq!(after(r#"{"a":1}"#, r#"[{"op":"replace","path":"/a","value":null}]"#), ok(r#"{"a":null}"#));
}

#[test]
fn a_patch_can_not_grow_the_metadata_without_bound() {
    let double = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
    let bomb = format!("[{}]", vec![double; 60].join(","));
    assert_eq!(after(r#"{"a":[0,1,2,3]}"#, &bomb), Err(Code::BodyTooLarge));
    let deeper = r#"{"op":"add","path":"/b","value":{}},{"op":"move","from":"/a","path":"/b/x"},
        {"op":"move","from":"/b","path":"/a"}"#;
    let tower = format!("[{}]", vec![deeper; 5_000].join(","));
    assert_eq!(after(r#"{"a":1}"#, &tower), Err(Code::TooDeep));
}

#[test]
fn comparing_large_values_again_and_again_is_refused() {
    let before = format!(r#"{{"a":[1,{}2]}}"#, " ".repeat(1 << 20));
    let patch = |times: usize| format!("[{}]", vec![r#"{"op":"test","path":"/a","value":[1,2]}"#; times].join(","));
    assert_eq!(after(&before, &patch(20)), Ok(before.clone()));
    assert_eq!(after(&before, &patch(2_000)), Err(Code::BodyTooLarge));
}

#[test]
fn a_stored_value_that_can_not_be_opened_refuses_the_patch() {
    let before = r#"{"a":{"\ud800":1}}"#;
    assert_eq!(after(before, r#"[{"op":"add","path":"/a/b","value":1}]"#), Err(Code::JsonInvalid));
    assert_eq!(after(before, r#"[{"op":"replace","path":"/a","value":1}]"#), ok(r#"{"a":1}"#));
    assert_eq!(
        after(before, r#"[{"op":"copy","from":"/a","path":"/b"}]"#),
        ok(r#"{"a":{"\ud800":1},"b":{"\ud800":1}}"#)
    );
}
