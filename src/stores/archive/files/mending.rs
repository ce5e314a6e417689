//! Damage in single files: what sums prove is corrected, what belongs to nobody is set aside.
use super::super::layout::{self, BODY, METADATA};
use super::super::{Erasure, Found, walk};
use super::{FilesArchive, exists, failed};
use crate::base::atomic_file::{self, Failure};
use crate::base::digest::sha256_hex;
use crate::domain::identity::Place;
use crate::stores::error::{Result, Store, StoreError};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder within the archive for what belongs to nobody, and for damaged files that were corrected.
pub const ASIDE: &str = ".lost+found";
/// Bytes of a file in which a flipped bit is looked for: the work grows with their square.
const SEARCHED: usize = 16 << 10;

impl FilesArchive {
    /// See [`crate::stores::archive::Archive::heal`].
    pub(super) fn heal_files(&self, place: &Place, body_sha256: Option<&str>) -> Result<Vec<&'static str>> {
        let mut healed = Vec::new();
        let path = layout::path(&self.root, place, METADATA);
        let is_metadata = |bytes: &[u8]| {
            let read = std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| layout::read_metadata(&place.company, &place.org, text).ok());
            read.is_some_and(|file| file.place == *place)
        };
        if self.heal_file(&path, is_metadata)? {
            healed.push("a flipped bit of the metadata file was corrected; the sum in it proves the rest");
        }
        if let Some(sum) = body_sha256
            && self.heal_file(&layout::path(&self.root, place, BODY), |bytes| sha256_hex(bytes) == sum)?
        {
            healed.push("a flipped bit of the body was corrected; the sum in the database proves it");
        }
        Ok(healed)
    }

    /// Corrects one flipped bit, if that makes the file good; whether it did.
    fn heal_file(&self, path: &Path, good: impl Fn(&[u8]) -> bool) -> Result<bool> {
        let Ok(mut bytes) = fs::read(path) else { return Ok(false) };
        if bytes.len() > SEARCHED || good(&bytes) {
            return Ok(false);
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                flip(&mut bytes, at, bit);
                if good(&bytes) {
                    self.move_aside(path)?;
                    atomic_file::replace(path, &self.temporary(), &bytes).map_err(failed)?;
                    return Ok(true);
                }
                flip(&mut bytes, at, bit);
            }
        }
        Ok(false)
    }

    /// See [`crate::stores::archive::Archive::set_metadata_aside`].
    pub(super) fn metadata_aside(&self, place: &Place) -> Result<()> {
        let path = layout::path(&self.root, place, METADATA);
        if exists(&path)? { self.move_aside(&path).map(drop) } else { Ok(()) }
    }

    /// See [`crate::stores::archive::Archive::tidy`].
    pub(super) fn tidy_files(&self, belongs: &mut dyn FnMut(&Found) -> bool) -> Result<Vec<String>> {
        let mut strays: Vec<PathBuf> = Vec::new();
        walk::list(&self.root, &mut |path, found| match found {
            Ok(found) if !belongs(&found) => {
                let ending = |ending| layout::path(&self.root, &found.place, ending);
                strays.extend([ending(BODY), ending(METADATA)].into_iter().filter(|file| file.exists()));
            }
            Err(_) if path.exists() => strays.push(path.to_owned()),
            // A cut name is told by its metadata file; when that is damaged the transcript may be known all the same.
            Err(_) if !path.file_name().is_some_and(|stem| layout::is_cut(&stem.to_string_lossy())) => {
                let ending = |ending: &str| {
                    let mut name = path.as_os_str().to_owned();
                    name.push(format!(".{ending}"));
                    PathBuf::from(name)
                };
                strays.extend([ending(BODY), ending(METADATA)].into_iter().filter(|file| file.exists()));
            }
            _ => {}
        })?;
        strays.iter().map(|path| self.move_aside(path)).collect()
    }

    /// Moves a file or folder of the archive to [`ASIDE`], under its own path there; the new place.
    pub(super) fn move_aside(&self, path: &Path) -> Result<String> {
        let own = path.strip_prefix(&self.root).unwrap_or(path);
        let wanted = self.root.join(ASIDE).join(own);
        let numbered = |n: u32| {
            let mut name = wanted.clone().into_os_string();
            name.push(format!(".{n}"));
            PathBuf::from(name)
        };
        let to = if wanted.exists() {
            (1..).map(numbered).find(|to| !to.exists()).unwrap_or_else(|| wanted.clone())
        } else {
            wanted
        };
        let dir = to.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&dir).map_err(|error| failed(Failure::write(&dir, error)))?;
        fs::rename(path, &to).map_err(|error| failed(Failure::write(&to, error)))?;
        let from = path.parent().unwrap_or(&self.root).to_owned();
        atomic_file::flush_dirs(&self.root, &BTreeSet::from([dir, from])).map_err(failed)?;
        Ok(format!("{}", to.strip_prefix(&self.root).unwrap_or(&to).display()))
    }

    /// See [`crate::stores::archive::Archive::forget_aside`].
    pub(super) fn forget_files_aside(&self, erased: &Erasure) -> Result<Vec<String>> {
        let aside = self.root.join(ASIDE);
        if !exists(&aside)? {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        files_below(&aside, &mut files)?;
        let mut removed = Vec::new();
        for file in files {
            let own = file.strip_prefix(&aside).unwrap_or(&file);
            if may_hold(own, erased) {
                super::remove(&file)?;
                removed.push(format!("{ASIDE}/{}", own.display()));
            }
        }
        if !removed.is_empty() {
            atomic_file::flush_dirs(&self.root, &BTreeSet::from([aside])).map_err(failed)?;
        }
        removed.sort();
        Ok(removed)
    }

    /// See [`crate::stores::archive::Archive::catalogue`].
    pub(super) fn read_catalogue(&self) -> Result<Option<String>> {
        match fs::read_to_string(self.root.join(layout::CATALOGUE)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(Store::Archive, "read the catalogue", error)),
        }
    }

    /// See [`crate::stores::archive::Archive::put_catalogue`].
    pub(super) fn write_catalogue(&self, text: &str) -> Result<()> {
        let path = self.root.join(layout::CATALOGUE);
        atomic_file::replace(&path, &self.temporary(), text.as_bytes()).map_err(failed)
    }
}

