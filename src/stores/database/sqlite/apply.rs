//! What each write does to the file. A write that finds its row elsewhere changes nothing and says so.
use super::administration::kind_text;
use super::journal::{Draft, Found};
use crate::base::digest;
use crate::domain::identity::{Key, OrgId, Revision, Tid};
use crate::stores::database::Sink;
use crate::stores::database::rows::{Job, ObjectKind, PAST_JOBS, PastJob, Settled, StoredObject};
use crate::stores::database::writes::{Outcome, Stored, Write};
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::sync::Arc;

/// What the writes of one commit share.
pub struct Batch<'a> {
    /// The commit's number.
    pub number: u64,
    /// The store's secret.
    pub secret: &'a [u8; 32],
    /// Edits that are not in their rows yet.
    pub journal: Draft<'a>,
}

/// Applies one write inside a transaction.
pub fn apply(connection: &Connection, batch: &mut Batch<'_>, write: &Write) -> Result<Outcome> {
    match write {
        Write::Create(stored) => create(connection, batch, stored),
        Write::Edit(stored, expected) => edit(connection, batch, stored, *expected),
        Write::Replace(stored, expected) => replace(connection, batch, stored, *expected),
        Write::Erase { key, org, tid, expected, job } => {
            batch.journal.fold(connection, *key)?;
            let changed = run(connection, include_str!("sql/erase.sql"), params![key.0, expected.0])?;
            if changed == 0 {
                return stale(connection, *key);
            }
            let grave = tombstone(batch.secret, *org, tid);
            run(connection, include_str!("sql/bury.sql"), params![grave, expected.0])?;
            job.iter().try_for_each(|job| put_job(connection, job))?;
            Ok(Outcome::Done)
        }
        Write::Reproject { key, expected, schema_version, builtins, values, whole } => {
            batch.journal.fold(connection, *key)?;
            let given = params![key.0, expected.0, schema_version, builtins, values, whole];
            if run(connection, include_str!("sql/reproject.sql"), given)? > 0 {
                return Ok(Outcome::Done);
            }
            // The row stands there: then it has been seen through a newer schema already.
            let standing = revision(connection, *key)?;
            Ok(if standing == Some(*expected) { Outcome::Done } else { Outcome::Stale(standing) })
        }
        Write::Settle { .. } => settle(connection, batch, write),
        Write::Configure { put, delete, last_object, jobs } => {
            for (kind, id) in delete {
                run(connection, "DELETE FROM object WHERE kind = ?1 AND id = ?2", params![kind_text(*kind), id])?;
                if *kind == ObjectKind::Folder {
                    run(connection, "DELETE FROM seen WHERE folder = ?1", [id])?;
                }
            }
            put.iter().try_for_each(|object| put_object(connection, object))?;
            let raise = "UPDATE state SET last_object = max(last_object, ?1) WHERE id = 1";
            run(connection, raise, [last_object])?;
            jobs.iter().try_for_each(|job| put_job(connection, job))?;
            Ok(Outcome::Done)
        }
        Write::PutToken(token) => {
            done(connection, include_str!("sql/put_token.sql"), params![token.id, token.digest, token.body])
        }
        Write::DeleteToken(id) => done(connection, "DELETE FROM token WHERE id = ?1", [id]),
        Write::PutJob(job) => put_job(connection, job).map(|()| Outcome::Done),
        Write::IndexBatch(batch) => {
            done(connection, "UPDATE state SET index_batch = max(index_batch, ?1) WHERE id = 1", [batch])
        }
        Write::Seen(folder, names) => {
            let note = "INSERT OR IGNORE INTO seen (folder, name) VALUES (?1, ?2)";
            names.iter().try_for_each(|name| run(connection, note, params![folder.0, name]).map(drop))?;
            Ok(Outcome::Done)
        }
        Write::EndJob(past) => end_job(connection, past),
        Write::ForgetJob(id) => done(connection, "DELETE FROM past_job WHERE id = ?1", [id]),
        Write::DeleteJob(id) => done(connection, "DELETE FROM job WHERE id = ?1", [id]),
    }
}

/// Whether the write brings an idempotency key.
pub fn remembers(write: &Write) -> bool {
    match write {
        Write::Create(stored) | Write::Edit(stored, _) | Write::Replace(stored, _) => stored.idempotency.is_some(),
        _ => false,
    }
}

/// The name of an erased id: not to be told from others without the store's secret.
pub fn tombstone(secret: &[u8; 32], org: OrgId, tid: &Tid) -> [u8; 32] {
    let mut name = Vec::with_capacity(4 + tid.as_str().len());
    name.extend_from_slice(&org.0.to_be_bytes());
    name.extend_from_slice(tid.as_str().as_bytes());
    digest::keyed(secret, &name)
}

