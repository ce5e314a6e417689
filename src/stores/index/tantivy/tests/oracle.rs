//! The index against the promises of the port and the oracle.
use crate::stores::index::tantivy::TantivyIndex;
use crate::stores::index::{conformance, random};

#[test]
fn keeps_the_ports_promises() {
    for (name, case) in conformance::cases() {
        println!("{name}");
        let dir = tempfile::tempdir().unwrap();
        case(&TantivyIndex::open(dir.path(), 1, 0).unwrap());
    }
}

#[test]
fn agrees_with_the_oracle_whatever_happens() {
    for seed in 1..=4 {
        let dir = tempfile::tempdir().unwrap();
        random::compare(&TantivyIndex::open(dir.path(), 1, 0).unwrap(), seed, 40);
    }
}
