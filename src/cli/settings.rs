//! From arguments to the configuration in force, and logging as it says.
use super::args::{Common, Place};
use super::output::Usage;
use crate::config::load::Flag;
use crate::config::{Environment, Loaded, Origin, Problem, Sources};
use anyhow::{Result, anyhow};
use std::path::Path;

/// Flags given, as configuration values.
pub fn flags(common: &Common, data: Option<&Path>, listen: Option<&str>) -> Vec<Flag> {
    let given = [
        ("data.dir", "--data", data.map(|dir| dir.to_string_lossy().into_owned())),
        ("server.listen", "--listen", listen.map(str::to_owned)),
        ("log.level", "--log-level", common.log_level.clone()),
        ("log.format", "--log-format", common.log_format.clone()),
    ];
    given.into_iter().filter_map(|(key, name, value)| value.map(|value| Flag { key, name, value })).collect()
}

/// Everything brought together and checked.
///
/// # Errors
/// All problems there are.
pub fn read(common: &Common, flags: Vec<Flag>) -> Result<Loaded, Vec<Problem>> {
    Sources::gather(common.config.as_deref(), Environment::read(), flags)?.load()
}

/// [`read`], with the problems as one error.
///
/// # Errors
/// When there are problems.
pub fn load(common: &Common, flags: Vec<Flag>) -> Result<Loaded> {
    // A mistake in flags alone is one of usage.
    read(common, flags).map_err(|problems| {
        let usage = problems.iter().all(|problem| problem.origin.starts_with("flag "));
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        let words = format!("the configuration is refused:\n{}", lines.join("\n"));
        if usage { Usage(words).into() } else { anyhow!(words) }
    })
}

/// The configuration of a command on data, with logging started: quiet, unless somebody set a level.
///
/// # Errors
/// When the configuration is refused.
pub fn for_data(common: &Common, place: &Place) -> Result<Loaded> {
    let loaded = load(common, flags(common, place.data.as_deref(), None))?;
    let level = match loaded.origin("log.level") {
        // The file that ships spells out the default; that is nobody's wish for a talkative command.
        Some(Origin::Flag(_) | Origin::Environment(_)) => loaded.config.log.level.as_str(),
        _ => "warn",
    };
    crate::telemetry::start(level, loaded.config.log.format)?;
    Ok(loaded)
}
