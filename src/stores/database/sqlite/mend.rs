//! A damaged file: what can be mended in place, and what can be read out of one that cannot.
//!
//! *Decision:* everything beyond the check works on a copy; the damaged file is kept under another name. The head of
//! the file holds constants of ours, so a damaged head is written anew and the check decides whether that was all.
use super::administration::integrity;
use super::fault::{During, fault};
use super::log_check;
use super::open;
use crate::domain::identity::{Key, OrgId, Revision, Tid};
use crate::stores::error::{Kind, Result, Store, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row as SqlRow, params_from_iter};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a page of our files.
const PAGE: u64 = 4096;

/// How a file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is wrong with its structure.
    Sound,
    /// It was damaged and is sound now; what was done, and whether anything may be lost, in words.
    Mended(String),
    /// It cannot be used; why.
    Broken(String),
}

/// What is left of a transcript's row in a damaged file.
#[derive(Clone, Debug, PartialEq)]
pub struct Remnant {
    /// Its key.
    pub key: Key,
    /// Its organisation.
    pub org: OrgId,
    /// Its id.
    pub tid: Tid,
    /// Its revision.
    pub revision: Revision,
    /// That of its body.
    pub words_revision: Revision,
    /// Microseconds.
    pub last_modified: i64,
    /// Microseconds.
    pub ingested: i64,
    /// Its metadata, where the archive had not got it.
    pub unarchived: Option<String>,
}

/// What was carried over from a damaged file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Salvaged {
    /// Rows of transcripts that could be read.
    pub rows: Vec<Remnant>,
    /// Tokens carried over.
    pub tokens: usize,
    /// Whether tombstones are known by the old secret.
    pub secret: bool,
    /// Where the damaged file is kept.
    pub kept: PathBuf,
}

/// Checks the file and its log and mends what can be mended. Of a damaged log what stands before the damage is kept:
/// the archive has most of what came behind it.
///
/// # Errors
/// When files cannot be read or written; damage is an answer.
pub fn examine(path: &Path) -> Result<Standing> {
    let Some(damage) = log_check::look(path)? else { return examine_file(path) };
    let words = damage.words(path);
    let kept = log_check::cut(path, damage)?;
    let words = format!(
        "{words}. What stands before the damage was kept, the damaged log is {}; changes behind it are lost that the \
         archive did not have yet",
        kept.display()
    );
    Ok(match examine_file(path)? {
        Standing::Sound => Standing::Mended(words),
        Standing::Mended(more) => Standing::Mended(format!("{words}; {more}")),
        Standing::Broken(more) => Standing::Broken(format!("{words}; {more}")),
    })
}

fn examine_file(path: &Path) -> Result<Standing> {
    let why = match check(path) {
        Ok(lines) if lines.is_empty() => return Ok(Standing::Sound),
        Ok(lines) => lines.join("; "),
        Err(error) if error.kind == Kind::Corrupt => crate::base::causes::chain(&error),
        Err(error) => return Err(error),
    };
    let copy = copy_of(path)?;
    let sound = |path: &Path| check(path).is_ok_and(|lines| lines.is_empty()) && has_identity(path);
    // Indexes follow from tables: a damaged one is made again.
    let mended = sound(&copy) || (reindex(&copy).is_ok() && sound(&copy));
    if !mended {
        return Ok(Standing::Broken(why));
    }
    let kept = keep(path)?;
    rename(&copy, path)?;
    remove_beside(&copy)?;
    Ok(Standing::Mended(format!("{why}. Mended without loss; the damaged file is kept as {}", kept.display())))
}

/// Puts a new file in place of a broken one and carries over what can be read: tokens, jobs, tombstones, configuration.
/// The new file has an epoch of its own.
///
/// # Errors
/// When files cannot be read or written.
pub fn replace(path: &Path) -> Result<Salvaged> {
    let copy = if path.exists() { Some(copy_of(path)?) } else { None };
    let kept = if path.exists() { keep(path)? } else { PathBuf::new() };
    let new = open::create(path)?;
    let mut salvaged = Salvaged { kept, ..Salvaged::default() };
    if let Some(old) = copy.as_deref().and_then(|copy| bare(copy).ok()) {
        salvaged.secret = carry_secret(&old, &new).is_ok_and(|carried| carried);
        for table in ["object", "seen", "job", "past_job", "tombstone", "idempotency"] {
            carry(&old, &new, table).map_err(|error| fault(During::Write, "carrying over a table", error))?;
        }
        salvaged.tokens =
            carry(&old, &new, "token").map_err(|error| fault(During::Write, "carrying over the tokens", error))?;
        salvaged.rows = remnants(&old);
        let greatest = salvaged.rows.iter().map(|row| row.key.0).max().unwrap_or(0);
        new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('transcript', ?1)", [greatest])
            .map_err(|error| fault(During::Write, "carrying over the greatest key", error))?;
    }
    if let Some(copy) = copy {
        remove_beside(&copy)?;
        fs::remove_file(&copy).map_err(|error| StoreError::io(Store::Database, "removing a copy", error))?;
    }
    Ok(salvaged)
}

