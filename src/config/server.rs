//! `[server]`, `[data]`, `[metrics]` and `[log]`: what the process as a whole is told.
use crate::telemetry::Format;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[server]`: the HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes any free one.
    pub listen: String,
    /// Threads that answer requests; 0 = one per processor core.
    pub workers: usize,
    /// Connections at once per process; more wait to be accepted.
    pub max_connections: usize,
    /// Seconds an idle connection is kept.
    pub keep_alive_seconds: u64,
    /// Seconds a client may take to send a request's head; 0 = no bound.
    pub request_head_seconds: u64,
    /// Seconds a client may leave an answer unread before its connection is ended (on Linux); 0 = no bound.
    pub unread_seconds: u64,
    /// Seconds a stop waits for running requests, and again for index and archive to catch up.
    pub drain_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            // V-Spark's port, so that its clients need no change.
            listen: String::from("127.0.0.1:3000"),
            workers: 0,
            max_connections: 25_000,
            keep_alive_seconds: 75,
            request_head_seconds: 10,
            unread_seconds: 120,
            drain_seconds: 30,
        }
    }
}

/// `[data]`: where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The data folder; relative to the folder the process runs in.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("index-data") }
    }
}

/// `[metrics]`: `/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether `/metrics` needs no token.
    pub open: bool,
}

/// `[log]`: log lines, to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What is written: `error`, `warn`, `info`, `debug`, `trace`, also per module.
    pub level: String,
    /// `auto`, `text` or `json`.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: String::from("info"), format: Format::Auto }
    }
}
