//! The index against the promises of the port and the oracle.
use crate::stores::index::tantivy::TantivyIndex;
use crate::stores::index::{conformance, random};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn keeps_the_ports_promises() {
    let broken: Vec<&str> = conformance::cases()
        .into_iter()
        .filter(|(_, case)| {
            let dir = tempfile::tempdir().unwrap();
            let index = TantivyIndex::open(dir.path(), 1, 0).unwrap();
            catch_unwind(AssertUnwindSafe(|| case(&index))).is_err()
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(broken, [] as [&str; 0]);
}

#[test]
fn agrees_with_the_oracle_whatever_happens() {
    for (seed, cases) in random::portions(2_000) {
        let dir = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(dir.path(), 1, 0).unwrap();
        if seed % 3 == 0 {
            // Embeddings are read from disk by each search.
            index.keep_vectors(0);
        }
        random::compare(&index, seed, cases);
    }
}

#[test]
fn agrees_with_the_oracle_about_words() {
    for (seed, cases) in random::portions(2_400) {
        let dir = tempfile::tempdir().unwrap();
        random::compare_words(&TantivyIndex::open(dir.path(), 1, 0).unwrap(), seed, cases);
    }
}
