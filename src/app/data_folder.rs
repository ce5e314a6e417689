//! The data folder: made, taken for this process alone, and the file with the first token in it.
use crate::base::lock_file::{LockError, LockFile};
use crate::base::secret::Secret;
use anyhow::{Context, Result, bail};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Whether a folder that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is made.
    Made,
    /// It must hold a database already: a command that only looks must not leave an empty folder behind.
    Required,
}

/// A data folder that this process has to itself.
#[derive(Debug)]
pub struct DataFolder {
    dir: PathBuf,
    _lock: LockFile,
}

impl DataFolder {
    /// Makes (if wanted) and takes the folder.
    ///
    /// # Errors
    /// In words a newcomer can act on: missing, in use, not writable.
    pub fn open(dir: &Path, presence: Presence) -> Result<Self> {
        let is_there = dir.join("main.db").try_exists().unwrap_or(true);
        if presence == Presence::Required && !is_there {
            bail!(
                "there is no data in {}: name the folder the server was started with by --data DIR, \
                 or use --url URL for a running server",
                dir.display()
            );
        }
        make(dir).map_err(|error| refusal(dir, &error)).context("cannot make the data folder")?;
        let lock = match LockFile::hold(dir) {
            Ok(lock) => lock,
            Err(held @ LockError::Held { .. }) => bail!(
                "{held}. Stop that process first, or name another folder with --data DIR; \
                 commands that take --url URL work while the server runs"
            ),
            Err(LockError::Io { source, .. }) => {
                return Err(refusal(dir, &source)).context("cannot take the data folder");
            }
        };
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.dir.join("main.db")
    }

    /// The index's folder.
    pub fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// The archive's folder.
    pub fn archive(&self) -> PathBuf {
        self.dir.join("archive")
    }

    /// The file with the first token.
    pub fn root_token_file(&self) -> PathBuf {
        self.dir.join("root.token")
    }

    /// The first token, if its file is still there.
    pub fn root_token(&self) -> Option<Secret> {
        let text = fs::read_to_string(self.root_token_file()).ok()?;
        let token = text.trim();
        (!token.is_empty()).then(|| Secret::new(token))
    }

    /// Writes the first token: whole or not at all, readable by its owner only, durable on return.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_root_token(&self, token: &Secret) -> Result<()> {
        let path = self.root_token_file();
        let temporary = self.dir.join("root.token.new");
        let write = || -> std::io::Result<()> {
            match fs::remove_file(&temporary) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = private_file(&temporary)?;
            writeln!(file, "{}", token.reveal())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().with_context(|| format!("cannot write the first token to {}", path.display()))
    }
}

/// Makes the folder and those above it, and flushes the names of the ones made: what will be answered rests on them.
fn make(dir: &Path) -> std::io::Result<()> {
    let dir = std::path::absolute(dir)?;
    let missing: Vec<&Path> = dir.ancestors().take_while(|above| !above.exists()).collect();
    fs::create_dir_all(&dir)?;
    if cfg!(unix) {
        for above in missing.iter().filter_map(|made| made.parent()) {
            File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}

/// A new file only its owner may read. It must not exist: permissions are given at creation only.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn refusal(dir: &Path, error: &std::io::Error) -> anyhow::Error {
    let shown = dir.display();
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => anyhow::anyhow!(
            "the data folder {shown} is not writable ({error}): mend its permissions or name another with --data DIR"
        ),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{shown} is not a folder ({error}): name another with --data DIR")
        }
        ErrorKind::StorageFull => anyhow::anyhow!("the disk that holds {shown} is full ({error})"),
        _ => anyhow::anyhow!("{shown}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_only_looks_leaves_no_folder_behind() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("typo");
        let refused = DataFolder::open(&dir, Presence::Required).unwrap_err().to_string();
        assert!(refused.contains("typo") && refused.contains("--data"), "{refused}");
        assert!(!dir.exists());
    }

    #[test]
    fn a_second_opening_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let held = DataFolder::open(dir.path(), Presence::Made).unwrap();
        let refused = DataFolder::open(dir.path(), Presence::Made).unwrap_err().to_string();
        assert!(refused.contains("in use") && refused.contains("--url"), "{refused}");
        drop(held);
    }

    #[test]
    fn a_file_in_the_folders_place_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let refused = format!("{:#}", DataFolder::open(&file, Presence::Made).unwrap_err());
        assert!(refused.contains("is not a folder"), "{refused}");
    }

    #[test]
    fn the_first_token_comes_back_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path(), Presence::Made).unwrap();
        assert!(folder.root_token().is_none());
        folder.write_root_token(&Secret::new("tok-1")).unwrap();
        folder.write_root_token(&Secret::new("tok-2")).unwrap();
        assert_eq!(folder.root_token().unwrap().reveal(), "tok-2");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.root_token_file()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
