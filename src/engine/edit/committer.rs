//! Group commit by natural batching: one thread takes whatever queued while the last commit ran, commits it in one
//! transaction, publishes what depends on it, and answers. No timer: an idle server answers after one commit, a busy one
//! forms groups by itself.
//!
//! Settles (what the sinks have done) are lazy: they ride in the next commit, or go alone after 50 ms of quiet.
mod publish;
mod request;

use super::settles::Settles;
use crate::base::causes::chain;
use crate::domain::refusal::Code;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::stores::database::Write;
use crate::stores::error::StoreError;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use parking_lot::Mutex;
pub use publish::Shared;
use publish::publish;
pub use request::{Answer, Request, Then, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

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

/// The handle to the committing thread.
pub struct Committer {
    queue: Mutex<Option<Sender<Request>>>,
    queue_max: usize,
    thread: Mutex<Option<JoinHandle<()>>>,
    lazy: Arc<Mutex<Settles>>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(shared: Shared, queue_max: usize, writes_max: usize) -> std::io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(queue_max);
        let lazy = Arc::new(Mutex::new(Settles::default()));
        let mut worker = Worker { shared, receiver, writes_max, lazy: lazy.clone(), rest_until: None };
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
                // Whether the batch stands is not known to those who wait for it: as after a failed flush.
                tracing::error!("the committer panicked: the process stops to recover");
                std::process::abort();
            }
        };
        let thread = std::thread::Builder::new().name("committer".into()).spawn(run)?;
        Ok(Self { queue: Mutex::new(Some(sender)), queue_max, thread: Mutex::new(Some(thread)), lazy })
    }

    /// Queues a request; the receiver gets its answer once it is durable.
    ///
    /// # Errors
    /// `overloaded` when the queue is full, `shutting_down` when the server stops.
    pub fn submit(&self, mut request: Request) -> Result<oneshot::Receiver<Result<Answer>>> {
        let (reply, answer) = oneshot::channel();
        request.reply = Some(reply);
        let queue = self.queue.lock().clone();
        let Some(queue) = queue else {
            return Err(Error::refused(Code::ShuttingDown, "the server is stopping"));
        };
        match queue.try_send(request) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(full()),
            Err(TrySendError::Disconnected(_)) => Err(Error::refused(Code::ShuttingDown, "the server is stopping")),
        }
    }

    /// [`Self::submit`], and the answer.
    ///
    /// # Errors
    /// As `submit`; and the store's.
    pub async fn commit(&self, request: Request) -> Result<Answer> {
        let answer = self.submit(request)?;
        answer.await.unwrap_or_else(|_| Err(Error::refused(Code::ShuttingDown, "the server is stopping")))
    }

    /// [`Self::commit`] for threads that may block.
    ///
    /// # Errors
    /// As `commit`.
    pub fn commit_blocking(&self, request: Request) -> Result<Answer> {
        let answer = self.submit(request)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(Error::refused(Code::ShuttingDown, "the server is stopping")))
    }

    /// Hands over a settle for the next commit.
    pub fn settle(&self, writes: impl IntoIterator<Item = Write>) {
        let mut lazy = self.lazy.lock();
        writes.into_iter().for_each(|write| lazy.add(write));
    }

    /// Whether a request would be taken now; cheap enough to ask before a body is read.
    ///
    /// # Errors
    /// `overloaded` when the queue is full.
    pub fn room(&self) -> Result<()> {
        if self.waiting() < self.queue_max { Ok(()) } else { Err(full()) }
    }

    /// Writes waiting.
    pub fn waiting(&self) -> usize {
        self.queue.lock().as_ref().map_or(0, Sender::len)
    }

    /// Takes no more requests, commits what is queued, ends the thread.
    pub fn stop(&self) {
        drop(self.queue.lock().take());
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the committer thread panicked");
        }
    }
}

fn full() -> Error {
    Error::refused(Code::Overloaded, "too many writes wait for a commit; try again")
}

struct Worker {
    shared: Shared,
    receiver: Receiver<Request>,
    writes_max: usize,
    lazy: Arc<Mutex<Settles>>,
    rest_until: Option<Instant>,
}

impl Worker {
    fn run(&mut self) {
        loop {
            // What is left of many settles follows at once when nobody else wants to write.
            let many = self.lazy.lock().len() >= SETTLES_ALONE && self.rest_until.is_none();
            let patience = if many { Duration::ZERO } else { SETTLE_QUIET };
            match self.receiver.recv_timeout(patience) {
                Ok(first) => {
                    let batch = self.gather(first);
                    self.commit(batch);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.settle_alone();
                }
                Err(RecvTimeoutError::Disconnected) => {
                    while self.settle_alone() {}
                    return;
                }
            }
        }
    }

    /// The first request and what else is queued now; a new configuration stays alone.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let mut count = first.writes.len();
        let mut batch = vec![first];
        while count < self.writes_max && batch.last().is_some_and(|r| r.world.is_none()) {
            let Ok(next) = self.receiver.try_recv() else { break };
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
    fn commit(&mut self, batch: Vec<Request>) -> bool {
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
        self.shared.counters.committed(asked, begun.elapsed());
        match committed {
            Ok(committed) => {
                self.rest_until = None;
                publish(&self.shared, batch, committed);
                true
            }
            Err(error) => {
                self.failed(batch, writes.split_off(asked), error);
                false
            }
        }
    }

    /// Requests whose folders have been filled since they were computed are answered; the others stay. No write comes in
    /// between: this thread is the only one that commits.
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
}

#[cfg(test)]
mod tests;
