//! The two schemas and the names of their paths.
//!
//! *Decision:* `records` indexes its key and the words of text fields only. Every other value is a column, answered from
//! sorted copies in memory ([`super::columns`]): an inverted index per field costs each commit milliseconds (a term
//! table is built per field and segment), and columns answer equality, ranges, patterns, order and facets faster.
//!
//! *Decision:* the words of the turns lie under the organisation's number (`o17`) as JSON path, so that an
//! organisation's postings are its own: no search walks another's, and no figure tells of them.
use super::tokenizer;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::OrgId;
use crate::query::resolved::Target;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, STORED, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions,
};
use tantivy::store::Compressor;
use tantivy::{Index, IndexSettings, Term};

/// The tokenizer the library knows by itself: the whole text, untouched.
const RAW: &str = "raw";

/// Column of a record's or turn's key.
pub const KEY: &str = "key";
/// Column of a turn's number.
pub const NO: &str = "no";
/// Column of a turn's beginning.
pub const START: &str = "start";
/// Column of a turn's end.
pub const END: &str = "end";
/// Column of a turn's label.
pub const SPEAKER: &str = "speaker";
/// Column of a turn's channel.
pub const CHANNEL: &str = "channel";
/// Column of a turn's default role.
pub const ROLE: &str = "role";
/// Column of a turn's number of words.
pub const LENGTH: &str = "length";
/// Column of a record's organisation.
pub const ORG: &str = "org";
/// Column of a record's folder.
pub const FOLDER: &str = "folder";
/// Column of a record's revision.
pub const REVISION: &str = "revision";
/// Column of a record's schema version.
pub const SCHEMA_VERSION: &str = "schema_version";
/// Column of the revision that brought the words.
pub const WORDS_REVISION: &str = "words_revision";
/// Column of the number of words.
pub const WORDS: &str = "words";
/// Column of the transcript id.
pub const TID: &str = "tid";
/// Column of the last change.
pub const LAST_MODIFIED: &str = "last_modified";

/// Fields of the index of turns.
#[derive(Clone, Copy, Debug)]
pub struct TurnFields {
    /// The transcript.
    pub key: Field,
    /// Number of the turn.
    pub no: Field,
    /// Seconds.
    pub start: Field,
    /// Seconds.
    pub end: Field,
    /// Label.
    pub speaker: Field,
    /// Channel.
    pub channel: Field,
    /// Default role.
    pub role: Field,
    /// Number of words.
    pub length: Field,
    /// The text, stored.
    pub text: Field,
    /// The words, indexed under the organisation.
    pub words: Field,
}

impl TurnFields {
    /// The schema and its fields.
    pub fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let fields = Self {
            key: schema.add_u64_field(KEY, INDEXED | FAST),
            no: schema.add_u64_field(NO, FAST),
            start: schema.add_f64_field(START, FAST),
            end: schema.add_f64_field(END, FAST),
            speaker: schema.add_text_field(SPEAKER, TextOptions::default().set_fast(RAW)),
            channel: schema.add_i64_field(CHANNEL, FAST),
            role: schema.add_u64_field(ROLE, FAST),
            length: schema.add_u64_field(LENGTH, FAST),
            text: schema.add_text_field("text", STORED),
            words: words_field(&mut schema, "w"),
        };
        (schema.build(), fields)
    }

    /// The path under which an organisation's words stand.
    pub fn path(org: OrgId) -> String {
        format!("o{}", org.0)
    }

    /// The term of a word said in an organisation.
    pub fn word(&self, org: OrgId, word: &str) -> Term {
        term(self.words, &Self::path(org), word)
    }
}

