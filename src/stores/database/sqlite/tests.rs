//! What a file must keep beyond the promises of every database: restarts, damage, full disks, no traces.
mod against_model;
mod plans;
mod restarts;
mod traces;

use super::SqliteDatabase;
use crate::stores::database::conformance;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder and the file in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("main.db");
    (folder, path)
}

#[test]
fn sqlite_does_what_every_database_does() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    conformance::run("sqlite", || {
        count.set(count.get() + 1);
        SqliteDatabase::open(&folder.path().join(format!("{}.db", count.get()))).unwrap()
    });
}
