//! The newest state of a transcript: a bounded cache, else the row, else the row with what the archive has.
//!
//! *Decision:* where a row's configured values are all metadata, no file is read. An edit of what is not in memory then
//! costs one page of the database instead of a page, an inode and a file.
use crate::base::clock::Clock;
use crate::base::json;
use crate::domain::builtins::Builtins;
use crate::domain::catalogue::Folder;
use crate::domain::identity::{FolderId, Key, OrgId, Place, Revision, Tid};
use crate::domain::metadata::Metadata;
use crate::domain::projection::Projection;
use crate::domain::transcript::Facts;
use crate::stores::Stores;
use crate::stores::database::Row;
use crate::stores::database::writes::{Remember, Stored};
use crate::stores::error::{Kind, Result, Store, StoreError};
use quick_cache::sync::Cache as QuickCache;
use quick_cache::{Equivalent, Weighter};
use std::sync::Arc;

/// A transcript's row with its metadata.
#[derive(Clone, Debug)]
pub struct Current {
    /// The incarnation.
    pub key: Key,
    /// Its organisation.
    pub org: OrgId,
    /// Its folder.
    pub folder: FolderId,
    /// Its id.
    pub tid: Tid,
    /// Of the metadata.
    pub revision: Revision,
    /// Of the body.
    pub words_revision: Revision,
    /// Microseconds.
    pub last_modified: i64,
    /// Microseconds.
    pub ingested: i64,
    /// [`Facts`], JSON.
    pub facts: Arc<str>,
    /// [`Builtins`], JSON.
    pub builtins: Arc<str>,
    /// All metadata.
    pub metadata: Metadata,
}

impl Current {
    /// What an edit makes of it: the next revision, now, with metadata seen through the folder's fields.
    pub fn edited(
        &self,
        clock: &Clock,
        (folder, projection): (&Folder, &Projection),
        metadata: &Metadata,
        builtins: Arc<str>,
        idempotency: Option<Remember>,
    ) -> Stored {
        let (values, text): (Arc<str>, _) = (projection.values_json().into(), metadata.to_json());
        // Where all is configured both are the same text, and are held once.
        let metadata = if *values == *text { values.clone() } else { text.into() };
        Stored {
            key: self.key,
            org: self.org,
            folder: self.folder,
            tid: self.tid.clone(),
            revision: Revision(self.revision.0 + 1),
            words_revision: self.words_revision,
            schema_version: folder.schema.version,
            last_modified: clock.now().0.max(self.last_modified + 1),
            ingested: self.ingested,
            facts: self.facts.clone(),
            builtins,
            values,
            metadata,
            idempotency,
        }
    }

    /// The metadata as it is shown: names in the folder's spelling where they are configured.
    pub fn shown(&self, folder: &Folder) -> String {
        shown(&self.metadata, folder)
    }
}

/// Metadata with names in the folder's spelling where they are configured.
pub fn shown(metadata: &Metadata, folder: &Folder) -> String {
    metadata.to_json_with(|name| folder.schema.field(name).and_then(|field| own_spelling(field, name)))
}

fn own_spelling<'f>(
    field: &'f crate::domain::fields::ConfiguredField,
    name: &crate::domain::identity::FieldName,
) -> Option<&'f str> {
    (field.name.shown() != name.shown()).then(|| field.name.shown())
}

/// A transcript as the cache keeps it: its texts in one piece, for a tenth of the room that parsed metadata takes. Then
/// the cache holds the transcripts that a folder's editors work on, and reading one is a parse instead of a file.
#[derive(Debug)]
struct Packed {
    key: Key,
    folder: FolderId,
    revision: Revision,
    words_revision: Revision,
    last_modified: i64,
    ingested: i64,
    /// Facts, built-ins and metadata, one after the other.
    text: Box<str>,
    facts: usize,
    builtins: usize,
}

/// A state of a transcript, ready for the cache: made by who computes a write, so that the thread that commits has only
/// to put it there.
#[derive(Debug)]
pub struct Kept {
    org: OrgId,
    tid: Tid,
    packed: Arc<Packed>,
}

