//! What must not be left in the file or its log, and what must not grow.
use super::super::SqliteDatabase;
use super::place;
use crate::domain::identity::Tid;
use crate::stores::database::conformance::samples::*;
use crate::stores::database::writes::{Stored, Write};
use crate::stores::database::{Administration, Checkpoint, Database, Sink, Transcripts};
use std::path::Path;

/// Where `needle` is found beside the file.
fn found(folder: &Path, needle: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        memchr::memmem::find(&bytes, needle.as_bytes()).is_some()
    };
    files.filter(|path| holds(path)).map(|path| path.display().to_string()).collect()
}

/// Metadata that names a secret, of lengths that lie within pages and on overflow pages.
fn secretive(of: &Stored, number: u32) -> Stored {
    let long = "WALDEINSAMKEIT".repeat(1 + (number as usize * 37) % 600);
    Stored { metadata: format!(r#"{{"unconfigured":"{long}"}}"#).into(), ..of.clone() }
}

#[test]
fn no_unconfigured_value_is_left_when_all_is_archived_and_quiet() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let all: Vec<Stored> = (1..=120).map(|key| secretive(&new(key, &format!("t{key}")), key)).collect();
    stands(&database, &all.iter().map(create).collect::<Vec<_>>());
    database.checkpoint(Checkpoint::Beside).unwrap();
    let edited: Vec<Stored> = all.iter().map(|one| secretive(&next(one), one.key.0 * 7)).collect();
    stands(&database, &edited.iter().map(edit).collect::<Vec<_>>());
    assert!(!found(folder.path(), "WALDEINSAMKEIT").is_empty());
    let settled = |one: &Stored| settle(Sink::Archive, one.key.0, 2, 0, 1);
    let erased =
        |one: &Stored| Write::Erase { key: one.key, org: ORG, tid: one.tid.clone(), expected: one.revision, job: None };
    let last = edited.iter().map(|one| if one.key.0 % 5 == 0 { erased(one) } else { settled(one) });
    stands(&database, &last.collect::<Vec<_>>());
    database.checkpoint(Checkpoint::Empty).unwrap();
    assert_eq!(found(folder.path(), "WALDEINSAMKEIT"), Vec::<String>::new());
    assert!(database.check().unwrap().is_empty());
}

/// Which row is written next, and what with; given chance and the round.
type Values<'a> = dyn Fn(&mut dyn FnMut(u32) -> u32, u32) -> (u32, String) + 'a;

#[test]
fn no_deleted_value_is_left_in_the_gaps_of_pages_either() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let all: Vec<Stored> = (1..=600).map(|key| secretive(&new(key, &format!("t{key}")), key % 3)).collect();
    stands(&database, &all.iter().map(create).collect::<Vec<_>>());
    // Rows that grow and shrink at random, so that pages are split and joined.
    let mut random = 7_u32;
    let mut next = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    let write = |values: &Values<'_>, times: u32, next: &mut dyn FnMut(u32) -> u32| {
        let writer = database.writer.lock();
        writer.connection().execute_batch("BEGIN").unwrap();
        for time in 0..times {
            let (key, values) = values(next, time);
            let sql = include_str!("rewrite.sql");
            writer.connection().prepare_cached(sql).unwrap().execute(rusqlite::params![key, values]).unwrap();
            if time % 20 == 0 {
                writer.connection().execute_batch("COMMIT; BEGIN").unwrap();
            }
        }
        writer.connection().execute_batch("COMMIT").unwrap();
    };
    let secret = |next: &mut dyn FnMut(u32) -> u32, _| {
        let times = [1, 3, 10, 40, 200][next(5) as usize];
        (1 + next(600), "WALDEINSAMKEIT".repeat(times))
    };
    let clean = |next: &mut dyn FnMut(u32) -> u32, time: u32| (time + 1, "x".repeat(1 + next(300) as usize));
    let mut stained = false;
    for _ in 0..6 {
        write(&secret, 3_000, &mut next);
        write(&clean, 600, &mut next);
        database.checkpoint(Checkpoint::Empty).unwrap();
        stained |= !found(folder.path(), "WALDEINSAMKEIT").is_empty();
        database.checkpoint(Checkpoint::Clean).unwrap();
        assert_eq!(found(folder.path(), "WALDEINSAMKEIT"), Vec::<String>::new());
        // What the writer remembered is gone too: pages written from now on bring nothing back.
        write(&clean, 600, &mut next);
        database.checkpoint(Checkpoint::Empty).unwrap();
        assert_eq!(found(folder.path(), "WALDEINSAMKEIT"), Vec::<String>::new());
        assert!(database.check().unwrap().is_empty());
    }
    assert!(stained, "the trace this test is about is not made any more");
}

