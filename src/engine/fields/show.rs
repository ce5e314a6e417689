//! Fields as they stand: definition, who lists them, what runs, who uses them.
use super::options::Uses;
use super::tag::{self, members, removed, seen_in};
use super::walk::{At, stored};
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::value::coerce;
use crate::domain::fields::{ConfiguredField, FieldType};
use crate::domain::identity::{FieldName, Key};
use crate::engine::access::Caller;
use crate::engine::admin::check::json as spelled;
use crate::engine::admin::field::{find, gone};
use crate::engine::admin::visible::demand_sight;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Rows read at once.
const ROWS: usize = 500;

/// `GET …/fields`: all fields by name, and their tag; with `deleted` also those deleted softly, and barred names.
///
/// # Errors
/// `not_found`, `right_missing`.
pub fn list(core: &Core, caller: &Caller, at: &At, deleted: bool) -> Result<(Value, String)> {
    let org = sight(core, caller, at)?;
    let mut all = Map::new();
    let mut tags = Vec::new();
    for field in org.fields.iter().filter(|field| sees(&org, caller, &field.name)) {
        tags.extend(tag::stands(&org, caller, &field.name)?);
        all.insert(field.name.shown().to_owned(), Value::Object(one(core, caller, &org, field)?));
    }
    let fields = all.len();
    if deleted && caller.scope().folder.is_none() {
        for gone in &org.deleted {
            all.insert(gone.field.name.shown().to_owned(), removed(&org, &gone.field, &gone.folders)?);
        }
        for name in org.barred.iter() {
            all.insert(name.shown().to_owned(), json!({"state": "barred"}));
        }
    }
    tags.extend(all.iter().skip(fields).map(|(name, gone)| json!([name, gone])));
    let tag = tag::tag(&Value::Array(tags));
    Ok((Value::Object(all), tag))
}

/// `GET …/fields/NAME`, and its tag; with `usage` how many transcripts have a value, and of an enum each option's number. Blocking.
///
/// # Errors
/// `not_found`, `right_missing`, or the database's.
pub fn read(
    core: &Core,
    caller: &Caller,
    at: &At,
    name: &str,
    (deleted, usage): (bool, bool),
) -> Result<(Value, String)> {
    let org = sight(core, caller, at)?;
    let name = FieldName::lenient(name);
    let tag = tag::stands(&org, caller, &name)?.as_ref().map(tag::tag).unwrap_or_default();
    if let Some(field) = find(&org, &name).filter(|field| sees(&org, caller, &field.name)) {
        let mut shown = one(core, caller, &org, field)?;
        if usage {
            shown.insert("usage".to_owned(), count(core, caller, &org, field)?);
        }
        return Ok((Value::Object(shown), tag));
    }
    if !deleted || caller.scope().folder.is_some() {
        return Err(Error::absent());
    }
    match gone(&org, &name) {
        Some(gone) => Ok((removed(&org, &gone.field, &gone.folders)?, tag)),
        None if org.barred.contains(&name) => Ok((json!({"state": "barred"}), tag)),
        None => Err(Error::absent()),
    }
}

fn sight(core: &Core, caller: &Caller, at: &At) -> Result<Arc<Org>> {
    let org = caller.org(&core.world().catalogue, &at.company, &at.org)?.clone();
    demand_sight(caller)?;
    Ok(org)
}

/// A caller that reaches one folder sees that folder's part of the schema.
fn sees(org: &Org, caller: &Caller, name: &FieldName) -> bool {
    let mut own = org.folders.values().filter(|folder| caller.sees_folder(folder));
    caller.scope().folder.is_none() || own.any(|folder| folder.custom_meta.contains(name))
}

/// A field as it is shown: its definition, the folders that list it, and `state`: `ok`, `indexing`, `retyping`.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn one(core: &Core, caller: &Caller, org: &Org, field: &ConfiguredField) -> Result<Map<String, Value>> {
    let mut shown = members(field)?;
    let folders: Vec<&Arc<Folder>> = seen_in(org, caller, &field.name).collect();
    let names = folders.iter().map(|folder| folder.name.as_str().into()).collect();
    shown.insert("folders".to_owned(), Value::Array(names));
    let running: Map<String, Value> = folders
        .iter()
        .filter_map(|folder| Some((folder.name.to_string(), core.backfills.status(folder.id)?.into())))
        .collect();
    let state = match () {
        () if field.next.is_some() => "retyping",
        () if !running.is_empty() => "indexing",
        () => "ok",
    };
    shown.insert("state".to_owned(), state.into());
    if field.next.is_some() {
        shown.insert("serving".to_owned(), spelled(&field.definition)?);
    }
    if !running.is_empty() {
        shown.insert("status".to_owned(), Value::Object(running));
    }
    Ok(shown)
}

/// How many transcripts the database has a value of, as searches see it, and who uses the options of an enum. Blocking.
///
/// # Errors
/// The database's.
pub fn count(core: &Core, caller: &Caller, org: &Org, field: &ConfiguredField) -> Result<Value> {
    let bounds = core.settings.value_bounds();
    let definition = field.meant();
    let mut holding = 0_u64;
    let mut uses = Uses::default();
    for folder in seen_in(org, caller, &field.name) {
        let mut after: Option<Key> = None;
        loop {
            let keys = core.stores.database.behind(folder.id, 0, after, ROWS)?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            for row in core.stores.database.load_keys(&keys)?.into_iter().flatten() {
                if !stored(&row, &field.name) {
                    continue;
                }
                holding += 1;
                if definition.kind != FieldType::Enum {
                    continue;
                }
                let Ok(members) = crate::base::json::members(&row.values) else { continue };
                let own = members.0.iter().filter(|(own, _)| FieldName::lenient(own) == field.name);
                let fit = own.filter(|(_, raw)| coerce(definition, raw, &org.zone, bounds).is_ok());
                uses.see(definition, None, fit.map(|(_, raw)| raw.get()));
            }
        }
    }
    let mut told = Map::from_iter([("transcripts".to_owned(), holding.into())]);
    told.extend(uses.told(definition, None));
    Ok(Value::Object(told))
}
