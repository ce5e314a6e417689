//! `restore`: a backup into an empty folder. Every file is checked against its sum while it is copied; the database gets
//! its name last, so that a folder in which a restore broke off is not taken for a whole one.
use super::data_folder::{DataFolder, Presence};
use crate::stores::backups::{self, ARCHIVE, About, DATABASE, IMPORTS};
use crate::stores::database::sqlite::mend;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Restores; `step` hears how many files are done, of how many.
///
/// # Errors
/// When there is no backup, the folder is not empty, or a file does not have its sum.
pub fn restore(from: &Path, dir: &Path, mut step: impl FnMut(u64, u64)) -> Result<About> {
    let (source, about) = find(from)?;
    let taken = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        bail!(
            "{} is not empty: a backup is restored into an empty folder only; name another with --data",
            dir.display()
        );
    }
    if about.format != 1 {
        bail!("the backup {} was made by a newer version of this program", about.name);
    }
    let entries = backups::entries(&source, &about)?;
    let staged = backups::staged(&source, &about)?;
    let folder = DataFolder::open(dir, Presence::Made)?;
    let total = entries.len() as u64 + 1;
    for (done, entry) in (0_u64..).zip(&entries) {
        step(done, total);
        let to = folder.archive().join(&entry.path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        checked(&source.join(ARCHIVE).join(&entry.path), &to, &entry.sha256)?;
    }
    for entry in &staged {
        let to = folder.imports().join(&entry.path);
        for own in [Some(folder.imports().as_path()), to.parent()].into_iter().flatten() {
            fs::create_dir_all(own).with_context(|| format!("cannot make {}", own.display()))?;
            private(own, 0o700)?;
        }
        checked(&source.join(IMPORTS).join(&entry.path), &to, &entry.sha256)?;
        private(&to, 0o600)?;
    }
    let restoring = folder.dir().join("main.db.restoring");
    checked(&source.join(DATABASE), &restoring, &about.database_sha256)?;
    private(&restoring, 0o600)?;
    mend::renew_epoch(&restoring)?;
    backups::flush(folder.dir())?;
    fs::rename(&restoring, folder.database()).context("cannot give the database its name")?;
    backups::flush(folder.dir())?;
    step(total, total);
    Ok(about)
}

/// The backup meant: the folder itself, or the newest in it.
fn find(from: &Path) -> Result<(PathBuf, About)> {
    if from.join(backups::ABOUT).is_file() {
        return Ok((from.to_owned(), backups::about(from)?));
    }
    let all = backups::list(from).with_context(|| format!("there is no backup in {}", from.display()))?;
    match all.into_iter().next_back() {
        Some(about) => Ok((from.join(&about.name), about)),
        None => bail!("there is no complete backup in {}", from.display()),
    }
}

fn checked(from: &Path, to: &Path, sha256: &str) -> Result<()> {
    let mut content = File::open(from).with_context(|| format!("the backup lacks {}", from.display()))?;
    let (sum, _) = backups::copy(&mut content, to)?;
    if sum != sha256 {
        bail!("the backup is damaged: {} does not have the sum it was written with", from.display());
    }
    Ok(())
}

/// For its owner alone, as it is made in a data folder.
fn private(path: &Path, mode: u32) -> Result<()> {
    #[cfg(not(unix))]
    let _ = (path, mode);
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
        .with_context(|| format!("cannot protect {}", path.display()))?;
    Ok(())
}
