//! `backup` and `restore`.
use super::args::{Backup, Common, Place, Restore};
use super::bar::Bar;
use super::output::{Ending, put, say, table};
use super::{settings, target};
use crate::app::{Presence, restoring};
use crate::stores::backups::{self, About};
use anyhow::Result;
use indicatif::HumanBytes;

/// Runs `backup`.
///
/// # Errors
/// When the place cannot be opened or reached, refuses, or the backup cannot be written.
pub fn run(common: &Common, backup: &Backup) -> Result<Ending> {
    if backup.list {
        return list(backup);
    }
    let mut target = target::open(common, &backup.place, Presence::Required)?;
    let bar = Bar::new("files", Some(0));
    let made = target.backup(&backup.to, &mut |done, of| bar.at(done, of));
    bar.clear();
    let closed = target.close();
    let made = made?;
    closed?;
    if backup.json {
        put(serde_json::to_string(&made)?)?;
    } else {
        put(&made.name)?;
        say(format_args!(
            "{} transcripts, {} in {} files, of which {} were copied",
            made.transcripts,
            HumanBytes(made.bytes),
            made.files + 1,
            HumanBytes(made.copied)
        ));
        for damaged in &made.damaged {
            say(format_args!("damaged already in the archive: {damaged}"));
        }
    }
    Ok(if made.damaged.is_empty() { Ending::Done } else { Ending::Differences })
}

fn list(backup: &Backup) -> Result<Ending> {
    let all = backups::list(&backup.to)?;
    if backup.json {
        put(serde_json::to_string(&all)?)?;
        return Ok(Ending::Done);
    }
    put(table(&["name", "made", "transcripts", "size", "own"], &all.iter().map(row).collect::<Vec<_>>()))?;
    Ok(Ending::Done)
}

fn row(about: &About) -> Vec<String> {
    let bytes = |bytes| HumanBytes(bytes).to_string();
    vec![about.name.clone(), about.made.clone(), about.transcripts.to_string(), bytes(about.bytes), bytes(about.copied)]
}

/// Runs `restore`.
///
/// # Errors
/// When there is no backup, it is damaged, or the folder is not empty.
pub fn restore(common: &Common, restore: &Restore) -> Result<Ending> {
    let place = Place { data: restore.data.clone(), url: None };
    let config = settings::for_data(common, &place)?.config;
    let bar = Bar::new("files", Some(0));
    let restored = restoring::restore(&restore.from, &config.data.dir, |done, of| bar.at(done, of));
    bar.clear();
    let about = restored?;
    if restore.json {
        put(serde_json::to_string(&about)?)?;
    } else {
        say(format_args!(
            "{} transcripts as they were at {} are in {}; the search index is made at the first start",
            about.transcripts,
            about.made,
            config.data.dir.display()
        ));
        say("tokens work as they did then; one that was lost is replaced with `linernotes token create`");
    }
    Ok(Ending::Done)
}
