//! Cases about rows: create, edit, replace, erase, reads in order, back-fills.
use super::samples::*;
use crate::domain::identity::{FolderId, Key, Revision};
use crate::stores::database::rows::{Settled, Summary};
use crate::stores::database::writes::{Outcome, Stored, Write};
use crate::stores::database::{Database, Row};

fn keys(rows: Vec<Row>) -> Vec<u32> {
    rows.iter().map(|row| row.key.0).collect()
}

pub fn a_created_transcript_is_loaded_as_given(database: &dyn Database) {
    assert_eq!(database.load(ORG, &tid("one")).unwrap(), None);
    let new = new(5, "one");
    stands(database, &[create(&new)]);
    let row = row(database, "one");
    let expected = Row {
        key: Key(5),
        org: ORG,
        folder: FOLDER,
        tid: tid("one"),
        revision: Revision(1),
        words_revision: Revision(1),
        schema_version: 1,
        last_modified: new.last_modified,
        ingested: new.ingested,
        facts: new.facts.clone(),
        builtins: new.builtins.clone(),
        values: new.values.clone(),
        unarchived: Some(new.metadata.clone()),
        whole: false,
        indexed: Settled::default(),
        archived: Settled::default(),
    };
    assert_eq!(row, expected);
    assert_eq!(database.load(OTHER, &tid("one")).unwrap(), None);
    assert_eq!(database.load(ORG, &tid("ONE")).unwrap(), None);
}

pub fn a_stale_write_changes_nothing(database: &dyn Database) {
    let first = new(1, "one");
    let second = next(&first);
    stands(database, &[create(&first), edit(&second)]);
    let before = row(database, "one");
    assert_eq!(outcome(database, edit(&second)), stale(2));
    assert_eq!(outcome(database, replace(&second)), stale(2));
    assert_eq!(outcome(database, reproject(&first, 9)), stale(2));
    assert_eq!(outcome(database, erase(&first)), stale(2));
    assert_eq!(outcome(database, edit(&next(&next(&second)))), stale(2));
    let gone = next(&new(99, "never"));
    assert_eq!(outcome(database, edit(&gone)), Outcome::Stale(None));
    assert_eq!(outcome(database, erase(&gone)), Outcome::Stale(None));
    assert_eq!(outcome(database, reproject(&gone, 9)), Outcome::Stale(None));
    assert_eq!(row(database, "one"), before);
    assert_eq!(database.tombstone(ORG, &tid("one")).unwrap(), None);
    assert!(database.jobs().unwrap().is_empty());
}

pub fn writes_of_one_batch_see_each_other(database: &dyn Database) {
    let first = new(1, "one");
    let second = next(&first);
    let third = next(&second);
    let batch = [create(&first), edit(&second), edit(&second), edit(&third), erase(&second), create(&new(2, "two"))];
    let committed = database.commit(&batch).unwrap();
    let done = Outcome::Done;
    assert_eq!(committed.outcomes, vec![done.clone(), done.clone(), stale(2), done.clone(), stale(3), done]);
    let row = row(database, "one");
    assert_eq!((row.revision, row.values), (Revision(3), third.values.clone()));
    assert!(database.load(ORG, &tid("two")).unwrap().is_some());
}

pub fn an_edit_leaves_the_body_alone(database: &dyn Database) {
    let first = new(1, "one");
    stands(database, &[create(&first)]);
    let edited = Stored {
        facts: "{}".into(),
        folder: ELSEWHERE,
        words_revision: Revision(2),
        ingested: 5,
        schema_version: 4,
        ..next(&first)
    };
    stands(database, &[edit(&edited)]);
    let row = row(database, "one");
    assert_eq!((row.facts, row.folder, row.words_revision), (first.facts, FOLDER, Revision(1)));
    assert_eq!((row.ingested, row.last_modified), (first.ingested, edited.last_modified));
    assert_eq!((row.revision, row.schema_version), (Revision(2), 4));
    assert_eq!((row.builtins, row.values, row.unarchived), (edited.builtins, edited.values, Some(edited.metadata)));
}

