//! `serve`: the server, and what a person is told when it is up.
use super::args::{Common, Serve};
use super::output::Ending;
use super::settings;
use crate::app::demo::{Outcome, curl};
use crate::app::{self, Started};
use anyhow::Result;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

/// Runs the server until it is asked to stop.
///
/// # Errors
/// When the configuration is refused or the server cannot start.
pub fn run(common: &Common, serve: &Serve) -> Result<Ending> {
    let flags = settings::flags(common, serve.data.as_deref(), serve.listen.as_deref());
    let config = settings::load(common, flags)?.config;
    crate::telemetry::start(&config.log.level, config.log.format)?;
    app::serve(&config, serve.demo, |started| {
        let mut out = std::io::stdout().lock();
        // Only eyes read it: without a terminal the log says the same, less the token.
        if serve.demo || out.is_terminal() {
            let _ = out.write_all(announcement(started).as_bytes()).and_then(|()| out.flush());
        }
    })?;
    Ok(Ending::Done)
}

fn announcement(started: &Started) -> String {
    let mut out = String::new();
    let file = started.data.join("root.token");
    let _ = writeln!(out, "\nLinernotes listens on http://{}", started.address);
    let _ = writeln!(out, "data folder  {}", started.data.display());
    match (&started.demo, &started.new_token, &started.root_token) {
        (None, Some(token), _) | (Some(_), _, Some(token)) => {
            let _ = writeln!(out, "token        {}   (all rights; also in {})", token.reveal(), file.display());
        }
        (None, None, _) => {
            let _ = writeln!(out, "token        the first one is in {}", file.display());
        }
        (Some(_), _, None) => {
            let _ = writeln!(out, "token        {} is gone; set TOKEN to one of yours", file.display());
        }
    }
    match started.demo {
        Some(Outcome::Foreign) => {
            out.push_str(
                "demo         not loaded: this folder holds companies already; name an empty one with --data\n",
            );
        }
        Some(outcome) => demo_lines(&mut out, started, outcome),
        None => {}
    }
    out.push_str("\nStop with Ctrl-C.\n\n");
    out
}

fn demo_lines(out: &mut String, started: &Started, outcome: Outcome) {
    let state = match outcome {
        Outcome::Loaded { transcripts, searchable: true } => {
            format!("{transcripts} real transcripts loaded, all searchable")
        }
        Outcome::Loaded { transcripts, .. } => {
            format!("{transcripts} real transcripts loaded; they become searchable shortly")
        }
        Outcome::Kept | Outcome::Foreign => String::from("loaded by an earlier start, left as it is"),
    };
    let _ = writeln!(out, "demo         {state}\n\nPaste these into another terminal:\n");
    for line in curl::lines(started.address, started.root_token.as_ref()) {
        let _ = writeln!(out, "# {}\n{}\n", line.what, line.command);
    }
    let _ = write!(
        out,
        "Clients written for V-Spark's /metadata, /search, /config and /list work here unchanged: give them this address."
    );
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    fn started(demo: Option<Outcome>, new: Option<&str>, root: Option<&str>) -> Started {
        Started {
            address: "127.0.0.1:3000".parse().unwrap(),
            data: "d".into(),
            new_token: new.map(Secret::new),
            root_token: root.map(Secret::new),
            demo,
        }
    }

    #[test]
    fn the_first_start_shows_the_token_and_later_ones_where_it_is() {
        let first = announcement(&started(None, Some("T1"), Some("T1")));
        assert!(first.contains("T1") && first.contains("http://127.0.0.1:3000"), "{first}");
        let later = announcement(&started(None, None, Some("T1")));
        assert!(!later.contains("T1") && later.contains("root.token"), "{later}");
    }

    #[test]
    fn the_demo_shows_five_lines_on_every_start() {
        for outcome in [Outcome::Loaded { transcripts: 53, searchable: true }, Outcome::Kept] {
            let shown = announcement(&started(Some(outcome), None, Some("T1")));
            assert_eq!(
                shown.lines().filter(|line| line.starts_with("curl ") && line.contains("T1")).count(),
                5,
                "{shown}"
            );
        }
        let foreign = announcement(&started(Some(Outcome::Foreign), None, Some("T1")));
        assert!(foreign.contains("not loaded") && !foreign.contains("curl"), "{foreign}");
    }
}
