//! Cases about what the sinks owe and have settled.
use super::samples::*;
use crate::stores::database::rows::Settled;
use crate::stores::database::writes::{Outcome, Stored, Write};
use crate::stores::database::{Database, OwedRow, Sink};
use Sink::{Archive, Index};

fn settled(revision: u64, schema_version: u64, words_revision: u64) -> Settled {
    Settled { revision, schema_version, words_revision }
}

pub fn settles_only_rise(database: &dyn Database) {
    let first = new(1, "one");
    let second = next_body(&first);
    let third = next(&second);
    stands(database, &[create(&first), edit(&second), edit(&third)]);
    stands(database, &[settle(Index, 1, 2, 4, 2), settle(Archive, 1, 2, 0, 2)]);
    let before = row(database, "one");
    assert_eq!((before.indexed, before.archived), (settled(2, 4, 2), settled(2, 0, 2)));
    stands(database, &[settle(Index, 1, 1, 9, 1), settle(Archive, 1, 1, 0, 1)]);
    stands(database, &[settle(Index, 1, 2, 3, 1), settle(Archive, 1, 2, 0, 1)]);
    stands(database, &[settle(Index, 1, 2, 4, 2), settle(Archive, 1, 2, 0, 2)]);
    assert_eq!(row(database, "one"), before);
    stands(database, &[settle(Index, 1, 2, 5, 2), settle(Archive, 1, 3, 0, 2)]);
    let after = row(database, "one");
    assert_eq!((after.indexed, after.archived), (settled(2, 5, 2), settled(3, 0, 2)));
    assert_eq!((after.revision, after.last_modified), (third.revision, third.last_modified));
}

pub fn the_archive_drops_the_copy_at_the_right_revision(database: &dyn Database) {
    let first = new(1, "one");
    let second = next(&first);
    stands(database, &[create(&first), edit(&second)]);
    stands(database, &[settle(Archive, 1, 1, 0, 1)]);
    assert_eq!(row(database, "one").unarchived, Some(second.metadata.clone()));
    stands(database, &[settle(Index, 1, 2, 1, 1)]);
    assert_eq!(row(database, "one").unarchived, Some(second.metadata.clone()));
    stands(database, &[settle(Archive, 1, 2, 0, 1)]);
    assert_eq!(row(database, "one").unarchived, None);
    // A back-fill needs no new copy; an edit does, and a new body goes only with its words.
    stands(database, &[reproject(&second, 2)]);
    assert_eq!(row(database, "one").unarchived, None);
    let third = next_body(&second);
    stands(database, &[replace(&third)]);
    assert_eq!(row(database, "one").unarchived, Some(third.metadata.clone()));
    stands(database, &[settle(Archive, 1, 3, 0, 1)]);
    assert_eq!(row(database, "one").unarchived, Some(third.metadata.clone()));
    stands(database, &[settle(Archive, 1, 3, 0, 3)]);
    assert_eq!(row(database, "one").unarchived, None);
}

pub fn a_settle_of_what_is_not_there_is_stale(database: &dyn Database) {
    let first = new(1, "one");
    stands(database, &[create(&first)]);
    let before = row(database, "one");
    for sink in [Index, Archive] {
        assert_eq!(outcome(database, settle(sink, 2, 1, 1, 1)), Outcome::Stale(None));
        assert_eq!(outcome(database, settle(sink, 1, 2, 1, 1)), stale(1));
    }
    assert_eq!(row(database, "one"), before);
}

pub fn exactly_what_is_unsettled_is_owed(database: &dyn Database) {
    let (one, two) = (new(1, "one"), new(2, "two"));
    let check = |index: &[u32], archive: &[u32]| {
        assert_eq!(owed(database, Index), index);
        assert_eq!(owed(database, Archive), archive);
    };
    check(&[], &[]);
    stands(database, &[create(&one), create(&two)]);
    check(&[1, 2], &[1, 2]);
    assert_eq!(database.owed(Index, None, 1).unwrap(), vec![OwedRow { key: one.key, org: ORG }]);
    stands(database, &[settle(Index, 1, 1, 1, 1), settle(Archive, 2, 1, 0, 1)]);
    check(&[2], &[1]);
    stands(database, &[settle(Index, 2, 1, 1, 1), settle(Archive, 1, 1, 0, 1)]);
    check(&[], &[]);
    let edited = next(&one);
    stands(database, &[edit(&edited)]);
    check(&[1], &[1]);
    stands(database, &[settle(Index, 1, 2, 1, 1), settle(Archive, 1, 2, 0, 1)]);
    check(&[], &[]);
    stands(database, &[reproject(&two, 2)]);
    check(&[2], &[]);
    stands(database, &[settle(Index, 2, 1, 1, 1)]);
    check(&[2], &[]);
    stands(database, &[settle(Index, 2, 1, 2, 1)]);
    check(&[], &[]);
    let replaced = next_body(&edited);
    stands(database, &[replace(&replaced)]);
    stands(database, &[settle(Index, 1, 3, 1, 1), settle(Archive, 1, 3, 0, 1)]);
    check(&[1], &[1]);
    stands(database, &[settle(Index, 1, 3, 1, 3), settle(Archive, 1, 3, 0, 3)]);
    check(&[], &[]);
    stands(database, &[edit(&next(&replaced)), erase(&two)]);
    check(&[1], &[1]);
    stands(database, &[erase(&next(&replaced))]);
    check(&[], &[]);
}

