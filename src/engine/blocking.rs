//! Work that goes on whatever becomes of the request: on a thread that may block, or as a task of its own.
use super::error::{Error, Result};
use crate::domain::refusal::Code;

/// Runs blocking work off the async threads; it runs to its end even when nobody waits any more.
///
/// # Errors
/// When the work panicked or the runtime stops.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| unfinished())
}

/// Runs a use case that has several steps to its end, even when nobody waits for it any more: between a commit and
/// what follows from it (a token table, a back-fill, files of a deleted organisation) no caller's absence may come.
///
/// # Errors
/// The use case's; `shutting_down` when it did not end.
pub async fn whole<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(unfinished()))
}

fn unfinished() -> Error {
    Error::refused(Code::ShuttingDown, "the work was not finished")
}
