//! Searches against a small configuration.
mod asked;
mod language;

use super::*;
use crate::domain::catalogue::{Company, Folder};
use crate::domain::fields::{ConfiguredField, FolderSchema, OnMismatch, SpeakerMap};
use crate::domain::identity::{CompanyId, CompanyName, FieldId, FolderName, OrgId, OrgName};
use crate::domain::limits::Limits;
use crate::domain::refusal::Code;
use crate::domain::transcript::Role;
use crate::query::resolved::{Phrase, Said, Speaker, Word};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

fn field(id: u32, name: &str, kind: FieldType) -> Arc<ConfiguredField> {
    let mut definition = Definition::of(kind);
    definition.pii = name == "secret";
    Arc::new(ConfiguredField::new(FieldId(id), FieldName::lenient(name), definition))
}

fn folder(id: u32, org: u32, name: &str, zone: &TimeZone, fields: &[&Arc<ConfiguredField>]) -> Folder {
    let fields: Vec<_> = fields.iter().map(|field| (*field).clone()).collect();
    Folder {
        id: FolderId(id),
        org: OrgId(org),
        name: FolderName::parse(name).unwrap(),
        settings: Default::default(),
        secrets: Default::default(),
        custom_meta: fields.iter().map(|field| field.name.clone()).collect(),
        on_mismatch: OnMismatch::Refuse,
        speakers: SpeakerMap::default(),
        schema: Arc::new(FolderSchema::new(FolderId(id), 1, zone.clone(), OnMismatch::Refuse, fields)),
        version: 1,
    }
}

fn org(id: u32, name: &str, zone: &str, fields: Vec<Arc<ConfiguredField>>) -> Org {
    Org {
        id: OrgId(id),
        name: OrgName::parse(name).unwrap(),
        settings: Default::default(),
        timezone: zone.to_owned(),
        zone: TimeZone::get(zone).unwrap(),
        fields,
        apps: BTreeMap::new(),
        deleted: Vec::new(),
        barred: Arc::default(),
        folders: BTreeMap::new(),
        version: 1,
    }
}

/// Sales has folders In (all fields) and Out (`note` only), Help has Desk with another `queue`.
fn with_world<T>(all: bool, pii: bool, run: impl FnOnce(&World<'_>) -> T) -> T {
    let fields = vec![
        field(1, "Queue", FieldType::Varchar),
        field(2, "hold time", FieldType::Number),
        field(3, "note", FieldType::Text),
        field(4, "paid", FieldType::Boolean),
        field(5, "called", FieldType::Datetime),
        field(6, "ref", FieldType::Uuid),
        field(7, "speaker.Dr X", FieldType::Varchar),
        field(8, "secret", FieldType::Varchar),
        field(9, "elsewhere", FieldType::Varchar),
    ];
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let inbound = folder(11, 1, "In", &berlin, &fields.iter().take(8).collect::<Vec<_>>());
    let outbound = folder(12, 1, "Out", &berlin, &[&fields[2]]);
    let queue = field(21, "queue", FieldType::Number);
    let desk = folder(13, 2, "Desk", &TimeZone::UTC, &[&queue]);
    let (sales, help) = (org(1, "Acme-Sales", "Europe/Berlin", fields), org(2, "Acme-Help", "UTC", vec![queue]));
    let company = Company {
        id: CompanyId(1),
        name: CompanyName::parse("Acme").unwrap(),
        settings: Default::default(),
        users: BTreeMap::new(),
        orgs: BTreeMap::new(),
        version: 1,
    };
    let mut searched = vec![Searched { company: &company, org: &sales, folders: vec![&inbound, &outbound] }];
    if all {
        searched.push(Searched { company: &company, org: &help, folders: vec![&desk] });
    }
    let seen = std::collections::HashSet::from(["agentgroup".to_owned()]);
    run(&World { searched: &searched, limits: &Limits::default(), seen: &seen, pii, schema: true })
}

const NOW: Timestamp = Timestamp(1_000_000_000_000_000);

fn ask(all: bool, pairs: &[(&str, &str)]) -> Result<Resolved, Refusal> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = SearchRequest::from_pairs(pairs, &Limits::default())?;
    with_world(all, false, |world| resolve(&request, world, NOW))
}

