//! One of the two library indexes: its directory, reader and long-lived writer.
//!
//! *Decision:* one writer per index, opened once, one indexing and one merging thread: the library's convenience
//! constructor would start a dozen, and two writers on one directory leave orphaned files for ever. A writer whose
//! thread died is made anew at the next use.
use super::directory::{Files, TEMPORARY};
use super::failure::failed;
use super::schema;
use crate::base::causes::chain;
use crate::stores::error::{Kind, Result, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tantivy::directory::{Directory, WatchCallback, WatchHandle};
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::schema::Schema;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, SegmentReader, TantivyError};

/// Raised when what lies on disk changes its meaning: an older index is then made again.
const FORMAT: u32 = 2;

/// How often a check begins again because a merge ended meanwhile.
const CHECKS: usize = 5;

/// What a commit says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    format: u32,
    /// The incarnation of the database.
    pub epoch: u64,
    /// The last batch it holds.
    pub batch: u64,
    /// The last batch that changed the turns.
    pub turns_batch: u64,
}

impl Payload {
    /// A payload of today's format.
    pub fn new(epoch: u64, batch: u64, turns_batch: u64) -> Self {
        Self { format: FORMAT, epoch, batch, turns_batch }
    }
}

/// How an index is merged.
#[derive(Clone, Copy, Debug)]
pub struct Merging {
    /// Segments of one size that are merged together.
    pub segments: usize,
    /// Documents up to which segments count as one size.
    pub small: u32,
    /// Bytes an indexing thread gathers before it writes a segment.
    pub memory: usize,
}

/// One of the two indexes.
pub struct Half {
    name: &'static str,
    dir: PathBuf,
    /// For reading; each writer has its own.
    index: Index,
    files: Files,
    reader: IndexReader,
    writer: Option<IndexWriter>,
    merging: Merging,
    /// Whether a merge or commit has changed the segments since the reader was last reloaded.
    changed: Arc<AtomicBool>,
    watch: Option<WatchHandle>,
}

impl Half {
    /// Opens the index in `dir`, which must exist and have this schema; `None` when there is none.
    pub fn open(name: &'static str, dir: &Path, schema: &Schema, merging: Merging) -> Result<Option<Self>> {
        // A process killed while it created the index leaves other files, but not this one.
        if !dir.join("meta.json").is_file() {
            return Ok(None);
        }
        remove_temporary(dir);
        let files = files(dir)?;
        let index = Index::open(files.clone()).map_err(|e| failed(format!("open the {name}"), e))?;
        if index.schema() != *schema {
            return Ok(None);
        }
        Self::with(name, dir, (index, files), merging).map(Some)
    }

    /// Makes an empty index in `dir`, which must be empty or absent.
    pub fn create(name: &'static str, dir: &Path, schema: Schema, merging: Merging) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|e| StoreError::io(Store::Index, format!("create the {name}"), e))?;
        let files = files(dir)?;
        let index = Index::create(files.clone(), schema, schema::settings())
            .map_err(|e| failed(format!("create the {name}"), e))?;
        let half = Self::with(name, dir, (index, files), merging)?;
        half.flush()?;
        Ok(half)
    }

