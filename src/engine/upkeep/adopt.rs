//! The archive ahead of the database: an older database was put back, or it had to be made again. What the archive's
//! sums prove is taken over; the rest is named or set aside.
use super::report::{RepairOptions, RepairReport};
use crate::base::digest::sha256_hex;
use crate::domain::identity::{Place, Tid};
use crate::domain::metadata::Metadata;
use crate::domain::projection::project;
use crate::domain::transcript::read;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then};
use crate::engine::edit::current;
use crate::engine::edit::transcript::derive;
use crate::engine::error::{Error, Result};
use crate::engine::world::Home;
use crate::stores::archive::MetadataFile;
use crate::stores::database::writes::Stored;
use crate::stores::database::{Row, Write};
use std::collections::HashSet;
use std::sync::Arc;

/// A transcript of the database whose metadata file is newer.
///
/// # Errors
/// The stores'.
pub fn newer(
    core: &Core,
    (row, home): (&Row, &Home),
    place: &Place,
    file: &MetadataFile,
    report: &mut RepairReport,
) -> Result<()> {
    let world = core.world.load_full();
    let Some(target) = folder_of(&world, home, file) else {
        report.lose(place, format!("the archive is ahead, but its folder {} is not configured", file.folder));
        return Ok(());
    };
    let new_words = file.words_revision != row.words_revision;
    let facts = if new_words {
        match proven_facts(core, place, file)? {
            Some(facts) => facts,
            None => {
                report.lose(place, "the archive is ahead, but its body does not have the sum its metadata file tells");
                return Ok(());
            }
        }
    } else {
        row.facts.clone()
    };
    let stored = stored(core, target, (row.key, &row.tid), file, (facts, row.ingested))?;
    let stored = Stored { last_modified: stored.last_modified.max(row.last_modified + 1), ..stored };
    let moves = new_words || target.folder.id != row.folder;
    let stored = Arc::new(stored);
    let write = if moves { Write::Replace(stored, row.revision) } else { Write::Edit(stored, row.revision) };
    commit(core, row.org, &row.tid, write)?;
    let replaced = if row.unarchived.is_some() { ", in place of a change that only the database had" } else { "" };
    report.heal(
        place,
        format!(
            "revision {} was taken over from the archive, the database had {}{replaced}",
            file.revision.0, row.revision.0
        ),
    );
    Ok(())
}

/// Transcripts the database does not know, and files of nobody.
///
/// # Errors
/// The stores'.
pub fn strangers(core: &Core, options: &RepairOptions, report: &mut RepairReport) -> Result<()> {
    let mut unknown: Vec<Place> = Vec::new();
    let mut failed = None;
    core.stores.archive.list(&mut |found| {
        let Ok(found) = found else { return };
        let world = core.world();
        let org = world.catalogue.org(&found.place.company, &found.place.org).map(|org| org.id);
        match org.map(|org| core.stores.database.load(org, &found.place.tid)) {
            Some(Ok(Some(_))) => {}
            Some(Err(error)) => failed = Some(error),
            _ => unknown.push(found.place),
        }
    })?;
    if let Some(error) = failed {
        return Err(Error::Store(error));
    }
    let mut nobodys: HashSet<Place> = HashSet::new();
    for place in unknown {
        if !stranger(core, options, &place, report)? {
            nobodys.insert(place);
        }
    }
    report.set_aside = core.stores.archive.tidy(&mut |found| !nobodys.contains(&found.place))?;
    Ok(())
}

/// Takes a transcript over; whether it may stay in the archive.
fn stranger(core: &Core, options: &RepairOptions, place: &Place, report: &mut RepairReport) -> Result<bool> {
    for done in core.stores.archive.heal(place, None)? {
        report.heal(place, done);
    }
    let Ok(Some(file)) = core.stores.archive.metadata(place) else { return Ok(false) };
    for done in core.stores.archive.heal(place, Some(&file.body_sha256))? {
        report.heal(place, done);
    }
    let world = core.world.load_full();
    let home = world.homes().find(|home| {
        home.company.name == place.company && home.org.name == place.org && home.folder.name == file.folder
    });
    let Some(home) = home else {
        report.lose(
            place,
            format!(
                "only the archive has it, and its folder {}/{}/{} is not configured: configure it and repair again",
                place.company, place.org, file.folder
            ),
        );
        return Ok(true);
    };
    if core.stores.database.tombstone(home.org.id, &place.tid)?.is_some_and(|last| last >= file.revision.0) {
        core.stores.archive.erase(std::slice::from_ref(place))?;
        report.heal(place, "it was erased before: its files are removed now");
        return Ok(true);
    }
    let Some(facts) = proven_facts(core, place, &file)? else { return Ok(false) };
    let changed = instant(&file);
    let known = options.ingested.get(place).copied().or((file.revision.0 == 1).then_some(changed));
    let stored = stored(core, home, (core.take_key(), &place.tid), &file, (facts, known.unwrap_or(changed)))?;
    commit(core, home.org.id, &place.tid, Write::Create(Arc::new(stored)))?;
    let note = if known.is_some() { "" } else { "; when it first came in is not known, the last change stands for it" };
    report.heal(place, format!("revision {} was taken over from the archive{note}", file.revision.0));
    Ok(true)
}