fn root(q: &str) -> Node {
    ask(false, &[("q", q)]).unwrap().search.root
}

fn refused(q: &str) -> (Code, String) {
    let refusal = ask(false, &[("q", q)]).unwrap_err();
    (refusal.code, refusal.detail)
}

fn values(id: u32, storage: Storage, only: &[u32], test: Test) -> Node {
    let only: Vec<FolderId> = only.iter().map(|id| FolderId(*id)).collect();
    let only_folders = (!only.is_empty()).then(|| only.into());
    Node::Values(ValueTest { target: Target::Field(FieldId(id), storage), only_folders, test })
}

fn one_of(texts: &[&str]) -> Test {
    Test::OneOf(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn phrase(by: Speaker, text: &str) -> Node {
    Node::Said(Said::exact(by, text.split(' ')))
}

#[test]
fn values_get_their_types() {
    assert_eq!(root("QUEUE:\" Billing \""), values(1, Storage::Keyword, &[11], one_of(&["billing"])));
    assert_eq!(root("queue:(a OR B)"), values(1, Storage::Keyword, &[11], one_of(&["a", "b"])));
    let sixty = |inclusive| Some((60.0, inclusive));
    assert_eq!(root("\"hold time\":>60"), values(2, Storage::Number, &[11], Test::Numbers(sixty(false), None)));
    assert_eq!(root("\"hold time\":60"), values(2, Storage::Number, &[11], Test::Numbers(sixty(true), sixty(true))));
    assert_eq!(
        root("note:\"call Back\""),
        values(3, Storage::Words, &[], Test::Words(Phrase::exact(["call", "back"])))
    );
    assert_eq!(root("paid:TRUE"), values(4, Storage::Keyword, &[11], one_of(&["true"])));
    let uuid = "ref:{67E55044-10B1-426F-9247-BB680E5FE0C8}".replace(['{', '}'], "");
    assert_eq!(root(&uuid), values(6, Storage::Keyword, &[11], one_of(&["67e55044-10b1-426f-9247-bb680e5fe0c8"])));
    assert_eq!(root("note:*"), values(3, Storage::Words, &[], Test::Exists));
    assert!(matches!(root("note:ca*"), Node::Values(ValueTest { test: Test::Words(_), .. })));
    assert!(matches!(root("-queue:*smi*"), Node::Not(_)));
}

#[test]
fn days_are_whole_in_the_organisations_zone() {
    let micros = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let called = |low, high| values(5, Storage::Instant, &[11], Test::Instants(low, high));
    let (from, to) = (micros("2026-01-14T23:00:00Z"), micros("2026-01-15T23:00:00Z") - 1);
    assert_eq!(root("called:2026-01-15"), called(Some(from), Some(to)));
    assert_eq!(root("called:[2026-01-15 TO 2026-01-15]"), called(Some(from), Some(to)));
    assert_eq!(root("called:>2026-01-15"), called(Some(to + 1), None));
    assert_eq!(root("called:{* TO 2026-01-15}"), called(None, Some(from - 1)));
    // NOW is 2001-09-09T03:46:40+02:00, a Sunday.
    let (from, to) = (micros("2001-09-08T22:00:00Z"), micros("2001-09-09T22:00:00Z") - 1);
    assert_eq!(root("called:now/d"), called(Some(from), Some(to)));
    assert_eq!(root("called:>=now/d"), called(Some(from), None));
    assert_eq!(root("called:<=now/d"), called(None, Some(to)));
    assert_eq!(root("called:<now/d"), called(None, Some(from - 1)));
    assert_eq!(root("called:>now/d"), called(Some(to + 1), None));
    let (from, to) = (micros("2001-07-31T22:00:00Z"), micros("2001-09-02T22:00:00Z") - 1);
    assert_eq!(root("called:[now-1M/M TO now/w}"), called(Some(from), Some(to)));
    assert_eq!(root("called:[now-1d TO now]"), called(Some(NOW.0 - 86_400_000_000), Some(NOW.0)));
}

#[test]
fn speakers_are_told_from_fields() {
    assert_eq!(root("Agent:cancel"), phrase(Speaker::Role(Role::Agent), "cancel"));
    assert_eq!(root("client:\"Cancel it\""), phrase(Speaker::Role(Role::Client), "cancel it"));
    assert_eq!(root("speaker.Wizard:hello"), phrase(Speaker::Label("wizard".into()), "hello"));
    assert_eq!(
        root("speaker.\"Dr X\":b"),
        values(7, Storage::Keyword, &[11], one_of(&["b"])),
        "a configured name wins"
    );
    assert_eq!(root("e-mail"), phrase(Speaker::Anyone, "e mail"));
    assert!(refused("agent:>5").1.starts_with("at character 6: \"agent:\" takes a word, a phrase or an expression"));
    assert!(refused("agent:\"a ~x\"").1.starts_with("at character 10: expected after `~` a number"));
}

#[test]
fn trees_become_simple() {
    assert_eq!(root(""), Node::All);
    assert_eq!(root("-*"), Node::Nothing);
    assert_eq!(root("a *"), phrase(Speaker::Anyone, "a"));
    assert_eq!(root("a OR *"), Node::Or(vec![phrase(Speaker::Anyone, "a"), Node::All]), "words rank what `*` finds");
    assert_eq!(root("folder:Nowhere"), Node::Nothing);
    assert_eq!(root("tid:*"), Node::All);
    let ids = ask(false, &[("tid", "A,b"), ("folder", "Out")]).unwrap().search.root;
    let test = |name, test| {
        Node::Values(ValueTest { target: Target::Builtin(builtin(name).unwrap()), only_folders: None, test })
    };
    assert_eq!(
        ids,
        Node::And(vec![test("tid", one_of(&["A", "b"])), test("folder", Test::Folders(vec![FolderId(12)]))])
    );
    assert_eq!(ask(false, &[("tid", "")]).unwrap().search.root, Node::Nothing);
}

#[test]
fn misfits_are_named_with_field_type_and_place() {
    let (code, detail) = refused("a \"hold time\":abc");
    assert_eq!(code, Code::QueryInvalid);
    assert!(detail.starts_with("at character 14: \"hold time\" is a number field: "), "{detail}");
    assert!(refused("paid:maybe").1.contains("is a boolean field"));
    assert!(refused("called:soon").1.contains("not a date or time"));
    assert!(refused("\"hold time\":1*").1.contains("do not go with number values"));
    assert!(refused("note:[a TO b]").1.contains("ranges do not go with text values"));
    assert!(refused("queue:\"\"").1.contains("an empty value is no value"));
    assert!(refused("tid:a*").1.contains("ids are compared as a whole"));
    assert_eq!(refused("x ...").1, "at character 2: there is no word in \"...\"");
    let refusal = ask(false, &[("duration", "a-b")]).unwrap_err();
    assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::ParameterInvalid, "duration"));
}

