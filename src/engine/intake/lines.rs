//! Bringing transcripts in: lines are read, grouped into waves of different ids, and each wave goes in as one piece.
use super::target::Target;
use super::wave::{Done, Item, Wave, not_alone};
use crate::base::causes::chain;
use crate::domain::identity::{Place, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::{Received, read};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::{EditOptions, IngestOptions, Ingested, Verdict};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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
                let refusal =
                    Refusal::new(Code::TranscriptShape, format!("the id {tid} stands twice in one atomic request"));
                Err((Some(tid.as_str().to_owned()), refusal))
            }
            other => other,
        })
        .collect();
    if parsed.iter().any(std::result::Result::is_err) {
        return Ok(parsed
            .into_iter()
            .map(|line| line.map_or_else(Err, |(tid, _)| Err((Some(tid.as_str().to_owned()), not_alone()))))
            .collect());
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

fn lost() -> Verdict {
    Err((None, Refusal::new(Code::Overloaded, "the line was not decided")))
}

fn put_verdict(verdicts: &mut [Option<Verdict>], at: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(at) {
        *slot = Some(verdict);
    }
}

async fn finish(core: &Arc<Core>, caller: &Caller, target: &Target, wave: Vec<Item>, verdicts: &mut [Option<Verdict>]) {
    let places: Vec<usize> = wave.iter().map(|item| item.at).collect();
    let done = run_wave(core, caller, target, wave, false).await;
    for (at, (tid, verdict)) in places.into_iter().zip(done) {
        put_verdict(verdicts, at, told(&tid, verdict));
    }
}

fn told(tid: &Tid, verdict: Result<Done>) -> Verdict {
    let shown = Some(tid.as_str().to_owned());
    match verdict {
        Ok((ingested, _)) => Ok(ingested),
        Err(Error::Refused(refusal)) => Err((shown, refusal)),
        Err(Error::Store(error)) => {
            tracing::error!(error = %chain(&error), "a transcript could not be stored");
            Err((shown, Refusal::new(Code::Overloaded, "the stores could not take the transcript; try again")))
        }
    }
}

/// Locks the wave's transcripts in the order of their ids (so that no two waves wait for each other), then stores it on
/// a blocking thread that runs to its end whatever becomes of the request. A transcript whose turn does not come fails
/// alone, unless the wave is to stand or fall as a whole.
pub(super) async fn run_wave(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    items: Vec<Item>,
    whole: bool,
) -> Vec<(Tid, Result<Done>)> {
    let tids: Vec<Tid> = items.iter().map(|item| item.tid.clone()).collect();
    let mut order: Vec<&Tid> = tids.iter().collect();
    order.sort();
    let mut guards = Vec::with_capacity(order.len());
    let mut failed: HashMap<Tid, Refusal> = HashMap::new();
    for tid in order {
        match core.locks.lock(target.org, tid).await {
            Ok(guard) => guards.push(guard),
            Err(refusal) => {
                failed.insert(tid.clone(), refusal);
            }
        }
    }
    let items = if whole && !failed.is_empty() { Vec::new() } else { items };
    let items: Vec<Item> = items.into_iter().filter(|item| !failed.contains_key(&item.tid)).collect();
    let run: Vec<Tid> = items.iter().map(|item| item.tid.clone()).collect();
    let mut done: HashMap<Tid, Result<Done>> = HashMap::new();
    if !items.is_empty() {
        let wave = Wave::new(core.clone(), caller.clone(), target.clone(), items, whole);
        let answers = blocking(move || wave.run(guards)).await;
        let answers = answers.unwrap_or_else(|_| run.iter().map(|_| Err(stopping())).collect());
        done.extend(run.into_iter().zip(answers));
    }
    let answer = |tid: Tid| match (done.remove(&tid), failed.remove(&tid)) {
        (Some(answer), _) => (tid, answer),
        (None, Some(refusal)) => (tid, Err(refusal.into())),
        (None, None) => {
            let refusal = not_alone();
            (tid, Err(refusal.into()))
        }
    };
    tids.into_iter().map(answer).collect()
}

fn stopping() -> Error {
    Error::refused(Code::ShuttingDown, "the server is stopping")
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