fn create(connection: &Connection, batch: &Batch<'_>, new: &Stored) -> Result<Outcome> {
    let given = params![
        new.key.0,
        new.org.0,
        new.folder.0,
        new.tid.as_str(),
        new.revision.0,
        new.words_revision.0,
        new.schema_version,
        new.last_modified,
        new.ingested,
        new.facts,
        new.builtins,
        new.values,
        new.metadata,
    ];
    if run(connection, include_str!("sql/create.sql"), given)? > 0 {
        return remember(connection, batch, new);
    }
    let standing = connection
        .prepare_cached("SELECT key, revision FROM transcript WHERE org = ?1 AND tid = ?2")?
        .query_row(params![new.org.0, new.tid.as_str()], |row| Ok((Key(row.get(0)?), Revision(row.get(1)?))))
        .optional()?;
    Ok(Outcome::Stale(standing.map(|(key, revision)| batch.journal.revision(key).unwrap_or(revision))))
}

fn edit(connection: &Connection, batch: &mut Batch<'_>, new: &Arc<Stored>, expected: Revision) -> Result<Outcome> {
    match batch.journal.edit(connection, new, expected)? {
        Found::Appended => return remember(connection, batch, new),
        Found::Elsewhere(at) => return Ok(Outcome::Stale(at)),
        Found::OtherVersion => {}
    }
    let given = params![
        new.key.0,
        expected.0,
        new.revision.0,
        new.schema_version,
        new.last_modified,
        new.builtins,
        new.values,
        new.metadata,
    ];
    let changed = run(connection, include_str!("sql/edit_version.sql"), given)?;
    if changed == 0 { stale(connection, new.key) } else { remember(connection, batch, new) }
}

fn replace(connection: &Connection, batch: &mut Batch<'_>, new: &Stored, expected: Revision) -> Result<Outcome> {
    batch.journal.fold(connection, new.key)?;
    let given = params![
        new.key.0,
        expected.0,
        new.revision.0,
        new.folder.0,
        new.words_revision.0,
        new.schema_version,
        new.last_modified,
        new.facts,
        new.builtins,
        new.values,
        new.metadata,
    ];
    let changed = run(connection, include_str!("sql/replace.sql"), given)?;
    if changed == 0 { stale(connection, new.key) } else { remember(connection, batch, new) }
}

fn settle(connection: &Connection, batch: &mut Batch<'_>, write: &Write) -> Result<Outcome> {
    let Write::Settle { sink, key, revision: pushed, schema_version, words_revision } = write else {
        return Ok(Outcome::Done);
    };
    let settled = Settled { revision: pushed.0, schema_version: *schema_version, words_revision: words_revision.0 };
    if let Some(outcome) = batch.journal.settle(connection, *key, *sink, settled)? {
        return Ok(outcome);
    }
    let changed = match sink {
        Sink::Index => {
            let given = params![key.0, pushed.0, schema_version, words_revision.0];
            run(connection, include_str!("sql/settle_index.sql"), given)?
        }
        Sink::Archive => {
            run(connection, include_str!("sql/settle_archive.sql"), params![key.0, pushed.0, words_revision.0])?
        }
    };
    if changed > 0 {
        return Ok(Outcome::Done);
    }
    match revision(connection, *key)? {
        Some(standing) if *pushed <= standing => Ok(Outcome::Done),
        elsewhere => Ok(Outcome::Stale(elsewhere)),
    }
}

fn remember(connection: &Connection, batch: &Batch<'_>, new: &Stored) -> Result<Outcome> {
    if let Some(key) = &new.idempotency {
        let given = params![key.digest, key.body, new.revision.0, batch.number, key.until];
        run(connection, include_str!("sql/remember.sql"), given)?;
    }
    Ok(Outcome::Done)
}

fn put_object(connection: &Connection, object: &StoredObject) -> Result<()> {
    let given = params![kind_text(object.kind), object.id, object.parent, object.name, object.body];
    run(connection, include_str!("sql/put_object.sql"), given).map(drop)
}

fn put_job(connection: &Connection, job: &Job) -> Result<()> {
    run(connection, include_str!("sql/put_job.sql"), params![job.id, job.kind, job.body]).map(drop)
}

fn end_job(connection: &Connection, past: &PastJob) -> Result<Outcome> {
    run(connection, "DELETE FROM job WHERE id = ?1", [&past.id])?;
    run(connection, include_str!("sql/end_job.sql"), params![past.id, past.kind, past.finished, past.body])?;
    done(connection, include_str!("sql/trim_jobs.sql"), params![past.kind, PAST_JOBS])
}

fn stale(connection: &Connection, key: Key) -> Result<Outcome> {
    revision(connection, key).map(Outcome::Stale)
}

fn revision(connection: &Connection, key: Key) -> Result<Option<Revision>> {
    connection
        .prepare_cached("SELECT revision FROM transcript WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0).map(Revision))
        .optional()
}

fn done(connection: &Connection, sql: &str, given: impl rusqlite::Params) -> Result<Outcome> {
    run(connection, sql, given).map(|_| Outcome::Done)
}

/// Runs a cached statement; how many rows it changed.
fn run(connection: &Connection, sql: &str, given: impl rusqlite::Params) -> Result<usize> {
    connection.prepare_cached(sql)?.execute(given)
}
