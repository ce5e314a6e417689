//! Erasing transcripts: hidden at the answer, gone from every file when the job is done.
use super::lines::blocking;
use crate::domain::access::Right;
use crate::domain::identity::{CompanyName, FolderName, OrgId, OrgName, Place, Tid};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::Current;
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::{check, visible};
use crate::engine::error::{Error, Result};
use crate::engine::types::{Erased, Precondition};
use crate::engine::workers::jobs;
use crate::domain::refusal::Code;
use crate::stores::database::Write;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer waits for the index to forget the transcript, so that no total counts it any more.
const INDEX_PATIENCE: Duration = Duration::from_secs(5);

/// Erases one transcript.
///
/// # Errors
/// `not_found`, `right_missing`, `revision_mismatch`, or the stores'.
pub async fn one(core: &Arc<Core>, caller: &Caller, place: &Place, precondition: &Precondition) -> Result<Erased> {
    let org = org_of(core, caller, &place.company, &place.org)?;
    let guard = core.locks.lock(org, &place.tid).await?;
    let (current, _) = visible(core, caller, &core.world.load_full(), org, place)?;
    check(precondition, current.revision)?;
    let mut erased = commit(core, vec![(place.clone(), current)], vec![guard]).await?;
    erased.pop().ok_or_else(Error::absent)
}

/// Erases several: all must be there.
///
/// # Errors
/// As [`one`]; nothing is erased then.
pub async fn many(
    core: &Arc<Core>,
    caller: &Caller,
    (company, org_name): (&CompanyName, &OrgName),
    folder: Option<&FolderName>,
    tids: &[Tid],
) -> Result<Vec<Erased>> {
    let org = org_of(core, caller, company, org_name)?;
    let mut order: Vec<&Tid> = tids.iter().collect();
    order.sort();
    order.dedup();
    let mut guards = Vec::with_capacity(order.len());
    let mut found = Vec::with_capacity(order.len());
    for tid in order {
        guards.push(core.locks.lock(org, tid).await?);
        let place = Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() };
        let (current, home) = visible(core, caller, &core.world.load_full(), org, &place)?;
        if folder.is_some_and(|only| *only != home.folder.name) {
            return Err(Error::absent());
        }
        found.push((place, current));
    }
    commit(core, found, guards).await
}

fn org_of(core: &Core, caller: &Caller, company: &CompanyName, org: &OrgName) -> Result<OrgId> {
    let world = core.world();
    let found = caller.org(&world.catalogue, company, org)?;
    caller.demand(Right::Write)?;
    Ok(found.id)
}

async fn commit(
    core: &Arc<Core>,
    found: Vec<(Place, Arc<Current>)>,
    guards: Vec<Guard>,
) -> Result<Vec<Erased>> {
    let mut writes = Vec::with_capacity(found.len());
    let mut made = Vec::with_capacity(found.len());
    for (place, current) in &found {
        let job = jobs::erasure(current, place);
        made.push((current.key, job.clone()));
        let write = Write::Erase {
            key: current.key,
            org: current.org,
            tid: current.tid.clone(),
            expected: current.revision,
            job: Some(job),
        };
        writes.push((write, Then::Forget(current.org, current.tid.clone())));
    }
    let shared = core.clone();
    let (commit, made) = blocking(move || -> Result<_> {
        let answer = shared.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        if answer.verdicts.iter().any(|v| *v != Verdict::Done) {
            return Err(Error::refused(Code::Overloaded, "the transcript changed meanwhile; try again"));
        }
        // Still under the locks: an id made anew right after must not lose its files to this erasure.
        jobs::remove_files(&shared, found.iter().map(|(place, _)| place.clone()).collect());
        drop(guards);
        Ok((answer.commit, made))
    })
    .await??;
    let keys: Vec<_> = made.iter().map(|(key, _)| *key).collect();
    core.index.until(INDEX_PATIENCE, |p| keys.iter().all(|key| p.has(*key, commit))).await;
    let mark = core.mark(commit);
    Ok(made
        .into_iter()
        .map(|(_, job)| {
            let id = job.id.clone();
            core.jobs.add(job);
            Erased { job: id, mark: mark.clone() }
        })
        .collect())
}

/// Removes a row that stands in the way: its folder is being deleted. Called under the transcript's lock.
///
/// # Errors
/// The store's.
pub fn clear(core: &Core, current: &Current) -> Result<()> {
    let write = Write::Erase {
        key: current.key,
        org: current.org,
        tid: current.tid.clone(),
        expected: current.revision,
        job: None,
    };
    let then = Then::Forget(current.org, current.tid.clone());
    core.committer.commit_blocking(Request::many(vec![(write, then)], Vec::new()))?;
    Ok(())
}
