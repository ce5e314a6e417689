//! `reindex`: the search index is made again, with progress.
use super::args::{Common, Reindex};
use super::bar::Bar;
use super::output::{Ending, put, say};
use super::target::{self, Target};
use crate::app::Presence;
use crate::engine::upkeep::Reindexing;
use anyhow::Result;
use std::time::{Duration, Instant};

/// How often it is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// Runs the command.
///
/// # Errors
/// When the place cannot be opened or reached, or refuses.
pub fn run(common: &Common, reindex: &Reindex) -> Result<Ending> {
    let mut target = target::open(common, &reindex.place, Presence::Required)?;
    let begun = Instant::now();
    let made = follow(target.as_mut());
    let closed = target.close();
    let made = made?;
    closed?;
    show(&made, begun.elapsed(), reindex.json)?;
    Ok(if made.failed.is_empty() { Ending::Done } else { Ending::Differences })
}

fn follow(target: &mut dyn Target) -> Result<Reindexing> {
    let mut standing = target.reindex()?;
    let bar = Bar::new("transcripts", Some(0));
    while standing.running {
        bar.at(standing.transcripts.saturating_sub(standing.left), standing.transcripts);
        std::thread::sleep(ASK_EVERY);
        standing = target.reindexing()?;
    }
    bar.clear();
    Ok(standing)
}

fn show(made: &Reindexing, took: Duration, json: bool) -> Result<()> {
    if json {
        put(serde_json::to_string(made)?)?;
        return Ok(());
    }
    for one in &made.failed {
        put(format_args!("{}: not indexed: {}", one.transcript, one.reason))?;
    }
    let failed = made.failed.len() as u64;
    let indexed = made.transcripts.saturating_sub(failed);
    say(format_args!("{indexed} transcripts indexed in {:.1} s, {failed} could not be", took.as_secs_f64()));
    if failed > 0 {
        say("the search index is complete but for those; `linernotes repair --data DIR` tells what can be healed");
    }
    Ok(())
}
