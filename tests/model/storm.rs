//! Long random runs in which the process may die at every call of a store, before it or when it is done, and again while
//! it starts. After each death the same stores are opened again, and what was answered must stand, what was not may.
//! `LINERNOTES_TRUST=full` runs a million operations of 20 seeds; `LINERNOTES_TEST_SEEDS` and
//! `LINERNOTES_TEST_OPERATIONS` say otherwise.
use crate::house::{COMPANY, ORG, PATIENCE, code, place};
use crate::plain::{Doc, Plain};
use crate::sequence::{Run, TIDS};
use linernotes::engine::Error;
use linernotes::stores::error::Kind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// Calls of the stores within which the process dies, once that is decided: an operation and what follows from it in
/// the background make some twenty.
const WITHIN: usize = 40;

impl Run {
    /// Whether the process has died and so did not answer as it would have.
    pub fn fell<T>(&self, answer: &Result<T, Error>) -> bool {
        answer.is_err() && self.house.faults.is_dead()
    }

    /// Starts again after a death; everything answered must stand.
    pub async fn stand_up(&mut self) {
        self.start_again().await;
        for tid in TIDS {
            self.read(tid).await;
        }
    }

    /// The same where the configuration, or a folder, may be as before or as wished.
    pub async fn stand_up_whatever_is_configured(&mut self) {
        self.start_again().await;
    }

    async fn start_again(&mut self) {
        let at = self.house.faults.died_at();
        let calls = self.random.below(12) as u64;
        let twice = self.random.once_in(3);
        self.note(format!("died at {at}; again while it started: {twice}"));
        if self.random.once_in(8) {
            self.house.lose_index();
        }
        if twice {
            self.house.crash_twice(calls).await;
        } else {
            self.house.crash().await;
        }
    }

    /// What a transcript is now.
    async fn doc(&self, tid: &str) -> Option<Doc> {
        let whole = self.house.engine.read_transcript(&self.house.owner, &place(tid)).await;
        assert!(["ok", "not_found"].contains(&code(&whole)), "{tid}: {whole:?}");
        let whole: Value = serde_json::from_str(&whole.ok()?.json).unwrap();
        let view = self.house.engine.read_metadata(&self.house.owner, &place(tid)).await.unwrap();
        let metadata = crate::invariants::folded(&serde_json::from_str(&view.metadata).unwrap());
        Some(Doc {
            folder: String::new(),
            revision: view.revision.0,
            metadata: metadata.as_object().unwrap().clone(),
            word: whole["utterances"][0]["text"].as_str().unwrap().to_owned(),
        })
    }

    /// An operation that was not answered was done, or was not: which, the transcripts say, all of them alike.
    pub async fn either(&mut self, wanted: Plain, possible: bool, tids: &[&str]) {
        self.start_again().await;
        let mut done = None;
        for tid in tids {
            let now = self.doc(tid).await;
            let (before, after) = (seen(&self.plain, tid), seen(&wanted, tid));
            if before == after {
                assert_eq!(now, before, "{tid} after a death");
                continue;
            }
            let is_after = now == after && possible;
            assert!(is_after || now == before, "{tid} is {now:?} after a death: neither {before:?} nor {after:?}");
            assert!(done.is_none_or(|done| done == is_after), "half of a request was done: {tids:?}");
            done = Some(is_after);
        }
        if done == Some(true) {
            self.plain = wanted;
        }
        for tid in TIDS {
            self.read(tid).await;
        }
    }

    /// Lines that were not all answered: each transcript stands as after some of its lines; of an atomic request all
    /// lines were taken, or none.
    pub async fn some_of(&mut self, steps: Vec<Plain>, atomic: bool, answered: bool) {
        self.start_again().await;
        let (Some(first), Some(last)) = (steps.first().cloned(), steps.last().cloned()) else { return };
        let mut whole: BTreeMap<bool, Vec<&str>> = BTreeMap::new();
        let mut plain = first.clone();
        for tid in TIDS {
            let now = self.doc(tid).await;
            let step = steps.iter().rev().find(|step| seen(step, tid) == now);
            let step = step.unwrap_or_else(|| panic!("{tid} is {now:?} after a death: no line makes it so"));
            if seen(&first, tid) != seen(&last, tid) {
                whole.entry(now == seen(&last, tid)).or_default().push(tid);
            }
            match step.docs.get(tid) {
                Some(doc) => drop(plain.docs.insert(tid.to_owned(), doc.clone())),
                None => drop(plain.docs.remove(tid)),
            }
        }
        assert!(!atomic || whole.len() < 2, "half of an atomic request was done: {whole:?}");
        assert!(!answered || !whole.contains_key(&false), "answered lines are gone: {whole:?}");
        self.plain = plain;
    }

