//! The coercion table, row by row.
use super::*;
use proptest::prelude::*;

const BOUNDS: ValueBounds = ValueBounds { value_bytes: 32 << 10, text_bytes: 1 << 20 };

fn read_as(definition: &Definition, json: &str) -> Result<Vec<TypedValue>, String> {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    coerce(definition, raw, &TimeZone::UTC, BOUNDS).map_err(|misfit| misfit.detail)
}

fn read(kind: FieldType, json: &str) -> Result<Vec<TypedValue>, String> {
    read_as(&Definition::of(kind), json)
}

fn shown(kind: FieldType, json: &str) -> Vec<(String, String)> {
    let values = read(kind, json).unwrap();
    values
        .into_iter()
        .map(|value| match value {
            TypedValue::Keyword { shown, folded } => (shown, folded),
            other => panic!("{other:?} is no keyword"),
        })
        .collect()
}

fn pair(shown: &str, folded: &str) -> (String, String) {
    (shown.to_owned(), folded.to_owned())
}

const ALL: [FieldType; 10] = [
    FieldType::Boolean,
    FieldType::Datetime,
    FieldType::Number,
    FieldType::Uuid,
    FieldType::Varchar,
    FieldType::Text,
    FieldType::Enum,
    FieldType::Link,
    FieldType::Keyframes,
    FieldType::Embedding,
];

