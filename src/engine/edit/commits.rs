//! The commits themselves: what goes into one, and what follows from it.
use super::current::Cache;
use super::request::{Answer, Request, Then, Verdict};
use super::settles::Settles;
use crate::base::causes::chain;
use crate::engine::counters::Counters;
use crate::engine::error::{Error, stop_if_fatal};
use crate::engine::seen::Seen;
use crate::engine::workers::progress::Progress;
use crate::engine::world::World;
use crate::stores::database::{Database, Outcome, Write};
use crate::stores::error::StoreError;
use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long settles wait for company.
const SETTLE_QUIET: Duration = Duration::from_millis(50);
/// How long settles that could not be written (a full disk) wait before they go alone again.
const SETTLE_AGAIN: Duration = Duration::from_secs(1);

/// Settles that ride beside edits in one commit: each costs about what an edit costs.
const SETTLES_BESIDE: usize = 4;
/// Settles waiting from which two ride along with each edit: what is settled leaves the database's memory.
const SETTLES_MANY: usize = 20_000;
/// Settles of a commit of their own.
const SETTLES_ALONE: usize = 512;

/// Commits of one request each after which the next may be made on the thread that asks.
const CALM: u32 = 8;
/// Longest of them.
const SHORT: Duration = Duration::from_millis(1);

/// What commits work on.
pub struct Shared {
    /// Where commits go.
    pub database: Arc<dyn Database>,
    /// The configuration in force.
    pub world: Arc<ArcSwap<World>>,
    /// Current metadata.
    pub cache: Arc<Cache>,
    /// What the index owes.
    pub index: Arc<Progress>,
    /// What the archive owes.
    pub archive: Arc<Progress>,
    /// Names seen without being configured.
    pub seen: Arc<Seen>,
    /// Figures.
    pub counters: Arc<Counters>,
}

/// What commits, one batch at a time.
pub struct Worker {
    shared: Shared,
    writes_max: usize,
    lazy: Arc<Mutex<Settles>>,
    rest_until: Option<Instant>,
    /// Commits in a row that held one request each and took no time worth a change of thread.
    calm: u32,
    /// Takes no more requests.
    closed: bool,
}

/// Takes from the queue until it is closed and empty.
pub fn serve(worker: &Mutex<Worker>, queue: &Receiver<Request>) {
    loop {
        let patience = if worker.lock().has_many_settles() { Duration::ZERO } else { SETTLE_QUIET };
        match queue.recv_timeout(patience) {
            Ok(first) => {
                let mut worker = worker.lock();
                let batch = worker.gather(first, queue);
                worker.commit(batch);
            }
            Err(RecvTimeoutError::Timeout) => {
                worker.lock().settle_alone();
            }
            Err(RecvTimeoutError::Disconnected) => {
                let mut worker = worker.lock();
                while worker.settle_alone() {}
                worker.closed = true;
                return;
            }
        }
    }
}

impl Worker {
    /// For a committer that starts.
    pub fn new(shared: Shared, writes_max: usize, lazy: Arc<Mutex<Settles>>) -> Self {
        Self { shared, writes_max, lazy, rest_until: None, calm: 0, closed: false }
    }

    /// Whether a request may be committed on the thread that asks: lately each commit was short and of one request only.
    pub fn takes_alone(&self, request: &Request) -> bool {
        !self.closed && self.calm >= CALM && request.is_single()
    }

    /// Whether settles wait that follow at once when nobody else wants to write.
    fn has_many_settles(&self) -> bool {
        self.lazy.lock().len() >= SETTLES_ALONE && self.rest_until.is_none()
    }

    /// The first request and what else is queued now; a new configuration stays alone.
    fn gather(&mut self, first: Request, queue: &Receiver<Request>) -> Vec<Request> {
        let mut count = first.writes.len();
        let mut batch = vec![first];
        while count < self.writes_max && batch.last().is_some_and(|r| r.world.is_none()) {
            let Ok(next) = queue.try_recv() else { break };
            if next.world.is_some() {
                self.commit(batch);
                batch = vec![next];
                break;
            }
            count += next.writes.len();
            batch.push(next);
        }
        batch
    }

    /// Whether there was something to settle, and it stands.
    fn settle_alone(&mut self) -> bool {
        let due = self.rest_until.is_none_or(|until| until <= Instant::now());
        due && !self.lazy.lock().is_empty() && self.commit(Vec::new())
    }

