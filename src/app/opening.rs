//! From a configuration to a running engine, and back to a quiet folder.
use super::backends;
use super::data_folder::{DataFolder, Presence};
use super::mending::{self, Mended};
use crate::base::clock::Clock;
use crate::base::secret::Secret;
use crate::config::Config;
use crate::engine::upkeep::behind::{behind_index, forget_index_ahead};
use crate::engine::{Engine, Settings};
use crate::stores::Stores;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::time::Duration;

/// An engine on its data folder; the folder is let go when this is dropped.
pub struct App {
    engine: Engine,
    new_token: Option<Secret>,
    folder: DataFolder,
}

impl App {
    /// Takes the data folder, opens the stores, starts the engine, and on the first start makes the first token.
    /// Must run inside a runtime: the engine starts its workers there.
    ///
    /// # Errors
    /// When the folder cannot be taken, a store cannot be opened, the database has lost commits, or the token cannot be
    /// written.
    pub async fn open(config: &Config, presence: Presence) -> Result<Self> {
        let folder = DataFolder::open(&config.data.dir, presence)?;
        let stores = backends::open(&folder, config.workers.vector_bytes)?;
        refuse_lost_commits(&stores, &folder)?;
        Self::start(config, folder, stores).await
    }

    /// The same, also when the database has lost commits: to see what differs.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_look(config: &Config) -> Result<Self> {
        let folder = DataFolder::open(&config.data.dir, Presence::Required)?;
        let stores = backends::open(&folder, config.workers.vector_bytes)?;
        Self::start(config, folder, stores).await
    }

    /// The same after the database was seen to, mended, or made again from the archive.
    ///
    /// # Errors
    /// As [`Self::open`]; when nothing is left to make a database from.
    pub async fn open_mended(config: &Config) -> Result<(Self, Mended)> {
        let folder = DataFolder::open(&config.data.dir, Presence::Remains)?;
        let mut mended = mending::database(&folder)?;
        let stores = backends::open(&folder, config.workers.vector_bytes)?;
        if forget_index_ahead(&stores).context("cannot compare database and index")? {
            mended.words.push("the database had lost changes that the index knew: the index is made again".to_owned());
        }
        Ok((Self::start(config, folder, stores).await?, mended))
    }

    async fn start(config: &Config, folder: DataFolder, stores: Stores) -> Result<Self> {
        let settings = Settings {
            limits: config.limits.clone(),
            compat: config.compat.clone(),
            workers: config.workers.clone(),
            backup: config.backup.clone(),
            spool: folder.dir().to_owned(),
            retention: config.retention.clone(),
            staging: Some(folder.imports()),
        };
        let engine = Engine::open(stores, settings, Clock::system()).context("cannot start on the stores")?;
        let made = engine.ensure_root_token(|token| folder.write_root_token(&Secret::new(token))).await;
        let new_token = made.context("cannot make the first token")??.map(Secret::new);
        if new_token.is_some() {
            tracing::info!(file = %folder.root_token_file().display(), "first start: the first token has been written");
        }
        Ok(Self { engine, new_token, folder })
    }

    /// The use cases.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        self.folder.dir()
    }

    /// The first token, if it was made by this very start.
    pub fn new_token(&self) -> Option<&Secret> {
        self.new_token.as_ref()
    }

    /// The first token as its file holds it, if that is still there.
    pub fn root_token(&self) -> Option<Secret> {
        self.new_token.clone().or_else(|| self.folder.root_token())
    }

    /// Waits until index and archive owe nothing, at most `within`; whether they do not.
    pub async fn level(&self, within: Duration) -> bool {
        let owes = || {
            let figures = self.engine.figures();
            figures.owed_index + figures.owed_archive > figures.quarantined
        };
        let settled = async {
            while owes() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(within, settled).await.is_ok()
    }

    /// Stops taking writes and lets index and archive catch up, at most `deadline`; whether they did.
    /// The folder is let go afterwards.
    pub async fn close(self, deadline: Duration) -> bool {
        self.engine.drain(deadline).await
    }
}

/// A database that has lost commits is not worked on: what archive and index hold of them would be lost as well.
fn refuse_lost_commits(stores: &Stores, folder: &DataFolder) -> Result<()> {
    let behind = behind_index(stores).context("cannot compare database and index")?;
    if behind.transcripts == 0 {
        return Ok(());
    }
    bail!(
        "the database has lost changes that were answered: {} transcripts are older in it than in the search index ({}). \
         Keep a copy of the folder, then run `linernotes repair --data {}`: it takes over what the archive has. If an \
         older database was put back on purpose, that is what to do as well",
        behind.transcripts,
        behind.named.join(", "),
        folder.dir().display()
    )
}
