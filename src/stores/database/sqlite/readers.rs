//! Connections that read. They are handed out from a stack, so that the warmest is used first and no reader waits.
use super::fault::{During, fault};
use super::open;
use crate::stores::error::Result;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::PathBuf;

/// Connections kept when nobody reads; more are opened for a moment when more read at once, which costs each of them
/// several times what it reads: those who read single rows take turns, fewer than these.
const KEPT: usize = 16;

/// The stack.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the file, which exists and has its schema. One is opened at once.
    pub fn new(path: PathBuf) -> Result<Self> {
        let first = open::reader(&path)?;
        Ok(Self { path, idle: Mutex::new(vec![first]) })
    }

    /// Lets `read` read. A connection that failed is closed, not kept.
    pub fn with<T>(&self, operation: &str, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let kept = self.idle.lock().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let answer = read(&connection).map_err(|error| fault(During::Read, operation, error))?;
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(answer)
    }
}
