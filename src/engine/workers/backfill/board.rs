//! The back-fills that run or wait, for the worker that does them and for all who ask how far they are.
use crate::domain::identity::FolderId;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;

#[derive(Clone, Debug)]
struct Running {
    /// Tells this one from the next of the same folder.
    number: u64,
    label: String,
    total: u64,
    left: u64,
}

#[derive(Default)]
struct State {
    running: HashMap<FolderId, Running>,
    started: u64,
    rung: bool,
    closed: bool,
}

/// The back-fills that run or wait.
#[derive(Default)]
pub struct Backfills {
    state: Mutex<State>,
    bell: Condvar,
}

impl Backfills {
    /// A folder's schema has changed; `label` names what is done, e.g. `field queue`.
    pub fn start(&self, folder: FolderId, label: String) {
        let mut state = self.state.lock();
        state.started += 1;
        let number = state.started;
        state.running.insert(folder, Running { number, label, total: 0, left: 0 });
        state.rung = true;
        self.bell.notify_all();
    }

    /// What runs for a folder, for its `status`: `indexing field queue: 41 %`.
    pub fn status(&self, folder: FolderId) -> Option<String> {
        self.state.lock().running.get(&folder).map(|running| {
            let done = running.total.saturating_sub(running.left);
            let percent = (done * 100).checked_div(running.total).unwrap_or(0);
            format!("indexing {}: {percent} %", running.label)
        })
    }

    /// Transcripts still to be done, over all folders; one that has not been counted or not been indexed yet counts one.
    pub fn left(&self) -> u64 {
        self.state.lock().running.values().map(|running| running.left.max(1)).sum()
    }

    /// Whether one runs for any of the folders.
    pub fn any(&self, folders: &[FolderId]) -> bool {
        let state = self.state.lock();
        folders.iter().any(|folder| state.running.contains_key(folder))
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.bell.notify_all();
    }

    /// Has the worker look again, though nothing is new: something failed.
    pub fn ring(&self) {
        self.state.lock().rung = true;
        self.bell.notify_all();
    }

    /// Waits for a bell; `false` when closed.
    pub fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while !state.rung && !state.closed {
            self.bell.wait(&mut state);
        }
        state.rung = false;
        !state.closed
    }

    /// How far a folder has come, in transcripts.
    pub fn set(&self, folder: FolderId, total: u64, left: u64) {
        if let Some(running) = self.state.lock().running.get_mut(&folder) {
            running.total = total.max(running.total);
            running.left = left;
        }
    }

    /// Those that run or wait, with their numbers.
    pub fn all(&self) -> Vec<(FolderId, u64)> {
        self.state.lock().running.iter().map(|(folder, running)| (*folder, running.number)).collect()
    }

    /// Those that run or wait: folder, label, transcripts in all and left.
    pub fn told(&self) -> Vec<(FolderId, String, u64, u64)> {
        let state = self.state.lock();
        state.running.iter().map(|(id, running)| (*id, running.label.clone(), running.total, running.left)).collect()
    }

    /// That one is done; one begun since goes on.
    pub fn done(&self, folder: FolderId, number: u64) {
        let mut state = self.state.lock();
        if state.running.get(&folder).is_some_and(|running| running.number == number) {
            state.running.remove(&folder);
        }
    }
}
