//! What one sink still owes, in memory: which transcripts, since which commit, per organisation.
//!
//! The database remembers the same in its rows (for restarts); this table makes waiting and claiming cheap. A claim is
//! memory only: a guard that returns what was not settled. Repeated failure sets a transcript aside: it blocks nobody,
//! is counted, and is tried again with the next write to it.
//!
//! *Decision:* a failure that may be the whole store's (not available, no space) counts against a transcript only when
//! another one succeeded since its last failure. Else an hour without disk space would set every transcript aside.
use crate::domain::identity::{Key, OrgId};
use crate::stores::error::{Kind, StoreError};
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Failures of one transcript after which it is set aside.
const ATTEMPTS_MAX: u32 = 5;

#[derive(Default)]
struct State {
    owed: HashMap<Key, Owed>,
    queue: VecDeque<Key>,
    orgs: HashMap<OrgId, BTreeMap<u64, usize>>,
    aside: HashMap<Key, String>,
    /// Transcripts being pushed at this moment, each with the number of its claim; also those forgotten since.
    taken: HashMap<Key, u64>,
    claims: u64,
    /// Transcripts settled so far.
    settled: u64,
    closed: bool,
    abandoned: bool,
}

struct Owed {
    org: OrgId,
    /// The oldest commit that is not settled.
    first: u64,
    claimed: bool,
    /// The oldest commit that came after the claim: whether the push saw it is not known.
    since: Option<u64>,
    attempts: u32,
    /// How much was settled when it failed last.
    failed_at: Option<u64>,
}

/// The table of one sink.
pub struct Progress {
    state: Mutex<State>,
    bell: Condvar,
    hurry: Condvar,
    free: Condvar,
    settled: watch::Sender<u64>,
    waiting: AtomicUsize,
}

/// How a push failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is the transcript's own: it cannot be pushed.
    Own,
    /// It may be the whole store's, and pass.
    Passing,
}

impl Failure {
    /// Judges a store's error.
    pub fn of(error: &StoreError) -> Self {
        match error.kind {
            Kind::Unavailable | Kind::OutOfSpace => Self::Passing,
            Kind::Corrupt | Kind::TooExpensive | Kind::TooBroad | Kind::Fatal | Kind::Bug => Self::Own,
        }
    }
}

