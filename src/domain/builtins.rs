//! Built-in values every transcript has, derived from facts of the body, metadata and time of ingest (contract
//! section 1, "Built-ins"); and the table of their names.
use crate::base::clock::Timestamp;
use crate::domain::fields::datetime::parse_instant;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldName;
use crate::domain::metadata::Metadata;
use crate::domain::transcript::facts::Facts;
use crate::domain::transcript::scores::Scores;
use crate::domain::transcript::voci;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

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
    /// What applications gave it.
    #[serde(skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
}

static DATETIME: LazyLock<FieldName> = LazyLock::new(|| FieldName::lenient("datetime"));
static DURATION: LazyLock<FieldName> = LazyLock::new(|| FieldName::lenient("duration"));
static AGENTID: LazyLock<FieldName> = LazyLock::new(|| FieldName::lenient("agentid"));

impl Builtins {
    /// Derives them. `ingested` is the time of the *first* ingest. A value that cannot be read falls through to the
    /// next source.
    pub fn derive(facts: &Facts, metadata: &Metadata, zone: &TimeZone, ingested: Timestamp) -> Self {
        let mut attributes = facts.attributes.clone();
        let app_agent = match attributes.remove(AGENTID.folded()) {
            Some(serde_json::Value::String(id)) => Some(id),
            _ => None,
        };
        let own_agent = metadata.get(&AGENTID).and_then(|raw| voci::filled(raw)).map(Cow::into_owned);
        let own_duration = metadata.get(&DURATION).and_then(|raw| voci::number(raw));
        Self {
            datetime: instant(facts, metadata, zone).unwrap_or(ingested.0),
            duration: [own_duration, facts.audiosecs, facts.last_end].into_iter().flatten().find(|s| *s >= 0.0),
            filename: facts.source.clone(),
            agentid: own_agent.or(app_agent),
            requestid: facts.requestid.clone(),
            attributes,
            scores: facts.scores.clone(),
        }
    }
}

/// The time of the conversation: metadata, else app_data (UTC where it names no zone), else the time of receipt.
fn instant(facts: &Facts, metadata: &Metadata, zone: &TimeZone) -> Option<i64> {
    let own = metadata.get(&DATETIME).and_then(|raw| voci::filled(raw));
    own.and_then(|text| parse_instant(text.trim(), zone))
        .or_else(|| facts.app_datetime.as_deref().and_then(|text| parse_instant(text.trim(), &TimeZone::UTC)))
        .or_else(|| facts.recvdate.as_deref().and_then(|text| parse_instant(text.trim(), zone)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::transcript::facts::ATTRIBUTES;

    fn derived(facts: &Facts, metadata: &str) -> Builtins {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Builtins::derive(facts, &Metadata::lenient(metadata).unwrap(), &zone, Timestamp(7))
    }

    #[test]
    fn attributes_read_from_transcripts_are_in_the_table_with_their_type() {
        for (name, numeric) in ATTRIBUTES {
            assert_eq!(builtin(name).unwrap().storage == Storage::Number, *numeric, "{name}");
        }
        assert!(BUILTINS.is_sorted_by_key(|b| b.name));
        assert_eq!(builtin("AgentID").map(|b| b.name), Some("agentid"));
    }

    #[test]
    fn the_time_is_metadata_else_app_data_in_utc_else_receipt_else_ingest() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let mut facts = Facts {
            app_datetime: Some("2026-01-02 03:04:05".into()),
            recvdate: Some("2026-01-03 03:04:05".into()),
            ..Facts::default()
        };
        assert_eq!(derived(&facts, r#"{"DateTime":"2026-01-01 12:00:00"}"#).datetime, at("2026-01-01T11:00:00Z"));
        assert_eq!(derived(&facts, r#"{"datetime":"soon"}"#).datetime, at("2026-01-02T03:04:05Z"));
        facts.app_datetime = Some("never".into());
        assert_eq!(derived(&facts, r#"{"datetime":null}"#).datetime, at("2026-01-03T02:04:05Z"));
        facts.recvdate = None;
        assert_eq!(derived(&facts, r#"{"datetime":["2026-01-01"]}"#).datetime, 7);
    }

    #[test]
    fn the_duration_is_metadata_else_audio_else_the_last_end() {
        let facts = Facts { audiosecs: Some(9.5), last_end: Some(8.0), ..Facts::default() };
        assert_eq!(derived(&facts, r#"{"duration":"12.5"}"#).duration, Some(12.5));
        assert_eq!(derived(&facts, r#"{"duration":-1}"#).duration, Some(9.5));
        assert_eq!(derived(&Facts { audiosecs: None, ..facts }, r#"{"duration":"long"}"#).duration, Some(8.0));
        assert_eq!(derived(&Facts::default(), "{}").duration, None);
    }

    #[test]
    fn the_agent_is_metadata_else_app_data() {
        let mut facts = Facts { source: Some("a.wav".into()), ..Facts::default() };
        facts.attributes.insert("agentid".into(), "7".into());
        facts.attributes.insert("silence".into(), 0.5.into());
        let both = derived(&facts, r#"{"AgentId":2207}"#);
        assert_eq!((both.agentid.as_deref(), both.filename.as_deref()), (Some("2207"), Some("a.wav")));
        assert_eq!(both.attributes.keys().collect::<Vec<_>>(), ["silence"]);
        assert_eq!(derived(&facts, r#"{"agentid":""}"#).agentid.as_deref(), Some("7"));
    }

    #[test]
    fn scores_of_applications_are_passed_on() {
        let scores = r#"{"Call Drivers":{"Billing":1.0}}"#;
        let facts = Facts { scores: serde_json::from_str(scores).unwrap(), ..Facts::default() };
        let derived = derived(&facts, "{}");
        assert_eq!(serde_json::to_string(&derived.scores).unwrap(), scores);
        assert!(!serde_json::to_string(&Builtins::default()).unwrap().contains("scores"));
    }
}
