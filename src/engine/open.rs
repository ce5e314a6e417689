//! Opening and closing: what a crash left is settled, the configuration loaded, the workers started; the stores are
//! level before the end.
use super::admin::stored;
use super::admission::{Admission, LongReads};
use super::at_once::AtOnce;
use super::core::{Core, LOADS};
use super::counters::Counters;
use super::edit::committer::{Committer, Shared};
use super::edit::current::Cache;
use super::edit::locks::Locks;
use super::error::Result;
use super::jobs::lane;
use super::jobs::work::Work;
use super::seen::Seen;
use super::settings::Settings;
use super::tokens::table::TokenTable;
use super::workers::jobs::list::Task;
use super::workers::progress::Progress;
use super::workers::{archiver, auditor, backfill, indexer, janitor, jobs, rebuild, retention};
use super::world::World;
use crate::base::causes::chain;
use crate::base::clock::Clock;
use crate::domain::identity::{Key, Place, Revision};
use crate::stores::Stores;
use crate::stores::archive::Fate;
use crate::stores::database::{Checkpoint, Row, Sink, Write};
use crate::stores::error::{Store, StoreError};
use crate::stores::index::Opened;
use crate::stores::staging::Staging;
use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// The threads of an engine.
pub struct Workers {
    followers: Mutex<Vec<JoinHandle<()>>>,
    helpers: Mutex<Vec<JoinHandle<()>>>,
}

/// Recovers, loads, starts.
///
/// # Errors
/// The stores'; `Corrupt` when the stored configuration cannot be read.
pub fn open(stores: Stores, settings: Settings, clock: Clock) -> Result<(Arc<Core>, Workers)> {
    let identity = stores.database.identity()?;
    let catalogue = stored::from_stored(stores.database.objects()?, identity.last_object)?;
    let world = Arc::new(ArcSwap::from_pointee(World::new(catalogue)));
    sweep(&stores, &world.load())?;
    let (index, archive) = (Arc::new(Progress::default()), Arc::new(Progress::default()));
    let complete = owed(&stores, &index, &archive)?;
    let cache = Arc::new(Cache::new(settings.workers.cache_bytes));
    let counters = Arc::new(Counters::default());
    let seen = Arc::new(Seen::new(stores.database.seen()?));
    let shared = Shared {
        database: stores.database.clone(),
        world: world.clone(),
        cache: cache.clone(),
        index: index.clone(),
        archive: archive.clone(),
        seen: seen.clone(),
        counters: counters.clone(),
    };
    let committer = Committer::start(shared, settings.workers.commit_queue, settings.workers.commit_writes)
        .map_err(|e| StoreError::io(Store::Database, "start the committer", e))?;
    let tokens = ArcSwap::from_pointee(TokenTable::new(stores.database.tokens()?));
    let limits = &settings.limits;
    let staging = settings.staging.clone().map(Staging::new);
    let core = Arc::new(Core {
        locks: Locks::new(limits.waiting_per_transcript, Duration::from_millis(limits.lock_timeout_ms)),
        searching: Admission::new(settings.workers.searches, settings.workers.search_queue),
        bringing_much: Admission::new(settings.workers.searches / 2, settings.workers.search_queue),
        at_once: AtOnce::default(),
        long_reads: LongReads::default(),
        last_mark: Mutex::default(),
        last_key: AtomicU32::new(identity.last_key),
        batches: AtomicU64::new(identity.index_batch.max(identity.commit)),
        index_ready: AtomicBool::new(complete),
        rebuild_noted: AtomicBool::new(false),
        backup: Default::default(),
        erasures: Default::default(),
        reindexing: AtomicBool::new(false),
        index_doubted: AtomicBool::new(false),
        rebuild_total: AtomicU64::new(index.len() as u64),
        stores,
        settings,
        started: clock.now(),
        clock,
        identity,
        world,
        tokens,
        cache,
        committer,
        index,
        archive,
        seen,
        counters,
        backfills: Default::default(),
        jobs: Default::default(),
        board: Default::default(),
        uploads: Mutex::default(),
        staging,
        configuring: tokio::sync::Mutex::new(()),
        landing: Default::default(),
        loading: Arc::new(Semaphore::new(LOADS)),
        closing: AtomicBool::new(false),
        stop: (Mutex::new(()), Condvar::new()),
    });
    resume_jobs(&core)?;
    let workers = Workers::start(&core)?;
    Ok((core, workers))
}

