//! How the library's failures become ours.
use crate::stores::error::{Kind, Store, StoreError};
use std::io;
use tantivy::TantivyError;
use tantivy::directory::error::{OpenReadError, OpenWriteError};

/// A failure of the library: a full disk and damage are told from the rest.
pub fn failed(operation: impl Into<String>, error: TantivyError) -> StoreError {
    let kind = match &error {
        TantivyError::IoError(io) => kind_of(io),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. }) => kind_of(io_error),
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => kind_of(io_error),
        TantivyError::LockFailure(..)
        | TantivyError::OpenDirectoryError(_)
        | TantivyError::OpenWriteError(_)
        | TantivyError::ErrorInThread(_)
        | TantivyError::SystemError(_)
        | TantivyError::Poisoned => Kind::Unavailable,
        _ => Kind::Corrupt,
    };
    StoreError::new(Store::Index, kind, operation, error)
}

/// A failed read of the index while it is searched.
pub fn unread(error: impl Into<TantivyError>) -> StoreError {
    failed("read a segment", error.into())
}

/// What stands in a file of the index cannot be.
pub fn corrupt(operation: impl Into<String>) -> StoreError {
    StoreError::plain(Store::Index, Kind::Corrupt, operation)
}

/// A panic that was caught, with its message.
pub fn panicked(operation: &str, panic: &(dyn std::any::Any + Send)) -> StoreError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    StoreError::new(Store::Index, Kind::Bug, operation, format!("panic: {message}"))
}

/// A failure of the disk: want of room is told from the rest.
pub fn kind_of(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::OutOfSpace,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Kind::Corrupt,
        _ => Kind::Unavailable,
    }
}