    fn with(name: &'static str, dir: &Path, (index, files): (Index, Files), merging: Merging) -> Result<Self> {
        schema::register(&index);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|e| failed(format!("read the {name}"), e))?;
        let changed = Arc::new(AtomicBool::new(true));
        let (dir, writer, watch) = (dir.to_owned(), None, None);
        let mut half = Self { name, dir, index, files, reader, writer, merging, changed, watch };
        let seen = half.changed.clone();
        half.watch = Some(half.watch(move || seen.store(true, Ordering::Release))?);
        Ok(half)
    }

    /// What the last commit says of itself; `None` when there is none, or none of this format.
    pub fn payload(&self) -> Result<Option<Payload>> {
        let meta = self.index.load_metas().map_err(|e| failed(format!("read the {}", self.name), e))?;
        let payload = meta.payload.and_then(|text| serde_json::from_str::<Payload>(&text).ok());
        Ok(payload.filter(|payload| payload.format == FORMAT))
    }

    /// The writer, made anew if it died.
    pub fn writer(&mut self) -> Result<&mut IndexWriter> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let options = IndexWriterOptions::builder()
                    .num_worker_threads(1)
                    .num_merge_threads(1)
                    .memory_budget_per_thread(self.merging.memory)
                    .build();
                let opened = Index::open(self.files.handed_on()).and_then(|index| {
                    schema::register(&index);
                    index.writer_with_options(options)
                });
                let writer = opened.map_err(|e| failed(format!("write the {}", self.name), e))?;
                writer.set_merge_policy(Box::new(self.policy()));
                // What a writer that failed left behind has the names that this one will give: no commit names it.
                writer.garbage_collect_files().wait().map_err(|e| failed(format!("tidy the {}", self.name), e))?;
                // A new writer gives its first operation the number of the last commit. A merge begun meanwhile takes a
                // deletion of that number for committed, and may carry it past segments it was never applied to: what was
                // deleted would stand again. An empty operation uses the number up.
                writer.run(Vec::<UserOperation>::new()).map_err(|e| failed(format!("write the {}", self.name), e))?;
                writer
            }
        };
        Ok(self.writer.insert(writer))
    }

    fn policy(&self) -> LogMergePolicy {
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(self.merging.segments);
        policy.set_min_layer_size(self.merging.small);
        policy.set_level_log_size(1.5);
        policy.set_del_docs_ratio_before_merge(0.3);
        policy
    }

    /// Gives up the writer and what it has not committed; the next use makes a new one.
    pub fn abandon(&mut self) {
        self.writer = None;
    }

    /// Waits until no merge runs, then gives up the writer.
    pub fn settle(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(writer) => {
                writer.wait_merging_threads().map_err(|e| failed(format!("end the merges of the {}", self.name), e))
            }
            None => Ok(()),
        }
    }

    /// Adds and deletes in one go: what is added stands side by side in one segment.
    pub fn run(&mut self, operations: Vec<UserOperation>, what: &str) -> Result<()> {
        let done = self.writer()?.run(operations).map(drop);
        done.map_err(|error| self.unwritten(what.to_owned(), error))
    }

    /// Commits, and flushes the directory: the library does not after its last rename, so that a power cut could undo
    /// a commit that was answered.
    pub fn commit(&mut self, payload: Payload) -> Result<()> {
        let text = serde_json::to_string(&payload)
            .map_err(|e| StoreError::new(Store::Index, Kind::Bug, "write a payload", e))?;
        let name = self.name;
        let committed = self.writer()?.prepare_commit().and_then(|mut commit| {
            commit.set_payload(&text);
            commit.commit()
        });
        if let Err(error) = committed {
            return Err(self.unwritten(format!("commit the {name}"), error));
        }
        // What failed before was a merge, and says nothing of what fails next.
        let _merges = self.files.writing().take_failure();
        self.changed.store(true, Ordering::Release);
        self.flush()
    }

    /// Gives up the writer after a failure. What the library says of one is not enough: some of its parts put a full disk
    /// into words and call it an internal error, which would be the transcript's own fault.
    fn unwritten(&mut self, operation: String, error: TantivyError) -> StoreError {
        self.abandon();
        let judged = failed(operation, error);
        match self.files.writing().take_failure() {
            Some(kind) if judged.kind == Kind::Corrupt => StoreError { kind, ..judged },
            _ => judged,
        }
    }

    /// Flushes the directory.
    pub fn flush(&self) -> Result<()> {
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(|e| StoreError::new(Store::Index, Kind::Fatal, format!("flush the {}", self.name), e))
    }

    /// A flush that failed, here or in a merge: then nobody knows what is on disk.
    pub fn unflushed(&self) -> Option<StoreError> {
        let failed = || StoreError::plain(Store::Index, Kind::Fatal, format!("flush the {}", self.name));
        self.files.writing().is_unflushed().then(failed)
    }

    /// Reads the segments again if they changed; `None` when they did not.
    pub fn reload(&self) -> Result<Option<Vec<SegmentReader>>> {
        if !self.changed.swap(false, Ordering::AcqRel) {
            return Ok(None);
        }
        if let Err(error) = self.reader.reload() {
            self.changed.store(true, Ordering::Release);
            return Err(failed(format!("read the {}", self.name), error));
        }
        Ok(Some(self.segments()))
    }

    /// The segments as last reloaded.
    pub fn segments(&self) -> Vec<SegmentReader> {
        self.reader.searcher().segment_readers().to_vec()
    }

    /// The segments on disk now.
    pub fn segment_ids(&self) -> Result<HashSet<SegmentId>> {
        let ids = self.index.searchable_segment_ids().map_err(|e| failed(format!("read the {}", self.name), e))?;
        Ok(ids.into_iter().collect())
    }

    /// Calls `on_change` some time after each commit and each merge, until the handle is dropped.
    pub fn watch(&self, on_change: impl Fn() + Send + Sync + 'static) -> Result<WatchHandle> {
        let watched = self.index.directory().watch(WatchCallback::new(on_change));
        watched.map_err(|e| failed(format!("watch the {}", self.name), e))
    }

    /// Says that what the reader sees was not taken over, so that the next reload reads it again.
    pub fn mark_changed(&self) {
        self.changed.store(true, Ordering::Release);
    }

    /// Rewrites every segment that still holds deleted documents, and deletes what is no longer used.
    pub fn purge(&mut self) -> Result<()> {
        self.settle()?;
        let name = self.name;
        let failure = |e: TantivyError| failed(format!("purge the {name}"), e);
        let segments = self.index.searchable_segment_metas().map_err(failure)?;
        let holding: Vec<_> = segments.iter().filter(|s| s.num_deleted_docs() > 0).map(|s| s.id()).collect();
        let writer = self.writer()?;
        for segment in holding {
            writer.merge(&[segment]).wait().map_err(failure)?;
        }
        writer.garbage_collect_files().wait().map_err(failure)?;
        self.mark_changed();
        self.flush()
    }

    /// A check of all files as they are now.
    pub fn check(&self) -> Check {
        Check { name: self.name, dir: self.dir.clone() }
    }
}

