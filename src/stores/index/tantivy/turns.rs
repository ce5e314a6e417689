//! One segment of turns as searches see it: what never changes about it, read once and shared by all snapshots.
use super::columns::entries::Entries;
use super::columns::strings::Strings;
use super::failure::{corrupt, unread};
use super::runs::Runs;
use super::schema::{self, TurnFields};
use crate::domain::transcript::{Role, Turn};
use crate::stores::error::Result;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tantivy::columnar::Column;
use tantivy::fastfield::AliveBitSet;
use tantivy::index::{InvertedIndexReader, SegmentId};
use tantivy::schema::Value;
use tantivy::store::StoreReader;
use tantivy::termdict::TermDictionary;
use tantivy::{SegmentReader, TantivyDocument};

/// Blocks of stored text each segment keeps decompressed.
const TEXT_BLOCKS: usize = 16;

/// A segment in one snapshot.
#[derive(Clone)]
pub struct TurnSegment {
    /// What never changes.
    pub cache: Arc<TurnCache>,
    alive: Option<AliveBitSet>,
}

impl TurnSegment {
    /// The segment as `reader` sees it.
    pub fn new(cache: Arc<TurnCache>, reader: &SegmentReader) -> Self {
        Self { cache, alive: reader.alive_bitset().cloned() }
    }

    /// Which turns are still there; `None`: all of them.
    pub fn alive(&self) -> Option<&AliveBitSet> {
        self.alive.as_ref()
    }

    /// How many turns are still there.
    pub fn len(&self) -> u64 {
        self.alive.as_ref().map_or(u64::from(self.cache.runs.turns()), |alive| alive.num_alive_docs() as u64)
    }

    /// Whether a turn is still there.
    #[inline]
    pub fn has(&self, doc: u32) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.is_alive(doc))
    }
}

/// Who speaks the turns of a segment: few different voices, one number per turn.
pub struct Voices {
    /// The voice of each turn.
    pub of: Vec<u32>,
    /// Label, channel and default role of each voice; the rest of the turn is empty.
    pub all: Vec<Turn>,
}

/// What never changes about a segment.
pub struct TurnCache {
    /// Turn → transcript.
    pub runs: Runs,
    /// Postings of the words.
    pub words: Arc<InvertedIndexReader>,
    reader: SegmentReader,
    text: StoreReader,
    voices: OnceLock<Voices>,
    details: OnceLock<Details>,
    vocabularies: RwLock<HashMap<Vec<u8>, Arc<Vocabulary>>>,
}

/// The words of one organisation in one segment: what patterns without a literal beginning are looked for in.
///
/// *Decision:* beside the term dictionary, because streaming that takes 100 ns a word, and one pass over a buffer less
/// than one.
pub struct Vocabulary {
    /// Ascending.
    pub words: Strings,
}

impl Vocabulary {
    fn read(terms: &TermDictionary, head: &[u8]) -> Result<Self> {
        let mut own = Self { words: Strings::default() };
        let mut stream = terms.range().ge(head).into_stream().map_err(unread)?;
        while stream.advance() {
            let Some(word) = stream.key().strip_prefix(head) else { break };
            own.words.push(std::str::from_utf8(word).map_err(|_| corrupt("read a word"))?)?;
        }
        Ok(own)
    }
}

/// Columns read for the few turns that are shown.
struct Details {
    no: Column<u64>,
    length: Column<u64>,
    start: Option<Column<f64>>,
    end: Option<Column<f64>>,
}

impl TurnCache {
    /// Reads a new segment.
    pub fn read(reader: &SegmentReader, fields: &TurnFields) -> Result<Self> {
        Ok(Self {
            runs: Runs::new(keys(reader)?.into_iter()),
            words: reader.inverted_index(fields.words).map_err(unread)?,
            text: reader.get_store_reader(TEXT_BLOCKS).map_err(unread)?,
            reader: reader.clone(),
            voices: OnceLock::new(),
            details: OnceLock::new(),
            vocabularies: RwLock::default(),
        })
    }

    /// Which segment.
    pub fn id(&self) -> SegmentId {
        self.reader.segment_id()
    }

    /// Who speaks; read when first asked for.
    pub fn voices(&self) -> Result<&Voices> {
        if let Some(voices) = self.voices.get() {
            return Ok(voices);
        }
        let voices = self.read_voices()?;
        Ok(self.voices.get_or_init(|| voices))
    }

