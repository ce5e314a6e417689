//! A bound on the bytes that many take together: bodies, answers, what is kept in memory.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// So many bytes and no more.
#[derive(Debug)]
pub struct Room {
    most: AtomicUsize,
    held: AtomicUsize,
}

/// Bytes taken; given back when this is dropped.
#[derive(Debug)]
pub struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for `most` bytes.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: AtomicUsize::new(most), held: AtomicUsize::new(0) })
    }

    /// Changes how much there is; what is taken already stays.
    pub fn set(&self, most: usize) {
        self.most.store(most, Relaxed);
    }

    /// Bytes taken now.
    pub fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    /// Whether `bytes` more would fit now.
    pub fn has(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= self.most.load(Relaxed)
    }

    /// Takes so many bytes, if they are left.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let mut held = Held { room: self.clone(), bytes: 0 };
        held.more(bytes).then_some(held)
    }

    /// Takes so many bytes if they are left, or if nobody else holds any: what is too long for the room goes alone.
    pub fn take_or_be_alone(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let alone = self.held.compare_exchange(0, bytes, Relaxed, Relaxed).is_ok();
        if alone { Some(Held { room: self.clone(), bytes }) } else { self.take(bytes) }
    }

    /// Takes so many bytes, left or not.
    pub fn take_anyway(self: &Arc<Self>, bytes: usize) -> Held {
        let mut held = Held { room: self.clone(), bytes: 0 };
        held.count(bytes);
        held
    }
}

impl Held {
    /// Takes so many bytes more, if they are left; whether they were.
    pub fn more(&mut self, bytes: usize) -> bool {
        let most = self.room.most.load(Relaxed);
        let grown = |held: usize| held.checked_add(bytes).filter(|held| *held <= most);
        let taken = self.room.held.fetch_update(Relaxed, Relaxed, grown).is_ok();
        self.bytes += if taken { bytes } else { 0 };
        taken
    }

    /// Counts so many bytes instead, left or not.
    pub fn count(&mut self, bytes: usize) {
        self.room.held.fetch_add(bytes, Relaxed);
        self.room.held.fetch_sub(std::mem::replace(&mut self.bytes, bytes), Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let room = Room::new(10);
        let mut first = room.take(3).unwrap();
        assert!(first.more(3) && !first.more(5) && room.take(5).is_none());
        let second = room.take(4).unwrap();
        assert!(!room.has(1) && room.held() == 10);
        drop(first);
        assert!(room.has(6) && !room.has(7) && room.take(usize::MAX).is_none());
        room.set(3);
        assert!(room.take(1).is_none());
        drop(second);
        assert!(room.take(3).is_some());
        assert_eq!(room.held(), 0);
    }

    #[test]
    fn what_is_too_long_goes_alone_and_what_must_go_goes_anyway() {
        let room = Room::new(10);
        let mut alone = room.take_or_be_alone(30).unwrap();
        assert!(room.take_or_be_alone(1).is_none());
        let anyway = room.take_anyway(5);
        assert_eq!(room.held(), 35);
        alone.count(2);
        assert!(room.take_or_be_alone(3).is_some() && room.take_or_be_alone(4).is_none());
        drop((alone, anyway));
        assert_eq!(room.held(), 0);
    }
}
