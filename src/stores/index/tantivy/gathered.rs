//! Files that are written and not flushed yet: flushed together, at the same time.
use super::failure::kind_of;
use crate::stores::error::Kind;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tantivy::directory::{AntiCallToken, TerminatingWrite};

/// Files flushed at once.
const AT_ONCE: usize = 8;

/// Bytes from which a file is flushed by who wrote it: a merge that made much must not hold up the next commit.
const AT_ONCE_BYTES: usize = 512 << 10;

/// What went wrong when files were written, also by merges in the background.
#[derive(Clone, Debug, Default)]
pub struct Writing(Arc<Failures>);

#[derive(Debug, Default)]
struct Failures {
    unflushed: AtomicBool,
    last: Mutex<Option<Kind>>,
}

impl Writing {
    /// Whether a flush has failed. After one that did nobody knows what is on disk, and a later one would not say so.
    pub fn is_unflushed(&self) -> bool {
        self.0.unflushed.load(Ordering::SeqCst)
    }

    /// Remembers the flush, if it failed.
    ///
    /// # Errors
    /// The flush's.
    pub fn flushed<T>(&self, flushed: io::Result<T>) -> io::Result<T> {
        flushed.inspect_err(|_| self.0.unflushed.store(true, Ordering::SeqCst))
    }

    /// Remembers why a write failed, if it did.
    ///
    /// # Errors
    /// The write's.
    pub fn written<T>(&self, written: io::Result<T>) -> io::Result<T> {
        written.inspect_err(|error| *self.0.last.lock() = Some(kind_of(error)))
    }

    /// Why a write failed since this was asked last.
    pub fn take_failure(&self) -> Option<Kind> {
        self.0.last.lock().take()
    }
}

/// What waits for a flush.
#[derive(Debug, Default)]
pub struct Gathered {
    /// By name; each as it was written, for only that handle is told of a failed write-back.
    files: Mutex<HashMap<PathBuf, File>>,
    /// What went wrong.
    pub writing: Writing,
}

impl Gathered {
    /// Nothing yet, of the same index.
    pub fn anew(&self) -> Self {
        Self { files: Mutex::default(), writing: self.writing.clone() }
    }

    /// The file is removed: nobody needs it to be durable.
    pub fn forget(&self, path: &Path) {
        self.files.lock().remove(path);
    }

    /// Flushes what was written so far. Who comes while that runs waits for it: his files may be among them.
    ///
    /// # Errors
    /// When a flush fails, or one has failed before.
    pub fn flush(&self) -> io::Result<()> {
        let mut waiting = self.files.lock();
        if self.writing.is_unflushed() {
            return Err(io::Error::other("an earlier flush of the index failed"));
        }
        let files: Vec<File> = waiting.drain().map(|(_, file)| file).collect();
        self.writing.flushed(files.chunks(AT_ONCE).try_for_each(together))
    }
}

/// Flushes each on a thread of its own, so that the file system takes them in one go.
fn together(files: &[File]) -> io::Result<()> {
    let Some((first, others)) = files.split_first() else { return Ok(()) };
    std::thread::scope(|scope| {
        let others: Vec<_> = others.iter().map(|file| scope.spawn(|| file.sync_data())).collect();
        let first = first.sync_data();
        let panicked = |_| Err(io::Error::other("a flush panicked"));
        others.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).fold(first, io::Result::and)
    })
}

/// A file being written; complete, it is gathered, or flushed at once when it is large.
pub struct Written {
    path: PathBuf,
    file: File,
    bytes: usize,
    gathered: Arc<Gathered>,
}

impl Written {
    /// A file that was just made.
    pub fn new(path: &Path, file: File, gathered: Arc<Gathered>) -> Self {
        Self { path: path.to_owned(), file, bytes: 0, gathered }
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.gathered.writing.written(self.file.write(bytes))?;
        self.bytes += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Written {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        if self.bytes >= AT_ONCE_BYTES {
            return self.gathered.writing.flushed(self.file.sync_data());
        }
        let file = self.file.try_clone()?;
        self.gathered.files.lock().insert(self.path.clone(), file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_complete_waits_until_it_is_flushed_and_what_is_removed_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let gathered = Arc::new(Gathered::default());
        for name in ["a", "b", "c"] {
            let file = File::create(dir.path().join(name)).unwrap();
            let mut written = Written::new(Path::new(name), file, gathered.clone());
            written.write_all(b"x").unwrap();
            assert!(!gathered.files.lock().contains_key(Path::new(name)));
            written.terminate().unwrap();
        }
        gathered.forget(Path::new("b"));
        assert_eq!(gathered.files.lock().len(), 2);
        gathered.flush().unwrap();
        assert!(gathered.files.lock().is_empty());
    }

    #[test]
    fn after_a_failed_flush_none_succeeds() {
        let gathered = Gathered::default();
        // A pipe cannot be flushed.
        let (_reader, writer) = io::pipe().unwrap();
        let writer = File::from(std::os::fd::OwnedFd::from(writer));
        gathered.files.lock().insert(PathBuf::from("a"), writer);
        let looking = gathered.writing.clone();
        assert!(gathered.flush().is_err() && looking.is_unflushed());
        assert!(gathered.flush().is_err());
    }
}
