//! Fields: their types, how JSON values become typed ones, and what is configured where.
pub mod datetime;
pub mod definition;
pub mod guess;
pub mod reserved;
pub mod schema;
pub mod value;
pub mod vector;

pub use definition::{Definition, FieldType};
pub use schema::{ConfiguredField, FolderSchema, OnMismatch, SpeakerMap};
pub use value::{Misfit, TypedValue};
