//! Searching: what the index finds becomes the rows of an answer.
pub mod freshness;
pub mod rows;
pub mod run;
