//! One process per folder: an advisory lock on a file in it, let go by the operating system when the process ends,
//! however it ends. The file itself stays; its presence means nothing.
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The file's name inside the folder.
pub const NAME: &str = "LOCK";

/// The lock; dropping it lets the folder go.
#[derive(Debug)]
pub struct LockFile {
    /// Open for as long as the lock is held.
    _file: File,
}

/// Why a folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the folder {} is in use by another linernotes process{}", folder.display(), holder(process))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// What the holder wrote into the file: its process number.
        process: Option<String>,
    },
    /// The file cannot be made, opened or locked.
    #[error("cannot lock {}", file.display())]
    Io {
        /// The lock file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn holder(process: &Option<String>) -> String {
    process.as_ref().map_or_else(String::new, |number| format!(" (process {number})"))
}

impl LockFile {
    /// Takes the folder, which must exist. Never waits.
    ///
    /// # Errors
    /// `Held` when another process has it, `Io` when the file cannot be made or locked.
    pub fn hold(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        let failed = |source| LockError::Io { file: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), process: read_holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // The number only serves the words of a refusal: failing to write it must not fail the start.
        let _ = write_holder(&mut file);
        Ok(Self { _file: file })
    }
}

fn read_holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    let number = text.trim();
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.to_owned())
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_in_words_that_name_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = LockFile::hold(folder.path()).unwrap();
        let refused = LockFile::hold(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&folder.path().display().to_string()), "{refused}");
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(held);
        assert!(LockFile::hold(folder.path()).is_ok());
    }

    #[test]
    fn a_lock_file_left_behind_means_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "4711\n").unwrap();
        assert!(LockFile::hold(folder.path()).is_ok());
    }

    #[test]
    fn a_missing_folder_is_an_io_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(LockFile::hold(&folder.path().join("none")), Err(LockError::Io { .. })));
    }
}
