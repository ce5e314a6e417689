//! The file over restarts, crashes, damage and a full disk.
use super::super::{SqliteDatabase, open};
use super::place;
use crate::domain::identity::{Key, Revision};
use crate::stores::database::conformance::samples::*;
use crate::stores::database::rows::{ObjectKind, StoredObject};
use crate::stores::database::writes::{Stored, Write};
use crate::stores::database::{Administration, Checkpoint, Database, Owing, Sink, Transcripts};
use crate::stores::error::Kind;
use rusqlite::params;
use std::path::Path;

fn refusal(path: &Path) -> (Kind, String) {
    let error = SqliteDatabase::open(path).err().unwrap();
    (error.kind, error.operation)
}

#[test]
fn reopening_keeps_everything() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let one = Stored { idempotency: remember(1, 1_000), ..new(1, "one") };
    let company = StoredObject { kind: ObjectKind::Company, id: 4, parent: 0, name: "Acme".into(), body: "{}".into() };
    let configure = Write::Configure { put: vec![company], delete: vec![], last_object: 4, jobs: vec![] };
    stands(&database, &[create(&one), create(&new(9, "nine")), configure]);
    stands(&database, &[erase(&new(9, "nine")), settle(Sink::Archive, 1, 1, 0, 1)]);
    let (identity, before) = (database.identity().unwrap(), row(&database, "one"));
    drop(database);

    let database = SqliteDatabase::open(&path).unwrap();
    assert_eq!(database.identity().unwrap(), identity);
    assert_eq!((identity.commit, identity.last_key, identity.last_object), (2, 9, 4));
    assert_eq!(row(&database, "one"), before);
    assert_eq!(database.tombstone(ORG, &tid("nine")).unwrap(), Some(1));
    assert_eq!(database.replayed(&[1; 32], 5).unwrap().unwrap().revision, Revision(1));
    assert_eq!(database.objects().unwrap().len(), 1);
    assert_eq!(database.owed(Sink::Index, None, 9).unwrap().len(), 1);
    assert_eq!(database.commit(&[edit(&next(&one))]).unwrap().number, 3);
}

#[test]
fn an_answered_commit_survives_a_crash() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    stands(&database, &[create(&new(1, "one"))]);
    database.checkpoint(Checkpoint::Beside).unwrap();
    stands(&database, &[edit(&next(&new(1, "one")))]);
    // What a crash leaves: the file and its log as they are while the store is open.
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(folder.path().join("main.db-wal"), folder.path().join("copy.db-wal")).unwrap();
    let crashed = SqliteDatabase::open(&copy).unwrap();
    assert_eq!(row(&crashed, "one"), row(&database, "one"));
    assert_eq!(crashed.identity().unwrap(), database.identity().unwrap());
}

#[test]
fn pending_edits_and_what_was_settled_come_into_the_rows_after_a_crash_and_at_the_end() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let (one, two) = (new(1, "one"), new(2, "two"));
    stands(&database, &[create(&one), create(&two), edit(&next(&one)), edit(&next(&two))]);
    stands(&database, &[edit(&next(&next(&one))), erase(&next(&two)), settle(Sink::Archive, 1, 3, 0, 1)]);
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(folder.path().join("main.db-wal"), folder.path().join("copy.db-wal")).unwrap();
    let crashed = SqliteDatabase::open(&copy).unwrap();
    // Settles of pending edits are in memory only: the sink makes it again.
    assert_eq!(owed(&crashed, Sink::Archive), [1]);
    assert_eq!((row(&crashed, "one").revision, crashed.load(ORG, &tid("two")).unwrap()), (Revision(3), None));
    let before = row(&database, "one");
    assert_eq!((before.unarchived.clone(), before.archived.revision), (None, 3));
    drop(database);
    assert_eq!(row(&SqliteDatabase::open(&path).unwrap(), "one"), before);
}

/// A file of a former version with one transcript, and from schema 3 on an edit of it that a crash left pending.
fn former_file(path: &Path, steps: usize) {
    let (one, edited) = (new(1, "one"), next(&new(1, "one")));
    let file = open::former(path, steps);
    let row = params![one.org.0, one.folder.0, one.tid.as_str(), one.facts, one.builtins, one.values, one.metadata];
    let create = r#"INSERT INTO transcript (key, org, folder, tid, revision, words_revision, schema_version,
        last_modified, ingested, facts, builtins, "values", unarchived)
        VALUES (1, ?1, ?2, ?3, 1, 1, 1, 1000001, 1000001, ?4, ?5, ?6, ?7)"#;
    file.execute(create, row).unwrap();
    if steps >= 3 {
        let pend = r#"INSERT INTO pending (seq, key, revision, last_modified, builtins, "values", metadata)
            VALUES (1, 1, 2, ?1, ?2, ?3, ?4)"#;
        file.execute(pend, params![edited.last_modified, edited.builtins, edited.values, edited.metadata]).unwrap();
    }
}

