//! The nearest among many embeddings, found by bounds, are the nearest.
use super::support::Bench;
use crate::domain::fields::{TypedValue, vector};
use crate::domain::identity::FieldId;
use crate::query::resolved::{Near, Node, ResolvedSearch, SortKey};
use crate::stores::index::conformance::world::{everything, record};
use crate::stores::index::{IndexWrite, SearchIndex as _};
use std::time::Duration;

const GIST: FieldId = FieldId(105);
const SIZE: usize = 40;
const COUNT: u32 = 9_000;

/// Directions around a few subjects, some the same, some far longer than others.
fn numbers(key: u32) -> Vec<f32> {
    let mut state = u64::from(key / 2 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut unit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let scale = if key.is_multiple_of(5) { 1e6 } else { 1.0 };
    (0..SIZE).map(|at| scale * (unit() + if at % 7 == (key % 7) as usize { 1.0 } else { 0.0 })).collect()
}

fn filled() -> Bench {
    let mut bench = Bench::new();
    let keys: Vec<u32> = (1..=COUNT).collect();
    for part in keys.chunks(3_000) {
        let write = |key: &u32| {
            let mut record = record(*key, 1, 11, &format!("t{:05}", COUNT - key), 0);
            record.values = vec![(GIST, vec![TypedValue::Vector(numbers(*key).into())])];
            IndexWrite::Whole(Box::new(record), Vec::new())
        };
        bench.apply(part.iter().map(write).collect());
    }
    bench
}

fn asked(vector: &[f32], k: usize) -> ResolvedSearch {
    let near = Near { fields: vec![GIST], only_folders: None, vector: vector.into(), k };
    ResolvedSearch { near: Some(near), order: vec![SortKey::score(true)], size: k, ..everything(Node::All) }
}

fn found(bench: &Bench, vector: &[f32], k: usize) -> Vec<(u32, f64)> {
    let page = bench.index.search(&asked(vector, k), Duration::from_secs(60)).unwrap();
    page.hits.iter().map(|hit| (hit.key.0, hit.score)).collect()
}

/// Every embedding compared in full.
fn expected(vector: &[f32], k: usize) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> = (1..=COUNT).map(|key| (key, vector::cosine(vector, &numbers(key)))).collect();
    // Ids fall as keys rise.
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    all.truncate(k);
    all
}

#[test]
fn bounds_leave_out_nothing_that_is_near() {
    let bench = filled();
    for (key, k) in [(7, 1), (8, 10), (4_321, 100), (COUNT + 3, 1_000)] {
        let vector = numbers(key);
        assert_eq!(found(&bench, &vector, k), expected(&vector, k), "{k} nearest to {key}");
    }
    assert!(bench.index.figures().value_bytes as usize > COUNT as usize * SIZE, "they are kept, and counted");
}

#[test]
fn without_room_the_same_are_found_and_nothing_is_kept() {
    let bench = filled();
    let vector = numbers(77);
    bench.index.keep_vectors(1_000);
    assert_eq!(found(&bench, &vector, 25), expected(&vector, 25));
    assert!((bench.index.figures().value_bytes as usize) < COUNT as usize * SIZE);
    bench.index.keep_vectors(1 << 20);
    assert_eq!(found(&bench, &vector, 25), expected(&vector, 25), "room that is made is used");
    assert!(bench.index.figures().value_bytes as usize > COUNT as usize * SIZE);
}
