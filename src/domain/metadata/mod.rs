//! Metadata: the ordered, case-insensitive map of a transcript's `client_data`, and the five ways to edit it.
pub mod body;
pub mod document;
pub mod edit;
pub mod erase;
pub mod json_patch;
pub mod line;
pub mod map;
pub mod merge_patch;
pub mod pointer;
pub mod rules;
pub mod tree;

pub use edit::{Edit, Edited};
pub use map::Metadata;
