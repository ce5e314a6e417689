//! The archive as files: one transcript one pair (see [`super::layout`]). Bodies come in by way of `.staging`, metadata
//! files are written there too before they take their names; a removed organisation leaves by way of `.trash`.
mod frozen;
mod mending;

use super::layout::{self, BODY, METADATA};
use super::{Archive, Erasure, Fate, Found, Frozen, MetadataFile, StagedBody, walk};
use crate::base::atomic_file::{self, Failure};
use crate::base::digest;
use crate::domain::identity::{CompanyName, Key, OrgName, Place, Revision};
use crate::stores::error::{Kind, Result, Store, StoreError};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An archive in a folder of its own. One process at a time: the data folder's lock sees to that.
#[derive(Debug)]
pub struct FilesArchive {
    root: PathBuf,
    staging: PathBuf,
    trash: PathBuf,
    next_temporary: AtomicU64,
    unflushed: Mutex<Unflushed>,
    freezer: Arc<frozen::Freezer>,
}

/// Folders in which others were made that no flush has covered yet, each with the number of its last change: a flush
/// strikes out only what did not change meanwhile.
#[derive(Debug, Default)]
struct Unflushed {
    dirs: BTreeMap<PathBuf, u64>,
    changes: u64,
}

impl FilesArchive {
    /// Opens the archive under `root`, which is made if it is not there.
    ///
    /// # Errors
    /// When the folders cannot be made or flushed.
    pub fn open(root: PathBuf) -> Result<Self> {
        let (staging, trash) = (root.join(".staging"), root.join(".trash"));
        for dir in [&staging, &trash] {
            fs::create_dir_all(dir).map_err(|error| failed(Failure::write(dir, error)))?;
        }
        let made = root.parent().into_iter().chain([root.as_path()]).map(Path::to_owned).collect();
        atomic_file::flush_dirs(&root, &made).map_err(failed)?;
        let (next_temporary, unflushed) = (AtomicU64::new(0), Mutex::new(Unflushed::default()));
        let freezer = Arc::new(frozen::Freezer::new(&root)?);
        Ok(Self { root, staging, trash, next_temporary, unflushed, freezer })
    }

    fn staged(&self, key: Key, words_revision: Revision) -> PathBuf {
        self.staging.join(layout::staged(key, words_revision))
    }

    fn temporary(&self) -> PathBuf {
        self.staging.join(format!("{}.tmp", self.next_temporary.fetch_add(1, Ordering::Relaxed)))
    }

    /// Renames a file in `.staging` to its place; false when it is not in `.staging` (any more).
    fn give_name(&self, from: &Path, place: &Place, ending: &str) -> Result<bool> {
        let to = layout::path(&self.root, place, ending);
        self.freezer.before_change(&to)?;
        match fs::rename(from, &to) {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(Failure::write(&to, error))),
        }
        if !exists(from)? {
            return Ok(false);
        }
        self.make_dirs(place)?;
        match fs::rename(from, &to) {
            Ok(()) => Ok(true),
            // Its folders stand, so the file itself is gone: somebody else has given it its name meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound && !exists(from)? => Ok(false),
            Err(error) => Err(failed(Failure::write(&to, error))),
        }
    }

    /// Makes the folders down to the shard. The shard is made last: where it stands, all above it is complete.
    fn make_dirs(&self, place: &Place) -> Result<()> {
        let mut dir = self.root.clone();
        for name in [place.company.as_str(), place.org.as_str()] {
            let encoded = layout::encode(name);
            dir.push(&encoded);
            self.make_dir(&dir)?;
            let full_name = dir.join(layout::FULL_NAME);
            if layout::is_cut(&encoded) && !exists(&full_name)? {
                atomic_file::replace(&full_name, &self.temporary(), name.as_bytes()).map_err(failed)?;
            }
        }
        self.make_dir(&layout::shard_dir(&self.root, place))
    }

    fn make_dir(&self, dir: &Path) -> Result<()> {
        // Held while the folder is made: whoever finds it there finds its parent among the unflushed as well.
        let mut unflushed = self.unflushed.lock();
        match fs::create_dir(dir) {
            Ok(()) => {
                unflushed.changes += 1;
                let change = unflushed.changes;
                unflushed.dirs.extend(dir.parent().map(|parent| (parent.to_owned(), change)));
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(Failure::write(dir, error))),
        }
    }

    /// Makes the names in `dirs` durable, and those of all folders made before.
    fn flush(&self, mut dirs: BTreeSet<PathBuf>) -> Result<()> {
        let pending = self.unflushed.lock().dirs.clone();
        dirs.extend(pending.keys().cloned());
        atomic_file::flush_dirs(&self.root, &dirs).map_err(failed)?;
        if !pending.is_empty() {
            self.unflushed.lock().dirs.retain(|dir, change| pending.get(dir) != Some(change));
        }
        Ok(())
    }

    /// The newest of `files` for each place, less those that a newer one stored makes void. What is stored but cannot
    /// be read is written anew.
    fn newest<'a>(&self, files: &'a [MetadataFile]) -> Vec<&'a MetadataFile> {
        let mut newest: HashMap<&Place, &MetadataFile> = HashMap::with_capacity(files.len());
        for file in files {
            let known = newest.entry(&file.place).or_insert(file);
            if known.revision <= file.revision {
                *known = file;
            }
        }
        let stored = |place| self.metadata(place).ok().flatten();
        newest.retain(|place, file| stored(place).is_none_or(|stored| stored.revision <= file.revision));
        newest.into_values().collect()
    }

    /// What lies in a folder, by name.
    fn names_in(dir: &Path) -> Result<Vec<PathBuf>> {
        let read = || fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>();
        read().map_err(|error| StoreError::io(Store::Archive, format!("list {}", dir.display()), error))
    }

    fn empty_trash(&self) -> Result<()> {
        let discarded = Self::names_in(&self.trash)?;
        for path in &discarded {
            tolerate_absence(fs::remove_dir_all(path)).map_err(|error| failed(Failure::write(path, error)))?;
        }
        if discarded.is_empty() { Ok(()) } else { self.flush(BTreeSet::from([self.trash.clone()])) }
    }
}

