//! Defining, retyping, deleting, restoring one field of an organisation: durable and in force in one commit. What follows
//! from it (back-fills, the switch of a retype, the erasure) goes on by itself, over restarts too.
use super::preview::{kind_of, preview, with};
use super::walk::{At, holding};
use super::{show, tag};
use crate::domain::access::Right;
use crate::domain::catalogue::{Catalogue, Org};
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::admin::field::{self, find, org_mut};
use crate::engine::admin::settle::settle;
use crate::engine::admin::{body, fields, service};
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::workers::jobs::list::{FieldErasure, Task, job};
use crate::engine::world::World;
use crate::stores::database::Job;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How a field is changed.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tells what would come of it, and changes nothing.
    pub dry_run: bool,
    /// Deletes for good: the values too, and bars the name.
    pub hard: bool,
    /// Frees a barred name first.
    pub unbar: bool,
    /// `If-Match`.
    pub if_match: Option<String>,
}

/// `POST …/fields/NAME`: the field and its tag; what an enum's options come to with who uses them.
///
/// # Errors
/// `not_found`, `right_missing`; those of definitions; `field_barred`; `revision_mismatch`.
pub async fn define(
    core: &Arc<Core>,
    caller: &Caller,
    at: &At,
    (name, sent): (&str, &str),
    options: Options,
) -> Result<(Value, String)> {
    let stands = at.reached(core, caller)?;
    let free_only = options.unbar && sent.trim().is_empty();
    let sent = if free_only { Value::Null } else { body::read(sent, &core.settings.limits)? };
    let lenient = FieldName::lenient(name);
    let guard = (options.if_match.as_deref(), Some(&sent));
    tag::unchanged(&stands, caller, &lenient, guard)?;
    let change = |org: &mut Org, next: &mut u32| {
        if options.unbar && !field::unbar(org, &lenient) && free_only {
            return Err(Error::absent());
        }
        let none = Map::new();
        let rules =
            fields::Rules { names: core.settings.edit_rules().names, most: core.settings.limits.metadata_names };
        if free_only { Ok(()) } else { fields::put(org, name, sent.as_object().unwrap_or(&none), rules, next) }
    };
    if options.dry_run {
        let before = core.world.load_full();
        let mut next = before.catalogue.clone();
        let (org, last) = org_mut(&mut next, &at.company, &at.org)?;
        change(org, last)?;
        let Some(after) = find(org, &lenient).cloned() else {
            return Ok((json!({"name": lenient.shown(), "does": "unbar"}), String::new()));
        };
        let former = before.catalogue.org(&at.company, &at.org).and_then(|org| find(org, &lenient).cloned());
        let org = org.clone();
        let (core, caller, at) = (core.clone(), caller.clone(), at.clone());
        let told = blocking(move || {
            let mut members = show::one(&core, &caller, &org, &after)?;
            members.retain(|key, _| !matches!(key.as_str(), "state" | "serving" | "status"));
            members.insert("does".to_owned(), kind_of(former.as_deref(), &after).into());
            if let Some(former) = &former {
                members.insert("from".to_owned(), former.definition.kind.text().into());
            }
            let counts = preview(&core, &caller, &at, &org, (&after, former.as_deref()))?;
            Ok(with(Value::Object(members), counts.as_object().cloned().unwrap_or_default()))
        });
        return told.await?.map(|told| (told, String::new()));
    }
    let one_at_a_time = core.configuring.lock().await;
    tag::unchanged(&*at.reached(core, caller)?, caller, &lenient, guard)?;
    in_force(core, at, Vec::new(), change).await?;
    let org = at.reached(core, caller)?;
    drop(one_at_a_time);
    let Some(field) = find(&org, &lenient).cloned() else {
        return Ok((json!({"name": lenient.shown(), "unbarred": true}), String::new()));
    };
    let tag = tag::stands(&org, caller, &lenient)?.as_ref().map(tag::tag).unwrap_or_default();
    let mut shown = show::one(core, caller, &org, &field)?;
    if ["values", "rename", "retire"].iter().any(|key| sent.get(key).is_some()) {
        let (core, caller, org) = (core.clone(), caller.clone(), org.clone());
        let usage = blocking(move || show::count(&core, &caller, &org, &field)).await??;
        shown.insert("usage".to_owned(), usage);
    }
    Ok((Value::Object(shown), tag))
}

