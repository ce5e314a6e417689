//! How far a backup is, for the work and for all who ask.
use crate::stores::backups::About;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

/// How far a backup is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupStanding {
    /// Whether one is being made.
    pub running: bool,
    /// Where.
    pub folder: String,
    /// Files of the archive it has to take.
    pub files: u64,
    /// Those it has taken.
    pub done: u64,
    /// The one that was finished last.
    pub made: Option<About>,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// The standing, shared with the work.
#[derive(Debug, Default)]
pub struct Board(Mutex<BackupStanding>);

impl Board {
    /// For changes.
    pub fn lock(&self) -> MutexGuard<'_, BackupStanding> {
        self.0.lock()
    }

    /// As it is now.
    pub fn standing(&self) -> BackupStanding {
        self.0.lock().clone()
    }
}
