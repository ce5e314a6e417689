//! What one sink still owes, in memory: which transcripts, since which commit, per organisation.
//!
//! The database remembers the same in its rows (for restarts); this table makes waiting and claiming cheap. A claim is
//! memory only: a guard that returns what was not settled. Repeated failure sets a transcript aside: it blocks nobody,
//! is counted, and is tried again with the next write to it.
use crate::domain::identity::{Key, OrgId};
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashMap, VecDeque};
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
    closed: bool,
}

struct Owed {
    org: OrgId,
    first: u64,
    last: u64,
    claimed: Option<u64>,
    attempts: u32,
}

/// The table of one sink.
pub struct Progress {
    state: Mutex<State>,
    bell: Condvar,
    hurry: Condvar,
    settled: watch::Sender<u64>,
    waiting: AtomicUsize,
}

/// Transcripts taken for pushing; what is not settled goes back on drop.
pub struct Claim {
    progress: Arc<Progress>,
    keys: Vec<(Key, OrgId)>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { state: Mutex::default(), bell: Condvar::new(), hurry: Condvar::new(), settled: watch::Sender::new(0), waiting: AtomicUsize::new(0) }
    }
}

impl Progress {
    /// The transcript changed with that commit.
    pub fn owe(&self, key: Key, org: OrgId, commit: u64) {
        let mut state = self.state.lock();
        let state = &mut *state;
        state.aside.remove(&key);
        match state.owed.get_mut(&key) {
            Some(owed) => owed.last = owed.last.max(commit),
            None => {
                state.owed.insert(key, Owed { org, first: commit, last: commit, claimed: None, attempts: 0 });
                *state.orgs.entry(org).or_default().entry(commit).or_default() += 1;
                state.queue.push_back(key);
            }
        }
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

    /// Waits for work, at most `patience`; whether there is some, or `None` when closed and empty.
    pub fn wait(&self, patience: Duration) -> Option<bool> {
        let mut state = self.state.lock();
        if state.queue.is_empty() && !state.closed {
            self.bell.wait_for(&mut state, patience);
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
        while keys.len() < limit {
            let Some(key) = state.queue.pop_front() else { break };
            if let Some(owed) = state.owed.get_mut(&key) {
                owed.claimed = Some(owed.last);
                keys.push((key, owed.org));
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
                    return;
                }
                if news.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(timeout, wait).await.is_ok() && done(self)
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

    fn announce(&self) {
        self.settled.send_modify(|n| *n += 1);
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

    /// What was claimed is done; newer commits stay owed.
    fn settle(&mut self, key: Key) {
        let Some(owed) = self.owed.get_mut(&key) else { return };
        let (org, first) = (owed.org, owed.first);
        let through = owed.claimed.take().unwrap_or(0);
        owed.attempts = 0;
        if owed.last <= through {
            self.remove(key);
            return;
        }
        owed.first = through + 1;
        self.unlist(org, first);
        *self.orgs.entry(org).or_default().entry(through + 1).or_default() += 1;
        self.queue.push_back(key);
    }

    fn give_back(&mut self, key: Key) {
        if let Some(owed) = self.owed.get_mut(&key)
            && owed.claimed.take().is_some()
        {
            self.queue.push_back(key);
        }
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
        drop(state);
        self.keep_only(|key| !keys.contains(&key));
        self.progress.announce();
    }

    /// Everything still taken was pushed durably.
    pub fn settle_all(mut self) {
        let keys = std::mem::take(&mut self.keys);
        let mut state = self.progress.state.lock();
        for (key, _) in keys {
            state.settle(key);
        }
        drop(state);
        self.progress.announce();
    }

    /// This one failed; after several failures it is set aside.
    pub fn fail(&mut self, key: Key, why: &str) {
        let mut state = self.progress.state.lock();
        let Some(owed) = state.owed.get_mut(&key) else { return };
        owed.attempts += 1;
        if owed.attempts >= ATTEMPTS_MAX {
            state.remove(key);
            state.aside.insert(key, why.to_owned());
            tracing::error!(transcript.key = key.0, reason = why, "set aside after repeated failure");
        } else {
            state.give_back(key);
        }
        drop(state);
        self.keep_only(|own| own != key);
        self.progress.announce();
    }

    fn keep_only(&mut self, keep: impl Fn(Key) -> bool) {
        self.keys.retain(|(key, _)| keep(*key));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.progress.state.lock();
        for (key, _) in &self.keys {
            state.give_back(*key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: OrgId = OrgId(1);

    #[tokio::test]
    async fn marks_wait_for_all_of_their_org() {
        let progress = Arc::new(Progress::default());
        progress.owe(Key(1), ORG, 5);
        progress.owe(Key(2), OrgId(2), 6);
        assert!(!progress.has_all(ORG, 5) && progress.has_all(ORG, 4) && progress.has_all(OrgId(3), 9));
        let claim = progress.claim(1);
        progress.owe(Key(1), ORG, 7);
        claim.settle_all();
        assert!(progress.has_all(ORG, 5) && !progress.has_all(ORG, 7) && !progress.has(Key(1), 7));
        progress.claim(9).settle_all();
        assert!(progress.is_empty() && progress.until(Duration::ZERO, |p| p.has_all(ORG, 7)).await);
    }

    #[test]
    fn a_dropped_claim_goes_back_and_failures_are_set_aside() {
        let progress = Arc::new(Progress::default());
        progress.owe(Key(1), ORG, 1);
        drop(progress.claim(1));
        for _ in 0..ATTEMPTS_MAX {
            let mut claim = progress.claim(1);
            assert_eq!(claim.keys(), [Key(1)]);
            claim.fail(Key(1), "no");
        }
        assert!(progress.is_empty() && progress.has_all(ORG, 1));
        assert_eq!(progress.set_aside(), [(Key(1), "no".to_owned())]);
        progress.owe(Key(1), ORG, 2);
        assert!(progress.set_aside().is_empty() && progress.len() == 1);
    }
}
