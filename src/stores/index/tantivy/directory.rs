//! The library's directory of mapped files, without its list of files, and with its flushes gathered.
//!
//! The library writes a list of its files (`.managed.json`) anew, with a flush, for every file it makes: 7 of the 16
//! flushes of a small commit. The list serves only to find files that are no longer used, and the directory itself
//! says which there are.
//!
//! *Decision:* the list is read from the directory and never written. A small commit costs half the flushes, a torn
//! list cannot keep an index from opening, and files orphaned by a killed process are found and removed.
//!
//! Files are also written here, as the library would, because it does not tell a flush that failed from a write that
//! did: after the first nobody knows what is on disk, so nothing may be answered any more.
//!
//! *Decision:* a small file of a segment is flushed not when it is written, one after the other, but with all others when
//! the library flushes the directory: that is before it names them in `meta.json`, and nothing reads them after a crash
//! unless that names them. Flushed at the same time they share what the file system's journal writes.
//!
//! *Decision:* each of the library's writers has a directory of its own, and only the last one handed out may change
//! anything. The library gives up a writer at once, but not its merges: one that ends later would write the list of
//! segments as that writer knew it over what the next one has committed. And after a commit that failed it would write
//! the segments of that commit under the number of the one before.
use super::gathered::{Gathered, Writing, Written};
use parking_lot::RwLock;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};
use tantivy::TantivyError;
use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, FileSlice, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

/// How names of temporary files begin.
pub const TEMPORARY: &str = ".tmp";

/// The name under which the library keeps its list.
const LIST: &str = ".managed.json";

/// The name under which the library keeps the list of segments.
const SEGMENTS: &str = "meta.json";

/// Files of one index, as one writer may change them.
#[derive(Clone, Debug)]
pub struct Files {
    path: PathBuf,
    inner: MmapDirectory,
    gathered: Arc<Gathered>,
    next_temporary: Arc<AtomicU64>,
    /// The number of the writer that may change anything; held while something is changed.
    turn: Arc<RwLock<u64>>,
    /// The number of this one.
    own: u64,
}

impl Files {
    /// The files in `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, TantivyError> {
        let inner = MmapDirectory::open(path).map_err(|e: OpenDirectoryError| TantivyError::from(e))?;
        let (gathered, next_temporary, turn) = Default::default();
        Ok(Self { path: path.to_owned(), inner, gathered, next_temporary, turn, own: 0 })
    }

    /// The same files for the next writer: all before can change nothing any more.
    pub fn handed_on(&self) -> Self {
        let mut turn = self.turn.write();
        *turn += 1;
        let gathered = Arc::new(self.gathered.anew());
        Self { own: *turn, gathered, ..self.clone() }
    }

    /// Changes something, if it is still this writer's turn.
    fn change<T>(&self, change: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let turn = self.turn.read();
        if *turn == self.own { change() } else { Err(io::Error::other("this writer was given up")) }
    }

    /// Ends this writer's turn.
    fn give_up(&self) {
        let mut turn = self.turn.write();
        if *turn == self.own {
            *turn += 1;
        }
    }

    /// What went wrong so far, also in merges in the background.
    pub fn writing(&self) -> Writing {
        self.gathered.writing.clone()
    }

    /// Replaces a file whole; its name is durable once the directory is flushed.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path.join(format!("{TEMPORARY}{number}"));
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            self.gathered.writing.flushed(file.sync_data())?;
            self.change(|| fs::rename(&temporary, self.path.join(path)))
        };
        self.gathered.writing.written(write()).inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// What the library's list would say.
    fn list(&self) -> io::Result<Vec<u8>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string()
                && is_the_librarys(&name)
            {
                names.push(name);
            }
        }
        Ok(serde_json::to_vec(&names)?)
    }
}

