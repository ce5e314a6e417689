//! Trust: long-running harnesses that try to lose an edit, corrupt a file, cross a wall or bring the real program down.
//! A plain `cargo test` runs a small seeded slice of each; `LINERNOTES_TRUST=full` the counts of `docs/reliability.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails with its place named"
)]
mod canaries;
mod counts;
mod disk_full;
mod failing_disk;
mod fuzzed;
mod history;
mod history_tests;
mod hostile;
mod images;
mod kill;
mod linear;
mod overload;
mod power;
mod requests;
mod rounds;
mod script;
#[path = "../api/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the black-box tests, which use all of it")]
mod support;
mod torn;
mod walls;
mod wire;
mod writers;
