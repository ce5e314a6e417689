//! Linernotes: a server for the metadata of transcripts, compatible with V-Spark's `/metadata`, `/search`, `/config`
//! and `/list`.
//!
//! # Two ideas
//!
//! *An edit never touches the words.* The index holds a transcript twice: its turns, written once, and one small record
//! of values, rewritten by each edit. A dense number, the key, joins them. An edit costs the same whatever the length of
//! the call.
//!
//! *One transaction is the truth, everything else catches up.* An edit is answered when one database transaction is on
//! disk. What archive and index still owe stands in the row itself: they claim rows that are ahead of them, take the
//! newest state, write it, and settle when it is durable. A crash at any step only makes them do it again.
//!
//! # Floors
//!
//! A file imports lower floors only; `tests/tidy.rs` proves it.
//!
//! | | floor | holds |
//! |---|---|---|
//! | 8 | [`cli`] | commands, progress, texts for people |
//! | 7 | [`app`] | opening and serving; the only place that names backends; the demo |
//! | 6 | [`http`] | routes, status codes, headers |
//! | 5 | [`engine`] | use cases (edit, intake, search, admin, upkeep) and the workers behind them |
//! | 4 | [`stores`] | three ports, database, index and archive, with their backends |
//! | 3 | [`query`] | the query language, resolved against the fields of the folders; an oracle in memory |
//! | 2 | [`domain`] | names, values, types, metadata, edits, projection; pure |
//! | 1 | [`config`], [`telemetry`] | the server's configuration; log lines |
//! | 0 | [`base`] | clock, atomic files, digests, limits of JSON |
//!
//! # One edit
//!
//! [`http::routes::metadata`] takes the request apart → [`engine::access`] hides what the token may not see →
//! [`engine::edit::locks`] gives the turn for the transcript → [`engine::edit::current`] finds the newest metadata →
//! [`domain::metadata::edit`] and [`domain::projection`] compute, purely → [`engine::edit::committer`] commits whatever
//! queued meanwhile as one transaction, and answers → [`engine::workers::archiver`] and [`engine::workers::indexer`]
//! catch up and wake whoever waits.
//!
//! The longer form of this page is `docs/architecture.md`.
pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod http;
pub mod query;
pub mod stores;
pub mod telemetry;
