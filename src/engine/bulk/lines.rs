//! `PATCH /metadata/{company}/{org}`: edits line by line, grouped into waves of different transcripts; edits of one
//! transcript stay in their order.
use super::locking::{Locked, lock_all};
use super::wave::{Item, Wave, to_all};
use crate::base::causes::chain;
use crate::domain::identity::Tid;
use crate::domain::metadata::line::{Demand, EditLine, Refused};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::intake::target::Target;
use crate::engine::intake::wave::not_alone;
use crate::engine::types::{EditVerdict, LineEdited, Precondition};
use std::collections::HashSet;
use std::sync::Arc;

/// Edits of one atomic request: they hold their locks, and the committer, together.
pub const ATOMIC_EDITS: usize = 10_000;

/// How lines are edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// All or nothing.
    pub atomic: bool,
    /// Nothing is changed.
    pub dry_run: bool,
}

/// Edits lines, in order, one verdict each.
///
/// # Errors
/// As a whole only where company, organisation or right are missing, or an atomic request is too large.
pub async fn lines(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    manner: Manner,
    lines: Vec<String>,
) -> Result<Vec<EditVerdict>> {
    if manner.atomic && lines.len() > ATOMIC_EDITS {
        let detail = format!("an atomic request has at most {ATOMIC_EDITS} lines; this one has {}", lines.len());
        return Err(Error::refused(Code::TooManyRows, detail));
    }
    let shared = core.clone();
    let read = move || lines.iter().map(|line| EditLine::read(line, shared.settings.edit_rules())).collect();
    let read: Vec<std::result::Result<EditLine, Refused>> = blocking(read).await?;
    if manner.atomic {
        return atomic(core, caller, target, manner, read).await;
    }
    let mut verdicts: Vec<Option<EditVerdict>> = read.iter().map(|_| None).collect();
    let mut wave: Vec<(usize, Item)> = Vec::new();
    let mut ids: HashSet<Tid> = HashSet::new();
    for (at, line) in read.into_iter().enumerate() {
        match line {
            Err(refused) => put(&mut verdicts, at, Err(refused)),
            Ok(line) => {
                // A second line of the same id must see what the first one did.
                if !ids.insert(line.tid.clone()) {
                    finish(core, caller, target, manner, std::mem::take(&mut wave), &mut verdicts).await;
                    ids = HashSet::from([line.tid.clone()]);
                }
                wave.push((at, item(line)));
            }
        }
    }
    finish(core, caller, target, manner, wave, &mut verdicts).await;
    Ok(verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(undecided)).collect())
}

async fn atomic(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    manner: Manner,
    read: Vec<std::result::Result<EditLine, Refused>>,
) -> Result<Vec<EditVerdict>> {
    let mut ids = HashSet::new();
    let read: Vec<_> = read.into_iter().map(|line| once(&mut ids, line)).collect();
    if read.iter().any(std::result::Result::is_err) {
        let alone = |line: EditLine| Err((Some(line.tid.as_str().to_owned()), not_alone()));
        return Ok(read.into_iter().map(|line| line.map_or_else(Err, alone)).collect());
    }
    let wave: Vec<(usize, Item)> = read.into_iter().flatten().map(item).enumerate().collect();
    let mut verdicts: Vec<Option<EditVerdict>> = wave.iter().map(|_| None).collect();
    finish(core, caller, target, manner, wave, &mut verdicts).await;
    Ok(verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(undecided)).collect())
}

/// Refuses the second line of an id.
fn once(
    ids: &mut HashSet<Tid>,
    line: std::result::Result<EditLine, Refused>,
) -> std::result::Result<EditLine, Refused> {
    let line = line?;
    if ids.insert(line.tid.clone()) {
        return Ok(line);
    }
    let refusal = Refusal::new(Code::BodyShape, format!("the id {} stands twice in one atomic request", line.tid));
    Err((Some(line.tid.as_str().to_owned()), refusal))
}

fn item(line: EditLine) -> Item {
    let precondition = match line.demand {
        Demand::None => Precondition::None,
        Demand::Any => Precondition::Any,
        Demand::Revision(revision) => Precondition::Revisions(vec![revision]),
    };
    Item { tid: line.tid, key: None, edit: Arc::new(line.edit), precondition }
}

fn undecided() -> EditVerdict {
    Err((None, Refusal::new(Code::Overloaded, "the line was not decided")))
}

fn put(verdicts: &mut [Option<EditVerdict>], at: usize, verdict: EditVerdict) {
    if let Some(slot) = verdicts.get_mut(at) {
        *slot = Some(verdict);
    }
}

async fn finish(
    core: &Arc<Core>,
    caller: &Caller,
    target: &Target,
    manner: Manner,
    wave: Vec<(usize, Item)>,
    verdicts: &mut [Option<EditVerdict>],
) {
    let (places, mut items): (Vec<usize>, Vec<Item>) = wave.into_iter().unzip();
    let tids: Vec<Tid> = items.iter().map(|item| item.tid.clone()).collect();
    let Locked { guards, mut failed } = lock_all(core, target.org, tids.iter()).await;
    if manner.atomic && !failed.is_empty() {
        for (at, tid) in places.into_iter().zip(&tids) {
            put(verdicts, at, Err((Some(tid.as_str().to_owned()), failed.remove(tid).unwrap_or_else(not_alone))));
        }
        return;
    }
    items.retain(|item| !failed.contains_key(&item.tid));
    let count = items.len();
    let wave = Wave {
        core: core.clone(),
        caller: caller.clone(),
        target: target.clone(),
        items,
        whole: manner.atomic,
        dry_run: manner.dry_run,
    };
    let done = blocking(move || wave.run(guards, &mut |_| Ok(Vec::new()))).await;
    let done = done.and_then(|done| done).unwrap_or_else(|error| to_all(&error, count));
    let mut done = done.into_iter();
    for (at, tid) in places.into_iter().zip(&tids) {
        let verdict = match failed.remove(tid) {
            Some(refusal) => Err((Some(tid.as_str().to_owned()), refusal)),
            None => done.next().map_or_else(undecided, |verdict| told(tid, verdict)),
        };
        put(verdicts, at, verdict);
    }
}

fn told(tid: &Tid, verdict: Result<LineEdited>) -> EditVerdict {
    verdict.map_err(|error| (Some(tid.as_str().to_owned()), refusal(error)))
}

/// A failure in the words of a verdict; a store's goes to the log.
pub fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal,
        Error::Store(error) => {
            tracing::error!(error = %chain(&error), "a transcript could not be edited");
            Refusal::new(Code::Overloaded, "the stores could not take the edit; try again")
        }
    }
}
