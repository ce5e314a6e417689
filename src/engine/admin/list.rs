//! `GET /list/…`: names only.
use super::path::{Collection, ConfigPath, Subject};
use super::visible::{demand_sight, entries};
use crate::domain::catalogue::Catalogue;
use crate::engine::access::Caller;
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value};

/// The names below a path: `/list` companies, `/list/CO` its organisations, `/list/CO/ORG` its folders, else what the
/// collection says. Names lead to arrays of names; the levels the path names drop out, and `/list/CO/apps` is flat.
///
/// # Errors
/// `not_found`, also for paths of one folder, application or user; `right_missing`.
pub fn list(catalogue: &Catalogue, caller: &Caller, path: &ConfigPath) -> Result<Value> {
    let mut path = path.clone();
    if path.folder.is_some() || path.item.is_some() {
        return Err(Error::absent());
    }
    if path.collection.is_none() {
        path.collection = match (&path.company, &path.org) {
            (_, Some(_)) => Some(Collection::Folders),
            (Some(_), None) => Some(Collection::Orgs),
            (None, None) => None,
        };
    }
    let found = entries(catalogue, caller, &path)?;
    demand_sight(caller)?;
    let flat = path.subject() == Subject::App && path.company.is_some();
    let dropped = if flat { path.subject().levels() - 1 } else { path.names().len() };
    let mut root = empty(path.subject(), dropped);
    for entry in &found {
        let mut place = &mut root;
        for (level, key) in entry.keys.iter().enumerate().skip(dropped) {
            place = match place {
                Value::Object(members) => members.entry(*key).or_insert_with(|| empty(path.subject(), level + 1)),
                Value::Array(names) => {
                    names.push(Value::from(*key));
                    break;
                }
                _ => break,
            };
        }
    }
    if let (true, Value::Array(names)) = (flat, &mut root) {
        // Several organisations may have an application of that name.
        names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        names.dedup();
    }
    Ok(root)
}

/// What holds the names of one level: an array where they are the objects' own.
fn empty(subject: Subject, level: usize) -> Value {
    if level + 1 == subject.levels() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) }
}