pub fn a_new_body_may_move(database: &dyn Database) {
    let first = new(1, "one");
    let second = Stored { folder: ELSEWHERE, schema_version: 6, ingested: 5, ..next_body(&first) };
    stands(database, &[create(&first), replace(&second)]);
    let row = row(database, "one");
    assert_eq!((row.folder, row.schema_version), (ELSEWHERE, 6));
    assert_eq!((row.revision, row.words_revision, row.facts), (Revision(2), Revision(2), second.facts));
    assert_eq!((row.ingested, row.unarchived), (first.ingested, Some(second.metadata)));
    assert_eq!(database.count(FOLDER, 6).unwrap(), Summary::default());
    assert_eq!(database.count(ELSEWHERE, 6).unwrap(), Summary { transcripts: 1, behind: 0 });
}

pub fn an_existing_id_is_not_created_again(database: &dyn Database) {
    let first = new(1, "one");
    stands(database, &[create(&first), edit(&next(&first))]);
    let before = row(database, "one");
    assert_eq!(outcome(database, create(&new(2, "one"))), stale(2));
    assert_eq!(row(database, "one"), before);
    assert_eq!(database.load_keys(&[Key(2)]).unwrap(), vec![None]);
    assert_eq!(database.identity().unwrap().last_key, 2, "a refused key is not given again");
}

pub fn one_id_lives_once_in_each_organisation(database: &dyn Database) {
    let here = new(1, "one");
    let there = Stored { org: OTHER, ..new(2, "one") };
    stands(database, &[create(&here), create(&there), erase(&there)]);
    assert_eq!(row(database, "one").key, Key(1));
    assert_eq!(database.tombstone(ORG, &tid("one")).unwrap(), None);
    assert_eq!(database.tombstone(OTHER, &tid("one")).unwrap(), Some(1));
}

pub fn an_erased_id_may_come_back(database: &dyn Database) {
    let first = new(1, "one");
    let second = next(&first);
    stands(database, &[create(&first), edit(&second)]);
    stands(database, &[erase(&second)]);
    assert_eq!(database.load(ORG, &tid("one")).unwrap(), None);
    assert_eq!(database.load_keys(&[Key(1)]).unwrap(), vec![None]);
    assert_eq!(database.scan(None, None, 10).unwrap(), vec![]);
    assert_eq!(database.tombstone(ORG, &tid("one")).unwrap(), Some(2));
    assert_eq!(database.tombstone(ORG, &tid("two")).unwrap(), None);
    assert_eq!(database.jobs().unwrap()[0].id, "erase-1");
    assert!(owed(database, crate::stores::database::Sink::Index).is_empty());

    let again = Stored { revision: Revision(3), words_revision: Revision(3), ..new(2, "one") };
    stands(database, &[create(&again)]);
    assert_eq!((row(database, "one").key, row(database, "one").revision), (Key(2), Revision(3)));
    assert_eq!(database.tombstone(ORG, &tid("one")).unwrap(), Some(2));
    let gone = Write::Erase { key: Key(2), org: ORG, tid: tid("one"), expected: Revision(3), job: None };
    stands(database, &[gone]);
    assert_eq!(database.tombstone(ORG, &tid("one")).unwrap(), Some(3));
    assert_eq!(database.jobs().unwrap().len(), 1);
}

pub fn scans_give_pages_in_key_order(database: &dyn Database) {
    let mut writes: Vec<Write> = [4, 2, 9, 7].map(|key| create(&new(key, &format!("t{}", 10 - key)))).into();
    writes.push(create(&Stored { org: OTHER, ..new(5, "t5") }));
    stands(database, &writes);
    let scan = |org, after: Option<u32>, limit| keys(database.scan(org, after.map(Key), limit).unwrap());
    assert_eq!(scan(None, None, 10), [2, 4, 5, 7, 9]);
    assert_eq!(scan(None, None, 2), [2, 4]);
    assert_eq!(scan(None, Some(4), 2), [5, 7]);
    assert!(scan(None, Some(9), 2).is_empty());
    assert!(scan(None, None, 0).is_empty());
    assert_eq!(scan(Some(ORG), None, 3), [2, 4, 7]);
    assert_eq!(scan(Some(ORG), Some(7), 3), [9]);
    assert_eq!(scan(Some(OTHER), Some(0), 3), [5]);
    assert_eq!(database.scan(Some(ORG), None, 1).unwrap()[0], row(database, "t8"));
}

