//! `export`: transcripts found, page by page, each page as a zip in a file without a name, written on in the form asked for.
//!
//! The zip of a search is the one form both places give byte for byte as it was received, and it never needs more memory
//! than one transcript.
pub mod forms;
pub mod packed;
pub mod table;

use super::args::{Common, Export};
use super::bar::Bar;
use super::output::{Ending, Usage, put, say};
use super::place::SearchPath;
use super::target::lookups::Pairs;
use super::target::{self, Target};
use crate::app::Presence;
use anyhow::{Context, Result, bail};
use forms::Form;
use packed::Packed;
use serde_json::{Value, json};
use std::time::Instant;

/// Transcripts of one page.
const PAGE: &str = "200";

/// Runs the command.
///
/// # Errors
/// When the place cannot be reached or refuses, or what is exported cannot be written.
pub fn run(common: &Common, export: &Export) -> Result<Ending> {
    let name = export.to.to_string_lossy().to_lowercase();
    let is_table = name.ends_with(".csv");
    let lines = name == "-" || [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz"].iter().any(|end| name.ends_with(end));
    if export.metadata_only && !is_table && !lines {
        bail!(Usage(String::from("--metadata-only goes with .csv, .ndjson, .ndjson.gz or -")));
    }
    let mut target = target::open(common, &export.place, Presence::Required)?;
    let done = write(export, target.as_mut());
    target.close()?;
    done
}

fn write(export: &Export, target: &mut dyn Target) -> Result<Ending> {
    let began = Instant::now();
    let scope = SearchPath::from(&export.from);
    let total = count(export, &scope, target)?;
    let mut form = forms::open(export).with_context(|| format!("cannot write {}", export.to.display()))?;
    let bar = Bar::new("transcripts", Some(total));
    let written = pages(export, &scope, target, (form.as_mut(), &bar, total));
    bar.clear();
    let written = written?;
    form.finish().with_context(|| format!("cannot write {}", export.to.display()))?;
    let seconds = began.elapsed().as_secs_f64();
    let to = export.to.display().to_string();
    match (export.json, to.as_str()) {
        (true, "-") => say(json!({"summary": {"transcripts": written, "seconds": seconds, "to": to}})),
        (true, _) => put(json!({"summary": {"transcripts": written, "seconds": seconds, "to": to}}))?,
        (false, _) => say(format_args!("{scope}: {written} transcripts written to {to}, in {seconds:.1} s")),
    }
    Ok(Ending::Done)
}

fn pairs(export: &Export, more: &[(&str, &str)]) -> Pairs {
    let query = export.query.as_deref().map(|query| ("q", query));
    more.iter().copied().chain(query).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn count(export: &Export, scope: &SearchPath, target: &mut dyn Target) -> Result<u64> {
    let page = target.search(scope, pairs(export, &[("output", "count")]))?;
    let answer: Value = serde_json::from_str(&page.text)?;
    answer.get("count").and_then(Value::as_u64).context("the answer holds no count")
}

fn pages(
    export: &Export,
    scope: &SearchPath,
    target: &mut dyn Target,
    (form, bar, total): (&mut dyn Form, &Bar, u64),
) -> Result<u64> {
    let mut cursor = Some(String::new());
    let mut written = 0;
    while let Some(at) = cursor {
        let mut file = tempfile::tempfile()?;
        let asked = pairs(export, &[("output", "zip"), ("size", PAGE), ("sort", "datetime"), ("cursor", &at)]);
        cursor = target.packed(scope, asked, &mut file)?;
        let mut packed = Packed::open(file)?;
        for one in 0..packed.len() {
            form.take(&mut packed, one).with_context(|| format!("cannot write {}", export.to.display()))?;
            written += 1;
            bar.at(written, total.max(written));
        }
    }
    Ok(written)
}
