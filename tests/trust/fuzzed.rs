//! Replays what the fuzzer is started with and what it once found, `tests/fuzz/corpus/TARGET/*`, and changes it at
//! random: blind, but wherever there is no C++ compiler.
#[path = "../support/fuzz/mod.rs"]
mod targets;

use super::counts::rounds;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use targets::TARGETS;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
}

/// Inputs of a target, by file name.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = std::fs::read_dir(corpus().join(target))
        .unwrap_or_else(|error| panic!("{target} has no inputs to begin with: {error}"))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{target} has no inputs");
    inputs
}

/// Whether the target takes the input; else says what was given.
fn takes(name: &str, target: fn(&[u8]), what: &str, data: &[u8]) -> bool {
    let taken = catch_unwind(AssertUnwindSafe(|| target(data))).is_ok();
    if !taken {
        eprintln!("{name}, {what}: {:?}", String::from_utf8_lossy(data));
    }
    taken
}

#[test]
fn every_input_that_was_kept_is_read_or_refused_as_promised() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        for (file, data) in inputs(name) {
            // Cut anywhere, it is still only input.
            let step = data.len() / 64 + 1;
            let cut = (0..data.len()).step_by(step).chain([data.len()]);
            if !cut.map(|end| &data[..end]).all(|data| takes(name, *target, &file, data)) {
                failed.push(format!("{name}/{file}"));
            }
        }
    }
    assert_eq!(failed, Vec::<String>::new());
}

#[test]
fn every_folder_of_inputs_belongs_to_a_target() {
    for entry in std::fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(TARGETS.iter().any(|(target, _)| *target == name), "{name} is no target");
    }
}

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "1e400",
    "-0",
    "\\ud800",
    "\\u0000",
    "\0",
    "\n",
    " AND ",
    " OR ",
    " NOT ",
    "(",
    ")",
    "*",
    "?",
    "~2",
    "~>",
    "/",
    "/.*/",
    "now-1d/d",
    "[1 TO 2}",
    ">=",
    "<1-9>",
    "&~",
    "@",
    "agent:",
    "queue:",
    "%2f",
    "%",
    "&",
    "=",
    ";",
    "é",
    "İ",
    "ﬁ",
    "北",
    "👍🏽",
    "\u{301}",
    "9999999999999999999999",
    "-1",
    "2026-02-29",
    "9999-12-31T23:59:60Z",
];

fn changed(dice: &mut Dice, inputs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut data = inputs[dice.below(inputs.len())].1.clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(data.len() + 1);
        let end = (at + dice.below(12)).min(data.len());
        match dice.below(6) {
            0 if at < data.len() => data[at] = dice.below(256) as u8,
            1 => drop(data.drain(at..end)),
            2 => drop(data.splice(at..at, data[at..end].to_vec())),
            3 => {
                let other = &inputs[dice.below(inputs.len())].1;
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(40)).min(other.len());
                drop(data.splice(at..at, other[from..to].iter().copied()));
            }
            _ => drop(data.splice(at..end.min(at + 1), PIECES[dice.below(PIECES.len())].bytes())),
        }
    }
    data
}

#[test]
fn inputs_changed_at_random_are_read_or_refused_as_promised() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let inputs = inputs(name);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let tries = rounds("FUZZED", 300, 100_000);
        if !(0..tries).all(|round| takes(name, *target, &format!("round {round}"), &changed(&mut dice, &inputs))) {
            failed.push(*name);
        }
    }
    assert_eq!(failed, Vec::<&str>::new());
}