/// Fields of the index of records.
#[derive(Clone, Copy, Debug)]
pub struct RecordFields {
    /// The transcript.
    pub key: Field,
    /// Its organisation.
    pub org: Field,
    /// Its folder.
    pub folder: Field,
    /// Revision of the values.
    pub revision: Field,
    /// Schema version of the values.
    pub schema_version: Field,
    /// Revision of the words.
    pub words_revision: Field,
    /// Number of words.
    pub words: Field,
    /// Its id.
    pub tid: Field,
    /// Microseconds.
    pub last_modified: Field,
    /// Keywords by path, as [`super::spelling`] packs them.
    pub keywords: Field,
    /// Numbers by path.
    pub numbers: Field,
    /// Instants by path, microseconds; for text fields and embeddings the number of values.
    pub instants: Field,
    /// Words of text fields by path.
    pub texts: Field,
    /// Embeddings, each behind the number of its field; only stored: [`super::embeddings`].
    pub vectors: Field,
}

impl RecordFields {
    /// The schema and its fields.
    pub fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let column = || JsonObjectOptions::default().set_fast(RAW);
        let fields = Self {
            key: schema.add_u64_field(KEY, INDEXED | FAST),
            org: schema.add_u64_field(ORG, FAST),
            folder: schema.add_u64_field(FOLDER, FAST),
            revision: schema.add_u64_field(REVISION, FAST),
            schema_version: schema.add_u64_field(SCHEMA_VERSION, FAST),
            words_revision: schema.add_u64_field(WORDS_REVISION, FAST),
            words: schema.add_u64_field(WORDS, FAST),
            tid: schema.add_text_field(TID, TextOptions::default().set_fast(RAW)),
            last_modified: schema.add_i64_field(LAST_MODIFIED, FAST),
            keywords: schema.add_json_field("kw", column()),
            numbers: schema.add_json_field("num", column()),
            instants: schema.add_json_field("int", column()),
            texts: words_field(&mut schema, "txt"),
            vectors: schema.add_bytes_field("vec", STORED),
        };
        (schema.build(), fields)
    }

    /// The term of a word in a text field.
    pub fn word(&self, target: Target, word: &str) -> Term {
        term(self.texts, &path(target), word)
    }
}

fn words_field(schema: &mut SchemaBuilder, name: &str) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer::NAME)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    schema.add_json_field(name, JsonObjectOptions::default().set_indexing_options(indexing))
}

/// The term of a text under a JSON path.
pub fn term(field: Field, path: &str, text: &str) -> Term {
    let mut term = Term::from_field_json_path(field, path, false);
    term.append_type_and_str(text);
    term
}

/// The bytes before each word in the term dictionary of a JSON field's path.
pub fn head(field: Field, path: &str) -> Vec<u8> {
    term(field, path, "").serialized_value_bytes().to_vec()
}

/// The term by which a transcript's documents are deleted.
pub fn key_term(field: Field, key: u32) -> Term {
    Term::from_field_u64(field, u64::from(key))
}

/// The path of a field's, built-in's or score's values within their JSON field: numbers, never names, so that names may hold
/// anything and a retyped field is another path.
pub fn path(target: Target) -> String {
    match target {
        Target::Field(id, Storage::Words) => format!("w{}", id.0),
        Target::Field(id, Storage::Vector) => format!("v{}", id.0),
        Target::Field(id, _) => format!("f{}", id.0),
        Target::Builtin(builtin) => format!("b_{}", builtin.name),
        Target::Score(id) => format!("s{id:x}"),
    }
}

/// The full name of the column of a field or built-in, dot included.
pub fn column_name(target: Target) -> String {
    if let Target::Builtin(builtin) = target
        && (builtin.name == TID || builtin.name == LAST_MODIFIED)
    {
        return builtin.name.to_owned();
    }
    let field = match target.storage() {
        Storage::Keyword => "kw",
        Storage::Number => "num",
        Storage::Instant | Storage::Words | Storage::Vector => "int",
    };
    format!("{field}.{}", path(target))
}

/// Settings both indexes share: a thread per segment for compression is not worth its start.
pub fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Lz4,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// Makes the index split text as the domain does.
pub fn register(index: &Index) {
    index.tokenizers().register(tokenizer::NAME, tokenizer::Words);
}
