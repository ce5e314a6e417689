//! One engine on memory stores that outlive it: started, stopped, crashed, started again.
use crate::faulty::{Faults, faulty};
use linernotes::base::clock::Clock;
use linernotes::domain::identity::{CompanyName, FolderName, OrgName, Place};
use linernotes::engine::admin::{ConfigPath, DeleteOptions};
use linernotes::engine::fields::{At, Options};
use linernotes::engine::types::{EditOptions, IngestOptions, Ingested, MetadataMode};
use linernotes::engine::{Caller, Engine, Error, Settings};
use linernotes::query::request::SearchRequest;
use linernotes::stores::Stores;
use linernotes::stores::archive::memory::MemoryArchive;
use linernotes::stores::database::memory::MemoryDatabase;
use linernotes::stores::index::memory::MemoryIndex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const COMPANY: &str = "Acme";
pub const ORG: &str = "Acme-Sales";
/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An engine and its stores.
pub struct House {
    /// Behind the faults.
    pub stores: Stores,
    pub faults: Arc<Faults>,
    pub engine: Engine,
    pub owner: Caller,
}

impl House {
    pub fn new() -> Self {
        let stores = Stores {
            database: Arc::new(MemoryDatabase::new()),
            index: Arc::new(MemoryIndex::new()),
            archive: Arc::new(MemoryArchive::default()),
        };
        let faults = Arc::new(Faults::default());
        let engine = open(&stores, &faults);
        Self { stores, faults, engine, owner: Caller::owner() }
    }

    /// With a company, an organisation with typed fields, and two folders.
    pub async fn furnished() -> Self {
        let house = Self::new();
        house.configure("", r#"{"Acme":{}}"#).await.unwrap();
        house.furnish().await;
        house
    }

    pub async fn furnish(&self) {
        let org =
            r#"{"Acme-Sales":{"fields":{"rating":{"type":"number"},"vip":{"type":"boolean"},"note":{"type":"text"}}}}"#;
        self.configure("Acme/orgs", org).await.unwrap();
        self.configure("Acme/Acme-Sales/folders", r#"{"A":{"custom_meta":["queue","rating"]},"B":{}}"#).await.unwrap();
    }

    /// Stops in order and starts again.
    pub async fn restart(&mut self) {
        assert!(self.engine.drain(PATIENCE).await, "the stores are level at the end");
        self.faults = Arc::new(Faults::default());
        self.engine = open(&self.stores, &self.faults);
    }

    /// The process dies: what it held in memory is gone.
    pub async fn crash(&mut self) {
        self.faults.kill();
        self.engine.drain(Duration::ZERO).await;
        self.faults = Arc::new(Faults::default());
        self.engine = open(&self.stores, &self.faults);
    }

    /// The process dies, and again while it starts, after so many calls of the stores; then it starts.
    pub async fn crash_twice(&mut self, calls: u64) {
        self.faults.kill();
        self.engine.drain(Duration::ZERO).await;
        let faults = Arc::new(Faults::default());
        faults.crash_in(calls, calls.is_multiple_of(2));
        if let Ok(engine) = Engine::open(faulty(&self.stores, &faults), settings(), Clock::system()) {
            faults.kill();
            engine.drain(Duration::ZERO).await;
        }
        self.faults = Arc::new(Faults::default());
        self.engine = open(&self.stores, &self.faults);
    }

    /// The index is lost with the next start.
    pub fn lose_index(&mut self) {
        self.stores.index = Arc::new(MemoryIndex::new());
    }

    /// Waits until back-fills, jobs and sinks have nothing to do.
    pub async fn quiet(&self) {
        let begun = Instant::now();
        loop {
            assert!(self.engine.level(PATIENCE).await, "not level: {:?}", self.engine.figures());
            let figures = self.engine.figures();
            if figures.jobs == 0 && figures.backfill == 0 && figures.owed_index + figures.owed_archive == 0 {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "not quiet: {figures:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(self.engine.level(PATIENCE).await);
        assert_eq!(self.engine.figures().quarantined, 0, "transcripts were set aside");
    }

    pub async fn configure(&self, path: &str, body: &str) -> Result<Value, Error> {
        let answer = self.engine.change_config(&self.owner, &config_path(path), body, None, false).await;
        answer.map(|(value, _)| value)
    }

    /// Gives a field of the organisation another type, also where folders list it.
    pub async fn retype(&self, field: &str, kind: &str) -> Result<Value, Error> {
        let at = At { company: company(), org: org() };
        let body = format!("{{\"type\":\"{kind}\"}}");
        let defined = self.engine.define_field(&self.owner, &at, (field, &body), Options::default()).await;
        defined.map(|(field, _)| field)
    }

    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        let options = DeleteOptions { multi: true, tree: true, ..Default::default() };
        self.engine.delete_config(&self.owner, &config_path(path), options).await
    }

    pub async fn put(
        &self,
        tid: &str,
        folder: Option<&str>,
        mode: Option<MetadataMode>,
        text: &str,
    ) -> Result<Ingested, Error> {
        let options = ingest(folder, mode);
        self.engine.put_transcript(&self.owner, &place(tid), text.to_owned(), options, EditOptions::default()).await
    }

    /// Ids found by a query in the whole organisation, and the total; `None` when it is refused.
    pub async fn find(&self, query: &str) -> Result<BTreeSet<String>, Error> {
        let pairs = [("q", query), ("size", "1000"), ("fields", "tid")];
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = SearchRequest::from_pairs(pairs, &self.engine.settings().limits).unwrap();
        let (company, org) = (company(), org());
        let answer = self.engine.search(&self.owner, &company, Some(&org), None, request).await?;
        let tid = |row: &linernotes::engine::types::ResultRow| {
            let members: serde_json::Value = serde_json::from_str(&row.json()).unwrap();
            members["tid"].as_str().unwrap().to_owned()
        };
        let found: BTreeSet<String> = answer.rows.iter().map(tid).collect();
        assert_eq!(answer.total, found.len() as u64, "the total of {query:?}");
        Ok(found)
    }
}

fn open(stores: &Stores, faults: &Arc<Faults>) -> Engine {
    Engine::open(faulty(stores, faults), settings(), Clock::system()).unwrap()
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.workers.index_rest = 0;
    settings
}

pub fn ingest(folder: Option<&str>, mode: Option<MetadataMode>) -> IngestOptions {
    IngestOptions { folder: folder.map(|f| FolderName::parse(f).unwrap()), metadata: mode, id_key: None }
}

pub fn config_path(path: &str) -> ConfigPath {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    ConfigPath::parse(&segments).unwrap().unwrap()
}

pub fn company() -> CompanyName {
    CompanyName::parse(COMPANY).unwrap()
}

pub fn org() -> OrgName {
    OrgName::parse(ORG).unwrap()
}

pub fn place(tid: &str) -> Place {
    crate::invariants::place(COMPANY, ORG, tid)
}

/// The code of a refusal; a store's failure is `store`.
pub fn code<T>(result: &Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Error::Refused(refusal)) => refusal.code.text(),
        Err(Error::Store(_)) => "store",
    }
}

/// A transcript that says one word, with metadata.
pub fn transcript(word: &str, client_data: Option<&Value>) -> String {
    let mut body = serde_json::json!({"utterances": [{"speaker": "agent", "start": 0.0, "end": 1.5, "text": word}]});
    if let Some(data) = client_data {
        body["client_data"] = data.clone();
    }
    body.to_string()
}