/// Whether a file that was set aside, by its path there, may hold what is erased: damaged as it may be, its place and
/// its name are all that tells. Bodies that never got a name may be anybody's.
fn may_hold(own: &Path, erased: &Erasure) -> bool {
    let parts: Vec<String> = own.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let name = parts.last().map_or("", String::as_str);
    let staged = parts.first().is_some_and(|first| first == ".staging");
    let in_org = |company: &str, org: &str| {
        parts.first().is_some_and(|own| *own == layout::encode(company))
            && parts.get(1).is_some_and(|own| *own == layout::encode(org))
    };
    // `<tid>.json`, `<tid>.jsonmeta`, and either with a number when there were several.
    let is_body = name.ends_with(".json")
        || name.rsplit_once('.').is_some_and(|(stem, number)| {
            stem.ends_with(".json") && number.bytes().all(|digit| digit.is_ascii_digit())
        });
    match erased {
        Erasure::Org(company, org) => staged || in_org(company.as_str(), org.as_str()),
        Erasure::Metadata(company, org) => in_org(company.as_str(), org.as_str()) && !is_body,
        Erasure::Transcripts(places) => {
            staged
                || places.iter().any(|place| {
                    let rest = name.strip_prefix(&layout::encode(place.tid.as_str()));
                    rest.is_some_and(|rest| rest.starts_with(".json"))
                        && in_org(place.company.as_str(), place.org.as_str())
                })
        }
    }
}

/// Every file below a folder.
fn files_below(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in FilesArchive::names_in(dir)? {
        // A link is a file of its own: it is not followed.
        if fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) {
            files_below(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn flip(bytes: &mut [u8], at: usize, bit: u32) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
}
