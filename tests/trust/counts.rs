//! How much of a harness runs: `LINERNOTES_TRUST_<NAME>=N`, else all of it with `LINERNOTES_TRUST=full`, else a slice.
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};

/// Rounds of the harness called `name` (upper case, e.g. `KILLS`): `slice` usually, `full` when everything is asked for.
pub fn rounds(name: &str, slice: u64, full: u64) -> u64 {
    let said = std::env::var(format!("LINERNOTES_TRUST_{name}")).ok();
    match said.and_then(|n| n.parse().ok()) {
        Some(rounds) => rounds,
        None if everything() => full,
        None => slice,
    }
}

/// Whether the full counts are asked for.
pub fn everything() -> bool {
    std::env::var("LINERNOTES_TRUST").is_ok_and(|how| how == "full")
}

#[test]
fn a_slice_is_smaller_than_the_whole() {
    assert!(everything() || rounds("NAMED_NOWHERE", 2, 9) == 2);
}

/// The seed of a harness, printed: `LINERNOTES_TRUST_SEED`, else another one each time.
pub fn seed(harness: &str) -> u64 {
    let said = std::env::var("LINERNOTES_TRUST_SEED").ok().and_then(|n| n.parse().ok());
    let seed = said.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    eprintln!("{harness}: LINERNOTES_TRUST_SEED={seed}");
    seed
}

/// What a harness came to, on one line that the log is searched for.
pub fn figure(harness: &str, words: &str) {
    eprintln!("FIGURE {harness}: {words}");
}
