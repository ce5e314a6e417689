//! The requests of these harnesses, spelled and read back: every value names the one request that sent it.
use crate::history::{Act, Change, Done, FIELDS, Fields};
use crate::support::Answer;
use crate::wire::Wire;
use serde_json::{Map, Value, json};

/// Where the transcripts of these harnesses are.
pub const ORG: &str = "Acme/Acme-Sales";
pub const FOLDER: &str = "Inbound";

/// An edit with what its answer says.
pub fn answered(made: Done, answer: &Answer, receipt: bool) -> Done {
    assert!(answer.status == 200 || answer.status == 201, "{made:?}: {} {}", answer.status, answer.text());
    let body = answer.json();
    let brings = matches!(made.act, Act::Edit(Change::Bring { .. }));
    let metadata = if receipt { &body["metadata"] } else { &body };
    let seen = (!brings).then(|| values(metadata));
    let modified = if receipt || brings { moment(&body["last_modified"]) } else { 0 };
    Done { revision: revision(answer), seen, modified, ..made }
}

/// Sends a request under a key once more: its answer, and the first revision if it had been made before.
pub fn again(wire: &mut Wire, tid: u32, done: &Done) -> Option<(Answer, Option<u64>)> {
    let Act::Edit(change) = &done.act else { panic!("{done:?} changes nothing") };
    let answer = send(wire, tid, change, Asked { expected: None, key: done.key, receipt: false })?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let replayed = answer.header("linernotes-replayed").map(|revision| revision.parse().unwrap());
    Some((answer, replayed))
}

/// How an edit is asked for.
pub struct Asked {
    /// `If-Match`.
    pub expected: Option<u64>,
    /// Number of an idempotency key; 0 for none.
    pub key: u32,
    pub receipt: bool,
}

/// Sends an edit of a transcript.
pub fn send(wire: &mut Wire, tid: u32, change: &Change, asked: Asked) -> Option<Answer> {
    let receipt = if asked.receipt { "?receipt=true" } else { "" };
    let metadata = format!("/metadata/{ORG}/t{tid}{receipt}");
    let whole = format!("/transcripts/{ORG}/t{tid}");
    let (method, path, body) = match change {
        Change::Set(pairs) => ("PATCH", metadata, Some(object(pairs).to_string())),
        Change::Replace(pairs) => ("PUT", metadata, Some(object(pairs).to_string())),
        Change::Remove(fields) => {
            let names: Vec<String> = fields.iter().map(|field| format!("f{field}")).collect();
            ("DELETE", metadata, Some(json!(names).to_string()))
        }
        Change::Bring { .. } => ("PUT", format!("{whole}?folder={FOLDER}"), Some(transcript(None, change).to_string())),
        Change::Erase => ("DELETE", whole, None),
    };
    let expected = asked.expected.map(|revision| format!("\"{revision}\"")).unwrap_or_default();
    let key = format!("k{}", asked.key);
    let mut headers = Vec::new();
    if asked.expected.is_some() {
        headers.push(("If-Match", expected.as_str()));
    }
    if asked.key > 0 {
        headers.push(("Idempotency-Key", key.as_str()));
    }
    wire.send(method, &path, &headers, body.as_deref())
}

/// Names of a list of configured fields.
pub fn names(mask: u16) -> Vec<String> {
    (0..FIELDS).filter(|field| mask & (1 << field) != 0).map(|field| format!("f{field}")).collect()
}

fn object(pairs: &[(u8, u32)]) -> Value {
    pairs.iter().map(|(field, value)| (format!("f{field}"), spell(*field, *value))).collect::<Map<_, _>>().into()
}

/// How a value is sent: numbers, short strings, long strings; 0 is `null`.
fn spell(field: u8, value: u32) -> Value {
    match field {
        _ if value == 0 => Value::Null,
        0..4 => value.into(),
        11 => format!("v{value} {}", "and so on ".repeat(30)).into(),
        _ => format!("v{value}").into(),
    }
}

/// A transcript whose words name the request that brings it.
pub fn transcript(tid: Option<u32>, change: &Change) -> Value {
    let Change::Bring { words, fields } = change else { panic!("{change:?} brings no words") };
    let text = format!("word{words} hello again from request {words}");
    let mut body = json!({"utterances": [{"start": 0.5, "end": 4.0, "speaker": "agent", "text": text}]});
    if let Some(tid) = tid {
        body["tid"] = json!(format!("t{tid}"));
    }
    if let Some(pairs) = fields {
        body["client_data"] = object(pairs);
    }
    body
}

/// Metadata as numbers. Panics on anything that no request of these harnesses sends.
pub fn values(metadata: &Value) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in metadata.as_object().expect("metadata is an object") {
        let field: u8 = name.strip_prefix('f').and_then(|n| n.parse().ok()).expect("a name that was sent");
        let number = value.as_u64().or_else(|| value.as_str()?.strip_prefix('v')?.split(' ').next()?.parse().ok());
        let number = u32::try_from(number.unwrap_or_else(|| panic!("nobody sent {metadata}"))).unwrap();
        assert_eq!(*value, spell(field, number), "nobody sent {metadata}");
        fields[usize::from(field)] = number;
    }
    fields
}

/// Which request brought the words of a whole transcript.
pub fn words(whole: &Value) -> u32 {
    let text = whole["utterances"][0]["text"].as_str().expect("the words of a transcript");
    text.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("words that were sent")
}

/// A `last_modified` as a number that grows with it: its digits without the century.
pub fn moment(text: &Value) -> u64 {
    let digits: String = text.as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).skip(2).collect();
    digits.parse().unwrap_or_else(|_| panic!("no moment: {text}"))
}

/// The revision in the entity tag.
pub fn revision(answer: &Answer) -> u64 {
    let tag = answer.header("etag").unwrap_or_else(|| panic!("no entity tag: {}", answer.text()));
    tag.trim_matches('"').parse().expect("a revision")
}

/// The revisions of a batch, in the order of its lines.
pub fn verdicts(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let stored = |line: Value| {
        let revision = line["revision"].as_u64().unwrap_or_else(|| panic!("{line}"));
        (line["line"].as_u64().unwrap(), revision)
    };
    let mut verdicts: Vec<(u64, u64)> = lines.filter(|line| line["line"].is_u64()).map(stored).collect();
    verdicts.sort_unstable();
    verdicts.into_iter().map(|(_, revision)| revision).collect()
}
