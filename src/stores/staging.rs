//! Rows that wait for their job, and what jobs write down for people: plain files in one folder a job, for the owner of
//! the data folder alone. How much of a file counts stands in the database; what lies beyond was never acknowledged.
//!
//! *Decision:* files beside the database, not rows in it: a million rows would swell its log while edits go on.
use super::error::{Result, Store, StoreError};
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes read or written at once.
const BUFFER: usize = 256 << 10;

/// The folder of all jobs' files.
#[derive(Clone, Debug)]
pub struct Staging {
    dir: PathBuf,
}

/// A file being appended to; what is not [`Appender::finish`]ed does not count.
pub struct Appender {
    path: PathBuf,
    file: BufWriter<File>,
    length: u64,
}

impl Staging {
    /// Files below `dir`, which is made when it is needed.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    fn path(&self, job: &str, file: &str) -> PathBuf {
        self.dir.join(job).join(file)
    }

    /// Makes a job's folder; durable on return.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, job: &str) -> Result<()> {
        let own = self.dir.join(job);
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(&own).map_err(|error| failed("make", &own, error))?;
        for folder in [self.dir.parent(), Some(self.dir.as_path()), Some(own.as_path())].into_iter().flatten() {
            flush(folder)?;
        }
        Ok(())
    }

    /// Opens a file to append to it after `length` bytes; what lies beyond goes.
    ///
    /// # Errors
    /// When it cannot be opened, or is shorter.
    pub fn append(&self, job: &str, file: &str, length: u64) -> Result<Appender> {
        let path = self.path(job, file);
        let open = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut opened = options.open(&path)?;
            if opened.metadata()?.len() < length {
                return Err(std::io::Error::new(ErrorKind::UnexpectedEof, "the file is shorter than it was"));
            }
            opened.set_len(length)?;
            opened.seek(SeekFrom::End(0))?;
            Ok(opened)
        };
        let opened = open().map_err(|error| failed("append to", &path, error))?;
        Ok(Appender { path, file: BufWriter::with_capacity(BUFFER, opened), length })
    }

    /// Reads a file from `from` up to `to`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self, job: &str, file: &str, from: u64, to: u64) -> Result<BufReader<std::io::Take<File>>> {
        let path = self.path(job, file);
        let open = || {
            let mut opened = File::open(&path)?;
            opened.seek(SeekFrom::Start(from))?;
            Ok(opened.take(to.saturating_sub(from)))
        };
        let opened = open().map_err(|error| failed("read", &path, error))?;
        Ok(BufReader::with_capacity(BUFFER, opened))
    }

    /// Removes one file, if it is there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_file(&self, job: &str, file: &str) -> Result<()> {
        let path = self.path(job, file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &path, error)),
            _ => Ok(()),
        }
    }

    /// Removes all files of a job.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn remove(&self, job: &str) -> Result<()> {
        let own = self.dir.join(job);
        match fs::remove_dir_all(&own) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &own, error)),
            _ => Ok(()),
        }
    }

    /// The jobs that have files.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn jobs(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.dir, error)),
        };
        Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

impl Appender {
    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| failed("write", &self.path, error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes everything durable; the file's length.
    ///
    /// # Errors
    /// When it cannot be flushed: nothing of what was added may be counted then.
    pub fn finish(self) -> Result<u64> {
        let Self { path, file, length } = self;
        let written = file.into_inner().map_err(|error| failed("write", &path, error.into_error()))?;
        written.sync_all().map_err(|error| failed("flush", &path, error))?;
        if let Some(folder) = path.parent() {
            flush(folder)?;
        }
        Ok(length)
    }
}

fn flush(folder: &Path) -> Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(|error| failed("flush", folder, error))
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(Store::Staging, format!("{what} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn text(staging: &Staging, from: u64, to: u64) -> String {
        let mut text = String::new();
        staging.read("job-1", "rows", from, to).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_was_not_acknowledged_goes_with_the_next_append() {
        let scratch = tempfile::tempdir().unwrap();
        let staging = Staging::new(scratch.path().join("imports"));
        assert!(staging.jobs().unwrap().is_empty());
        staging.make("job-1").unwrap();
        let mut rows = staging.append("job-1", "rows", 0).unwrap();
        rows.push(b"one\n").unwrap();
        assert_eq!(rows.finish().unwrap(), 4);
        let mut lost = staging.append("job-1", "rows", 4).unwrap();
        lost.push(b"never counted").unwrap();
        drop(lost);
        let mut rows = staging.append("job-1", "rows", 4).unwrap();
        rows.push(b"two\n").unwrap();
        let length = rows.finish().unwrap();
        assert_eq!((text(&staging, 0, length), text(&staging, 4, 6)), ("one\ntwo\n".into(), "tw".into()));
        assert!(staging.append("job-1", "rows", 99).is_err(), "bytes that are gone are told");
        assert_eq!(staging.jobs().unwrap(), ["job-1"]);
        staging.remove("job-1").unwrap();
        staging.remove("job-1").unwrap();
        assert!(staging.read("job-1", "rows", 0, 1).is_err());
    }
}
