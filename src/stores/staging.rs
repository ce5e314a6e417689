//! Rows that wait for their job, and what jobs write down for people: plain files in one folder a job, for the owner of
//! the data folder alone. How much of a file counts stands in the database; what lies beyond was never acknowledged.
//!
//! *Decision:* files beside the database, not rows in it: a million rows would swell its log while edits go on.
use super::error::{Kind, Result, Store, StoreError};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Read as _, Seek, SeekFrom, Write};
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

/// A file of a job that is open.
pub struct Held {
    /// The job.
    pub job: String,
    /// Its name.
    pub file: String,
    /// What it holds.
    pub content: File,
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

    /// A file's length; `None` when it is not there.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn length(&self, job: &str, file: &str) -> Result<Option<u64>> {
        let path = self.path(job, file);
        match fs::metadata(&path) {
            Ok(told) => Ok(Some(told.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look at", &path, error)),
        }
    }

    /// Changes lines where they stand: `each` is told a line without its end and answers what is to stand there, which is
    /// no longer; blanks fill the rest, so that no other line moves. What lies beyond `to` goes. Nothing is done where there
    /// is no such file. Durable on return.
    ///
    /// # Errors
    /// When it cannot be read or written; `Bug` for a line that would grow.
    pub fn rewrite(
        &self,
        job: &str,
        file: &str,
        to: u64,
        each: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<()> {
        let path = self.path(job, file);
        if self.length(job, file)?.is_none() {
            return Ok(());
        }
        let open = || OpenOptions::new().write(true).open(&path);
        let mut target = open().map_err(|error| failed("open", &path, error))?;
        let mut reader = self.read(job, file, 0, to)?;
        let (mut line, mut at) = (Vec::new(), 0_u64);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(|error| failed("read", &path, error))?;
            if read == 0 {
                break;
            }
            let own = line.strip_suffix(b"\n").unwrap_or(&line);
            if let Some(mut other) = each(own) {
                if other.len() > own.len() {
                    let words = format!("change {}: a line would grow", path.display());
                    return Err(StoreError::plain(Store::Staging, Kind::Bug, words));
                }
                other.resize(own.len(), b' ');
                let write = |target: &mut File| -> std::io::Result<()> {
                    target.seek(SeekFrom::Start(at))?;
                    target.write_all(&other)
                };
                write(&mut target).map_err(|error| failed("write", &path, error))?;
            }
            at += read as u64;
        }
        let end = |target: &File| -> std::io::Result<()> {
            if target.metadata()?.len() > to {
                target.set_len(to)?;
            }
            target.sync_all()
        };
        end(&target).map_err(|error| failed("flush", &path, error))
    }

    /// All files of all jobs, open: what is removed from now on can still be read through them.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn held(&self) -> Result<Vec<Held>> {
        let mut all = Vec::new();
        for job in self.jobs()? {
            let own = self.dir.join(&job);
            let Ok(entries) = fs::read_dir(&own) else { continue };
            for file in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
                let path = own.join(&file);
                match File::open(&path) {
                    Ok(content) if content.metadata().is_ok_and(|told| told.is_file()) => {
                        all.push(Held { job: job.clone(), file, content });
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(failed("open", &path, error)),
                }
            }
        }
        Ok(all)
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
        staging.rewrite("job-1", "rows", 8, &mut |line| (line == b"one").then(|| b"1".to_vec())).unwrap();
        staging.rewrite("job-1", "none", 8, &mut |_| None).unwrap();
        assert_eq!(text(&staging, 0, 99), "1  \ntwo\n", "no other line moves");
        assert!(staging.rewrite("job-1", "rows", 8, &mut |_| Some(b"longer".to_vec())).is_err());
        let held = staging.held().unwrap();
        assert_eq!((held.len(), held[0].file.as_str(), staging.length("job-1", "rows").unwrap()), (1, "rows", Some(8)));
        assert!(staging.append("job-1", "rows", 99).is_err(), "bytes that are gone are told");
        assert_eq!(staging.jobs().unwrap(), ["job-1"]);
        staging.remove("job-1").unwrap();
        staging.remove("job-1").unwrap();
        assert!(staging.read("job-1", "rows", 0, 1).is_err());
    }
}