#[test]
fn an_erased_id_is_left_as_a_keyed_hash_only() {
    let (folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let (gone, stays) = (new(1, "patient-4711"), new(2, "stays"));
    stands(&database, &[create(&gone), create(&stays)]);
    let erase = Write::Erase { key: gone.key, org: ORG, tid: gone.tid.clone(), expected: gone.revision, job: None };
    stands(&database, &[erase]);
    database.checkpoint(Checkpoint::Empty).unwrap();
    assert_eq!(found(folder.path(), "patient-4711"), Vec::<String>::new());
    assert_eq!(database.tombstone(ORG, &Tid::parse("patient-4711").unwrap()).unwrap(), Some(1));
}

#[test]
fn expired_keys_go_as_others_come() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let mut one = new(1, "one");
    stands(&database, &[create(&one)]);
    for number in 0..40 {
        assert_eq!(database.replayed(&[number; 32], i64::from(number) * 10).unwrap(), None);
        one = Stored { idempotency: remember(number, i64::from(number) * 10 + 25), ..next(&one) };
        stands(&database, &[edit(&one)]);
    }
    let kept: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM idempotency", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 3);
}

#[test]
fn readers_see_whole_commits_while_one_writes() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let pair = [new(1, "one"), new(2, "two")];
    stands(&database, &pair.each_ref().map(create));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let rows = database.load_keys(&[pair[0].key, pair[1].key]).unwrap();
                let revisions: Vec<_> = rows.iter().flatten().map(|row| row.revision).collect();
                assert_eq!((revisions.len(), revisions[0]), (2, revisions[1]));
            }
        };
        scope.spawn(read);
        scope.spawn(read);
        let mut at = pair.clone();
        for round in 0..60 {
            at = at.each_ref().map(next);
            stands(&database, &at.each_ref().map(edit));
            if round % 20 == 7 {
                database.checkpoint(if round == 47 { Checkpoint::Empty } else { Checkpoint::Anew }).unwrap();
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(database.identity().unwrap().commit, 61);
}

#[test]
fn a_row_is_never_read_with_another_bodys_edit() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let mut at = new(1, "one");
    stands(&database, &[create(&at)]);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = |by_key: bool| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let row = match by_key {
                    true => database.load_keys(&[at_key()]).unwrap().pop().flatten().unwrap(),
                    false => database.load(ORG, &Tid::parse("one").unwrap()).unwrap().unwrap(),
                };
                // Bodies come with every third revision: 1, 4, 7 …
                let words = row.revision.0 - (row.revision.0 - 1) % 3;
                assert_eq!(row.words_revision.0, words, "{row:?}");
            }
        };
        scope.spawn(move || read(true));
        scope.spawn(move || read(false));
        for round in 1..600_u64 {
            let brings = round % 3 == 0;
            at = if brings { next_body(&at) } else { next(&at) };
            let revision = at.revision.0;
            stands(&database, &[if brings { replace(&at) } else { edit(&at) }]);
            if round % 2 == 0 {
                let words = at.words_revision.0;
                stands(
                    &database,
                    &[settle(Sink::Archive, 1, revision, 0, words), settle(Sink::Index, 1, revision, 1, words)],
                );
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn at_key() -> crate::domain::identity::Key {
    crate::domain::identity::Key(1)
}
