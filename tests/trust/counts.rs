//! How much of a harness runs: `LINERNOTES_TRUST_<NAME>=N`, else all of it with `LINERNOTES_TRUST=full`, else a slice.

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