pub fn a_folders_own_count_of_versions_is_settled(database: &dyn Database) {
    let first = Stored { schema_version: 9, ..new(1, "one") };
    let moved = Stored { folder: ELSEWHERE, schema_version: 3, ..next_body(&first) };
    stands(database, &[create(&first), settle(Index, 1, 1, 9, 1), replace(&moved)]);
    assert_eq!(owed(database, Index), [1]);
    stands(database, &[settle(Index, 1, 2, 3, 2)]);
    assert!(owed(database, Index).is_empty());
    // The other folder's higher count must not hide a back-fill here.
    stands(database, &[reproject(&moved, 4)]);
    assert_eq!(owed(database, Index), [1]);
}

pub fn everything_can_be_owed_again(database: &dyn Database) {
    stands(database, &[create(&new(1, "one")), create(&new(5_000, "two")), create(&new(9_000, "three"))]);
    for key in [1, 5_000, 9_000] {
        stands(database, &[settle(Index, key, 1, 1, 1), settle(Archive, key, 1, 0, 1)]);
    }
    assert!(owed(database, Index).is_empty());
    database.owe_all_to_index().unwrap();
    assert_eq!(owed(database, Index), [1, 5_000, 9_000]);
    assert!(owed(database, Archive).is_empty());
    assert_eq!(row(database, "one").indexed, Settled::default());
    stands(database, &[settle(Index, 5_000, 1, 1, 1)]);
    assert_eq!(owed(database, Index), [1, 9_000]);
}

pub fn what_is_owed_comes_in_pages(database: &dyn Database) {
    stands(database, &[3, 1, 2].map(|key| create(&new(key, &format!("t{key}")))));
    let page = |after: Option<u32>, limit| -> Vec<u32> {
        let after = after.map(crate::domain::identity::Key);
        database.owed(Archive, after, limit).unwrap().iter().map(|row| row.key.0).collect()
    };
    assert_eq!(page(None, 2), [1, 2]);
    assert_eq!(page(Some(2), 2), [3]);
    assert!(page(Some(3), 2).is_empty());
}

pub fn a_row_whose_values_are_all_metadata_has_it(database: &dyn Database) {
    let all = |stored: Stored| Stored { metadata: stored.values.clone(), ..stored };
    let metadata = || row(database, "one").metadata().cloned();
    let level = |revision, words| {
        stands(database, &[settle(Index, 1, revision, 9, words), settle(Archive, 1, revision, 0, words)]);
    };
    let first = all(new(1, "one"));
    stands(database, &[create(&first)]);
    level(1, 1);
    assert_eq!((metadata(), row(database, "one").unarchived), (Some(first.values.clone()), None));
    let second = next(&first);
    stands(database, &[edit(&second)]);
    assert_eq!(metadata(), Some(second.metadata.clone()));
    level(2, 1);
    assert_eq!(metadata(), None, "only the archive has it");
    let third = all(next(&second));
    stands(database, &[edit(&third)]);
    level(3, 1);
    assert_eq!(metadata(), Some(third.values.clone()));
    let fourth = all(next_body(&third));
    stands(database, &[replace(&fourth)]);
    level(4, 4);
    assert_eq!(metadata(), Some(fourth.values.clone()));
    // A field that is not configured any more leaves the values; one that is comes to them.
    stands(database, &[reproject(&fourth, 2)]);
    assert_eq!(metadata(), None);
    let Write::Reproject { key, expected, builtins, values, .. } = reproject(&fourth, 3) else { return };
    stands(database, &[Write::Reproject { key, expected, builtins, values, schema_version: 3, whole: true }]);
    assert_eq!(metadata().as_deref(), Some(r#"{"v":3}"#));
    let fifth = all(Stored { schema_version: 4, ..next(&fourth) });
    stands(database, &[edit(&fifth)]);
    level(5, 4);
    assert_eq!(metadata(), Some(fifth.values));
}