/// Files of segments are called by 32 hexadecimal digits and an ending.
fn is_the_librarys(name: &str) -> bool {
    name == SEGMENTS
        || name.split_once('.').is_some_and(|(stem, _)| stem.len() == 32 && stem.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Directory for Files {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn open_read(&self, path: &Path) -> Result<FileSlice, OpenReadError> {
        self.inner.open_read(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.gathered.forget(path);
        let failed = |error| DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_owned() };
        self.change(|| Ok(self.inner.delete(path))).map_err(failed)?
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let opened = self.change(|| OpenOptions::new().write(true).create_new(true).open(self.path.join(path)));
        let file = self.gathered.writing.written(opened).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
        })?;
        Ok(BufWriter::new(Box::new(Written::new(path, file, self.gathered.clone()))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        if path == Path::new(LIST) {
            return self.list().map_err(|e| OpenReadError::wrap_io_error(e, path.to_owned()));
        }
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path == Path::new(LIST) {
            return Ok(());
        }
        let replaced = self.replace(path, data);
        if replaced.is_err() && path == Path::new(SEGMENTS) {
            // The library takes the segments for committed already: no merge may say so.
            self.give_up();
        }
        replaced
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.gathered.flush()?;
        self.gathered.writing.flushed(self.inner.sync_directory())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> Result<WatchHandle, TantivyError> {
        self.inner.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tantivy::directory::TerminatingWrite as _;

    #[test]
    fn the_list_is_what_lies_there() {
        let dir = tempfile::tempdir().unwrap();
        let segment = "0123456789abcdef0123456789abcdef.fast";
        for name in [segment, "meta.json", "notes.txt", ".tantivy-writer.lock"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let files = Files::open(dir.path()).unwrap();
        files.atomic_write(Path::new(LIST), b"[]").unwrap();
        assert!(!dir.path().join(LIST).exists());
        let mut names: Vec<String> = serde_json::from_slice(&files.atomic_read(Path::new(LIST)).unwrap()).unwrap();
        names.sort();
        assert_eq!(names, [segment, "meta.json"]);
    }

    #[test]
    fn files_are_written_once_or_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let name = Path::new("0123456789abcdef0123456789abcdef.fast");
        let mut written = files.open_write(name).unwrap();
        written.write_all(b"whole").unwrap();
        written.terminate().unwrap();
        assert!(matches!(files.open_write(name), Err(OpenWriteError::FileAlreadyExists(_))));
        for content in ["old", "new"] {
            files.atomic_write(Path::new("meta.json"), content.as_bytes()).unwrap();
            assert_eq!(files.atomic_read(Path::new("meta.json")).unwrap(), content.as_bytes());
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
        assert!(!files.writing().is_unflushed());
    }

    #[test]
    fn a_writer_that_was_given_up_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let first = Files::open(dir.path()).unwrap();
        let segment = Path::new("0123456789abcdef0123456789abcdef.fast");
        let mut begun = first.open_write(segment).unwrap();
        first.atomic_write(Path::new(SEGMENTS), b"first").unwrap();
        let second = first.handed_on();
        second.atomic_write(Path::new(SEGMENTS), b"second").unwrap();
        assert!(first.atomic_write(Path::new(SEGMENTS), b"late").is_err());
        assert!(first.delete(segment).is_err());
        assert!(first.open_write(Path::new("1123456789abcdef0123456789abcdef.fast")).is_err());
        // What it had begun is nobody's: it may be removed, and its name used again.
        second.delete(segment).unwrap();
        let mut again = second.open_write(segment).unwrap();
        again.write_all(b"again").unwrap();
        again.terminate().unwrap();
        begun.write_all(b"late").unwrap();
        begun.terminate().unwrap();
        second.sync_directory().unwrap();
        assert_eq!(fs::read(dir.path().join(segment)).unwrap(), b"again");
        assert_eq!(fs::read(dir.path().join(SEGMENTS)).unwrap(), b"second");
    }

    #[test]
    fn after_a_list_of_segments_that_could_not_be_written_comes_none_of_that_writer() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap().handed_on();
        // A folder cannot be replaced by a file.
        fs::create_dir(dir.path().join(SEGMENTS)).unwrap();
        assert!(files.atomic_write(Path::new(SEGMENTS), b"failed").is_err());
        fs::remove_dir(dir.path().join(SEGMENTS)).unwrap();
        assert!(files.clone().atomic_write(Path::new(SEGMENTS), b"merged").is_err());
        files.handed_on().atomic_write(Path::new(SEGMENTS), b"next").unwrap();
    }

    #[test]
    fn a_failed_flush_is_remembered_by_all_who_look() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let looking = files.clone().writing();
        assert!(files.gathered.writing.flushed(Err::<(), _>(io::Error::other("lost"))).is_err());
        assert!(looking.is_unflushed());
    }
}