/// Transcripts taken for pushing; what is not settled goes back on drop.
pub struct Claim {
    progress: Arc<Progress>,
    keys: Vec<(Key, OrgId)>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            bell: Condvar::new(),
            hurry: Condvar::new(),
            free: Condvar::new(),
            settled: watch::Sender::new(0),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Progress {
    /// The transcript changed with that commit.
    pub fn owe(&self, key: Key, org: OrgId, commit: u64) {
        self.owe_all(&[(key, org)], commit);
    }

    /// These transcripts changed with that commit.
    pub fn owe_all(&self, changed: &[(Key, OrgId)], commit: u64) {
        if changed.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        changed.iter().for_each(|(key, org)| state.owe(*key, *org, commit));
        drop(state);
        self.bell.notify_one();
    }

    /// The transcript is gone and nothing is owed for it any more.
    pub fn forget(&self, key: Key) {
        let mut state = self.state.lock();
        state.aside.remove(&key);
        state.remove(key);
        drop(state);
        self.announce();
    }

    /// Waits for work, at most `patience`; whether there is some, or `None` when closed and empty, or abandoned.
    pub fn wait(&self, patience: Duration) -> Option<bool> {
        let mut state = self.state.lock();
        if state.queue.is_empty() && !state.closed {
            self.bell.wait_for(&mut state, patience);
        }
        if state.abandoned {
            return None;
        }
        match (state.queue.is_empty(), state.closed) {
            (true, true) => None,
            (empty, _) => Some(!empty),
        }
    }

    /// Takes at most `limit` transcripts, oldest first.
    pub fn claim(self: &Arc<Self>, limit: usize) -> Claim {
        let mut state = self.state.lock();
        let state = &mut *state;
        let mut keys = Vec::new();
        state.claims += 1;
        while keys.len() < limit {
            let Some(key) = state.queue.pop_front() else { break };
            if let Some(owed) = state.owed.get_mut(&key).filter(|owed| !owed.claimed) {
                owed.claimed = true;
                keys.push((key, owed.org));
                state.taken.insert(key, state.claims);
            }
        }
        Claim { progress: self.clone(), keys }
    }

    /// Whether everything of that transcript up to the commit is settled (or set aside).
    pub fn has(&self, key: Key, commit: u64) -> bool {
        self.state.lock().owed.get(&key).is_none_or(|owed| owed.first > commit)
    }

    /// Whether everything of that organisation up to the commit is settled (or set aside).
    pub fn has_all(&self, org: OrgId, commit: u64) -> bool {
        let state = self.state.lock();
        state.orgs.get(&org).and_then(|commits| commits.keys().next()).is_none_or(|first| *first > commit)
    }

    /// Whether everything of all organisations up to the commit is settled (or set aside).
    pub fn has_everything(&self, commit: u64) -> bool {
        let state = self.state.lock();
        state.orgs.values().all(|commits| commits.keys().next().is_none_or(|first| *first > commit))
    }

    /// Blocks until pushes that run now and concern one of the transcripts (or any, for `None`) are over. What was
    /// committed before is seen by every push that begins later.
    pub fn until_pushed(&self, keys: Option<&[Key]>) {
        let mut state = self.state.lock();
        let concerned = |key: &Key| keys.is_none_or(|keys| keys.contains(key));
        let running: Vec<(Key, u64)> =
            state.taken.iter().filter(|(key, _)| concerned(key)).map(|(key, claim)| (*key, *claim)).collect();
        while running.iter().any(|(key, claim)| state.taken.get(key) == Some(claim)) {
            self.free.wait(&mut state);
        }
    }

    /// Transcripts owed.
    pub fn len(&self) -> usize {
        self.state.lock().owed.len()
    }

    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Transcripts set aside, with the reason.
    pub fn set_aside(&self) -> Vec<(Key, String)> {
        self.state.lock().aside.iter().map(|(key, why)| (*key, why.clone())).collect()
    }

    /// Waits until `done` holds, looking again after each settlement; whether it did before `timeout` was over.
    pub async fn until(&self, timeout: Duration, done: impl Fn(&Self) -> bool) -> bool {
        if done(self) {
            return true;
        }
        let mut news = self.settled.subscribe();
        let _waiting = Waiting::begin(self);
        let wait = async {
            loop {
                if done(self) {
                    return true;
                }
                if news.changed().await.is_err() {
                    return done(self);
                }
            }
        };
        // Not asked again: a back-fill may owe the next row already.
        tokio::time::timeout(timeout, wait).await.unwrap_or_else(|_| done(self))
    }

    /// Rests between two batches, so that pushing takes at most a part of the time; not while somebody waits for it.
    pub fn rest(&self, how_long: Duration) {
        let until = Instant::now() + how_long;
        let mut state = self.state.lock();
        while !state.closed && self.waiting.load(Ordering::SeqCst) == 0 {
            if self.hurry.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    /// Lets a worker finish what is owed and end.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.bell.notify_all();
        self.hurry.notify_all();
    }

    /// Lets the worker end although something is owed: the next start goes on.
    pub fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.abandoned = true;
        self.bell.notify_all();
    }

    /// Wakes the worker although nothing new is owed.
    pub fn call(&self) {
        self.bell.notify_all();
    }

    /// Lets whoever waits look again.
    pub fn announce(&self) {
        self.settled.send_modify(|n| *n += 1);
    }

    /// Pushes of these are over.
    fn release(&self, state: &mut State, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            state.taken.remove(&key);
        }
        self.free.notify_all();
    }
}

/// Somebody waits: the worker does not rest.
struct Waiting<'a>(&'a Progress);

