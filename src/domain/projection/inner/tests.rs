//! Values from inside objects, against a plain reading of the rule.
use super::*;
use crate::domain::fields::{Definition, FieldType, OnMismatch};
use crate::domain::identity::FolderId;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

fn schema(names: &[&str]) -> FolderSchema {
    let fields = names.iter().zip(1_u32..).map(|(name, id)| {
        let definition = Definition::of(FieldType::Varchar);
        Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), definition))
    });
    FolderSchema::new(FolderId(1), 1, TimeZone::UTC, OnMismatch::Refuse, fields.collect())
}

/// `field=value` in the order found.
fn found(metadata: &str, names: &[&str]) -> String {
    let (metadata, schema) = (Metadata::lenient(metadata).unwrap(), schema(names));
    let all = inner(&metadata, &schema);
    let all: Vec<_> = all.iter().map(|one| format!("{}={}", one.field.name.shown(), one.raw.get())).collect();
    all.join(" ")
}

#[test]
fn members_of_objects_are_values_as_sent() {
    let metadata = r#"{"address":{"city":"Berlin","geo":{"lat":52.50}},"items":[{"sku":"a"},{"sku":"b"}],"x":1}"#;
    let names = ["address.city", "Address.Geo.LAT", "items.sku", "x.y", "address", "none.at.all"];
    assert_eq!(found(metadata, &names), r#"address.city="Berlin" Address.Geo.LAT=52.50 items.sku=["a","b"]"#);
    assert_eq!(found(metadata, &["address", "items"]), "");
    assert_eq!(found(r#"{"ADDRESS":{"CiTy":"Köln"}}"#, &["address.city"]), r#"address.city="Köln""#);
    assert_eq!(found(r#"{"STRASSE":{"e\u0301":1e400}}"#, &["straße.é"]), "straße.é=1e400");
}

#[test]
fn a_name_of_the_metadata_itself_wins_whatever_its_value() {
    assert_eq!(found(r#"{"a":{"b":1},"A.B":null}"#, &["a.b"]), "");
    assert_eq!(found(r#"{"a":{"b":1,"c":2},"a.b":3}"#, &["a.b", "a.c"]), "a.c=2");
}

#[test]
fn members_may_have_dots_and_every_split_counts() {
    let metadata = r#"{"a":{"b.c":1,"b":{"c":2}},"a.b":{"c":3},"a.b.":{"c":4},"":{"x":5}}"#;
    assert_eq!(found(metadata, &["a.b.c"]), "a.b.c=[2,1,3]");
    assert_eq!(found(metadata, &["a.b..c", ".x"]), "a.b..c=4 .x=5");
}

#[test]
fn lists_are_spread_over_their_objects() {
    let metadata = r#"{"a":[{"b":[1,null,"x"]},7,null,[{"b":8}],{"b":[]},{"b":""},{"b":{"c":[2]}},{"b":true}]}"#;
    assert_eq!(found(metadata, &["a.b"]), r#"a.b=[1,"x",{"c":[2]},true]"#);
    assert_eq!(found(metadata, &["a.b.c"]), "a.b.c=[2]");
    assert_eq!(found(r#"{"a":[{"b":"x"}]}"#, &["a.b"]), r#"a.b="x""#);
}

#[test]
fn what_is_no_value_is_not_found() {
    assert_eq!(
        found(r#"{"a":{"b":null,"c":"","d":[],"e":0,"f":false}}"#, &["a.b", "a.c", "a.d", "a.e", "a.f"]),
        "a.e=0 a.f=false"
    );
    assert_eq!(found(r#"{"a":"b","c":{"\ud800":1,"d":2}}"#, &["a.b", "c.d"]), "");
}

#[test]
fn of_members_equal_but_for_case_the_last_counts() {
    assert_eq!(found(r#"{"a":{"b":1,"B":2,"c":3,"b":4,"C":null}}"#, &["a.b", "a.c"]), "a.b=4");
}

#[test]
fn each_object_a_value_comes_from_is_named() {
    let (metadata, schema) =
        (Metadata::lenient(r#"{"A":[{"b.c":1},{"b":{"c":2}}],"a.b":{"c":3}}"#).unwrap(), schema(&["a.b.c"]));
    let all = inner(&metadata, &schema);
    let within: Vec<_> = all.iter().flat_map(|one| &one.within).map(FieldName::shown).collect();
    assert_eq!(within, ["A", "a.b"]);
}

#[test]
fn a_name_of_nothing_but_dots_and_a_deep_value_end() {
    let dots = ".".repeat(256);
    let deep = format!("{{\"\":{}1{}}}", "{\"\":".repeat(400), "}".repeat(400));
    assert_eq!(found(&deep, &[&dots]).len(), 256 + 1 + "{\"\":".len() * 144 + 1 + 144);
}

/// The values of a field by the plain rule.
fn plainly(value: &Value, rest: &str, out: &mut Vec<Value>) {
    let objects = match value {
        Value::Object(_) => vec![value],
        Value::Array(all) => all.iter().filter(|one| one.is_object()).collect(),
        _ => Vec::new(),
    };
    for (name, value) in objects.into_iter().filter_map(Value::as_object).flatten() {
        if name == rest {
            out.push(value.clone());
        }
        if let Some(deeper) = rest.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.')) {
            plainly(value, deeper, out);
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::from("")),
        (0..5_i32).prop_map(Value::from),
        Just(Value::Array(Vec::new())),
    ];
    leaf.prop_recursive(4, 24, 4, |value| {
        prop_oneof![
            prop::collection::vec(value.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[ab](\\.[ab])?", value, 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn one_walk_finds_what_a_plain_reading_of_each_field_finds(
        all in prop::collection::btree_map("[ab](\\.[ab])?", value(), 0..4),
    ) {
        let metadata = Metadata::lenient(&serde_json::to_string(&all).unwrap()).unwrap();
        let names = ["a.a", "a.b", "b.a", "a.a.b", "a.b.a", "b.b.b", "a.b.a.b", "a"];
        let schema = schema(&names);
        let seen: BTreeMap<&str, Vec<String>> = inner(&metadata, &schema).iter().map(|one| {
            let value: Value = serde_json::from_str(one.raw.get()).unwrap();
            let mut elements = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            elements.retain(|element| !is_nothing(element));
            (one.field.name.shown(), sorted(elements))
        }).collect();
        for name in &names {
            let mut expected = Vec::new();
            if !all.contains_key(*name) {
                plainly(&Value::Object(all.clone().into_iter().collect()), name, &mut expected);
            }
            let expected = expected.into_iter().flat_map(|one| match one {
                Value::Array(elements) => elements,
                one => vec![one],
            });
            let expected = sorted(expected.filter(|one| !is_nothing(one)).collect());
            prop_assert_eq!(seen.get(name).cloned().unwrap_or_default(), expected, "{}", name);
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

fn sorted(values: Vec<Value>) -> Vec<String> {
    let mut all: Vec<String> = values.iter().map(Value::to_string).collect();
    all.sort();
    all
}
