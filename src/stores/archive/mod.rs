//! The archive port: bodies and whole metadata, one transcript one pair of files, readable without us.
#[cfg(test)]
pub mod conformance;
pub mod files;
pub mod layout;
pub mod memory;
mod walk;

use super::error::Result;
use crate::domain::identity::{CompanyName, FolderName, Key, OrgName, Place, Revision};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A body on its way in: durable under a temporary name before the database commits it.
#[derive(Clone, Debug)]
pub struct StagedBody {
    /// Where it will stand.
    pub place: Place,
    /// The incarnation.
    pub key: Key,
    /// The revision that brings it.
    pub words_revision: Revision,
    /// Its bytes.
    pub body: Arc<str>,
}

/// A metadata file, as `<tid>.jsonmeta` holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataFile {
    /// Where it stands.
    pub place: Place,
    /// All metadata, as JSON.
    pub metadata: Arc<str>,
    /// The folder's name.
    pub folder: FolderName,
    /// Of the metadata.
    pub revision: Revision,
    /// Of the body.
    pub words_revision: Revision,
    /// RFC 3339.
    pub last_modified: String,
    /// SHA-256 of the body, hex.
    pub body_sha256: String,
}

/// What a listing finds for one transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub place: Place,
    /// Whether the body is there.
    pub body: bool,
    /// Whether the metadata file is there.
    pub metadata: bool,
}

/// What to do with a staged body found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its commit stands: give it its name.
    Publish(Place),
    /// Its commit never happened.
    Discard,
    /// It could not be judged: leave it for the next start.
    Keep,
    /// Nobody knows whose it is: it is kept out of the way.
    SetAside,
}

/// What is erased, of which copies may have been set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Transcripts.
    Transcripts(Vec<Place>),
    /// Metadata of an organisation: which of its files hold it nobody can tell, they are damaged.
    Metadata(CompanyName, OrgName),
    /// All of an organisation.
    Org(CompanyName, OrgName),
}

/// The archive as it was at one moment, until it is dropped.
pub trait Frozen: Send + Sync {
    /// Every file there was, by its path within the archive, staged bodies included.
    fn files(&self) -> Result<Vec<PathBuf>>;
    /// A file as it was.
    fn open(&self, file: &Path) -> Result<FrozenFile>;
}

/// A file of a frozen archive.
pub struct FrozenFile {
    /// Its length.
    pub bytes: u64,
    /// When it was written, nanoseconds since 1970 UTC; a file is never altered in place.
    pub modified: u128,
    /// Its content.
    pub content: Box<dyn Read + Send>,
}

/// A long-term store of transcripts.
pub trait Archive: Send + Sync {
    /// Makes bodies durable under temporary names that hold key and words revision; one flush a batch.
    fn stage(&self, bodies: &[StagedBody]) -> Result<()>;
    /// Gives staged bodies their names, in order. Repeating it is harmless. Not flushed: a crash leaves the staged name,
    /// which `sweep` finishes.
    fn publish(&self, bodies: &[(Place, Key, Revision)]) -> Result<()>;
    /// Drops staged bodies whose commit did not happen.
    fn discard(&self, bodies: &[(Key, Revision)]) -> Result<()>;
    /// Settles what a crash left: each staged body is published or discarded as `fate` says, other temporary files go.
    fn sweep(&self, fate: &mut dyn FnMut(Key, Revision) -> Fate) -> Result<()>;
    /// Writes metadata files; durable on return, renames of bodies published before included. A file of an older
    /// revision than the one stored is left out.
    fn put_metadata(&self, files: &[MetadataFile]) -> Result<()>;
    /// The body, staged or published.
    fn body(&self, place: &Place, key: Key, words_revision: Revision) -> Result<Option<String>>;
    /// The metadata file.
    fn metadata(&self, place: &Place) -> Result<Option<MetadataFile>>;
    /// Removes both files; durable on return. What is not there is no error.
    fn erase(&self, places: &[Place]) -> Result<()>;
    /// Removes everything a whole organisation has here but staged bodies: gone at once, durable on return. An
    /// organisation without files is no error.
    fn discard_org(&self, company: &CompanyName, org: &OrgName) -> Result<()>;
    /// Every transcript it holds of every organisation, in no order. Unreadable names are errors of their own.
    fn list(&self, each: &mut dyn FnMut(Result<Found>)) -> Result<()>;
    /// What companies, organisations and folders there were at the last `put_catalogue`.
    fn catalogue(&self) -> Result<Option<String>>;
    /// Remembers them, whole or not at all; durable on return.
    fn put_catalogue(&self, text: &str) -> Result<()>;
    /// Corrects small damage of a transcript's files where a sum proves what stood there, and says what was done; the
    /// damaged files are set aside. `body_sha256` is the sum the body must have, if it is known.
    fn heal(&self, place: &Place, body_sha256: Option<&str>) -> Result<Vec<&'static str>>;
    /// Takes a metadata file out of its place without destroying it.
    fn set_metadata_aside(&self, place: &Place) -> Result<()>;
    /// Sets aside what is not of the archive's making, and the transcripts that `belongs` refuses; where each went.
    fn tidy(&self, belongs: &mut dyn FnMut(&Found) -> bool) -> Result<Vec<String>>;
    /// Removes what was set aside and may hold copies of what is erased; where each lay.
    fn forget_aside(&self, erased: &Erasure) -> Result<Vec<String>>;
    /// Whether a moment is held by [`Archive::freeze`]: files removed or replaced since are still there until it ends.
    fn is_frozen(&self) -> bool;
    /// Everything as it is at this moment, however it changes meanwhile. One moment at a time.
    fn freeze(&self) -> Result<Box<dyn Frozen>>;
}