impl Kept {
    /// What a write makes of its transcript.
    pub fn stored(stored: &Stored) -> Self {
        let (text, facts, builtins) = pack(&stored.facts, &stored.builtins, &stored.metadata);
        let packed = Packed {
            key: stored.key,
            folder: stored.folder,
            revision: stored.revision,
            words_revision: stored.words_revision,
            last_modified: stored.last_modified,
            ingested: stored.ingested,
            text,
            facts,
            builtins,
        };
        Self { org: stored.org, tid: stored.tid.clone(), packed: Arc::new(packed) }
    }

    /// A state that is known in parts.
    pub fn of(current: &Current) -> Self {
        let (text, facts, builtins) = pack(&current.facts, &current.builtins, &current.metadata.to_json());
        let packed = Packed {
            key: current.key,
            folder: current.folder,
            revision: current.revision,
            words_revision: current.words_revision,
            last_modified: current.last_modified,
            ingested: current.ingested,
            text,
            facts,
            builtins,
        };
        Self { org: current.org, tid: current.tid.clone(), packed: Arc::new(packed) }
    }

    /// Its organisation.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// Its folder.
    pub fn folder(&self) -> FolderId {
        self.packed.folder
    }
}

/// Texts in one piece, and the lengths of the first two.
fn pack(facts: &str, builtins: &str, metadata: &str) -> (Box<str>, usize, usize) {
    let mut text = String::with_capacity(facts.len() + builtins.len() + metadata.len());
    [facts, builtins, metadata].into_iter().for_each(|part| text.push_str(part));
    (text.into(), facts.len(), builtins.len())
}

impl Packed {
    /// `None` when the text is not what was packed: a defect, and the stores are asked.
    fn unpack(&self, org: OrgId, tid: &Tid) -> Option<Current> {
        let (facts, rest) = self.text.split_at_checked(self.facts)?;
        let (builtins, metadata) = rest.split_at_checked(self.builtins)?;
        Some(Current {
            key: self.key,
            org,
            folder: self.folder,
            tid: tid.clone(),
            revision: self.revision,
            words_revision: self.words_revision,
            last_modified: self.last_modified,
            ingested: self.ingested,
            facts: facts.into(),
            builtins: builtins.into(),
            metadata: Metadata::lenient(metadata).ok()?,
        })
    }
}

#[derive(Clone)]
struct Weigh;

impl Weighter<(OrgId, Tid), Arc<Packed>> for Weigh {
    fn weight(&self, (_, tid): &(OrgId, Tid), packed: &Arc<Packed>) -> u64 {
        // Allocations, the entry and its place in the table.
        (packed.text.len() + tid.as_str().len() + 200) as u64
    }
}

/// Looks for an entry without a key of its own; hashed as the key is.
#[derive(Hash)]
struct Sought<'a>(OrgId, &'a Tid);

impl Equivalent<(OrgId, Tid)> for Sought<'_> {
    fn equivalent(&self, (org, tid): &(OrgId, Tid)) -> bool {
        self.0 == *org && self.1 == tid
    }
}

/// Recently edited transcripts. Only who holds a transcript's lock, or commits its write, may put it here: then an
/// entry is never older than the database.
pub struct Cache(QuickCache<(OrgId, Tid), Arc<Packed>, Weigh>);

impl Cache {
    /// A cache of at most so many bytes.
    pub fn new(bytes: u64) -> Self {
        let estimate = usize::try_from(bytes / 1_024).unwrap_or(1_024).max(16);
        Self(QuickCache::with_weighter(estimate, bytes, Weigh))
    }

    /// The newest state, if it is here.
    pub fn find(&self, org: OrgId, tid: &Tid) -> Option<Arc<Current>> {
        self.0.get(&Sought(org, tid))?.unpack(org, tid).map(Arc::new)
    }

