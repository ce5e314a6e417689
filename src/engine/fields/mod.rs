//! Fields over time (contract section 5): what stands in metadata without being configured, what a retype would do, and
//! defining, deleting and restoring single fields.
pub mod change;
pub mod options;
pub mod preview;
pub mod show;
pub mod tag;
pub mod unconfigured;
pub mod walk;

pub use change::Options;
pub use walk::At;