/// Removes the damaged files that were kept beside the file, and copies that a repair broke off left; their names.
///
/// # Errors
/// When they cannot be removed.
pub fn forget_kept(path: &Path) -> Result<Vec<String>> {
    let failed = |error| StoreError::io(Store::Database, "removing damaged files that were kept", error);
    let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let endings = [".damaged-", ".mending", ".restoring"].map(|ending| format!("{own}{ending}"));
    let mut removed = Vec::new();
    for entry in fs::read_dir(path.parent().unwrap_or(Path::new("."))).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.starts_with(ending)) {
            fs::remove_file(entry.path()).map_err(failed)?;
            removed.push(name);
        }
    }
    removed.sort();
    Ok(removed)
}

/// Gives the file a new epoch: marks made before are not known any more, an index made before is not its own.
///
/// # Errors
/// When it cannot be written.
pub fn renew_epoch(path: &Path) -> Result<()> {
    let connection = open::create(path)?;
    connection
        .execute("UPDATE state SET epoch = ?1, index_batch = 0 WHERE id = 1", [open::new_epoch()])
        .map_err(|error| fault(During::Write, "renewing the epoch", error))?;
    Ok(())
}

/// What is wrong with the structure of the file.
///
/// # Errors
/// `Corrupt` when it cannot even be opened.
pub fn check(path: &Path) -> Result<Vec<String>> {
    let connection = open::writer(path)?;
    match integrity(&connection) {
        Ok(lines) => Ok(lines),
        Err(error) => Err(fault(During::Read, "checking the file", error)),
    }
}

fn has_identity(path: &Path) -> bool {
    bare(path).is_ok_and(|connection| {
        connection.query_row("SELECT count(*) FROM state WHERE id = 1", [], |row| row.get(0)) == Ok(1_i64)
    })
}

fn reindex(path: &Path) -> rusqlite::Result<()> {
    bare(path)?.execute_batch("REINDEX")
}

/// A connection without checks or settings of ours.
fn bare(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A copy with its log, its head as our files have it.
fn copy_of(path: &Path) -> Result<PathBuf> {
    let copy = beside(path, ".mending");
    let failed = |error| StoreError::io(Store::Database, format!("copying {}", path.display()), error);
    remove_beside(&copy)?;
    let mut bytes = fs::read(path).map_err(failed)?;
    write_head(&mut bytes);
    fs::write(&copy, bytes).map_err(failed)?;
    let log = beside(path, "-wal");
    if log.exists() {
        fs::copy(&log, beside(&copy, "-wal")).map_err(failed)?;
    }
    Ok(copy)
}

/// Writes the constants of a head, and the number of pages there are.
fn write_head(bytes: &mut [u8]) {
    let pages = u32::try_from(bytes.len() as u64 / PAGE).unwrap_or(u32::MAX);
    let counter: [u8; 4] = bytes.get(24..28).and_then(|four| four.try_into().ok()).unwrap_or_default();
    let [page_high, page_low] = 4096_u16.to_be_bytes();
    let fields: [(usize, &[u8]); 9] = [
        (0, b"SQLite format 3\0"),
        // Page size, write-ahead log twice, nothing reserved, the fractions every file has.
        (16, &[page_high, page_low, 2, 2, 0, 64, 32, 32]),
        (28, &pages.to_be_bytes()),
        (44, &4_u32.to_be_bytes()),
        (52, &[0; 4]),
        (56, &1_u32.to_be_bytes()),
        (60, &open::schema().to_be_bytes()),
        (68, &open::APPLICATION.to_be_bytes()),
        (92, &counter),
    ];
    for (at, field) in fields {
        if let Some(place) = bytes.get_mut(at..at + field.len()) {
            place.copy_from_slice(field);
        }
    }
}

/// Moves the file and its log out of the way.
fn keep(path: &Path) -> Result<PathBuf> {
    let kept = (1..).map(|n| beside(path, &format!(".damaged-{n}"))).find(|kept| !kept.exists()).unwrap_or_default();
    rename(path, &kept)?;
    for ending in ["-wal", "-shm"] {
        let log = beside(path, ending);
        if log.exists() {
            rename(&log, &beside(&kept, ending))?;
        }
    }
    Ok(kept)
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| StoreError::io(Store::Database, format!("renaming {}", from.display()), error))
}

