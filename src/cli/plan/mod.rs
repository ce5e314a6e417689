//! `config export`, `plan`, `apply`: companies, organisations, folders, fields, apps and users as a file.
pub mod carry;
pub mod steps;
pub mod tree;

use super::args::{Applying, Common, ConfigExport, Planning};
use super::output::{Ending, put, say};
use super::target::settings::{How, Outcome};
use super::target::{self, Target};
use crate::app::Presence;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use steps::{Act, Change, Step};
use tree::Tree;

/// The member that tells a saved plan from a configuration.
const PLAN: &str = "linernotes_plan";

/// What is wanted.
struct Wanted {
    tree: Tree,
    prune: bool,
    /// What a saved plan was made against.
    against: Option<Tree>,
}

fn wanted(file: &Path, prune: bool) -> Result<Wanted> {
    let read = tree::file(file)?;
    let of = |value: &Value| tree::unnest(value).with_context(|| file.display().to_string());
    if read.get(PLAN).is_none() {
        return Ok(Wanted { tree: of(&read)?, prune, against: None });
    }
    let part = |name: &str| read.get(name).with_context(|| format!("{}: no whole plan", file.display()));
    let prune = prune || part("prune")?.as_bool().unwrap_or(false);
    Ok(Wanted { tree: of(part("wanted")?)?, prune, against: Some(of(part("against")?)?) })
}

/// Runs `config export`.
///
/// # Errors
/// When the place cannot be reached or refuses, or the file cannot be written.
pub fn export(common: &Common, export: &ConfigExport) -> Result<Ending> {
    let mut target = target::open(common, &export.place, Presence::Required)?;
    let current = tree::current(target.as_mut());
    target.close()?;
    let nested = tree::nest(&current?);
    if export.toml {
        // TOML knows no null: what is null is as good as not there.
        put(toml::to_string_pretty(&toml::Value::try_from(without_nulls(nested))?)?.trim_end())?;
    } else {
        put(serde_json::to_string_pretty(&nested)?)?;
    }
    Ok(Ending::Done)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Runs `config plan`.
///
/// # Errors
/// When the file is not understood, the place cannot be reached, or would refuse a step.
pub fn plan(common: &Common, planning: &Planning) -> Result<Ending> {
    let wanted = wanted(&planning.file, planning.prune)?;
    let mut target = target::open(common, &planning.place, Presence::Required)?;
    let planned = made(target.as_mut(), &wanted);
    target.close()?;
    let (current, steps, backfills) = planned?;
    if let Some(save) = &planning.save {
        let (tree, against) = (tree::nest(&wanted.tree), tree::nest(&current));
        let saved = json!({PLAN: 1, "prune": wanted.prune, "wanted": tree, "against": against});
        std::fs::write(save, format!("{saved:#}\n")).with_context(|| save.display().to_string())?;
    }
    let same = wanted.tree.len()
        - steps.iter().filter(|s| s.act != Act::Delete).map(|s| &s.key).collect::<BTreeSet<_>>().len();
    if planning.json {
        put(as_json(&steps, &backfills, same))?;
    } else {
        show(&steps, &backfills, same)?;
    }
    Ok(if steps.is_empty() { Ending::Done } else { Ending::Differences })
}

type Made = (Tree, Vec<Step>, BTreeSet<String>);

fn made(target: &mut dyn Target, wanted: &Wanted) -> Result<Made> {
    let current = tree::current(target)?;
    let steps = steps::steps(&current, &wanted.tree, wanted.prune);
    let mut backfills = BTreeSet::new();
    // What the place itself would say. Objects below one that is not there yet can not be asked for; definitions that
    // go are still listed.
    for step in steps.iter().filter(|step| step.act == Act::Update && !step.body.is_empty()) {
        if step.changes.iter().any(|change| change.to.is_null()) {
            continue;
        }
        let how = How { dry_run: true, ..How::default() };
        let told = target.change_config(&step.key.path(), &Value::Object(step.body.clone()), how)?;
        if let Outcome::Done(told) = told {
            let names = told.get("reindexed").and_then(Value::as_array).cloned().unwrap_or_default();
            backfills.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    Ok((current, steps, backfills))
}

fn as_json(steps: &[Step], backfills: &BTreeSet<String>, same: usize) -> Value {
    let of = |act: Act| -> Vec<Value> { steps.iter().filter(|s| s.act == act).map(Step::shown).collect() };
    let leaves: serde_json::Map<String, Value> = steps
        .iter()
        .map(|step| (step.key.names.join("/"), json!(step.leaves())))
        .filter(|(_, names)| names.as_array().is_some_and(|names| !names.is_empty()))
        .collect();
    json!({
        "changed": !steps.is_empty(), "create": of(Act::Create), "update": of(Act::Update), "delete": of(Act::Delete),
        "same": same, "backfills": backfills, "leaves_index": leaves,
    })
}

fn show(steps: &[Step], backfills: &BTreeSet<String>, same: usize) -> Result<()> {
    for step in steps {
        put(format_args!("{} {}", step.act.sign(), step.key))?;
        if step.act == Act::Update {
            lines(&step.changes)?;
        }
        let leaves = step.leaves();
        if !leaves.is_empty() {
            put(format_args!("    leaves the index: {}", leaves.join(", ")))?;
        }
    }
    for folder in backfills {
        put(format_args!("back-fill of {folder} from the archive"))?;
    }
    let count = |act: Act| steps.iter().filter(|step| step.act == act).count();
    say(match steps {
        [] => format!("nothing to do: {same} objects are as the file says"),
        _ => format!(
            "{} to create, {} to change, {} to delete; {same} are as the file says",
            count(Act::Create),
            count(Act::Update),
            count(Act::Delete)
        ),
    });
    Ok(())
}

/// What differs, a line each.
fn lines(changes: &[Change]) -> std::io::Result<()> {
    changes.iter().try_for_each(|change| match (&change.from, &change.to) {
        (Value::Null, to) => put(format_args!("    {}: {to}", change.key)),
        (from, Value::Null) => put(format_args!("    {}: {from} goes", change.key)),
        (from, to) => put(format_args!("    {}: {from} -> {to}", change.key)),
    })
}

/// Runs `config apply`.
///
/// # Errors
/// When the file is not understood, the place cannot be reached, or refuses a step.
pub fn apply(common: &Common, applying: &Applying) -> Result<Ending> {
    let wanted = wanted(&applying.file, applying.prune)?;
    let mut target = target::open(common, &applying.place, Presence::Made)?;
    let done = carry::out(target.as_mut(), &wanted.tree, wanted.against.as_ref(), wanted.prune, applying);
    target.close()?;
    done
}
