//! Blocking work off the async threads.
use super::error::{Error, Result};
use crate::domain::refusal::Code;

/// Runs blocking work off the async threads; it runs to its end even when nobody waits any more.
///
/// # Errors
/// When the work panicked or the runtime stops.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::refused(Code::ShuttingDown, "the work was not finished"))
}
