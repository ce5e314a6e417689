//! The database of a stopped folder before the engine is started on it: checked, mended, or made again.
use super::backends::has_lost_configuration;
use super::data_folder::DataFolder;
use crate::domain::identity::{Key, Place, Revision};
use crate::engine::admin::stored;
use crate::engine::upkeep::{RepairOptions, catalogue};
use crate::engine::world::World;
use crate::stores::archive::files::FilesArchive;
use crate::stores::archive::{Archive, Fate};
use crate::stores::database::sqlite::SqliteDatabase;
use crate::stores::database::sqlite::mend::{self, Remnant, Salvaged, Standing};
use crate::stores::database::{Administration, Database, Write};
use anyhow::{Context, Result, bail};
use std::collections::HashMap;

/// What became of the database.
#[derive(Debug, Default)]
pub struct Mended {
    /// In words, one line each; empty when nothing was wrong.
    pub words: Vec<String>,
    /// Whether it was made again, so that the archive is ahead of it.
    pub made_again: bool,
    /// What is known beyond the archive.
    pub options: RepairOptions,
}

/// Sees to the database of a folder.
///
/// # Errors
/// When files cannot be read or written, or nothing is left to make it again from.
pub fn database(folder: &DataFolder) -> Result<Mended> {
    let path = folder.database();
    let standing = match folder.database_bytes() {
        None => Standing::Broken("it is missing".to_owned()),
        Some(0) if folder.archive().exists() => Standing::Broken("it is empty".to_owned()),
        Some(_) => mend::examine(&path)?,
    };
    match standing {
        Standing::Sound | Standing::Mended(_) if lost(folder)? => {
            make_again(folder, "it has lost changes of the configuration that the archive knows")
        }
        Standing::Sound => Ok(Mended::default()),
        Standing::Mended(words) => {
            Ok(Mended { words: vec![format!("the database was damaged: {words}")], ..Mended::default() })
        }
        Standing::Broken(why) => make_again(folder, &why),
    }
}

fn lost(folder: &DataFolder) -> Result<bool> {
    if !folder.archive().exists() {
        return Ok(false);
    }
    let archive = FilesArchive::open(folder.archive()).context("cannot open the archive")?;
    has_lost_configuration(&SqliteDatabase::open(&folder.database())?, &archive)
}

fn make_again(folder: &DataFolder, why: &str) -> Result<Mended> {
    if !folder.archive().exists() {
        bail!("the database cannot be used ({why}), and there is no archive to make it again from");
    }
    let archive = FilesArchive::open(folder.archive()).context("cannot open the archive")?;
    let written = archive.catalogue().ok().flatten().and_then(|text| catalogue::read(&text));
    let salvaged = mend::replace(&folder.database()).context("cannot make the database again")?;
    let database = SqliteDatabase::open(&folder.database())?;
    let mut words = vec![format!("the database could not be used: {why}. It was made again from the archive")];
    if salvaged.kept.as_os_str().is_empty() {
        words.push("no token could be kept, and what was erased is not known any more".to_owned());
    } else {
        words.push(format!("the damaged file is kept as {}", salvaged.kept.display()));
        words.push(format!(
            "read from it: {} rows of transcripts, {} tokens, {}",
            salvaged.rows.len(),
            salvaged.tokens,
            if salvaged.secret { "which ids were erased" } else { "but not which ids were erased" }
        ));
    }
    configure(&database, written, &mut words)?;
    let identity = database.identity()?;
    let world = World::new(stored::from_stored(database.objects()?, identity.last_object)?);
    let options = beyond_archive(&salvaged, &world);
    settle_staged(&archive, &salvaged, &world, &mut words)?;
    Ok(Mended { words, made_again: true, options })
}

