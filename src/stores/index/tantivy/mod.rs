//! The embedded search index: words of the turns and values of the records in two tantivy indexes, joined by key.
//!
//! An edit rewrites one small record whatever the length of the call; words are written once. A search walks both
//! within one immutable [`snapshot::Snapshot`], which each applied batch replaces.
//!
//! *Decision:* the library is asked for postings, columns and storage only. Its query parser panics on some input, its
//! ranges on JSON paths take 3 ms and answer wrongly beyond a column's domain, and its sorts fail on paths that one
//! segment lacks; none of them is used.
mod bits;
mod columns;
mod directory;
mod documents;
mod embeddings;
mod entries;
mod failure;
mod gathered;
mod half;
mod open;
mod records;
mod runs;
mod schema;
mod search;
mod snapshot;
mod spelling;
#[cfg(test)]
mod tests;
mod tokenizer;
mod turns;
mod verify;
mod writer;

use super::{IndexEntry, IndexFigures, IndexWrite, Opened, SearchIndex};
use crate::base::room::Room;
use crate::domain::identity::Key;
use crate::query::resolved::{ResolvedSearch, SearchPage};
use crate::stores::error::{Kind, Result, Store, StoreError};
use ::tantivy::directory::WatchHandle;
use arc_swap::ArcSwap;
use failure::panicked;
use parking_lot::Mutex;
use snapshot::Snapshot;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// Bytes of memory for embeddings, unless [`TantivyIndex::keep_vectors`] says otherwise.
const VECTOR_BYTES: usize = 256 << 20;

/// The index in a directory.
pub struct TantivyIndex {
    dir: PathBuf,
    epoch: u64,
    opened: Opened,
    unchecked: bool,
    state: Arc<State>,
    room: Arc<Room>,
    /// Merges end at any time: their result is taken over soon after, also when no batch comes.
    watches: Mutex<Option<[WatchHandle; 2]>>,
}

struct State {
    shown: ArcSwap<Snapshot>,
    /// `None` once the index is closed.
    writer: Mutex<Option<Writer>>,
}

impl TantivyIndex {
    /// Opens the index in `dir`. It starts empty when it is missing, damaged, of another `epoch`, or older than batch
    /// `settled`.
    ///
    /// # Errors
    /// `Unavailable` or `OutOfSpace` when the directory cannot be used; never because of what lies in it.
    pub fn open(dir: &Path, epoch: u64, settled: u64) -> Result<Self> {
        let room = Room::new(VECTOR_BYTES);
        let found = open::open(dir, epoch, settled, &room)?;
        let open::Pair { turns, records, payload, snapshot, opened, unchecked } = found;
        let state = State { shown: ArcSwap::from_pointee(snapshot), writer: Mutex::new(None) };
        let (dir, state, watches) = (dir.to_owned(), Arc::new(state), Mutex::new(None));
        let index = Self { dir, epoch, opened, unchecked, state, room, watches };
        index.employ(Writer { turns, records, payload }, &mut index.state.writer.lock())?;
        Ok(index)
    }

    /// Lets so many bytes of memory be kept for embeddings that searches asked for; those of segments beyond that are read
    /// from disk by every search.
    pub fn keep_vectors(&self, bytes: u64) {
        self.room.set(usize::try_from(bytes).unwrap_or(usize::MAX));
    }

    /// Puts a writer to work.
    fn employ(&self, next: Writer, writer: &mut Option<Writer>) -> Result<()> {
        let on_change = || {
            let state = Arc::downgrade(&self.state);
            move || {
                if let Some(state) = state.upgrade() {
                    state.refresh();
                }
            }
        };
        let watches = [next.turns.watch(on_change())?, next.records.watch(on_change())?];
        *writer = Some(next);
        *self.watches.lock() = Some(watches);
        Ok(())
    }
}

