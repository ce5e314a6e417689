//! Group commit by natural batching: one thread takes whatever queued while the last commit ran, commits it in one
//! transaction, publishes what depends on it, and answers. No timer: an idle server answers after one commit, a busy one
//! forms groups by itself.
//!
//! Settles (what the sinks have done) are lazy: they ride in the next commit, or go alone after 50 ms of quiet.
//!
//! *Decision:* who edits one after the other, alone, has each commit made on the thread that asks: handing it over and
//! waking up again took as long as the disk. It blocks that thread for a commit, so only while commits are short and
//! nobody shares them.
use super::commits::{self, Shared, Worker};
use super::request::{Answer, Request};
use super::settles::Settles;
use crate::domain::refusal::Code;
use crate::engine::error::{Error, Result};
use crate::stores::database::Write;
use crossbeam_channel::{Sender, TrySendError};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The handle to the committing thread.
pub struct Committer {
    queue: Mutex<Option<Sender<Request>>>,
    queue_max: usize,
    thread: Mutex<Option<JoinHandle<()>>>,
    lazy: Arc<Mutex<Settles>>,
    worker: Arc<Mutex<Worker>>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(shared: Shared, queue_max: usize, writes_max: usize) -> std::io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(queue_max);
        let lazy = Arc::new(Mutex::new(Settles::default()));
        let worker = Arc::new(Mutex::new(Worker::new(shared, writes_max, lazy.clone())));
        let own = worker.clone();
        let run = move || guarded(|| commits::serve(&own, &receiver));
        let thread = std::thread::Builder::new().name("committer".into()).spawn(run)?;
        Ok(Self { queue: Mutex::new(Some(sender)), queue_max, thread: Mutex::new(Some(thread)), lazy, worker })
    }

    /// Queues a request; the receiver gets its answer once it is durable.
    ///
    /// # Errors
    /// `overloaded` when the queue is full, `shutting_down` when the server stops.
    pub fn submit(&self, mut request: Request) -> Result<oneshot::Receiver<Result<Answer>>> {
        let answer = request.asked();
        let queue = self.queue.lock().clone();
        let Some(queue) = queue else {
            return Err(stopping());
        };
        match queue.try_send(request) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(full()),
            Err(TrySendError::Disconnected(_)) => Err(stopping()),
        }
    }

    /// [`Self::submit`], and the answer.
    ///
    /// # Errors
    /// As `submit`; and the store's.
    pub async fn commit(&self, request: Request) -> Result<Answer> {
        let request = match self.at_once(request) {
            Ok(answer) => return answer,
            Err(request) => request,
        };
        let answer = self.submit(request)?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// The answer, when nobody else commits or waits to and a commit is short: then it is made on this thread. Else the
    /// request comes back.
    fn at_once(&self, mut request: Request) -> std::result::Result<Result<Answer>, Request> {
        let Some(mut worker) = self.worker.try_lock().filter(|worker| worker.takes_alone(&request)) else {
            return Err(request);
        };
        if self.waiting() > 0 {
            return Err(request);
        }
        let mut answer = request.asked();
        guarded(|| worker.commit(vec![request]));
        Ok(answer.try_recv().unwrap_or_else(|_| Err(stopping())))
    }

    /// [`Self::commit`] for threads that may block.
    ///
    /// # Errors
    /// As `commit`.
    pub fn commit_blocking(&self, request: Request) -> Result<Answer> {
        let answer = self.submit(request)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(stopping()))
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

/// Runs commits; a panic in one ends the process: whether its batch stands is not known to those who wait for it, as
/// after a failed flush.
fn guarded<T>(commits: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(commits)).unwrap_or_else(|_| {
        tracing::error!("the committer panicked: the process stops to recover");
        std::process::abort()
    })
}

fn stopping() -> Error {
    Error::refused(Code::ShuttingDown, "the server is stopping")
}

fn full() -> Error {
    Error::refused(Code::Overloaded, "too many writes wait for a commit; try again")
}