impl Archive for FilesArchive {
    fn stage(&self, bodies: &[StagedBody]) -> Result<()> {
        if bodies.is_empty() {
            return Ok(());
        }
        let file = |staged: &'_ StagedBody| self.staged(staged.key, staged.words_revision);
        let files: Vec<(PathBuf, &[u8])> = bodies.iter().map(|staged| (file(staged), staged.body.as_bytes())).collect();
        atomic_file::write_all(&self.staging, &files).map_err(failed)?;
        atomic_file::flush_dirs(&self.staging, &BTreeSet::from([self.staging.clone()])).map_err(failed)
    }

    fn publish(&self, bodies: &[(Place, Key, Revision)]) -> Result<()> {
        for (place, key, words_revision) in bodies {
            let published = self.give_name(&self.staged(*key, *words_revision), place, BODY)?
                || exists(&layout::path(&self.root, place, BODY))?;
            if !published {
                let operation = format!("publish {place}: the staged body is missing");
                return Err(StoreError::plain(Store::Archive, Kind::Corrupt, operation));
            }
        }
        Ok(())
    }

    fn discard(&self, bodies: &[(Key, Revision)]) -> Result<()> {
        bodies.iter().try_for_each(|(key, words_revision)| remove(&self.staged(*key, *words_revision)))
    }

    fn sweep(&self, fate: &mut dyn FnMut(Key, Revision) -> Fate) -> Result<()> {
        let left = Self::names_in(&self.staging)?;
        let mut changed = BTreeSet::new();
        for path in &left {
            let staged = path.file_name().and_then(|name| layout::parse_staged(name.to_str()?));
            match staged.map(|(key, words_revision)| fate(key, words_revision)) {
                Some(Fate::Publish(place)) => {
                    self.give_name(path, &place, BODY)?;
                    changed.insert(layout::shard_dir(&self.root, &place));
                }
                Some(Fate::Keep) => {}
                Some(Fate::SetAside) => drop(self.move_aside(path)?),
                Some(Fate::Discard) | None => remove(path)?,
            }
        }
        if !left.is_empty() {
            changed.insert(self.staging.clone());
            self.flush(changed)?;
        }
        self.empty_trash()
    }