pub fn keys_are_loaded_in_the_order_asked(database: &dyn Database) {
    stands(database, &[create(&new(1, "one")), create(&new(2, "two"))]);
    let rows = database.load_keys(&[Key(2), Key(8), Key(1), Key(2)]).unwrap();
    let found: Vec<Option<u32>> = rows.iter().map(|row| row.as_ref().map(|row| row.key.0)).collect();
    assert_eq!(found, [Some(2), None, Some(1), Some(2)]);
    assert_eq!(rows[2].as_ref().unwrap(), &row(database, "one"));
    assert_eq!(database.load_keys(&[]).unwrap(), vec![]);
}

pub fn of_many_keys_as_many_are_loaded_as_there_is_room_for(database: &dyn Database) {
    stands(database, &[create(&new(1, "one")), create(&new(2, "two")), create(&new(3, "three"))]);
    let keys = [Key(1), Key(9), Key(2), Key(3)];
    let one = row(database, "one").bytes();
    let count = |bytes| database.load_some(&keys, bytes).unwrap().len();
    assert_eq!((count(0), count(one), count(usize::MAX)), (1, 3, 4), "one at least, then while there is room");
    assert_eq!(database.load_some(&keys, one).unwrap(), database.load_keys(&keys[..3]).unwrap());
}

pub fn back_fills_find_what_is_behind(database: &dyn Database) {
    let versions = [(1, 3), (2, 1), (3, 2), (4, 1), (5, 4), (6, 3)];
    let mut writes: Vec<Write> =
        versions.map(|(key, schema_version)| create(&Stored { schema_version, ..new(key, &format!("t{key}")) })).into();
    writes.push(create(&Stored { folder: ELSEWHERE, ..new(7, "t7") }));
    stands(database, &writes);
    let behind = |version, after: Option<u32>, limit| -> Vec<u32> {
        let keys = database.behind(FOLDER, version, after.map(Key), limit).unwrap();
        keys.iter().map(|key| key.0).collect()
    };
    assert_eq!(behind(3, None, 10), [2, 3, 4, 5]);
    assert_eq!(behind(3, None, 2), [2, 3]);
    assert_eq!(behind(3, Some(3), 2), [4, 5]);
    assert!(behind(3, Some(5), 2).is_empty());
    assert_eq!(behind(9, None, 10), [1, 2, 3, 4, 5, 6]);
    assert_eq!(database.count(FOLDER, 3).unwrap(), Summary { transcripts: 6, behind: 4 });
    assert_eq!(database.count(FolderId(99), 3).unwrap(), Summary::default());
    stands(database, &[reproject(&new(2, "t2"), 3)]);
    assert_eq!(behind(3, None, 10), [3, 4, 5]);
    assert_eq!(database.count(FOLDER, 3).unwrap(), Summary { transcripts: 6, behind: 3 });
}

pub fn a_back_fill_keeps_revision_and_time(database: &dyn Database) {
    let first = new(1, "one");
    stands(database, &[create(&first), reproject(&first, 3)]);
    let seen = row(database, "one");
    assert_eq!((seen.revision, seen.last_modified, seen.schema_version), (Revision(1), first.last_modified, 3));
    assert_eq!((&*seen.builtins, &*seen.values), (r#"{"agent":"v3"}"#, r#"{"v":3}"#));
    assert_eq!((seen.unarchived.clone(), seen.facts.clone()), (Some(first.metadata.clone()), first.facts.clone()));
    // One that comes late changes nothing.
    stands(database, &[reproject(&first, 2)]);
    assert_eq!(row(database, "one"), seen);
}
