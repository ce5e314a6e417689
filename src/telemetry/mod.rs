//! Floor 1: log lines to standard error; text on a terminal, JSON otherwise.
//!
//! The request id is a field of the span a request runs in, so every line written meanwhile carries it. Nothing here
//! scrubs tokens: they travel as [`crate::base::secret::Secret`], which does not print.
pub mod lines;

use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How log lines are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text when standard error is a terminal, else JSON.
    #[default]
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What strangers can make the HTTP library say at will.
const STRANGERS: &str = "actix_http::h1=off";

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The level is not one.
    #[error("{0}")]
    Level(String),
    /// Somebody else in this process logs already.
    #[error("logging has been started already")]
    Started,
    /// There is no thread for the lines of requests.
    #[error("no thread for log lines: {0}")]
    Thread(String),
}

/// Reads a level: `error`, `warn`, `info`, `debug`, `trace` or `off`, and per module after commas
/// (`info,linernotes::engine=debug`).
///
/// # Errors
/// In words, when it is none of these.
pub fn filter(level: &str) -> Result<EnvFilter, StartError> {
    let refused = |why: String| {
        StartError::Level(format!(
            "{level:?} is no log level ({why}); use error, warn, info, debug or trace, \
             or per module: info,linernotes::engine=debug"
        ))
    };
    // A bare word that is no level would be taken for a module's name and silence everything.
    for part in level.split(',') {
        let part = part.trim();
        let known = ["off", "error", "warn", "info", "debug", "trace"];
        if !part.contains(['=', '[']) && !known.contains(&part.to_ascii_lowercase().as_str()) {
            return Err(refused(format!("{part:?} is not a level")));
        }
    }
    let read = EnvFilter::try_new(level).map_err(|error| refused(error.to_string()))?;
    // The library calls every request that is no HTTP an error of ours: any stranger could fill the log with them.
    let own = !level.contains("actix_http");
    match STRANGERS.parse() {
        Ok(quiet) if own => Ok(read.add_directive(quiet)),
        _ => Ok(read),
    }
}

/// Starts logging for this process.
///
/// # Errors
/// When the level is not understood, or logging runs already.
pub fn start(level: &str, format: Format) -> Result<(), StartError> {
    let filter = filter(level)?;
    let terminal = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = match format {
        Format::Json => true,
        Format::Text => false,
        Format::Auto => !terminal,
    };
    let started = if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else if terminal {
        builder.with_target(false).try_init()
    } else {
        builder.with_target(false).with_ansi(false).try_init()
    };
    started.map_err(|_| StartError::Started)?;
    if json { lines::start().map_err(|error| StartError::Thread(error.to_string())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_http_is_not_logged_unless_it_is_asked_for() {
        assert!(filter("info").unwrap().to_string().contains(STRANGERS));
        let asked = filter("info,actix_http=debug").unwrap().to_string();
        assert!(!asked.contains(STRANGERS), "{asked}");
    }

    #[test]
    fn levels_are_read_and_other_words_refused() {
        for good in ["info", "WARN", "off", "info,linernotes::engine=debug", "linernotes=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "", "info,chatty", "linernotes=loud"] {
            let refused = filter(bad).unwrap_err().to_string();
            assert!(refused.contains("no log level"), "{bad}: {refused}");
        }
    }
}
