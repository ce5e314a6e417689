//! What can go wrong in a store, by what the caller can do about it.
use std::fmt;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The database.
    Database,
    /// The search index.
    Index,
    /// The archive.
    Archive,
    /// Rows that wait for their job.
    Staging,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Try again later.
    Unavailable,
    /// The disk is full: writes are refused until there is room.
    OutOfSpace,
    /// What is stored is damaged.
    Corrupt,
    /// The search was cut off: it needs more time or memory than allowed.
    TooExpensive,
    /// The search was not run: a pattern stands for too many words, or a histogram for too many buckets; the operation
    /// says it to the caller.
    TooBroad,
    /// A flush failed: what is on disk is unknown, the process must stop and recover.
    Fatal,
    /// It cannot be; a defect of ours.
    Bug,
}

/// A failure of a store.
#[derive(Debug)]
pub struct StoreError {
    /// Which store.
    pub store: Store,
    /// What to do.
    pub kind: Kind,
    /// What was tried on what, lower case, no full stop.
    pub operation: String,
    /// Why it failed.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// A failure with its cause.
    pub fn new(
        store: Store,
        kind: Kind,
        operation: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { store, kind, operation: operation.into(), source: Some(source.into()) }
    }

    /// A failure that has no cause beneath it.
    pub fn plain(store: Store, kind: Kind, operation: impl Into<String>) -> Self {
        Self { store, kind, operation: operation.into(), source: None }
    }

    /// A failed file operation: a full disk is told from the rest.
    pub fn io(store: Store, operation: impl Into<String>, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::OutOfSpace,
            _ => Kind::Unavailable,
        };
        Self::new(store, kind, operation, error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = match self.store {
            Store::Database => "database",
            Store::Index => "index",
            Store::Archive => "archive",
            Store::Staging => "staging",
        };
        write!(f, "{store}: {}", self.operation)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn std::error::Error + 'static))
    }
}

/// A store's answer.
pub type Result<T> = std::result::Result<T, StoreError>;
