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
    /// It must hold a database or an archive to make one from.
    Remains,
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
        let has = |name: &str| dir.join(name).try_exists().unwrap_or(true);
        let is_there = match presence {
            Presence::Made => true,
            Presence::Required => has("main.db"),
            Presence::Remains => has("main.db") || has("archive"),
        };
        if !is_there {
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

    /// Bytes of the database's file; none when it is missing.
    pub fn database_bytes(&self) -> Option<u64> {
        std::fs::metadata(self.database()).ok().map(|file| file.len())
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

    /// The folder of rows that wait for their jobs.
    pub fn imports(&self) -> PathBuf {
        self.dir.join("imports")
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
    // For its owner alone: transcripts lie in it as plain files.
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(&dir)?;
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
