//! Searches against a small configuration.
mod asked;

use super::*;
use crate::domain::catalogue::{Company, Folder};
use crate::domain::fields::{ConfiguredField, FolderSchema, OnMismatch, SpeakerMap};
use crate::domain::identity::{CompanyId, CompanyName, FieldId, FolderName, OrgId, OrgName};
use crate::domain::limits::Limits;
use crate::domain::transcript::Role;
use crate::query::glob::Glob;
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::Fuzzy;
use crate::query::pattern::regex::WholeRegex;
use crate::query::resolved::{Arrangement, Edge, Phrase, Said, Speaker, When, Word};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

fn field(id: u32, name: &str, kind: FieldType) -> Arc<ConfiguredField> {
    let mut definition = Definition::of(kind);
    definition.pii = name == "secret";
    Arc::new(ConfiguredField { id: FieldId(id), name: FieldName::lenient(name), definition })
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

fn said(by: Speaker, words: Vec<Word>, how: Arrangement, when: Vec<When>) -> Node {
    Node::Said(Said { by, phrase: Phrase { words, how, first: false, last: false }, when })
}

fn glob(pattern: &str) -> Pattern {
    Pattern::Glob(Glob::new(pattern.chars().map(|c| (c, false))))
}

fn exact(words: &[&str]) -> Vec<Word> {
    words.iter().map(|word| Word::Exact((*word).to_owned())).collect()
}

#[test]
fn speakers_take_every_form_of_phrases() {
    let agent = || Speaker::Role(Role::Agent);
    let any = vec![Word::Like(glob("*"))];
    assert_eq!(root("agent:*"), said(agent(), any, Arrangement::Adjacent, vec![]));
    let close = said(Speaker::Label("x".into()), exact(&["close", "account"]), Arrangement::Within(4), vec![]);
    assert_eq!(root("speaker.X:\"close account\"~4"), close);
    let soon = vec![When { from: Edge::Start, within: true, seconds: 30.0 }];
    let regex = Word::Like(Pattern::Regex(WholeRegex::parse("ca.").unwrap()));
    assert_eq!(root("agent:/ca./~s<30"), said(agent(), vec![regex], Arrangement::Adjacent, soon));
    assert!(refused("agent:/ca(/").1.starts_with("at character 10: expected something to match"));
    let both = Node::Or(vec![
        phrase(Speaker::Role(Role::Client), "a"),
        said(Speaker::Role(Role::Client), exact(&["b", "c"]), Arrangement::Within(3), vec![]),
    ]);
    assert_eq!(root("client:(a OR \"b c\"~3)"), both);
}

#[test]
fn parameters_on_what_is_said_are_read_like_phrases() {
    let of = |pairs: &[(&str, &str)]| ask(false, pairs).unwrap().search.root;
    let soon = vec![When { from: Edge::End, within: true, seconds: 30.0 }];
    let thanks = said(Speaker::Role(Role::Client), exact(&["thank", "you"]), Arrangement::Adjacent, soon);
    assert_eq!(of(&[("terms.client", "-thank you ~e<30")]), Node::Not(Box::new(thanks)));
    let regex = Word::Like(Pattern::Regex(WholeRegex::parse("ab.*").unwrap()));
    let regex = said(Speaker::Role(Role::Agent), vec![regex], Arrangement::Adjacent, vec![]);
    assert_eq!(of(&[("regex.agent", " ab.* "), ("q", "a")]), Node::And(vec![phrase(Speaker::Anyone, "a"), regex]));
    let refusal = ask(false, &[("terms.all", "a | b ~x")]).unwrap_err();
    assert_eq!((refusal.code, refusal.items[0].pointer.as_str()), (Code::ParameterInvalid, "terms.all"));
    assert!(refusal.detail.starts_with("the parameter \"terms.all\": at character 7: expected after `~`"));
    let refusal = ask(false, &[("regex.all", " a(")]).unwrap_err();
    assert!(refusal.detail.starts_with("the parameter \"regex.all\": at character 3: "), "{}", refusal.detail);
}

#[test]
fn values_take_patterns_expressions_and_similar_ones() {
    let like = |pattern| values(1, Storage::Keyword, &[11], Test::Like(pattern));
    let regex = |source| Pattern::Regex(WholeRegex::parse(source).unwrap());
    assert_eq!(root("queue:/Smi.*/"), like(regex("Smi.*")));
    assert_eq!(root("queue:Smith~1"), like(Pattern::Fuzzy(Fuzzy::new("smith", 1))));
    assert_eq!(root("queue:smith~"), like(Pattern::Fuzzy(Fuzzy::new("smith", 2))));
    assert_eq!(root("queue:\"John Smith\"~2"), like(Pattern::Fuzzy(Fuzzy::new("john smith", 2))));
    assert_eq!(root("queue:?mi*"), like(glob("?mi*")));
    for (text, value) in [
        ("a~3", "a~3"),
        ("~user", "~user"),
        ("~", "~"),
        ("a\\~1", "a~1"),
        ("a~b~c", "a~b~c"),
        ("^a$", "^a$"),
        ("\"/a/\"", "/a/"),
        ("\"a*\"", "a*"),
    ] {
        assert_eq!(root(&format!("queue:{text}")), values(1, Storage::Keyword, &[11], one_of(&[value])), "{text}");
    }
    let words = |words| Test::Words(Phrase { words, ..Phrase::exact(Vec::<String>::new()) });
    let text = |test| values(3, Storage::Words, &[], test);
    assert_eq!(root("note:Call*"), text(words(vec![Word::Like(glob("call*"))])));
    let call = vec![Word::Like(glob("ca??")), Word::Exact("back".into())];
    assert_eq!(root("note:\"ca?? back\""), text(words(call)));
    assert_eq!(root("note:/ca.*/"), text(words(vec![Word::Like(regex("ca.*"))])));
    assert_eq!(root("note:calll~1"), text(words(vec![Word::Like(Pattern::Fuzzy(Fuzzy::new("calll", 1)))])));
    assert_eq!(
        ask(false, &[("terms.note", "ca?? \"~4")]).unwrap().search.root,
        text(Test::Words(Phrase::exact(["ca", "4"]))),
        "parameters are literal"
    );
    let folders = |q: &str| match root(q) {
        Node::Values(ValueTest { test: Test::Folders(folders), .. }) => folders.len(),
        _ => 0,
    };
    assert_eq!((folders("folder:/I.|o.*/"), folders("folder:in~1"), folders("folder:*")), (2, 1, 0));
}

#[test]
fn signs_that_values_do_not_have_are_refused_with_their_place() {
    let table = [
        ("queue:/a(/", "at character 9: \"Queue\" is a varchar field: expected something to match"),
        ("queue:/a/~1", "at character 9: \"Queue\" is a varchar field: no sign goes with an expression"),
        ("queue:\"a b\"~4", "at character 11: \"Queue\" is a varchar field: after a value only `~1` or `~2`"),
        ("queue:a*~1", "at character 8: \"Queue\" is a varchar field: a value has either"),
        ("note:\"a b\"~4", "at character 10: \"note\" is a text field: anchors, distances and times"),
        ("note:\"^ a b\"", "at character 6: \"note\" is a text field: anchors, distances and times"),
        ("note:bye~s<30", "at character 8: \"note\" is a text field: anchors, distances and times"),
        ("note:bye$", "at character 8: \"note\" is a text field: anchors, distances and times"),
        ("\"hold time\":/3/", "at character 12: \"hold time\" is a number field: regular expressions do not go"),
        ("\"hold time\":\"3\"~1", "at character 12: \"hold time\" is a number field: signs such as `~1` do not go"),
        ("called:2026*", "at character 7: \"called\" is a datetime field: `*` and `?` do not go"),
        ("paid:/t/", "at character 5: \"paid\" is a boolean field: regular expressions do not go"),
        ("tid:/a/", "at character 4: \"tid\": ids are compared as a whole"),
        ("tid:\"a\"~1", "at character 4: \"tid\": ids are compared as a whole"),
        ("folder:/(/", "at character 9: \"folder\": expected something to match"),
    ];
    for (q, detail) in table {
        let (code, own) = refused(q);
        assert!(code == Code::QueryInvalid && own.starts_with(detail), "{q}: {own}");
    }
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
    assert!(detail.contains("did you mean \"Queue\"?"), "{detail}");
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
}
