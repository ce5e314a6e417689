//! The folder of a stopped server: the engine without its interfaces, as the folder's owner.
use super::{FolderPath, Target, Verdict, Witness};
use crate::app::{App, Presence, runtime};
use crate::cli::output::say;
use crate::config::Config;
use crate::domain::identity::Place;
use crate::domain::refusal::Code;
use crate::engine::admin::{Collection, ConfigPath};
use crate::engine::types::{IngestOptions, Precondition};
use crate::engine::upkeep::{Counted, Erasing, ErasureScope, Reindexing};
use crate::engine::{Caller, Error};
use crate::stores::backups::About;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long closing waits for index and archive. What is missing then is made up for by the next start.
const LEVEL_WITHIN: Duration = Duration::from_secs(3_600);

/// A data folder held by this process.
pub struct StoppedFolder {
    pub(super) app: App,
    pub(super) owner: Caller,
    pub(super) runtime: Runtime,
}

/// What may not be there: `None` then.
pub(super) fn found<T>(asked: crate::engine::Result<T>) -> Result<Option<T>> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl StoppedFolder {
    /// Takes the folder and starts the engine on it.
    ///
    /// # Errors
    /// When the folder is missing, in use, or cannot be opened.
    pub fn open(config: &Config, presence: Presence) -> Result<Self> {
        let runtime = runtime()?;
        let app = runtime.block_on(App::open(config, presence))?;
        if app.new_token().is_some() {
            say(format_args!(
                "a new data folder; its first token is in {}",
                app.data_dir().join("root.token").display()
            ));
        }
        Ok(Self { app, owner: Caller::owner(), runtime })
    }
}

impl Target for StoppedFolder {
    fn has_folder(&mut self, path: &FolderPath) -> Result<bool> {
        let config_path = ConfigPath {
            company: Some(path.company.clone()),
            org: Some(path.org.clone()),
            folder: Some(path.folder.clone()),
            ..ConfigPath::default()
        };
        match self.runtime.block_on(self.app.engine().read_config(&self.owner, &config_path)) {
            Ok(_) => Ok(true),
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn make_folder(&mut self, path: &FolderPath) -> Result<()> {
        let company = Some(path.company.clone());
        let root = ConfigPath::default();
        let orgs = ConfigPath { company: company.clone(), collection: Some(Collection::Orgs), ..root.clone() };
        let folders =
            ConfigPath { company, org: Some(path.org.clone()), collection: Some(Collection::Folders), ..root.clone() };
        let steps = [
            (root, json!({ path.company.as_str(): {} })),
            (orgs, json!({ path.org.as_str(): {} })),
            (folders, json!({ path.folder.as_str(): {} })),
        ];
        for (config_path, body) in steps {
            let body = body.to_string();
            let change = self.app.engine().change_config(&self.owner, &config_path, &body, None, false);
            self.runtime.block_on(change)?;
        }
        Ok(())
    }

    fn ingest(&mut self, path: &FolderPath, id_key: Option<&str>, lines: Vec<String>) -> Result<Vec<Verdict>> {
        let options = IngestOptions {
            folder: Some(path.folder.clone()),
            id_key: id_key.map(str::to_owned),
            ..IngestOptions::default()
        };
        let brought = self.app.engine().ingest(&self.owner, &path.company, &path.org, &options, lines);
        let verdicts = self.runtime.block_on(brought)?;
        Ok(verdicts
            .into_iter()
            .map(|verdict| match verdict {
                Ok(stored) => Verdict::Stored { created: stored.created, unindexed: stored.unindexed },
                Err((tid, refusal)) => {
                    Verdict::Refused { tid, code: refusal.code.text().to_owned(), detail: refusal.detail }
                }
            })
            .collect())
    }

    fn make_token(&mut self, body: Value) -> Result<Value> {
        Ok(self.runtime.block_on(self.app.engine().make_token(&self.owner, body))?)
    }

    fn list_tokens(&mut self) -> Result<Value> {
        Ok(self.app.engine().list_tokens(&self.owner)?)
    }

    fn revoke_token(&mut self, id: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.app.engine().revoke_token(&self.owner, id))?)
    }

    fn reindex(&mut self) -> Result<Reindexing> {
        Ok(self.runtime.block_on(self.app.engine().reindex(&self.owner))?)
    }

    fn reindexing(&mut self) -> Result<Reindexing> {
        Ok(self.app.engine().reindexing(&self.owner)?)
    }

    fn backup(&mut self, to: &Path, step: &mut dyn FnMut(u64, u64)) -> Result<About> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if absolute(to).starts_with(absolute(self.app.data_dir())) {
            bail!("{} lies in the data folder: name a folder outside, best on another disk", to.display());
        }
        let engine = self.app.engine().clone();
        self.runtime.block_on(async {
            let making = engine.backup_here(to);
            tokio::pin!(making);
            loop {
                tokio::select! {
                    made = &mut making => return Ok(made?),
                    () = tokio::time::sleep(Duration::from_millis(200)) => {
                        let standing = engine.backup_standing(&self.owner)?;
                        step(standing.done, standing.files);
                    }
                }
            }
        })
    }

    fn count_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Counted> {
        Ok(self.runtime.block_on(self.app.engine().count_field(&self.owner, scope, field))?)
    }

    fn erase_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Erasing> {
        Ok(self.runtime.block_on(self.app.engine().erase_field(&self.owner, scope, field))?)
    }

    fn erase_transcript(&mut self, place: &Place) -> Result<String> {
        let erased = self.runtime.block_on(self.app.engine().erase(&self.owner, place, Precondition::None));
        Ok(erased.map_err(|error| anyhow::Error::new(error).context(format!("{place} is not erased")))?.job)
    }

    fn erasures(&mut self, scope: &ErasureScope) -> Result<Vec<Erasing>> {
        Ok(self.runtime.block_on(self.app.engine().erasures(&self.owner, scope))?)
    }

    fn witness(&mut self, subject: &Witness<'_>, each: &mut dyn FnMut(&str)) -> Result<()> {
        let engine = self.app.engine();
        match subject {
            Witness::Field(scope, field) => {
                engine.field_values(&self.owner, scope, field, &mut |values| {
                    values.iter().for_each(|value| each(value.get()));
                })?;
            }
            Witness::Transcript(place) => {
                let read = self.runtime.block_on(engine.read_transcript(&self.owner, place));
                each(&read.map_err(|error| anyhow::Error::new(error).context(place.to_string()))?.json);
            }
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        let Self { app, runtime, .. } = *self;
        if !runtime.block_on(app.close(LEVEL_WITHIN)) {
            bail!("everything is stored, but index and archive could not be brought level; the next start catches up");
        }
        Ok(())
    }
}
