//! The names no edit may set and no folder may configure (contract section 1).
use crate::domain::identity::FieldName;
use std::collections::HashSet;
use std::sync::LazyLock;

/// V-Spark's newest list, and the names of our own result rows.
pub const RESERVED: [&str; 52] = [
    "_all",
    "_id",
    "agent",
    "agent id",
    "agent_v3",
    "agentid",
    "all",
    "app_data",
    "asr",
    "audio_duration",
    "audio_properties",
    "audiosecs",
    "call_tag",
    "caller",
    "caller_v3",
    "client",
    "client_data",
    "confidence",
    "datetime",
    "diarization_score",
    "doc id",
    "donedate",
    "duration",
    "ended",
    "file",
    "filenamelowercase",
    "gender",
    "jm_version",
    "model",
    "nchannels",
    "nsubs",
    "performance_stats",
    "recvdate",
    "recvtz",
    "request id",
    "requestid",
    "sentiment",
    "sentiment_scores",
    "source",
    "speakers",
    "started",
    "streamtags",
    "tag",
    "tid",
    "transcript id",
    "utterances",
    "last_modified",
    "filename",
    "folder",
    "score",
    "speaker",
    "revision",
];

/// Whether `name` is reserved, in any case.
pub fn is_reserved(name: &FieldName) -> bool {
    static FOLDED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| RESERVED.iter().copied().collect());
    FOLDED.contains(name.folded())
}
