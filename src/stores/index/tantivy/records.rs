//! One segment of records as searches see it: what never changes about it, read once and shared by all snapshots.
use super::bits::Bits;
use super::columns::Column;
use super::columns::keywords::Keywords;
use super::columns::vectors::Vectors;
use super::embeddings::Embeddings;
use super::failure::{corrupt, unread};
use super::schema::{self, RecordFields};
use super::turns;
use crate::base::room::Room;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldId;
use crate::query::resolved::Target;
use crate::stores::error::Result;
use crate::stores::index::tid_digest;
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use tantivy::SegmentReader;
use tantivy::columnar::{Column as Stored, StrColumn};
use tantivy::fastfield::AliveBitSet;
use tantivy::index::{InvertedIndexReader, SegmentId};
use tantivy::schema::Field;

/// Documents up to which values are read in no time worth a look at the clock.
const SMALL: usize = 2_048;

/// A segment in one snapshot.
#[derive(Clone)]
pub struct RecordSegment {
    /// What never changes.
    pub cache: Arc<RecordCache>,
    alive: Option<AliveBitSet>,
}

impl RecordSegment {
    /// The segment as `reader` sees it.
    pub fn new(cache: Arc<RecordCache>, reader: &SegmentReader) -> Self {
        Self { cache, alive: reader.alive_bitset().cloned() }
    }

    /// Whether a record is still there.
    #[inline]
    pub fn has(&self, doc: u32) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.is_alive(doc))
    }

    /// Leaves those of these records that are still there.
    pub fn keep_there(&self, docs: &mut Bits) {
        if let Some(alive) = &self.alive {
            docs.retain(|doc| alive.is_alive(doc));
        }
    }

    /// Leaves those of these records that are in one of the folders.
    pub fn keep_in(&self, folders: &HashSet<u32>, docs: &mut Bits) -> Result<()> {
        let own = self.cache.folders()?;
        let meant: Vec<bool> = own.different.iter().map(|folder| folders.contains(folder)).collect();
        if meant.iter().all(|meant| *meant) {
            return Ok(());
        }
        let place = |doc: u32| own.places.get(doc as usize).map(|place| *place as usize);
        docs.retain(|doc| place(doc).and_then(|place| meant.get(place)).is_some_and(|meant| *meant));
        Ok(())
    }

    /// The key of a record that is still there.
    #[inline]
    pub fn key(&self, doc: u32) -> Option<u32> {
        if self.has(doc) { self.cache.keys.get(doc as usize).copied() } else { None }
    }
}

/// What never changes about a segment.
pub struct RecordCache {
    /// Document → key.
    pub keys: Vec<u32>,
    reader: SegmentReader,
    columns: RwLock<HashMap<Target, Arc<Column>>>,
    /// Where embeddings are stored.
    stored: Field,
    vectors: RwLock<HashMap<FieldId, Arc<Vectors>>>,
    folders: OnceLock<Folders>,
    held: OnceLock<[Stored<u64>; 4]>,
    tids: OnceLock<StrColumn>,
}

/// The folders of a segment's documents.
pub struct Folders {
    /// Each once.
    different: Vec<u32>,
    /// By document, its place among them.
    places: Vec<u32>,
}

/// What a record says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The organisation.
    pub org: u64,
    /// Revision of the values.
    pub revision: u64,
    /// Schema version of the values.
    pub schema_version: u64,
    /// Revision of the words.
    pub words_revision: u64,
}

impl RecordCache {
    /// Reads a new segment, whose embeddings are in the field `stored`.
    pub fn read(reader: &SegmentReader, stored: Field) -> Result<Self> {
        Ok(Self {
            keys: turns::keys(reader)?,
            reader: reader.clone(),
            columns: RwLock::default(),
            stored,
            vectors: RwLock::default(),
            folders: OnceLock::new(),
            held: OnceLock::new(),
            tids: OnceLock::new(),
        })
    }

    /// Which segment.
    pub fn id(&self) -> SegmentId {
        self.reader.segment_id()
    }

    /// Folder and number of words of every document.
    pub fn folders_and_words(&self) -> Result<(Vec<u32>, Vec<u32>)> {
        Ok((turns::numbers(&self.reader, schema::FOLDER)?, turns::numbers(&self.reader, schema::WORDS)?))
    }

    /// Whether the folders of documents are in memory, or soon are: those of a small segment.
    pub fn are_folders_at_hand(&self) -> bool {
        self.keys.len() < SMALL || self.folders.get().is_some()
    }

    /// The folder of every document; read when first asked for.
    pub fn folders(&self) -> Result<&Folders> {
        if let Some(folders) = self.folders.get() {
            return Ok(folders);
        }
        let mut places = turns::numbers(&self.reader, schema::FOLDER)?;
        let mut different = places.clone();
        different.sort_unstable();
        different.dedup();
        for place in &mut places {
            let at = different.partition_point(|folder| folder < place);
            *place = u32::try_from(at).unwrap_or(u32::MAX);
        }
        Ok(self.folders.get_or_init(|| Folders { different, places }))
    }

    /// Postings of the words of text fields.
    pub fn texts(&self, fields: &RecordFields) -> Result<Arc<InvertedIndexReader>> {
        self.reader.inverted_index(fields.texts).map_err(unread)
    }

