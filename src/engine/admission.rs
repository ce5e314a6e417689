//! Who may work now, who may wait, who is sent away: a bounded number of each, so that a crowd costs neither memory nor
//! the time of those already let in.
use super::error::{Error, Result};
use crate::domain::refusal::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The door of one kind of work.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

/// One who waits; gone when dropped, also when the caller goes away.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// `places` at once (at least one), `waiting_max` that wait.
    pub fn new(places: usize, waiting_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, waiting: Arc::default(), waiting_max }
    }

    /// Whether one more would be let in or might wait now; takes nothing.
    ///
    /// # Errors
    /// `overloaded`.
    pub fn room(&self) -> Result<()> {
        let full = self.places.available_permits() == 0 && self.waiting.load(Ordering::Relaxed) >= self.waiting_max;
        if full { Err(overloaded()) } else { Ok(()) }
    }

    /// Waits for a place, at most `patience`.
    ///
    /// # Errors
    /// `overloaded` when as many wait as may, or `patience` passes first.
    ///
    /// # Cancellation
    /// A dropped wait leaves nothing behind.
    pub async fn enter(&self, patience: Duration) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.places.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(self.waiting.clone());
        if before >= self.waiting_max {
            return Err(overloaded());
        }
        match tokio::time::timeout(patience, self.places.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(overloaded()),
        }
    }
}

/// Bytes of a body up to which a read takes no room.
pub const LIGHT: u64 = 1 << 20;
/// Bytes of long bodies that are read at the same time; each takes two or three times as much while it is made an answer.
const LONG_READS: u64 = 64 << 20;

/// The room for reads of long bodies: else a few hundred clients that ask for them at once would fill the memory before
/// the first answer is out. Who finds none waits; one that is longer than all the room waits for all of it.
pub struct LongReads(Arc<Semaphore>);

impl Default for LongReads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(units(LONG_READS) as usize)))
    }
}

impl LongReads {
    /// Waits for room for a body; `None` when it needs none.
    pub async fn weigh(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        if bytes <= LIGHT {
            return None;
        }
        // Never closed.
        self.0.clone().acquire_many_owned(units(bytes.min(LONG_READS))).await.ok()
    }
}

/// Bytes in the units that are counted.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(LIGHT)).unwrap_or(u32::MAX)
}

fn overloaded() -> Error {
    Error::refused(Code::Overloaded, "too many searches run; try again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_place_each_then_a_bounded_queue_then_nobody() {
        let door = Admission::new(1, 1);
        let first = door.enter(LONG).await.unwrap();
        assert!(door.room().is_ok(), "one may wait");
        let mut second = pin!(door.enter(LONG));
        assert!(second.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(door.room().is_err());
        let refused = door.enter(LONG).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(refusal) if refusal.code == Code::Overloaded));
        drop(first);
        let second = second.await.unwrap();
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
        drop(second);
        assert!(door.enter(LONG).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_too_long_or_goes_away_frees_its_place_in_the_queue() {
        let door = Admission::new(1, 1);
        let _held = door.enter(LONG).await.unwrap();
        assert!(door.enter(Duration::from_millis(1)).await.is_err());
        let gone = tokio::time::timeout(Duration::from_millis(1), door.enter(LONG)).await;
        assert!(gone.is_err());
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
        assert!(door.room().is_ok());
    }

    #[tokio::test]
    async fn long_reads_wait_for_room_and_the_longest_for_all_of_it() {
        let room = LongReads::default();
        assert!(room.weigh(LIGHT).await.is_none());
        let first = room.weigh(LONG_READS - LIGHT).await.unwrap();
        let mut longest = pin!(room.weigh(u64::MAX));
        assert!(longest.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(first);
        assert!(longest.await.is_some());
    }
}
