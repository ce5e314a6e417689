//! Floor 7: the parts put together into one process: data folder, stores, engine, server.
//!
//! [`backends`] is the only place that names concrete stores, [`serving`] the only one that names the HTTP server.
pub mod backends;
pub mod data_folder;
pub mod demo;
pub mod mending;
pub mod opening;
pub mod restoring;
pub mod scratch;
pub mod serving;
pub mod signals;

pub use data_folder::Presence;
pub use mending::Mended;
pub use opening::App;
pub use serving::{Started, serve};

/// The runtime everything asynchronous of one process runs on.
///
/// # Errors
/// When the operating system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("linernotes").build()
}
