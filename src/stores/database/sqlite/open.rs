//! Opening the file: checks, settings of a connection, migrations.
use super::fault::{During, fault, kind};
use super::log_check;
use crate::base::digest;
use crate::stores::error::{Kind, Result, Store, StoreError};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// The first SQLite without the write-ahead-log reset race that could damage a file.
const SQLITE_LEAST: i32 = 3_051_003;

/// `PRAGMA application_id` of our files: the letters `LNOT`.
pub const APPLICATION: i32 = 0x4C4E_4F54;

/// Each step brings a file from the schema version that is its position to the next.
const MIGRATIONS: [&str; 5] = [
    include_str!("sql/schema_1.sql"),
    include_str!("sql/schema_2.sql"),
    include_str!("sql/schema_3.sql"),
    include_str!("sql/schema_4.sql"),
    include_str!("sql/schema_5.sql"),
];

/// The schema of today's files.
pub fn schema() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Longest wait for a lock of the file. Within the process writers queue in memory, so this is about strangers.
const BUSY: Duration = Duration::from_secs(5);

/// Statements a connection keeps compiled.
const STATEMENTS: usize = 48;

/// Opens the file for writing; makes it, or brings it to the present schema.
///
/// # Errors
/// `Corrupt` when the file is damaged, of another program, or made by a newer version; otherwise as [`fault`] says.
pub fn create(path: &Path) -> Result<Connection> {
    let version = rusqlite::version_number();
    if version < SQLITE_LEAST {
        let why = format!("starting SQLite {}: 3.51.3 is the oldest that does not damage files", rusqlite::version());
        return Err(StoreError::plain(Store::Database, Kind::Bug, why));
    }
    touch(path)?;
    if let Some(damage) = log_check::look(path)? {
        let why = format!("opening {}: {}", path.display(), damage.words(path));
        return Err(StoreError::plain(Store::Database, Kind::Corrupt, why));
    }
    let mut connection = writer(path)?;
    migrate(path, &mut connection)?;
    flush_entry(path)?;
    Ok(connection)
}

/// A connection that may write (the writer, and the one that moves the log).
pub fn writer(path: &Path) -> Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, include_str!("sql/writer.sql"))?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map_err(|error| refused(path, During::Write, error))?;
    if mode != "wal" {
        let why = format!("opening {}: its file system cannot hold a write-ahead log", path.display());
        return Err(StoreError::plain(Store::Database, Kind::Unavailable, why));
    }
    Ok(connection)
}

/// A connection that only reads.
pub fn reader(path: &Path) -> Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, include_str!("sql/reader.sql"))
}

fn connect(path: &Path, access: OpenFlags, settings: &str) -> Result<Connection> {
    let attempt = || {
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(settings)?;
        Ok(connection)
    };
    attempt().map_err(|error| refused(path, During::Write, error))
}

/// Makes an empty file that only its owner may read, if there is none: SQLite gives its log the same rights. An existing
/// file is not opened here: closing it would drop the locks of other connections.
fn touch(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(Store::Database, format!("making {}", path.display()), error)),
    }
}

/// Flushes the directory, so that the file's name survives a power cut. Done at every opening: the run that made the
/// file may have ended before.
fn flush_entry(path: &Path) -> Result<()> {
    let Some(folder) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::new(Store::Database, Kind::Fatal, format!("flushing {}", folder.display()), error))
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<()> {
    let (application, version) = standing(connection).map_err(|error| refused(path, During::Read, error))?;
    let foreign = application != APPLICATION && (application != 0 || version != 0 || holds_tables(path, connection)?);
    if foreign {
        let why = format!("opening {}: it is a SQLite file of another program", path.display());
        return Err(StoreError::plain(Store::Database, Kind::Corrupt, why));
    }
    let Some(missing) = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..)) else {
        let why = format!(
            "opening {}: it has schema {version}, made by a newer version of this program, which knows up to {}",
            path.display(),
            MIGRATIONS.len()
        );
        return Err(StoreError::plain(Store::Database, Kind::Corrupt, why));
    };
    if !missing.is_empty() {
        build(connection, missing).map_err(|error| refused(path, During::Write, error))?;
    }
    Ok(())
}

/// Application and schema version of the file.
fn standing(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get(0));
    Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?))
}

fn holds_tables(path: &Path, connection: &Connection) -> Result<bool> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
        .map_err(|error| refused(path, During::Read, error))
}

/// Runs the missing steps and gives the store its identity, in one transaction.
fn build(connection: &mut Connection, missing: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.execute(
        "INSERT OR IGNORE INTO state (id, epoch, secret, commits, last_object) VALUES (1, ?1, ?2, 0, 0)",
        params![new_epoch(), digest::random()],
    )?;
    transaction.commit()
}

/// A file as a version of this program made it that knew so many steps.
#[cfg(test)]
pub fn former(path: &Path, steps: usize) -> Connection {
    let mut connection = Connection::open(path).unwrap();
    build(&mut connection, &MIGRATIONS[..steps]).unwrap();
    connection.pragma_update(None, "user_version", steps).unwrap();
    connection
}

/// A random number that fits a signed column.
pub fn new_epoch() -> u64 {
    let bytes = digest::random();
    bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)) & (u64::MAX >> 1)
}

/// Why the file cannot be served; damage is said in words.
fn refused(path: &Path, during: During, error: rusqlite::Error) -> StoreError {
    let file = path.display();
    let operation = match kind(during, &error) {
        Kind::Corrupt => format!("opening {file}: the file is damaged or not a SQLite database"),
        _ => format!("opening {file}"),
    };
    fault(during, &operation, error)
}