    fn put_metadata(&self, files: &[MetadataFile]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let newest = self.newest(files);
        let texts: Vec<String> = newest.iter().map(|file| layout::metadata_text(file)).collect();
        let written: Vec<(PathBuf, &[u8])> = texts.iter().map(|text| (self.temporary(), text.as_bytes())).collect();
        atomic_file::write_all(&self.staging, &written).map_err(failed)?;
        let mut named =
            written.iter().zip(&newest).map(|((from, _), file)| self.give_name(from, &file.place, METADATA));
        if let Some(error) = named.find_map(Result::err) {
            // Best effort: what stays is swept at the next start.
            written.iter().for_each(|(from, _)| drop(fs::remove_file(from)));
            return Err(error);
        }
        self.flush(files.iter().map(|file| layout::shard_dir(&self.root, &file.place)).collect())
    }

    fn body(&self, place: &Place, key: Key, words_revision: Revision) -> Result<Option<String>> {
        // In this order: a body leaves the first name only by taking the second.
        for path in [self.staged(key, words_revision), layout::path(&self.root, place, BODY)] {
            if let Some(text) = read(&path)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn metadata(&self, place: &Place) -> Result<Option<MetadataFile>> {
        let path = layout::path(&self.root, place, METADATA);
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let corrupt = |why| StoreError::new(Store::Archive, Kind::Corrupt, format!("read {}", path.display()), why);
        let file = layout::read_metadata(&place.company, &place.org, &text).map_err(corrupt)?;
        if file.place != *place {
            return Err(corrupt(layout::Corrupt(format!("it is of the transcript {}", file.place.tid))));
        }
        Ok(Some(file))
    }

    fn erase(&self, places: &[Place]) -> Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        for place in places {
            for ending in [BODY, METADATA] {
                let path = layout::path(&self.root, place, ending);
                self.freezer.before_change(&path)?;
                remove(&path)?;
            }
        }
        self.flush(places.iter().map(|place| layout::shard_dir(&self.root, place)).collect())
    }

    fn discard_org(&self, company: &CompanyName, org: &OrgName) -> Result<()> {
        let dir = layout::org_dir(&self.root, company, org);
        self.freezer.before_removal(&dir)?;
        let away = self.trash.join(digest::hex(digest::random().get(..16).unwrap_or_default()));
        match fs::rename(&dir, &away) {
            Ok(()) => {
                let parent = dir.parent().map(Path::to_owned);
                self.flush(parent.into_iter().chain([self.trash.clone()]).collect())?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(Failure::write(&dir, error))),
        }
        self.empty_trash()
    }

    fn list(&self, each: &mut dyn FnMut(Result<Found>)) -> Result<()> {
        walk::list(&self.root, &mut |_, found| each(found))
    }

    fn catalogue(&self) -> Result<Option<String>> {
        self.read_catalogue()
    }

    fn put_catalogue(&self, text: &str) -> Result<()> {
        self.write_catalogue(text)
    }

    fn heal(&self, place: &Place, body_sha256: Option<&str>) -> Result<Vec<&'static str>> {
        self.heal_files(place, body_sha256)
    }

    fn set_metadata_aside(&self, place: &Place) -> Result<()> {
        self.metadata_aside(place)
    }

    fn tidy(&self, belongs: &mut dyn FnMut(&Found) -> bool) -> Result<Vec<String>> {
        self.tidy_files(belongs)
    }

    fn forget_aside(&self, erased: &Erasure) -> Result<Vec<String>> {
        self.forget_files_aside(erased)
    }

    fn is_frozen(&self) -> bool {
        self.freezer.is_frozen()
    }

    fn freeze(&self) -> Result<Box<dyn Frozen>> {
        frozen::freeze(&self.freezer, &self.staging)
    }
}

fn failed(failure: Failure) -> StoreError {
    let operation = failure.to_string();
    if failure.flush {
        return StoreError::new(Store::Archive, Kind::Fatal, operation, failure.source);
    }
    StoreError::io(Store::Archive, operation, failure.source)
}

/// A file's text; none when it is not there. What stands there but is no text, or cannot be read from the disk, is
/// corrupt; lack of file handles and the like is not.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let io_error = rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::IO);
            let damaged = io_error || matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::IsADirectory);
            let kind = if damaged { Kind::Corrupt } else { Kind::Unavailable };
            Err(StoreError::new(Store::Archive, kind, format!("read {}", path.display()), error))
        }
    }
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| StoreError::io(Store::Archive, format!("look at {}", path.display()), error))
}

/// Removes a file; one that is not there is no error.
fn remove(path: &Path) -> Result<()> {
    tolerate_absence(fs::remove_file(path)).map_err(|error| failed(Failure::write(path, error)))
}

fn tolerate_absence(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
