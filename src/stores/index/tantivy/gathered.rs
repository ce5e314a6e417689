//! Files that are written and not flushed yet: flushed together, at the same time.
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::{AntiCallToken, TerminatingWrite};

/// Files flushed at once.
const AT_ONCE: usize = 8;

/// What waits for a flush.
#[derive(Debug, Default)]
pub struct Gathered(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// By name; each as it was written, for only that handle is told of a failed write-back.
    files: HashMap<PathBuf, File>,
    /// A flush has failed: what it was to make durable may be lost, and a later one would not say so.
    broken: bool,
}

impl Gathered {
    /// The file is removed: nobody needs it to be durable.
    pub fn forget(&self, path: &Path) {
        self.0.lock().files.remove(path);
    }

    /// Flushes what was written so far. Who comes while that runs waits for it: his files may be among them.
    ///
    /// # Errors
    /// When a flush fails, or one has failed before.
    pub fn flush(&self) -> io::Result<()> {
        let mut waiting = self.0.lock();
        if waiting.broken {
            return Err(io::Error::other("an earlier flush of the index failed"));
        }
        let files: Vec<File> = waiting.files.drain().map(|(_, file)| file).collect();
        let flushed = files.chunks(AT_ONCE).try_for_each(together);
        waiting.broken = flushed.is_err();
        flushed
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

/// A file being written; complete, it is gathered.
pub struct Written {
    path: PathBuf,
    file: File,
    gathered: Arc<Gathered>,
}

impl Written {
    /// A file that was just made.
    pub fn new(path: &Path, file: File, gathered: Arc<Gathered>) -> Self {
        Self { path: path.to_owned(), file, gathered }
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Written {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        let file = self.file.try_clone()?;
        self.gathered.0.lock().files.insert(self.path.clone(), file);
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
            assert!(!gathered.0.lock().files.contains_key(Path::new(name)));
            written.terminate().unwrap();
        }
        gathered.forget(Path::new("b"));
        assert_eq!(gathered.0.lock().files.len(), 2);
        gathered.flush().unwrap();
        assert!(gathered.0.lock().files.is_empty());
    }

    #[test]
    fn after_a_failed_flush_none_succeeds() {
        let gathered = Gathered::default();
        // A pipe cannot be flushed.
        let (_reader, writer) = io::pipe().unwrap();
        let writer = File::from(std::os::fd::OwnedFd::from(writer));
        gathered.0.lock().files.insert(PathBuf::from("a"), writer);
        assert!(gathered.flush().is_err());
        assert!(gathered.flush().is_err());
    }
}
