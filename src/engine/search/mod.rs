//! Searching: what the index finds becomes the rows of an answer.
pub mod answer;
pub mod cursor;
pub mod explain;
pub mod freshness;
pub mod judged;
pub mod masked;
pub mod rows;
pub mod run;
pub mod zip;
