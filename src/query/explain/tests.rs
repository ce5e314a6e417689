//! Explanations against the plain evaluation, and what they say.
use super::answer::By;
use super::clauses::clauses;
use super::*;
use crate::base::clock::Timestamp;
use crate::base::fold::fold_value;
use crate::domain::builtins::Builtins;
use crate::domain::catalogue::{Company, Folder, Org};
use crate::domain::fields::{ConfiguredField, Definition, FieldType, FolderSchema, OnMismatch, SpeakerMap, TypedValue};
use crate::domain::identity::{
    CompanyId, CompanyName, FieldId, FieldName, FolderId, FolderName, Key, OrgId, OrgName, Revision, Tid,
};
use crate::domain::limits::Limits;
use crate::domain::record::Record;
use crate::domain::transcript::{Role, Turn};
use crate::query::evaluate::Document;
use crate::query::request::SearchRequest;
use crate::query::resolve::resolve;
use crate::query::resolve::world::{Searched, World};
use crate::query::resolved::{Arrangement, Edge, Phrase, Said, Speaker, When};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_768_467_600_000_000);

fn field(id: u32, name: &str, kind: FieldType) -> Arc<ConfiguredField> {
    let definition = Definition { pii: name == "pin", ..Definition::of(kind) };
    Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), definition))
}

fn folder(id: u32, name: &str, fields: &[Arc<ConfiguredField>]) -> Folder {
    let schema = FolderSchema::new(FolderId(id), 1, TimeZone::UTC, OnMismatch::Refuse, fields.to_vec());
    Folder {
        id: FolderId(id),
        org: OrgId(1),
        name: FolderName::parse(name).unwrap(),
        settings: Default::default(),
        secrets: Default::default(),
        custom_meta: fields.iter().map(|field| field.name.clone()).collect(),
        on_mismatch: OnMismatch::Refuse,
        speakers: SpeakerMap::default(),
        schema: Arc::new(schema),
        version: 1,
    }
}

/// Folder In has all fields, folder Other only `note`.
fn with_world<T>(run: impl FnOnce(&World<'_>) -> T) -> T {
    let fields = vec![
        field(1, "queue", FieldType::Varchar),
        field(2, "hold", FieldType::Number),
        field(3, "note", FieldType::Text),
        field(4, "pin", FieldType::Varchar),
    ];
    let (inbound, other) = (folder(11, "In", &fields), folder(12, "Other", &fields[2..3]));
    let org = Org {
        id: OrgId(1),
        name: OrgName::parse("Acme-Sales").unwrap(),
        settings: Default::default(),
        timezone: "UTC".to_owned(),
        zone: TimeZone::UTC,
        fields,
        apps: BTreeMap::new(),
        deleted: Vec::new(),
        barred: Arc::default(),
        folders: BTreeMap::new(),
        version: 1,
    };
    let company = Company {
        id: CompanyId(1),
        name: CompanyName::parse("Acme").unwrap(),
        settings: Default::default(),
        users: BTreeMap::new(),
        orgs: BTreeMap::new(),
        version: 1,
    };
    let searched = [Searched { company: &company, org: &org, folders: vec![&inbound, &other] }];
    let seen = HashSet::new();
    run(&World { searched: &searched, limits: &Limits::default(), seen: &seen, pii: false, schema: true })
}

fn document(folder: u32, said: &[(Role, &str)], queue: &[&str], hold: Option<f64>, note: Option<&str>) -> Document {
    let turn = |(no, (role, text)): (usize, &(Role, &str))| Turn {
        no: no as u32,
        text: (*text).to_owned(),
        role: *role,
        start: Some(no as f64 * 20.0 + 2.1),
        ..Turn::default()
    };
    let keyword = |text: &&str| TypedValue::Keyword { shown: (*text).to_owned(), folded: fold_value(text) };
    let mut values = Vec::new();
    if folder == 11 && !queue.is_empty() {
        values.push((FieldId(1), queue.iter().map(keyword).collect()));
        values.push((FieldId(4), vec![keyword(&"0314")]));
    }
    if let (11, Some(hold)) = (folder, hold) {
        values.push((FieldId(2), vec![TypedValue::Number(hold)]));
    }
    if let Some(note) = note {
        values.push((FieldId(3), vec![TypedValue::Words(note.to_owned())]));
    }
    let record = Record {
        key: Key(1),
        org: OrgId(1),
        folder: FolderId(folder),
        tid: Tid::parse("t1").unwrap(),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: 0,
        builtins: Builtins { datetime: NOW.0, duration: Some(60.0), ..Builtins::default() },
        values,
        words: 9,
    };
    Document { record, turns: said.iter().enumerate().map(turn).collect() }
}

fn told(document: &Document, pairs: &[(&str, &str)], pending: Option<&str>) -> (Explained, bool) {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = SearchRequest::from_pairs(pairs, &Limits::default()).unwrap();
    with_world(|world| {
        let search = resolve(&request, world, NOW).unwrap().search;
        let clause = clauses(&request, world, NOW).unwrap();
        let masked = HashSet::from([FieldId(4)]);
        let subject = Subject { document, search: &search, zone: &TimeZone::UTC, masked: &masked, pending };
        (explain(&clause, subject), evaluate::fulfils(document, &search.root, &search))
    })
}

fn small() -> Document {
    let said = [(Role::Agent, "hello there"), (Role::Client, "please cancel my plan"), (Role::Client, "my own plan")];
    document(11, &said, &["sales", "Support"], Some(61.0), None)
}

fn why(document: &Document, q: &str) -> String {
    told(document, &[("q", q)], None).0.why.unwrap_or_default()
}

#[test]
fn a_clause_that_holds_says_by_which_turns_and_values() {
    let (told, _) = told(&small(), &[("q", "client:plan queue:s*")], None);
    assert_eq!((told.clause.as_str(), told.kind, told.matched), ("client:plan AND queue:s*", Kind::And, true));
    let turn = |turn, start| By::Turn { turn, speaker: None, start: Some(start), text: vec!["plan".into()] };
    assert_eq!(told.clauses[0].by, [turn(1, 22.1), turn(2, 42.1)]);
    let value = |text: &str| By::Value { value: text.into() };
    assert_eq!(told.clauses[1].by, [value("sales"), value("Support")]);
    let json = serde_json::to_value(&told.clauses[1]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"clause": "queue:s*", "kind": "value", "matched": true,
            "by": [{"value": "sales"}, {"value": "Support"}]})
    );
}

