//! The lane: one thread that does the jobs of imports and edits by query, one after the other, some hundred rows a
//! commit, through the transcripts' locks as everybody. It gives way when index and archive fall behind.
use super::account::State;
use super::step::Running;
use super::work::{BulkEdit, KEYS, RETRY, ROWS, What, Work};
use crate::base::causes::chain;
use crate::domain::refusal::Kind as RefusalKind;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::stores::database::Write;
use crate::stores::error::{Kind, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long a job rests after a failure that may pass.
const AGAIN: Duration = Duration::from_secs(2);
/// Transcripts owed to index or archive from which the lane waits: what they owe takes memory. It is also where the
/// archive begins to work as fast as it can.
const BEHIND: usize = 100_000;
/// How long it waits then before it looks again.
const GIVE_WAY: Duration = Duration::from_millis(20);
/// How often files of ended jobs are looked through.
const SWEEP: Duration = Duration::from_secs(600);
/// How long files of ended jobs, and imports without rows, are kept: microseconds.
pub const KEPT: i64 = 7 * 24 * 3_600 * 1_000_000;

/// Runs until closed.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() > SWEEP) {
            if let Err(error) = sweep(core) {
                tracing::warn!(error = %chain(&error), "files of ended jobs could not be looked through");
            }
            swept = Some(Instant::now());
        }
        let work = match core.board.next(SWEEP) {
            None => return,
            Some(None) => continue,
            Some(Some(work)) => work,
        };
        let id = work.account.id.clone();
        if let Err(error) = go(core, runtime, work) {
            if let Error::Store(error) = &error {
                stop_if_fatal(error);
            }
            if !core.closing() {
                tracing::error!(job = %id, error = %chain(&error), "a job was held up; it is tried again");
                core.pause(AGAIN);
            }
        }
        if core.closing() {
            return;
        }
    }
}

/// Does a job from where it stands to its end.
fn go(core: &Arc<Core>, runtime: &Runtime, mut work: Work) -> Result<()> {
    let id = work.account.id.clone();
    if core.board.is_cancelled(&id) {
        return end(core, work, State::Cancelled, None);
    }
    if work.account.state == State::Queued {
        work.account.state = State::Running;
        work.account.started = Some(core.clock.now().0);
        core.committer.commit_blocking(Request::plain(vec![Write::PutJob(work.job())]))?;
    }
    core.board.put(work.clone());
    let running = match Running::new(core, &work) {
        Ok(running) => running,
        Err(error) => return ended_by(core, work, error),
    };
    while !core.closing() {
        if core.board.is_cancelled(&id) {
            return end(core, work, State::Cancelled, None);
        }
        if !core.tokens.load().lives(&work.by.token, core.clock.now()) {
            let reason = "the token that started it was revoked or has expired";
            return end(core, work, State::Failed, Some(reason.to_owned()));
        }
        if core.archive.len() > BEHIND || core.index.len() > BEHIND {
            core.pause(GIVE_WAY);
            continue;
        }
        match running.step(core, runtime, &work) {
            Ok(Some(next)) => {
                work = next;
                core.board.put(work.clone());
            }
            Ok(None) => return end(core, work, State::Done, None),
            Err(error) => return ended_by(core, work, error),
        }
    }
    Ok(())
}

/// Ends a job that cannot go on; a failure that may pass comes back.
fn ended_by(core: &Core, work: Work, error: Error) -> Result<()> {
    let reason = match &error {
        Error::Refused(refusal) if refusal.code.kind() != RefusalKind::Unavailable => refusal.detail.clone(),
        Error::Store(failed) if failed.store == Store::Staging && failed.kind != Kind::OutOfSpace => {
            tracing::error!(job = %work.account.id, error = %chain(&error), "staged rows cannot be read");
            "rows that were taken cannot be read any more; send them again".to_owned()
        }
        _ => return Err(error),
    };
    end(core, work, State::Failed, Some(reason))
}

/// Notes that a job is over. Rows that nobody can need any more go.
fn end(core: &Core, mut work: Work, state: State, reason: Option<String>) -> Result<()> {
    work.account.state = state;
    work.account.reason = reason;
    work.account.finished = Some(core.clock.now().0);
    if let What::BulkEdit(edit) = &mut work.what {
        // What was set is nobody's to remember: it may be erased from the transcripts any day.
        *edit = BulkEdit::default();
    }
    core.committer.commit_blocking(Request::plain(vec![Write::EndJob(work.past())]))?;
    let id = work.account.id.as_str();
    core.board.remove(id);
    let staging = core.staging()?;
    let left = state != State::Done || work.account.counts.unwrap_or_default().failed > 0;
    let again = matches!(work.what, What::Import(_)) && left;
    let needless: &[&str] = if again { &[RETRY] } else { &[RETRY, ROWS, KEYS] };
    for file in needless {
        if let Err(error) = staging.remove_file(id, file) {
            tracing::warn!(error = %chain(&error), "a file of an ended job is left for later");
        }
    }
    Ok(())
}

/// Removes files of jobs that ended long ago or that nobody knows, and gives up imports that never got rows.
fn sweep(core: &Core) -> Result<()> {
    let Ok(staging) = core.staging() else { return Ok(()) };
    let before = core.clock.now().0 - KEPT;
    for (work, _) in core.board.all() {
        if work.account.state == State::Open && work.account.created < before {
            core.board.cancel(&work.account.id);
        }
    }
    for id in staging.jobs()? {
        if core.board.get(&id).is_some() {
            continue;
        }
        let past = core.stores.database.past_job(&id)?;
        // One that was declared in this moment is on the board once it is durable.
        if past.is_none_or(|past| past.finished < before) && core.board.get(&id).is_none() {
            staging.remove(&id)?;
        }
    }
    Ok(())
}
