//! Retention: once a day, and at the start, transcripts older than their organisation keeps them are erased, as if
//! somebody had asked for each. Only where the server is told to enforce it.
//!
//! *Decision:* a transcript's age counts from its `datetime`, the time of the conversation; where that cannot be right
//! (before 1990, or in the future) from the time it was first brought in. 0 days, and a number that is none or beyond a century,
//! keep everything: nothing is deleted because of a mistake.
use crate::base::causes::chain;
use crate::domain::catalogue::{Company, Org, RETENTION_DAYS_MAX};
use crate::domain::identity::{Revision, Tid};
use crate::engine::core::Core;
use crate::engine::edit::current::builtins;
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::engine::intake::erase;
use crate::stores::database::Row;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Microseconds after which it is tried again when it failed.
const AGAIN: i64 = DAY / 24;
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Rows read at once.
const ROWS: usize = 500;
/// Transcripts erased in one commit.
const AT_ONCE: usize = 200;
/// 1990-01-01, µs: no conversation that was recorded is older.
const FIRST: i64 = 631_152_000_000_000;

/// Runs until the engine closes.
pub fn run(core: &Arc<Core>, runtime: &Runtime) {
    if !core.settings.retention.enforce {
        return;
    }
    let mut due = i64::MIN;
    loop {
        let now = core.clock.now().0;
        if now >= due {
            due = match sweep(core, runtime, now) {
                Ok(()) => now.saturating_add(DAY),
                Err(error) => {
                    if let Error::Store(error) = &error {
                        stop_if_fatal(error);
                    }
                    tracing::error!(error = %chain(&error), "retention could not be enforced; it is tried again");
                    now.saturating_add(AGAIN)
                }
            };
        }
        if core.pause(LOOK) {
            return;
        }
    }
}

/// Goes once through everything.
fn sweep(core: &Arc<Core>, runtime: &Runtime, now: i64) -> Result<()> {
    let world = core.world.load_full();
    for (company, org) in world.catalogue.orgs() {
        let Some(days) = days(company, org) else { continue };
        let erased = sweep_org(core, runtime, (company, org), (now, now - days * DAY))?;
        if erased > 0 {
            tracing::info!(company = %company.name, org = %org.name, days, erased, "retention: transcripts were erased");
        }
        if core.closing() {
            return Ok(());
        }
    }
    Ok(())
}

fn sweep_org(
    core: &Arc<Core>,
    runtime: &Runtime,
    (company, org): (&Company, &Org),
    (now, oldest): (i64, i64),
) -> Result<usize> {
    let (mut after, mut erased) = (None, 0);
    while !core.closing() {
        let rows = core.stores.database.scan(Some(org.id), after, ROWS)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key);
        let mut expired: Vec<(Tid, Revision)> = Vec::new();
        for row in &rows {
            if since(row, now)? < oldest {
                expired.push((row.tid.clone(), row.revision));
            }
        }
        for piece in expired.chunks(AT_ONCE) {
            let gone = runtime.block_on(erase::unchanged(core, (&company.name, &org.name), org.id, piece))?;
            core.counters.retention_erased.fetch_add(gone as u64, Relaxed);
            erased += gone;
        }
    }
    Ok(erased)
}

/// The instant a transcript's age counts from, µs.
fn since(row: &Row, now: i64) -> Result<i64> {
    let datetime = builtins(&row.builtins)?.datetime;
    Ok(if (FIRST..=now).contains(&datetime) { datetime } else { row.ingested })
}

/// How many days an organisation keeps its transcripts: its own number, else (-1, or none) its company's; `None` for
/// ever.
fn days(company: &Company, org: &Org) -> Option<i64> {
    let of = |settings: &Map<String, Value>| settings.get("retention").and_then(Value::as_i64);
    let own = of(&org.settings).filter(|days| *days >= 0);
    own.or_else(|| of(&company.settings)).filter(|days| (1..=RETENTION_DAYS_MAX).contains(days))
}

#[cfg(test)]
mod tests;
