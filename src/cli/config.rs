//! `config`: `check` and `show` the settings of the server; the rest is in [`plan`].
use super::args::{Common, ConfigAction, ConfigOutput, Configuration};
use super::output::{Ending, put, say};
use super::{plan, settings};
use crate::config::{Loaded, Origin, Problem, show};
use anyhow::Result;
use serde_json::{Value, json};

/// Runs the command.
///
/// # Errors
/// When the answer cannot be written; for `show`, when the configuration is refused.
pub fn run(common: &Common, configuration: &Configuration) -> Result<Ending> {
    let flags = settings::flags(common, None, None);
    match &configuration.action {
        ConfigAction::Export(export) => plan::export(common, export),
        ConfigAction::Plan(planning) => plan::plan(common, planning),
        ConfigAction::Apply(applying) => plan::apply(common, applying),
        ConfigAction::Check(output) => match settings::read(common, flags) {
            Ok(loaded) => accepted(&loaded, output),
            Err(problems) => refused(&problems, output),
        },
        ConfigAction::Show(output) => {
            let loaded = settings::load(common, flags)?;
            if output.json {
                put(show::json(&loaded))?
            } else {
                put(show::toml(&loaded).trim_end())?
            }
            Ok(Ending::Done)
        }
    }
}

fn accepted(loaded: &Loaded, output: &ConfigOutput) -> Result<Ending> {
    let set = loaded.values.iter().filter(|(_, _, origin)| *origin != Origin::Default).count();
    if output.json {
        put(json!({ "ok": true, "problems": [] }))?;
    } else {
        say(format_args!("the configuration is sound: {} keys, {set} of them set", loaded.values.len()));
    }
    Ok(Ending::Done)
}

fn refused(problems: &[Problem], output: &ConfigOutput) -> Result<Ending> {
    if output.json {
        let listed: Vec<Value> = problems
            .iter()
            .map(|problem| json!({ "key": problem.key, "origin": problem.origin, "detail": problem.detail }))
            .collect();
        put(json!({ "ok": false, "problems": listed }))?;
    } else {
        for problem in problems {
            say(problem);
        }
        let word = if problems.len() == 1 { "problem" } else { "problems" };
        say(format_args!("{} {word}", problems.len()));
    }
    Ok(Ending::Differences)
}
