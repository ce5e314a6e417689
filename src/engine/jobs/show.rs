//! `/jobs`: all long work a token may know of, whoever does it.
use super::account::{Account, State};
use super::ended::erasing;
use super::work::Work;
use crate::domain::access::Right;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::workers::janitor::REBUILD;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;

/// What a list of jobs keeps to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that stand so.
    pub state: Option<State>,
    /// Only those of that kind.
    pub kind: Option<String>,
}

type Told = (Account, Option<f64>);

/// Jobs, those that are not over first, each part the newest first; at most `limit`.
///
/// # Errors
/// `right_missing` but for `read` or `write`; the database's.
pub fn list(core: &Core, caller: &Caller, filter: &Filter, limit: usize) -> Result<Vec<Value>> {
    judge(caller)?;
    let mut all = running(core)?;
    let known: HashSet<String> = all.iter().map(|(account, _)| account.id.clone()).collect();
    let past = core.stores.database.past_jobs()?;
    let past = past.iter().filter(|past| !known.contains(&past.id)).filter_map(Work::read_past);
    all.extend(past.map(|work| (work.account, None)));
    all.retain(|(account, _)| {
        account.is_seen(caller.scope())
            && account.state != State::Open
            && filter.state.is_none_or(|state| state == account.state)
            && filter.kind.as_ref().is_none_or(|kind| *kind == account.kind)
    });
    all.sort_by(|(a, _), (b, _)| {
        let order = |account: &Account| (!account.state.is_over(), account.finished.unwrap_or(account.created));
        order(b).cmp(&order(a)).then_with(|| b.id.cmp(&a.id))
    });
    Ok(all.iter().take(limit).map(|(account, rate)| account.to_json(*rate)).collect())
}

/// One job.
///
/// # Errors
/// `right_missing`, `not_found`.
pub fn one(core: &Core, caller: &Caller, id: &str) -> Result<Value> {
    judge(caller)?;
    let (account, rate) = find(core, caller, id)?;
    Ok(account.to_json(rate))
}

/// Asks a job to stop. What it has done stays.
///
/// # Errors
/// `not_found`, `right_missing`; `job_ended`; `job_not_cancellable` for what must come to its end.
pub fn cancel(core: &Core, caller: &Caller, id: &str) -> Result<Value> {
    judge(caller)?;
    let (account, rate) = find(core, caller, id)?;
    caller.demand(Right::Write)?;
    if account.state.is_over() {
        let detail = format!("the job is over: {}", account.state.text());
        return Err(Error::refused(Code::JobEnded, detail));
    }
    if !core.board.cancel(id) {
        let detail = format!("a job of the kind {:?} comes to its end by itself", account.kind);
        return Err(Refusal::new(Code::JobFixed, detail).into());
    }
    Ok(account.to_json(rate))
}

/// Who may know of long work: with `read` or `write`.
///
/// # Errors
/// `right_missing`.
pub fn judge(caller: &Caller) -> Result<()> {
    if caller.may(Right::Write) { Ok(()) } else { caller.demand(Right::Read) }
}

fn find(core: &Core, caller: &Caller, id: &str) -> Result<Told> {
    let running = running(core)?.into_iter().find(|(account, _)| account.id == id);
    let found = match running {
        Some(found) => Some(found),
        None => core.stores.database.past_job(id)?.as_ref().and_then(Work::read_past).map(|work| (work.account, None)),
    };
    let seen = |(account, _): &Told| account.is_seen(caller.scope()) && account.state != State::Open;
    found.filter(seen).ok_or_else(Error::absent)
}

/// What is not over.
fn running(core: &Core) -> Result<Vec<Told>> {
    let mut all: Vec<Told> = core.board.all().into_iter().map(|(work, rate)| (work.account, rate)).collect();
    all.extend(core.uploads.lock().values().map(|account| (account.clone(), None)));
    for job in core.jobs.all() {
        all.push((erasing(&job), None));
    }
    let world = core.world.load_full();
    for (folder, label, total, left) in core.backfills.told() {
        let Some(home) = world.home(folder) else { continue };
        all.push((
            Account {
                id: format!("backfill-{}-{}", folder.0, home.folder.schema.version),
                kind: "backfill".to_owned(),
                state: State::Running,
                company: Some(home.company.name.clone()),
                org: Some(home.org.name.clone()),
                folder: Some(home.folder.name.clone()),
                name: Some(label),
                done: total.saturating_sub(left),
                total,
                ..Account::default()
            },
            None,
        ));
    }
    if core.rebuild_noted.load(SeqCst) || core.reindexing.load(SeqCst) {
        let total = core.rebuild_total.load(SeqCst);
        let left = core.index.len() as u64;
        all.push((
            Account {
                id: REBUILD.to_owned(),
                kind: "reindex".to_owned(),
                state: if core.reindexing.load(SeqCst) { State::Queued } else { State::Running },
                done: total.saturating_sub(left),
                total,
                ..Account::default()
            },
            None,
        ));
    }
    Ok(all)
}
