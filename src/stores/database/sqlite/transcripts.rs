//! Reads of transcripts and of what the sinks owe, each on one connection. Statements stand in `sql/`.
use crate::domain::identity::{FolderId, Key, OrgId, Revision, Tid};
use crate::stores::database::Sink;
use crate::stores::database::rows::{OwedRow, Row, Settled, Summary};
use crate::stores::database::writes::Remembered;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Result, params};

/// The row of an id.
pub fn load(connection: &Connection, org: OrgId, tid: &Tid) -> Result<Option<Row>> {
    let mut statement = connection.prepare_cached(include_str!("sql/load.sql"))?;
    // The name is known and valid: it is shared, not read again.
    statement.query_row(params![org.0, tid.as_str()], |row| read(row, tid.clone())).optional()
}

/// Rows of keys, all of one moment. Statements that begin and end it are kept: to compile them takes as long as reading
/// two rows. Where a read fails the moment is left open, and the connection is closed.
pub fn load_some(connection: &Connection, keys: &[Key], bytes: usize) -> Result<Vec<Option<Row>>> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let mut rows = Vec::with_capacity(keys.len());
    let mut statement = connection.prepare_cached(include_str!("sql/load_key.sql"))?;
    let mut read = 0;
    for key in keys {
        let row = statement.query_row([key.0], read_named).optional()?;
        read += row.as_ref().map_or(0, Row::bytes);
        rows.push(row);
        if read > bytes {
            break;
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(rows)
}

/// Bytes of rows that one scan reads.
const SCAN_BYTES: usize = 32 << 20;

/// Rows in key order.
pub fn scan(connection: &Connection, org: Option<OrgId>, after: Option<Key>, limit: usize) -> Result<Vec<Row>> {
    match org {
        None => {
            let mut statement = connection.prepare_cached(include_str!("sql/scan.sql"))?;
            some(statement.query_map(params![beyond(after), limit], read_named)?)
        }
        Some(org) => {
            let mut statement = connection.prepare_cached(include_str!("sql/scan_org.sql"))?;
            some(statement.query_map(params![beyond(after), limit, org.0], read_named)?)
        }
    }
}

/// The first of them, while there is room.
fn some(rows: impl Iterator<Item = Result<Row>>) -> Result<Vec<Row>> {
    let (mut all, mut read) = (Vec::new(), 0);
    for row in rows {
        let row = row?;
        read += row.bytes();
        all.push(row);
        if read > SCAN_BYTES {
            break;
        }
    }
    Ok(all)
}

/// Keys of a folder's rows with another schema version. The versions that occur are few: each is one seek, and the
/// keys of each are already in order.
pub fn behind(
    connection: &Connection,
    folder: FolderId,
    version: u64,
    after: Option<Key>,
    limit: usize,
) -> Result<Vec<Key>> {
    let moment = connection.unchecked_transaction()?;
    let mut next = connection.prepare_cached(include_str!("sql/other_version.sql"))?;
    let mut of_version = connection.prepare_cached(include_str!("sql/behind.sql"))?;
    let mut keys = Vec::new();
    let mut last = -1_i64;
    while let Some(found) = next.query_row(params![folder.0, last], |row| row.get::<_, Option<i64>>(0))? {
        last = found;
        if u64::try_from(found).is_ok_and(|found| found == version) {
            continue;
        }
        let rows = of_version.query_map(params![folder.0, found, beyond(after), limit], |row| row.get(0).map(Key))?;
        for key in rows {
            keys.push(key?);
        }
    }
    drop((next, of_version));
    moment.finish()?;
    keys.sort_unstable();
    keys.truncate(limit);
    Ok(keys)
}

/// How many rows a folder has.
pub fn count(connection: &Connection, folder: FolderId, version: u64) -> Result<Summary> {
    connection
        .prepare_cached(include_str!("sql/count.sql"))?
        .query_row(params![folder.0, version], |row| Ok(Summary { transcripts: row.get(0)?, behind: row.get(1)? }))
}

/// The revision under a tombstone's digest.
pub fn tombstone(connection: &Connection, digest: &[u8; 32]) -> Result<Option<u64>> {
    connection
        .prepare_cached("SELECT revision FROM tombstone WHERE digest = ?1")?
        .query_row([digest], |row| row.get(0))
        .optional()
}

/// What was remembered and has not expired.
pub fn replayed(connection: &Connection, digest: &[u8; 32], now: i64) -> Result<Option<Remembered>> {
    connection
        .prepare_cached("SELECT body, revision, commit_number FROM idempotency WHERE digest = ?1 AND until > ?2")?
        .query_row(params![digest, now], |row| {
            Ok(Remembered { body: row.get(0)?, revision: Revision(row.get(1)?), commit: row.get(2)? })
        })
        .optional()
}

/// Rows a sink has not settled.
pub fn owed(connection: &Connection, sink: Sink, after: Option<Key>, limit: usize) -> Result<Vec<OwedRow>> {
    let sql = match sink {
        Sink::Index => include_str!("sql/owed_index.sql"),
        Sink::Archive => include_str!("sql/owed_archive.sql"),
    };
    connection
        .prepare_cached(sql)?
        .query_map(params![beyond(after), limit], |row| Ok(OwedRow { key: Key(row.get(0)?), org: OrgId(row.get(1)?) }))?
        .collect()
}

/// The bound a key must exceed.
fn beyond(after: Option<Key>) -> i64 {
    after.map_or(-1, |key| i64::from(key.0))
}

/// A row whose id is not known yet.
fn read_named(row: &rusqlite::Row<'_>) -> Result<Row> {
    let text = row.get_ref(3)?.as_str()?;
    match Tid::parse(text) {
        Ok(tid) => read(row, tid),
        Err(_) => {
            let why = "the stored transcript id breaks the rules of names";
            Err(rusqlite::Error::FromSqlConversionFailure(3, Type::Text, why.into()))
        }
    }
}

/// The columns in the order in which the statements name them.
fn read(row: &rusqlite::Row<'_>, tid: Tid) -> Result<Row> {
    Ok(Row {
        key: Key(row.get(0)?),
        org: OrgId(row.get(1)?),
        folder: FolderId(row.get(2)?),
        tid,
        revision: Revision(row.get(4)?),
        words_revision: Revision(row.get(5)?),
        schema_version: row.get(6)?,
        last_modified: row.get(7)?,
        ingested: row.get(8)?,
        indexed: Settled { revision: row.get(9)?, schema_version: row.get(10)?, words_revision: row.get(11)? },
        archived: Settled { revision: row.get(12)?, schema_version: 0, words_revision: row.get(13)? },
        facts: row.get(14)?,
        builtins: row.get(15)?,
        values: row.get(16)?,
        unarchived: row.get(17)?,
        whole: row.get(18)?,
    })
}
