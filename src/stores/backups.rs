//! Backups as folders: each is whole and can be read without the others; what did not change since the one before is
//! a second name of the same file. A backup has its name only when it is complete, so one that broke off is never taken
//! for a whole one.
//!
//! ```text
//! TO_DIR/2026-01-31T02-00-00Z/backup.json     what it is; sums of the two below
//!                             files.ndjson    every file of the archive with its sum
//!                             main.db         the database
//!                             archive/…       as in a data folder
//!                             imports/…       rows of imports, as in a data folder; staged.ndjson lists them
//! ```
use super::archive::FrozenFile;
use super::error::{Kind, Result, Store, StoreError};
use crate::base::atomic_file;
use crate::base::digest::{hex, sha256_hex};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

/// What a backup says of itself.
pub const ABOUT: &str = "backup.json";
/// The list of the archive's files.
pub const FILES: &str = "files.ndjson";
/// The database.
pub const DATABASE: &str = "main.db";
/// The archive's folder.
pub const ARCHIVE: &str = "archive";
/// The folder of rows of imports.
pub const IMPORTS: &str = "imports";
/// The list of its files.
pub const STAGED: &str = "staged.ndjson";
/// How deep below the folder for backups they are looked for.
const DEPTH: u32 = 4;
/// How the name of one begins that is not complete.
const INCOMPLETE: &str = ".incomplete-";

/// What a backup is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Shape of the backup.
    pub format: u32,
    /// Its folder's name.
    pub name: String,
    /// RFC 3339: the moment it shows.
    pub made: String,
    /// The program's version.
    pub version: String,
    /// Transcripts.
    pub transcripts: u64,
    /// Files, the database not counted.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that were copied; the rest is shared with the backup before.
    pub copied: u64,
    /// Files that were damaged already when they were copied.
    pub damaged: Vec<String>,
    /// SHA-256 of the list of files, hex.
    pub files_sha256: String,
    /// SHA-256 of the database, hex.
    pub database_sha256: String,
    /// SHA-256 of the list of rows of imports, hex; empty when there were none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub staged_sha256: String,
}

/// A file of a backup's archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Within the archive, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// When it was written, nanoseconds since 1970 UTC.
    pub modified: u64,
    /// Hex.
    pub sha256: String,
}

/// All complete backups in a folder, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<About>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed("list", folder, error))? {
        let path = entry.map_err(|error| failed("list", folder, error))?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.join(ABOUT).is_file() {
            all.push(about(&path)?);
        }
    }
    all.sort_by(|a, b| a.made.cmp(&b.made));
    Ok(all)
}

/// All complete backups in a folder and in the folders below it, oldest first, each with where it lies; of one that
/// cannot be read its place alone.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn below(folder: &Path) -> Result<Vec<(PathBuf, Option<About>)>> {
    let mut all = Vec::new();
    gather(folder, DEPTH, &mut all)?;
    all.sort_by(|a, b| {
        (a.1.as_ref().map(|about| &about.made), &a.0).cmp(&(b.1.as_ref().map(|about| &about.made), &b.0))
    });
    Ok(all)
}

fn gather(folder: &Path, depth: u32, all: &mut Vec<(PathBuf, Option<About>)>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| failed("list", folder, error))? {
        let path = entry.map_err(|error| failed("list", folder, error))?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden || !path.is_dir() {
            continue;
        }
        if path.join(ABOUT).is_file() {
            let about = about(&path).ok();
            all.push((path, about));
        } else if depth > 0 {
            gather(&path, depth - 1, all)?;
        }
    }
    Ok(())
}

/// What the backup in `dir` says of itself.
///
/// # Errors
/// `Corrupt` when it cannot be read.
pub fn about(dir: &Path) -> Result<About> {
    let path = dir.join(ABOUT);
    let text = fs::read_to_string(&path).map_err(|error| failed("read", &path, error))?;
    serde_json::from_str(&text).map_err(|error| corrupt(&path, error.to_string()))
}

/// The files of the backup in `dir`.
///
/// # Errors
/// `Corrupt` when the list does not have its sum, or names what lies outside.
pub fn entries(dir: &Path, about: &About) -> Result<Vec<Entry>> {
    listed(&dir.join(FILES), &about.files_sha256)
}

/// The rows of imports in the backup in `dir`.
///
/// # Errors
/// As [`entries`].
pub fn staged(dir: &Path, about: &About) -> Result<Vec<Entry>> {
    if about.staged_sha256.is_empty() { Ok(Vec::new()) } else { listed(&dir.join(STAGED), &about.staged_sha256) }
}