/// The catalogue has a sum, the objects of the damaged file have none: they only lend it their secrets.
fn configure(database: &SqliteDatabase, written: Option<catalogue::Catalogued>, words: &mut Vec<String>) -> Result<()> {
    let found = database.objects()?;
    let found_good = stored::from_stored(found.clone(), 0).is_ok();
    let Some(written) = written else {
        if !found_good {
            let delete = found.iter().map(|object| (object.kind, object.id)).collect();
            database.commit(&[configuring(Vec::new(), delete, 0)])?;
        }
        let kept = if found_good { found.len() } else { 0 };
        words.push(format!(
            "the archive holds no catalogue: {kept} companies, organisations and folders were read from the damaged \
             file; what is missing must be configured again, then repair again"
        ));
        return Ok(());
    };
    let mut without = written.without_secrets;
    let mut put = written.objects;
    for object in &mut put {
        let lender = found.iter().find(|own| {
            let same =
                catalogue::text(std::slice::from_ref(own), 0) == catalogue::text(std::slice::from_ref(object), 0);
            own.kind == object.kind && own.id == object.id && (same || without_secrets(own, object))
        });
        if let Some(lender) = lender.filter(|_| found_good) {
            without.retain(|name| *name != object.name);
            *object = lender.clone();
        }
    }
    let delete = found
        .iter()
        .filter(|own| !put.iter().any(|object| object.kind == own.kind && object.id == own.id))
        .map(|own| (own.kind, own.id))
        .collect();
    words.push(format!("{} companies, organisations and folders were taken from the archive's catalogue", put.len()));
    if !without.is_empty() {
        words.push(format!("secrets of callbacks are lost in the folders: {}", without.join(", ")));
    }
    database.commit(&[configuring(put, delete, written.last_object)])?;
    Ok(())
}

fn configuring(
    put: Vec<crate::stores::database::StoredObject>,
    delete: Vec<(crate::stores::database::rows::ObjectKind, u32)>,
    last_object: u32,
) -> Write {
    Write::Configure { put, delete, last_object, jobs: Vec::new() }
}

/// Whether two objects are the same but for secrets.
fn without_secrets(
    own: &crate::stores::database::StoredObject,
    object: &crate::stores::database::StoredObject,
) -> bool {
    let stripped = |object: &crate::stores::database::StoredObject| {
        catalogue::read(&catalogue::text(std::slice::from_ref(object), 0)).map(|read| read.objects)
    };
    stripped(own) == stripped(object)
}

fn place_of(row: &Remnant, world: &World) -> Option<Place> {
    let (company, org) = world.org(row.org)?;
    Some(Place { company: company.name.clone(), org: org.name.clone(), tid: row.tid.clone() })
}

/// What the damaged file tells beyond the archive.
fn beyond_archive(salvaged: &Salvaged, world: &World) -> RepairOptions {
    let mut ingested = HashMap::new();
    let mut unarchived = Vec::new();
    for row in &salvaged.rows {
        let Some(place) = place_of(row, world) else { continue };
        ingested.insert(place.clone(), row.ingested);
        if let Some(metadata) = &row.unarchived {
            unarchived.push((place, row.revision, metadata.clone()));
        }
    }
    RepairOptions { ingested, unarchived, ..RepairOptions::default() }
}

/// Bodies that waited for their names get them where the damaged file tells whose they are.
fn settle_staged(archive: &FilesArchive, salvaged: &Salvaged, world: &World, words: &mut Vec<String>) -> Result<()> {
    let known: HashMap<(Key, Revision), Place> =
        salvaged.rows.iter().filter_map(|row| Some(((row.key, row.words_revision), place_of(row, world)?))).collect();
    let mut aside = 0;
    archive.sweep(&mut |key, revision| match known.get(&(key, revision)) {
        Some(place) => Fate::Publish(place.clone()),
        None => {
            aside += 1;
            Fate::SetAside
        }
    })?;
    if aside > 0 {
        words.push(format!("{aside} bodies that waited for their names are in archive/.lost+found/.staging"));
    }
    Ok(())
}