/// Bodies staged when the process died: those whose commit stands get their names, the others go.
fn sweep(stores: &Stores, world: &World) -> Result<()> {
    let mut failed = None;
    stores.archive.sweep(&mut |key, words| match fate(stores, world, key, words) {
        Ok(fate) => fate,
        Err(error) => {
            failed = Some(error);
            Fate::Keep
        }
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

fn fate(stores: &Stores, world: &World, key: Key, words: Revision) -> crate::stores::error::Result<Fate> {
    let row = stores.database.load_keys(&[key])?.pop().flatten();
    let place = row.filter(|row: &Row| row.words_revision == words).and_then(|row| {
        let home = world.home(row.folder)?;
        Some(Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid })
    });
    Ok(place.map_or(Fate::Discard, Fate::Publish))
}

/// Loads what the sinks owe; whether the index came complete enough to be searched at once.
fn owed(stores: &Stores, index: &Progress, archive: &Progress) -> Result<bool> {
    let note = stores.database.jobs()?.into_iter().find(|job| job.id == janitor::REBUILD);
    let asked = note.as_ref().is_some_and(rebuild::is_asked);
    if asked {
        // Promised before the process ended; what the index holds does not count any more.
        stores.index.clear()?;
    }
    let empty = asked || stores.index.opened() == Opened::Empty;
    let noted = note.is_some();
    if empty {
        stores.database.owe_all_to_index()?;
        if (!noted || asked) && !stores.database.scan(None, None, 1)?.is_empty() {
            stores.database.commit(&[Write::PutJob(janitor::rebuild_note())])?;
        }
    }
    for (sink, progress) in [(Sink::Archive, archive), (Sink::Index, index)] {
        rebuild::load_owed(&*stores.database, sink, progress)?;
    }
    // A rebuild that a crash cut short left an index that opens well and holds a part.
    Ok(!(empty || noted) || index.is_empty())
}

/// Jobs go on; files of organisations deleted in the moment of a crash are set aside before anything can be made anew.
fn resume_jobs(core: &Arc<Core>) -> Result<()> {
    for job in core.stores.database.jobs()? {
        if job.id == janitor::REBUILD {
            core.rebuild_noted.store(true, Ordering::SeqCst);
            continue;
        }
        if let Some(work) = Work::read(&job) {
            core.board.put(work);
            continue;
        }
        if let Ok(Task::DiscardOrg { company, org_name }) = serde_json::from_str(&job.body) {
            if core.world().catalogue.org(&company, &org_name).is_none() {
                core.stores.archive.discard_org(&company, &org_name)?;
            }
        } else if let Ok(Task::Erase { key, org, .. }) = serde_json::from_str(&job.body) {
            core.index.owe(key, org, 0);
        }
        core.erasures.resumed(&job);
        core.jobs.add(job);
    }
    Ok(())
}

impl Workers {
    fn start(core: &Arc<Core>) -> Result<Self> {
        let followers = vec![
            spawn("archiver", core, |core, _| archiver::run(core))?,
            spawn("indexer", core, |core, _| indexer::run(core))?,
        ];
        let helpers = vec![
            spawn("auditor", core, auditor::run)?,
            spawn("backfill", core, backfill::run)?,
            spawn("jobs", core, jobs::run)?,
            spawn("retention", core, retention::run)?,
            spawn("lane", core, lane::run)?,
            spawn("janitor", core, |core, _| janitor::run(core))?,
        ];
        Ok(Self { followers: Mutex::new(followers), helpers: Mutex::new(helpers) })
    }

    /// Lets the sinks finish what is owed, at most `patience`; whether they did. Blocking.
    pub fn drain(&self, core: &Core, patience: Duration) -> bool {
        core.closing.store(true, Ordering::SeqCst);
        core.stop.1.notify_all();
        core.backfills.close();
        core.jobs.close();
        core.board.close();
        // Helpers that wait for the index look again, and see that they are to end.
        core.index.announce();
        join(&self.helpers);
        core.index.close();
        core.archive.close();
        let begun = std::time::Instant::now();
        let mut level = false;
        while begun.elapsed() < patience {
            level = self.followers.lock().iter().all(JoinHandle::is_finished);
            if level {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        if level {
            join(&self.followers);
        } else {
            // The next start goes on; until the process ends they must not push what nobody waits for.
            core.index.abandon();
            core.archive.abandon();
        }
        core.committer.stop();
        if level && let Err(error) = core.stores.database.checkpoint(Checkpoint::Empty) {
            tracing::warn!(error = %chain(&error), "the last checkpoint failed");
        }
        level
    }
}

fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    for thread in threads.lock().drain(..) {
        if thread.join().is_err() {
            tracing::error!("a worker thread panicked");
        }
    }
}

/// A worker thread with a small runtime of its own for waits. A panic is logged and the worker begins anew: what it
/// held went back with its claim.
fn spawn(name: &'static str, core: &Arc<Core>, work: fn(&Arc<Core>, &Runtime)) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|e| StoreError::io(Store::Database, "start a worker's timer", e))?;
    let core = core.clone();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        while std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&core, &runtime))).is_err() {
            tracing::error!(worker = name, "a worker panicked; it begins anew");
            if core.pause(Duration::from_millis(200)) {
                return;
            }
        }
    });
    Ok(thread.map_err(|e| StoreError::io(Store::Database, "start a worker", e))?)
}

/// Whether the engine can serve.
pub fn ready(core: &Core) -> std::result::Result<(), String> {
    if core.closing() {
        return Err("the server is stopping".to_owned());
    }
    core.stores.database.identity().map(drop).map_err(|e| chain(&e))
}
