//! The end of a retype: when all transcripts have been read under both definitions and the index has them, the field
//! takes the new one in a single change of the configuration. Searches that begin before it go by the former
//! definition, those that begin after it by the new one; the former values leave with the back-fill that follows.
use crate::domain::catalogue::Org;
use crate::domain::fields::ConfiguredField;
use crate::domain::identity::{CompanyName, FolderId, OrgId, OrgName};
use crate::engine::admin::field::{listing, org_mut, switched};
use crate::engine::admin::service::enforce;
use crate::engine::admin::settle::settle;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::Result;
use crate::engine::workers::progress::Progress;
use crate::engine::world::World;
use crate::stores::database::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long a switch waits for the index before it is tried again.
const PATIENCE: Duration = Duration::from_secs(600);

/// Back-fills that have come to their end but are not taken from the board yet: folder and number.
type Finished = [(FolderId, u64)];

/// Whether a retype is under way anywhere: after a restart one may wait for nothing but its switch.
pub fn any(world: &World) -> bool {
    world.catalogue.orgs().any(|(_, org)| org.fields.iter().any(|field| field.next.is_some()))
}

/// Switches the fields of which no folder is behind any more.
///
/// # Errors
/// The stores'.
pub fn switch(core: &Arc<Core>, runtime: &Runtime, finished: &Finished) -> Result<()> {
    let due: Vec<(CompanyName, OrgName, OrgId)> = {
        let world = core.world.load_full();
        let orgs = world.catalogue.orgs().filter(|(_, org)| org.fields.iter().any(|f| is_due(core, org, f, finished)));
        orgs.map(|(company, org)| (company.name.clone(), org.name.clone(), org.id)).collect()
    };
    for (company, org, id) in due {
        let commit = mark(core, runtime)?;
        let level = |p: &Progress| core.closing() || p.has_all(id, commit);
        if !runtime.block_on(core.index.until(PATIENCE, level)) {
            tracing::warn!(org = %org, "the index has not caught up with a retype yet; the switch is tried again");
            core.backfills.ring();
            continue;
        }
        if core.closing() {
            return Ok(());
        }
        runtime.block_on(one(core, &company, &org, finished))?;
    }
    Ok(())
}

/// Whether the field is being retyped, and every folder that lists it is level.
fn is_due(core: &Core, org: &Org, field: &ConfiguredField, finished: &Finished) -> bool {
    let folders = listing(org, &field.name);
    let behind = |(folder, number): (FolderId, u64)| folders.contains(&folder) && !finished.contains(&(folder, number));
    field.next.is_some() && !core.backfills.all().into_iter().any(behind)
}

/// The number of a commit made now: what came before it is known to be before it. The write says what stands already.
fn mark(core: &Core, runtime: &Runtime) -> Result<u64> {
    let _one_at_a_time = runtime.block_on(core.configuring.lock());
    let last_object = core.world.load().catalogue.last_id();
    let write = Write::Configure { put: Vec::new(), delete: Vec::new(), last_object, jobs: Vec::new() };
    Ok(core.committer.commit_blocking(Request::plain(vec![write]))?.commit)
}

async fn one(core: &Arc<Core>, company: &CompanyName, org: &OrgName, finished: &Finished) -> Result<()> {
    let _one_at_a_time = core.configuring.lock().await;
    let before = core.world.load_full();
    if before.catalogue.org(company, org).is_none() {
        return Ok(());
    }
    let mut next = before.catalogue.clone();
    let (changed, _) = org_mut(&mut next, company, org)?;
    let due: Vec<usize> =
        (0..).zip(&changed.fields).filter(|(_, f)| is_due(core, changed, f, finished)).map(|(at, _)| at).collect();
    for at in due {
        if let Some(field) = changed.fields.get_mut(at) {
            tracing::info!(org = %org, field = field.name.shown(), "a retype is complete: searches go by the new type");
            *field = Arc::new(switched(field));
        }
    }
    let settled = settle(&before.catalogue, &mut next)?;
    let reprojected = settled.reprojected.into_iter().map(|(id, _)| id).collect();
    if settled.put.is_empty() {
        return Ok(());
    }
    enforce(core, &before, next, (settled.put, reprojected), Vec::new()).await
}
