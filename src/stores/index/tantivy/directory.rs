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
use super::gathered::{Flushing, Gathered, Written};
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

/// Files of one index.
#[derive(Clone, Debug)]
pub struct Files {
    path: PathBuf,
    inner: MmapDirectory,
    gathered: Arc<Gathered>,
    next_temporary: Arc<AtomicU64>,
}

impl Files {
    /// The files in `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, TantivyError> {
        let inner = MmapDirectory::open(path).map_err(|e: OpenDirectoryError| TantivyError::from(e))?;
        let (gathered, next_temporary) = Default::default();
        Ok(Self { path: path.to_owned(), inner, gathered, next_temporary })
    }

    /// Whether every flush has worked so far, also those of merges in the background.
    pub fn flushing(&self) -> Flushing {
        self.gathered.flushing.clone()
    }

    /// Replaces a file whole; its name is durable once the directory is flushed.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path.join(format!("{TEMPORARY}{number}"));
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            self.gathered.flushing.noted(file.sync_data())?;
            fs::rename(&temporary, self.path.join(path))
        };
        write().inspect_err(|_| drop(fs::remove_file(&temporary)))
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
    name == "meta.json"
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
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let opened = OpenOptions::new().write(true).create_new(true).open(self.path.join(path));
        let file = opened.map_err(|error| match error.kind() {
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
        if path == Path::new(LIST) { Ok(()) } else { self.replace(path, data) }
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.gathered.flush()?;
        self.gathered.flushing.noted(self.inner.sync_directory())
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
        assert!(!files.flushing().failed());
    }

    #[test]
    fn a_failed_flush_is_remembered_by_all_who_look() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let looking = files.clone().flushing();
        assert!(files.gathered.flushing.noted(Err::<(), _>(io::Error::other("lost"))).is_err());
        assert!(looking.failed());
    }
}
