//! What a use case can answer besides success.
use crate::domain::refusal::{Code, Refusal};
use crate::stores::StoreError;
use crate::stores::error::Kind;

/// A failure: the caller's to mend, or a store's.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is refused; nothing was changed.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// A store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The answer of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Ends the process when a flush failed: what is on disk is not known any more, so nothing may be answered or settled
/// after it (design, invariant 1). Everything else returns.
pub fn stop_if_fatal(error: &StoreError) {
    if error.kind == Kind::Fatal {
        tracing::error!(error = error as &dyn std::error::Error, "a flush failed: the process stops to recover");
        std::process::abort();
    }
}

impl Error {
    /// A refusal as a whole.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Error::Refused(Refusal::new(code, detail))
    }

    /// What does not exist and what may not be seen answer alike.
    pub fn absent() -> Self {
        Error::refused(Code::NotFound, "there is no such thing, or the token may not see it")
    }
}
