//! Configuration use cases: pure changes of the catalogue, made durable and published in one commit.
use super::apply::{self, Context};
use super::path::ConfigPath;
use super::remove::{self, DeleteOptions};
use super::{list, show};
use crate::domain::catalogue::{Catalogue, Folder, Org};
use crate::domain::identity::{CompanyName, FolderId, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::edit::committer::Then;
use crate::engine::error::{Error, Result};
use crate::engine::intake::lines::blocking;
use crate::engine::workers::jobs::{self, Task};
use crate::engine::world::World;
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
/// # Errors
/// Refusals of contract section 5; nothing is changed then.
pub async fn change(
    core: &Arc<Core>,
    caller: &Caller,
    path: &ConfigPath,
    body: &str,
    (if_match, dry_run): (Option<&str>, bool),
) -> Result<(Value, String)> {
    let _one_at_a_time = core.configuring.lock().await;
    unchanged_since(core, caller, path, if_match)?;
    let before = core.world.load_full();
    let statuses = |folder| core.backfills.status(folder);
    let holds = |org: &Org| org.folders.values().any(|f| !is_empty(core, f.id));
    let context = Context {
        now: core.clock.now(),
        limits: &core.settings.limits,
        names: core.settings.edit_rules().names,
        holds_transcripts: &holds,
        statuses: &statuses,
    };
    let change = apply::change(&before.catalogue, caller, path, body, &context)?;
    if dry_run {
        return Ok((change.plan, change.etag));
    }
    if !change.changed {
        return Ok((change.answer, change.etag));
    }
    let write =
        Write::Configure { put: change.put, delete: Vec::new(), last_object: change.last_object, jobs: Vec::new() };
    publish(core, change.catalogue, write).await?;
    let world = core.world.load_full();
    for folder in change.reprojected {
        if let Some(home) = world.home(folder) {
            core.backfills.start(folder, label(before.home(folder).map(|h| &*h.folder), &home.folder));
        }
    }
    // The same body changes nothing now; its answer shows the back-fill that has begun.
    let settled = apply::change(&world.catalogue, caller, path, body, &context)?;
    Ok((settled.answer, settled.etag))
}

/// What a back-fill does, in words for `status`.
fn label(before: Option<&Folder>, after: &Folder) -> String {
    let known =
        |name: &&crate::domain::identity::FieldName| before.is_some_and(|folder| folder.schema.field(name).is_some());
    let added: Vec<&str> = after.custom_meta.iter().filter(|n| !known(n)).map(|n| n.shown()).collect();
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
/// # Errors
/// `not_found`, `right_missing`, `multiple_items`, `not_empty`.
pub async fn delete(core: &Arc<Core>, caller: &Caller, path: &ConfigPath, options: &DeleteOptions) -> Result<Value> {
    let _one_at_a_time = core.configuring.lock().await;
    unchanged_since(core, caller, path, options.if_match.as_deref())?;
    let world = core.world.load_full();
    let removal = remove::delete(&world.catalogue, caller, path, options, &|folder| is_empty(core, folder))?;
    if options.dry_run {
        return Ok(removal.answer);
    }
    let mut all: Vec<Job> = Vec::new();
    let mut discards = Vec::new();
    for gone in &removal.orgs {
        let job = jobs::job(&Task::DiscardOrg { company: gone.company.clone(), org_name: gone.name.clone() });
        discards.push((gone.company.clone(), gone.name.clone(), job.id.clone()));
        all.push(job);
    }
    for gone in &removal.folders {
        let whole_org = removal.orgs.iter().any(|org| org.id == gone.org_id);
        let (company, org_name) = (gone.company.clone(), gone.org.clone());
        all.push(jobs::job(&Task::EraseFolder { folder: gone.id, org: gone.org_id, company, org_name, whole_org }));
    }
    let write = Write::Configure {
        put: removal.put,
        delete: removal.delete,
        last_object: removal.catalogue.last_id(),
        jobs: all.clone(),
    };
    publish(core, removal.catalogue, write).await?;
    let shared = core.clone();
    blocking(move || discard(&shared, discards)).await??;
    for job in all {
        core.jobs.add(job);
    }
    Ok(removal.answer)
}

/// The files of deleted organisations are set aside before anybody can make the organisation anew.
fn discard(core: &Core, orgs: Vec<(CompanyName, OrgName, String)>) -> Result<()> {
    for (company, org, _) in &orgs {
        core.stores.archive.discard_org(company, org)?;
    }
    if !orgs.is_empty() {
        let writes = orgs.into_iter().map(|(_, _, job)| Write::DeleteJob(job)).collect();
        core.committer.commit_blocking(Request::plain(writes))?;
    }
    Ok(())
}

fn is_empty(core: &Core, folder: FolderId) -> bool {
    core.stores.database.count(folder, 0).map_or(false, |summary| summary.transcripts == 0)
}

fn unchanged_since(core: &Core, caller: &Caller, path: &ConfigPath, if_match: Option<&str>) -> Result<()> {
    let Some(wanted) = if_match else { return Ok(()) };
    let (_, etag) = read(core, caller, path)?;
    let matches = wanted == "*" || wanted.split(',').any(|tag| tag.trim().trim_matches('"') == etag);
    if matches {
        return Ok(());
    }
    Err(Error::Refused(Refusal::new(
        Code::RevisionMismatch,
        format!("the configuration has changed since; its ETag is now \"{etag}\""),
    )))
}

async fn publish(core: &Core, catalogue: Catalogue, write: Write) -> Result<()> {
    let mut request = Request::many(vec![(write, Then::Nothing)], Vec::new());
    request.world = Some(Arc::new(World::new(catalogue)));
    core.committer.commit(request).await?;
    Ok(())
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
