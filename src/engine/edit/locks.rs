//! One edit of a transcript at a time, first come first served (contract section 3: no race, no lost edit).
//!
//! *Decision:* sharded maps of counted semaphores instead of a fixed stripe of locks: stripes make strangers wait for
//! each other. A shard's mutex is held for a map operation only, never across an await; the count is raised before
//! waiting and lowered by a value that lives while waiting, so a caller that goes away leaves nothing behind. The guard
//! travels with the write: a dropped request frees nothing before its write is decided.
use crate::domain::identity::{OrgId, Tid};
use crate::domain::refusal::{Code, Refusal};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const SHARDS: usize = 64;

type LockKey = (OrgId, Tid);

struct Slot {
    turn: Arc<Semaphore>,
    users: usize,
}

struct Table {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<LockKey, Slot>>>,
}

/// The table of transcripts that are being edited.
#[derive(Clone)]
pub struct Locks {
    table: Arc<Table>,
    waiting_max: usize,
    timeout: Duration,
}

/// Counts one user of a slot, waiting or holding.
struct Place {
    table: Arc<Table>,
    key: LockKey,
}

/// The right to edit one transcript; given back on drop.
pub struct Guard {
    // Dropped in this order: first the turn passes on, then the slot may go.
    _turn: OwnedSemaphorePermit,
    _place: Place,
}

impl Locks {
    /// A table in which at most `waiting_max` callers wait for one transcript, each at most `timeout`.
    pub fn new(waiting_max: usize, timeout: Duration) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self { table: Arc::new(Table { hasher: RandomState::new(), shards }), waiting_max, timeout }
    }

    /// Waits for the transcript's turn.
    ///
    /// # Errors
    /// `lock_timeout` when too many wait already, or the wait was too long.
    ///
    /// # Cancellation
    /// A dropped wait leaves the queue.
    pub async fn lock(&self, org: OrgId, tid: &Tid) -> Result<Guard, Refusal> {
        let key = (org, tid.clone());
        let (turn, place) = self.register(key)?;
        // Nobody holds it, as a rule; who waits already is not passed, for then there is no permit.
        if let Ok(permit) = turn.clone().try_acquire_owned() {
            return Ok(Guard { _turn: permit, _place: place });
        }
        match tokio::time::timeout(self.timeout, turn.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Guard { _turn: permit, _place: place }),
            Ok(Err(_)) | Err(_) => Err(Refusal::new(
                Code::LockTimeout,
                format!("the edit waited {} s for other edits of this transcript", self.timeout.as_secs()),
            )),
        }
    }

    fn register(&self, key: LockKey) -> Result<(Arc<Semaphore>, Place), Refusal> {
        let Some(shard) = self.table.shard(&key) else {
            return Err(Refusal::new(Code::Overloaded, "no lock table"));
        };
        let mut slots = shard.lock();
        let slot = slots.entry(key.clone()).or_insert_with(|| Slot { turn: Arc::new(Semaphore::new(1)), users: 0 });
        if slot.users > self.waiting_max {
            let waiting = self.waiting_max;
            return Err(Refusal::new(Code::LockTimeout, format!("{waiting} edits of this transcript wait already")));
        }
        slot.users += 1;
        let turn = slot.turn.clone();
        drop(slots);
        Ok((turn, Place { table: self.table.clone(), key }))
    }

    /// Transcripts that are locked or waited for.
    #[cfg(test)]
    fn in_use(&self) -> usize {
        self.table.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl Table {
    fn shard(&self, key: &LockKey) -> Option<&Mutex<HashMap<LockKey, Slot>>> {
        let at = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.shards.get(at)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(shard) = self.table.shard(&self.key) else { return };
        let mut slots = shard.lock();
        if let Some(slot) = slots.get_mut(&self.key) {
            slot.users -= 1;
            if slot.users == 0 {
                slots.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn tid(text: &str) -> Tid {
        Tid::parse(text).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn one_at_a_time_and_nothing_left_behind() {
        let locks = Locks::new(1_024, Duration::from_secs(30));
        let inside = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..200)
            .map(|n| {
                let (locks, inside) = (locks.clone(), inside.clone());
                tokio::spawn(async move {
                    let guard = locks.lock(OrgId(1), &tid(&format!("t{}", n % 3))).await.unwrap();
                    if n % 3 == 0 {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        tokio::task::yield_now().await;
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                    drop(guard);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(locks.in_use(), 0);
    }

    #[tokio::test]
    async fn too_many_waiters_and_long_waits_are_refused() {
        let locks = Locks::new(1, Duration::from_millis(20));
        let id = tid("a");
        let first = locks.lock(OrgId(1), &id).await.unwrap();
        let (second, third) = tokio::join!(locks.lock(OrgId(1), &id), locks.lock(OrgId(1), &id));
        assert_eq!(second.err().map(|r| r.code), Some(Code::LockTimeout));
        assert_eq!(third.err().map(|r| r.code), Some(Code::LockTimeout));
        assert!(locks.lock(OrgId(2), &id).await.is_ok());
        drop(first);
        assert!(locks.lock(OrgId(1), &id).await.is_ok());
        assert_eq!(locks.in_use(), 0);
    }
}
