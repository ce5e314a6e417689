//! Erasing transcripts: hidden at the answer, gone from every file when the job is done.
use crate::domain::access::Right;
use crate::domain::identity::{CompanyName, FolderName, OrgId, OrgName, Place, Revision, Tid};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::Current;
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::{check, visible, warm};
use crate::engine::error::{Error, Result};
use crate::engine::types::{Erased, Precondition};
use crate::engine::workers::jobs::{self, list};
use crate::stores::database::{Row, Write};
use std::collections::HashMap;
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
    warm(core, caller, org, place).await?;
    let (current, _) = visible(core, caller, &core.world.load_full(), org, place)?;
    check(precondition, current.revision)?;
    let mut erased = commit(core, vec![(place.clone(), current)], vec![guard]).await?;
    erased.pop().ok_or_else(Error::absent)
}

/// Erases several: all must be there. The answers are in the order asked.
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
        warm(core, caller, org, &place).await?;
        let (current, home) = visible(core, caller, &core.world.load_full(), org, &place)?;
        if folder.is_some_and(|only| *only != home.folder.name) {
            return Err(Error::absent());
        }
        found.push((place, current));
    }
    let names: Vec<Tid> = found.iter().map(|(place, _)| place.tid.clone()).collect();
    let erased: HashMap<Tid, Erased> = names.into_iter().zip(commit(core, found, guards).await?).collect();
    tids.iter().map(|tid| erased.get(tid).cloned().ok_or_else(Error::absent)).collect()
}

/// Erases those of an organisation's transcripts that still stand at the revision named; how many. For work that was
/// decided on from rows read before.
///
/// # Errors
/// The stores'.
pub async fn unchanged(
    core: &Arc<Core>,
    (company, org_name): (&CompanyName, &OrgName),
    org: OrgId,
    expected: &[(Tid, Revision)],
) -> Result<usize> {
    let owner = Caller::owner();
    let mut order: Vec<&(Tid, Revision)> = expected.iter().collect();
    order.sort();
    let mut guards = Vec::with_capacity(order.len());
    let mut found = Vec::with_capacity(order.len());
    for (tid, revision) in order {
        guards.push(core.locks.lock(org, tid).await?);
        let place = Place { company: company.clone(), org: org_name.clone(), tid: tid.clone() };
        warm(core, &owner, org, &place).await?;
        match visible(core, &owner, &core.world.load_full(), org, &place) {
            Ok((current, _)) if current.revision == *revision => found.push((place, current)),
            Ok(_) => {}
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if found.is_empty() {
        return Ok(0);
    }
    Ok(commit(core, found, guards).await?.len())
}

fn org_of(core: &Core, caller: &Caller, company: &CompanyName, org: &OrgName) -> Result<OrgId> {
    let world = core.world();
    let found = caller.org(&world.catalogue, company, org)?;
    caller.demand(Right::Write)?;
    Ok(found.id)
}

async fn commit(core: &Arc<Core>, found: Vec<(Place, Arc<Current>)>, guards: Vec<Guard>) -> Result<Vec<Erased>> {
    let mut writes = Vec::with_capacity(found.len());
    let mut made = Vec::with_capacity(found.len());
    for (place, current) in &found {
        let folder = core.world().home(current.folder).map(|home| home.folder.name.clone());
        let job = list::erasure((current.key, current.org, current.words_revision), place, folder);
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
        // An organisation deleted and made anew meanwhile must not lose files under the old one's names.
        let landing = shared.landing.read();
        if found.iter().any(|(_, current)| shared.world().org(current.org).is_none()) {
            return Err(Error::absent());
        }
        let answer = shared.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        // Still under the locks: an id made anew right after must not lose its files to this erasure.
        let done = |at: usize| answer.verdicts.get(at) == Some(&Verdict::Done);
        let gone: Vec<_> = found.iter().enumerate().filter(|(at, _)| done(*at)).map(|(_, gone)| gone.clone()).collect();
        jobs::remove_files(&shared, &gone);
        drop(landing);
        drop(guards);
        // Here, where no caller that goes away can stop it.
        for (_, (_, job)) in made.iter().enumerate().filter(|(at, _)| done(*at)) {
            shared.erasures.resumed(job);
            shared.jobs.add(job.clone());
        }
        if gone.len() < found.len() {
            found.iter().for_each(|(place, current)| shared.cache.forget(current.org, &place.tid));
            return Err(Error::refused(Code::Overloaded, "the transcript changed meanwhile; try again"));
        }
        Ok((answer.commit, made))
    })
    .await??;
    let keys: Vec<_> = made.iter().map(|(key, _)| *key).collect();
    core.index.until(INDEX_PATIENCE, |p| keys.iter().all(|key| p.has(*key, commit))).await;
    let mark = core.mark(commit);
    Ok(made.into_iter().map(|(_, job)| Erased { job: job.id, mark: mark.clone() }).collect())
}

/// Removes a row that stands in the way: its folder is being deleted. Called under the transcript's lock. The job looks
/// after the files, should nothing take their place.
///
/// # Errors
/// The store's.
pub fn clear(core: &Core, row: &Row, place: &Place) -> Result<()> {
    let job = list::erasure((row.key, row.org, row.words_revision), place, None);
    let write = Write::Erase {
        key: row.key,
        org: row.org,
        tid: row.tid.clone(),
        expected: row.revision,
        job: Some(job.clone()),
    };
    let then = Then::Forget(row.org, row.tid.clone());
    let answer = core.committer.commit_blocking(Request::many(vec![(write, then)], Vec::new()))?;
    if answer.verdicts.first() != Some(&Verdict::Done) {
        return Err(Error::refused(Code::Overloaded, "the transcript changed meanwhile; try again"));
    }
    // A push that began before must not write over what comes in its place.
    core.archive.until_pushed(Some(&[row.key]));
    core.jobs.add(job);
    Ok(())
}
