//! What every use case works with: stores, configuration in force, locks, committer, progress of the sinks.
use super::admission::{Admission, LongReads};
use super::at_once::AtOnce;
use super::counters::Counters;
use super::edit::committer::Committer;
use super::edit::current::Cache;
use super::edit::locks::Locks;
use super::jobs::account::Account;
use super::jobs::board::Board;
use super::seen::Seen;
use super::settings::Settings;
use super::tokens::table::TokenTable;
use super::workers::backfill::board::Backfills;
use super::workers::jobs::list::Jobs;
use super::workers::progress::Progress;
use super::world::World;
use crate::base::clock::{Clock, Timestamp};
use crate::domain::identity::Key;
use crate::stores::Stores;
use crate::stores::database::rows::Identity;
use crate::stores::error::{Kind, Store, StoreError};
use crate::stores::staging::Staging;
use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Transcripts read from the stores at once: enough to keep a disk busy. More threads would only hold each other up, and
/// want more connections of the database than are kept.
pub const LOADS: usize = 12;

/// The engine's insides, shared by use cases and workers.
pub struct Core {
    /// The three stores.
    pub stores: Stores,
    /// What the engine was told at start.
    pub settings: Settings,
    /// Time.
    pub clock: Clock,
    /// When the engine was opened.
    pub started: Timestamp,
    /// Who the store is.
    pub identity: Identity,
    /// The configuration in force.
    pub world: Arc<ArcSwap<World>>,
    /// Tokens by digest.
    pub tokens: ArcSwap<TokenTable>,
    /// Transcripts being edited.
    pub locks: Locks,
    /// Room for reads of long bodies.
    pub long_reads: LongReads,
    /// Recently edited transcripts.
    pub cache: Arc<Cache>,
    /// Turns to read from the stores what the cache does not have.
    pub loading: Arc<Semaphore>,
    /// The writer.
    pub committer: Committer,
    /// What the index owes.
    pub index: Arc<Progress>,
    /// What the archive owes.
    pub archive: Arc<Progress>,
    /// Names seen without being configured.
    pub seen: Arc<Seen>,
    /// Figures.
    pub counters: Arc<Counters>,
    /// Back-fills that run.
    pub backfills: Backfills,
    /// Jobs that run.
    pub jobs: Jobs,
    /// Jobs of the lane: imports, edits by query.
    pub board: Board,
    /// Uploads that are being taken in, by request id.
    pub uploads: Mutex<BTreeMap<String, Account>>,
    /// Rows that wait for their jobs.
    pub staging: Option<Staging>,
    /// The last index batch.
    pub batches: AtomicU64,
    /// One change of the configuration at a time.
    pub configuring: tokio::sync::Mutex<()>,
    /// Shared by who commits transcripts and gives their bodies names; whoever deletes an organisation takes it once,
    /// so that no body of it takes its name after its files are gone.
    pub landing: parking_lot::RwLock<()>,
    /// Searches at once, and those that wait.
    pub searching: Admission,
    /// Of these the ones that bring whole transcripts or archives, and those of them that wait: they have a door of their own
    /// before that of all searches, so that a crowd of them never fills it.
    pub bringing_much: Admission,
    /// Whether cheap searches are answered where they are asked.
    pub at_once: AtOnce,
    /// Whether the index is complete enough to be asked.
    pub index_ready: AtomicBool,
    /// Whether the database has a note that the index is being rebuilt.
    pub rebuild_noted: AtomicBool,
    /// The backup that is made, or was made last.
    pub backup: crate::engine::upkeep::backup_board::Board,
    /// Erasures that run or are done.
    pub erasures: crate::engine::upkeep::erasures::Board,
    /// Set when the index is to be made again; the indexer does it.
    pub reindexing: AtomicBool,
    /// Set when the index may be damaged; the auditor looks.
    pub index_doubted: AtomicBool,
    /// Transcripts of the rebuild that runs or ran last.
    pub rebuild_total: AtomicU64,
    /// Set when the server stops.
    pub closing: AtomicBool,
    /// The last key given.
    pub last_key: AtomicU32,
    /// The commit whose mark was asked for last, and that mark.
    pub last_mark: Mutex<(u64, String)>,
    /// Wakes threads that pause when the server stops.
    pub stop: (Mutex<()>, Condvar),
}

impl Core {
    /// The configuration in force.
    pub fn world(&self) -> arc_swap::Guard<Arc<World>> {
        self.world.load()
    }

    /// Sleeps, unless the server stops; whether it does.
    pub fn pause(&self, how_long: Duration) -> bool {
        let mut lock = self.stop.0.lock();
        if !self.closing() {
            self.stop.1.wait_for(&mut lock, how_long);
        }
        self.closing()
    }

    /// Rows that wait for their jobs.
    ///
    /// # Errors
    /// `Unavailable` when the engine was given no folder for them.
    pub fn staging(&self) -> Result<&Staging, StoreError> {
        let none = || StoreError::plain(Store::Staging, Kind::Unavailable, "open: the engine has no folder for rows");
        self.staging.as_ref().ok_or_else(none)
    }

    /// A key never given before.
    pub fn take_key(&self) -> Key {
        Key(self.last_key.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
