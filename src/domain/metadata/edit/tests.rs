//! The five edits, rule by rule.
use super::*;
use crate::domain::identity::field_name::NameRules;
use crate::domain::limits::Limits;
use crate::domain::metadata::tree::equal;
use proptest::prelude::*;
use std::sync::LazyLock;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

fn rules() -> EditRules<'static> {
    EditRules { limits: &LIMITS, names: NameRules::VSpark, dash_to_hash: false }
}

type Read = fn(&[u8], EditRules<'_>) -> Result<Edit, Refusal>;

fn after(read: Read, before: &str, body: &str) -> Result<String, Code> {
    edited(read, before, body).map(|edited| edited.metadata.to_json()).map_err(|refusal| refusal.code)
}

fn edited(read: Read, before: &str, body: &str) -> Result<Edited, Refusal> {
    read(body.as_bytes(), rules())?.apply(&Metadata::lenient(before).unwrap(), rules())
}

fn touched(edited: &Edited) -> Vec<&str> {
    edited.touched.iter().map(FieldName::shown).collect()
}

fn pointers(refusal: &Refusal) -> Vec<(&str, Code)> {
    refusal.items.iter().map(|item| (item.pointer.as_str(), item.code)).collect()
}

#[test]
fn a_flat_edit_keeps_places_spelling_and_bytes() {
    let edited = edited(
        Edit::read_flat,
        r#"{"Queue":"a","n":1.10,"gone":1}"#,
        r#" { "new" : { "x" : null , "y":1.0e5}, "QUEUE" : "b\u00e9" , "GONE":null, "absent": null} "#,
    )
    .unwrap();
    assert_eq!(edited.metadata.to_json(), r#"{"Queue":"b\u00e9","n":1.10,"new":{ "x" : null , "y":1.0e5}}"#);
    assert_eq!(touched(&edited), ["new", "QUEUE", "GONE", "absent"]);
}

#[test]
fn an_empty_object_or_array_changes_nothing_and_is_no_error() {
    let before = r#"{"a":1,"datetime":"x"}"#;
    for read in [Edit::read_flat as Read, Edit::read_merge] {
        assert_eq!(after(read, before, "{}").unwrap(), before);
    }
    assert_eq!(after(Edit::read_remove, before, "[]").unwrap(), before);
    assert_eq!(after(Edit::read_patch, before, "[]").unwrap(), before);
    assert_eq!(after(Edit::read_replace, before, "{}").unwrap(), "{}");
}

#[test]
fn bodies_that_can_not_be_read_say_why() {
    let objects: [Read; 3] = [Edit::read_flat, Edit::read_merge, Edit::read_replace];
    let arrays: [Read; 2] = [Edit::read_patch, Edit::read_remove];
    for read in objects.into_iter().chain(arrays) {
        let code = |body: &[u8]| read(body, rules()).unwrap_err().code;
        assert_eq!(code(b""), Code::BodyEmpty);
        assert_eq!(code(b" \r\n"), Code::BodyEmpty);
        assert_eq!(code(b"{\"a\":}"), Code::JsonInvalid);
        assert_eq!(code(b"[1"), Code::JsonInvalid);
        assert_eq!(code(b"{} x"), Code::JsonInvalid);
        assert_eq!(code(b"{\"a\":\"\xff\"}"), Code::JsonInvalid);
        assert_eq!(code(b"3"), Code::BodyShape);
        assert_eq!(code(b"null"), Code::BodyShape);
        assert_eq!(code("[".repeat(65).as_bytes()), Code::TooDeep);
        assert_eq!(code("[".repeat(100_000).as_bytes()), Code::TooDeep);
    }
    assert!(objects.iter().all(|read| read(b"[]", rules()).unwrap_err().code == Code::BodyShape));
    assert!(arrays.iter().all(|read| read(b"{}", rules()).unwrap_err().code == Code::BodyShape));
    let detail = Edit::read_flat(b"{\n\"a\": tru}", rules()).unwrap_err().detail;
    assert!(detail.contains("line 2 column"), "{detail}");
}

#[test]
fn the_deepest_allowed_json_is_read() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(63), "]".repeat(63));
    assert_eq!(after(Edit::read_merge, "{}", &deep).unwrap(), deep);
    let limits = Limits { json_depth: 5_000, ..Limits::default() };
    let rules = EditRules { limits: &limits, ..rules() };
    let deeper = format!(r#"{{"a":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    let edit = Edit::read_flat(deeper.as_bytes(), rules).unwrap();
    assert_eq!(edit.apply(&Metadata::default(), rules).unwrap().metadata.to_json(), deeper);
}

#[test]
fn a_name_twice_also_by_case_is_refused() {
    for read in [Edit::read_flat as Read, Edit::read_merge, Edit::read_replace] {
        let refusal = read(r#"{"straße":1,"b/c":2,"STRASSE":3,"B/C":null}"#.as_bytes(), rules()).unwrap_err();
        assert_eq!(pointers(&refusal), [("/STRASSE", Code::DuplicateField), ("/B~1C", Code::DuplicateField)]);
    }
    let refusal = Edit::read_remove(br#"["a","b","A"]"#, rules()).unwrap_err();
    assert_eq!(pointers(&refusal), [("/2", Code::DuplicateField)]);
}

#[test]
fn every_bad_name_is_listed() {
    for read in [Edit::read_flat as Read, Edit::read_merge] {
        let refusal = read(br#"{"ok":1,"DateTime":2,"a:b":3,"":4,"agent id":null," x":5}"#, rules()).unwrap_err();
        assert_eq!(refusal.code, Code::NameReserved);
        assert_eq!(
            pointers(&refusal),
            [
                ("/DateTime", Code::NameReserved),
                ("/a:b", Code::NameInvalid),
                ("/", Code::NameInvalid),
                ("/agent id", Code::NameReserved),
                ("/ x", Code::NameInvalid),
            ]
        );
    }
    let refusal = Edit::read_remove(br#"["a","tid","x=y"]"#, rules()).unwrap_err();
    assert_eq!(pointers(&refusal), [("/1", Code::NameReserved), ("/2", Code::NameInvalid)]);
    let free = EditRules { names: NameRules::Free, ..rules() };
    assert!(Edit::read_flat(br#"{"a:b":1,"x=y":2}"#, free).is_ok());
}

#[test]
fn odd_names_are_ordinary() {
    let body = r#"{"a.b":1,"...x":2,"why?":3,"f(x)":4,"a/b":5,"имя":6,"名前":7,"a b":8}"#;
    assert_eq!(after(Edit::read_flat, "{}", body).unwrap(), body);
}

#[test]
fn remove_takes_names_away_in_any_case() {
    let edited = edited(Edit::read_remove, r#"{"A":1,"b":2,"c":3}"#, r#"["a","absent","C"]"#).unwrap();
    assert_eq!(edited.metadata.to_json(), r#"{"b":2}"#);
    assert_eq!(touched(&edited), ["a", "absent", "C"]);
    let refusal = Edit::read_remove(br#"["a",1]"#, rules()).unwrap_err();
    assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::BodyShape, "/1"));
    let edit = Edit::remove_names(["A", "c"].into_iter(), rules()).unwrap();
    let metadata = Metadata::lenient(r#"{"a":1,"b":2,"c":3}"#).unwrap();
    assert_eq!(edit.apply(&metadata, rules()).unwrap().metadata.to_json(), r#"{"b":2}"#);
    let refusal = Edit::remove_names(["a", "tid", "A"].into_iter(), rules()).unwrap_err();
    assert_eq!(pointers(&refusal), [("fields", Code::DuplicateField)]);
}

#[test]
fn put_replaces_all_and_counts_null_as_absent() {
    let edited =
        edited(Edit::read_replace, r#"{"A":1,"b":2,"c":3,"d":4}"#, r#"{"new":0,"D":null,"B":2.0,"a":9}"#).unwrap();
    assert_eq!(edited.metadata.to_json(), r#"{"A":9,"b":2.0,"new":0}"#);
    assert_eq!(touched(&edited), ["new", "D", "B", "a", "c"]);
}

#[test]
fn put_may_repeat_or_drop_names_no_edit_can_set() {
    let before = r#"{"datetime":"2021-01-01","a:b":1.0,"x":1," y":[ 1 ]}"#;
    assert_eq!(
        after(Edit::read_replace, before, r#"{"DATETIME":"2021\u002d01-01","a:b":1," y":[1.0]}"#).unwrap(),
        r#"{"datetime":"2021-01-01","a:b":1.0," y":[ 1 ]}"#
    );
    assert_eq!(after(Edit::read_replace, before, r#"{"x":2,"datetime":null}"#).unwrap(), r#"{"x":2}"#);
    let body = r#"{"datetime":"2022-01-01","a:b":2,"agentid":7,"x":1,"n=":null,"m=":1}"#;
    let refusal = edited(Edit::read_replace, before, body).unwrap_err();
    assert_eq!(
        pointers(&refusal),
        [
            ("/datetime", Code::NameReserved),
            ("/a:b", Code::NameInvalid),
            ("/agentid", Code::NameReserved),
            ("/m=", Code::NameInvalid)
        ]
    );
    assert_eq!(after(Edit::read_flat, before, r#"{"x":2}"#).unwrap(), before.replace(r#""x":1"#, r#""x":2"#));
}

#[test]
fn a_merge_goes_deep_and_removes_with_null() {
    let edited = edited(
        Edit::read_merge,
        r#"{"O":{"a" : 1.10,"b":{"c":1}},"t":"x","u":1}"#,
        r#"{"o":{"b":{"c":null,"d":2}},"T":null,"n":{"z":null}}"#,
    )
    .unwrap();
    assert_eq!(edited.metadata.to_json(), r#"{"O":{"a":1.10,"b":{"d":2}},"u":1,"n":{}}"#);
    assert_eq!(touched(&edited), ["o", "T", "n"]);
}

#[test]
fn a_value_that_can_not_be_opened_refuses_the_merge_and_nothing_else() {
    let before = r#"{"o":{"\ud800":1},"p":"\udfff"}"#;
    assert_eq!(after(Edit::read_merge, before, r#"{"o":{"a":1}}"#), Err(Code::JsonInvalid));
    assert_eq!(after(Edit::read_merge, before, r#"{"o":1,"p":{"q":2}}"#).unwrap(), r#"{"o":1,"p":{"q":2}}"#);
    assert_eq!(
        after(Edit::read_flat, before, r#"{"q":1}"#).unwrap(),
        before.replace("\"\\udfff\"}", "\"\\udfff\",\"q\":1}")
    );
    assert_eq!(after(Edit::read_flat, "{}", r#"{"\ud800":1}"#), Err(Code::JsonInvalid));
}

#[test]
fn the_number_of_names_is_bounded_unless_it_does_not_grow() {
    let limits = Limits { metadata_names: 2, ..Limits::default() };
    let rules = EditRules { limits: &limits, ..rules() };
    let apply = |before: &str, body: &str| {
        let edit = Edit::read_flat(body.as_bytes(), rules).unwrap();
        edit.apply(&Metadata::lenient(before).unwrap(), rules).map(|edited| edited.metadata.len()).map_err(|e| e.code)
    };
    assert_eq!(apply(r#"{"a":1}"#, r#"{"b":1}"#), Ok(2));
    assert_eq!(apply(r#"{"a":1}"#, r#"{"b":1,"c":1}"#), Err(Code::TooManyFields));
    assert_eq!(apply(r#"{"a":1,"b":1,"c":1,"d":1}"#, r#"{"d":null,"a":2}"#), Ok(3));
    assert_eq!(apply(r#"{"a":1,"b":1,"c":1}"#, r#"{"c":null,"d":2}"#), Ok(3));
    assert_eq!(apply(r#"{"a":1,"b":1,"c":1}"#, r#"{"d":2}"#), Err(Code::TooManyFields));
}

#[test]
fn many_new_names_are_judged_quickly() {
    let body: Vec<String> = (0..60_000).map(|n| format!("\"n{n}\":0")).collect();
    let body = format!("{{{}}}", body.join(","));
    assert_eq!(after(Edit::read_flat, "{}", &body), Err(Code::TooManyFields));
}

#[test]
fn values_are_not_rewritten_unless_the_configuration_says_so() {
    let before = r#"{"old":"-x","list":["-a"]}"#;
    let body = r#"{"a":"-inbound","b":["-x", "y", ["-z"]],"c":-5,"d":"\u002dq","e":{"f":"-g"},"g":"x-y"}"#;
    assert!(after(Edit::read_flat, before, body).unwrap().contains("-inbound"));
    let rules = EditRules { dash_to_hash: true, ..rules() };
    let apply = |read: Read, body: &str| {
        let edit = read(body.as_bytes(), rules).unwrap();
        edit.apply(&Metadata::lenient(before).unwrap(), rules).unwrap().metadata.to_json()
    };
    let expected = concat!(
        r##"{"old":"-x","list":["-a"],"a":"#inbound","b":["#x","y",["-z"]],"c":-5,"d":"#q","##,
        r##""e":{"f":"-g"},"g":"x-y"}"##
    );
    assert_eq!(apply(Edit::read_flat, body), expected);
    assert_eq!(apply(Edit::read_merge, body), expected);
    assert_eq!(apply(Edit::read_replace, r#"{"old":"-x","b":"-y"}"#), r##"{"old":"-x","b":"#y"}"##);
    assert_eq!(
        apply(
            Edit::read_patch,
            r#"[{"op":"add","path":"/list/-","value":"-b"},{"op":"add","path":"/n","value":"-n"}]"#
        ),
        r##"{"old":"-x","list":["#a","#b"],"n":"#n"}"##
    );
}

/// JSON values with few names, so that edits meet.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,2})?([eE][+-]?[0-9])?",
        "\"[-a-c ]{0,3}\"",
        Just("\"\\ud83d\"".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(" ,"))),
            object(inner),
        ]
    })
}

fn object(value: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    prop::collection::vec(("[a-dA-D]", value), 0..5).prop_map(|all| {
        let all: Vec<_> = all.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
        format!("{{{}}}", all.join(", "))
    })
}

fn pointer() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-d0-2-]", 0..4).prop_map(|all| all.iter().map(|token| format!("/{token}")).collect())
}

fn patch() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]);
    let one = (op, pointer(), pointer(), json()).prop_map(|(op, path, from, value)| {
        format!(r#"{{"op":"{op}","path":"{path}","from":"{from}","value":{value}}}"#)
    });
    prop::collection::vec(one, 0..6).prop_map(|all| format!("[{}]", all.join(",")))
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    equal(&raw_from(&a.to_json()).unwrap(), &raw_from(&b.to_json()).unwrap())
}

proptest! {
    #[test]
    fn a_merge_patch_is_idempotent(before in object(json()), body in object(json())) {
        let before = Metadata::lenient(&before).unwrap();
        let Ok(edit) = Edit::read_merge(body.as_bytes(), rules()) else { return Ok(()) };
        let once = edit.apply(&before, rules()).unwrap().metadata;
        let twice = edit.apply(&once, rules()).unwrap().metadata;
        prop_assert!(same(&once, &twice));
    }

    #[test]
    fn no_edit_of_any_json_panics(before in object(json()), body in prop_oneof![json(), object(json()), patch()]) {
        let before = Metadata::lenient(&before).unwrap();
        for read in [Edit::read_flat as Read, Edit::read_merge, Edit::read_patch, Edit::read_replace, Edit::read_remove] {
            let Ok(edit) = read(body.as_bytes(), rules()) else { continue };
            let Ok(edited) = edit.apply(&before, rules()) else { continue };
            prop_assert_eq!(&Metadata::lenient(&edited.metadata.to_json()).unwrap(), &edited.metadata);
            for (name, value) in before.iter().filter(|(name, _)| !edited.touched.contains(name)) {
                prop_assert_eq!(edited.metadata.get(name).map(|v| v.get()), Some(value.get()), "{} is untouched", name);
            }
            for (name, _) in edited.metadata.iter().filter(|(name, _)| before.get(name).is_none()) {
                prop_assert!(edited.touched.contains(name));
            }
        }
    }

    #[test]
    fn no_bytes_panic(body: Vec<u8>) {
        for read in [Edit::read_flat as Read, Edit::read_merge, Edit::read_patch, Edit::read_replace, Edit::read_remove] {
            let _ = read(&body, rules());
        }
    }

    #[test]
    fn putting_what_was_read_changes_nothing(before in object(json())) {
        let before = Metadata::lenient(&before).unwrap();
        let edit = Edit::read_replace(before.to_json().as_bytes(), rules()).unwrap();
        let after = edit.apply(&before, rules()).unwrap().metadata;
        let kept: Metadata = before.iter().filter(|(_, v)| v.get() != "null").map(|(n, v)| (n.clone(), (**v).to_owned())).collect();
        prop_assert_eq!(after, kept);
    }
}