#[test]
fn files_of_every_former_schema_are_brought_to_todays() {
    for steps in 1..open::schema() as usize {
        let (_folder, path) = place();
        former_file(&path, steps);
        let database = SqliteDatabase::open(&path).unwrap();
        let standing = if steps >= 3 { next(&new(1, "one")) } else { new(1, "one") };
        let found = row(&database, "one");
        assert_eq!((found.revision, &found.values), (standing.revision, &standing.values), "schema {steps}");
        assert_eq!(found.unarchived, Some(standing.metadata.clone()), "schema {steps}");
        assert!(!found.whole, "what it does not know it does not claim");
        let edited = next(&standing);
        let whole = Stored { metadata: edited.values.clone(), ..edited };
        stands(&database, &[edit(&whole)]);
        let (identity, before) = (database.identity().unwrap(), row(&database, "one"));
        assert!(before.whole && before.metadata() == Some(&whole.metadata), "schema {steps}");
        drop(database);
        let database = SqliteDatabase::open(&path).unwrap();
        assert_eq!((database.identity().unwrap(), row(&database, "one")), (identity, before), "schema {steps}");
    }
}

#[test]
fn a_closed_store_leaves_one_file_that_only_its_owner_reads() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    stands(&database, &[create(&new(1, "one"))]);
    assert!(database.log().in_use > 0);
    drop(database);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn files_of_something_else_are_refused_in_words() {
    let (folder, path) = place();
    std::fs::write(&path, "this is not a database, and long enough to be taken for one ".repeat(90)).unwrap();
    let (kind, why) = refusal(&path);
    assert_eq!(kind, Kind::Corrupt);
    assert!(why.contains("main.db") && why.contains("damaged or not a SQLite database"), "{why}");

    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE song (name TEXT)").unwrap();
    let (kind, why) = refusal(&foreign);
    assert_eq!((kind, why.contains("another program")), (Kind::Corrupt, true), "{why}");

    let newer = folder.path().join("newer.db");
    drop(SqliteDatabase::open(&newer).unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let (kind, why) = refusal(&newer);
    assert_eq!((kind, why.contains("newer version")), (Kind::Corrupt, true), "{why}");

    let (kind, _) = refusal(&folder.path().join("no/such/folder/main.db"));
    assert_eq!(kind, Kind::Unavailable);
}

#[test]
fn a_cut_file_is_refused_and_torn_pages_are_found() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    for key in 1..200 {
        stands(&database, &[create(&new(key, &format!("t{key}")))]);
    }
    drop(database);
    let whole = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.db");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(refusal(&cut).0, Kind::Corrupt);

    let torn = folder.path().join("torn.db");
    let mut bytes = whole;
    let last = bytes.len() - 2 * 4096;
    bytes[last..last + 4096].fill(0xAA);
    std::fs::write(&torn, &bytes).unwrap();
    let database = SqliteDatabase::open(&torn).unwrap();
    assert!(!database.check().unwrap().is_empty());
}

#[test]
fn a_full_disk_refuses_the_batch_and_nothing_more() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    stands(&database, &[create(&new(1, "one"))]);
    let limit = |pages: u32| {
        let writer = database.writer.lock();
        writer.connection().query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    limit(1);
    let big = Stored { metadata: "x".repeat(200_000).into(), ..next(&new(1, "one")) };
    let error = database.commit(&[create(&new(2, "two")), edit(&big)]).unwrap_err();
    assert_eq!(error.kind, Kind::OutOfSpace);
    assert_eq!(row(&database, "one").revision, Revision(1));
    assert_eq!(database.load_keys(&[Key(2)]).unwrap(), vec![None]);
    limit(1_000_000);
    assert_eq!(database.commit(&[edit(&big)]).unwrap().number, 2);
    assert_eq!(row(&database, "one").unarchived, Some(big.metadata));
    assert!(database.check().unwrap().is_empty());
}

#[test]
fn an_impossible_write_fails_its_batch_and_leaves_the_store_usable() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    stands(&database, &[create(&new(1, "one"))]);
    let error = database.commit(&[create(&new(2, "two")), create(&new(1, "three"))]).unwrap_err();
    assert_eq!(error.kind, Kind::Bug);
    assert_eq!(database.load_keys(&[Key(2)]).unwrap(), vec![None]);
    assert_eq!(database.commit(&[create(&new(2, "two"))]).unwrap().number, 2);
}