fn listed(path: &Path, sum: &str) -> Result<Vec<Entry>> {
    let text = fs::read_to_string(path).map_err(|error| failed("read", path, error))?;
    if sha256_hex(text.as_bytes()) != sum {
        return Err(corrupt(path, "the list of files does not have its sum"));
    }
    let mut all = Vec::new();
    for line in text.lines() {
        let entry: Entry = serde_json::from_str(line).map_err(|error| corrupt(path, error.to_string()))?;
        if !Path::new(&entry.path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(corrupt(path, format!("{:?} is no place within an archive", entry.path)));
        }
        all.push(entry);
    }
    Ok(all)
}

/// Copies a file and answers the SHA-256 of what was read, hex, and how many bytes.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy(content: &mut dyn Read, to: &Path) -> Result<(String, u64)> {
    let mut write = || -> std::io::Result<(String, u64)> {
        let mut file = File::create(to)?;
        let (mut sum, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 << 10]);
        loop {
            let read = content.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            sum.update(part);
            file.write_all(part)?;
            bytes += read as u64;
        }
        Ok((hex(&sum.finalize()), bytes))
    };
    write().map_err(|error| failed("copy to", to, error))
}

/// A backup being written. Dropped before it is finished, it goes.
pub struct Draft {
    folder: PathBuf,
    name: String,
    dir: PathBuf,
    before: Option<(PathBuf, HashMap<String, Entry>)>,
    list: BufWriter<File>,
    about: About,
    /// Sums of bodies, until the metadata file beside them is seen.
    bodies: HashMap<String, String>,
    /// Rows of imports.
    staged: Vec<Entry>,
    /// Whether every metadata file is of the body beside it: not while the archive is owed something.
    level: bool,
    done: bool,
}

impl Draft {
    /// Begins one in `folder`, which is made if it is not there; what earlier ones left that broke off goes.
    ///
    /// # Errors
    /// When it cannot be written there.
    pub fn begin(folder: &Path, made: &str) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| failed("make", folder, error))?;
        remove_broken_off(folder)?;
        let before = match list(folder)?.pop() {
            Some(last) => {
                let dir = folder.join(&last.name);
                let known = entries(&dir, &last)?.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
                Some((dir, known))
            }
            None => None,
        };
        let second = made.get(..19).unwrap_or(made).replace(':', "-");
        let name = (1..)
            .map(|n| if n == 1 { format!("{second}Z") } else { format!("{second}Z-{n}") })
            .find(|name| !folder.join(name).exists())
            .unwrap_or_default();
        let dir = folder.join(format!("{INCOMPLETE}{name}"));
        fs::create_dir(&dir).map_err(|error| failed("make", &dir, error))?;
        let files = dir.join(FILES);
        let list = BufWriter::new(File::create(&files).map_err(|error| failed("make", &files, error))?);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let about = About { format: 1, name: name.clone(), made: made.to_owned(), version, ..About::default() };
        let (folder, bodies) = (folder.to_owned(), HashMap::new());
        Ok(Self { folder, name, dir, before, list, about, bodies, staged: Vec::new(), level: false, done: false })
    }

    /// Says that nothing was owed to the archive at the moment of the backup: then bodies have the sums that the
    /// metadata files beside them tell.
    pub fn expect_level(&mut self) {
        self.level = true;
    }

    /// Where the database is to be copied to.
    pub fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }

    /// Takes a file of the archive: its second name if the backup before has it, else a copy.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn put(&mut self, path: &Path, mut file: FrozenFile) -> Result<()> {
        let name: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let name = name.join("/");
        let to = self.dir.join(ARCHIVE).join(path);
        let parent = to.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent).map_err(|error| failed("make", parent, error))?;
        let modified = u64::try_from(file.modified).unwrap_or(u64::MAX);
        let entry = match self.linked(&name, (file.bytes, modified), &to) {
            Some(entry) => entry,
            None => {
                let (sha256, bytes) = copy(&mut file.content, &to)?;
                self.about.copied += bytes;
                Entry { path: name, bytes, modified, sha256 }
            }
        };
        self.judge(&entry, &to)?;
        self.about.files += 1;
        self.about.bytes += entry.bytes;
        let line = serde_json::to_string(&entry).unwrap_or_default();
        writeln!(self.list, "{line}").map_err(|error| failed("write", &self.dir.join(FILES), error))
    }

    fn linked(&self, name: &str, (bytes, modified): (u64, u64), to: &Path) -> Option<Entry> {
        let (dir, known) = self.before.as_ref()?;
        let same = known.get(name).filter(|entry| entry.bytes == bytes && entry.modified == modified)?;
        fs::hard_link(dir.join(ARCHIVE).join(name), to).ok()?;
        Some(same.clone())
    }

    /// Compares bodies and metadata with the sums in the metadata file. A body comes before the metadata beside it.
    fn judge(&mut self, entry: &Entry, at: &Path) -> Result<()> {
        if let Some(stem) = entry.path.strip_suffix(".json") {
            self.about.transcripts += u64::from(!stem.starts_with('.'));
            self.bodies.insert(stem.to_owned(), entry.sha256.clone());
            return Ok(());
        }
        let Some(stem) = entry.path.strip_suffix(".jsonmeta") else { return Ok(()) };
        let body = self.bodies.remove(stem).filter(|_| self.level);
        let content = fs::read(at).map_err(|error| failed("read back", at, error))?;
        let good = sha256_hex(&content) == entry.sha256
            && serde_json::from_slice::<Sums<'_>>(&content).is_ok_and(|told| {
                sha256_hex(told.metadata.get().as_bytes()) == told.sha256.metadata
                    && body.is_none_or(|sum| sum == told.sha256.json)
            });
        if !good {
            self.about.damaged.push(stem.to_owned());
        }
        Ok(())
    }

    /// Takes a file of rows that wait for their job.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn stage(&mut self, job: &str, file: &str, content: &mut dyn Read) -> Result<()> {
        let dir = self.dir.join(IMPORTS).join(job);
        fs::create_dir_all(&dir).map_err(|error| failed("make", &dir, error))?;
        let (sha256, bytes) = copy(content, &dir.join(file))?;
        self.about.bytes += bytes;
        self.about.copied += bytes;
        self.staged.push(Entry { path: format!("{job}/{file}"), bytes, modified: 0, sha256 });
        Ok(())
    }

    /// Gives it its name; durable on return.
    ///
    /// # Errors
    /// When it cannot be written or flushed.
    pub fn finish(mut self) -> Result<About> {
        let files = self.dir.join(FILES);
        self.list.flush().map_err(|error| failed("write", &files, error))?;
        self.about.files_sha256 = sum_of(&files)?.0;
        if !self.staged.is_empty() {
            let path = self.dir.join(STAGED);
            let lines: Vec<String> =
                self.staged.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default() + "\n").collect();
            fs::write(&path, lines.concat()).map_err(|error| failed("write", &path, error))?;
            self.about.staged_sha256 = sum_of(&path)?.0;
        }
        let (sum, bytes) = sum_of(&self.database())?;
        self.about.database_sha256 = sum;
        self.about.bytes += bytes;
        self.about.copied += bytes;
        let about = serde_json::to_string_pretty(&self.about).unwrap_or_default();
        let path = self.dir.join(ABOUT);
        fs::write(&path, about).map_err(|error| failed("write", &path, error))?;
        flush(&self.dir)?;
        let whole = self.folder.join(&self.name);
        fs::rename(&self.dir, &whole).map_err(|error| failed("name", &whole, error))?;
        self.done = true;
        flush(&self.folder)?;
        Ok(std::mem::take(&mut self.about))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            // Best effort: the next backup removes it.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

