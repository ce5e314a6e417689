//! Five transcripts in two organisations, small enough to check by hand.
use crate::base::fold::fold_value;
use crate::domain::builtins::Builtins;
use crate::domain::fields::schema::Voice;
use crate::domain::fields::{SpeakerMap, TypedValue};
use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId, Revision, Tid};
use crate::domain::record::Record;
use crate::domain::transcript::{Role, Turn};
use crate::query::resolved::{Node, ResolvedSearch, Scope};
use crate::stores::index::IndexWrite;
use std::sync::Arc;

/// A `varchar`.
pub(crate) const QUEUE: FieldId = FieldId(101);
/// A `number`.
pub(crate) const HOLD: FieldId = FieldId(102);
/// A `datetime`.
pub(crate) const CALLED: FieldId = FieldId(103);
/// A `text`.
pub(crate) const NOTE: FieldId = FieldId(104);
/// An `embedding` of three numbers.
pub(crate) const GIST: FieldId = FieldId(105);

/// A search of everything by date, newest first. Folder 12 calls the agent a wizard and the client a user.
pub(crate) fn everything(root: Node) -> ResolvedSearch {
    let label = |label: &str| vec![Voice::Label(label.to_owned())];
    let speakers = SpeakerMap { agent: label("Wizard"), client: label("User") };
    let name = |id, name: &str| (FolderId(id), FolderName::parse(name).unwrap());
    let scope = Scope { orgs: vec![OrgId(1), OrgId(2)], folders: vec![FolderId(11), FolderId(12), FolderId(21)] };
    ResolvedSearch {
        size: 1_000,
        speakers: Arc::new([(FolderId(12), speakers)].into()),
        folder_names: Arc::new([name(11, "Inbound"), name(12, "Outbound"), name(21, "Other")].into()),
        ..ResolvedSearch::new(scope, root)
    }
}

pub(crate) fn keyword(text: &str) -> (FieldId, Vec<TypedValue>) {
    keywords(&[text])
}

pub(crate) fn keywords(texts: &[&str]) -> (FieldId, Vec<TypedValue>) {
    let value = |text: &&str| TypedValue::Keyword { shown: (*text).to_owned(), folded: fold_value(text) };
    (QUEUE, texts.iter().map(value).collect())
}

pub(crate) fn number(number: f64) -> (FieldId, Vec<TypedValue>) {
    (HOLD, vec![TypedValue::Number(number)])
}

fn instant(instant: i64) -> (FieldId, Vec<TypedValue>) {
    (CALLED, vec![TypedValue::Instant(instant)])
}

fn notes(texts: &[&str]) -> (FieldId, Vec<TypedValue>) {
    (NOTE, texts.iter().map(|text| TypedValue::Words((*text).to_owned())).collect())
}

pub(crate) fn gist(field: FieldId, numbers: [f32; 3]) -> (FieldId, Vec<TypedValue>) {
    (field, vec![TypedValue::Vector(numbers.into())])
}

/// A record of the first revision, dated by its key in seconds.
pub(crate) fn record(key: u32, org: u32, folder: u32, tid: &str, words: u32) -> Record {
    Record {
        key: Key(key),
        org: OrgId(org),
        folder: FolderId(folder),
        tid: Tid::parse(tid).unwrap(),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: i64::from(key),
        builtins: Builtins { datetime: i64::from(key) * 1_000_000, ..Builtins::default() },
        values: Vec::new(),
        words,
    }
}

/// Turns of ten seconds each; labels `agent` and `client` have their roles.
pub(crate) fn turns(said: &[(&str, &str)]) -> Vec<Turn> {
    let turn = |(no, (speaker, text)): (usize, &(&str, &str))| Turn {
        no: u32::try_from(no).unwrap(),
        text: (*text).to_owned(),
        speaker: Some((*speaker).to_owned()),
        channel: Some(i64::from(*speaker == "client")),
        start: Some(no as f64 * 10.0),
        end: Some(no as f64 * 10.0 + 5.0),
        role: match *speaker {
            "agent" => Role::Agent,
            "client" => Role::Client,
            _ => Role::Unknown,
        },
    };
    said.iter().enumerate().map(turn).collect()
}

fn count(turns: &[Turn]) -> u32 {
    turns.iter().map(|turn| u32::try_from(crate::domain::words::tokens(&turn.text).len()).unwrap()).sum()
}

/// A transcript without values.
pub(crate) fn transcript(key: u32, org: u32, folder: u32, tid: &str, said: &[(&str, &str)]) -> IndexWrite {
    let turns = turns(said);
    IndexWrite::Whole(Box::new(record(key, org, folder, tid, count(&turns))), turns)
}

/// All five.
pub(crate) fn writes() -> Vec<IndexWrite> {
    let whole = |mut record: Record, said: &[(&str, &str)]| {
        let turns = turns(said);
        record.words = count(&turns);
        IndexWrite::Whole(Box::new(record), turns)
    };
    let mut first = record(1, 1, 11, "t1", 0);
    first.values = vec![keyword("Billing"), number(60.0), instant(1_000), notes(&["call back", "soon, please"])];
    first.builtins.duration = Some(10.0);
    first.builtins.agentid = Some("smith".into());
    first.builtins.filename = Some("Call.WAV".into());
    first.builtins.attributes.insert("agent_gender".into(), "Female".into());
    first.builtins.attributes.insert("agent_clarity".into(), 0.5.into());
    let mut second = record(2, 1, 11, "t2", 0);
    second.values = vec![keyword("sales"), number(61.0), instant(2_000), notes(&["Call"])];
    second.builtins.duration = Some(20.0);
    second.builtins.agentid = Some("SMITH".into());
    second.builtins.requestid = Some("r-2".into());
    second.builtins.attributes.insert("agent_clarity".into(), 0.75.into());
    let mut third = record(3, 1, 11, "T3", 0);
    third.values = vec![keywords(&["Salé", "Billing", "Billing"]), number(-5.5)];
    third.builtins.duration = Some(30.5);
    let mut fourth = record(4, 1, 12, "t4", 0);
    fourth.builtins.duration = Some(5.0);
    vec![
        whole(first, &[("agent", "hello there"), ("client", "Ça, cancel my plan"), ("client", "Yes, cancel it")]),
        whole(second, &[("agent", "I cannot cancel that now")]),
        whole(third, &[("agent", "thanks and bye")]),
        whole(fourth, &[("User", "Cancel my plan"), ("Wizard", "Hello again friend")]),
        whole(record(5, 2, 21, "a", 0), &[("agent", "good evening")]),
    ]
}