#[test]
fn nothing_is_no_value_of_any_type() {
    for kind in ALL {
        for json in ["null", r#""""#, "[]", r#"" \t""#] {
            assert_eq!(read(kind, json), Ok(Vec::new()), "{kind:?} {json}");
        }
        let holes = read(kind, r#"[null,""]"#);
        assert_eq!(holes.is_ok_and(|values| values.is_empty()), kind != FieldType::Embedding, "{kind:?}");
    }
}

#[test]
fn objects_and_nested_lists_fit_no_type() {
    for kind in ALL {
        for json in ["{}", r#"{"a":1}"#, "[[]]", r#"["x",{}]"#] {
            assert!(read(kind, json).is_err(), "{kind:?} {json}");
        }
    }
}

#[test]
fn numbers_fit_also_as_strings() {
    for (json, value) in [
        ("78", 78.0),
        (r#""78""#, 78.0),
        (r#"" -7.5e1 ""#, -75.0),
        ("1E2", 100.0),
        ("0.1", 0.1),
        ("-0", 0.0),
        (r#""0""#, 0.0),
        ("1e-400", 0.0),
    ] {
        assert_eq!(read(FieldType::Number, json), Ok(vec![TypedValue::Number(value)]), "{json}");
    }
    let TypedValue::Number(zero) = read(FieldType::Number, "-0.0").unwrap()[0] else { panic!("no number") };
    assert!(zero.is_sign_positive());
    for json in ["1e400", r#""NaN""#, r#""inf""#, r#""0x10""#, r#""+5""#, r#""007""#, r#"".5""#, r#""5.""#, "true"] {
        assert!(read(FieldType::Number, json).is_err(), "{json}");
    }
    assert_eq!(read(FieldType::Number, r#""tomorrow""#), Err(r#""tomorrow" is not a number"#.to_owned()));
    assert_eq!(
        read(FieldType::Number, r#"[1,"2"]"#),
        Ok(vec![TypedValue::Number(1.0), TypedValue::Number(2.0)]),
        "a list fits if each element fits"
    );
    assert!(read(FieldType::Number, r#"[1,"two"]"#).unwrap_err().starts_with(r#""two" "#));
}

#[test]
fn booleans_fit_also_as_strings_of_any_case() {
    assert_eq!(
        shown(FieldType::Boolean, r#"[true,"FALSE"," True "]"#),
        [pair("true", "true"), pair("false", "false"), pair("true", "true")]
    );
    for json in ["1", "0", r#""yes""#, r#""1""#] {
        assert!(read(FieldType::Boolean, json).is_err(), "{json}");
    }
}

#[test]
fn varchar_takes_any_scalar_as_spelled() {
    assert_eq!(
        shown(FieldType::Varchar, r#"[" Straße", 1.10, true, "a\u00e9\n", "-x:="]"#),
        [
            pair(" Straße", "strasse"),
            pair("1.10", "1.10"),
            pair("true", "true"),
            pair("aé\n", "aé"),
            pair("-x:=", "-x:=")
        ]
    );
    let longest = serde_json::to_string(&"é".repeat(VARCHAR_CHARS)).unwrap();
    assert!(read(FieldType::Varchar, &longest).is_ok());
    let longer = serde_json::to_string(&"é".repeat(VARCHAR_CHARS + 1)).unwrap();
    assert!(read(FieldType::Varchar, &longer).unwrap_err().contains("8193 characters"));
    assert!(read(FieldType::Varchar, r#""\ud800""#).is_err(), "half a surrogate pair is no text");
}

#[test]
fn an_indexed_value_has_a_bound_in_bytes() {
    let list = serde_json::to_string(&vec!["x".repeat(1_000); 40]).unwrap();
    assert!(read(FieldType::Varchar, &list).unwrap_err().contains("bytes as JSON"));
    assert!(read(FieldType::Text, &list).is_ok());
}

#[test]
fn text_is_cut_between_characters_where_indexing_ends() {
    let bounds = ValueBounds { value_bytes: 4, text_bytes: 5 };
    let raw: &RawValue = serde_json::from_str(r#"["aé","ééé","more"]"#).unwrap();
    let words = coerce(&Definition::of(FieldType::Text), raw, &TimeZone::UTC, bounds).unwrap();
    assert_eq!(words, [TypedValue::Words("aé".to_owned()), TypedValue::Words("é".to_owned())]);
    assert_eq!(read(FieldType::Text, "1.50"), Ok(vec![TypedValue::Words("1.50".to_owned())]));
}

#[test]
fn enum_values_take_the_spelling_of_their_option() {
    let mut definition = Definition::of(FieldType::Enum);
    assert!(read_as(&definition, r#""billing""#).is_err(), "an enum without options accepts nothing");
    definition.values = vec!["Billing".to_owned(), "Sales".to_owned(), "7".to_owned()];
    let billing = TypedValue::Keyword { shown: "Billing".to_owned(), folded: "billing".to_owned() };
    let seven = TypedValue::Keyword { shown: "7".to_owned(), folded: "7".to_owned() };
    assert_eq!(read_as(&definition, r#"" bILLING ""#), Ok(vec![billing.clone()]));
    assert_eq!(read_as(&definition, r#"["billing",null]"#), Ok(vec![billing.clone()]));
    assert_eq!(read_as(&definition, "7"), Ok(vec![seven.clone()]));
    assert!(read_as(&definition, r#"["billing","sales"]"#).unwrap_err().contains("several"));
    assert!(read_as(&definition, r#""other""#).unwrap_err().contains("Billing, Sales, 7"));
    definition.multi = true;
    assert_eq!(read_as(&definition, r#"["billing",7]"#), Ok(vec![billing, seven]));
}

#[test]
fn uuids_are_kept_in_one_spelling() {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for text in [
        "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "67E5504410B1426F9247BB680E5FE0C8",
        "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
        " urn:uuid:67E55044-10b1-426f-9247-bb680e5fe0c8",
    ] {
        assert_eq!(shown(FieldType::Uuid, &format!("\"{text}\"")), [pair(id, id)], "{text}");
    }
    for json in ["7", r#""67e55044""#, "true"] {
        assert!(read(FieldType::Uuid, json).is_err(), "{json}");
    }
}

#[test]
fn links_are_absolute() {
    for text in ["https://example.org/A?b=c#d", "s3://bucket/key", "mailto:a@b.example", "TEL:+49-30-1", "a+b.c://x"] {
        assert_eq!(shown(FieldType::Link, &format!("\"{text}\"")), [pair(text, &text.to_lowercase())], "{text}");
    }
    for text in ["example.org", "/a/b", "https:", "https://", "http://a b", "mailto:", "1a://x", "://x", "urn:a"] {
        assert!(read(FieldType::Link, &format!("\"{text}\"")).is_err(), "{text}");
    }
    assert!(read(FieldType::Link, "7").is_err());
}

#[test]
fn keyframes_are_whole_milliseconds() {
    let moments = [0.0, 1500.0, 2e3].map(TypedValue::Number).to_vec();
    assert_eq!(read(FieldType::Keyframes, r#"[0,"1500",2e3]"#), Ok(moments));
    for json in ["-1", "1.5", r#""x""#, "1e300", "true"] {
        assert!(read(FieldType::Keyframes, json).is_err(), "{json}");
    }
}

#[test]
fn datetimes_are_strings() {
    assert_eq!(read(FieldType::Datetime, r#""1970-01-01 00:00:01""#), Ok(vec![TypedValue::Instant(1_000_000)]));
    for json in ["20210203", "1612355400", "true", r#""2021-02-30""#] {
        assert!(read(FieldType::Datetime, json).is_err(), "{json}");
    }
}

#[test]
fn a_misfit_shows_a_long_value_shortened_and_on_one_line() {
    let detail = read(FieldType::Number, &serde_json::to_string(&"n".repeat(500)).unwrap()).unwrap_err();
    assert!(detail.chars().count() < 100, "{detail}");
    assert!(detail.contains('…'));
    assert!(!read(FieldType::Number, "{\n\t\"a\": 1}").unwrap_err().contains('\n'));
}

/// Arbitrary JSON, numbers of any spelling among it.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
        "\"(\\\\u[0-9a-f]{4}){0,3}\"",
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(" , "))),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|all| {
                let all: Vec<_> = all.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_json_never_makes_it_panic(json in json(), at in 0..ALL.len(), multi: bool) {
        let definition = Definition { values: vec!["a".to_owned()], multi, ..Definition::of(ALL[at]) };
        for value in read_as(&definition, &json).unwrap_or_default() {
            match value {
                TypedValue::Number(n) => prop_assert!(n.is_finite()),
                TypedValue::Keyword { folded, .. } => prop_assert!(!folded.is_empty()),
                _ => {}
            }
        }
    }

    #[test]
    fn every_json_number_is_recognised(number: f64) {
        prop_assume!(number.is_finite());
        prop_assert!(is_json_number(&serde_json::to_string(&number).unwrap()));
    }
}

#[test]
fn an_embedding_is_one_list_of_as_many_numbers_as_defined() {
    let three = Definition::embedding(3);
    let vector = |numbers: &[f32]| Ok(vec![TypedValue::Vector(numbers.into())]);
    assert_eq!(read_as(&three, "[1,-2.5,1e-3]"), vector(&[1.0, -2.5, 0.001]));
    assert_eq!(read_as(&three, r#""[1, 2, 3]""#), vector(&[1.0, 2.0, 3.0]));
    for (json, why) in [
        ("[1,2]", "has 2 numbers"),
        ("[1,2,3,4]", "has 4 numbers"),
        ("[0,0.0,-0]", "has no direction, all its numbers are 0"),
        ("[1e-60,0,0]", "has no direction, all its numbers are 0"),
        (r#"[1,"2",3]"#, "holds something that is no number"),
        ("[1,2,1e40]", "holds a number that is too large"),
        ("7", "is no list of numbers"),
    ] {
        assert_eq!(read_as(&three, json), Err(format!("{json} is not an embedding of 3 numbers: it {why}")));
    }
    let pii = Definition { pii: true, ..three };
    assert!(read_as(&pii, "[1,2]").unwrap_err().starts_with("*** is not an embedding"));
}

#[test]
fn a_long_embedding_is_bounded_by_its_size_alone() {
    let long = format!("[{}]", vec!["-0.12345678901234567"; 4_096].join(","));
    assert!(long.len() > BOUNDS.value_bytes);
    assert!(read_as(&Definition::embedding(4_096), &long).is_ok());
    let padded = format!("[1,2,{}3]", " ".repeat(40_000));
    assert!(read_as(&Definition::embedding(3), &padded).unwrap_err().ends_with("may have 32768"));
}