/// A change that a database had which could not be used, and the archive not yet.
///
/// # Errors
/// The stores'.
pub fn unarchived(
    core: &Core,
    place: &Place,
    revision: crate::domain::identity::Revision,
    metadata: &str,
    report: &mut RepairReport,
) -> Result<()> {
    let world = core.world.load_full();
    let Some(org) = world.catalogue.org(&place.company, &place.org).map(|org| org.id) else { return Ok(()) };
    let row = core.stores.database.load(org, &place.tid)?;
    let standing = row.and_then(|row| world.home(row.folder).map(|home| (row, home)));
    let Some((row, home)) = standing else {
        report.lose(place, format!("the damaged database held revision {}, but its body is lost", revision.0));
        return Ok(());
    };
    if row.revision >= revision {
        return Ok(());
    }
    let Ok(metadata) = Metadata::lenient(metadata) else {
        report.lose(place, format!("revision {} of the damaged database cannot be read", revision.0));
        return Ok(());
    };
    let projection = project(&metadata, &home.folder.schema, core.settings.value_bounds());
    let stored = Stored {
        key: row.key,
        org: row.org,
        folder: row.folder,
        tid: row.tid.clone(),
        revision,
        words_revision: row.words_revision,
        schema_version: home.folder.schema.version,
        last_modified: core.clock.now().0.max(row.last_modified + 1),
        ingested: row.ingested,
        builtins: derive(&row.facts, &metadata, home, row.ingested)?,
        facts: row.facts.clone(),
        values: projection.values_json().into(),
        metadata: metadata.to_json().into(),
        idempotency: None,
    };
    commit(core, org, &place.tid, Write::Edit(Arc::new(stored), row.revision))?;
    report.heal(place, format!("revision {} was read from the damaged database; no sum proves it", revision.0));
    Ok(())
}

fn commit(core: &Core, org: crate::domain::identity::OrgId, tid: &Tid, write: Write) -> Result<()> {
    let forget = Then::Forget(org, tid.clone());
    core.committer.commit_blocking(Request::many(vec![(write, forget)], Vec::new()))?;
    Ok(())
}

/// The folder of that name in the transcript's organisation.
fn folder_of<'w>(world: &'w crate::engine::world::World, home: &Home, file: &MetadataFile) -> Option<&'w Home> {
    let folder = world.org(home.org.id)?.1.folders.get(&file.folder)?;
    world.home(folder.id)
}

/// Facts of a body that has the sum its metadata file tells.
fn proven_facts(core: &Core, place: &Place, file: &MetadataFile) -> Result<Option<Arc<str>>> {
    // A key nobody has: the body under its own name.
    let key = crate::domain::identity::Key(u32::MAX);
    let Ok(Some(body)) = core.stores.archive.body(place, key, file.words_revision) else { return Ok(None) };
    if sha256_hex(body.as_bytes()) != file.body_sha256 {
        return Ok(None);
    }
    match read::read(&body, &core.settings.limits) {
        Ok(received) => Ok(Some(current::text(&received.facts)?)),
        Err(refusal) => Err(Error::Refused(refusal)),
    }
}

/// When the metadata was last changed, µs.
fn instant(file: &MetadataFile) -> i64 {
    file.last_modified.parse::<jiff::Timestamp>().map_or(0, |instant| instant.as_microsecond())
}

fn stored(
    core: &Core,
    home: &Home,
    (key, tid): (crate::domain::identity::Key, &Tid),
    file: &MetadataFile,
    (facts, ingested): (Arc<str>, i64),
) -> Result<Stored> {
    let damaged = |error| {
        let words = format!("the metadata of {}", file.place);
        crate::stores::StoreError::new(
            crate::stores::error::Store::Archive,
            crate::stores::error::Kind::Corrupt,
            words,
            error,
        )
    };
    let metadata = Metadata::lenient(&file.metadata).map_err(damaged)?;
    let projection = project(&metadata, &home.folder.schema, core.settings.value_bounds());
    Ok(Stored {
        key,
        org: home.org.id,
        folder: home.folder.id,
        tid: tid.clone(),
        revision: file.revision,
        words_revision: file.words_revision,
        schema_version: home.folder.schema.version,
        last_modified: instant(file),
        ingested,
        builtins: derive(&facts, &metadata, home, ingested)?,
        facts,
        values: projection.values_json().into(),
        metadata: metadata.to_json().into(),
        idempotency: None,
    })
}
