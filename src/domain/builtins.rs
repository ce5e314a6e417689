//! Built-in values every transcript has, derived from facts of the body, metadata and time of ingest (contract
//! section 1, "Built-ins"); and the table of their names.
use crate::base::clock::Timestamp;
use crate::domain::fields::definition::Storage;
use crate::domain::metadata::Metadata;
use crate::domain::transcript::Facts;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A built-in that queries, sorts, facets and rows can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Builtin {
    /// Its name, lower case.
    pub name: &'static str,
    /// How it compares.
    pub storage: Storage,
    /// Whether it belongs to the group `voci` of result columns.
    pub voci: bool,
}

/// All built-ins, in alphabetical order.
pub const BUILTINS: &[Builtin] = &[
    Builtin { name: "agent_clarity", storage: Storage::Number, voci: true },
    Builtin { name: "agent_emotion", storage: Storage::Keyword, voci: true },
    Builtin { name: "agent_gender", storage: Storage::Keyword, voci: true },
    Builtin { name: "agentid", storage: Storage::Keyword, voci: true },
    Builtin { name: "client_clarity", storage: Storage::Number, voci: true },
    Builtin { name: "client_emotion", storage: Storage::Keyword, voci: true },
    Builtin { name: "client_gender", storage: Storage::Keyword, voci: true },
    Builtin { name: "datetime", storage: Storage::Instant, voci: true },
    Builtin { name: "diarization", storage: Storage::Number, voci: true },
    Builtin { name: "duration", storage: Storage::Number, voci: true },
    Builtin { name: "filename", storage: Storage::Keyword, voci: true },
    Builtin { name: "folder", storage: Storage::Keyword, voci: true },
    Builtin { name: "last_modified", storage: Storage::Instant, voci: true },
    Builtin { name: "overall_emotion", storage: Storage::Keyword, voci: true },
    Builtin { name: "overtalk", storage: Storage::Number, voci: true },
    Builtin { name: "requestid", storage: Storage::Keyword, voci: true },
    Builtin { name: "silence", storage: Storage::Number, voci: true },
    Builtin { name: "tid", storage: Storage::Keyword, voci: true },
];

/// The built-in of that name (case folded).
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    let folded = crate::base::fold::fold(name);
    BUILTINS.iter().find(|b| b.name == folded)
}

/// The derived values of one transcript. `tid`, `folder` and `last_modified` are not here: the row has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Builtins {
    /// Microseconds since 1970 UTC.
    pub datetime: i64,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Name of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<String>,
    /// The upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requestid: Option<String>,
    /// `agent_clarity`, `client_gender`, … : numbers where the table says so, else strings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
}

impl Builtins {
    /// Derives them. `ingested` is the time of the *first* ingest.
    pub fn derive(facts: &Facts, metadata: &Metadata, zone: &TimeZone, ingested: Timestamp) -> Self {
        let _ = (facts, metadata, zone, ingested);
        todo!()
    }
}