#[derive(Deserialize)]
struct Sums<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
    sha256: OwnSums,
}

#[derive(Deserialize)]
struct OwnSums {
    json: String,
    metadata: String,
}

fn remove_broken_off(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| failed("list", folder, error))? {
        let entry = entry.map_err(|error| failed("list", folder, error))?;
        if entry.file_name().to_string_lossy().starts_with(INCOMPLETE) {
            fs::remove_dir_all(entry.path()).map_err(|error| failed("remove", &entry.path(), error))?;
        }
    }
    Ok(())
}

fn sum_of(path: &Path) -> Result<(String, u64)> {
    let file = File::open(path).map_err(|error| failed("read", path, error))?;
    let (mut sum, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 << 10]);
    let mut reader = BufReader::new(file);
    loop {
        let read = reader.read(&mut buffer).map_err(|error| failed("read", path, error))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        sum.update(part);
        bytes += read as u64;
    }
    Ok((hex(&sum.finalize()), bytes))
}

/// Flushes everything written on that file system.
///
/// # Errors
/// When it cannot be flushed: then nobody knows what is there.
pub fn flush(dir: &Path) -> Result<()> {
    // More than a few names make it one flush of the whole file system, contents included.
    let names = BTreeSet::from([dir.to_owned(), dir.join(ABOUT), dir.join(FILES), dir.join(DATABASE)]);
    atomic_file::flush_dirs(dir, &names)
        .map_err(|failure| StoreError::new(Store::Archive, Kind::Unavailable, failure.to_string(), failure.source))
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(Store::Archive, format!("{what} {}", path.display()), error)
}

fn corrupt(path: &Path, why: impl Into<String>) -> StoreError {
    StoreError::plain(
        Store::Archive,
        Kind::Corrupt,
        format!("the backup is damaged: {}: {}", path.display(), why.into()),
    )
}
