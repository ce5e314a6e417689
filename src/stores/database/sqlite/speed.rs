//! A measurement, run by hand: `cargo test --lib sqlite::speed -- --ignored --nocapture`. It proves nothing and asserts
//! nothing about time.
use super::SqliteDatabase;
use crate::stores::database::conformance::samples::*;
use crate::stores::database::writes::{Stored, Write};
use crate::stores::database::{Checkpoint, Database, Sink, Transcripts};
use std::time::{Duration, Instant};

const ROWS: u32 = 20_000;
const SPAN: Duration = Duration::from_millis(1_500);

fn sample(key: u32) -> Stored {
    let text = |bytes: usize| format!(r#"{{"note":"{}"}}"#, "x".repeat(bytes)).into();
    Stored {
        facts: text(200),
        builtins: text(300),
        values: text(300),
        metadata: text(900),
        ..new(key, &format!("t{key}"))
    }
}

/// Fills a store whose rows are all settled, as on a quiet evening.
fn filled(database: &SqliteDatabase) -> Vec<Stored> {
    let rows: Vec<Stored> = (1..=ROWS).map(sample).collect();
    for chunk in rows.chunks(1_000) {
        stands(database, &chunk.iter().map(create).collect::<Vec<_>>());
        stands(database, &settles(chunk));
    }
    database.checkpoint(Checkpoint::Empty).unwrap();
    rows
}

fn settles(rows: &[Stored]) -> Vec<Write> {
    let both = |row: &Stored| {
        let (key, revision) = (row.key.0, row.revision.0);
        [settle(Sink::Index, key, revision, 1, 1), settle(Sink::Archive, key, revision, 0, 1)]
    };
    rows.iter().flat_map(both).collect()
}

/// Edits spread rows, `size` a commit; with `settled`, the next commit carries the settles of the last.
fn edits(database: &SqliteDatabase, rows: &mut [Stored], size: usize, settled: bool) -> f64 {
    let (start, mut done, mut at) = (Instant::now(), 0, 0);
    let mut owing: Vec<Stored> = Vec::new();
    while start.elapsed() < SPAN {
        let mut batch = if settled { settles(&owing) } else { Vec::new() };
        owing.clear();
        for _ in 0..size {
            at = (at + 7_919) % rows.len();
            let text = format!(r#"{{"note":"{}"}}"#, "y".repeat(300 + done % 7)).into();
            rows[at] = Stored { metadata: rows[at].metadata.clone(), values: text, ..next(&rows[at]) };
            batch.push(edit(&rows[at]));
            owing.push(rows[at].clone());
            done += 1;
        }
        stands(database, &batch);
        if database.log().unmoved > 64 << 20 {
            database.checkpoint(Checkpoint::Beside).unwrap();
        }
    }
    let speed = done as f64 / start.elapsed().as_secs_f64();
    stands(database, &settles(&owing));
    speed
}

#[test]
#[ignore = "a measurement, not a proof"]
fn updates_a_second() {
    for (indexes, sql) in [
        ("both partial indexes", ""),
        ("no partial index", "DROP INDEX transcript_owed_index; DROP INDEX transcript_owed_archive"),
    ] {
        let folder = tempfile::tempdir_in(std::env::current_dir().unwrap().join("target")).unwrap();
        let database = SqliteDatabase::open(&folder.path().join("main.db")).unwrap();
        database.writer.lock().connection().execute_batch(sql).unwrap();
        let mut rows = filled(&database);
        for size in [1, 16, 64] {
            let alone = edits(&database, &mut rows, size, false);
            stands(&database, &settles(&rows));
            let settled = edits(&database, &mut rows, size, true);
            println!("{indexes}, {size:>2} a commit: {alone:>8.0} edits/s, {settled:>8.0} edits/s with both settles");
        }
        database.checkpoint(Checkpoint::Empty).unwrap();
        let start = Instant::now();
        for at in 0..20_000 {
            let row = &rows[at * 7_919 % rows.len()];
            assert!(database.load(ORG, &row.tid).unwrap().is_some());
        }
        println!("{indexes}: load {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / 20_000.0);
    }
}
