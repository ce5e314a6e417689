//! A folder: made, changed, shown.
use super::check::{Shape, array, below, invalid, json, object, overlay as lay, text};
use super::company::day;
use super::secrets;
use crate::base::clock::Timestamp;
use crate::base::fold::fold;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::schema::Voice;
use crate::domain::fields::{FolderSchema, OnMismatch, SpeakerMap};
use crate::domain::identity::{FieldName, FolderId, FolderName};
use crate::engine::error::Result;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const HANDLED: [&str; 6] = ["created", "status", "custom_meta", "on_mismatch", "speakers", "callback"];
const KNOWN: [(&str, Shape); 10] = [
    ("mode", Shape::Text),
    ("audiotype", Shape::Text),
    ("nspeakers", Shape::Number),
    ("apps", Shape::Texts),
    ("asroptions", Shape::Object),
    ("modelchan0", Shape::Text),
    ("modelchan1", Shape::Text),
    ("purifyaudio", Shape::Flag),
    ("purifytext", Shape::Flag),
    ("servers", Shape::Texts),
];

/// A new folder with every default. Its schema is empty until the change that makes it is settled.
pub fn new(id: FolderId, org: &Org, name: &FolderName, now: Timestamp) -> Folder {
    let defaults = [
        ("apps", json!([])),
        ("asroptions", json!({})),
        ("audiotype", json!("Stereo")),
        ("callback", json!({})),
        ("created", json!(day(now))),
        ("mode", json!("active")),
        ("modelchan0", json!("")),
        ("modelchan1", json!("")),
        ("nspeakers", json!(2)),
        ("purifyaudio", json!(false)),
        ("purifytext", json!(false)),
        ("servers", json!([])),
    ];
    let schema = FolderSchema::new(id, 1, org.zone.clone(), OnMismatch::default(), Vec::new());
    Folder {
        id,
        org: org.id,
        name: name.clone(),
        settings: defaults.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        secrets: Map::new(),
        custom_meta: Vec::new(),
        on_mismatch: OnMismatch::default(),
        speakers: SpeakerMap::default(),
        schema: Arc::new(schema),
        version: 1,
    }
}

/// Lays a body over the folder; `listed` is its `custom_meta` as read, when it has one: it replaces the list.
///
/// # Errors
/// `config_invalid` at the key.
pub fn overlay(
    folder: &mut Folder,
    body: &Map<String, Value>,
    listed: Option<Vec<FieldName>>,
    pointer: &str,
) -> Result<()> {
    for (key, value) in body.iter().filter(|(_, value)| value.is_object()) {
        // Unknown keys are kept, so a level too many in the JSON would vanish into the settings.
        if *key == folder.name.as_str() && value.get("custom_meta").is_some() {
            let detail = format!("{key:?} stands twice: levels named in the path drop out of the JSON");
            return Err(invalid(below(pointer, key), detail));
        }
    }
    if let Some(sent) = body.get("on_mismatch") {
        folder.on_mismatch = on_mismatch(sent, &below(pointer, "on_mismatch"))?;
    }
    if let Some(sent) = body.get("speakers") {
        folder.speakers = speakers(sent, &below(pointer, "speakers"))?;
    }
    if let Some(sent) = body.get("callback") {
        set_callback(folder, sent, &below(pointer, "callback"))?;
    }
    if let Some(listed) = listed {
        folder.custom_meta = listed;
    }
    lay(&mut folder.settings, body, &KNOWN, &HANDLED, pointer)
}

fn on_mismatch(sent: &Value, pointer: &str) -> Result<OnMismatch> {
    match text(sent, pointer)? {
        "refuse" => Ok(OnMismatch::Refuse),
        "store" => Ok(OnMismatch::Store),
        other => Err(invalid(pointer, format!("\"on_mismatch\" is \"refuse\" or \"store\", not {other:?}"))),
    }
}

/// `null` and `{}` give the defaults back.
fn speakers(sent: &Value, pointer: &str) -> Result<SpeakerMap> {
    if sent.is_null() {
        return Ok(SpeakerMap::default());
    }
    let mut map = SpeakerMap::default();
    for (side, list) in object(sent, pointer)? {
        let pointer = below(pointer, side);
        let voices = voices(list, &pointer)?;
        match side.as_str() {
            "agent" => map.agent = voices,
            "client" => map.client = voices,
            _ => return Err(invalid(pointer, format!("\"speakers\" has \"agent\" and \"client\", not {side:?}"))),
        }
    }
    let same = |a: &Voice, b: &Voice| match (a, b) {
        (Voice::Label(a), Voice::Label(b)) => fold(a) == fold(b),
        (a, b) => a == b,
    };
    if map.agent.iter().any(|agent| map.client.iter().any(|client| same(agent, client))) {
        return Err(invalid(pointer, "one label or channel can not be both agent and client"));
    }
    Ok(map)
}

fn voices(sent: &Value, pointer: &str) -> Result<Vec<Voice>> {
    let voice = |(at, element): (usize, &Value)| match element {
        Value::String(label) if !label.trim().is_empty() => Ok(Voice::Label(label.clone())),
        Value::Number(channel) if channel.as_i64().is_some() => {
            Ok(Voice::Channel(channel.as_i64().unwrap_or_default()))
        }
        _ => Err(invalid(
            below(pointer, &at.to_string()),
            "a speaker is a label (a string) or a channel (a whole number)",
        )),
    };
    array(sent, pointer)?.iter().enumerate().map(voice).collect()
}

/// What is sent replaces what is shown; credentials not sent stay. `null` and `{}` remove the call-back with its
/// credentials.
fn set_callback(folder: &mut Folder, sent: &Value, pointer: &str) -> Result<()> {
    let none = Map::new();
    let before = folder.settings.get("callback").and_then(Value::as_object).unwrap_or(&none);
    if before.is_empty() && sent.as_object().is_some_and(Map::is_empty) {
        // What was read is sent back: credentials may be all there is.
        return Ok(());
    }
    let sent = if sent.is_null() { &none } else { object(sent, pointer)? };
    if let Some(url) = sent.get("posturl") {
        text(url, &below(pointer, "posturl"))?;
    }
    let (shown, fresh) = secrets::part(sent);
    folder.secrets = if sent.is_empty() { Map::new() } else { secrets::renew(&folder.secrets, fresh, before, &shown) };
    folder.settings.insert("callback".into(), Value::Object(shown));
    Ok(())
}

/// As `GET` shows it: without the credentials of `callback`.
pub fn shown(folder: &Folder, status: String) -> Result<Map<String, Value>> {
    let mut shown = folder.settings.clone();
    let names = folder.custom_meta.iter().map(|name| Value::from(name.shown())).collect();
    shown.insert("custom_meta".into(), Value::Array(names));
    shown.insert("on_mismatch".into(), json(&folder.on_mismatch)?);
    let speakers = if folder.speakers.is_empty() { json!({}) } else { json(&folder.speakers)? };
    shown.insert("speakers".into(), speakers);
    shown.insert("status".into(), status.into());
    Ok(shown)
}
