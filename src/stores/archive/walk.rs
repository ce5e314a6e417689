//! Listing the archive: every company, organisation, shard and pair of files, each name read back from its file's.
use super::Found;
use super::layout::{self, BODY, METADATA};
use crate::domain::identity::{CompanyName, OrgName, Place, Tid};
use crate::stores::error::{Kind, Result, Store, StoreError};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Hears of every transcript, and of every file or folder that is not of our making, with its path.
pub type Each<'a> = dyn FnMut(&Path, Result<Found>) + 'a;

/// Calls `each` for every transcript, and once for every file or folder that is not of our making.
///
/// # Errors
/// When the archive's own folder cannot be read.
pub fn list(root: &Path, each: &mut Each<'_>) -> Result<()> {
    for company_dir in names(root)? {
        let step = full_name(&company_dir).and_then(|name| {
            let company = CompanyName::parse(&name).map_err(|why| corrupt(&company_dir, why.detail))?;
            Ok((company, names(&company_dir)?))
        });
        match step {
            Ok((company, org_dirs)) => org_dirs.iter().for_each(|dir| list_org(&company, dir, each)),
            Err(error) => each(&company_dir, Err(error)),
        }
    }
    Ok(())
}

fn list_org(company: &CompanyName, dir: &Path, each: &mut Each<'_>) {
    let step = full_name(dir).and_then(|name| {
        let org = OrgName::parse(&name).map_err(|why| corrupt(dir, why.detail))?;
        Ok((org, names(dir)?))
    });
    match step {
        Ok((org, shards)) => shards.iter().for_each(|shard| list_shard(company, &org, shard, each)),
        Err(error) => each(dir, Err(error)),
    }
}

fn list_shard(company: &CompanyName, org: &OrgName, dir: &Path, each: &mut Each<'_>) {
    let files = match names(dir) {
        Ok(files) => files,
        Err(error) => return each(dir, Err(error)),
    };
    // Whether body and metadata file are there, by what their names have in common.
    let mut pairs: HashMap<String, (bool, bool)> = HashMap::with_capacity(files.len() / 2 + 1);
    for path in files {
        match file_name(&path).and_then(|name| name.rsplit_once('.')) {
            Some((stem, BODY)) => pairs.entry(stem.to_owned()).or_default().0 = true,
            Some((stem, METADATA)) => pairs.entry(stem.to_owned()).or_default().1 = true,
            _ => each(&path, Err(corrupt(&path, "not a file of the archive"))),
        }
    }
    for (stem, (body, metadata)) in pairs {
        let found = tid(dir, &stem).map(|tid| {
            let place = Place { company: company.clone(), org: org.clone(), tid };
            Found { place, body, metadata }
        });
        each(&dir.join(&stem), found);
    }
}

/// The transcript whose files begin with `stem`: a cut name is completed by the metadata file.
fn tid(shard: &Path, stem: &str) -> Result<Tid> {
    let path = shard.join(stem);
    let tid = if layout::is_cut(stem) {
        let file = shard.join(format!("{stem}.{METADATA}"));
        let text = fs::read_to_string(&file)
            .map_err(|error| corrupt(&path, format!("the cut name needs the metadata file: {error}")))?;
        layout::tid_within(&text).filter(|tid| layout::encode(tid.as_str()) == stem)
    } else {
        layout::decode(stem).and_then(|name| Tid::parse(&name).ok())
    };
    tid.filter(|tid| file_name(shard) == Some(layout::shard(tid.as_str()).as_str()))
        .ok_or_else(|| corrupt(&path, "not the name of a transcript of this folder"))
}

/// The name of a company's or organisation's folder.
fn full_name(dir: &Path) -> Result<String> {
    let encoded = file_name(dir).unwrap_or_default();
    let name = if layout::is_cut(encoded) {
        fs::read_to_string(dir.join(layout::FULL_NAME)).ok().filter(|name| layout::encode(name) == encoded)
    } else {
        layout::decode(encoded)
    };
    name.ok_or_else(|| corrupt(dir, "not a name of the archive"))
}

/// What lies in a folder, but for names that begin with a dot: those are our own.
fn names(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| StoreError::io(Store::Archive, format!("list {}", dir.display()), error);
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path).is_some_and(|name| name.starts_with('.')) {
            all.push(path);
        }
    }
    Ok(all)
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

fn corrupt(path: &Path, why: impl Into<String>) -> StoreError {
    StoreError::new(Store::Archive, Kind::Corrupt, format!("list {}", path.display()), layout::Corrupt(why.into()))
}
