//! A small configuration and a few transcripts, made once by the program's own means.
use linernotes::base::clock::Timestamp;
use linernotes::domain::builtins::Builtins;
use linernotes::domain::catalogue::{Catalogue, Company, Folder, Org};
use linernotes::domain::fields::FolderSchema;
use linernotes::domain::fields::value::ValueBounds;
use linernotes::domain::identity::field_name::NameRules;
use linernotes::domain::identity::{CompanyName, FolderName, Key, OrgName, Revision, Tid};
use linernotes::domain::limits::Limits;
use linernotes::domain::metadata::Metadata;
use linernotes::domain::projection::project;
use linernotes::domain::record::Record;
use linernotes::domain::transcript::read::read;
use linernotes::engine::Caller;
use linernotes::engine::admin::ConfigPath;
use linernotes::engine::admin::apply::{Change, Context, change};
use linernotes::query::evaluate::Document;
use linernotes::query::resolve::world::{Searched, World};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

pub const BOUNDS: ValueBounds = ValueBounds { value_bytes: 32 << 10, text_bytes: 1 << 20 };

/// 2026-03-01T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_772_366_400_000_000);

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let fields = r#"{"hold time":{"type":"number"},"note":{"type":"text"},"called":{"type":"datetime"},
        "vip":{"type":"boolean"},"ref":{"type":"uuid"},"mood":{"type":"enum","values":["good","bad"],"multi":true},
        "link":{"type":"link"},"marks":{"type":"keyframes"},"queue":{"type":"varchar","substring":true},
        "address.city":{"type":"varchar"},"speaker.Dr X":{"type":"varchar"}}"#;
    let names =
        r#"["hold time","note","called","vip","ref","mood","link","marks","queue","address.city","speaker.Dr X"]"#;
    let steps = [
        ("", r#"{"Acme":{"name":"Acme Ltd"}}"#.to_owned()),
        ("Acme/orgs", format!(r#"{{"Sales":{{"timezone":"Europe/Berlin","fields":{fields}}}}}"#)),
        ("Acme/Sales/folders", format!(r#"{{"In":{{"custom_meta":{names},"speakers":{{"agent":["Wizard",1]}}}}}}"#)),
        ("Acme/Sales/folders", r#"{"Out":{"custom_meta":["note","queue"],"on_mismatch":"store"}}"#.to_owned()),
    ];
    steps.iter().fold(Catalogue::default(), |catalogue, (path, body)| {
        changed(&catalogue, &config_path(path).expect("a path"), body).expect("the small configuration").catalogue
    })
});

/// A path of the configuration, as its segments stand in an address.
pub fn config_path(path: &str) -> Option<ConfigPath> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    ConfigPath::parse(&segments).ok().flatten()
}

/// What a body posted to a path does to a configuration, for its owner.
pub fn changed(catalogue: &Catalogue, path: &ConfigPath, body: &str) -> Option<Change> {
    let limits = Limits::default();
    let context = Context {
        now: NOW,
        limits: &limits,
        names: NameRules::VSpark,
        holds_transcripts: &|_| false,
        statuses: &|_| None,
    };
    change(catalogue, &Caller::owner(), path, body, &context).ok()
}

pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

fn home() -> Option<(&'static Company, &'static Org, &'static Folder)> {
    let company = CATALOGUE.company(&CompanyName::parse("Acme").ok()?)?;
    let org = company.orgs.get(&OrgName::parse("Sales").ok()?)?;
    Some((company, org, org.folders.get(&FolderName::parse("In").ok()?)?))
}

/// The schema of the folder that has every type.
pub fn schema() -> Option<Arc<FolderSchema>> {
    home().map(|(_, _, folder)| folder.schema.clone())
}

/// Some transcripts of both folders.
pub static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let calls = [
        (
            "In",
            r#"{"hold time":12.5,"queue":"Billing","note":"call Back soon","vip":true,"mood":["good","bad"]}"#,
            r#"[{"start":0,"end":4,"speaker":"Agent","text":"please hold on, don't cancel the plan"},
             {"start":5,"end":9,"speaker":"Client","text":"I want to cancel my plan NOW"}]"#,
        ),
        (
            "In",
            r#"{"hold time":[1,-3e2],"queue":["sales","Über"],"called":"2026-01-15T10:00:00","address":{"city":"Köln"}}"#,
            r#"[{"start":0,"end":2,"speaker":"Wizard","text":"北京 Zürich ΣΊΓΜΑ straße"},
             {"start":1.5,"speaker":"Dr X","text":"plan plan plane cancels 42 a.b e-mail"}]"#,
        ),
        (
            "In",
            r#"{"ref":"67e55044-10b1-426f-9247-bb680e5fe0c8","marks":[1000,2000],"link":"https://example.org/a","datetime":"2026-02-28"}"#,
            "[]",
        ),
        (
            "Out",
            r#"{"queue":"*","note":["x y","cancel"]}"#,
            r#"[{"text":"a b a b a"},{"start":3,"end":1,"speaker":"user","text":""},{"start":10,"speaker":"client","text":"yes yes no"}]"#,
        ),
        ("Out", "{}", r#"[{"start":0,"end":1,"speaker":"agent","text":"\u0000 ﷺ 👍🏽 ﬁ İ"}]"#),
    ];
    calls
        .iter()
        .zip(1..)
        .filter_map(|((folder, metadata, turns), key)| document(key, folder, metadata, turns))
        .collect()
});

fn document(key: u32, folder: &str, metadata: &str, turns: &str) -> Option<Document> {
    let (_, org, _) = home()?;
    let folder = org.folders.get(&FolderName::parse(folder).ok()?)?;
    let received = read(&format!(r#"{{"utterances":{turns},"audiosecs":{key}0}}"#), &Limits::default()).ok()?;
    let metadata = Metadata::lenient(metadata).ok()?;
    let projection = project(&metadata, &folder.schema, BOUNDS);
    let record = Record {
        key: Key(key),
        org: org.id,
        folder: folder.id,
        tid: Tid::parse(&format!("t{key}")).ok()?,
        revision: Revision(1),
        schema_version: folder.schema.version,
        words_revision: Revision(1),
        last_modified: NOW.0 + i64::from(key),
        builtins: Builtins::derive(&received.facts, &metadata, &org.zone, NOW),
        values: projection.values.into_iter().map(|value| (value.field, value.typed)).collect(),
        words: received.facts.words,
    };
    Some(Document { record, turns: received.turns })
}

/// Everything as a search sees it.
pub fn searching<T>(limits: &Limits, run: impl FnOnce(&World<'_>) -> T) -> Option<T> {
    let (company, org, _) = home()?;
    let searched = [Searched { company, org, folders: org.folders.values().map(|folder| &**folder).collect() }];
    let seen = HashSet::from(["agentgroup".to_owned()]);
    Some(run(&World { searched: &searched, limits, seen: &seen, pii: true, schema: true }))
}

/// The organisation's clock.
pub fn zone() -> Option<jiff::tz::TimeZone> {
    home().map(|(_, org, _)| org.zone.clone())
}
