//! The reference model: the database in maps. It says what every backend does; nothing is durable.
mod apply;
mod state;
#[cfg(test)]
mod tests;

use super::rows::{Identity, Job, OwedRow, PastJob, Row, StoredObject, StoredToken, Summary};
use super::writes::{Committed, Remembered, Write};
use super::{Administration, Checkpoint, Database, Log, Owing, Sink, Transcripts};
use crate::domain::identity::{FolderId, Key, OrgId, Tid};
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::Mutex;
use state::{State, owes};
use std::ops::Bound;

/// The database in memory.
#[derive(Default)]
pub struct MemoryDatabase {
    state: Mutex<State>,
}

impl MemoryDatabase {
    /// An empty store with an epoch and a secret of its own.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The keys after `after`.
fn beyond(after: Option<Key>) -> (Bound<Key>, Bound<Key>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

impl Transcripts for MemoryDatabase {
    fn load(&self, org: OrgId, tid: &Tid) -> Result<Option<Row>> {
        let state = self.state.lock();
        Ok(state.ids.get(&(org, tid.clone())).and_then(|key| state.rows.get(key)).cloned())
    }

    fn load_some(&self, keys: &[Key], bytes: usize) -> Result<Vec<Option<Row>>> {
        let (state, mut read) = (self.state.lock(), 0);
        let rows = keys.iter().map(|key| state.rows.get(key).cloned());
        let few = rows.take_while(|row| {
            let before = read;
            read += row.as_ref().map_or(0, Row::bytes);
            before <= bytes
        });
        Ok(few.collect())
    }

    fn scan(&self, org: Option<OrgId>, after: Option<Key>, limit: usize) -> Result<Vec<Row>> {
        let state = self.state.lock();
        let rows = state.rows.range(beyond(after)).map(|(_, row)| row);
        Ok(rows.filter(|row| org.is_none_or(|org| row.org == org)).take(limit).cloned().collect())
    }

    fn behind(&self, folder: FolderId, version: u64, after: Option<Key>, limit: usize) -> Result<Vec<Key>> {
        let state = self.state.lock();
        let rows = state.rows.range(beyond(after)).map(|(_, row)| row);
        let behind = rows.filter(|row| row.folder == folder && row.schema_version != version);
        Ok(behind.map(|row| row.key).take(limit).collect())
    }

    fn count(&self, folder: FolderId, version: u64) -> Result<Summary> {
        let state = self.state.lock();
        let mut summary = Summary::default();
        for row in state.rows.values().filter(|row| row.folder == folder) {
            summary.transcripts += 1;
            summary.behind += u64::from(row.schema_version != version);
        }
        Ok(summary)
    }

    fn tombstone(&self, org: OrgId, tid: &Tid) -> Result<Option<u64>> {
        Ok(self.state.lock().tombstones.get(&(org, tid.clone())).copied())
    }

    fn replayed(&self, digest: &[u8; 32], now: i64) -> Result<Option<Remembered>> {
        let state = self.state.lock();
        Ok(state.remembered.get(digest).filter(|(_, until)| *until > now).map(|(remembered, _)| remembered.clone()))
    }
}

impl Owing for MemoryDatabase {
    fn owed(&self, sink: Sink, after: Option<Key>, limit: usize) -> Result<Vec<OwedRow>> {
        let state = self.state.lock();
        let rows = state.rows.range(beyond(after)).map(|(_, row)| row);
        let owed = rows.filter(|row| owes(row, sink));
        Ok(owed.map(|row| OwedRow { key: row.key, org: row.org }).take(limit).collect())
    }

    fn owe_all_to_index(&self) -> Result<()> {
        self.state.lock().rows.values_mut().for_each(|row| row.indexed = Default::default());
        Ok(())
    }
}

impl Administration for MemoryDatabase {
    fn objects(&self) -> Result<Vec<StoredObject>> {
        Ok(self.state.lock().objects.values().cloned().collect())
    }

    fn tokens(&self) -> Result<Vec<StoredToken>> {
        Ok(self.state.lock().tokens.values().cloned().collect())
    }

    fn jobs(&self) -> Result<Vec<Job>> {
        Ok(self.state.lock().jobs.values().cloned().collect())
    }

    fn past_jobs(&self) -> Result<Vec<PastJob>> {
        let mut all: Vec<PastJob> = self.state.lock().past_jobs.values().cloned().collect();
        all.sort_by(|a, b| (b.finished, &b.id).cmp(&(a.finished, &a.id)));
        Ok(all)
    }

    fn past_job(&self, id: &str) -> Result<Option<PastJob>> {
        Ok(self.state.lock().past_jobs.get(id).cloned())
    }

    fn seen(&self) -> Result<Vec<(FolderId, String)>> {
        Ok(self.state.lock().seen.iter().cloned().collect())
    }

    fn identity(&self) -> Result<Identity> {
        Ok(self.state.lock().identity.clone())
    }
}

impl Database for MemoryDatabase {
    fn commit(&self, writes: &[Write]) -> Result<Committed> {
        let mut state = self.state.lock();
        state.identity.commit += 1;
        let outcomes = writes.iter().map(|write| apply::apply(&mut state, write)).collect();
        Ok(Committed { number: state.identity.commit, outcomes })
    }

    fn checkpoint(&self, _how: Checkpoint) -> Result<()> {
        Ok(())
    }

    fn log(&self) -> Log {
        Log::default()
    }

    fn copy(&self, _: &std::path::Path, _: &mut dyn FnMut()) -> Result<()> {
        Err(StoreError::plain(Store::Database, Kind::Unavailable, "copy a database that has no file"))
    }

    fn forget_kept(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn check(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
