//! Which stores a data folder is made of: the only place that names backends.
use super::data_folder::DataFolder;
use crate::engine::upkeep::catalogue;
use crate::stores::Stores;
use crate::stores::archive::Archive as _;
use crate::stores::archive::files::FilesArchive;
use crate::stores::archive::layout::CATALOGUE;
use crate::stores::database::Administration;
use crate::stores::database::sqlite::SqliteDatabase;
use crate::stores::error::{Kind, StoreError};
use crate::stores::index::tantivy::TantivyIndex;
use anyhow::{Context, Result, bail};
use std::sync::Arc;

/// Opens the three stores of a data folder. The database comes first: it says which index is its own. The index keeps
/// embeddings in so much memory.
///
/// # Errors
/// When one of them cannot be opened, with its place on disk.
pub fn open(folder: &DataFolder, vector_bytes: u64) -> Result<Stores> {
    let (database_file, index_dir, archive_dir) = (folder.database(), folder.index(), folder.archive());
    refuse_archive_alone(folder)?;
    let database = SqliteDatabase::open(&database_file)
        .and_then(|database| database.look_through().map(|()| database))
        .map_err(|error| advised(error, folder))
        .with_context(|| format!("cannot open the database {}", database_file.display()))?;
    let identity = database.identity().context("cannot read who this database is")?;
    let index = TantivyIndex::open(&index_dir, identity.epoch, identity.index_batch)
        .with_context(|| format!("cannot open the search index {}", index_dir.display()))?;
    index.keep_vectors(vector_bytes);
    let archive = FilesArchive::open(archive_dir.clone())
        .with_context(|| format!("cannot open the archive {}", archive_dir.display()))?;
    if has_lost_configuration(&database, &archive)? {
        bail!(
            "the database {} has lost changes of the configuration that were answered: the archive knows newer ones. \
             Keep a copy of the folder, then run `linernotes repair --data {}`: it makes the database again from the \
             archive. Or put a backup back with `linernotes restore`",
            database_file.display(),
            folder.dir().display()
        );
    }
    Ok(Stores { database: Arc::new(database), index: Arc::new(index), archive: Arc::new(archive) })
}

/// An archive whose database is gone is not served with an empty one: its transcripts would be strangers in it.
fn refuse_archive_alone(folder: &DataFolder) -> Result<()> {
    let gone = folder.database_bytes().unwrap_or(0) == 0;
    if gone && folder.archive().join(CATALOGUE).exists() {
        bail!(
            "the database {} is missing or empty, but the archive beside it is not. Run `linernotes repair --data {}`: \
             it makes the database again from the archive. Or put a backup back with `linernotes restore`",
            folder.database().display(),
            folder.dir().display()
        );
    }
    Ok(())
}

/// Whether the archive's copy of the configuration is newer than the database, which it never runs ahead of: then the
/// database is older than it was, or its log was cut.
///
/// # Errors
/// When one of them cannot be read.
pub fn has_lost_configuration(database: &SqliteDatabase, archive: &FilesArchive) -> Result<bool> {
    let written = archive.catalogue().ok().flatten().and_then(|text| catalogue::read(&text));
    let last_object = database.identity().context("cannot read who this database is")?.last_object;
    Ok(written.is_some_and(|written| written.last_object > last_object))
}

/// What to do about a damaged database.
fn advised(error: StoreError, folder: &DataFolder) -> anyhow::Error {
    // A file of another program, or of a newer version, is not damaged: repair must not replace it.
    let words = error.to_string();
    let damaged = error.kind == Kind::Corrupt && !words.contains("another program") && !words.contains("newer version");
    let error = anyhow::Error::new(error);
    if !damaged {
        return error;
    }
    error.context(format!(
        "the database is damaged. Keep a copy of the folder, then run `linernotes repair --data {}`: it mends the \
         file, or makes it again from the archive. Or put a backup back with `linernotes restore`",
        folder.dir().display()
    ))
}
