//! Retention on stores in memory, with a clock that is set by hand.
use super::DAY;
use crate::base::clock::{Clock, Timestamp};
use crate::domain::identity::{CompanyName, FolderName, OrgName, Place, Tid};
use crate::engine::admin::ConfigPath;
use crate::engine::types::{EditOptions, IngestOptions};
use crate::engine::{Caller, Engine, Settings};
use crate::stores::Stores;
use crate::stores::archive::memory::MemoryArchive;
use crate::stores::database::memory::MemoryDatabase;
use crate::stores::index::memory::MemoryIndex;
use std::sync::Arc;
use std::time::{Duration, Instant};

const START: i64 = 1_700_000_000_000_000;

struct House {
    engine: Engine,
    clock: Clock,
    owner: Caller,
}

impl House {
    async fn new(enforce: bool, config: &str) -> Self {
        let stores = Stores {
            database: Arc::new(MemoryDatabase::default()),
            index: Arc::new(MemoryIndex::default()),
            archive: Arc::new(MemoryArchive::default()),
        };
        let mut settings = Settings::default();
        settings.retention.enforce = enforce;
        let clock = Clock::manual(Timestamp(START));
        let engine = Engine::open(stores, settings, clock.clone()).unwrap();
        let house = Self { engine, clock, owner: Caller::owner() };
        house.post("", config).await;
        house.post("orgs", r#"{"Own":{"retention":30},"Inherits":{},"Zero":{"retention":0}}"#).await;
        for org in ["Own", "Inherits", "Zero"] {
            house.post(org, r#"{"In":{}}"#).await;
        }
        house
    }

    async fn post(&self, below: &str, body: &str) {
        let path = match below {
            "" => ConfigPath::parse(&[]),
            "orgs" => ConfigPath::parse(&["Acme", "orgs"]),
            org => ConfigPath::parse(&["Acme", org, "folders"]),
        };
        self.engine.change_config(&self.owner, &path.unwrap().unwrap(), body, None, false).await.unwrap();
    }

    fn place(org: &str, tid: &str) -> Place {
        Place {
            company: CompanyName::parse("Acme").unwrap(),
            org: OrgName::parse(org).unwrap(),
            tid: Tid::parse(tid).unwrap(),
        }
    }

    /// A conversation so many days before the start.
    async fn bring(&self, org: &str, tid: &str, days: i64) {
        let when = Timestamp(START - days * DAY).rfc3339();
        let text = format!(r#"{{"client_data":{{"datetime":"{when}"}},"utterances":[]}}"#);
        let ingest = IngestOptions { folder: Some(FolderName::parse("In").unwrap()), ..IngestOptions::default() };
        let place = Self::place(org, tid);
        self.engine.put_transcript(&self.owner, &place, text, ingest, EditOptions::default()).await.unwrap();
    }

    async fn has(&self, org: &str, tid: &str) -> bool {
        self.engine.read_metadata(&self.owner, &Self::place(org, tid)).await.is_ok()
    }

    /// Waits until so many are erased.
    async fn erased(&self, count: u64) {
        let begun = Instant::now();
        while self.engine.figures().retention_erased < count {
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", self.engine.figures());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.engine.figures().retention_erased, count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_organisation_else_the_company_keeps_goes_day_by_day() {
    let house = House::new(true, r#"{"Acme":{"retention":100}}"#).await;
    for org in ["Own", "Inherits", "Zero"] {
        house.bring(org, "young", 10).await;
        house.bring(org, "middle", 29).await;
    }
    // A time that cannot be right counts from the time of the ingest.
    house.bring("Own", "future", -400).await;
    house.bring("Own", "absurd", 30_000).await;
    house.clock.set(Timestamp(START + 2 * DAY));
    house.erased(1).await;
    assert!(!house.has("Own", "middle").await);
    for (org, tid) in
        [("Own", "young"), ("Own", "future"), ("Own", "absurd"), ("Inherits", "middle"), ("Zero", "middle")]
    {
        assert!(house.has(org, tid).await, "{org}/{tid}");
    }
    house.clock.set(Timestamp(START + 91 * DAY));
    house.erased(6).await;
    assert!(!house.has("Own", "absurd").await && !house.has("Own", "future").await);
    assert!(!house.has("Inherits", "young").await && house.has("Zero", "middle").await, "0 is for ever");
    house.engine.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_unless_it_is_enforced_and_a_number_says_so() {
    for (enforce, config) in [(false, r#"{"Acme":{"retention":5}}"#), (true, r#"{"Acme":{}}"#)] {
        let house = House::new(enforce, config).await;
        house.bring("Inherits", "old", 900).await;
        house.clock.set(Timestamp(START + 3 * DAY));
        // With an erasure of another organisation behind it, a sweep has gone through all of them.
        house.bring("Own", "old", 900).await;
        house.clock.set(Timestamp(START + 5 * DAY));
        if enforce {
            house.erased(1).await;
        }
        assert!(house.has("Inherits", "old").await);
        house.engine.drain(Duration::from_secs(10)).await;
    }
}
