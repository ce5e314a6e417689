//! Configuration use cases: pure changes of the catalogue, made durable and published in one commit.
use super::apply::{self, Context};
use super::path::ConfigPath;
use super::remove::{self, DeleteOptions};
use super::{body, differs, list, show};
use crate::domain::access::Right;
use crate::domain::catalogue::{Catalogue, Folder, Org};
use crate::domain::identity::{CompanyName, FieldName, FolderId, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::{blocking, whole};
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Verdict};
use crate::engine::error::{Error, Result};
use crate::engine::tokens;
use crate::engine::workers::jobs;
use crate::engine::workers::jobs::list::{Task, job};
use crate::engine::world::World;
use crate::stores::database::rows::StoredObject;
use crate::stores::database::{Job, Write};
use serde_json::Value;
use std::sync::Arc;

/// `GET /config/…`.
///
/// # Errors
/// `not_found`, `right_missing`.
pub fn read(core: &Core, caller: &Caller, path: &ConfigPath) -> Result<(Value, String)> {
    let world = core.world();
    show::read(&world.catalogue, caller, path, &|folder| core.backfills.status(folder))
}

/// `GET /list/…`.
///
/// # Errors
/// `not_found`, `right_missing`.
pub fn names(core: &Core, caller: &Caller, path: &ConfigPath) -> Result<Value> {
    list::list(&core.world().catalogue, caller, path)
}

/// `POST /config/…`.
///
/// # Cancellation
/// A dropped call goes on: what follows a change that is durable (back-fills) must not be lost.
///
/// # Errors
/// Refusals of contract section 5; nothing is changed then.
pub async fn change(
    core: &Arc<Core>,
    caller: &Caller,
    path: &ConfigPath,
    body: &str,
    (if_match, dry_run): (Option<&str>, bool),
) -> Result<(Value, String)> {
    let (core, caller, path, body) = (core.clone(), caller.clone(), path.clone(), body.to_owned());
    let if_match = if_match.map(str::to_owned);
    whole(async move { changing(&core, &caller, &path, &body, (if_match.as_deref(), dry_run)).await }).await
}

async fn changing(
    core: &Arc<Core>,
    caller: &Caller,
    path: &ConfigPath,
    body: &str,
    (if_match, dry_run): (Option<&str>, bool),
) -> Result<(Value, String)> {
    let _one_at_a_time = core.configuring.lock().await;
    unchanged_since(core, caller, path, (if_match, Some(body)))?;
    let before = core.world.load_full();
    let change = computed(core, caller, path, body)?;
    if dry_run {
        return Ok((change.plan, change.etag));
    }
    if !change.changed {
        return Ok((change.answer, change.etag));
    }
    make_room(core, &change.catalogue).await?;
    enforce(core, &before, change.catalogue, (change.put, change.reprojected), Vec::new()).await?;
    // The same body changes nothing now; its answer shows the back-fill that has begun.
    let settled = computed(core, caller, path, body)?;
    Ok((settled.answer, settled.etag))
}

/// Makes a catalogue durable and in force, with the objects to store and the folders whose transcripts are behind, and
/// starts their back-fills. Called while no other configuration can come; `jobs` become durable with it.
///
/// # Errors
/// The stores'.
pub(in crate::engine) async fn enforce(
    core: &Arc<Core>,
    before: &World,
    next: Catalogue,
    (put, reprojected): (Vec<StoredObject>, Vec<FolderId>),
    jobs: Vec<Job>,
) -> Result<()> {
    let write = Write::Configure { put, delete: Vec::new(), last_object: next.last_id(), jobs };
    publish(core, next, write, Vec::new()).await?;
    let world = core.world.load_full();
    for folder in reprojected {
        if let Some(home) = world.home(folder) {
            core.backfills.start(folder, label(before.home(folder).map(|h| &*h.folder), &home.folder));
        }
    }
    Ok(())
}

fn computed(core: &Core, caller: &Caller, path: &ConfigPath, body: &str) -> Result<apply::Change> {
    let statuses = |folder| core.backfills.status(folder);
    let holds = |org: &Org| org.folders.values().any(|f| !is_empty(core, f.id));
    let context = Context {
        now: core.clock.now(),
        limits: &core.settings.limits,
        names: core.settings.edit_rules().names,
        holds_transcripts: &holds,
        statuses: &statuses,
    };
    apply::change(&core.world.load().catalogue, caller, path, body, &context)
}

/// An organisation made anew under the names of a deleted one must not find its files.
async fn make_room(core: &Arc<Core>, next: &Catalogue) -> Result<()> {
    let again = |(_, company, org): &(String, CompanyName, OrgName)| next.org(company, org).is_some();
    let left: Vec<_> = core.jobs.discards().into_iter().filter(again).collect();
    if left.is_empty() {
        return Ok(());
    }
    let shared = core.clone();
    blocking(move || discard(&shared, left)).await?
}

/// What a back-fill does, in words for `status`.
fn label(before: Option<&Folder>, after: &Folder) -> String {
    let same = |name: &&FieldName| {
        let old = before.and_then(|folder| folder.schema.field(name));
        old.is_some_and(|old| after.schema.field(name).is_some_and(|new| (old.id, &old.next) == (new.id, &new.next)))
    };
    let added: Vec<&str> = after.custom_meta.iter().filter(|n| !same(n)).map(|n| n.shown()).collect();
    words(&added)
}

