//! Explanations of an engine on memory stores.
use crate::base::clock::Clock;
use crate::domain::identity::{CompanyName, FolderName, Key, OrgName, Place, Tid};
use crate::engine::admin::ConfigPath;
use crate::engine::types::{EditOptions, IngestOptions, Wait};
use crate::engine::{Caller, Engine, Error, Settings};
use crate::query::request::SearchRequest;
use crate::stores::Stores;
use crate::stores::archive::memory::MemoryArchive;
use crate::stores::database::memory::MemoryDatabase;
use crate::stores::index::memory::MemoryIndex;
use serde_json::{Value, json};
use std::sync::Arc;

struct House {
    engine: Engine,
    owner: Caller,
}

impl House {
    /// Folders In (`queue`, `pin` personal) and Other (nothing configured), a transcript `t1` in In, `t2` in Other.
    async fn furnished() -> Self {
        let stores = Stores {
            database: Arc::new(MemoryDatabase::new()),
            index: Arc::new(MemoryIndex::new()),
            archive: Arc::new(MemoryArchive::default()),
        };
        let engine = Engine::open(stores, Settings::default(), Clock::system()).unwrap();
        let house = Self { engine, owner: Caller::owner() };
        house.configure("", r#"{"Acme":{}}"#).await;
        house.configure("Acme/orgs", r#"{"Acme-Sales":{"fields":{"pin":{"type":"varchar","pii":true}}}}"#).await;
        let folders = r#"{"In":{"custom_meta":["queue","pin"]},"Other":{}}"#;
        house.configure("Acme/Acme-Sales/folders", folders).await;
        house.put("t1", "In", json!({"queue": "sales", "pin": "0314"})).await;
        house.put("t2", "Other", json!({"queue": "sales"})).await;
        house
    }

    async fn configure(&self, path: &str, body: &str) {
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let path = ConfigPath::parse(&segments).unwrap().unwrap();
        self.engine.change_config(&self.owner, &path, body, None, false).await.unwrap();
    }

    async fn put(&self, tid: &str, folder: &str, data: Value) -> String {
        let body = json!({"client_data": data, "utterances": [
            {"speaker": "agent", "start": 0.0, "end": 1.5, "text": "good morning"},
            {"speaker": "client", "start": 2.0, "end": 3.5, "text": "cancel my plan"},
        ]});
        let options = IngestOptions { folder: Some(FolderName::parse(folder).unwrap()), ..Default::default() };
        let place = Place { company: company(), org: org(), tid: Tid::parse(tid).unwrap() };
        let wait = EditOptions { wait: Wait::Search, ..EditOptions::default() };
        self.engine.put_transcript(&self.owner, &place, body.to_string(), options, wait).await.unwrap().mark
    }

    async fn explain(&self, caller: &Caller, folder: Option<&str>, q: &str, tid: &str) -> Result<Value, Error> {
        let pairs = vec![("q".to_owned(), q.to_owned())];
        let request = SearchRequest::from_pairs(pairs, &self.engine.settings().limits).unwrap();
        let folder = folder.map(|name| FolderName::parse(name).unwrap());
        let (company, org) = (company(), org());
        let path = (&company, Some(&org), folder.as_ref());
        let explanation = super::ask(&self.engine.core, caller, path, request, tid.to_owned()).await?;
        Ok(serde_json::to_value(explanation).unwrap())
    }
}

fn company() -> CompanyName {
    CompanyName::parse("Acme").unwrap()
}

fn org() -> OrgName {
    OrgName::parse("Acme-Sales").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_that_is_found_says_by_what() {
    let house = House::furnished().await;
    let told = house.explain(&house.owner, None, "client:cancel queue:sales", "t1").await.unwrap();
    assert_eq!(
        told,
        json!({
            "tid": "t1", "org": "Acme-Sales", "folder": "In", "revision": 1, "matches": true, "found": true,
            "clauses": {
                "clause": "client:cancel AND queue:sales", "kind": "and", "matched": true,
                "clauses": [
                    {"clause": "client:cancel", "kind": "words", "matched": true,
                        "by": [{"turn": 1, "speaker": "client", "start": 2.0, "text": ["cancel"]}]},
                    {"clause": "queue:sales", "kind": "value", "matched": true, "by": [{"value": "sales"}]}
                ]
            },
            "scope": {"within": true},
            "folder_state": {"configured": ["queue"], "unconfigured": [], "status": "OK", "searchable": true}
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_that_is_not_found_says_why() {
    let house = House::furnished().await;
    let told = house.explain(&house.owner, None, "queue:sales", "t2").await.unwrap();
    assert_eq!((&told["matches"], &told["found"]), (&json!(false), &json!(false)));
    assert_eq!(told["clauses"]["why"], "the field is not configured in folder Other: configured in In");
    assert_eq!(told["folder_state"]["unconfigured"], json!(["queue"]));
    let told = house.explain(&house.owner, Some("In"), "cancel", "t2").await.unwrap();
    assert_eq!((&told["matches"], &told["found"]), (&json!(false), &json!(false)));
    assert_eq!(told["clauses"]["matched"], true);
    assert_eq!(told["scope"]["why"], "the transcript lies in folder Other, which is not searched");
    let told = house.explain(&house.owner, None, "agent:cancel", "t1").await.unwrap();
    assert_eq!(told["clauses"]["why"], "no turn of the agent holds it; said by others in turn 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_not_found_and_personal_data_is_masked() {
    let house = House::furnished().await;
    for tid in ["nobody", "", "a/b"] {
        let error = house.explain(&house.owner, None, "*", tid).await.unwrap_err();
        assert_eq!(error.to_string(), Error::absent().to_string(), "{tid}");
    }
    let mut narrow = house.owner.clone();
    narrow.rights = Arc::from([crate::domain::access::Right::Read]);
    let told = house.explain(&narrow, None, "pin:0314", "t1").await.unwrap();
    assert_eq!(told["clauses"]["by"], json!([{"value": "***"}]));
    narrow.scope.company = Some(company());
    narrow.scope.org = Some(org());
    narrow.scope.folder = Some(FolderName::parse("In").unwrap());
    let error = house.explain(&narrow, None, "*", "t2").await.unwrap_err();
    assert_eq!(error.to_string(), Error::absent().to_string());
    assert!(house.explain(&narrow, None, "*", "t1").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_while_an_explanation_waits_for_its_mark_is_seen() {
    let house = House::furnished().await;
    let mark = house.put("t1", "In", json!({"mood": "glad"})).await;
    let core = house.engine.core.clone();
    let own = core.world().catalogue.org(&company(), &org()).unwrap().id;
    // Something of the organisation that the index owes until it is settled here.
    let owed = loop {
        core.index.owe(Key(9_000), own, 1);
        let claim = core.index.claim(10);
        if claim.keys().contains(&Key(9_000)) {
            break claim;
        }
    };
    let pairs = vec![("q".to_owned(), "mood:glad".to_owned()), ("after".to_owned(), mark)];
    let request = SearchRequest::from_pairs(pairs, &house.engine.settings().limits).unwrap();
    let (company, org) = (company(), org());
    let mut asking = Box::pin(super::ask(&core, &house.owner, (&company, Some(&org), None), request, "t1".to_owned()));
    assert!(futures_util::poll!(&mut asking).is_pending(), "it waits for the index");
    house.configure("Acme/Acme-Sales/In", r#"{"custom_meta":["queue","pin","mood"]}"#).await;
    owed.settle_all();
    let told = asking.await.unwrap();
    assert_eq!(told.folder_state.configured, ["mood"]);
}