/// `DELETE …/fields/NAME`: softly the values leave database and index and stay in the archive; `hard` erases them
/// everywhere and bars the name.
///
/// # Errors
/// `not_found`; `right_missing` without `config`, for `hard` without `admin`; `revision_mismatch`; the stores'.
pub async fn delete(core: &Arc<Core>, caller: &Caller, at: &At, name: &str, options: Options) -> Result<Value> {
    let org = at.reached(core, caller)?;
    let name = FieldName::lenient(name);
    let known = find(&org, &name).cloned().or_else(|| field::gone(&org, &name).map(|gone| gone.field.clone()));
    let soft = find(&org, &name).is_some();
    let field = known.filter(|_| soft || options.hard).ok_or_else(Error::absent)?;
    if options.hard {
        caller.demand(Right::Admin)?;
    }
    let guard = (options.if_match.as_deref(), None);
    tag::unchanged(&org, caller, &name, guard)?;
    let mut told = counted(core, at, &org, &name).await?;
    let folders = named(&org, &field::listing(&org, &name));
    told.insert("name".to_owned(), field.name.shown().into());
    told.insert("deleted".to_owned(), if options.hard { "hard" } else { "soft" }.into());
    told.insert("folders".to_owned(), folders);
    if options.dry_run {
        return Ok(Value::Object(told));
    }
    let _one_at_a_time = core.configuring.lock().await;
    tag::unchanged(&*at.reached(core, caller)?, caller, &name, guard)?;
    let erasing = options.hard.then(|| erasure(&org, at, &field.name));
    let jobs: Vec<Job> = erasing.iter().cloned().collect();
    in_force(core, at, jobs, |org, _| field::delete(org, &name, options.hard)).await?;
    if let Some(job) = erasing {
        core.erasures.resumed(&job);
        told.insert("job".to_owned(), job.id.as_str().into());
        core.jobs.add(job);
    }
    Ok(Value::Object(told))
}

/// `POST …/fields/NAME/restore`.
///
/// # Errors
/// `not_found`, `right_missing`, `field_exists`, `revision_mismatch`; the stores'.
pub async fn restore(
    core: &Arc<Core>,
    caller: &Caller,
    at: &At,
    name: &str,
    if_match: Option<&str>,
) -> Result<(Value, String)> {
    let org = at.reached(core, caller)?;
    let name = FieldName::lenient(name);
    tag::unchanged(&org, caller, &name, (if_match, None))?;
    field::restore(&mut Org::clone(&org), &name)?;
    let counts = counted(core, at, &org, &name).await?;
    let _one_at_a_time = core.configuring.lock().await;
    tag::unchanged(&*at.reached(core, caller)?, caller, &name, (if_match, None))?;
    in_force(core, at, Vec::new(), |org, _| field::restore(org, &name)).await?;
    let org = at.reached(core, caller)?;
    let field = find(&org, &name).ok_or_else(Error::absent)?;
    let tag = tag::stands(&org, caller, &name)?.as_ref().map(tag::tag).unwrap_or_default();
    Ok((with(Value::Object(show::one(core, caller, &org, field)?), counts), tag))
}

/// `{"stores": …}`: who holds values of it now.
async fn counted(core: &Arc<Core>, at: &At, org: &Arc<Org>, name: &FieldName) -> Result<Map<String, Value>> {
    let (core, at, org, name) = (core.clone(), at.clone(), org.clone(), name.clone());
    let counts = blocking(move || holding(&core, &at, &org, &name)).await??;
    Ok(Map::from_iter([("stores".to_owned(), counts)]))
}

fn named(org: &Org, folders: &[FolderId]) -> Value {
    org.folders.values().filter(|folder| folders.contains(&folder.id)).map(|folder| folder.name.as_str()).collect()
}

fn erasure(org: &Org, at: &At, name: &FieldName) -> Job {
    job(&Task::EraseField(FieldErasure {
        org: org.id,
        company: at.company.clone(),
        org_name: at.org.clone(),
        folder: None,
        field: name.shown().to_owned(),
        after: None,
        looked: 0,
        erased: 0,
        unread: Vec::new(),
        walked: false,
    }))
}

/// Changes the organisation in a copy of the configuration and puts that in force. Called while no other configuration
/// can come.
async fn in_force(
    core: &Arc<Core>,
    at: &At,
    jobs: Vec<Job>,
    change: impl FnOnce(&mut Org, &mut u32) -> Result<()>,
) -> Result<()> {
    let before: Arc<World> = core.world.load_full();
    let mut next: Catalogue = before.catalogue.clone();
    let (org, last) = org_mut(&mut next, &at.company, &at.org)?;
    change(org, last)?;
    let settled = settle(&before.catalogue, &mut next)?;
    if settled.put.is_empty() {
        if jobs.is_empty() {
            return Ok(());
        }
        return Err(Error::refused(Code::NotFound, "the field is gone already"));
    }
    let reprojected = settled.reprojected.into_iter().map(|(id, _)| id).collect();
    service::enforce(core, &before, next, (settled.put, reprojected), jobs).await
}
