//! The lane's jobs that are not over: for the worker that does them and for all who ask.
use super::account::State;
use super::work::Work;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a rate looks back at most.
const WINDOW: Duration = Duration::from_secs(20);

struct Entry {
    work: Work,
    cancel: bool,
    /// When, and how many rows were done then.
    pace: Option<(Instant, u64)>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<String, Entry>,
    /// Jobs whose files somebody works on.
    busy: HashSet<String>,
    closed: bool,
}

/// Jobs of the lane.
#[derive(Default)]
pub struct Board {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    table: Mutex<Table>,
    bell: Condvar,
}

/// The files of a job, for one at a time; the lane leaves the job alone meanwhile.
pub struct Busy {
    shared: Arc<Shared>,
    id: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.shared.table.lock().busy.remove(&self.id);
        self.shared.bell.notify_all();
    }
}

impl Board {
    /// A durable job is here, new or as it stands now.
    pub fn put(&self, work: Work) {
        let mut table = self.shared.table.lock();
        match table.entries.get_mut(&work.account.id) {
            Some(entry) => {
                let running = work.account.state == State::Running;
                let stale = entry.pace.is_none_or(|(since, _)| since.elapsed() > WINDOW);
                if !running {
                    entry.pace = None;
                } else if stale {
                    entry.pace = Some((Instant::now(), work.account.done));
                }
                entry.work = work;
            }
            None => {
                let id = work.account.id.clone();
                table.entries.insert(id, Entry { work, cancel: false, pace: None });
            }
        }
        self.shared.bell.notify_all();
    }

    /// One job, and its rows a second.
    pub fn get(&self, id: &str) -> Option<(Work, Option<f64>)> {
        self.shared.table.lock().entries.get(id).map(told)
    }

    /// All of them.
    pub fn all(&self) -> Vec<(Work, Option<f64>)> {
        self.shared.table.lock().entries.values().map(told).collect()
    }

    /// Those that wait or run.
    pub fn unfinished(&self) -> usize {
        self.shared.table.lock().entries.values().filter(|entry| entry.work.account.state != State::Open).count()
    }

    /// Rows that those have still to do.
    pub fn rows_left(&self) -> u64 {
        let table = self.shared.table.lock();
        let left = |entry: &Entry| entry.work.account.total.saturating_sub(entry.work.account.done);
        table.entries.values().filter(|entry| entry.work.account.state != State::Open).map(left).sum()
    }

    /// Asks a job to stop; whether it is there.
    pub fn cancel(&self, id: &str) -> bool {
        let mut table = self.shared.table.lock();
        let found = table.entries.get_mut(id).map(|entry| entry.cancel = true).is_some();
        self.shared.bell.notify_all();
        found
    }

    /// Whether it was asked to stop.
    pub fn is_cancelled(&self, id: &str) -> bool {
        self.shared.table.lock().entries.get(id).is_some_and(|entry| entry.cancel)
    }

    /// Takes the files of a job for oneself, unless another has them.
    pub fn busy(&self, id: &str) -> Option<Busy> {
        let fresh = self.shared.table.lock().busy.insert(id.to_owned());
        fresh.then(|| Busy { shared: self.shared.clone(), id: id.to_owned() })
    }

    /// A job is over.
    pub fn remove(&self, id: &str) {
        self.shared.table.lock().entries.remove(id);
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.shared.table.lock().closed = true;
        self.shared.bell.notify_all();
    }

    /// The job to be done next: the oldest that waits or ran when the process ended; one that is to stop first. Waits at
    /// most so long for one. `None` when closed.
    #[allow(clippy::option_option, reason = "closed, none yet, one")]
    pub fn next(&self, patience: Duration) -> Option<Option<Work>> {
        let mut table = self.shared.table.lock();
        loop {
            if table.closed {
                return None;
            }
            let due = |entry: &&Entry| entry.cancel || entry.work.account.state != State::Open;
            let free = |entry: &&Entry| !table.busy.contains(&entry.work.account.id);
            let first = table
                .entries
                .values()
                .filter(due)
                .filter(free)
                .min_by_key(|entry| (!entry.cancel, entry.work.account.created, entry.work.account.id.clone()));
            if let Some(entry) = first {
                return Some(Some(entry.work.clone()));
            }
            if self.shared.bell.wait_for(&mut table, patience).timed_out() {
                return (!table.closed).then_some(None);
            }
        }
    }
}

fn told(entry: &Entry) -> (Work, Option<f64>) {
    let rate = entry.pace.and_then(|(since, done)| {
        let seconds = since.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "an estimate")]
        let rows = entry.work.account.done.saturating_sub(done) as f64;
        (seconds > 0.0 && rows > 0.0).then_some(rows / seconds)
    });
    (entry.work.clone(), rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::jobs::account::Account;

    fn work(id: &str, state: State, created: i64) -> Work {
        let account = Account { id: id.into(), kind: "import".into(), state, created, ..Account::default() };
        Work { account, ..Work::default() }
    }

    #[test]
    fn the_oldest_job_comes_first_unless_one_is_to_stop() {
        let board = Board::default();
        let next = || board.next(Duration::ZERO).expect("open").map(|work| work.account.id);
        assert_eq!(next(), None);
        board.put(work("open", State::Open, 1));
        board.put(work("b", State::Queued, 3));
        board.put(work("a", State::Running, 2));
        assert_eq!((next(), board.unfinished()), (Some("a".into()), 2));
        assert!(board.cancel("b") && board.is_cancelled("b") && !board.cancel("none"));
        assert_eq!(next(), Some("b".into()));
        board.remove("b");
        board.remove("a");
        assert!(board.cancel("open"), "an import without rows can be given up");
        assert_eq!(next(), Some("open".into()));
        board.close();
        assert!(board.next(Duration::ZERO).is_none());
    }
}