impl<'a> Waiting<'a> {
    fn begin(progress: &'a Progress) -> Self {
        progress.waiting.fetch_add(1, Ordering::SeqCst);
        // Under the state's lock, so that a worker about to rest sees it.
        drop(progress.state.lock());
        progress.hurry.notify_all();
        Self(progress)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl State {
    fn remove(&mut self, key: Key) {
        if let Some(owed) = self.owed.remove(&key) {
            self.unlist(owed.org, owed.first);
        }
    }

    fn unlist(&mut self, org: OrgId, commit: u64) {
        let Some(commits) = self.orgs.get_mut(&org) else { return };
        if let Some(count) = commits.get_mut(&commit) {
            *count -= 1;
            if *count == 0 {
                commits.remove(&commit);
            }
        }
        if commits.is_empty() {
            self.orgs.remove(&org);
        }
    }

    fn owe(&mut self, key: Key, org: OrgId, commit: u64) {
        self.aside.remove(&key);
        let Some(owed) = self.owed.get_mut(&key) else {
            let owed = Owed { org, first: commit, claimed: false, since: None, attempts: 0, failed_at: None };
            self.owed.insert(key, owed);
            self.list(org, commit);
            return self.queue.push_back(key);
        };
        if owed.claimed {
            owed.since = Some(owed.since.map_or(commit, |since| since.min(commit)));
        }
        // Also of one that is claimed: the push under way may not know of it, and nobody must take that for done.
        if commit < owed.first {
            let (org, first) = (owed.org, std::mem::replace(&mut owed.first, commit));
            self.unlist(org, first);
            self.list(org, commit);
        }
    }

    fn list(&mut self, org: OrgId, commit: u64) {
        *self.orgs.entry(org).or_default().entry(commit).or_default() += 1;
    }

    /// What was claimed is done; what came after the claim stays owed.
    fn settle(&mut self, key: Key) {
        self.settled += 1;
        let Some(owed) = self.owed.get_mut(&key) else { return };
        let (org, first) = (owed.org, owed.first);
        let Some(since) = owed.since.take() else { return self.remove(key) };
        owed.claimed = false;
        owed.attempts = 0;
        owed.failed_at = None;
        owed.first = since;
        self.unlist(org, first);
        self.list(org, since);
        self.queue.push_back(key);
    }

    fn give_back(&mut self, key: Key) {
        let Some(owed) = self.owed.get_mut(&key).filter(|owed| owed.claimed) else { return };
        owed.claimed = false;
        // The next push takes what came meanwhile along.
        owed.since = None;
        self.queue.push_back(key);
    }

    /// Counts a failure; whether the transcript is to be set aside.
    fn is_hopeless(&mut self, key: Key, failure: Failure) -> bool {
        let settled = self.settled;
        let Some(owed) = self.owed.get_mut(&key) else { return false };
        if failure == Failure::Own || owed.failed_at.is_some_and(|then| then < settled) {
            owed.attempts += 1;
        }
        owed.failed_at = Some(settled);
        owed.attempts >= ATTEMPTS_MAX
    }
}

impl Claim {
    /// What was taken.
    pub fn keys(&self) -> Vec<Key> {
        self.keys.iter().map(|(key, _)| *key).collect()
    }

    /// What was taken, with organisations.
    pub fn pairs(&self) -> &[(Key, OrgId)] {
        &self.keys
    }

    /// These were pushed durably.
    pub fn settle(&mut self, keys: &[Key]) {
        let mut state = self.progress.state.lock();
        for key in keys {
            state.settle(*key);
        }
        self.progress.release(&mut state, keys.iter().copied());
        drop(state);
        let settled: HashSet<Key> = keys.iter().copied().collect();
        self.keys.retain(|(key, _)| !settled.contains(key));
        self.progress.announce();
    }

    /// Everything still taken was pushed durably.
    pub fn settle_all(mut self) {
        let keys = self.keys();
        self.settle(&keys);
    }

    /// This one failed; after several failures it is set aside.
    pub fn fail(&mut self, key: Key, failure: Failure, why: &str) {
        let mut state = self.progress.state.lock();
        if state.is_hopeless(key, failure) {
            state.remove(key);
            state.aside.insert(key, why.to_owned());
            tracing::error!(transcript.key = key.0, reason = why, "set aside after repeated failure");
        } else {
            state.give_back(key);
        }
        self.progress.release(&mut state, [key]);
        drop(state);
        self.keys.retain(|(own, _)| *own != key);
        self.progress.announce();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.progress.state.lock();
        for (key, _) in &self.keys {
            state.give_back(*key);
        }
        self.progress.release(&mut state, self.keys.iter().map(|(key, _)| *key));
    }
}

#[cfg(test)]
mod tests;