#[test]
fn words_that_are_not_found_say_what_is_in_the_way() {
    let call = small();
    assert_eq!(why(&call, "agent:plan"), "no turn of the agent holds it; said by others in turn 1");
    assert_eq!(why(&call, "\"plan cancel\""), "the words stand in turn 1, but not side by side in this order");
    assert_eq!(
        why(&call, "\"own cancel\""),
        "the words stand in different turns, or one word would have to serve twice"
    );
    assert_eq!(why(&call, "\"refund my plan\""), "no turn holds \"refund\"");
    assert_eq!(
        why(&call, "agent:\"my refund\""),
        "no turn of the agent holds \"my\" or \"refund\"; said by others in turn 1"
    );
    assert_eq!(why(&call, "speaker.Bob:plan"), "no turn of the speaker \"bob\" holds it; said by others in turn 1");
    assert_eq!(why(&call, "speaker.Bob:refund"), "no turn is one of the speaker \"bob\"");
}

#[test]
fn places_and_times_say_what_they_are() {
    let call = small();
    let reason = |said: Said| with_reason(&call, &said);
    let plain = || Said::exact(Speaker::Anyone, ["plan"]);
    let first = Said { phrase: Phrase { first: true, ..plain().phrase }, ..plain() };
    assert_eq!(reason(first), "it stands in turn 1, but not at its beginning");
    let near = Phrase { how: Arrangement::Within(0), ..Phrase::exact(["plan", "cancel"]) };
    let near = Said { phrase: near, ..plain() };
    assert_eq!(reason(near), "the words stand in turn 1, but not with at most 0 other words between");
    let when = |from, within, seconds| Said { when: vec![When { from, within, seconds }], ..plain() };
    assert_eq!(reason(when(Edge::Start, true, 10.0)), "turn 1 starts at 22.1 s, not within the first 10 s");
    assert_eq!(reason(when(Edge::Start, false, 90.0)), "turn 1 starts at 22.1 s, within the first 90 s");
    assert_eq!(reason(when(Edge::End, true, 5.0)), "turn 1 starts 37.9 s before the end, not within the last 5 s");
    let mut unknown = small();
    unknown.record.builtins.duration = None;
    let said = when(Edge::End, true, 5.0);
    assert_eq!(with_reason(&unknown, &said), "the duration is not known, so nothing is counted from the end");
    unknown.turns.iter_mut().for_each(|turn| turn.start = None);
    let said = when(Edge::Start, true, 5.0);
    assert_eq!(with_reason(&unknown, &said), "it stands in turn 1, whose start is not known");
}

