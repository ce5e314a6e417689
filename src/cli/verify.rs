//! `verify`: compares the three stores of a stopped folder.
use super::args::{Common, Verify};
use super::output::{Ending, Usage, put, say};
use super::settings;
use crate::app::{App, runtime};
use crate::engine::upkeep::VerifyReport;
use anyhow::{Result, bail};
use std::time::Duration;

/// How long index and archive may take to catch up with a crash before they are compared as they stand.
const LEVEL_WITHIN: Duration = Duration::from_secs(600);

/// Runs the command.
///
/// # Errors
/// When the folder cannot be opened or a store cannot be read.
pub fn run(common: &Common, verify: &Verify) -> Result<Ending> {
    if let Some(url) = &verify.place.url {
        let words = format!(
            "verify reads the files themselves and the server at {url} has no such call: \
             stop the server, then run `linernotes verify --data DIR`"
        );
        bail!(Usage(words));
    }
    let config = settings::for_data(common, &verify.place)?.config;
    let report = runtime()?.block_on(async {
        let app = App::open_to_look(&config).await?;
        if !app.level(LEVEL_WITHIN).await {
            say("index and archive have not caught up yet; comparing them as they stand");
        }
        let report = app.engine().verify(verify.deep).await;
        app.close(LEVEL_WITHIN).await;
        anyhow::Ok(report?)
    })?;
    show(&report, verify.json)?;
    Ok(if report.differences.is_empty() { Ending::Done } else { Ending::Differences })
}

fn show(report: &VerifyReport, json: bool) -> Result<()> {
    if json {
        put(serde_json::to_string(report)?)?;
        return Ok(());
    }
    differences(report)?;
    say(format_args!(
        "{} transcripts in the database, {} in the index, {} in the archive",
        report.transcripts, report.indexed, report.archived
    ));
    match report.differences.len() {
        0 => say("no differences"),
        1 => say("1 difference; `linernotes repair` heals what another store can prove"),
        many => say(format_args!("{many} differences; `linernotes repair` heals what another store can prove")),
    }
    Ok(())
}

/// One line a difference.
///
/// # Errors
/// When standard output cannot be written.
pub fn differences(report: &VerifyReport) -> Result<()> {
    for difference in &report.differences {
        put(format_args!(
            "{:<8}  {}  {}: {}",
            difference.store, difference.transcript, difference.kind, difference.detail
        ))?;
    }
    Ok(())
}
