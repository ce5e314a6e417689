//! Stores that fail, wait or go dead on demand: each call of a port has a name (`archive.put_metadata`) and may be told
//! to fail, or to wait until it is let go on.
use linernotes::domain::identity::{CompanyName, FolderId, Key, OrgId, OrgName, Place, Revision, Tid};
use linernotes::query::resolved::{ResolvedSearch, SearchPage};
use linernotes::stores::Stores;
use linernotes::stores::archive::{Archive, Erasure, Fate, Found, Frozen, MetadataFile, StagedBody};
use linernotes::stores::database::rows::{Identity, Job, OwedRow, PastJob, Row, StoredObject, StoredToken, Summary};
use linernotes::stores::database::writes::{Committed, Remembered, Write};
use linernotes::stores::database::{Administration, Checkpoint, Database, Log, Owing, Sink, Transcripts};
use linernotes::stores::error::{Kind, Result, Store, StoreError};
use linernotes::stores::index::{IndexEntry, IndexFigures, IndexWrite, Opened, SearchIndex};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is to happen to calls.
#[derive(Default)]
pub struct Faults(Mutex<Plan>);

#[derive(Default)]
struct Plan {
    /// Call → how many pass first, how many fail then, and how.
    fail: HashMap<&'static str, (usize, usize, Kind)>,
    hold: HashMap<&'static str, (Sender<()>, Receiver<()>)>,
    failed: usize,
    dead: bool,
    /// One call in so many fails, by a generator of its own.
    storm: Option<(u64, u64)>,
    /// Calls until the process dies, and whether that one is still done.
    crash: Option<(u64, bool)>,
    calls: u64,
    last: &'static str,
}

/// A call that is to wait. Dropped, it lets the call go on.
pub struct Held {
    reached: Mutex<Receiver<()>>,
    _go: Sender<()>,
}

impl Held {
    /// Waits until the call is made.
    pub fn reached(&self) {
        self.reached.lock().unwrap().recv_timeout(Duration::from_secs(20)).expect("the call is made");
    }
}

impl Faults {
    /// After `pass` calls of that name, `times` calls fail.
    pub fn fail(&self, call: &'static str, pass: usize, times: usize, kind: Kind) {
        self.0.lock().unwrap().fail.insert(call, (pass, times, kind));
    }

    /// Nothing fails any more.
    pub fn calm(&self) {
        let mut plan = self.0.lock().unwrap();
        plan.fail.clear();
        plan.storm = None;
    }

    /// One call of any kind in so many fails.
    pub fn storm(&self, seed: u64, one_in: u64) {
        self.0.lock().unwrap().storm = Some((seed | 1, one_in));
    }

    /// How many calls failed.
    pub fn failed(&self) -> usize {
        self.0.lock().unwrap().failed
    }

    /// The next call of that name waits.
    pub fn hold(&self, call: &'static str) -> Held {
        let (tell, reached) = channel();
        let (go, wait) = channel();
        self.0.lock().unwrap().hold.insert(call, (tell, wait));
        Held { reached: Mutex::new(reached), _go: go }
    }

    /// As after the end of the process: no call does anything.
    pub fn kill(&self) {
        self.0.lock().unwrap().dead = true;
    }

    /// The process dies at the call that comes after so many others: before it, or when it is `done`.
    pub fn crash_in(&self, calls: u64, done: bool) {
        self.0.lock().unwrap().crash = Some((calls, done));
    }

    /// The process will not die by itself any more; whether it is dead already.
    pub fn disarm(&self) -> bool {
        let mut plan = self.0.lock().unwrap();
        plan.crash = None;
        plan.dead
    }

