//! Facts: what a body says about its transcript as a whole.
use super::scores::Scores;
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
    /// The names of [`ATTRIBUTES`] as app_data (or else the top level) gives them: numbers or strings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// `app_data.scorecard`.
    #[serde(skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
    /// Number of turns.
    pub turns: u32,
    /// Number of words over all turns, as [`crate::domain::words::tokens`] counts them.
    pub words: u32,
    /// SHA-256 of the archived body, hex.
    pub body_sha256: String,
    /// Bytes of the archived body.
    pub body_bytes: u64,
}

/// The attributes taken from `app_data`, and whether each is a number (also when it is sent as a string).
pub const ATTRIBUTES: &[(&str, bool)] = &[
    ("agent_clarity", true),
    ("agent_emotion", false),
    ("agent_gender", false),
    ("agentid", false),
    ("client_clarity", true),
    ("client_emotion", false),
    ("client_gender", false),
    ("diarization", true),
    ("overall_emotion", false),
    ("overtalk", true),
    ("silence", true),
];
