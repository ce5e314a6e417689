//! Black-box tests: the real binary on a scratch folder, spoken to over HTTP. One binary, one module a subject.
mod support;

mod answers;
mod concurrency;
mod config;
mod crash;
mod errors;
mod fields;
mod metadata;
mod odd_cases;
mod search;
mod tokens;
mod transcripts;
