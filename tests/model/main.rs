//! The engine against a plain model: seeded random sequences of everything clients can do, restarts and crashes between;
//! then many at once; then with stores that fail. `LINERNOTES_TEST_SEEDS=N` runs N seeds of each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails with its place named"
)]
mod at_once;
mod faults;
#[path = "../support/faulty.rs"]
mod faulty;
mod house;
#[path = "../support/invariants.rs"]
mod invariants;
mod plain;
mod races;
mod random;
mod sequence;
mod storm;

/// A number of the environment, else this one.
fn counted(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// The seeds to run: a few, or as many as the environment says.
fn seeds(few: u64) -> std::ops::RangeInclusive<u64> {
    let many = std::env::var("LINERNOTES_TEST_SEEDS").ok().and_then(|n| n.parse().ok());
    1..=many.unwrap_or(few)
}
