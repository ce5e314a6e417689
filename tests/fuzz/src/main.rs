//! One program for all targets: `FUZZ_TARGET` says which; the arguments are libFuzzer's. Run it with `.ci/fuzz`.
#![no_main]
use std::sync::LazyLock;

#[path = "../../support/fuzz/mod.rs"]
mod targets;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let asked = std::env::var("FUZZ_TARGET").unwrap_or_default();
    match targets::TARGETS.iter().find(|(name, _)| *name == asked) {
        Some((_, target)) => *target,
        None => {
            let known: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            eprintln!("FUZZ_TARGET is one of: {}", known.join(" "));
            std::process::exit(2);
        }
    }
});

libfuzzer_sys::fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| (*TARGET)(data));
