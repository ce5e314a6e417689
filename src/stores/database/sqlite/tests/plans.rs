//! How SQLite runs our statements: no read sorts or walks a table, and an edit touches no index it need not.
use super::super::SqliteDatabase;
use super::place;
use rusqlite::Connection;
use std::collections::BTreeSet;

fn nulls(connection: &Connection, sql: &str) -> usize {
    connection.prepare(sql).unwrap().parameter_count()
}

/// Runs `EXPLAIN …` of a statement whose parameters are all NULL, and gives two columns of each line.
fn explain<T: rusqlite::types::FromSql>(connection: &Connection, how: &str, sql: &str, column: usize) -> Vec<T> {
    let given = vec![rusqlite::types::Null; nulls(connection, sql)];
    let mut statement = connection.prepare(&format!("{how} {sql}")).unwrap();
    let lines = statement.query_map(rusqlite::params_from_iter(given), |row| row.get(column)).unwrap();
    lines.map(|line| line.unwrap()).collect()
}

/// The tables and indexes a statement opens for writing.
fn written(connection: &Connection, sql: &str) -> BTreeSet<String> {
    let opcodes: Vec<String> = explain(connection, "EXPLAIN", sql, 1);
    let roots: Vec<i64> = explain(connection, "EXPLAIN", sql, 3);
    let opened = opcodes.iter().zip(roots).filter(|(opcode, _)| *opcode == "OpenWrite").map(|(_, root)| root);
    let name =
        |root| connection.query_row("SELECT name FROM sqlite_schema WHERE rootpage = ?1", [root], |row| row.get(0));
    opened.map(|root| name(root).unwrap()).collect()
}

#[test]
fn no_read_sorts_or_walks_the_table() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let writer = database.writer.lock();
    for sql in [
        include_str!("../sql/load.sql"),
        include_str!("../sql/load_key.sql"),
        include_str!("../sql/scan.sql"),
        include_str!("../sql/scan_org.sql"),
        include_str!("../sql/behind.sql"),
        include_str!("../sql/other_version.sql"),
        include_str!("../sql/count.sql"),
        include_str!("../sql/owed_index.sql"),
        include_str!("../sql/owed_archive.sql"),
    ] {
        for line in explain::<String>(writer.connection(), "EXPLAIN QUERY PLAN", sql, 3) {
            assert!(line.starts_with("SEARCH transcript USING"), "{line}: {sql}");
        }
    }
}

#[test]
fn an_edit_is_appended_and_its_row_brings_what_is_owed() {
    let (_folder, path) = place();
    let database = SqliteDatabase::open(&path).unwrap();
    let writer = database.writer.lock();
    let written = |sql: &str| written(writer.connection(), sql).into_iter().collect::<Vec<_>>();
    assert_eq!(written(include_str!("../sql/pend.sql")), ["pending"]);
    let fold = written(include_str!("../sql/fold.sql"));
    assert_eq!(fold, ["transcript", "transcript_owed_archive", "transcript_owed_index"]);
    assert_eq!(written(include_str!("../sql/settle_index.sql")), ["transcript", "transcript_owed_index"]);
    assert_eq!(written(include_str!("../sql/settle_archive.sql")), ["transcript", "transcript_owed_archive"]);
    let reproject = written(include_str!("../sql/reproject.sql"));
    assert_eq!(reproject, ["transcript", "transcript_owed_index", "transcript_projected"]);
}
