//! The projection rule: every name goes one way.
use super::*;
use crate::base::json::members;
use crate::domain::fields::schema::Next;
use crate::domain::fields::{ConfiguredField, Definition, FieldType};
use crate::domain::identity::FolderId;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::HashSet;

const BOUNDS: ValueBounds = ValueBounds { value_bytes: 32 << 10, text_bytes: 1 << 20 };

fn schema(on_mismatch: OnMismatch, fields: &[(&str, FieldType)]) -> FolderSchema {
    let fields = fields
        .iter()
        .zip(1_u32..)
        .map(|((name, kind), id)| {
            Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), Definition::of(*kind)))
        })
        .collect();
    FolderSchema::new(FolderId(1), 1, TimeZone::UTC, on_mismatch, fields)
}

fn sales() -> [(&'static str, FieldType); 4] {
    [("Queue", FieldType::Varchar), ("n", FieldType::Number), ("Note", FieldType::Text), ("on", FieldType::Boolean)]
}

fn shown(names: &[FieldName]) -> Vec<&str> {
    names.iter().map(FieldName::shown).collect()
}

#[test]
fn configured_values_that_fit_are_values_and_the_rest_is_named() {
    let metadata =
        Metadata::lenient(r#"{"zip":"x","QUEUE":"Billing","datetime":"2021","N":"many","note":null,"ON":"True"}"#)
            .unwrap();
    let seen = project(&metadata, &schema(OnMismatch::Refuse, &sales()), BOUNDS);
    assert_eq!(seen.values_json(), r#"{"Queue":"Billing","on":"True"}"#);
    assert_eq!(shown(&seen.unconfigured), ["zip", "datetime"]);
    let [misfit] = &*seen.misfits else { panic!("one misfit") };
    assert_eq!((misfit.name.shown(), misfit.detail.as_str()), ("n", r#""many" is not a number"#));
}

#[test]
fn a_misfit_refuses_the_edit_that_brought_it_only() {
    let metadata = Metadata::lenient(r#"{"n":"many","on":2}"#).unwrap();
    let schema_refuse = schema(OnMismatch::Refuse, &sales());
    let seen = project(&metadata, &schema_refuse, BOUNDS);
    let touched = [FieldName::lenient("N")];
    let refusal = seen.refuse_misfits(&schema_refuse, &touched).unwrap_err();
    assert_eq!(refusal.code, Code::TypeMismatch);
    assert_eq!(refusal.items.len(), 1);
    assert!(refusal.detail.contains("\"n\"") && refusal.detail.contains("number"), "{}", refusal.detail);
    assert!(seen.refuse_misfits(&schema_refuse, &[FieldName::lenient("queue")]).is_ok());
    assert!(seen.refuse_misfits(&schema(OnMismatch::Store, &sales()), &touched).is_ok());
}

#[test]
fn the_receipt_says_what_became_of_each_name() {
    let metadata = Metadata::lenient(r#"{"queue":"a","n":"many","x":1,"datetime":"2021","note":""}"#).unwrap();
    let schema = schema(OnMismatch::Store, &sales());
    let touched = ["QUEUE", "n", "x", "datetime", "on", "gone"].map(FieldName::lenient);
    let lines = project(&metadata, &schema, BOUNDS).outcomes(&metadata, &schema, &touched);
    let lines: Vec<_> = lines.iter().map(|line| (line.name.shown(), line.outcome)).collect();
    assert_eq!(
        lines,
        [
            ("Queue", Outcome::Stored),
            ("n", Outcome::CoercionFailed),
            ("x", Outcome::NotConfigured),
            ("datetime", Outcome::KeptUntouched),
            ("on", Outcome::Removed),
            ("gone", Outcome::NotConfiguredRemoved),
        ]
    );
}

fn inner_fields() -> [(&'static str, FieldType); 4] {
    [
        ("address.city", FieldType::Varchar),
        ("address.geo.lat", FieldType::Number),
        ("items.sku", FieldType::Varchar),
        ("address", FieldType::Varchar),
    ]
}

#[test]
fn values_from_inside_objects_are_stored_under_the_configured_name() {
    let metadata = r#"{"ITEMS":[{"sku":"a"},{"sku":"b"}],"Address":{"City":"Berlin","geo":{"lat":52.50}},"x":{"y":1}}"#;
    let metadata = Metadata::lenient(metadata).unwrap();
    let seen = project(&metadata, &schema(OnMismatch::Refuse, &inner_fields()[..3]), BOUNDS);
    assert_eq!(seen.values_json(), r#"{"items.sku":["a","b"],"address.city":"Berlin","address.geo.lat":52.50}"#);
    assert!(seen.misfits.is_empty());
    assert_eq!(shown(&seen.unconfigured), ["ITEMS", "Address", "x"]);
    assert_eq!(seen.unindexed().map(FieldName::shown).collect::<Vec<_>>(), ["x"]);
}

#[test]
fn a_misfit_inside_an_object_refuses_the_edit_of_the_object() {
    let metadata = Metadata::lenient(r#"{"address":{"geo":{"lat":"north"},"city":{"name":"x"}}}"#).unwrap();
    let schema = schema(OnMismatch::Refuse, &inner_fields()[..3]);
    let seen = project(&metadata, &schema, BOUNDS);
    let refusal = seen.refuse_misfits(&schema, &["x", "ADDRESS"].map(FieldName::lenient)).unwrap_err();
    let items: Vec<_> = refusal.items.iter().map(|item| (item.pointer.as_str(), item.detail.as_str())).collect();
    let lat = r#"field "address.geo.lat", inside "ADDRESS": "north" is not a number"#;
    assert_eq!(items.iter().find(|(_, detail)| detail.contains("lat")), Some(&("/ADDRESS", lat)));
    assert_eq!(items.len(), 2);
    // Taking the field's own name away brings nothing: what stands inside was there before.
    assert!(seen.refuse_misfits(&schema, &[FieldName::lenient("address.geo.lat")]).is_ok());
}

#[test]
fn the_receipt_names_the_fields_inside_touched_objects() {
    let schema = schema(OnMismatch::Store, &inner_fields());
    let lines = |metadata: &str, touched: &[&str]| -> String {
        let metadata = Metadata::lenient(metadata).unwrap();
        let touched: Vec<_> = touched.iter().map(|name| FieldName::lenient(name)).collect();
        let lines = project(&metadata, &schema, BOUNDS).outcomes(&metadata, &schema, &touched);
        let line = |line: &FieldOutcome| {
            let note = line.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
            format!("{} {:?}{note}\n", line.name.shown(), line.outcome)
        };
        lines.iter().map(line).collect()
    };
    assert_eq!(
        lines(r#"{"items":{"sku":"a","n":1}}"#, &["Items"]),
        "Items NotConfigured (indexed through \"items.sku\")\nitems.sku Stored (from inside \"items\")\n"
    );
    assert_eq!(lines("{}", &["items"]), "items NotConfiguredRemoved\nitems.sku Removed\n");
    assert_eq!(
        lines(r#"{"items":{"sku":{}}}"#, &["items"]).lines().nth(1),
        Some("items.sku CoercionFailed ({} is not a varchar value (a string, a number, a boolean, or a list of them))")
    );
    assert_eq!(
        lines(r#"{"address":{"city":"x","geo":{"lat":1}}}"#, &["address"]).lines().next().map(|line| {
            (
                line.starts_with("address CoercionFailed ("),
                line.ends_with(r#"; indexed through "address.city", "address.geo.lat")"#),
            )
        }),
        Some((true, true))
    );
    // A name of its own wins, and what stands inside takes its place when it goes.
    let both = r#"{"items":{"sku":"a"},"items.sku":"b"}"#;
    assert_eq!(lines(both, &["items", "items.sku"]), "items NotConfigured\nitems.sku Stored\n");
    assert_eq!(lines(both, &["items"]), "items NotConfigured\n");
    assert_eq!(lines(r#"{"items":{"sku":"a"}}"#, &["items.sku"]), "items.sku Stored (from inside \"items\")\n");
}

fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "1",
        "\"x\"",
        "\"7\"",
        "null",
        "\"\"",
        "[]",
        "true",
        "{}",
        "[1,\"a\"]",
        "[null]",
        "\"FALSE\"",
    ])
}

proptest! {
    #[test]
    fn every_name_goes_exactly_one_way(all in prop::collection::vec(("[a-dA-D]", value()), 0..8)) {
        let text: Vec<_> = all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let metadata = Metadata::lenient(&format!("{{{}}}", text.join(","))).unwrap();
        let schema = schema(OnMismatch::Refuse, &[("A", FieldType::Number), ("b", FieldType::Varchar), ("c", FieldType::Boolean)]);
        let seen = project(&metadata, &schema, BOUNDS);
        let mut ways: Vec<FieldName> = seen.values.iter().map(|value| value.name.clone()).collect();
        ways.extend(seen.unconfigured.iter().cloned());
        ways.extend(seen.misfits.iter().map(|misfit| misfit.name.clone()));
        let distinct: HashSet<_> = ways.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), ways.len());
        for (name, raw) in metadata.iter() {
            let empty = matches!(raw.get(), "null" | "\"\"" | "[]" | "[null]");
            prop_assert_eq!(distinct.contains(name), !(empty && schema.field(name).is_some()), "{}", name);
        }
        prop_assert!(ways.iter().all(|name| metadata.get(name).is_some()));
        prop_assert!(seen.values.iter().all(|value| !value.typed.is_empty()));
        prop_assert_eq!(members(&seen.values_json()).unwrap().0.len(), seen.values.len());
    }
}

#[test]
fn a_field_being_retyped_keeps_what_fits_either_type_and_judges_edits_by_the_later_one() {
    let next = Next { id: FieldId(9), definition: Definition::of(FieldType::Number) };
    let field = ConfiguredField::new(FieldId(1), FieldName::lenient("size"), Definition::of(FieldType::Boolean));
    let field = ConfiguredField { next: Some(Arc::new(next)), ..field };
    let schema = FolderSchema::new(FolderId(1), 1, TimeZone::UTC, OnMismatch::Refuse, vec![Arc::new(field)]);
    for (value, kept, fits) in [("true", Some(1), false), ("7", Some(9), true), ("\"x\"", None, false)] {
        let metadata = Metadata::lenient(&format!("{{\"size\":{value}}}")).unwrap();
        let projection = project(&metadata, &schema, BOUNDS);
        assert_eq!(projection.values.first().map(|value| value.field.0), kept, "{value}");
        let touched = [FieldName::lenient("size")];
        assert_eq!(projection.refuse_misfits(&schema, &touched).is_ok(), fits, "{value}");
    }
}

#[test]
fn a_barred_name_is_refused_itself_and_inside_objects_also_where_misfits_are_stored() {
    let barred = ["PIN", "address.city"].map(FieldName::lenient).into_iter().collect();
    let schema = schema(OnMismatch::Store, &sales()).barring(Arc::new(barred));
    for (text, touched, refused) in [
        (r#"{"pin":1}"#, "pin", true),
        (r#"{"pin":1,"n":2}"#, "n", false),
        (r#"{"address":{"city":"Bonn"}}"#, "address", true),
        (r#"{"address":{"zip":"1"}}"#, "address", false),
    ] {
        let projection = project(&Metadata::lenient(text).unwrap(), &schema, BOUNDS);
        let judged = projection.refuse_misfits(&schema, &[FieldName::lenient(touched)]);
        assert_eq!(judged.is_err_and(|refusal| refusal.code == Code::FieldBarred), refused, "{text}");
    }
}