    /// Whether the process has died.
    pub fn is_dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }

    /// The call at which it died.
    pub fn died_at(&self) -> &'static str {
        self.0.lock().unwrap().last
    }

    /// Counts down to the end; whether this call is the last one that is done.
    fn count_down(plan: &mut Plan, call: &'static str) -> bool {
        plan.calls += 1;
        match &mut plan.crash {
            Some((0, done)) => {
                let done = *done;
                plan.crash = None;
                plan.dead = true;
                plan.last = call;
                done
            }
            Some((left, _)) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn lost(store: Store, call: &'static str) -> StoreError {
        StoreError::plain(store, Kind::Unavailable, format!("{call}: the process died on purpose"))
    }

    /// Whether the process dies once the call is done.
    fn call(&self, store: Store, call: &'static str) -> Result<bool> {
        let mut plan = self.0.lock().unwrap();
        if Self::count_down(&mut plan, call) {
            return Ok(true);
        }
        if let Some((tell, wait)) = plan.hold.remove(call) {
            drop(plan);
            let _ = tell.send(());
            let _ = wait.recv();
            plan = self.0.lock().unwrap();
        }
        let dead = plan.dead;
        let mut kind = dead.then_some(Kind::Unavailable);
        if let Some((pass, times, how)) = plan.fail.get_mut(call) {
            if *pass > 0 {
                *pass -= 1;
            } else if *times > 0 {
                *times -= 1;
                kind = Some(*how);
            }
        }
        if let Some((state, one_in)) = plan.storm.as_mut() {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            if *state % *one_in == 0 {
                kind = kind.or(Some(if *state & 64 == 0 { Kind::Unavailable } else { Kind::OutOfSpace }));
            }
        }
        plan.failed += usize::from(kind.is_some());
        kind.map_or(Ok(false), |kind| Err(StoreError::plain(store, kind, format!("{call}: on purpose"))))
    }
}

/// The same stores, failing as told.
pub fn faulty(stores: &Stores, faults: &Arc<Faults>) -> Stores {
    let faulty = || faults.clone();
    Stores {
        database: Arc::new(FaultyDatabase(stores.database.clone(), faulty())),
        index: Arc::new(FaultyIndex(stores.index.clone(), faulty())),
        archive: Arc::new(FaultyArchive(stores.archive.clone(), faulty())),
    }
}

struct FaultyDatabase(Arc<dyn Database>, Arc<Faults>);
struct FaultyIndex(Arc<dyn SearchIndex>, Arc<Faults>);
struct FaultyArchive(Arc<dyn Archive>, Arc<Faults>);

macro_rules! pass {
    ($store:ident, $prefix:literal: $($name:ident($($arg:ident: $kind:ty),*) -> $back:ty;)*) => {$(
        fn $name(&self, $($arg: $kind),*) -> Result<$back> {
            let call = concat!($prefix, stringify!($name));
            let dies = self.1.call(Store::$store, call)?;
            let done = self.0.$name($($arg),*);
            if dies { Err(Faults::lost(Store::$store, call)) } else { done }
        }
    )*};
}

impl Transcripts for FaultyDatabase {
    pass! { Database, "database.":
        load(org: OrgId, tid: &Tid) -> Option<Row>;
        load_some(keys: &[Key], bytes: usize) -> Vec<Option<Row>>;
        scan(org: Option<OrgId>, after: Option<Key>, limit: usize) -> Vec<Row>;
        behind(folder: FolderId, version: u64, after: Option<Key>, limit: usize) -> Vec<Key>;
        count(folder: FolderId, version: u64) -> Summary;
        tombstone(org: OrgId, tid: &Tid) -> Option<u64>;
        replayed(digest: &[u8; 32], now: i64) -> Option<Remembered>;
    }
}

impl Owing for FaultyDatabase {
    pass! { Database, "database.":
        owed(sink: Sink, after: Option<Key>, limit: usize) -> Vec<OwedRow>;
        owe_all_to_index() -> ();
    }
}

impl Administration for FaultyDatabase {
    pass! { Database, "database.":
        objects() -> Vec<StoredObject>;
        tokens() -> Vec<StoredToken>;
        jobs() -> Vec<Job>;
        past_jobs() -> Vec<PastJob>;
        past_job(id: &str) -> Option<PastJob>;
        seen() -> Vec<(FolderId, String)>;
        identity() -> Identity;
    }
}

impl Database for FaultyDatabase {
    pass! { Database, "database.":
        commit(writes: &[Write]) -> Committed;
        checkpoint(how: Checkpoint) -> ();
        copy(to: &std::path::Path, begun: &mut dyn FnMut()) -> ();
        forget_kept() -> Vec<String>;
        check() -> Vec<String>;
    }

    fn log(&self) -> Log {
        self.0.log()
    }
}

impl SearchIndex for FaultyIndex {
    pass! { Index, "index.":
        apply(writes: Vec<IndexWrite>, batch: u64) -> ();
        search(search: &ResolvedSearch, budget: Duration) -> SearchPage;
        keys(search: &ResolvedSearch, budget: Duration) -> Vec<Key>;
        entries() -> Vec<IndexEntry>;
        clear() -> ();
        purge() -> ();
        check() -> Vec<String>;
    }

    fn opened(&self) -> Opened {
        self.0.opened()
    }

    fn figures(&self) -> IndexFigures {
        self.0.figures()
    }
}

impl Archive for FaultyArchive {
    pass! { Archive, "archive.":
        stage(bodies: &[StagedBody]) -> ();
        publish(bodies: &[(Place, Key, Revision)]) -> ();
        discard(bodies: &[(Key, Revision)]) -> ();
        sweep(fate: &mut dyn FnMut(Key, Revision) -> Fate) -> ();
        put_metadata(files: &[MetadataFile]) -> ();
        body(place: &Place, key: Key, words_revision: Revision) -> Option<String>;
        metadata(place: &Place) -> Option<MetadataFile>;
        erase(places: &[Place]) -> ();
        discard_org(company: &CompanyName, org: &OrgName) -> ();
        list(each: &mut dyn FnMut(Result<Found>)) -> ();
        catalogue() -> Option<String>;
        put_catalogue(text: &str) -> ();
        heal(place: &Place, body_sha256: Option<&str>) -> Vec<&'static str>;
        set_metadata_aside(place: &Place) -> ();
        tidy(belongs: &mut dyn FnMut(&Found) -> bool) -> Vec<String>;
        forget_aside(erased: &Erasure) -> Vec<String>;
        freeze() -> Box<dyn Frozen>;
    }

    fn is_frozen(&self) -> bool {
        self.0.is_frozen()
    }
}
