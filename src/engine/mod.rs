//! Floor 5: the use cases. [`Engine`] is all that the interfaces may call; it knows neither HTTP nor any backend.
pub mod access;
pub mod admin;
pub mod admission;
pub mod at_once;
pub mod blocking;
pub mod bulk;
pub mod core;
pub mod counters;
pub mod desk;
pub mod edit;
pub mod error;
pub mod fields;
pub mod imports;
pub mod intake;
pub mod jobs;
pub mod open;
pub mod search;
pub mod seen;
pub mod settings;
pub mod tokens;
pub mod types;
pub mod upkeep;
pub mod workers;
pub mod world;

pub use access::Caller;
pub use error::{Error, Result};
pub use settings::Settings;

use crate::base::clock::Clock;
use crate::domain::identity::{CompanyName, FolderName, Mark, OrgName, Place, Tid};
use crate::domain::metadata::Edit;
use crate::query::request::SearchRequest;
use crate::stores::Stores;
use blocking::{blocking, whole};
use intake::lines;
use intake::read::Read;
use intake::target::Target;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use types::{
    EditAnswer, EditOptions, Erased, IngestOptions, Ingested, MetadataView, Precondition, SearchAnswer, TranscriptView,
    Upload, Uploaded, Verdict, Wait,
};

/// The server without its interfaces. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    core: Arc<core::Core>,
    workers: Arc<open::Workers>,
}

impl Engine {
    /// Recovers what a crash left, loads the configuration, starts the workers.
    ///
    /// # Errors
    /// The stores'.
    pub fn open(stores: Stores, settings: Settings, clock: Clock) -> Result<Self> {
        let (core, workers) = open::open(stores, settings, clock)?;
        Ok(Self { core, workers: Arc::new(workers) })
    }

    /// The limits and rules in force.
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// Takes no more writes, lets the sinks level the stores (at most `patience`), stops; whether they are level.
    pub async fn drain(&self, patience: Duration) -> bool {
        let (core, workers) = (self.core.clone(), self.workers.clone());
        blocking(move || workers.drain(&core, patience)).await.unwrap_or(false)
    }

    /// Whether edits and reads work; else why not.
    ///
    /// # Errors
    /// In words.
    pub fn ready(&self) -> std::result::Result<(), String> {
        open::ready(&self.core)
    }

    /// Where things stand.
    pub fn figures(&self) -> upkeep::Figures {
        upkeep::figures::figures(&self.core)
    }

    /// Waits until database, index and archive are level, and the database knows it, at most `patience` for each.
    pub async fn level(&self, patience: Duration) -> bool {
        let empty = workers::progress::Progress::is_empty;
        let level = self.core.archive.until(patience, empty).await && self.core.index.until(patience, empty).await;
        level && self.core.committer.commit(edit::committer::Request::settling()).await.is_ok()
    }

    /// Refuses writes that would only wait to be refused, before their bodies are read.
    ///
    /// # Errors
    /// `overloaded`.
    pub fn room_to_write(&self) -> Result<()> {
        self.core.committer.room()
    }

    /// Refuses searches that would only wait to be refused, before they are read.
    ///
    /// # Errors
    /// `overloaded`.
    pub fn room_to_search(&self) -> Result<()> {
        self.core.searching.room()
    }

    /// Token text to caller.
    ///
    /// # Errors
    /// `token_missing`, `token_unknown`.
    pub fn authenticate(&self, token: Option<&str>) -> Result<Caller> {
        tokens::authenticate(&self.core, token)
    }

    /// Makes the root token when the store has no token yet, and answers it. `hand_over` makes it durable for its owner
    /// before it is known here.
    ///
    /// # Errors
    /// The store's, and in the inner result `hand_over`'s.
    pub async fn ensure_root_token<E>(
        &self,
        hand_over: impl FnOnce(&str) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<Option<String>, E>> {
        tokens::ensure_root(&self.core, hand_over).await
    }

    /// `POST /tokens`: the answer shows the token this once.
    ///
    /// # Errors
    /// See [`tokens::make`].
    pub async fn make_token(&self, caller: &Caller, body: Value) -> Result<Value> {
        let (core, caller) = (self.core.clone(), caller.clone());
        whole(async move { tokens::make(&core, &caller, body).await }).await
    }

    /// `GET /tokens`: those within the caller's scope.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn list_tokens(&self, caller: &Caller) -> Result<Value> {
        tokens::list(&self.core, caller)
    }

