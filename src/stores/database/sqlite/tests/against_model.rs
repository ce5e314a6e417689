//! Random batches: the file and the reference model must agree on every outcome and every read.
use super::super::SqliteDatabase;
use super::place;
use crate::domain::identity::{Key, Revision};
use crate::stores::database::conformance::samples::*;
use crate::stores::database::memory::MemoryDatabase;
use crate::stores::database::writes::{Stored, Write};
use crate::stores::database::{Database, Sink};
use proptest::prelude::*;
use std::sync::Arc;

/// One random step: what to do, to which of five ids, and how far off.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    id: u32,
    revision: u64,
    version: u64,
}

fn step() -> impl Strategy<Value = Step> {
    (0..10_u8, 0..5_u32, 1..7_u64, 1..5_u64).prop_map(|(what, id, revision, version)| Step {
        what,
        id,
        revision,
        version,
    })
}

/// The write of a step. Half of the writes expect the row where it stands (in the model), half somewhere.
fn write(step: &Step, model: &dyn Database, fresh: u32) -> Write {
    let id = format!("t{}", step.id);
    let standing = model.load(ORG, &tid(&id)).unwrap();
    let key = standing.as_ref().map_or(step.id + 1, |row| row.key.0);
    let at = standing.as_ref().map_or(0, |row| row.revision.0);
    let expected = if step.version.is_multiple_of(2) { at } else { step.revision };
    let words = standing.as_ref().map_or(1, |row| row.words_revision.0);
    let state = Stored {
        revision: Revision(expected + 1),
        words_revision: Revision(words),
        schema_version: step.version,
        folder: if step.revision > 4 { ELSEWHERE } else { FOLDER },
        values: format!(r#"{{"v":{}}}"#, expected + 1).into(),
        metadata: format!(r#"{{"m":{}}}"#, expected + 1).into(),
        idempotency: if step.revision == 3 { remember(step.id as u8, 50) } else { None },
        ..new(key, &id)
    };
    let sink = if step.revision.is_multiple_of(2) { Sink::Index } else { Sink::Archive };
    match step.what {
        0 | 1 => Write::Create(Arc::new(Stored { key: Key(fresh), revision: Revision(step.revision), ..state })),
        2..=4 => Write::Edit(Arc::new(state), Revision(expected)),
        5 => Write::Replace(Arc::new(Stored { words_revision: Revision(expected + 1), ..state }), Revision(expected)),
        6 => erase(&Stored { revision: Revision(expected), ..state }),
        7 => reproject(&Stored { revision: Revision(expected), ..state }, step.version),
        _ => settle(sink, key, expected, step.version, words.min(expected)),
    }
}

fn same(model: &dyn Database, file: &dyn Database) {
    assert_eq!(model.scan(None, None, 100).unwrap(), file.scan(None, None, 100).unwrap());
    for sink in [Sink::Index, Sink::Archive] {
        assert_eq!(model.owed(sink, None, 100).unwrap(), file.owed(sink, None, 100).unwrap());
    }
    for version in 1..5 {
        for folder in [FOLDER, ELSEWHERE] {
            assert_eq!(model.count(folder, version).unwrap(), file.count(folder, version).unwrap());
            let behind = |of: &dyn Database| of.behind(folder, version, Some(Key(2)), 3).unwrap();
            assert_eq!(behind(model), behind(file));
        }
    }
    for number in 0..5_u8 {
        let id = tid(&format!("t{number}"));
        assert_eq!(model.tombstone(ORG, &id).unwrap(), file.tombstone(ORG, &id).unwrap());
        assert_eq!(model.replayed(&[number; 32], 9).unwrap(), file.replayed(&[number; 32], 9).unwrap());
    }
    assert_eq!(model.jobs().unwrap(), file.jobs().unwrap());
    let numbers = |of: &dyn Database| of.identity().map(|id| (id.commit, id.last_key)).unwrap();
    assert_eq!(numbers(model), numbers(file));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_file_agrees_with_the_model(batches in prop::collection::vec(prop::collection::vec(step(), 1..6), 1..20)) {
        let (_folder, path) = place();
        let (model, mut file) = (MemoryDatabase::new(), SqliteDatabase::open(&path).unwrap());
        let mut fresh = 10;
        for (round, steps) in batches.iter().enumerate() {
            let mut batch = Vec::new();
            for step in steps {
                fresh += 1;
                batch.push(write(step, &model, fresh));
            }
            prop_assert_eq!(model.commit(&batch).unwrap().outcomes, file.commit(&batch).unwrap().outcomes);
            same(&model, &file);
            if round % 7 == 6 {
                drop(file);
                file = SqliteDatabase::open(&path).unwrap();
            }
        }
        prop_assert!(file.check().unwrap().is_empty());
    }
}
