//! `repair`: a stopped folder is healed, looked at again, and what is left is named.
use super::args::{Common, Repair};
use super::output::{Ending, Usage, put, say};
use super::{settings, verify};
use crate::app::{App, Mended, runtime};
use crate::config::Config;
use crate::engine::Caller;
use crate::engine::upkeep::report::Finding;
use crate::engine::upkeep::{RepairOptions, RepairReport, VerifyReport};
use anyhow::{Result, bail};
use serde_json::json;
use std::time::Duration;

/// How long index and archive may take to catch up.
const LEVEL_WITHIN: Duration = Duration::from_secs(3_600);

/// What was done, and what is left.
struct Done {
    database: Vec<String>,
    new_token: Option<crate::base::secret::Secret>,
    repair: RepairReport,
    reindexed: bool,
    left: VerifyReport,
}

/// Runs the command.
///
/// # Errors
/// When the folder cannot be opened or a store cannot be used at all.
pub fn run(common: &Common, repair: &Repair) -> Result<Ending> {
    if let Some(url) = &repair.place.url {
        bail!(Usage(format!(
            "repair needs the folder to itself: stop the server at {url}, then run `linernotes repair --data DIR`"
        )));
    }
    let config = settings::for_data(common, &repair.place)?.config;
    let done = runtime()?.block_on(heal(&config, repair.accept_loss))?;
    show(&done, repair.json)?;
    let whole = done.repair.lost.is_empty() && done.left.differences.is_empty();
    Ok(if whole { Ending::Done } else { Ending::Differences })
}

async fn heal(config: &Config, accept_loss: bool) -> Result<Done> {
    let (app, Mended { words, options, .. }) = App::open_mended(config).await?;
    let healed = heal_open(&app, RepairOptions { accept_loss, ..options }).await;
    let new_token = app.new_token().cloned();
    app.close(LEVEL_WITHIN).await;
    let (repair, reindexed, left) = healed?;
    Ok(Done { database: words, new_token, repair, reindexed, left })
}

async fn heal_open(app: &App, options: RepairOptions) -> Result<(RepairReport, bool, VerifyReport)> {
    let level = || app.level(LEVEL_WITHIN);
    level().await;
    let repair = app.engine().repair(options).await?;
    level().await;
    let mut left = app.engine().verify(true).await?;
    let reindexed = left.differences.iter().any(|difference| difference.store == "index");
    if reindexed {
        let owner = Caller::owner();
        app.engine().reindex(&owner).await?;
        while app.engine().reindexing(&owner)?.running {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        level().await;
        left = app.engine().verify(true).await?;
    }
    Ok((repair, reindexed, left))
}

fn show(done: &Done, json: bool) -> Result<()> {
    if json {
        let report = json!({
            "database": done.database, "transcripts": done.repair.transcripts, "healed": done.repair.healed,
            "lost": done.repair.lost, "set_aside": done.repair.set_aside, "reindexed": done.reindexed,
            "differences": done.left.differences,
        });
        put(report)?;
        return Ok(());
    }
    for words in &done.database {
        say(words);
    }
    if let Some(token) = &done.new_token {
        put(format_args!("new root token: {}", token.reveal()))?;
    }
    let lines = |what: &str, findings: &[Finding]| -> std::io::Result<()> {
        findings.iter().try_for_each(|found| put(format_args!("{what}  {}: {}", found.transcript, found.detail)))
    };
    lines("healed", &done.repair.healed)?;
    lines("LOST  ", &done.repair.lost)?;
    for path in &done.repair.set_aside {
        put(format_args!("set aside  archive/{path}"))?;
    }
    if done.reindexed {
        say("the search index was made again");
    }
    say(format_args!(
        "{} healed, {} lost, {} set aside",
        done.repair.healed.len(),
        done.repair.lost.len(),
        done.repair.set_aside.len()
    ));
    if done.left.differences.is_empty() {
        say("the stores agree");
    } else {
        say("still different:");
        verify::differences(&done.left)?;
    }
    Ok(())
}