#[test]
fn absent_fields_are_named_with_the_folders_and_the_fix() {
    let (code, detail) = refused("a elsewhere:x");
    assert_eq!(code, Code::FieldNotConfigured);
    assert!(
        detail
            .starts_with("at character 2: the field \"elsewhere\" is not configured for any folder searched (In, Out)")
    );
    assert!(detail.contains("POST /config/Acme/Acme-Sales/In"), "{detail}");
    let (code, detail) = refused("queu:x");
    assert_eq!(code, Code::FieldUnknown);
    assert!(detail.contains("perhaps \"Queue\" is meant"), "{detail}");
    let (code, detail) = refused("speakers:Maxwell");
    assert_eq!(code, Code::FieldUnknown);
    assert!(detail.contains("is reserved") && !detail.contains("custom_meta"), "nobody can configure it: {detail}");
    for pairs in [("sort", "elsewhere"), ("facets", "elsewhere"), ("terms.elsewhere", "x"), ("fields", "elsewhere")] {
        let refusal = ask(false, &[pairs]).unwrap_err();
        assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::FieldNotConfigured, pairs.0));
    }
    assert_eq!(ask(false, &[("terms.agent_", "x")]).unwrap_err().code, Code::FieldUnknown);
    assert_eq!(ask(false, &[("sort", "agent")]).unwrap_err().code, Code::FieldUnknown);
}

