//! Floor 5: the use cases. [`Engine`] is all that the interfaces may call; it knows neither HTTP nor any backend.
pub mod access;
pub mod admin;
pub mod edit;
pub mod error;
pub mod intake;
pub mod search;
pub mod settings;
pub mod types;
pub mod upkeep;
pub mod workers;

pub use access::Caller;
pub use error::{Error, Result};
pub use settings::Settings;

use crate::domain::identity::{CompanyName, FolderName, OrgName, Place, Tid};
use crate::domain::metadata::Edit;
use crate::query::request::SearchRequest;
use crate::stores::Stores;
use std::sync::Arc;
use std::time::Duration;
use types::*;

/// The server without its interfaces. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {}

impl Engine {
    /// Recovers what a crash left, loads the configuration, starts the workers.
    pub fn open(stores: Stores, settings: Settings, clock: crate::base::clock::Clock) -> Result<Self> {
        todo!()
    }
    /// The limits and rules in force.
    pub fn settings(&self) -> &Settings {
        todo!()
    }
    /// Stops taking writes, lets the workers level the stores (at most `deadline`), stops them.
    pub async fn drain(&self, deadline: Duration) -> bool {
        todo!()
    }
    /// Whether edits and reads work.
    pub fn ready(&self) -> std::result::Result<(), String> {
        todo!()
    }
    /// Figures for `/metrics`, as (name, help, labels, value) rows.
    pub fn figures(&self) -> upkeep::Figures {
        todo!()
    }

    /// Token text to caller.
    pub fn authenticate(&self, token: Option<&str>) -> Result<Caller> {
        todo!()
    }
    /// The root token's digest is stored when the store has no token yet; returns the token if it was made now.
    pub async fn ensure_root_token(&self) -> Result<Option<String>> {
        todo!()
    }
    /// `POST /tokens`: body as JSON, answer as JSON with the token shown this once.
    pub async fn make_token(&self, caller: &Caller, body: serde_json::Value) -> Result<serde_json::Value> {
        todo!()
    }
    /// `GET /tokens`: those the caller may see.
    pub fn list_tokens(&self, caller: &Caller) -> Result<serde_json::Value> {
        todo!()
    }
    /// `DELETE /tokens/{id}`.
    pub async fn revoke_token(&self, caller: &Caller, id: &str) -> Result<()> {
        todo!()
    }

    /// `GET /metadata/…`.
    pub async fn read_metadata(&self, caller: &Caller, place: &Place) -> Result<MetadataView> {
        todo!()
    }
    /// PATCH, PUT and DELETE on `/metadata/…`.
    pub async fn edit(&self, caller: &Caller, place: &Place, edit: Edit, options: EditOptions) -> Result<EditAnswer> {
        todo!()
    }

    /// `GET /transcripts/…`.
    pub async fn read_transcript(&self, caller: &Caller, place: &Place) -> Result<TranscriptView> {
        todo!()
    }
    /// `PUT /transcripts/…`.
    pub async fn put_transcript(
        &self,
        caller: &Caller,
        place: &Place,
        text: String,
        ingest: IngestOptions,
        options: EditOptions,
    ) -> Result<Ingested> {
        todo!()
    }
    /// A run of NDJSON lines, in order; one verdict each. Every line fails alone.
    /// Fails as a whole only when company, org, folder or right are missing.
    pub async fn ingest(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        ingest: &IngestOptions,
        lines: Vec<String>,
    ) -> Result<Vec<Verdict>> {
        todo!()
    }
    /// The same, all or nothing: when any line fails nothing is stored and the other verdicts say so.
    pub async fn ingest_atomic(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        ingest: &IngestOptions,
        lines: Vec<String>,
    ) -> Result<Vec<Verdict>> {
        todo!()
    }
    /// `DELETE /transcripts/…`.
    pub async fn erase(&self, caller: &Caller, place: &Place, precondition: Precondition) -> Result<Erased> {
        todo!()
    }
    /// `DELETE /search/…?tid=`: all or none exist.
    pub async fn erase_many(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        folder: Option<&FolderName>,
        tids: &[Tid],
    ) -> Result<Vec<Erased>> {
        todo!()
    }
    /// Waits until the writes so far of an org are archived and searchable, at most `timeout`: for `wait=` on streams.
    pub async fn settle(&self, mark: &str, org: (&CompanyName, &OrgName), wait: Wait, timeout: Duration) -> bool {
        todo!()
    }

    /// `/search`.
    pub async fn search(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: Option<&OrgName>,
        folder: Option<&FolderName>,
        request: SearchRequest,
    ) -> Result<SearchAnswer> {
        todo!()
    }

    /// `GET /config/…`: the JSON and its ETag (an opaque string without quotes).
    pub async fn read_config(&self, caller: &Caller, path: &admin::ConfigPath) -> Result<(serde_json::Value, String)> {
        todo!()
    }
    /// `POST /config/…`: the objects named as GET shows them, and their ETag. With `dry_run` the plan.
    pub async fn change_config(
        &self,
        caller: &Caller,
        path: &admin::ConfigPath,
        body: &str,
        if_match: Option<&str>,
        dry_run: bool,
    ) -> Result<(serde_json::Value, String)> {
        todo!()
    }
    /// `DELETE /config/…`: what was deleted.
    pub async fn delete_config(
        &self,
        caller: &Caller,
        path: &admin::ConfigPath,
        options: admin::DeleteOptions,
    ) -> Result<serde_json::Value> {
        todo!()
    }
    /// `GET /list/…`.
    pub async fn list(&self, caller: &Caller, path: &admin::ConfigPath) -> Result<serde_json::Value> {
        todo!()
    }

    /// Compares the three stores transcript by transcript.
    pub async fn verify(&self, deep: bool) -> Result<upkeep::VerifyReport> {
        todo!()
    }
}