    /// The organisation goes with everything in it, and comes back empty under the same name.
    async fn replace_org(&mut self) {
        self.note("replace the organisation".to_owned());
        loop {
            let answer = self.house.delete(&format!("{COMPANY}/{ORG}")).await;
            if self.fell(&answer) {
                self.stand_up_whatever_is_configured().await;
                continue;
            }
            assert!(["ok", "not_found"].contains(&code(&answer)), "{answer:?}");
            break;
        }
        if self.house.faults.disarm() {
            self.stand_up_whatever_is_configured().await;
        }
        // Not before its files are gone.
        let begun = Instant::now();
        while code(&self.house.configure("Acme/orgs", r#"{"Acme-Sales":{}}"#).await) != "ok" {
            assert!(begun.elapsed() < PATIENCE, "the organisation cannot be made anew");
        }
        self.house.furnish().await;
        self.plain = Plain::furnished();
    }
}

/// What a client sees of a transcript; its folder is judged at quiet points.
fn seen(plain: &Plain, tid: &str) -> Option<Doc> {
    plain.docs.get(tid).map(|doc| Doc { folder: String::new(), ..doc.clone() })
}

/// How much of it runs.
#[derive(Clone, Copy)]
struct Extent {
    operations: u64,
    /// Operations between two comparisons of everything.
    check_every: u64,
    /// The process is made to die once in so many operations.
    death_once_in: usize,
}

/// Operations of a seed after which a long run says how far it is.
const TOLD: u64 = 100_000;

async fn run(seed: u64, extent: Extent) -> u64 {
    let Extent { operations, check_every, death_once_in } = extent;
    let mut run = Run::of(seed).await;
    let mut deaths = 0;
    for operation in 1..=operations {
        if run.house.faults.is_dead() {
            run.stand_up().await;
            deaths += 1;
        }
        if run.random.once_in(death_once_in) {
            let (calls, done) = (run.random.below(WITHIN) as u64, run.random.once_in(2));
            run.house.faults.crash_in(calls, done);
        }
        if run.random.once_in(150) {
            run.replace_org().await
        } else {
            run.change_something().await
        }
        if operation % check_every == 0 {
            run.check().await;
        }
        if operation % TOLD == 0 {
            eprintln!("seed {seed}: {operation} operations, {deaths} deaths noticed");
        }
    }
    run.check().await;
    assert!(run.house.engine.drain(PATIENCE).await);
    deaths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_process_dies_what_was_answered_stands() {
    let full = std::env::var("LINERNOTES_TRUST").is_ok_and(|how| how == "full");
    let of = |name: &str, slice: u64, whole: u64| crate::counted(name, if full { whole } else { slice });
    let extent = Extent {
        operations: of("LINERNOTES_TEST_OPERATIONS", 400, 1_000_000),
        check_every: of("LINERNOTES_TEST_CHECK_EVERY", 50, 1_000),
        death_once_in: usize::try_from(of("LINERNOTES_TEST_DEATH_ONCE_IN", 10, 250)).unwrap(),
    };
    let seeds: Vec<u64> = crate::seeds(if full { 20 } else { 6 }).collect();
    let (begun, mut deaths) = (Instant::now(), 0);
    // Most of the time of a seed is waiting for its own threads: all run beside each other.
    let runs: Vec<_> = seeds.iter().map(|seed| tokio::spawn(run(*seed, extent))).collect();
    for run in runs {
        deaths += run.await.unwrap();
    }
    let (all, seconds) = (extent.operations * seeds.len() as u64, begun.elapsed().as_secs_f64());
    eprintln!("{all} operations, {deaths} deaths noticed between two, {:.0} operations a second", all as f64 / seconds);
}

/// A search that finds the index damaged has it looked through, and made again only if its sums are wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_found_by_a_search_is_made_again_and_a_sound_one_is_left() {
    let house = crate::house::House::furnished().await;
    house.put("t", Some("A"), None, &crate::house::transcript("hello", None)).await.unwrap();
    house.quiet().await;
    // Its sums are right: nothing is made again.
    house.faults.fail("index.search", 0, 1, Kind::Corrupt);
    assert_eq!(code(&house.find("hello").await), "index_rebuilding");
    assert_eq!(house.find("hello").await.unwrap().len(), 1);
    // They are not.
    let cleared = std::sync::Arc::new(house.faults.hold("index.clear"));
    house.faults.fail("index.check", 0, 1, Kind::Corrupt);
    house.faults.fail("index.search", 0, 1, Kind::Corrupt);
    assert_eq!(code(&house.find("hello").await), "index_rebuilding");
    tokio::task::spawn_blocking(move || cleared.reached()).await.unwrap();
    let begun = Instant::now();
    while code(&house.find("hello").await) == "index_rebuilding" {
        assert!(begun.elapsed() < PATIENCE, "it is never made again");
        tokio::task::yield_now().await;
    }
    assert_eq!(house.find("hello").await.unwrap().len(), 1);
}
