//! `backup`: database and archive at one moment while edits go on. The index is left out: it is made again.
//!
//! *Decision:* the moment is fixed while no body takes its name and no metadata file is written, which takes
//! milliseconds: the archive is frozen (a file that changes later keeps a second name), then the database's copy begins
//! its transaction. What was acknowledged before is in it, what comes later is not.
use super::backup_board::BackupStanding;
use crate::base::causes::chain;
use crate::base::json::misshape;
use crate::domain::access::Right;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::imports::take::UPLOAD;
use crate::stores::backups::{About, Draft};
use crate::stores::error::{Store, StoreError};
use crate::stores::staging::{Held, Staging};
use serde::Deserialize;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    dir: String,
}

/// `POST /backup`: begins one in a folder below the one that is configured for backups.
///
/// # Errors
/// `right_missing`; `config_invalid` when no folder is configured, `parameter_invalid` for one outside of it;
/// `overloaded` while another one is made.
pub fn begin(core: &Arc<Core>, caller: &Caller, body: &str) -> Result<BackupStanding> {
    caller.demand_everything(Right::Admin)?;
    let asked: Asked = serde_json::from_str(body).map_err(|error| {
        Refusal::new(Code::BodyShape, format!("send {{\"dir\": \"FOLDER\"}}: {}", misshape(&error)))
    })?;
    let folder = below(&core.settings.backup.dir, &asked.dir)?;
    take(core, &folder)?;
    let worker = core.clone();
    tokio::task::spawn_blocking(move || finish(&worker, &folder));
    Ok(core.backup.standing())
}

/// Makes one in any folder: for whoever has the data folder to himself. Blocking.
///
/// # Errors
/// When it cannot be written, or another one is made.
pub fn here(core: &Core, folder: &Path) -> Result<About> {
    take(core, folder)?;
    finish(core, folder)
}

/// How far it is.
///
/// # Errors
/// `right_missing`.
pub fn standing(core: &Core, caller: &Caller) -> Result<BackupStanding> {
    caller.demand_everything(Right::Admin)?;
    Ok(core.backup.standing())
}

/// The folder asked for, which must lie below `base`.
fn below(base: &Path, asked: &str) -> Result<PathBuf> {
    if base.as_os_str().is_empty() {
        let words = "this server may write no backups: set `dir` in the section [backup] of its configuration to the \
                     folder they may lie in";
        return Err(Error::refused(Code::ConfigInvalid, words));
    }
    let refused = |why: &str| -> Error {
        let words = format!("{asked:?} {why}; backups lie below {}", base.display());
        Refusal::at(Code::ParameterInvalid, "/dir", words).into()
    };
    let inside = Path::new(asked).strip_prefix(base).unwrap_or(Path::new(asked));
    if asked.is_empty() || !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(refused("is not a folder below the one for backups"));
    }
    let folder = base.join(inside);
    std::fs::create_dir_all(&folder).map_err(|error| match error.kind() {
        // The name is at fault; anything else is the disk.
        ErrorKind::AlreadyExists
        | ErrorKind::NotADirectory
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput
        | ErrorKind::PermissionDenied => refused(&format!("cannot be made ({error})")),
        _ => StoreError::io(Store::Archive, format!("making {}", folder.display()), error).into(),
    })?;
    // A link inside must not lead out.
    match (base.canonicalize(), folder.canonicalize()) {
        (Ok(base), Ok(real)) if real.starts_with(&base) => Ok(folder),
        _ => Err(refused("leads out of the folder for backups")),
    }
}

fn take(core: &Core, folder: &Path) -> Result<()> {
    let mut standing = core.backup.lock();
    if standing.running {
        return Err(Error::refused(Code::Overloaded, format!("a backup in {} is being made", standing.folder)));
    }
    *standing = BackupStanding { running: true, folder: folder.display().to_string(), ..BackupStanding::default() };
    Ok(())
}

/// Makes it and notes how it ended.
fn finish(core: &Core, folder: &Path) -> Result<About> {
    let run = std::panic::AssertUnwindSafe(|| make(core, folder));
    let made = std::panic::catch_unwind(run)
        .unwrap_or_else(|_| Err(Error::refused(Code::Overloaded, "the backup broke off by a defect")));
    let mut standing = core.backup.lock();
    standing.running = false;
    match &made {
        Ok(about) => {
            standing.made = Some(about.clone());
            tracing::info!(backup = %about.name, transcripts = about.transcripts, "a backup is complete");
        }
        Err(error) => {
            standing.error = Some(chain(error));
            tracing::error!(error = %chain(error), "a backup failed");
        }
    }
    made
}

/// The rows of imports there are, without bodies that are being received: those were not acknowledged.
fn held(core: &Core) -> Result<Vec<Held>> {
    let mut all = core.staging.as_ref().map(Staging::held).transpose()?.unwrap_or_default();
    all.retain(|own| own.file != UPLOAD);
    Ok(all)
}

fn make(core: &Core, folder: &Path) -> Result<About> {
    let mut draft = Draft::begin(folder, &core.clock.now().rfc3339())?;
    // Rows of imports are only appended to: what is open now holds what the database will say of them, even if their job
    // ends meanwhile; files of imports that begin meanwhile are looked for once more afterwards.
    let mut staged = held(core)?;
    let mut landing = Some(core.landing.write());
    if core.archive.is_empty() {
        draft.expect_level();
    }
    let frozen = core.stores.archive.freeze()?;
    core.stores.database.copy(&draft.database(), &mut || drop(landing.take()))?;
    drop(landing);
    let known: HashSet<(String, String)> = staged.iter().map(|own| (own.job.clone(), own.file.clone())).collect();
    staged.extend(held(core)?.into_iter().filter(|own| !known.contains(&(own.job.clone(), own.file.clone()))));
    for mut own in staged {
        draft.stage(&own.job, &own.file, &mut own.content)?;
    }
    let files = frozen.files()?;
    core.backup.lock().files = files.len() as u64;
    for path in files {
        if core.closing() {
            return Err(Error::refused(Code::ShuttingDown, "the server stops; the backup was given up"));
        }
        draft.put(&path, frozen.open(&path)?)?;
        core.backup.lock().done += 1;
    }
    Ok(draft.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_below_the_configured_one_are_taken() {
        let base = tempfile::tempdir().unwrap();
        assert_eq!(below(base.path(), "a/b").unwrap(), base.path().join("a/b"));
        let absolute = base.path().join("c");
        assert_eq!(below(base.path(), absolute.to_str().unwrap()).unwrap(), absolute);
        for outside in ["", "..", "a/../../b", "/etc", "/"] {
            assert!(below(base.path(), outside).is_err(), "{outside}");
        }
        assert!(below(Path::new(""), "a").unwrap_err().to_string().contains("[backup]"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out() {
        let (base, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), base.path().join("link")).unwrap();
        assert!(below(base.path(), "link/x").is_err());
    }
}
