//! Where a command works: on the folder of a stopped server, or on a running server. The same calls on both.
pub mod bulk;
pub mod folder;
pub mod lookups;
pub mod remote;
pub mod settings;

use super::args::{Common, Place};
use super::place::FolderPath;
use crate::app::Presence;
use crate::config::Environment;
use crate::domain::identity::Place as TranscriptPlace;
use crate::engine::upkeep::{Counted, Erasing, ErasureScope, Reindexing};
use crate::stores::backups::About;
use anyhow::Result;
pub use bulk::Bulk;
pub use lookups::Lookups;
use serde_json::Value;
pub use settings::Settings;
use std::path::Path;

/// What became of one transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Stored {
        /// Whether it is new.
        created: bool,
        /// Metadata names sent that are not configured, where the place tells.
        unindexed: Vec<String>,
    },
    /// It is refused.
    Refused {
        /// Its id, where it could be read.
        tid: Option<String>,
        /// The error's code.
        code: String,
        /// In words.
        detail: String,
    },
}

/// What is about to be erased.
#[derive(Debug)]
pub enum Witness<'a> {
    /// A field of a scope.
    Field(&'a ErasureScope, &'a str),
    /// A transcript.
    Transcript(&'a TranscriptPlace),
}

/// The calls commands make. All of them wait for the answer.
pub trait Target: Lookups + Bulk + Settings {
    /// Whether the folder is there.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn has_folder(&mut self, path: &FolderPath) -> Result<bool>;

    /// Makes what is missing of company, organisation and folder.
    ///
    /// # Errors
    /// When the place refuses.
    fn make_folder(&mut self, path: &FolderPath) -> Result<()>;

    /// Brings transcripts in, in order; one verdict each.
    ///
    /// # Errors
    /// When the place cannot be reached or refuses the whole.
    fn ingest(&mut self, path: &FolderPath, id_key: Option<&str>, lines: Vec<String>) -> Result<Vec<Verdict>>;

    /// Makes a token from the body of `POST /tokens`.
    ///
    /// # Errors
    /// When the place refuses.
    fn make_token(&mut self, body: Value) -> Result<Value>;

    /// All tokens that may be seen.
    ///
    /// # Errors
    /// When the place refuses.
    fn list_tokens(&mut self) -> Result<Value>;

    /// Revokes a token.
    ///
    /// # Errors
    /// When there is no such token.
    fn revoke_token(&mut self, id: &str) -> Result<()>;

    /// Has the search index made again.
    ///
    /// # Errors
    /// When the place refuses.
    fn reindex(&mut self) -> Result<Reindexing>;

    /// How far the search index is.
    ///
    /// # Errors
    /// When the place refuses.
    fn reindexing(&mut self) -> Result<Reindexing>;

    /// Makes a backup; `step` hears how many files are done, of how many.
    ///
    /// # Errors
    /// When the place refuses, or it cannot be written.
    fn backup(&mut self, to: &Path, step: &mut dyn FnMut(u64, u64)) -> Result<About>;

    /// How many transcripts hold a field.
    ///
    /// # Errors
    /// When the place refuses.
    fn count_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Counted>;

    /// Begins to erase every value of a field.
    ///
    /// # Errors
    /// When the place refuses.
    fn erase_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Erasing>;

    /// Erases a transcript; the job that removes its bytes.
    ///
    /// # Errors
    /// When there is no such transcript, or the place refuses.
    fn erase_transcript(&mut self, place: &TranscriptPlace) -> Result<String>;

    /// Erasures that run or are done.
    ///
    /// # Errors
    /// When the place refuses.
    fn erasures(&mut self, scope: &ErasureScope) -> Result<Vec<Erasing>>;

    /// Calls `each` with the JSON of what is about to be erased. Only of a folder that this process has to itself:
    /// elsewhere nobody could search the files.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    fn witness(&mut self, _subject: &Witness<'_>, _each: &mut dyn FnMut(&str)) -> Result<()> {
        Ok(())
    }

    /// Leaves the place in order. Called once, also after a failed call.
    ///
    /// # Errors
    /// When the stores could not be brought level.
    fn close(self: Box<Self>) -> Result<()>;
}

/// Opens the place the arguments name.
///
/// # Errors
/// When it cannot be opened or reached.
pub fn open(common: &Common, place: &Place, presence: Presence) -> Result<Box<dyn Target>> {
    let loaded = super::settings::for_data(common, place)?;
    match &place.url {
        Some(url) => Ok(Box::new(remote::Remote::new(url, Environment::read().token)?)),
        None => Ok(Box::new(folder::StoppedFolder::open(&loaded.config, presence)?)),
    }
}
