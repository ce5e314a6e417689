//! Random transcripts, edits and searches, the same for the same seed: any index must answer as the oracle does.
mod compare;
mod corpus;
mod paging;
mod queries;

use super::SearchIndex;
use crate::domain::identity::Key;
use crate::query::evaluate;
use crate::query::resolved::ResolvedSearch;
use corpus::Model;
use std::time::Duration;

/// How long a search may take: never the point here.
const BUDGET: Duration = Duration::from_secs(60);
/// Searches between two bundles of edits.
const SEARCHES_PER_CASE: usize = 4;
/// Bundles of edits to one index.
const CASES_PER_INDEX: usize = 50;

/// Marsaglia's xorshift of 64 bits.
struct Random(u64);

impl Random {
    fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

/// Seeds and the cases of each, so that there are as many searches as `LINERNOTES_TEST_SEARCHES` says, else `searches`.
pub(crate) fn portions(searches: usize) -> impl Iterator<Item = (u64, usize)> {
    let asked = std::env::var("LINERNOTES_TEST_SEARCHES").ok().and_then(|number| number.parse().ok());
    let portions = asked.unwrap_or(searches).div_ceil(CASES_PER_INDEX * SEARCHES_PER_CASE);
    (1..=portions as u64).map(|seed| (seed, CASES_PER_INDEX))
}

/// As [`compare`], but of words only: what is said, scores and moments.
pub(crate) fn compare_words(index: &dyn SearchIndex, seed: u64, cases: usize) {
    let mut random = Random::seeded(seed);
    let mut model = Model::default();
    for case in 0..cases {
        index.apply(model.changes(&mut random, 12), model.batch()).unwrap();
        for _ in 0..SEARCHES_PER_CASE {
            answer(index, &model, &queries::worded(&mut random), &format!("seed {seed}, case {case}"));
        }
    }
}

fn answer(index: &dyn SearchIndex, model: &Model, search: &ResolvedSearch, place: &str) {
    let expected = evaluate::search(model.documents.values(), search);
    let answered = index.search(search, BUDGET);
    let answered = answered.unwrap_or_else(|error| panic!("{place}: {error:?}\n{search:#?}"));
    compare::agree(&answered, &expected, search, &model.documents)
        .unwrap_or_else(|why| panic!("{place}: {why}\n{search:#?}\nanswered {answered:#?}\nexpected {expected:#?}"));
}

/// Makes a corpus, changes it again and again, and in between asks random searches and walks through whole results page
/// by page. The index must be empty.
pub(crate) fn compare(index: &dyn SearchIndex, seed: u64, cases: usize) {
    let mut random = Random::seeded(seed);
    let mut model = Model::default();
    for case in 0..cases {
        index.apply(model.changes(&mut random, 12), model.batch()).unwrap();
        for _ in 0..SEARCHES_PER_CASE {
            answer(index, &model, &queries::search(&mut random), &format!("seed {seed}, case {case}"));
        }
        if case % 10 == 9 {
            let search = queries::paged(&mut random);
            let walked = if random.chance(2) {
                // What comes between moves the nearest themselves: only while nothing changes are they the same.
                let near = random.chance(3).then(|| queries::near(&mut random));
                paging::quiet(index, &ResolvedSearch { near, ..search.clone() }, &model)
            } else {
                paging::disturbed(index, &search, &mut model, &mut random)
            };
            walked.unwrap_or_else(|why| panic!("seed {seed}, case {case}: {why}\n{search:#?}"));
        }
    }
    let held: Vec<Key> = index.entries().unwrap().iter().map(|entry| entry.key).collect();
    assert_eq!(held, model.documents.keys().copied().collect::<Vec<_>>(), "seed {seed}");
}