#[test]
fn fields_of_some_folders_are_reported() {
    let asked = ask(true, &[("q", "queue:5 QUEUE:6 note:x"), ("sort", "hold time")]).unwrap();
    assert_eq!(
        asked.unconfigured,
        [
            ("Queue".to_owned(), vec!["Acme-Sales/Out".to_owned()]),
            ("note".to_owned(), vec!["Acme-Help/Desk".to_owned()]),
            ("hold time".to_owned(), vec!["Acme-Sales/Out".to_owned(), "Acme-Help/Desk".to_owned()]),
        ]
    );
}

#[test]
fn one_name_has_its_type_in_each_organisation() {
    let five = Some((5.0, true));
    let both = ask(true, &[("q", "queue:5")]).unwrap().search.root;
    assert_eq!(
        both,
        Node::Or(vec![
            values(1, Storage::Keyword, &[11], one_of(&["5"])),
            values(21, Storage::Number, &[13], Test::Numbers(five, five)),
        ])
    );
    let only_text = ask(true, &[("q", "queue:abc")]).unwrap().search.root;
    assert_eq!(only_text, values(1, Storage::Keyword, &[11], one_of(&["abc"])));
    assert!(ask(true, &[("sort", "queue")]).unwrap_err().detail.contains("several organisations"));
    let facets = ask(true, &[("facets", "queue:3,paid,folder")]).unwrap();
    let asked: Vec<_> = facets.search.facets.iter().map(|facet| (facet.source.targets.len(), facet.size)).collect();
    assert_eq!(asked, [(2, 3), (1, 10), (1, 10)]);
    assert!(facets.facets[1].boolean);
    for parameter in ["sort", "facets"] {
        assert!(ask(true, &[(parameter, "note")]).unwrap_err().detail.contains("\"note\" is a text field"));
    }
}

#[test]
fn dates_are_read_in_each_organisations_zone() {
    let node = ask(true, &[("daterange", "20260115-")]).unwrap().search.root;
    assert!(matches!(node, Node::Or(parts) if parts.len() == 2));
    assert!(matches!(
        ask(false, &[("daterange", "20260115-")]).unwrap().search.root,
        Node::Values(ValueTest { only_folders: None, .. })
    ));
    assert_eq!(ask(true, &[("daterange", "soon")]).unwrap().search.root, Node::Nothing);
    assert_eq!(ask(true, &[("modified", "20260201-20260101")]).unwrap().search.root, Node::Nothing);
}

#[test]
fn columns_follow_the_list() {
    let columns = |fields: &str| ask(false, &[("fields", fields)]).unwrap().columns.headers();
    assert_eq!(columns("queue,tid"), ["Queue", "tid"]);
    assert_eq!(columns("meta,-secret,-NOTE").len(), 6);
    assert_eq!(columns("-meta"), columns("voci"));
    assert!(columns("voci").contains(&"score".to_owned()));
    assert_eq!(columns("").len(), columns("voci").len() + 8);
    assert_eq!(columns("\"hold time\",-absent"), ["hold time"]);
}

#[test]
fn counts_want_no_rows_and_personal_data_no_facets() {
    let count = ask(false, &[("output", "count"), ("facets", "queue")]).unwrap();
    assert_eq!((count.search.size, count.search.facets.len()), (0, 0));
    assert_eq!(ask(false, &[("facets", "secret")]).unwrap_err().code, Code::RightMissing);
    let request = SearchRequest::from_pairs(vec![("facets".into(), "secret".into())], &Limits::default()).unwrap();
    assert!(with_world(false, true, |world| resolve(&request, world, NOW)).is_ok());
    let nothing =
        World { searched: &[], limits: &Limits::default(), seen: &Default::default(), pii: false, schema: true };
    assert_eq!(resolve(&SearchRequest::default(), &nothing, NOW).unwrap().search.scope.folders, []);
}

#[test]
fn a_name_seen_in_metadata_is_told_from_one_nobody_sent() {
    let code = |query: &str| ask(false, &[("q", query)]).unwrap_err().code;
    assert_eq!(code("AgentGroup:2"), Code::FieldNotConfigured);
    assert_eq!(code("agentgrou:2"), Code::FieldUnknown);
    assert_eq!(code("AgentGroup.name:2"), Code::FieldNotConfigured);
}