fn with_reason(document: &Document, said: &Said) -> String {
    let speakers = SpeakerMap::default();
    words::why(said, &Heard::new(&document.turns, document.record.builtins.duration, &speakers), document)
}

#[test]
fn values_say_what_they_are_instead() {
    let call = small();
    assert_eq!(why(&call, "hold:>90"), "the value is 61");
    assert_eq!(why(&call, "queue:billing"), "the values are \"sales\", \"Support\"");
    assert_eq!(why(&call, "note:late"), "the field has no value here");
    assert_eq!(why(&call, "agentid:7"), "it has no value here");
    assert_eq!(why(&call, "folder:Other"), "the transcript lies in folder In");
    assert_eq!(why(&call, "folder:Nowhere"), "nothing that is searched can fulfil it");
    assert_eq!(why(&call, "datetime:<2026-01-01"), "the value is \"2026-01-15T09:00:00+00:00\"");
    assert_eq!(why(&call, "pin:1"), "the value, which is masked, is another");
    let shown = told(&call, &[("q", "pin:0314")], None).0;
    assert_eq!(shown.by, [By::Value { value: "***".into() }]);
    let elsewhere = document(12, &[], &[], None, None);
    assert_eq!(why(&elsewhere, "queue:sales"), "the field is not configured in folder Other: configured in In");
    let pending = told(&call, &[("q", "note:late")], Some("indexing note: 41 %")).0;
    assert_eq!(pending.why.unwrap(), "the field has no value here; folder In: indexing note: 41 %");
}

#[test]
fn parameters_stand_beside_the_query() {
    let (told, _) = told(
        &small(),
        &[("q", "plan"), ("terms.queue", "billing"), ("daterange", "20260101-20260131"), ("tid", "t1,t2")],
        None,
    );
    let parts: Vec<_> = told.clauses.iter().map(|part| (part.clause.as_str(), part.kind, part.matched)).collect();
    assert_eq!(
        parts,
        [
            ("plan", Kind::Words, true),
            ("terms.queue", Kind::Parameter, false),
            ("tid", Kind::Parameter, true),
            ("daterange", Kind::Parameter, true)
        ]
    );
    assert_eq!(told.clauses[1].clauses[0].clause, "queue:\"billing\"");
    assert_eq!(told.clauses[2].clauses[0].by, [By::Value { value: "t1".into() }]);
    assert!(told.clauses[3].clauses[0].clause.starts_with("datetime:[\"2026-01-01T00:00:00\" TO "));
}

fn query() -> impl Strategy<Value = String> {
    let clause = prop::sample::select(vec![
        "plan",
        "cancel",
        "\"my plan\"",
        "agent:hello",
        "client:plan",
        "client:(my OR hello)",
        "*",
        "queue:sales",
        "queue:*",
        "queue:s*",
        "hold:>60",
        "hold:[1 TO 61]",
        "note:late",
        "note:*",
        "folder:In",
        "tid:t1",
        "pin:0314",
        "agentid:7",
        "duration:60",
        "datetime:>=2026-01-15",
        "nowhere",
        "speaker.x:plan",
    ]);
    clause.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} OR {b} OR {c})")),
            inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
}

fn check(explained: &Explained) -> Result<(), TestCaseError> {
    let leaf = explained.clauses.is_empty();
    prop_assert_eq!(explained.why.is_some(), leaf && !explained.matched);
    prop_assert!(explained.matched || explained.by.is_empty());
    prop_assert!(explained.by.len() <= answer::TOLD_MAX && !explained.clause.is_empty());
    explained.clauses.iter().try_for_each(check)
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_the_search(
        q in query(), folder in 11u32..13,
        said in prop::collection::vec((prop::sample::select(vec![Role::Agent, Role::Client]), "(my |plan |cancel |hello ){0,5}"), 0..4),
        queue in prop::collection::vec(prop::sample::select(vec!["sales", "Billing"]), 0..2),
        hold in prop::option::of(59..62), note in prop::option::of("(late |early ){1,2}"),
        terms: bool,
    ) {
        let said: Vec<(Role, &str)> = said.iter().map(|(role, text)| (*role, text.as_str())).collect();
        let document = document(folder, &said, &queue, hold.map(f64::from), note.as_deref());
        let mut pairs = vec![("q", q.as_str())];
        if terms {
            pairs.push(("terms.queue", "sales"));
            pairs.push(("modified", "20200101-"));
        }
        let (explained, found) = told(&document, &pairs, None);
        prop_assert_eq!(explained.matched, found);
        check(&explained)?;
    }
}