    /// Commits the batch and some settles; whether it stands.
    pub fn commit(&mut self, batch: Vec<Request>) -> bool {
        let world = self.shared.world.load_full();
        let batch = self.refuse_filled(batch);
        let (mut batch, moved): (Vec<_>, Vec<_>) = batch.into_iter().partition(|request| request.is_current(&world));
        for request in moved {
            let verdicts = request.writes.iter().map(|_| Verdict::Reconfigured).collect();
            request.answer(Ok(Answer { commit: 0, verdicts }));
        }
        let mut writes: Vec<Write> = Vec::new();
        for request in &batch {
            writes.extend(request.writes.iter().map(|(write, _)| write.clone()));
        }
        let asked = writes.len();
        {
            // A sink settles thousands of rows at once: in one commit they would hold up the edits beside them.
            let mut lazy = self.lazy.lock();
            let most = match asked {
                _ if batch.iter().any(|request| request.settling) => usize::MAX,
                0 => SETTLES_ALONE,
                _ if lazy.len() > SETTLES_MANY => (2 * asked + SETTLES_BESIDE).min(SETTLES_ALONE),
                _ => SETTLES_BESIDE,
            };
            writes.extend(lazy.take(most));
        }
        if writes.is_empty() {
            batch.drain(..).for_each(|request| request.answer(Ok(Answer { commit: 0, verdicts: Vec::new() })));
            return true;
        }
        let begun = Instant::now();
        let committed = self.shared.database.commit(&writes);
        let took = begun.elapsed();
        self.shared.counters.committed(asked, took);
        self.calm = match batch.len() {
            // Settles alone say nothing of who edits.
            0 => self.calm,
            1 if took < SHORT => self.calm.saturating_add(1),
            _ => 0,
        };
        match committed {
            Ok(committed) => {
                self.rest_until = None;
                let mut outcomes = committed.outcomes.into_iter();
                for request in batch.drain(..) {
                    let own: Vec<Outcome> = outcomes.by_ref().take(request.writes.len()).collect();
                    self.publish(request, own, committed.number);
                }
                true
            }
            Err(error) => {
                self.failed(batch, writes.split_off(asked), error);
                false
            }
        }
    }

    /// Requests whose folders have been filled since they were computed are answered; the others stay. No write comes in
    /// between: whoever commits holds this worker.
    fn refuse_filled(&self, batch: Vec<Request>) -> Vec<Request> {
        let mut kept = Vec::with_capacity(batch.len());
        for request in batch {
            let filled = request.empty.iter().find_map(|folder| match self.shared.database.count(*folder, 0) {
                Ok(summary) if summary.transcripts == 0 => None,
                Ok(_) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            });
            match filled {
                None => kept.push(request),
                Some(Ok(())) => {
                    let verdicts = request.writes.iter().map(|_| Verdict::Stale(None)).collect();
                    request.answer(Ok(Answer { commit: 0, verdicts }));
                }
                Some(Err(error)) => request.answer(Err(Error::Store(error))),
            }
        }
        kept
    }

    /// Nothing of the batch stands. A failed flush ends the process: what is on disk is not known any more.
    fn failed(&mut self, batch: Vec<Request>, settles: Vec<Write>, error: StoreError) {
        tracing::error!(error = %chain(&error), "a commit failed");
        stop_if_fatal(&error);
        self.rest_until = Some(Instant::now() + SETTLE_AGAIN);
        let mut lazy = self.lazy.lock();
        settles.into_iter().for_each(|settle| lazy.add(settle));
        drop(lazy);
        let kind = error.kind;
        for request in batch {
            let copy = StoreError::plain(error.store, kind, error.operation.clone());
            request.answer(Err(Error::Store(copy)));
        }
    }

    fn publish(&self, mut request: Request, outcomes: Vec<Outcome>, commit: u64) {
        if let Some(world) = request.world.take() {
            self.shared.world.store(world);
        }
        let mut verdicts = Vec::with_capacity(outcomes.len());
        for ((write, then), outcome) in request.writes.drain(..).zip(outcomes) {
            verdicts.push(match outcome {
                Outcome::Done => {
                    self.follow(&write, then, commit);
                    Verdict::Done
                }
                Outcome::Stale(at) => Verdict::Stale(at),
            });
        }
        request.answer(Ok(Answer { commit, verdicts }));
    }

    fn follow(&self, write: &Write, then: Then, commit: u64) {
        // The cache first: whoever pushes the new state, or gives its body a name, does it after readers know of it.
        let org = match then {
            Then::Nothing => None,
            Then::Keep(kept) => {
                let org = kept.org();
                self.shared.cache.keep(kept);
                Some(org)
            }
            Then::Forget(org, tid) => {
                self.shared.cache.forget(org, &tid);
                Some(org)
            }
        };
        match write {
            Write::Create(stored) | Write::Edit(stored, _) | Write::Replace(stored, _) => {
                self.shared.index.owe(stored.key, stored.org, commit);
                self.shared.archive.owe(stored.key, stored.org, commit);
            }
            Write::Erase { key, org, .. } => {
                self.shared.index.owe(*key, *org, commit);
                self.shared.archive.forget(*key);
            }
            Write::Reproject { key, .. } => {
                if let Some(org) = org {
                    self.shared.index.owe(*key, org, commit);
                }
            }
            Write::Seen(folder, names) => self.shared.seen.keep(*folder, names),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
