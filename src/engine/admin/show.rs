//! `GET /config/…`: the objects of a path as JSON, and their entity tag.
use super::path::ConfigPath;
use super::visible::{Entry, Object, demand_sight, entries};
use super::{company, folder, org};
use crate::base::digest::sha256_hex;
use crate::domain::catalogue::{Catalogue, Folder, Org};
use crate::domain::identity::FolderId;
use crate::engine::access::Caller;
use crate::engine::error::Result;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// What runs in a folder, in words; `None` when nothing does.
pub type Statuses<'a> = dyn Fn(FolderId) -> Option<String> + 'a;

/// The JSON of a path, the levels it names dropped, and its entity tag (without quotes).
///
/// # Errors
/// `not_found`, `right_missing`.
pub fn read(
    catalogue: &Catalogue,
    caller: &Caller,
    path: &ConfigPath,
    statuses: &Statuses<'_>,
) -> Result<(Value, String)> {
    let found = entries(catalogue, caller, path)?;
    demand_sight(caller)?;
    let shown = nested(&found, path.names().len(), caller, statuses)?;
    Ok((shown, etag(&found, caller)?))
}

/// Entries as one JSON value, keyed by their names after the first `dropped`.
///
/// # Errors
/// A defect of ours: an object that JSON cannot spell.
pub fn nested(entries: &[Entry<'_>], dropped: usize, caller: &Caller, statuses: &Statuses<'_>) -> Result<Value> {
    let mut root = Value::Object(Map::new());
    for entry in entries {
        let mut place = &mut root;
        for key in entry.keys.iter().skip(dropped) {
            place = member(place, key);
        }
        match entry.object {
            Some(object) => *place = Value::Object(one(object, caller, statuses)?),
            None if place.is_null() => *place = Value::Object(Map::new()),
            None => {}
        }
    }
    Ok(root)
}

/// The member of that name; `place` becomes an object if it is none yet.
fn member<'v>(place: &'v mut Value, key: &str) -> &'v mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(members) => members.entry(key).or_insert(Value::Null),
        other => other,
    }
}

/// One object as it is shown to the caller.
fn one(object: Object<'_>, caller: &Caller, statuses: &Statuses<'_>) -> Result<Map<String, Value>> {
    match object {
        Object::Company(company) => {
            let orgs = company.orgs.values().filter(|org| caller.scope().sees_org(&company.name, &org.name));
            let folders = orgs.flat_map(|org| seen(org, caller));
            Ok(company::shown(company, status(folders, statuses)))
        }
        Object::Org(company, org) => {
            // A caller that reaches one folder sees that folder's part of the schema.
            let listed = |name: &_| seen(org, caller).any(|folder| folder.custom_meta.contains(name));
            let sees = |name: &_| caller.scope().folder.is_none() || listed(name);
            org::shown(org, &company.name, status(seen(org, caller), statuses), &sees)
        }
        Object::Folder(_, _, folder) => folder::shown(folder, status(std::iter::once(folder), statuses)),
        Object::App(_, _, settings) | Object::User(_, settings) => Ok(settings.clone()),
    }
}

fn seen<'o>(org: &'o Org, caller: &Caller) -> impl Iterator<Item = &'o Folder> {
    org.folders.values().map(AsRef::as_ref).filter(|folder| caller.sees_folder(folder))
}

fn status<'f>(mut folders: impl Iterator<Item = &'f Folder>, statuses: &Statuses<'_>) -> String {
    let busy = folders.find_map(|folder| statuses(folder.id).filter(|status| status != "OK"));
    busy.unwrap_or_else(|| "OK".to_owned())
}

/// A digest over what the objects are and how often they changed. What runs in them does not count: a tag must hold
/// while a back-fill goes on. Of an object that the caller sees a part of, that part alone counts: how often the rest
/// changes is not told.
///
/// # Errors
/// A defect of ours: an object that JSON cannot spell.
pub fn etag(entries: &[Entry<'_>], caller: &Caller) -> Result<String> {
    let mut facts = String::new();
    for entry in entries {
        let partly = match entry.object {
            Some(Object::Company(_)) => caller.scope().org.is_some(),
            Some(Object::Org(..)) => caller.scope().folder.is_some(),
            _ => false,
        };
        if let (true, Some(object)) = (partly, entry.object) {
            let part = Value::Object(one(object, caller, &|_| None)?);
            let _ = writeln!(facts, "part {part} {}", entry.keys.last().copied().unwrap_or_default());
            continue;
        }
        let (kind, id, version) = match entry.object {
            None => continue,
            Some(Object::Company(company)) => ("company", company.id.0, company.version),
            Some(Object::Org(_, org)) => ("org", org.id.0, org.version),
            Some(Object::Folder(_, _, folder)) => ("folder", folder.id.0, folder.version),
            Some(Object::App(_, org, _)) => ("app", org.id.0, org.version),
            Some(Object::User(company, _)) => ("user", company.id.0, company.version),
        };
        // Names hold no control characters, so lines can not be confused. Writing to a string can not fail.
        let _ = writeln!(facts, "{kind} {id} {version} {}", entry.keys.last().copied().unwrap_or_default());
    }
    let mut tag = sha256_hex(facts.as_bytes());
    tag.truncate(32);
    Ok(tag)
}
