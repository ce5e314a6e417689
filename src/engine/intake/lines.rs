//! Bringing transcripts in: lines are read, grouped into waves of different ids, and each wave goes in as one piece.
use super::wave::{Item, Wave};
use crate::domain::access::Right;
use crate::domain::catalogue::Org;
use crate::domain::identity::{CompanyName, FolderId, OrgId, OrgName, Place, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::{Received, read};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::{EditOptions, IngestOptions, Ingested, Verdict, Wait};
use std::collections::HashSet;
use std::sync::Arc;

/// Where transcripts go and how.
#[derive(Clone)]
pub struct Target {
    /// The company's name.
    pub company: CompanyName,
    /// The organisation's name.
    pub org_name: OrgName,
    /// The organisation.
    pub org: OrgId,
    /// The folder asked for.
    pub folder: Option<FolderId>,
    /// What becomes of metadata, and where ids are found.
    pub options: IngestOptions,
}

impl Target {
    /// Resolves names, as far as the caller may see and write them.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub fn resolve(
        core: &Core,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        options: &IngestOptions,
    ) -> Result<Self> {
        let world = core.world();
        let found: &Arc<Org> = caller.org(&world.catalogue, company, org)?;
        let folder = match &options.folder {
            Some(name) => Some(caller.folder(found, name)?.id),
            None => None,
        };
        caller.demand(Right::Write)?;
        Ok(Self {
            company: company.clone(),
            org_name: org.clone(),
            org: found.id,
            folder,
            options: options.clone(),
        })
    }

    /// The place of an id in this organisation.
    pub fn place(&self, tid: &Tid) -> Place {
        Place { company: self.company.clone(), org: self.org_name.clone(), tid: tid.clone() }
    }
}

type Parsed = std::result::Result<(Tid, Received), (Option<String>, Refusal)>;

/// `PUT /transcripts/…`.
///
/// # Errors
/// Refusals of contract section 7, or the stores'.
pub async fn put(
    core: &Arc<Core>,
    caller: &Caller,
    place: &Place,
    text: String,
    (ingest, options): (&IngestOptions, &EditOptions),
) -> Result<Ingested> {
    let target = Target::resolve(core, caller, &place.company, &place.org, ingest)?;
    let (shared, tid) = (core.clone(), place.tid.clone());
    let received = blocking(move || read::read(&text, &shared.settings.limits)).await??;
    let item = Item { at: 0, tid, received, precondition: options.precondition.clone() };
    let mut verdicts = run_wave(core, caller, &target, vec![item], false).await;
    let (_, verdict) = verdicts.pop().ok_or_else(|| Error::refused(Code::Overloaded, "no answer"))?;
    let (mut ingested, commit) = verdict?;
    if let Some((key, commit)) = commit {
        ingested.pending = core.wait(key, commit, options.wait, options.timeout).await;
    }
    Ok(ingested)
}

/// NDJSON lines, each failing alone.
///
/// # Errors
/// As a whole only where company, organisation, folder or right are missing.
pub async fn lines(core: &Arc<Core>, caller: &Caller, target: &Target, lines: Vec<String>) -> Result<Vec<Verdict>> {
    let count = lines.len();
    let parsed = parse(core, target, lines).await?;
    let mut verdicts: Vec<Option<Verdict>> = (0..count).map(|_| None).collect();
    let mut wave: Vec<Item> = Vec::new();
    let mut ids: HashSet<Tid> = HashSet::new();
    for (at, parsed) in parsed.into_iter().enumerate() {
        match parsed {
            Err(failed) => put_verdict(&mut verdicts, at, Err(failed)),
            Ok((tid, received)) => {
                if !ids.insert(tid.clone()) {
                    // A second line of the same id must see what the first one did.
                    finish(core, caller, target, std::mem::take(&mut wave), &mut verdicts).await;
                    ids = HashSet::from([tid.clone()]);
                }
                wave.push(Item { at, tid, received, precondition: Default::default() });
            }
        }
    }
    finish(core, caller, target, wave, &mut verdicts).await;
    Ok(verdicts.into_iter().map(|v| v.unwrap_or_else(lost)).collect())
}

