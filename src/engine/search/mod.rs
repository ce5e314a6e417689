//! Searching: what the index finds becomes the rows of an answer.
pub mod rows;
