//! Reading one transcript as received: its body without `client_data`, its metadata, its facts.
use crate::domain::limits::Limits;
use crate::domain::metadata::Metadata;
use crate::domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the body says about the transcript as a whole; kept in the database row as JSON, so that built-ins and
/// archive sums can be had without reading the body again. A new body makes new facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// `app_data.datetime` as spelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_datetime: Option<String>,
    /// Top-level `recvdate` as spelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recvdate: Option<String>,
    /// Top-level `audiosecs`, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audiosecs: Option<f64>,
    /// The greatest `end` of a turn, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_end: Option<f64>,
    /// Top-level `source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Top-level `requestid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requestid: Option<String>,
    /// `agent_clarity`, `client_gender`, `overtalk`, … as app_data (or the top level) gives them: JSON text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Number of turns.
    pub turns: u32,
    /// Number of words over all turns, as [`crate::domain::words::tokens`] counts them.
    pub words: u32,
    /// SHA-256 of the archived body, hex.
    pub body_sha256: String,
    /// Bytes of the archived body.
    pub body_bytes: u64,
}

/// One transcript as received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The transcript less `client_data`: exactly the bytes received when there is none, else the members as spelled.
    pub body: String,
    /// `client_data`, if there is one that is not `null`.
    pub client_data: Option<Metadata>,
    /// Facts of the body.
    pub facts: Facts,
    /// The turns.
    pub turns: Vec<super::Turn>,
}

/// Reads one transcript.
///
/// # Errors
/// `json_invalid`, `json_too_deep`, `body_too_large`, `transcript_shape` (not an object; `utterances` not an array of
/// objects; `client_data` not an object; a member named twice on the top level), `too_many_fields`.
pub fn read(text: &str, limits: &Limits) -> Result<Received, Refusal> {
    let _ = (text, limits);
    todo!()
}

/// The whole JSON as `GET /transcripts/…` shows it: the body with `client_data`, `tid` and `last_modified` set
/// (replaced where the body has such members, else appended in that order).
///
/// # Errors
/// When the archived body is no JSON object (a damaged archive).
pub fn whole(body: &str, metadata: &str, tid: &str, last_modified: &str) -> Result<String, serde_json::Error> {
    let _ = (body, metadata, tid, last_modified);
    todo!()
}

/// The id a line carries under `key` on its top level: a non-empty string, or a number as spelled.
pub fn top_level_id(body: &str, key: &str) -> Option<String> {
    let _ = (body, key);
    todo!()
}