/// NDJSON lines, all or nothing.
///
/// # Errors
/// As [`lines`].
pub async fn atomic(core: &Arc<Core>, caller: &Caller, target: &Target, lines: Vec<String>) -> Result<Vec<Verdict>> {
    let mut ids = HashSet::new();
    let parsed: Vec<Parsed> = parse(core, target, lines)
        .await?
        .into_iter()
        .map(|line| match line {
            Ok((tid, _)) if !ids.insert(tid.clone()) => {
                let refusal = Refusal::new(Code::TranscriptShape, format!("the id {tid} stands twice in one atomic request"));
                Err((Some(tid.as_str().to_owned()), refusal))
            }
            other => other,
        })
        .collect();
    if parsed.iter().any(std::result::Result::is_err) {
        return Ok(parsed.into_iter().map(|line| line.map_or_else(Err, |(tid, _)| Err(not_alone(&tid)))).collect());
    }
    let items: Vec<Item> = parsed
        .into_iter()
        .enumerate()
        .filter_map(|(at, line)| line.ok().map(|(tid, received)| (at, tid, received)))
        .map(|(at, tid, received)| Item { at, tid, received, precondition: Default::default() })
        .collect();
    let mut verdicts: Vec<Option<Verdict>> = items.iter().map(|_| None).collect();
    for (at, (tid, verdict)) in run_wave(core, caller, target, items, true).await.into_iter().enumerate() {
        put_verdict(&mut verdicts, at, told(&tid, verdict));
    }
    Ok(verdicts.into_iter().map(|v| v.unwrap_or_else(lost)).collect())
}

/// Why a good line of an atomic request was not stored.
pub fn not_alone(tid: &Tid) -> (Option<String>, Refusal) {
    (Some(tid.as_str().to_owned()), Refusal::new(Code::AtomicFailed, "another line of the atomic request failed"))
}

fn lost() -> Verdict {
    Err((None, Refusal::new(Code::Overloaded, "the line was not decided")))
}

fn put_verdict(verdicts: &mut [Option<Verdict>], at: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(at) {
        *slot = Some(verdict);
    }
}

async fn finish(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    wave: Vec<Item>,
    verdicts: &mut [Option<Verdict>],
) {
    let places: Vec<usize> = wave.iter().map(|item| item.at).collect();
    let done = run_wave(core, caller, target, wave, false).await;
    for (at, (tid, verdict)) in places.into_iter().zip(done) {
        put_verdict(verdicts, at, told(&tid, verdict));
    }
}

fn told(tid: &Tid, verdict: Result<super::wave::Done>) -> Verdict {
    let shown = Some(tid.as_str().to_owned());
    match verdict {
        Ok((ingested, _)) => Ok(ingested),
        Err(Error::Refused(refusal)) => Err((shown, refusal)),
        Err(Error::Store(error)) => {
            tracing::error!(error = %crate::engine::edit::committer::chain(&error), "a transcript could not be stored");
            Err((shown, Refusal::new(Code::Overloaded, "the stores could not take the transcript; try again")))
        }
    }
}

/// Locks the wave's transcripts in the order of their ids (so that no two waves wait for each other), then stores it on
/// a blocking thread that runs to its end whatever becomes of the request.
async fn run_wave(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    items: Vec<Item>,
    whole: bool,
) -> Vec<(Tid, Result<super::wave::Done>)> {
    if items.is_empty() {
        return Vec::new();
    }
    let tids: Vec<Tid> = items.iter().map(|item| item.tid.clone()).collect();
    let mut order: Vec<&Tid> = tids.iter().collect();
    order.sort();
    let mut guards = Vec::with_capacity(order.len());
    for tid in order {
        match core.locks.lock(target.org, tid).await {
            Ok(guard) => guards.push(guard),
            Err(refusal) => return tids.into_iter().map(|t| (t, Err(refusal.clone().into()))).collect(),
        }
    }
    let wave = Wave::new(core.clone(), caller.clone(), target.clone(), items, whole);
    match blocking(move || wave.run(guards)).await {
        Ok(done) => tids.into_iter().zip(done).collect(),
        Err(_) => tids.into_iter().map(|t| (t, Err(Error::refused(Code::Overloaded, "the server is stopping")))).collect(),
    }
}

async fn parse(core: &Arc<Core>, target: &Target, lines: Vec<String>) -> Result<Vec<Parsed>> {
    let (core, key) = (core.clone(), target.options.id_key.clone());
    blocking(move || lines.iter().map(|line| parse_line(&core, key.as_deref(), line)).collect()).await
}

fn parse_line(core: &Core, key: Option<&str>, line: &str) -> Parsed {
    let received = read::read(line, &core.settings.limits).map_err(|refusal| (None, refusal))?;
    let found = read::top_level_id(&received.body, key.unwrap_or("tid"));
    let text = match (found, key) {
        (Some(text), _) => text,
        (None, None) => uuid::Uuid::now_v7().to_string(),
        (None, Some(key)) => {
            return Err((None, Refusal::new(Code::TidMissing, format!("the transcript has no {key:?} to be its id"))));
        }
    };
    let tid = Tid::parse(&text).map_err(|refusal| (Some(text), refusal))?;
    Ok((tid, received))
}

/// Runs blocking work off the async threads; it runs to its end even when nobody waits any more.
///
/// # Errors
/// When the work panicked or the runtime stops.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::refused(Code::ShuttingDown, "the work was not finished"))
}

/// Whether an answer may have to wait.
pub fn waits(options: &EditOptions) -> bool {
    options.wait != Wait::Commit
}
