//! Connections that read. They are handed out from a stack, so that the warmest is used first and no reader waits; those
//! at its bottom that nobody needed for a while are closed, for each keeps megabytes of pages.
use super::fault::{During, fault};
use super::open;
use crate::stores::error::Result;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::PathBuf;

/// Connections kept when nobody reads; more are opened for a moment when more read at once, which costs each of them
/// several times what it reads: those who read single rows take turns, fewer than these.
const KEPT: usize = 16;
/// Connections kept when nobody has read for a while.
const KEPT_AT_REST: usize = 2;

/// The stack.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Idle>,
}

struct Idle {
    connections: Vec<Connection>,
    /// The fewest there were since the last look: so many were not needed.
    least: usize,
}

impl Idle {
    fn take(&mut self) -> Option<Connection> {
        let taken = self.connections.pop();
        self.least = self.least.min(self.connections.len());
        taken
    }
}

impl Readers {
    /// Readers of the file, which exists and has its schema. One is opened at once.
    pub fn new(path: PathBuf) -> Result<Self> {
        let first = open::reader(&path)?;
        Ok(Self { path, idle: Mutex::new(Idle { connections: vec![first], least: 1 }) })
    }

    /// Lets `read` read. A connection that failed is closed, not kept.
    pub fn with<T>(&self, operation: &str, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let kept = self.idle.lock().take();
        let connection = match kept {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let answer = read(&connection).map_err(|error| fault(During::Read, operation, error))?;
        let mut idle = self.idle.lock();
        if idle.connections.len() < KEPT {
            idle.connections.push(connection);
        }
        Ok(answer)
    }

    /// Closes those that nobody needed since the last call, but for the few that are always kept.
    pub fn rest(&self) {
        let mut idle = self.idle.lock();
        let spare = idle.least.saturating_sub(KEPT_AT_REST);
        let unused: Vec<Connection> = idle.connections.drain(..spare).collect();
        idle.least = idle.connections.len();
        drop(idle);
        drop(unused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_nobody_needs_are_closed_at_the_second_look() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main.db");
        open::create(&path).unwrap();
        let readers = Readers::new(path).unwrap();
        fn deep(readers: &Readers, left: usize) {
            let inner = |_: &Connection| {
                if left > 1 {
                    deep(readers, left - 1);
                }
                Ok(())
            };
            readers.with("reading", inner).unwrap();
        }
        let open = || readers.idle.lock().connections.len();
        deep(&readers, KEPT + 3);
        assert_eq!(open(), KEPT, "those beyond were for a moment");
        readers.rest();
        assert_eq!(open(), KEPT, "all were needed since the last look");
        deep(&readers, 5);
        readers.rest();
        assert_eq!(open(), 5 + KEPT_AT_REST);
        readers.rest();
        assert_eq!(open(), KEPT_AT_REST);
        readers.rest();
        assert_eq!(open(), KEPT_AT_REST);
        deep(&readers, 3);
        assert_eq!(open(), 3);
    }
}
