//! Reads of configuration, tokens, jobs and of the store's identity, and the checks of the whole file.
use crate::domain::identity::FolderId;
use crate::stores::database::rows::{Identity, Job, ObjectKind, PastJob, StoredObject, StoredToken};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

/// All configuration objects, companies first, by number.
pub fn objects(connection: &Connection) -> Result<Vec<StoredObject>> {
    let mut statement = connection.prepare_cached("SELECT kind, id, parent, name, body FROM object")?;
    let mut objects = statement
        .query_map([], |row| {
            Ok(StoredObject {
                kind: kind(row.get_ref(0)?.as_str()?)?,
                id: row.get(1)?,
                parent: row.get(2)?,
                name: row.get(3)?,
                body: row.get(4)?,
            })
        })?
        .collect::<Result<Vec<_>>>()?;
    objects.sort_by_key(|object| (object.kind, object.id));
    Ok(objects)
}

/// All tokens, by id.
pub fn tokens(connection: &Connection) -> Result<Vec<StoredToken>> {
    connection
        .prepare_cached("SELECT id, digest, body FROM token ORDER BY id")?
        .query_map([], |row| Ok(StoredToken { id: row.get(0)?, digest: row.get(1)?, body: row.get(2)? }))?
        .collect()
}

/// All jobs, by id.
pub fn jobs(connection: &Connection) -> Result<Vec<Job>> {
    connection
        .prepare_cached("SELECT id, kind, body FROM job ORDER BY id")?
        .query_map([], |row| Ok(Job { id: row.get(0)?, kind: row.get(1)?, body: row.get(2)? }))?
        .collect()
}

/// Jobs that have ended, the newest first.
pub fn past_jobs(connection: &Connection) -> Result<Vec<PastJob>> {
    connection
        .prepare_cached("SELECT id, kind, finished, body FROM past_job ORDER BY finished DESC, id DESC")?
        .query_map([], past)?
        .collect()
}

/// One job that has ended.
pub fn past_job(connection: &Connection, id: &str) -> Result<Option<PastJob>> {
    connection
        .prepare_cached("SELECT id, kind, finished, body FROM past_job WHERE id = ?1")?
        .query_row([id], past)
        .optional()
}

fn past(row: &Row<'_>) -> Result<PastJob> {
    Ok(PastJob { id: row.get(0)?, kind: row.get(1)?, finished: row.get(2)?, body: row.get(3)? })
}

/// All names seen without being configured.
pub fn seen(connection: &Connection) -> Result<Vec<(FolderId, String)>> {
    connection
        .prepare_cached("SELECT folder, name FROM seen")?
        .query_map([], |row| Ok((FolderId(row.get(0)?), row.get(1)?)))?
        .collect()
}

/// Who the store is.
pub fn identity(connection: &Connection) -> Result<Identity> {
    connection
        .prepare_cached(
            "SELECT epoch, secret, commits, last_object, index_batch,
                    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'transcript'), 0)
             FROM state WHERE id = 1",
        )?
        .query_row([], |row| {
            Ok(Identity {
                epoch: row.get(0)?,
                secret: row.get(1)?,
                commit: row.get(2)?,
                last_object: row.get(3)?,
                index_batch: row.get(4)?,
                last_key: row.get(5)?,
            })
        })
}

/// What is wrong with the file: damaged pages, indexes that disagree, broken references, lost copies of metadata.
pub fn check(connection: &Connection) -> Result<Vec<String>> {
    let mut wrong = integrity(connection)?;
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for table in statement.query_map([], |row| row.get::<_, String>(0))? {
        wrong.push(format!("a row of table {} refers to one that is not there", table?));
    }
    let mut statement = connection.prepare(include_str!("sql/nowhere.sql"))?;
    for key in statement.query_map([], |row| row.get::<_, u32>(0))? {
        wrong.push(format!("transcript {} has no copy of its metadata, though the archive has not settled it", key?));
    }
    Ok(wrong)
}

/// What is wrong with pages and indexes.
pub fn integrity(connection: &Connection) -> Result<Vec<String>> {
    lines(connection, "PRAGMA integrity_check")
}

/// The same in less time: indexes are not compared with their tables.
pub fn quick(connection: &Connection) -> Result<Vec<String>> {
    lines(connection, "PRAGMA quick_check(1)")
}

fn lines(connection: &Connection, pragma: &str) -> Result<Vec<String>> {
    let mut wrong: Vec<String> = Vec::new();
    let mut statement = connection.prepare(pragma)?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        wrong.push(line?);
    }
    wrong.retain(|line| line != "ok");
    Ok(wrong)
}

/// How a kind is spelled in its column.
pub fn kind_text(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Company => "company",
        ObjectKind::Org => "org",
        ObjectKind::Folder => "folder",
    }
}

fn kind(text: &str) -> Result<ObjectKind> {
    match text {
        "company" => Ok(ObjectKind::Company),
        "org" => Ok(ObjectKind::Org),
        "folder" => Ok(ObjectKind::Folder),
        _ => {
            let why = format!("{text:?} is no kind of configuration object");
            Err(rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into()))
        }
    }
}
