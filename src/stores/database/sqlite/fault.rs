//! Failures of SQLite as failures of the store: the one place that decides what each error code means.
use crate::stores::error::{Kind, Store, StoreError};
use rusqlite::{Connection, Error, ErrorCode, ffi};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// What was going on: the same code weighs differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Nothing can have been lost.
    Read,
    /// Inside a transaction, or moving the log: a failed flush leaves unknown what is on disk.
    Write,
    /// The commit itself: whatever is not understood is fatal.
    Commit,
}

/// The failure of `operation` (lower case, no full stop).
pub fn fault(during: During, operation: &str, error: Error) -> StoreError {
    StoreError::new(Store::Database, kind(during, &error), operation, error)
}

/// Bytes written to find out whether there is room.
const PROBE: usize = 1 << 20;

/// The failure of `operation` on a connection that writes: a write that failed because a quota is used up, which SQLite
/// does not tell from a failing disk, is a full disk.
pub fn writing(connection: &Connection, during: During, operation: &str, error: Error) -> StoreError {
    let not_written = error.sqlite_error().is_some_and(|failure| failure.extended_code == ffi::SQLITE_IOERR_WRITE);
    let mut failure = fault(during, operation, error);
    if not_written && connection.path().is_some_and(|path| !has_room_beside(Path::new(path))) {
        failure.kind = Kind::OutOfSpace;
    }
    failure
}

/// Whether a file of some size can be written beside this one; also when that fails for another reason than room.
fn has_room_beside(path: &Path) -> bool {
    let probe = path.with_extension("room");
    let written = std::fs::File::create(&probe).and_then(|mut file| file.write_all(&vec![0; PROBE]));
    // Best effort: an empty file more does no harm, and the next probe takes its name.
    let _removed = std::fs::remove_file(&probe).is_ok();
    !written.is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}

/// What the caller can do about `error`.
pub fn kind(during: During, error: &Error) -> Kind {
    match error.sqlite_error() {
        Some(failure) => kind_of_code(during, failure),
        None => match error {
            // The file holds what we never wrote.
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
            | Error::QueryReturnedNoRows => Kind::Corrupt,
            _ => Kind::Bug,
        },
    }
}

fn kind_of_code(during: During, failure: &ffi::Error) -> Kind {
    match failure.code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Corrupt,
        ErrorCode::DiskFull => Kind::OutOfSpace,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Kind::Unavailable,
        // Growing the shared-memory file touches no data and fails for want of room only.
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Kind::OutOfSpace,
        ErrorCode::SystemIoFailure if during == During::Read => Kind::Unavailable,
        ErrorCode::SystemIoFailure => Kind::Fatal,
        _ if during == During::Commit => Kind::Fatal,
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::OutOfMemory => {
            Kind::Unavailable
        }
        _ => Kind::Bug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(during: During, code: i32) -> Kind {
        kind(during, &Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn a_failed_flush_is_fatal_and_a_full_disk_is_not() {
        assert_eq!(of(During::Commit, ffi::SQLITE_IOERR_FSYNC), Kind::Fatal);
        assert_eq!(of(During::Write, ffi::SQLITE_IOERR_WRITE), Kind::Fatal);
        assert_eq!(of(During::Commit, ffi::SQLITE_INTERNAL), Kind::Fatal);
        assert_eq!(of(During::Read, ffi::SQLITE_IOERR_READ), Kind::Unavailable);
        for during in [During::Read, During::Write, During::Commit] {
            assert_eq!(of(during, ffi::SQLITE_FULL), Kind::OutOfSpace);
            assert_eq!(of(during, ffi::SQLITE_IOERR_SHMSIZE), Kind::OutOfSpace);
            assert_eq!(of(during, ffi::SQLITE_BUSY), Kind::Unavailable);
            assert_eq!(of(during, ffi::SQLITE_CORRUPT), Kind::Corrupt);
            assert_eq!(of(during, ffi::SQLITE_NOTADB), Kind::Corrupt);
        }
        assert_eq!(of(During::Write, ffi::SQLITE_CONSTRAINT), Kind::Bug);
    }
}
