//! Carrying steps out. Each is bound to its object as it was when the steps were made: it is read again, compared, and
//! changed under its entity tag. Whoever was faster is not overwritten: the work stops there and says what differs.
use super::lines;
use super::steps::{Act, Change, Step, steps};
use super::tree::{Key, Tree, current, one};
use crate::cli::args::Applying;
use crate::cli::output::{Ending, put, say};
use crate::cli::target::Target;
use crate::cli::target::settings::{How, Outcome};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An object that is not as it was.
struct Conflict {
    key: Key,
    changes: Vec<Change>,
}

/// Makes a place as it is wanted.
///
/// # Errors
/// When the place cannot be reached, or refuses a step.
pub fn out(
    target: &mut dyn Target,
    wanted: &Tree,
    against: Option<&Tree>,
    prune: bool,
    applying: &Applying,
) -> Result<Ending> {
    let now = current(target)?;
    if let Some(conflicts) = against.map(|against| since(against, &now)).filter(|found| !found.is_empty()) {
        conflicts.iter().try_for_each(|conflict| tell(conflict, applying.json))?;
        say("nothing was done: the configuration has changed since the plan was made; plan again");
        return Ok(Ending::Differences);
    }
    let steps = steps(&now, wanted, prune);
    let mut expected = now;
    for (at, step) in steps.iter().enumerate() {
        let done = carry(target, step, &mut expected, applying.erase_transcripts);
        let done = done.with_context(|| format!("stopped at {}; {at} steps before it are done", step.key))?;
        if let Err(conflict) = done {
            tell(&conflict, applying.json)?;
            say(format_args!("stopped: it has changed meanwhile; {at} steps before it are done; plan again"));
            return Ok(Ending::Differences);
        }
        if applying.json {
            put(json!({"done": step.act.text(), "object": step.shown()}))?;
        } else {
            put(format_args!("{} {}", step.act.sign(), step.key))?;
        }
    }
    if applying.json {
        put(json!({"summary": {"changed": !steps.is_empty(), "steps": steps.len()}}))?;
    } else if steps.is_empty() {
        say(format_args!("nothing to do: {} objects are as the file says", wanted.len()));
    } else {
        say(format_args!("{} steps done", steps.len()));
    }
    Ok(Ending::Done)
}

/// What is different from what it was.
fn since(before: &Tree, now: &Tree) -> Vec<Conflict> {
    let keys: BTreeSet<&Key> = before.keys().chain(now.keys()).collect();
    let empty = Map::new();
    keys.into_iter()
        .filter(|key| before.get(key) != now.get(key))
        .map(|key| Conflict {
            key: key.clone(),
            changes: changes(before.get(key).unwrap_or(&empty), now.get(key).unwrap_or(&empty)),
        })
        .collect()
}

fn changes(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let value = |of: &Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| Change { key: name.clone(), from: value(before, name), to: value(now, name) })
        .filter(|change| change.from != change.to)
        .collect()
}

fn tell(conflict: &Conflict, json: bool) -> Result<()> {
    let Conflict { key, changes } = conflict;
    if json {
        let step = Step { act: Act::Update, key: key.clone(), changes: changes.clone(), body: Map::new() };
        put(json!({ "conflict": step.shown() }))?;
    } else {
        put(format_args!("! {key} was changed by somebody else:"))?;
        lines(changes)?;
    }
    Ok(())
}

type Done = std::result::Result<(), Conflict>;

/// Does one step, if its object is as it is expected to be.
fn carry(target: &mut dyn Target, step: &Step, expected: &mut Tree, tree: bool) -> Result<Done> {
    let key = &step.key;
    let found = one(target, key)?;
    let seen = found.as_ref().map(|(settings, _)| settings);
    let before = expected.get(key);
    if before != seen {
        let empty = Map::new();
        let changes = changes(before.unwrap_or(&empty), seen.unwrap_or(&empty));
        return Ok(Err(Conflict { key: key.clone(), changes }));
    }
    let outcome = match (step.act, &found) {
        (Act::Create, _) => {
            let collection = key.collection();
            let tag = target.read_config(&collection)?.map(|(_, tag)| tag);
            let how = How { tag: tag.as_deref(), ..How::default() };
            target.change_config(&collection, &json!({ key.name(): step.body }), how)?
        }
        (Act::Update, Some((_, tag))) => {
            let how = How { tag: Some(tag), ..How::default() };
            target.change_config(&key.path(), &Value::Object(step.body.clone()), how)?
        }
        (Act::Delete, Some((_, tag))) => {
            target.delete_config(&key.path(), How { tag: Some(tag), tree, ..How::default() })?
        }
        (Act::Update | Act::Delete, None) => Outcome::Stale,
    };
    if let Outcome::Stale = outcome {
        let empty = Map::new();
        let now = one(target, key)?.map(|(settings, _)| settings);
        let changes = changes(expected.get(key).unwrap_or(&empty), now.as_ref().unwrap_or(&empty));
        return Ok(Err(Conflict { key: key.clone(), changes }));
    }
    refresh(target, key, expected)?;
    // A folder may define fields of its organisation by listing them.
    if let Some(org) = key.org() {
        refresh(target, &org, expected)?;
    }
    Ok(Ok(()))
}

fn refresh(target: &mut dyn Target, key: &Key, expected: &mut Tree) -> Result<()> {
    match one(target, key)? {
        Some((settings, _)) => expected.insert(key.clone(), settings),
        None => expected.remove(key),
    };
    Ok(())
}
