//! Configuration: paths, reading, additive change, deletion (contract section 5). Everything here is a pure function
//! over the catalogue; the engine persists what it returns and swaps catalogues.
pub mod apply;
pub mod body;
pub mod check;
pub mod company;
pub mod definition;
pub mod differs;
pub mod field;
pub mod fields;
pub mod folder;
pub mod list;
pub mod org;
pub mod path;
pub mod plan;
pub mod remove;
pub mod secrets;
pub mod service;
pub mod settle;
pub mod show;
pub mod stored;
pub mod visible;

#[cfg(test)]
mod tests;

pub use list::list;
pub use path::{Collection, ConfigPath};
pub use remove::DeleteOptions;
