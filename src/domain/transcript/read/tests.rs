//! Reading: the shapes, the refusals, the bytes kept, and real odd records.
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const ODD: &str = include_str!("../../../../tests/fixtures/odd-cases.ndjson");

fn received(text: &str) -> Received {
    read(text, &Limits::default()).unwrap()
}

fn refused(text: &str) -> Code {
    read(text, &Limits::default()).unwrap_err().code
}

fn body_of(text: &str) -> String {
    received(text).body
}

#[test]
fn a_body_without_client_data_is_kept_byte_for_byte() {
    let text = " {\"b\" : 1.10,\t\"a\":\"\\u00e9\",\n \"n\": null }\n";
    assert_eq!(body_of(text), text);
    assert!(received(text).client_data.is_none());
    assert_eq!(body_of("\u{feff}{}"), "{}");
}

#[test]
fn client_data_is_cut_out_wherever_it_stands() {
    assert_eq!(body_of(r#"{"a":1, "client_data":{"x":1}, "b":2}"#), r#"{"a":1, "b":2}"#);
    assert_eq!(body_of(r#"{ "client_data" : {"x":","} , "b":2}"#), r#"{ "b":2}"#);
    assert_eq!(body_of(r#"{"a":1,"client_data":{}}"#), r#"{"a":1}"#);
    assert_eq!(body_of(r#"{"client_data":{}}"#), "{}");
    assert_eq!(body_of(r#"{"client\u005fdata":null,"\u0061":1}"#), r#"{"\u0061":1}"#);
    let metadata = received(r#"{"client_data":{"B":1.10,"a":{"x" : 1}}}"#).client_data.unwrap();
    assert_eq!(metadata.to_json(), r#"{"B":1.10,"a":{"x" : 1}}"#);
}

#[test]
fn null_members_count_as_absent_and_stay() {
    let text = r#"{"utterances":null,"app_data":null,"source":null,"client_data":null}"#;
    let read = received(text);
    assert!(read.client_data.is_none() && read.turns.is_empty() && read.facts.source.is_none());
    assert_eq!(read.body, r#"{"utterances":null,"app_data":null,"source":null}"#);
}

#[test]
fn what_is_no_transcript_is_refused() {
    for text in ["", "{", "{\"a\":1} x", "[1,2", "nul", r#"{"utterances":[{]}"#, "{\"a\":\"\u{1}\"}"] {
        assert_eq!(refused(text), Code::JsonInvalid, "{text}");
    }
    for text in [
        "[]",
        "\"x\"",
        "null",
        r#"{"utterances":{}}"#,
        r#"{"utterances":[1]}"#,
        r#"{"utterances":[{},null]}"#,
        r#"{"client_data":[]}"#,
        r#"{"client_data":"x"}"#,
        r#"{"a":1,"\u0061":2}"#,
    ] {
        assert_eq!(refused(text), Code::TranscriptShape, "{text}");
    }
}

#[test]
fn bounds_hold() {
    let limits = Limits { json_depth: 3, transcript_bytes: 60, metadata_names: 2, ..Limits::default() };
    let code = |text: &str| read(text, &limits).err().map(|refusal| refusal.code);
    assert_eq!(code(r#"{"a":[[]]}"#), None);
    assert_eq!(code(r#"{"a":[[[]]]}"#), Some(Code::TooDeep));
    assert_eq!(code(&format!(r#"{{"a":"{}"}}"#, "x".repeat(60))), Some(Code::BodyTooLarge));
    assert_eq!(code(r#"{"client_data":{"a":1,"b":2,"A":3}}"#), None);
    assert_eq!(code(r#"{"client_data":{"a":1,"b":2,"c":3}}"#), Some(Code::TooManyFields));
}

#[test]
fn facts_are_read_from_numbers_and_strings() {
    let text = r#"{"requestid":17,"source":"a.wav","audiosecs":"12.5","recvdate":"2026-01-01","overtalk":"0.10",
        "app_data":{"datetime":"2020-05-18 23:57:34","agent_clarity":"0.84","client_gender":"Female","silence":3,
        "agent_emotion":{},"diarization":"x","agentid":7,
        "scorecard":{"Call Drivers":{"Billing":{"score":"1","subcategories":{"Refund":{"score":0.5}}}}}},
        "utterances":[{"end":3,"text":"Good day."},{"end":9,"events":[{"word":"it's"}]},{"end":"4"}]}"#;
    let facts = received(text).facts;
    assert_eq!(facts.requestid.as_deref(), Some("17"));
    assert_eq!(facts.source.as_deref(), Some("a.wav"));
    assert_eq!((facts.audiosecs, facts.last_end), (Some(12.5), Some(9.0)));
    assert_eq!(facts.recvdate.as_deref(), Some("2026-01-01"));
    assert_eq!(facts.app_datetime.as_deref(), Some("2020-05-18 23:57:34"));
    assert_eq!((facts.turns, facts.words), (3, 3));
    assert_eq!(
        serde_json::to_value(&facts.attributes).unwrap(),
        json!({"agent_clarity":0.84,"agentid":"7","client_gender":"Female","overtalk":0.10,"silence":3})
    );
    let scores: Vec<_> = facts.scores.iter().collect();
    assert_eq!(scores, [("Call Drivers", "Billing", 1.0), ("Call Drivers", "Billing.Refund", 0.5)]);
    assert_eq!((facts.body_sha256, facts.body_bytes), (sha256_hex(text.as_bytes()), text.len() as u64));
}

#[test]
fn the_whole_replaces_in_place_or_appends() {
    let whole = |body: &str| whole(body, r#"{"q":1.10}"#, "t\"1", "2026").unwrap();
    assert_eq!(whole("{ }"), r#"{"client_data":{"q":1.10},"tid":"t\"1","last_modified":"2026" }"#);
    assert_eq!(
        whole("{\"tid\" : 5, \"a\":1}\n"),
        "{\"tid\" : \"t\\\"1\", \"a\":1,\"client_data\":{\"q\":1.10},\"last_modified\":\"2026\"}\n"
    );
    assert_eq!(
        whole(r#"{"last_modified":null,"client_data":{},"tid":{}}"#),
        r#"{"last_modified":"2026","client_data":{"q":1.10},"tid":"t\"1"}"#
    );
    assert!(super::whole("[]", "{}", "t", "l").is_err());
}

#[test]
fn an_id_is_a_string_or_a_number_as_spelled() {
    let body = r#"{"tid":"a\n","n":1.10,"e":"","b":true,"o":{},"z":null}"#;
    assert_eq!(top_level_id(body, "tid").as_deref(), Some("a\n"));
    assert_eq!(top_level_id(body, "n").as_deref(), Some("1.10"));
    for key in ["e", "b", "o", "z", "absent"] {
        assert_eq!(top_level_id(body, key), None, "{key}");
    }
    assert_eq!(top_level_id("[", "tid"), None);
}

#[test]
fn every_odd_record_is_read_and_comes_back_whole() {
    let mut lines = 0;
    for line in ODD.lines() {
        lines += 1;
        let original: Value = serde_json::from_str(line).unwrap();
        let read = received(line);
        let utterances = original["utterances"].as_array().unwrap();
        assert_eq!(read.turns.len(), utterances.len());
        assert_eq!(turns::turns(&read.body).unwrap(), read.turns);
        let metadata = read.client_data.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&metadata.to_json()).unwrap(), original["client_data"]);
        assert_whole(&read.body, &metadata.to_json(), original);
    }
    assert_eq!(lines, 28);
}

#[test]
fn odd_turns_are_read_as_they_are() {
    let find = |id: &str| ODD.lines().find(|line| top_level_id(line, "requestid").as_deref() == Some(id)).unwrap();
    let partly_timed = received(find("earnings22-4453076"));
    assert!(partly_timed.turns[0].text.starts_with("Good day and"));
    assert_eq!(partly_timed.turns[0].start, Some(33.49));
    assert_eq!(partly_timed.turns[0].speaker.as_deref(), Some("0"));
    let silent = received(find("evi-en-CA497a1c98621f2c9b779389428946ef50"));
    assert_eq!((silent.turns[0].text.as_str(), silent.turns[0].channel), ("", Some(0)));
    assert_eq!(received(find("star-123")).facts.turns, 0);
    let chinese = received(find("btc-scalingbitcoin__tokyo-2018__accumulators.zh"));
    assert!(chinese.facts.words > 4_000, "{}", chinese.facts.words);
}

/// `whole` gives what was sent, besides `tid` and `last_modified`.
fn assert_whole(body: &str, metadata: &str, mut original: Value) {
    let text = whole(body, metadata, "t", "l").unwrap();
    let mut back: Value = serde_json::from_str(&text).unwrap();
    for name in ["tid", "last_modified"] {
        original.as_object_mut().unwrap().shift_remove(name);
        assert!(back.as_object_mut().unwrap().shift_remove(name).is_some());
    }
    assert_eq!(back, original);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,8}".prop_map(Value::from),
        "[0-9.eE-]{0,6}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("text"),
        Just("events"),
        Just("word"),
        Just("speaker"),
        Just("channel"),
        Just("start"),
        Just("end"),
        Just("metadata"),
        Just("app_data"),
        Just("agent_channel"),
        Just("silence"),
        Just("x")
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn any_top_level() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("utterances"),
        Just("app_data"),
        Just("audiosecs"),
        Just("source"),
        Just("silence"),
        Just("tid"),
        Just("last_modified"),
        Just("é")
    ];
    let member = (name, any_json()).prop_map(|(name, value)| match (name, value) {
        // Most values are no turns: objects among them are, so that many of these are transcripts.
        ("utterances", Value::Array(all)) => (name, all.into_iter().filter(Value::is_object).collect()),
        ("utterances", value) => (name, if value.is_object() { json!([value, {}]) } else { value }),
        other => other,
    });
    let client_data = prop_oneof![any_json(), Just(json!({"a": 1.0, "b": [null]}))];
    (prop::collection::vec(member, 0..6), prop::option::of((client_data, any::<prop::sample::Index>()))).prop_map(
        |(mut members, client_data)| {
            if let Some((value, at)) = client_data {
                let at = at.index(members.len() + 1);
                members.insert(at, ("client_data", value));
            }
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        },
    )
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let _ = read(&value.to_string(), &Limits::default());
    }

    #[test]
    fn any_text_is_read_or_refused(text in r#"[{}\[\]":,a-c0-1\\u ]{0,30}"#) {
        let _ = read(&text, &Limits::default());
    }

    #[test]
    fn any_transcript_comes_back_whole(value in any_top_level(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        if let Ok(read) = read(&text, &Limits::default()) {
            let body: Value = serde_json::from_str(&read.body).unwrap();
            prop_assert!(body.get("client_data").is_none());
            prop_assert_eq!(turns::turns(&read.body).unwrap(), read.turns);
            let mut expected = value;
            if expected.get("client_data").is_none_or(Value::is_null) {
                expected["client_data"] = json!({});
            }
            let metadata = read.client_data.unwrap_or_default().to_json();
            assert_whole(&read.body, &metadata, expected);
        }
    }
}
