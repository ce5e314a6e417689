//! `erase`: transcripts, or every value of a field; waits until the last byte is gone, proves it on a stopped folder, and
//! lists the backups that may still hold it.
mod prove;

use super::args::{Common, Erase};
use super::bar::Bar;
use super::output::{Ending, put, say};
use super::target::{self, Target};
use super::{settings, target::Witness};
use crate::app::Presence;
use crate::engine::upkeep::{Erasing, ErasureScope};
use anyhow::Result;
use prove::{Proof, Subject, Values};
use serde::Serialize;
use std::time::Duration;

/// How often it is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What was done.
#[derive(Serialize)]
struct Report {
    /// One for a field, or one for each transcript.
    erased: Vec<Erasing>,
    /// The search; none on a running server.
    proof: Option<Proof>,
}

/// Runs the command.
///
/// # Errors
/// When the place cannot be opened or reached, refuses, or a file cannot be searched.
pub fn run(common: &Common, erase: &Erase) -> Result<Ending> {
    // Without logging: opening the place starts that.
    let flags = settings::flags(common, erase.place.data.as_deref(), None);
    let dir = settings::load(common, flags)?.config.data.dir;
    let mut target = target::open(common, &erase.place, Presence::Required)?;
    let subject = match (&erase.field, &erase.scope) {
        (Some(field), Some(scope)) => Subject::Field(scope.0.clone(), field.clone()),
        _ => Subject::Transcripts(erase.transcript.iter().map(|path| path.0.clone()).collect()),
    };
    if let (true, Subject::Field(scope, field)) = (erase.dry_run, &subject) {
        let counted = target.count_field(scope, field);
        target.close()?;
        let counted = counted?;
        if erase.json {
            put(serde_json::to_string(&counted)?)?;
        } else {
            say(format_args!(
                "{} of {} transcripts hold {field:?}; nothing was changed",
                counted.holding, counted.transcripts
            ));
            unread(&counted.unread)?;
        }
        return Ok(if counted.unread.is_empty() { Ending::Done } else { Ending::Differences });
    }
    let proves = erase.place.url.is_none() && !erase.no_prove;
    let done = work(target.as_mut(), &subject, proves);
    let closed = target.close();
    let (erased, values, beside) = done?;
    closed?;
    // With the folder closed: nothing is written any more.
    let proof = proves.then(|| values.prove(&dir, &subject, &beside)).transpose()?;
    let report = Report { erased, proof };
    show(&report, erase.json)?;
    let whole = report.erased.iter().all(|one| one.unread.is_empty());
    let proven = report.proof.as_ref().is_none_or(|proof| proof.found.is_empty());
    Ok(if whole && proven { Ending::Done } else { Ending::Differences })
}

/// Takes down what has to go, erases it, waits; also what else the store holds with good right.
fn work(target: &mut dyn Target, subject: &Subject, proves: bool) -> Result<(Vec<Erasing>, Values, String)> {
    let mut values = Values::default();
    let mut beside = String::new();
    if proves {
        match subject {
            Subject::Field(scope, field) => {
                target.witness(&Witness::Field(scope, field), &mut |json| values.take(json))?
            }
            Subject::Transcripts(places) => {
                places
                    .iter()
                    .try_for_each(|place| target.witness(&Witness::Transcript(place), &mut |json| values.take(json)))?;
            }
        }
        beside = target.list_tokens()?.to_string();
    }
    let mut erased = Vec::new();
    match subject {
        Subject::Field(scope, field) => {
            let begun = target.erase_field(scope, field)?;
            erased.push(follow(target, scope, begun)?);
        }
        Subject::Transcripts(places) => {
            let mut begun = Vec::new();
            for place in places {
                begun.push((place, target.erase_transcript(place)?));
            }
            for (place, job) in begun {
                let scope = ErasureScope { company: place.company.clone(), org: place.org.clone(), folder: None };
                let standing =
                    Erasing { job, running: true, transcript: Some(place.to_string()), ..Erasing::default() };
                erased.push(follow(target, &scope, standing)?);
            }
        }
    }
    Ok((erased, values, beside))
}

/// Waits until a job is done. One that is not known any more has ended: what is done is known until the next start.
fn follow(target: &mut dyn Target, scope: &ErasureScope, begun: Erasing) -> Result<Erasing> {
    let bar = Bar::new("transcripts", Some(0));
    let mut standing = begun;
    while standing.running {
        bar.at(standing.looked, standing.transcripts);
        std::thread::sleep(ASK_EVERY);
        let known = target.erasures(scope)?.into_iter().find(|erasing| erasing.job == standing.job);
        standing = known.unwrap_or(Erasing { running: false, ..standing });
    }
    bar.clear();
    Ok(standing)
}

fn show(report: &Report, json: bool) -> Result<()> {
    if json {
        put(serde_json::to_string(report)?)?;
        return Ok(());
    }
    for one in &report.erased {
        match (&one.transcript, &one.field) {
            (Some(transcript), _) => say(format_args!("{transcript} is erased")),
            (None, field) => say(format_args!(
                "{:?} is erased from {} transcripts, of {} looked at",
                field.as_deref().unwrap_or_default(),
                one.erased,
                one.looked
            )),
        }
        unread(&one.unread)?;
        for file in &one.removed {
            say(format_args!("removed: {file}, which a repair had set aside"));
        }
        match one.backups.as_deref() {
            None => say("whether backups still hold it is told to a token that reaches every company"),
            Some([]) => say("no backup below [backup] dir holds it; backups elsewhere are not known here"),
            Some(backups) => {
                say("these backups were made before and may still hold it; remove them when you can:");
                for backup in backups {
                    put(format_args!("{}  {}", backup.made.as_deref().unwrap_or("?"), backup.dir))?;
                }
            }
        }
    }
    if let Some(proof) = &report.proof {
        shown(proof)?;
    }
    Ok(())
}

fn unread(transcripts: &[String]) -> Result<()> {
    for transcript in transcripts {
        put(format_args!("cannot be read: {transcript}; `linernotes repair`, then erase again"))?;
    }
    Ok(())
}

fn shown(proof: &Proof) -> Result<()> {
    say(format_args!("{} values were looked for in {} files, {} bytes", proof.values, proof.files, proof.bytes));
    if proof.elsewhere > 0 {
        say(format_args!(
            "{} of them also stand elsewhere with good right, in words, other fields or other transcripts: of these \
             nothing is proven",
            proof.elsewhere
        ));
    }
    if proof.short + proof.left_out > 0 {
        say(format_args!("not looked for: {} too short, {} beyond the most", proof.short, proof.left_out));
    }
    for found in &proof.found {
        put(format_args!("FOUND  {}: {} values", found.file, found.values))?;
    }
    if proof.found.is_empty() {
        say("none of the others was found");
    }
    Ok(())
}