/// A check of all files of an index.
pub struct Check {
    name: &'static str,
    dir: PathBuf,
}

impl Check {
    /// Reads every byte and compares the sums; a line per damaged file.
    pub fn run(&self) -> Result<Vec<String>> {
        // The files there are now: an index knows those that were there when it was opened, and its own.
        let index = || Files::open(&self.dir).and_then(Index::open);
        let segments = || index().and_then(|index| index.searchable_segment_ids()).ok();
        let mut tries = 0;
        let damaged = loop {
            let before = segments();
            match index().and_then(|index| index.validate_checksum()) {
                Ok(damaged) => break damaged,
                // A merge may end meanwhile and take away files that were to be read.
                Err(_) if before != segments() && tries < CHECKS => tries += 1,
                Err(error) => {
                    let failure = failed(format!("check the {}", self.name), error);
                    // Damage is what was asked for: it is an answer.
                    return if failure.kind == Kind::Corrupt { Ok(vec![chain(&failure)]) } else { Err(failure) };
                }
            }
        };
        let mut lines: Vec<String> =
            damaged.iter().map(|file| format!("{}: the sum of {} is wrong", self.name, file.display())).collect();
        lines.sort();
        Ok(lines)
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // A merge that outlives the writer would write into a directory that may be opened again at once.
        if let Err(error) = self.settle() {
            tracing::warn!(%error, "a merge was cut off");
        }
        // Where a writer had failed nobody waited for its merges: they are to change nothing any more.
        drop(self.files.handed_on());
    }
}

fn files(dir: &Path) -> Result<Files> {
    Files::open(dir).map_err(|e| failed("open a directory of the index", e))
}

/// A process killed amid an atomic write leaves its temporary file behind; nobody else removes it.
fn remove_temporary(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{RecordFields, key_term};
    use super::*;
    use std::io;
    use tantivy::TantivyDocument;

    const MERGING: Merging = Merging { segments: 100, small: 1, memory: 32 << 20 };

    fn half(dir: &Path) -> (Half, RecordFields) {
        let (schema, fields) = RecordFields::schema();
        (Half::create("records", dir, schema, MERGING).unwrap(), fields)
    }

    fn add(half: &mut Half, fields: &RecordFields, keys: &[u32]) {
        for key in keys {
            let mut document = TantivyDocument::new();
            document.add_u64(fields.key, u64::from(*key));
            half.run(vec![UserOperation::Add(document)], "add").unwrap();
        }
        half.commit(Payload::new(1, 1, 1)).unwrap();
    }

    #[test]
    fn what_a_new_writer_deletes_first_stays_deleted_by_a_merge_before_its_commit() {
        let dir = tempfile::tempdir().unwrap();
        let (mut half, fields) = half(dir.path());
        add(&mut half, &fields, &[1, 2]);
        add(&mut half, &fields, &[3, 4]);
        // The second segment has deletions as of the last commit, the first has none.
        half.run(vec![UserOperation::Delete(key_term(fields.key, 3))], "delete").unwrap();
        half.commit(Payload::new(1, 2, 2)).unwrap();
        half.abandon();
        let writer = half.writer().unwrap();
        writer.delete_term(key_term(fields.key, 4));
        let mut segments = half.index.searchable_segment_metas().unwrap();
        segments.sort_by_key(|segment| segment.num_deleted_docs());
        let ids: Vec<SegmentId> = segments.iter().map(|segment| segment.id()).collect();
        half.writer().unwrap().merge(&ids).wait().unwrap();
        half.commit(Payload::new(1, 3, 3)).unwrap();
        half.reload().unwrap();
        assert_eq!(half.segments().iter().map(SegmentReader::num_docs).sum::<u32>(), 2);
    }

    #[test]
    fn a_full_disk_is_told_whatever_the_library_calls_it() {
        let dir = tempfile::tempdir().unwrap();
        let (mut half, _) = half(dir.path());
        let internal = || TantivyError::InternalError("in words".to_owned());
        assert_eq!(half.unwritten("commit".to_owned(), internal()).kind, Kind::Corrupt);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(half.files.writing().written(Err::<(), _>(full)).is_err());
        assert_eq!(half.unwritten("commit".to_owned(), internal()).kind, Kind::OutOfSpace);
        assert_eq!(half.unwritten("commit".to_owned(), internal()).kind, Kind::Corrupt);
    }
}
