//! Linernotes: a transcript metadata server.
#![allow(dead_code, unused)]
pub mod base;
pub mod domain;
pub mod engine;
pub mod http;
pub mod query;
pub mod stores;