impl State {
    /// Lets the writer make the next state, and shows it; after a failure the next call begins with new writers.
    fn change(&self, what: &str, make: impl FnOnce(&mut Writer, &Snapshot) -> Result<Option<Snapshot>>) -> Result<()> {
        let mut guard = self.writer.lock();
        let Some(writer) = guard.as_mut() else {
            return Err(StoreError::plain(Store::Index, Kind::Unavailable, "change a closed index"));
        };
        let before = self.shown.load_full();
        let made = catch_unwind(AssertUnwindSafe(|| make(writer, &before)))
            .unwrap_or_else(|panic| Err(panicked(what, panic.as_ref())));
        if let Some(unflushed) = writer.turns.unflushed().or(writer.records.unflushed()) {
            let why = made.err().map_or(String::new(), |error| crate::base::causes::chain(&error));
            return Err(StoreError::new(Store::Index, Kind::Fatal, unflushed.operation, why));
        }
        match made {
            Ok(next) => {
                if let Some(next) = next {
                    self.shown.store(Arc::new(next));
                }
                Ok(())
            }
            Err(error) => {
                writer.abandon();
                Err(error)
            }
        }
    }

    /// Takes over finished merges; a batch under way does it anyway.
    fn refresh(&self) {
        // Under way, or closed.
        if self.writer.try_lock().is_none_or(|writer| writer.is_none()) {
            return;
        }
        if let Err(error) = self.change("take over a merge", |writer, before| writer.refresh(before)) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the result of a merge is not shown yet");
        }
    }
}

impl Drop for TantivyIndex {
    fn drop(&mut self) {
        // Here, not on the thread of a watch that happens to be running: whoever drops may open again at once.
        drop(self.state.writer.lock().take());
    }
}

impl SearchIndex for TantivyIndex {
    fn opened(&self) -> Opened {
        self.opened
    }

    fn apply(&self, writes: Vec<IndexWrite>, batch: u64) -> Result<()> {
        self.state.change("apply a batch", |writer, before| writer.apply(writes, batch, before).map(Some))
    }

    fn search(&self, search: &ResolvedSearch, budget: Duration) -> Result<SearchPage> {
        let snapshot = self.state.shown.load_full();
        catch_unwind(AssertUnwindSafe(|| search::answer(&snapshot, search, budget)))
            .unwrap_or_else(|panic| Err(panicked("search", panic.as_ref())))
    }

    fn keys(&self, search: &ResolvedSearch, budget: Duration) -> Result<Vec<Key>> {
        let snapshot = self.state.shown.load_full();
        catch_unwind(AssertUnwindSafe(|| search::keys(&snapshot, search, budget)))
            .unwrap_or_else(|panic| Err(panicked("search", panic.as_ref())))
    }

    fn entries(&self) -> Result<Vec<IndexEntry>> {
        verify::entries(&self.state.shown.load_full())
    }

    fn purge(&self) -> Result<()> {
        open::remove_damaged(&self.dir)?;
        self.state.change("purge", |writer, before| writer.purge(before).map(Some))
    }

    fn clear(&self) -> Result<()> {
        let mut writer = self.state.writer.lock();
        // The library's writers first: they would go on merging files that are gone.
        drop(writer.take());
        let open::Pair { turns, records, payload, snapshot, .. } = open::anew(&self.dir, self.epoch, &self.room)?;
        self.state.shown.store(Arc::new(snapshot));
        self.employ(Writer { turns, records, payload }, &mut writer)
    }

    fn figures(&self) -> IndexFigures {
        verify::figures(&self.state.shown.load())
    }

    fn too_large_to_check(&self) -> bool {
        self.unchecked
    }

    fn check(&self) -> Result<Vec<String>> {
        // Reading every byte takes its time: batches go on meanwhile.
        let checks = self.state.writer.lock().as_ref().map(|writer| [writer.turns.check(), writer.records.check()]);
        let mut wrong = Vec::new();
        for check in checks.into_iter().flatten() {
            wrong.extend(check.run()?);
        }
        Ok(wrong)
    }
}