    /// `DELETE /tokens/{id}`.
    ///
    /// # Errors
    /// `right_missing`, `not_found`.
    pub async fn revoke_token(&self, caller: &Caller, id: &str) -> Result<()> {
        let (core, caller, id) = (self.core.clone(), caller.clone(), id.to_owned());
        whole(async move { tokens::revoke(&core, &caller, &id).await }).await
    }

    /// `GET /metadata/…`.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn read_metadata(&self, caller: &Caller, place: &Place) -> Result<MetadataView> {
        edit::transcript::read(&self.core, caller, place).await
    }

    /// PATCH, PUT and DELETE on `/metadata/…`.
    ///
    /// # Errors
    /// See [`edit::transcript::edit`].
    pub async fn edit(&self, caller: &Caller, place: &Place, edit: Edit, options: EditOptions) -> Result<EditAnswer> {
        edit::transcript::edit(&self.core, caller, place, &edit, &options).await
    }

    /// `GET /transcripts/…`.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn read_transcript(&self, caller: &Caller, place: &Place) -> Result<TranscriptView> {
        let mut room = None;
        loop {
            let (core, caller, place) = (self.core.clone(), caller.clone(), place.clone());
            let most = if room.is_some() { u64::MAX } else { admission::LIGHT };
            let held = room.take();
            let read = blocking(move || {
                let read = intake::read::transcript(&core, &caller, &place, most);
                drop(held);
                read
            });
            match read.await?? {
                Read::Whole(view) => return Ok(view),
                Read::Long(bytes) => room = self.core.long_reads.weigh(bytes).await,
            }
        }
    }

    /// `PUT /transcripts/…`.
    ///
    /// # Errors
    /// See [`lines::put`].
    pub async fn put_transcript(
        &self,
        caller: &Caller,
        place: &Place,
        text: String,
        ingest: IngestOptions,
        options: EditOptions,
    ) -> Result<Ingested> {
        lines::put(&self.core, caller, place, text, (&ingest, &options)).await
    }

    /// A run of NDJSON lines, in order, one verdict each; every line fails alone.
    ///
    /// # Errors
    /// As a whole only where company, organisation, folder or right are missing.
    pub async fn ingest(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        ingest: &IngestOptions,
        lines: Vec<String>,
    ) -> Result<Vec<Verdict>> {
        let target = Target::resolve(&self.core, caller, company, org, ingest)?;
        lines::lines(&self.core, caller, &target, lines).await
    }

    /// A file to write an upload to; it has no name, so that a crash leaves nothing behind. Blocking.
    ///
    /// # Errors
    /// The disk's.
    pub fn spool(&self) -> std::io::Result<std::fs::File> {
        let dir = &self.core.settings.spool;
        if dir.as_os_str().is_empty() { tempfile::tempfile() } else { tempfile::tempfile_in(dir) }
    }

    /// Whether the caller may send an upload there.
    ///
    /// # Errors
    /// `not_found`, `org_ambiguous`, `right_missing`.
    pub fn may_upload(&self, caller: &Caller, org: &OrgName, folder: &FolderName) -> Result<()> {
        intake::upload::target(&self.core, caller, org, folder).map(drop)
    }

    /// `POST /transcribe/…`.
    ///
    /// # Errors
    /// See [`intake::upload::upload`].
    pub async fn upload(&self, caller: &Caller, org: &OrgName, folder: &FolderName, file: Upload) -> Result<Uploaded> {
        intake::upload::upload(&self.core, caller, (org, folder), file).await
    }

    /// `GET /request/{org}/status`: what became of an upload.
    ///
    /// # Errors
    /// See [`intake::requests::status`].
    pub async fn upload_status(
        &self,
        caller: &Caller,
        org: &OrgName,
        requestid: &str,
    ) -> Result<jobs::account::Account> {
        intake::requests::status(&self.core, caller, org, requestid).await
    }

    /// The same, all or nothing: when any line fails nothing is stored and the other verdicts say so.
    ///
    /// # Errors
    /// As [`Self::ingest`].
    pub async fn ingest_atomic(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        ingest: &IngestOptions,
        lines: Vec<String>,
    ) -> Result<Vec<Verdict>> {
        let target = Target::resolve(&self.core, caller, company, org, ingest)?;
        lines::atomic(&self.core, caller, &target, lines).await
    }

    /// Work on many transcripts: bulk edits, imports, jobs.
    pub fn desk(&self) -> desk::Desk {
        desk::Desk::new(self.core.clone())
    }

    /// `DELETE /transcripts/…`.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, `revision_mismatch`.
    pub async fn erase(&self, caller: &Caller, place: &Place, precondition: Precondition) -> Result<Erased> {
        intake::erase::one(&self.core, caller, place, &precondition).await
    }

    /// `DELETE /search/…?tid=`: all of them are there, or nothing is erased.
    ///
    /// # Errors
    /// As [`Self::erase`].
    pub async fn erase_many(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        folder: Option<&FolderName>,
        tids: &[Tid],
    ) -> Result<Vec<Erased>> {
        intake::erase::many(&self.core, caller, (company, org), folder, tids).await
    }

    /// Waits until everything up to the mark is archived or searchable in an organisation; whether it is.
    pub async fn settle(&self, mark: &str, org: (&CompanyName, &OrgName), wait: Wait, timeout: Duration) -> bool {
        let Ok(mark) = Mark::verify(mark, &self.core.identity.secret, self.core.identity.epoch) else { return false };
        let Some(org) = self.core.world().catalogue.org(org.0, org.1).map(|org| org.id) else { return false };
        let progress = match wait {
            Wait::Commit => return true,
            Wait::Archive => &self.core.archive,
            Wait::Search => &self.core.index,
        };
        progress.until(timeout, |p| p.has_all(org, mark.commit)).await
    }

    /// `/search`.
    ///
    /// # Errors
    /// See [`search::run::search`].
    pub async fn search(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: Option<&OrgName>,
        folder: Option<&FolderName>,
        request: SearchRequest,
    ) -> Result<SearchAnswer> {
        search::run::search(&self.core, caller, (company, org, folder), request).await
    }

    /// `/search` with `output=zip`: the archive, made piece by piece.
    ///
    /// # Errors
    /// See [`search::run::export`].
    pub async fn export(
        &self,
        caller: &Caller,
        company: &CompanyName,
        org: Option<&OrgName>,
        folder: Option<&FolderName>,
        request: SearchRequest,
    ) -> Result<search::zip::Export> {
        search::run::export(&self.core, caller, (company, org, folder), request).await
    }

    /// `/search` with `explain=TID`.
    ///
    /// # Errors
    /// See [`search::explain::ask`].
    pub async fn explain(
        &self,
        caller: &Caller,
        path: search::cursor::Path<'_>,
        request: SearchRequest,
        tid: String,
    ) -> Result<search::explain::Explanation> {
        search::explain::ask(&self.core, caller, path, request, tid).await
    }

    /// `GET /config/…`: the JSON and its ETag.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn read_config(&self, caller: &Caller, path: &admin::ConfigPath) -> Result<(Value, String)> {
        admin::service::read(&self.core, caller, path)
    }

    /// `POST /config/…`: the objects named as GET shows them, and their ETag; with `dry_run` the plan.
    ///
    /// # Errors
    /// Refusals of contract section 5.
    pub async fn change_config(
        &self,
        caller: &Caller,
        path: &admin::ConfigPath,
        body: &str,
        if_match: Option<&str>,
        dry_run: bool,
    ) -> Result<(Value, String)> {
        admin::service::change(&self.core, caller, path, body, (if_match, dry_run)).await
    }

    /// `DELETE /config/…`: what was deleted.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, `multiple_items`, `not_empty`.
    pub async fn delete_config(
        &self,
        caller: &Caller,
        path: &admin::ConfigPath,
        options: admin::DeleteOptions,
    ) -> Result<Value> {
        admin::service::delete(&self.core, caller, path, &options).await
    }

    /// `GET /config/CO/ORG/fields`: all fields and their ETag; with `deleted` also deleted and barred ones.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn fields(&self, caller: &Caller, at: &fields::At, deleted: bool) -> Result<(Value, String)> {
        fields::show::list(&self.core, caller, at, deleted)
    }

    /// `GET /config/CO/ORG/fields/NAME` and its ETag; `shown` is whether deleted ones are, and whether uses are counted.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, or the database's.
    pub async fn field(
        &self,
        caller: &Caller,
        at: &fields::At,
        name: &str,
        shown: (bool, bool),
    ) -> Result<(Value, String)> {
        let (core, caller, at, name) = (self.core.clone(), caller.clone(), at.clone(), name.to_owned());
        blocking(move || fields::show::read(&core, &caller, &at, &name, shown)).await?
    }

    /// `POST /config/CO/ORG/fields/NAME`: defines or retypes, and the ETag; with `dry_run` counts and samples.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, `field_barred`, those of definitions, or the stores'.
    pub async fn define_field(
        &self,
        caller: &Caller,
        at: &fields::At,
        (name, body): (&str, &str),
        options: fields::Options,
    ) -> Result<(Value, String)> {
        let (core, caller, at, name) = (self.core.clone(), caller.clone(), at.clone(), name.to_owned());
        let body = body.to_owned();
        whole(async move { fields::change::define(&core, &caller, &at, (&name, &body), options).await }).await
    }

    /// `DELETE /config/CO/ORG/fields/NAME`, softly or for good.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, or the stores'.
    pub async fn delete_field(
        &self,
        caller: &Caller,
        at: &fields::At,
        name: &str,
        options: fields::Options,
    ) -> Result<Value> {
        let (core, caller, at, name) = (self.core.clone(), caller.clone(), at.clone(), name.to_owned());
        whole(async move { fields::change::delete(&core, &caller, &at, &name, options).await }).await
    }

    /// `POST /config/CO/ORG/fields/NAME/restore`.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, `field_exists`, or the stores'.
    pub async fn restore_field(
        &self,
        caller: &Caller,
        at: &fields::At,
        name: &str,
        if_match: Option<String>,
    ) -> Result<(Value, String)> {
        let (core, caller, at, name) = (self.core.clone(), caller.clone(), at.clone(), name.to_owned());
        whole(async move { fields::change::restore(&core, &caller, &at, &name, if_match.as_deref()).await }).await
    }

    /// `GET /config/CO/ORG[/FOLDER]/unconfigured`, of at most `sample` transcripts of each folder.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, or the stores'.
    pub async fn unconfigured(
        &self,
        caller: &Caller,
        at: &fields::At,
        folder: Option<&FolderName>,
        sample: u64,
    ) -> Result<Value> {
        let (core, caller, at, folder) = (self.core.clone(), caller.clone(), at.clone(), folder.cloned());
        blocking(move || fields::unconfigured::list(&core, &caller, &at, folder.as_ref(), sample)).await?
    }

    /// `POST /config/CO/ORG/FOLDER/unconfigured`: configures names.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, and those of configuration.
    pub async fn promote(&self, caller: &Caller, at: &fields::At, folder: &FolderName, body: &str) -> Result<Value> {
        let (core, caller, at, folder) = (self.core.clone(), caller.clone(), at.clone(), folder.clone());
        let body = body.to_owned();
        whole(async move { fields::unconfigured::promote(&core, &caller, &at, &folder, &body).await }).await
    }

    /// `GET /list/…`.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn list(&self, caller: &Caller, path: &admin::ConfigPath) -> Result<Value> {
        admin::service::names(&self.core, caller, path)
    }

    /// `GET /status…`: the folders below a path.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn folders_standing(
        &self,
        caller: &Caller,
        path: &admin::ConfigPath,
    ) -> Result<Vec<upkeep::standing::FolderStanding>> {
        let (core, caller, path) = (self.core.clone(), caller.clone(), path.clone());
        blocking(move || upkeep::standing::folders(&core, &caller, &path)).await?
    }

    /// `GET /sysinfo`.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn system(&self, caller: &Caller) -> Result<Value> {
        upkeep::standing::system(&self.core, caller)
    }

    /// `POST /reindex`: has the index made again; see [`upkeep::reindex`].
    ///
    /// # Errors
    /// `right_missing`.
    pub async fn reindex(&self, caller: &Caller) -> Result<upkeep::Reindexing> {
        let (core, caller) = (self.core.clone(), caller.clone());
        whole(async move { upkeep::reindex::ask(&core, &caller).await }).await
    }

    /// `GET /reindex`: how far it is.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn reindexing(&self, caller: &Caller) -> Result<upkeep::Reindexing> {
        upkeep::reindex::standing(&self.core, caller)
    }

    /// Heals what another store can prove; see [`upkeep::repair`]. For a stopped folder: nobody else may write.
    ///
    /// # Errors
    /// The stores'.
    pub async fn repair(&self, options: upkeep::RepairOptions) -> Result<upkeep::RepairReport> {
        let core = self.core.clone();
        blocking(move || upkeep::repair::repair(&core, &options)).await?
    }

    /// `POST /backup`: begins a backup; see [`upkeep::backup`].
    ///
    /// # Errors
    /// `right_missing`, `config_invalid`, `parameter_invalid`, `overloaded`.
    pub async fn begin_backup(&self, caller: &Caller, body: &str) -> Result<upkeep::BackupStanding> {
        upkeep::backup::begin(&self.core, caller, body)
    }

    /// `GET /backup`: how far it is.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn backup_standing(&self, caller: &Caller) -> Result<upkeep::BackupStanding> {
        upkeep::backup::standing(&self.core, caller)
    }

    /// A backup in any folder, for whoever has the data folder to himself.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn backup_here(&self, folder: &std::path::Path) -> Result<crate::stores::backups::About> {
        let (core, folder) = (self.core.clone(), folder.to_owned());
        blocking(move || upkeep::backup::here(&core, &folder)).await?
    }

    /// `POST /erase/…`: begins to erase every value of a metadata field; see [`upkeep::erase::field`].
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub async fn erase_field(
        &self,
        caller: &Caller,
        scope: &upkeep::ErasureScope,
        name: &str,
    ) -> Result<upkeep::Erasing> {
        let (core, caller, scope, name) = (self.core.clone(), caller.clone(), scope.clone(), name.to_owned());
        whole(async move { upkeep::erase::field(&core, &caller, &scope, &name).await }).await
    }

    /// `POST /erase/…?dry_run=true`: how many transcripts hold the field.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, or the stores'.
    pub async fn count_field(
        &self,
        caller: &Caller,
        scope: &upkeep::ErasureScope,
        name: &str,
    ) -> Result<upkeep::Counted> {
        let (core, caller, scope, name) = (self.core.clone(), caller.clone(), scope.clone(), name.to_owned());
        blocking(move || upkeep::erase::count(&core, &caller, &scope, &name)).await?
    }

    /// `GET /erase/…`: erasures that run or are done.
    ///
    /// # Errors
    /// `not_found`, `right_missing`, or when the backups cannot be listed.
    pub async fn erasures(&self, caller: &Caller, scope: &upkeep::ErasureScope) -> Result<Vec<upkeep::Erasing>> {
        let (core, caller, scope) = (self.core.clone(), caller.clone(), scope.clone());
        blocking(move || upkeep::erase::standing(&core, &caller, &scope)).await?
    }

    /// Calls `each` with every value of a field, transcript by transcript. Blocking: for whoever has the folder to
    /// himself and proves afterwards that they are gone.
    ///
    /// # Errors
    /// As [`Self::count_field`].
    pub fn field_values(
        &self,
        caller: &Caller,
        scope: &upkeep::ErasureScope,
        name: &str,
        each: &mut dyn FnMut(&[Arc<serde_json::value::RawValue>]),
    ) -> Result<upkeep::Counted> {
        upkeep::erase::values(&self.core, caller, scope, name, each)
    }

    /// Compares the three stores transcript by transcript.
    ///
    /// # Errors
    /// The stores'.
    pub async fn verify(&self, deep: bool) -> Result<upkeep::VerifyReport> {
        let core = self.core.clone();
        Ok(blocking(move || upkeep::verify::verify(&core, deep)).await??)
    }
}
