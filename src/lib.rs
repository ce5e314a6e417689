//! Linernotes: a transcript metadata server.
pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod http;
pub mod query;
pub mod stores;
pub mod telemetry;