    /// The values of a field; read when first asked for.
    pub fn column(&self, target: Target) -> Result<Arc<Column>> {
        if let Some(column) = self.columns.read().get(&target) {
            return Ok(column.clone());
        }
        let column = Arc::new(Column::read(&self.reader, target)?);
        Ok(self.columns.write().entry(target).or_insert(column).clone())
    }

    /// Whether the values of a field are in memory, or soon are: those of a small segment.
    pub fn is_at_hand(&self, target: Target) -> bool {
        self.keys.len() < SMALL || self.columns.read().contains_key(&target)
    }

    /// The fields whose values were asked for, and whether substrings of them were.
    pub fn targets(&self) -> Vec<(Target, bool)> {
        let columns = self.columns.read();
        let infix = |column: &Column| column.keywords().is_some_and(Keywords::has_trigrams);
        columns.iter().map(|(target, column)| (*target, infix(column))).collect()
    }

    /// The embeddings of a field, of `size` numbers each; read when first asked for. `None` when there is no room for them.
    pub fn vectors(&self, field: FieldId, size: usize, room: &Arc<Room>) -> Result<Option<Arc<Vectors>>> {
        if let Some(vectors) = self.vectors.read().get(&field) {
            return Ok(Some(vectors.clone()));
        }
        let docs = self.having_vectors(field)?;
        let Some(place) = room.take(Vectors::bytes_of(docs.len(), size)) else { return Ok(None) };
        let vectors = Arc::new(Vectors::read(&self.embeddings()?, docs, field, size, place)?);
        Ok(Some(self.vectors.write().entry(field).or_insert(vectors).clone()))
    }

    /// The documents that have an embedding of a field and are not deleted, ascending.
    pub fn having_vectors(&self, field: FieldId) -> Result<Vec<u32>> {
        let counts = self.column(Target::Field(field, Storage::Vector))?;
        let alive = self.reader.alive_bitset();
        let docs = counts.docs(0..counts.values()).iter().copied();
        let mut docs: Vec<u32> = docs.filter(|doc| alive.is_none_or(|alive| alive.is_alive(*doc))).collect();
        docs.sort_unstable();
        Ok(docs)
    }

    /// The embeddings as they are stored.
    pub fn embeddings(&self) -> Result<Embeddings> {
        Embeddings::open(&self.reader, self.stored)
    }

    /// The fields whose embeddings were asked for, with their sizes.
    pub fn vector_fields(&self) -> Vec<(FieldId, usize)> {
        self.vectors.read().iter().map(|(field, vectors)| (*field, vectors.size())).collect()
    }

    /// Bytes of memory that the values asked for take.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.read().values().map(|column| column.bytes()).sum();
        let folders = self.folders.get().map_or(0, |own| (own.places.len() + own.different.len()) * size_of::<u32>());
        columns + folders + self.vectors.read().values().map(|vectors| vectors.bytes()).sum::<usize>()
    }

    /// What the record of a document says of itself.
    pub fn held(&self, doc: u32) -> Result<Held> {
        let [org, revision, schema_version, words_revision] = match self.held.get() {
            Some(columns) => columns,
            None => {
                let column = |name| self.reader.fast_fields().u64(name).map_err(unread);
                let columns = [
                    column(schema::ORG)?,
                    column(schema::REVISION)?,
                    column(schema::SCHEMA_VERSION)?,
                    column(schema::WORDS_REVISION)?,
                ];
                self.held.get_or_init(|| columns)
            }
        };
        let of = |column: &Stored<u64>| column.first(doc).ok_or_else(|| corrupt("read a record"));
        Ok(Held {
            org: of(org)?,
            revision: of(revision)?,
            schema_version: of(schema_version)?,
            words_revision: of(words_revision)?,
        })
    }

    /// Where a document's transcript id stands among those of the segment, in order of code point.
    #[inline]
    pub fn tid_ordinal(&self, doc: u32) -> Result<u64> {
        self.tids()?.ords().first(doc).ok_or_else(|| corrupt("read a transcript id"))
    }

    /// A document's organisation.
    pub fn org(&self, doc: u32) -> Result<u32> {
        u32::try_from(self.held(doc)?.org).map_err(|_| corrupt("read a record"))
    }

    /// The id of that ordinal.
    pub fn tid(&self, ordinal: u64) -> Result<String> {
        let mut text = String::new();
        self.tids()?.ord_to_str(ordinal, &mut text).map_err(unread)?;
        Ok(text)
    }

    /// A digest of each id, by ordinal.
    pub fn tid_digests(&self) -> Result<Vec<u64>> {
        let tids = self.tids()?;
        let mut all = Vec::with_capacity(tids.num_terms());
        let mut stored = tids.dictionary().stream().map_err(unread)?;
        while stored.advance() {
            let tid = std::str::from_utf8(stored.key()).map_err(|_| corrupt("read a transcript id"))?;
            all.push(tid_digest(tid));
        }
        Ok(all)
    }

    fn tids(&self) -> Result<&StrColumn> {
        if let Some(column) = self.tids.get() {
            return Ok(column);
        }
        let column = self.reader.fast_fields().str(schema::TID).map_err(unread)?;
        let column = column.ok_or_else(|| corrupt("read the transcript ids"))?;
        Ok(self.tids.get_or_init(|| column))
    }
}