fn remove_beside(path: &Path) -> Result<()> {
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io(Store::Database, "removing a log", error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Copies what can be read of a table; how many rows.
fn carry(old: &Connection, new: &Connection, table: &str) -> rusqlite::Result<usize> {
    let Ok(mut statement) = old.prepare(&format!("SELECT * FROM {table}")) else { return Ok(0) };
    let columns = statement.column_count();
    let places = vec!["?"; columns].join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} VALUES ({places})");
    let Ok(mut rows) = statement.query([]) else { return Ok(0) };
    let mut carried = 0;
    // The first page that cannot be read ends it.
    while let Ok(Some(row)) = rows.next() {
        let values: rusqlite::Result<Vec<Value>> = (0..columns).map(|at| row.get(at)).collect();
        if let Ok(values) = values {
            // What the table's rules refuse was damaged.
            carried += new.execute(&insert, params_from_iter(values)).unwrap_or(0);
        }
    }
    Ok(carried)
}

/// Tombstones are known by the secret of the file they stand in.
fn carry_secret(old: &Connection, new: &Connection) -> rusqlite::Result<bool> {
    let secret: Vec<u8> = old.query_row("SELECT secret FROM state WHERE id = 1", [], |row| row.get(0))?;
    let objects: u32 = old.query_row("SELECT last_object FROM state WHERE id = 1", [], |row| row.get(0)).unwrap_or(0);
    if secret.len() != 32 {
        return Ok(false);
    }
    new.execute("UPDATE state SET secret = ?1, last_object = ?2 WHERE id = 1", rusqlite::params![secret, objects])?;
    Ok(true)
}

/// Rows from both ends up to what cannot be read.
fn remnants(old: &Connection) -> Vec<Remnant> {
    let mut rows = Vec::new();
    let sound = walk(old, "ASC", i64::MIN, &mut rows);
    if !sound {
        let last = rows.last().map_or(i64::MIN, |row: &Remnant| i64::from(row.key.0));
        walk(old, "DESC", last, &mut rows);
    }
    lay_over(old, &mut rows);
    rows
}

/// Lays edits that had not come into their rows over them, as far as they can be read ([`super::pending`]).
fn lay_over(old: &Connection, rows: &mut [Remnant]) {
    let sql = "SELECT key, revision, last_modified, metadata FROM pending ORDER BY seq";
    let Ok(mut statement) = old.prepare(sql) else { return };
    let Ok(mut edits) = statement.query([]) else { return };
    let places: HashMap<u32, usize> = rows.iter().enumerate().map(|(at, row)| (row.key.0, at)).collect();
    while let Ok(Some(edit)) = edits.next() {
        let read = || -> rusqlite::Result<(u32, u64, i64, String)> {
            Ok((edit.get(0)?, edit.get(1)?, edit.get(2)?, edit.get(3)?))
        };
        let Ok((key, revision, last_modified, metadata)) = read() else { continue };
        let Some(row) = places.get(&key).and_then(|at| rows.get_mut(*at)) else { continue };
        if revision > row.revision.0 {
            row.revision = Revision(revision);
            row.last_modified = last_modified;
            row.unarchived = Some(metadata);
        }
    }
}

fn walk(old: &Connection, order: &str, after: i64, found: &mut Vec<Remnant>) -> bool {
    let sql = format!(
        "SELECT key, org, tid, revision, words_revision, last_modified, ingested, unarchived
         FROM transcript NOT INDEXED WHERE key > ?1 ORDER BY key {order}"
    );
    let Ok(mut statement) = old.prepare(&sql) else { return false };
    let Ok(mut rows) = statement.query([after]) else { return false };
    loop {
        match rows.next() {
            Ok(Some(row)) => found.extend(remnant(row)),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn remnant(row: &SqlRow<'_>) -> Option<Remnant> {
    Some(Remnant {
        key: Key(row.get(0).ok()?),
        org: OrgId(row.get(1).ok()?),
        tid: Tid::parse(row.get_ref(2).ok()?.as_str().ok()?).ok()?,
        revision: Revision(row.get(3).ok()?),
        words_revision: Revision(row.get(4).ok()?),
        last_modified: row.get(5).ok()?,
        ingested: row.get(6).ok()?,
        unarchived: row.get(7).ok()?,
    })
}
