//! What use cases are asked and what they answer, in plain values.
use crate::base::clock::Timestamp;
use crate::domain::identity::{FolderName, Revision, Tid};
use crate::domain::receipt::FieldOutcome;
use crate::domain::refusal::Refusal;
use crate::query::resolved::{FacetValue, Moment};
use std::time::Duration;

/// How far an answer waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Until the database has it durably.
    #[default]
    Commit,
    /// Until the archive has it too.
    Archive,
    /// Until searches see it too.
    Search,
}

/// `If-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// None was sent.
    #[default]
    None,
    /// `*`: it must exist.
    Any,
    /// One of these revisions (tags that are no revisions of ours match nothing).
    Revisions(Vec<u64>),
}

/// `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Method and path, as received (without the query string).
    pub request: String,
    /// The key.
    pub key: String,
    /// SHA-256 of content type and body.
    pub body: [u8; 32],
}

/// Options of an edit.
#[derive(Clone, Debug)]
pub struct EditOptions {
    /// Lost races are refused.
    pub precondition: Precondition,
    /// Repeats change nothing.
    pub idempotency: Option<Idempotency>,
    /// Validate and answer as if, change nothing.
    pub dry_run: bool,
    /// How far the answer waits.
    pub wait: Wait,
    /// How long at most.
    pub timeout: Duration,
}

impl Default for EditOptions {
    fn default() -> Self {
        Self {
            precondition: Precondition::None,
            idempotency: None,
            dry_run: false,
            wait: Wait::Commit,
            timeout: Duration::from_secs(5),
        }
    }
}

/// The metadata of a transcript at one revision.
#[derive(Clone, Debug)]
pub struct MetadataView {
    /// The bare object, JSON.
    pub metadata: String,
    /// Its revision.
    pub revision: Revision,
    /// When it was written.
    pub last_modified: Timestamp,
}

/// What an edit answers.
#[derive(Clone, Debug)]
pub struct EditAnswer {
    /// Metadata after the edit (for a replay: of today).
    pub view: MetadataView,
    /// Freshness mark.
    pub mark: String,
    /// Names sent that are not configured and hold nothing that is, as sent, in order.
    pub unindexed: Vec<String>,
    /// What became of each field named.
    pub fields: Vec<FieldOutcome>,
    /// Set when the idempotency key was known: the revision of the first answer.
    pub replayed: Option<Revision>,
    /// `archive` or `search`, when the wait ran out: the write stands.
    pub pending: Option<&'static str>,
}

/// A whole transcript.
#[derive(Clone, Debug)]
pub struct TranscriptView {
    /// Body, `client_data`, `tid`, `last_modified`.
    pub json: String,
    /// Its revision.
    pub revision: Revision,
    /// When it was written.
    pub last_modified: Timestamp,
}

/// What becomes of metadata when a transcript is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataMode {
    /// The stored metadata stays.
    Keep,
    /// RFC 7396 merge of the stored with the sent.
    Merge,
    /// The sent replaces the stored.
    Replace,
}

/// Options of an ingest.
#[derive(Clone, Debug, Default)]
pub struct IngestOptions {
    /// Where new transcripts go; a known transcript moves there. Without it a known transcript stays where it is.
    pub folder: Option<FolderName>,
    /// Without it: `client_data`, if present, replaces; if absent, the stored stays.
    pub metadata: Option<MetadataMode>,
    /// NDJSON: the top-level key that holds the id; default `tid`, else a new UUIDv7.
    pub id_key: Option<String>,
}

/// What became of one transcript brought in.
#[derive(Clone, Debug)]
pub struct Ingested {
    /// Its id.
    pub tid: Tid,
    /// Whether it is new.
    pub created: bool,
    /// Its revision.
    pub revision: Revision,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Freshness mark.
    pub mark: String,
    /// Names that are not configured and hold nothing that is.
    pub unindexed: Vec<String>,
    /// Words for a person: misfits, reserved names kept, …
    pub notes: Vec<String>,
    /// `archive` or `search`, when the wait ran out.
    pub pending: Option<&'static str>,
}

/// One line's verdict: what was brought in, or why not (with the id, where it could be read).
pub type Verdict = Result<Ingested, (Option<String>, Refusal)>;

/// What an erasure answers.
#[derive(Clone, Debug)]
pub struct Erased {
    /// The job after which no byte is left.
    pub job: String,
    /// Freshness mark.
    pub mark: String,
}

/// One result row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultRow {
    /// Flat members in order, as they stand between the braces of a JSON object.
    pub members: String,
    /// Turns that matched, when asked for.
    pub moments: Option<Vec<Moment>>,
}

impl ResultRow {
    /// The flat members as a JSON object.
    pub fn json(&self) -> String {
        format!("{{{}}}", self.members)
    }
}

/// What a search answers.
#[derive(Clone, Debug, Default)]
pub struct SearchAnswer {
    /// Matching transcripts, exact.
    pub total: u64,
    /// First row.
    pub offset: usize,
    /// Rows asked for.
    pub size: usize,
    /// `output=summary`.
    pub rows: Vec<ResultRow>,
    /// CSV columns, alphabetical: every configured field of the folders searched and the built-ins asked for.
    pub columns: Vec<String>,
    /// `output=details`: whole transcripts.
    pub details: Vec<String>,
    /// Where the next page goes on, when asked for and rows follow.
    pub cursor: Option<String>,
    /// Name and values, in the order asked.
    pub facets: Vec<(String, Vec<FacetValue>)>,
    /// Name and figures, in the order asked.
    pub stats: Vec<(String, serde_json::Value)>,
    /// Name and buckets, in the order asked: where each begins, and its transcripts.
    pub histograms: Vec<(String, Vec<(serde_json::Value, u64)>)>,
    /// Field → folders searched that do not have it configured.
    pub unconfigured: Vec<(String, Vec<String>)>,
    /// Words for a person: a back-fill runs, …
    pub warnings: Vec<String>,
}

/// A file that arrived whole.
#[derive(Debug)]
pub struct Upload {
    /// Its name, as the client says.
    pub name: String,
    /// Its bytes.
    pub file: std::fs::File,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The `requestid` of all its transcripts.
    pub requestid: String,
    /// Freshness mark of the last of them.
    pub mark: String,
}

/// What became of one transcript's edit among many.
#[derive(Clone, Debug)]
pub struct LineEdited {
    /// Its id.
    pub tid: Tid,
    /// Whether it is another now; an edit that says what is there already makes no revision.
    pub changed: bool,
    /// Its revision.
    pub revision: Revision,
    /// Names that are not configured and hold nothing that is.
    pub unindexed: Vec<String>,
    /// Words for a person: values kept in the archive only.
    pub notes: Vec<String>,
    /// Freshness mark; empty when nothing was written.
    pub mark: String,
}

/// One line's verdict: what was edited, or why not (with the id, where it could be read).
pub type EditVerdict = Result<LineEdited, (Option<String>, Refusal)>;
