//! The reference model keeps the promises of every database.
use super::MemoryDatabase;
use crate::stores::database::conformance;

#[test]
fn memory_does_what_every_database_does() {
    conformance::run("memory", MemoryDatabase::new);
}
