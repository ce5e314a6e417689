//! Black-box tests: the real binary on a scratch folder, spoken to over HTTP. One binary, one module a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails with its place named"
)]
#[allow(dead_code, reason = "shared with the harnesses of trust, which use all of it")]
mod support;

mod answers;
mod bulk;
mod cli;
mod cli_config;
mod cli_edit;
mod cli_transfer;
mod concurrency;
mod config;
mod contract;
mod damage;
mod durability;
mod errors;
mod fields;
mod fields_guarded;
mod fields_over_time;
mod metadata;
mod near;
mod odd_cases;
mod search;
mod tokens;
mod transcribe;
mod transcripts;
mod upkeep;
mod walls;
