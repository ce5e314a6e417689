//! The archive as it was at one moment, however it changes afterwards: before a file is replaced or removed, a second
//! name keeps it. Costs nothing but for files that change, so that freezing takes no time whatever the archive holds.
use super::super::{Frozen, FrozenFile, layout};
use crate::stores::error::{Result, Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The folder within the archive that holds second names.
pub const DIR: &str = ".frozen";

/// What was done to files since the moment: the number of the second name, or none when the file was not there.
type Notes = HashMap<PathBuf, Option<u64>>;

/// Whether the archive is frozen now, and what changed since.
#[derive(Debug)]
pub struct Freezer {
    root: PathBuf,
    notes: Mutex<Option<Notes>>,
}

impl Freezer {
    /// Clears what a process that was killed left.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn new(root: &Path) -> Result<Self> {
        let freezer = Self { root: root.to_owned(), notes: Mutex::new(None) };
        freezer.clear()?;
        Ok(freezer)
    }

    /// Whether a moment is held.
    pub fn is_frozen(&self) -> bool {
        self.notes.lock().is_some()
    }

    /// To be called before `path` is replaced, made or removed.
    ///
    /// # Errors
    /// When the second name cannot be given; the file must then be left as it is.
    pub fn before_change(&self, path: &Path) -> Result<()> {
        let mut notes = self.notes.lock();
        let Some(notes) = notes.as_mut() else { return Ok(()) };
        self.note(notes, path)
    }

    /// [`Self::before_change`] of every file below a folder.
    ///
    /// # Errors
    /// As there.
    pub fn before_removal(&self, dir: &Path) -> Result<()> {
        let mut notes = self.notes.lock();
        let Some(notes) = notes.as_mut() else { return Ok(()) };
        let mut files = Vec::new();
        walk(dir, &mut files)?;
        files.iter().try_for_each(|file| self.note(notes, file))
    }

    fn note(&self, notes: &mut Notes, path: &Path) -> Result<()> {
        if notes.contains_key(path) {
            return Ok(());
        }
        let number = notes.len() as u64;
        let kept = match fs::hard_link(path, self.second(number)) {
            Ok(()) => Some(number),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed("keep for the backup that runs", path, error)),
        };
        notes.insert(path.to_owned(), kept);
        Ok(())
    }

    fn second(&self, number: u64) -> PathBuf {
        self.root.join(DIR).join(number.to_string())
    }

    fn clear(&self) -> Result<()> {
        match fs::remove_dir_all(self.root.join(DIR)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &self.root.join(DIR), error)),
            _ => Ok(()),
        }
    }
}

/// The moment; it ends when this is dropped.
struct Moment(Arc<Freezer>);

/// Freezes. One moment at a time.
///
/// # Errors
/// `Unavailable` when one is held already.
pub fn freeze(freezer: &Arc<Freezer>, staging: &Path) -> Result<Box<dyn Frozen>> {
    let mut notes = freezer.notes.lock();
    if notes.is_some() {
        let why = "freeze the archive: another backup runs";
        return Err(StoreError::plain(Store::Archive, crate::stores::error::Kind::Unavailable, why));
    }
    freezer.clear()?;
    let dir = freezer.root.join(DIR);
    fs::create_dir(&dir).map_err(|error| failed("make", &dir, error))?;
    let mut begun = Notes::new();
    // Bodies that wait for their names move on at any time: they are kept at once, they are few.
    let mut staged = Vec::new();
    walk(staging, &mut staged)?;
    for file in staged.iter().filter(|file| is_staged(file)) {
        freezer.note(&mut begun, file)?;
    }
    *notes = Some(begun);
    drop(notes);
    Ok(Box::new(Moment(freezer.clone())))
}

fn is_staged(file: &Path) -> bool {
    file.file_name().and_then(|name| layout::parse_staged(name.to_str()?)).is_some()
}

impl Frozen for Moment {
    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut live = Vec::new();
        for entry in fs::read_dir(&self.0.root).map_err(|error| failed("list", &self.0.root, error))? {
            let path = entry.map_err(|error| failed("list", &self.0.root, error))?.path();
            let own = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !own && path.is_dir() {
                walk(&path, &mut live)?;
            }
        }
        // After the listing: whatever came or went while it was made is among the notes.
        let notes = self.0.notes.lock();
        let notes = notes.as_ref().into_iter().flatten();
        let mut all: HashMap<PathBuf, bool> = live.into_iter().map(|path| (path, true)).collect();
        all.extend(notes.map(|(path, kept)| (path.clone(), kept.is_some())));
        let there = all.into_iter().filter(|(_, there)| *there);
        let mut files: Vec<PathBuf> =
            there.filter_map(|(path, _)| path.strip_prefix(&self.0.root).ok().map(Path::to_owned)).collect();
        files.sort();
        Ok(files)
    }

    fn open(&self, file: &Path) -> Result<FrozenFile> {
        let path = self.0.root.join(file);
        // The live file first: when it has changed, the note of it is there by now.
        let live = File::open(&path);
        let noted = self.0.notes.lock().as_ref().and_then(|notes| notes.get(&path).copied());
        let opened = match noted {
            Some(Some(number)) => File::open(self.0.second(number)),
            Some(None) => Err(ErrorKind::NotFound.into()),
            None => live,
        };
        let told = opened.and_then(|content| {
            let about = content.metadata()?;
            let modified = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            Ok(FrozenFile { bytes: about.len(), modified, content: Box::new(content) })
        });
        told.map_err(|error| failed("read", &path, error))
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        *self.0.notes.lock() = None;
        if let Err(error) = self.0.clear() {
            tracing::warn!(error = &error as &dyn std::error::Error, "second names of a backup are left");
        }
    }
}

/// Every file below a folder; one that is gone holds none.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| failed("list", dir, error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| failed("list", dir, error))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(Store::Archive, format!("{what} {}", path.display()), error)
}
