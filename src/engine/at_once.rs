//! Searches that take less time than a change of thread is worth are answered on the thread that was asked.
//!
//! *Decision:* tried, not estimated. A search without costly patterns is given a moment; when that is over it begins again
//! on a thread that may block, which costs it little beside the time it takes. A change of thread and back is a quarter of
//! what a cheap search costs. What asks for much, or a disk that is slow to answer, is found out by what it took: the
//! searches after it are not tried for a while, so that whoever shares the thread never waits for many of them. What it took
//! is the thread's own processor time: on a machine with more to do than processors, time alone says that cheap searches are
//! slow as well. What the index has to read into memory first, it does not begin in so short a time.
use super::error::{Error, Result};
use crate::base::clock::Taken;
use crate::domain::refusal::Code;
use crate::query::request::{Output, SearchRequest};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a search may take by the clock when it is tried, longer than is worth it: others may have the processor meanwhile.
const MOMENT: Duration = Duration::from_millis(6);
/// Processor time after which it was not worth trying.
const SLOW: Duration = Duration::from_millis(2);
/// The same by the clock where it had to wait: the database may have to read its rows from disk.
const SLOW_TO_COME: Duration = Duration::from_millis(4);
/// Searches that are not tried after one that took too long.
const NOT_TRIED: u32 = 32;
/// Rows up to which a page is read at once.
const ROWS_MOST: usize = 100;
/// Clauses up to which a query is bound at once: some microseconds each.
const CLAUSES_MOST: usize = 32;

/// Whether searches are tried now.
#[derive(Debug, Default)]
pub struct AtOnce {
    passed_over: AtomicU32,
}

impl AtOnce {
    /// Answers a search that is cheap; `None` when it has to be answered elsewhere. `work` is told how long it may take,
    /// at most `budget`.
    pub fn answer<T>(
        &self,
        request: &SearchRequest,
        budget: Duration,
        work: impl FnOnce(Duration) -> Result<T>,
    ) -> Option<Result<T>> {
        if !is_modest(request) || self.passes_over() {
            return None;
        }
        let (begun, before) = (Instant::now(), Taken::so_far());
        // What panics here panics there as well, where it is answered.
        let done = catch_unwind(AssertUnwindSafe(|| work(budget.min(MOMENT)))).ok();
        if done.is_none() || takes_long(begun.elapsed(), || Taken::so_far().since(before)) {
            self.passed_over.store(NOT_TRIED, Relaxed);
        }
        done.filter(|done| budget <= MOMENT || !was_cut_off(done))
    }

    /// Whether this one is not tried for what an earlier one took.
    fn passes_over(&self) -> bool {
        self.passed_over.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// Whether a search that took so long is better off elsewhere. Where others had the processor it is not: it would have
/// waited for them on any thread.
fn takes_long(elapsed: Duration, own: impl FnOnce() -> Taken) -> bool {
    if elapsed <= SLOW {
        return false;
    }
    let own = own();
    own.processor > SLOW || (own.waits > 0 && elapsed > SLOW_TO_COME)
}

/// Whether nothing in it can take long before the first look at the time: expressions and fuzzy words are compiled, whole
/// transcripts are read, vectors are all compared.
fn is_modest(request: &SearchRequest) -> bool {
    let queries = || request.conditions.iter().map(|condition| &condition.query).chain([&request.query]);
    matches!(request.output, Output::Summary | Output::Count)
        && request.size <= ROWS_MOST
        && request.near.is_none()
        && queries().map(|query| query.clauses()).sum::<usize>() <= CLAUSES_MOST
        && !queries().any(|query| query.is_costly())
}

fn was_cut_off<T>(done: &Result<T>) -> bool {
    matches!(done, Err(Error::Refused(refusal)) if refusal.code == Code::SearchTooSlow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::Limits;
    use crate::query::parser;

    fn asked(q: &str) -> SearchRequest {
        SearchRequest { query: parser::parse(q, &Limits::default()).unwrap(), ..SearchRequest::default() }
    }

    fn cut_off() -> Result<u8> {
        Err(Error::refused(Code::SearchTooSlow, "cut off"))
    }

    #[test]
    fn what_is_compiled_or_long_is_not_tried() {
        for modest in ["", "cancel plan", "\"cancel my plan\"", "agent:*smi* hold_time:>60", "can*"] {
            assert!(is_modest(&asked(modest)), "{modest}");
        }
        for costly in ["/can.*/", "cancle~1", "queue:/b.*/", "queue:bilng~2", "a -(b or /c.*/)", "\"a b\"~4"] {
            assert!(!is_modest(&asked(costly)), "{costly}");
        }
        assert!(!is_modest(&SearchRequest { output: Output::Details, ..asked("a") }));
        assert!(!is_modest(&SearchRequest { size: ROWS_MOST + 1, ..asked("a") }));
    }

    #[test]
    fn one_that_takes_long_is_answered_elsewhere_and_the_next_are_not_tried() {
        let (at_once, request, budget) = (AtOnce::default(), asked("a"), Duration::from_secs(1));
        let spin = || {
            let begun = Taken::so_far();
            while Taken::so_far().since(begun).processor <= SLOW {}
        };
        let sleep = || std::thread::sleep(SLOW_TO_COME + Duration::from_millis(1));
        assert!(matches!(at_once.answer(&request, budget, |_| Ok(1)), Some(Ok(1))));
        for takes_long in [&spin as &dyn Fn(), &sleep] {
            let done = at_once.answer(&request, budget, |_| {
                takes_long();
                cut_off()
            });
            assert!(done.is_none());
            for _ in 0..NOT_TRIED {
                assert!(at_once.answer(&request, budget, |_| Ok(1)).is_none());
            }
            assert!(at_once.answer(&request, budget, |_| Ok(1)).is_some());
        }
        assert!(at_once.answer(&request, budget, |_| -> Result<u8> { panic!("planned") }).is_none());
        assert!(at_once.answer(&request, budget, |_| Ok(1)).is_none());
    }

    #[test]
    fn what_others_take_of_the_processor_does_not_count() {
        let own = |processor, waits| move || Taken { processor, waits };
        let (short, long) = (Duration::from_millis(1), Duration::from_millis(50));
        assert!(!takes_long(long, own(short, 0)));
        assert!(takes_long(long, own(short, 1)));
        assert!(takes_long(long, own(SLOW * 2, 0)));
        assert!(!takes_long(SLOW_TO_COME, own(short, 3)));
    }

    #[test]
    fn one_that_sees_at_once_that_it_takes_long_is_answered_elsewhere_alone() {
        let (at_once, request, budget) = (AtOnce::default(), asked("a"), Duration::from_secs(1));
        assert!(at_once.answer(&request, budget, |_| cut_off()).is_none());
        assert!(at_once.answer(&request, budget, |_| Ok(1)).is_some());
    }

    #[test]
    fn who_asks_for_less_than_a_moment_is_cut_off_for_good() {
        let at_once = AtOnce::default();
        assert!(matches!(at_once.answer(&asked("a"), MOMENT, |_| cut_off()), Some(Err(_))));
    }
}