/// Names for one line: of many only the first few.
fn words(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    match names.split_at_checked(SHOWN) {
        _ if names.is_empty() => "fields".to_owned(),
        Some((first, rest)) if !rest.is_empty() => format!("fields {} and {} more", first.join(", "), rest.len()),
        _ if names.len() == 1 => format!("field {}", names.concat()),
        _ => format!("fields {}", names.join(", ")),
    }
}

/// `DELETE /config/…`.
///
/// # Cancellation
/// A dropped call goes on: files of what is gone must go too.
///
/// # Errors
/// `not_found`, `right_missing`, `multiple_items`, `not_empty`.
pub async fn delete(core: &Arc<Core>, caller: &Caller, path: &ConfigPath, options: &DeleteOptions) -> Result<Value> {
    let (core, caller, path, options) = (core.clone(), caller.clone(), path.clone(), options.clone());
    whole(async move { deleting(&core, &caller, &path, &options).await }).await
}

async fn deleting(core: &Arc<Core>, caller: &Caller, path: &ConfigPath, options: &DeleteOptions) -> Result<Value> {
    let _one_at_a_time = core.configuring.lock().await;
    unchanged_since(core, caller, path, (options.if_match.as_deref(), None))?;
    let world = core.world.load_full();
    let removal = remove::delete(&world.catalogue, caller, path, options, &|folder| is_empty(core, folder))?;
    if options.dry_run {
        return Ok(removal.answer);
    }
    let mut all: Vec<Job> = Vec::new();
    let mut discards = Vec::new();
    for gone in &removal.orgs {
        let job = job(&Task::DiscardOrg { company: gone.company.clone(), org_name: gone.name.clone() });
        discards.push((job.id.clone(), gone.company.clone(), gone.name.clone()));
        all.push(job);
    }
    for gone in &removal.folders {
        let whole_org = removal.orgs.iter().any(|org| org.id == gone.org_id);
        let (company, org_name) = (gone.company.clone(), gone.org.clone());
        all.push(job(&Task::EraseFolder { folder: gone.id, org: gone.org_id, company, org_name, whole_org }));
    }
    let write = Write::Configure {
        put: removal.put,
        delete: removal.delete,
        last_object: removal.catalogue.last_id(),
        jobs: all.clone(),
    };
    // Without `tree` only empty folders go; one that is being filled at this moment is judged once more at the commit.
    let empty = if options.tree { Vec::new() } else { removal.folders.iter().map(|gone| gone.id).collect() };
    publish(core, removal.catalogue, write, empty).await?;
    for job in all {
        core.jobs.add(job);
    }
    // At once, before anybody can make the organisation anew; a failure is left to the job and to `make_room`.
    let shared = core.clone();
    if let Err(error) = blocking(move || discard(&shared, discards)).await? {
        tracing::warn!(%error, "files of a deleted organisation are left to their job");
    }
    Ok(removal.answer)
}

/// The files of deleted organisations are set aside. Called while no other configuration can come.
fn discard(core: &Core, orgs: Vec<(String, CompanyName, OrgName)>) -> Result<()> {
    for (job, company, org) in orgs {
        jobs::discard_org(core, &company, &org)?;
        core.committer.commit_blocking(Request::plain(vec![Write::DeleteJob(job.clone())]))?;
        core.jobs.done(&job);
    }
    Ok(())
}

fn is_empty(core: &Core, folder: FolderId) -> bool {
    core.stores.database.count(folder, 0).is_ok_and(|summary| summary.transcripts == 0)
}

/// Refuses what was made up for another state, and says where `body` differs from what is there; a deletion, all that is.
fn unchanged_since(
    core: &Core,
    caller: &Caller,
    path: &ConfigPath,
    (if_match, body): (Option<&str>, Option<&str>),
) -> Result<()> {
    let Some(wanted) = if_match else { return Ok(()) };
    let (now, etag) = read(core, caller, path)?;
    if differs::is_same(wanted, &etag) {
        return Ok(());
    }
    let detail = format!("the configuration has changed since; its ETag is now \"{etag}\"");
    // Who reads it may change it too, or the body is not looked at.
    let items = match body {
        _ if !caller.may(Right::Config) => Vec::new(),
        Some(body) => {
            body::read(body, &core.settings.limits).map(|sent| differs::items(&now, &sent)).unwrap_or_default()
        }
        None => differs::all(&now),
    };
    Err(Error::Refused(Refusal { items, ..Refusal::new(Code::RevisionMismatch, detail) }))
}

/// Makes a change durable and in force, if the folders of `empty` are; with it go the tokens of what is deleted.
async fn publish(core: &Core, catalogue: Catalogue, write: Write, empty: Vec<FolderId>) -> Result<()> {
    let orphans = tokens::orphaned(core, &catalogue);
    let revoked = orphans.iter().cloned().map(Write::DeleteToken);
    let mut request = Request::plain(std::iter::once(write).chain(revoked).collect());
    request.world = Some(Arc::new(World::new(catalogue)));
    request.empty = empty;
    let answer = core.committer.commit(request).await?;
    if answer.verdicts.iter().all(|verdict| *verdict == Verdict::Done) {
        tokens::forget(core, &orphans);
        return Ok(());
    }
    let detail = "Can not delete non-empty object: a transcript has come in; tree=true deletes it too";
    Err(Error::refused(Code::ConfigNotEmpty, detail))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn of_many_fields_the_first_few_are_named() {
        assert_eq!(words(&[]), "fields");
        assert_eq!(words(&["queue"]), "field queue");
        assert_eq!(words(&["a", "b", "c"]), "fields a, b, c");
        assert_eq!(words(&["a", "b", "c", "d", "e"]), "fields a, b, c and 2 more");
    }
}
