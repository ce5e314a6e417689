//! How much memory may be kept for something, over all segments and snapshots.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory that may be taken.
#[derive(Debug)]
pub struct Room {
    most: AtomicUsize,
    taken: AtomicUsize,
}

/// Memory taken; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for `most` bytes.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: AtomicUsize::new(most), taken: AtomicUsize::new(0) })
    }

    /// Changes how much there is; what is taken already stays.
    pub fn set(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Takes so many bytes, if they are left.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let most = self.most.load(Ordering::Relaxed);
        let more = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= most);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Place { room: self.clone(), bytes })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let room = Room::new(10);
        let first = room.take(6).unwrap();
        assert!(room.take(5).is_none());
        let second = room.take(4).unwrap();
        drop(first);
        assert!(room.take(usize::MAX).is_none());
        assert!(room.take(6).is_some());
        room.set(3);
        assert!(room.take(1).is_none());
        drop(second);
        assert!(room.take(3).is_some());
    }
}
