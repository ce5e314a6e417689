//! What is asked of the committing thread, and what it answers.
use crate::domain::identity::{FolderId, OrgId, Revision, Tid};
use crate::engine::edit::current::Kept;
use crate::engine::edit::locks::Guard;
use crate::engine::error::Result;
use crate::engine::world::World;
use crate::stores::database::Write;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What became of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable.
    Done,
    /// The row stood elsewhere.
    Stale(Option<Revision>),
    /// The folder's configuration has moved since the write was computed: compute it again. Nothing of the request
    /// was changed.
    Reconfigured,
}

/// A durable request: the number of its commit, and one verdict per write.
#[derive(Debug)]
pub struct Answer {
    /// The commit's number.
    pub commit: u64,
    /// In the order of the writes.
    pub verdicts: Vec<Verdict>,
}

/// What to do when a write stands, before its lock is given back.
pub enum Then {
    /// Nothing.
    Nothing,
    /// Remember the new state of the transcript.
    Keep(Kept),
    /// Forget the transcript.
    Forget(OrgId, Tid),
}

/// Writes that belong together: they stand in one commit.
pub struct Request {
    /// The writes, each with what follows.
    pub writes: Vec<(Write, Then)>,
    /// Locks that must be held until the outcome is known.
    pub guards: Vec<Guard>,
    /// A new configuration to publish with it.
    pub world: Option<Arc<World>>,
    /// Folders that must hold no transcript at the very moment of the commit; else every verdict is `Stale`.
    pub empty: Vec<FolderId>,
    /// Whether all settles handed over before stand with it, however many.
    pub settling: bool,
    /// Who waits for the outcome.
    pub reply: Option<oneshot::Sender<Result<Answer>>>,
}

impl Request {
    /// One write under one lock.
    pub fn one(write: Write, then: Then, guard: Guard) -> Self {
        Self::many(vec![(write, then)], vec![guard])
    }

    /// Several writes.
    pub fn many(writes: Vec<(Write, Then)>, guards: Vec<Guard>) -> Self {
        Self { writes, guards, world: None, empty: Vec::new(), settling: false, reply: None }
    }

    /// Writes without locks or consequences: tokens, jobs.
    pub fn plain(writes: Vec<Write>) -> Self {
        Self::many(writes.into_iter().map(|w| (w, Then::Nothing)).collect(), Vec::new())
    }

    /// No write of its own: when it is answered, the database knows all that the sinks have settled so far.
    pub fn settling() -> Self {
        Self { settling: true, ..Self::plain(Vec::new()) }
    }
}

impl Request {
    /// Whether every write was computed with the configuration in force.
    pub fn is_current(&self, world: &World) -> bool {
        self.writes.iter().all(|(write, then)| match (write, then) {
            (Write::Create(s) | Write::Edit(s, _) | Write::Replace(s, _), _) => fits(world, s.folder, s.schema_version),
            (Write::Reproject { schema_version, .. }, Then::Keep(kept)) => fits(world, kept.folder(), *schema_version),
            _ => true,
        })
    }

    /// Answers who waits, and gives the locks back.
    pub fn answer(mut self, answer: Result<Answer>) {
        // Locks go before the answer is read: a caller that edits again at once finds its turn free.
        self.guards.clear();
        if let Some(reply) = self.reply.take() {
            // The caller may have gone away; the write stands all the same.
            let _gone = reply.send(answer).is_err();
        }
    }
}

fn fits(world: &World, folder: FolderId, version: u64) -> bool {
    world.home(folder).is_some_and(|home| home.folder.schema.version == version)
}