    /// Whether the newest state is here.
    pub fn holds(&self, org: OrgId, tid: &Tid) -> bool {
        self.0.get(&Sought(org, tid)).is_some()
    }

    /// Remembers the newest state.
    pub fn keep(&self, Kept { org, tid, packed }: Kept) {
        self.0.insert((org, tid), packed);
    }

    /// Forgets a transcript that is gone.
    pub fn forget(&self, org: OrgId, tid: &Tid) {
        self.0.remove(&Sought(org, tid));
    }
}

/// Loads the newest state from the stores. Without the transcript's lock the answer may be a step behind, never torn:
/// metadata and revision come as a pair from one source.
///
/// # Errors
/// `Corrupt` when neither database nor archive hold the metadata.
pub fn load(stores: &Stores, org: OrgId, place: &Place) -> Result<Option<Current>> {
    load_if(stores, org, place, |_| true)
}

/// [`load`] of a transcript whose folder is `seen`. What is hidden is found out before its metadata is read: its answer
/// takes no longer than that of what is unknown.
///
/// # Errors
/// As there.
pub fn load_if(stores: &Stores, org: OrgId, place: &Place, seen: impl Fn(FolderId) -> bool) -> Result<Option<Current>> {
    for _ in 0..5 {
        let Some(row) = stores.database.load(org, &place.tid)?.filter(|row| seen(row.folder)) else { return Ok(None) };
        if let Some(current) = complete(stores, &row, place)? {
            return Ok(Some(current));
        }
        // The archive lacked what the row said it had: erased or moved on since; look at the row again.
    }
    Err(StoreError::plain(Store::Archive, Kind::Corrupt, format!("the metadata of {place} is missing")))
}

/// The row with its metadata, from the row itself or from the archive.
///
/// # Errors
/// The archive's.
pub fn complete(stores: &Stores, row: &Row, place: &Place) -> Result<Option<Current>> {
    if let Some(text) = row.metadata() {
        return Ok(Some(with(row, parse(text, place)?, row.revision, row.last_modified)));
    }
    let Some(file) = stores.archive.metadata(place)? else { return Ok(None) };
    if file.revision < row.revision {
        return Ok(None);
    }
    let written = match file.last_modified.parse::<jiff::Timestamp>() {
        Ok(instant) => instant.as_microsecond(),
        Err(_) => row.last_modified,
    };
    Ok(Some(with(row, parse(&file.metadata, place)?, file.revision, written)))
}

fn with(row: &Row, metadata: Metadata, revision: Revision, last_modified: i64) -> Current {
    Current {
        key: row.key,
        org: row.org,
        folder: row.folder,
        tid: row.tid.clone(),
        revision,
        words_revision: row.words_revision,
        last_modified,
        ingested: row.ingested,
        facts: row.facts.clone(),
        builtins: row.builtins.clone(),
        metadata,
    }
}

fn parse(text: &str, place: &Place) -> Result<Metadata> {
    Metadata::lenient(text)
        .map_err(|e| StoreError::new(Store::Archive, Kind::Corrupt, format!("the metadata of {place}"), e))
}

/// Reads a row's facts.
///
/// # Errors
/// `Corrupt`.
pub fn facts(text: &str) -> Result<Facts> {
    serde_json::from_str(text).map_err(|e| StoreError::new(Store::Database, Kind::Corrupt, "facts of a row", e))
}

/// Reads a row's built-ins.
///
/// # Errors
/// `Corrupt`.
pub fn builtins(text: &str) -> Result<Builtins> {
    serde_json::from_str(text).map_err(|e| StoreError::new(Store::Database, Kind::Corrupt, "built-ins of a row", e))
}

/// JSON text of a value of ours.
///
/// # Errors
/// `Bug`: our own types can always be written.
pub fn text<T: serde::Serialize>(value: &T) -> Result<Arc<str>> {
    let raw = json::raw(value).map_err(|e| StoreError::new(Store::Database, Kind::Bug, "write a row's JSON", e))?;
    Ok(Arc::from(raw.get()))
}