    fn read_voices(&self) -> Result<Voices> {
        let (columns, docs) = (self.reader.fast_fields(), self.reader.max_doc());
        let labels = columns.str(schema::SPEAKER).map_err(unread)?;
        let spoken = labels.as_ref().map_or(Entries::None, |labels| Entries::of_ordinals(labels.ords(), docs));
        let channels = columns.column_opt::<i64>(schema::CHANNEL).map_err(unread)?;
        let roles = columns.column_opt::<u64>(schema::ROLE).map_err(unread)?;
        let mut numbers: HashMap<(Option<u32>, Option<i64>, u64), u32> = HashMap::new();
        let mut voices = Voices { of: Vec::with_capacity(docs as usize), all: Vec::new() };
        for doc in 0..docs {
            let label = spoken.of(doc).iter().next();
            let channel = channels.as_ref().and_then(|column| column.first(doc));
            let role = roles.as_ref().and_then(|column| column.first(doc)).unwrap_or(0);
            let number = match numbers.get(&(label, channel, role)) {
                Some(number) => *number,
                None => {
                    let mut speaker = None;
                    if let (Some(ordinal), Some(labels)) = (label, &labels) {
                        let mut text = String::new();
                        labels.ord_to_str(u64::from(ordinal), &mut text).map_err(unread)?;
                        speaker = Some(text);
                    }
                    let number = u32::try_from(voices.all.len()).unwrap_or(u32::MAX);
                    voices.all.push(Turn { speaker, channel, role: role_of(role), ..Turn::default() });
                    numbers.insert((label, channel, role), number);
                    number
                }
            };
            voices.of.push(number);
        }
        Ok(voices)
    }

    /// A turn whole, as it was given.
    pub fn turn(&self, doc: u32) -> Result<Turn> {
        let details = self.details()?;
        let voices = self.voices()?;
        let voice = voices.of.get(doc as usize).and_then(|number| voices.all.get(*number as usize));
        let stored: TantivyDocument = self.text.get(doc).map_err(unread)?;
        let text = stored.field_values().find_map(|(_, value)| value.as_str().map(str::to_owned)).unwrap_or_default();
        Ok(Turn {
            no: details.no.first(doc).and_then(|no| u32::try_from(no).ok()).unwrap_or(u32::MAX),
            text,
            speaker: voice.and_then(|voice| voice.speaker.clone()),
            channel: voice.and_then(|voice| voice.channel),
            start: details.start.as_ref().and_then(|column| column.first(doc)),
            end: details.end.as_ref().and_then(|column| column.first(doc)),
            role: voice.map(|voice| voice.role).unwrap_or_default(),
        })
    }

    /// The number of a turn.
    pub fn no(&self, doc: u32) -> Result<u32> {
        Ok(self.details()?.no.first(doc).and_then(|no| u32::try_from(no).ok()).unwrap_or(u32::MAX))
    }

    /// The number of words of each turn.
    pub fn lengths(&self) -> Result<&Column<u64>> {
        Ok(&self.details()?.length)
    }

    /// When each turn begins, in seconds; `None` when no turn says so.
    pub fn starts(&self) -> Result<Option<&Column<f64>>> {
        Ok(self.details()?.start.as_ref())
    }

    /// All words of an organisation; read when first asked for, kept as long as the segment.
    pub fn vocabulary(&self, head: &[u8]) -> Result<Arc<Vocabulary>> {
        if let Some(known) = self.vocabularies.read().get(head) {
            return Ok(known.clone());
        }
        let read = Arc::new(Vocabulary::read(self.words.terms(), head)?);
        Ok(self.vocabularies.write().entry(head.to_vec()).or_insert(read).clone())
    }

    /// Whether the words of an organisation are in memory.
    pub fn knows_vocabulary(&self, head: &[u8]) -> bool {
        self.vocabularies.read().contains_key(head)
    }

    fn details(&self) -> Result<&Details> {
        if let Some(details) = self.details.get() {
            return Ok(details);
        }
        let columns = self.reader.fast_fields();
        let details = Details {
            no: columns.u64(schema::NO).map_err(unread)?,
            length: columns.u64(schema::LENGTH).map_err(unread)?,
            start: columns.column_opt::<f64>(schema::START).map_err(unread)?,
            end: columns.column_opt::<f64>(schema::END).map_err(unread)?,
        };
        Ok(self.details.get_or_init(|| details))
    }
}

/// Document → key of a segment of turns or records.
pub fn keys(reader: &SegmentReader) -> Result<Vec<u32>> {
    numbers(reader, schema::KEY)
}

/// A column of numbers every document has, below 2^32 each.
pub fn numbers(reader: &SegmentReader, name: &str) -> Result<Vec<u32>> {
    let column = reader.fast_fields().u64(name).map_err(unread)?;
    let whole = 0..reader.max_doc();
    if column.values.num_vals() != whole.end {
        return Err(corrupt(format!("read the column {name}")));
    }
    let (mut all, mut block) = (Vec::with_capacity(whole.len()), [0u64; 1_024]);
    for from in whole.clone().step_by(block.len()) {
        let rows = whole.len().saturating_sub(from as usize).min(block.len());
        let Some(block) = block.get_mut(..rows) else { continue };
        column.values.get_range(u64::from(from), block);
        for value in block {
            all.push(u32::try_from(*value).map_err(|_| corrupt(format!("read the column {name}")))?);
        }
    }
    Ok(all)
}

/// The number under which a role is kept.
pub fn role_number(role: Role) -> u64 {
    match role {
        Role::Unknown => 0,
        Role::Agent => 1,
        Role::Client => 2,
    }
}

fn role_of(number: u64) -> Role {
    match number {
        1 => Role::Agent,
        2 => Role::Client,
        _ => Role::Unknown,
    }
}
