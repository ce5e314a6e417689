//! `bench`: what this machine and its disk can do, measured as `docs/performance.md` says: writes W1 to W3 and searches
//! S1 to S7 on generated transcripts, beside a server that only echoes; then W3 and the searches while edits come in.
mod client;
mod figures;
mod workload;

use super::args::{Bench, Common};
use super::output::{Ending, put, say};
use super::settings;
use crate::app::scratch::{self, Running};
use crate::base::secret::Secret;
use crate::config::Environment;
use anyhow::{Context, Result, anyhow, bail};
use client::{Connection, Sent, Server};
use figures::{Figure, Line, shown};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::http::Method;
use workload::Search;

/// The company everything is put into; on a running server it must not be there before, and is deleted afterwards.
const COMPANY: &str = "Linernotes-Bench";
const ORG: &str = "Linernotes-Bench-Org";
const FOLDER: &str = "Calls";
/// Transcripts a request brings.
const BATCH: u64 = 500;
/// Connections that bring transcripts in.
const BRINGING: usize = 4;
/// How long the echoing server is asked before each figure.
const ECHO: Duration = Duration::from_millis(700);
/// Connections over which edits come in beside searches.
const EDITING: usize = 16;
/// Edits whose way into the index is timed.
const FOUND: u64 = 100;
/// How long index and archive may take to catch up.
const LEVEL_WITHIN: Duration = Duration::from_secs(3_600);

/// Measures.
///
/// # Errors
/// When a server cannot be started or refuses something.
pub fn run(common: &Common, bench: &Bench) -> Result<Ending> {
    let flags = settings::flags(common, bench.data.as_deref(), None);
    let mut config = settings::load(common, flags)?.config;
    let quiet = if common.log_level.is_some() { config.log.level.as_str() } else { "error" };
    crate::telemetry::start(quiet, config.log.format)?;
    let scratch = match &bench.url {
        Some(_) => None,
        None => Some(Scratch::beside(&config.data.dir)?),
    };
    let echo = scratch::echoing(&config)?;
    let lines = match &scratch {
        Some(folder) => {
            config.data.dir.clone_from(&folder.0);
            say(format_args!("a server on {}, which is removed afterwards", folder.0.display()));
            let real = scratch::real(config.clone())?;
            let lines = measured(&at(&real, real.token.as_ref()), &at(&echo, None), bench)?;
            real.stop()?;
            lines
        }
        None => remote(bench, &at(&echo, None))?,
    };
    echo.stop()?;
    if bench.json {
        lines.iter().try_for_each(|line| put(line.json()))?;
    } else {
        put(shown(&lines))?;
    }
    Ok(Ending::Done)
}

fn at(running: &Running, token: Option<&Secret>) -> Server {
    Server::new(&format!("http://{}", running.address), token)
}

/// On a running server: in a company of its own, which is deleted at the end.
fn remote(bench: &Bench, echo: &Server) -> Result<Vec<Line>> {
    let token = Environment::read().token;
    let server = Server::new(bench.url.as_deref().unwrap_or_default(), token.as_ref());
    let mut connection = server.connect();
    let company = format!("/config/{COMPANY}");
    if connection.try_ask(&Sent::get(company.clone()))?.0 != 404 {
        bail!("the server has a company {COMPANY} already, or the token may not look: delete it first");
    }
    let lines = measured(&server, echo, bench);
    let deleted = connection.try_ask(&Sent::json(Method::DELETE, company, String::new()));
    match deleted {
        Ok((200..=299 | 404, _)) => {}
        _ => say(format_args!("the company {COMPANY} could not be deleted: delete it yourself")),
    }
    lines
}

/// The folder of a server that exists for one measurement; removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// Beside the data folder: on the disk that matters.
    fn beside(data: &Path) -> Result<Self> {
        let data = std::path::absolute(data)?;
        let parent = data.parent().unwrap_or(&data);
        let folder = parent.join(format!("linernotes-bench-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::fs::remove_dir_all(&self.0).is_err() {
            say(format_args!("{} could not be removed", self.0.display()));
        }
    }
}

/// Everything, in order.
fn measured(server: &Server, echo: &Server, bench: &Bench) -> Result<Vec<Line>> {
    let (transcripts, span) = (bench.transcripts.max(1), Duration::from_secs(bench.seconds.max(1)));
    let mut connection = server.connect();
    configure(&mut connection)?;
    say(format_args!("W1: bringing {transcripts} transcripts in"));
    let mut lines = bring(server, &mut connection, transcripts)?;
    let edit = |n| edit(n, transcripts);
    for connections in bench.connections.iter().copied().map(usize::from) {
        say(format_args!("W2: edits, {connections} connections"));
        let limit = echo.flood(connections, ECHO, edit)?.rate;
        let begun = Instant::now();
        let figure = server.flood(connections, span, edit)?;
        let answered = begun.elapsed();
        let line = |what: &str, figure, echo| Line { name: "W2", what: what.into(), connections, figure, echo };
        lines.push(line("durable edit", figure.clone(), Some(limit)));
        if level(&mut connection, LEVEL_WITHIN)? {
            let rate = figure.rate * answered.as_secs_f64() / begun.elapsed().as_secs_f64();
            lines.push(line("searchable and archived", Figure { rate, ..figure }, None));
        }
    }
    lines.extend(asked(server, Some(echo), bench, "")?);
    if bench.edits > 0 {
        let beside = format!(", beside {} edits a second", bench.edits);
        lines.extend(while_edited(server, bench.edits, edit, || asked(server, None, bench, &beside))?);
    }
    Ok(lines)
}

/// The `n`th edit as it is sent.
fn edit(n: u64, transcripts: u64) -> Sent {
    let (transcript, body) = workload::edit(n, transcripts);
    Sent::json(Method::PATCH, format!("/metadata/{COMPANY}/{ORG}/{}", workload::id(transcript)), body)
}

/// W3 and the searches.
fn asked(server: &Server, echo: Option<&Server>, bench: &Bench, beside: &str) -> Result<Vec<Line>> {
    let (transcripts, span) = (bench.transcripts.max(1), Duration::from_secs(bench.seconds.max(1)));
    say(format_args!("W3: from an answered edit to a search that finds it{beside}"));
    let mut lines = vec![found(&mut server.connect(), transcripts, beside)?];
    for search in Search::ALL {
        for connections in bench.connections.iter().copied().map(usize::from) {
            let (name, what) = search.name();
            say(format_args!("{name}: {what}, {connections} connections{beside}"));
            let ask = |n| Sent::get(format!("/search/{COMPANY}/{ORG}?{}", search.query(n, transcripts)));
            let limit = echo.map(|echo| echo.flood(connections, ECHO, |n| edit(n, transcripts))).transpose()?;
            let figure = server.flood(connections, span, ask)?;
            let what = format!("{what}{beside}");
            lines.push(Line { name, what, connections, figure, echo: limit.map(|limit| limit.rate) });
        }
    }
    Ok(lines)
}

/// What `measure` comes to while edits come in at a pace, and how those fared.
fn while_edited(
    server: &Server,
    a_second: u64,
    edit: impl Fn(u64) -> Sent + Sync,
    measure: impl FnOnce() -> Result<Vec<Line>>,
) -> Result<Vec<Line>> {
    let (over, begun) = (AtomicBool::new(false), Instant::now());
    let paced = |number: u64| {
        let due = Duration::from_secs_f64(number as f64 / a_second as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        (!over.load(Ordering::Relaxed)).then(|| edit(number))
    };
    std::thread::scope(|scope| {
        let editing = scope.spawn(|| server.send_all(EDITING, paced));
        let measured = measure();
        over.store(true, Ordering::Relaxed);
        let edited = editing.join().unwrap_or_else(|_| Err(anyhow!("the edits panicked")));
        let mut lines = measured?;
        let figure = Figure::of(edited?, begun.elapsed());
        let what = String::from("edits meanwhile");
        lines.push(Line { name: "W2", what, connections: EDITING, figure, echo: None });
        Ok(lines)
    })
}

fn configure(connection: &mut Connection) -> Result<()> {
    let fields: Value = serde_json::from_str(workload::FIELDS).context("the fields of the measurement")?;
    let steps = [
        (String::from("/config"), json!({ COMPANY: {} })),
        (format!("/config/{COMPANY}/orgs"), json!({ ORG: { "timezone": "UTC", "fields": fields } })),
        (format!("/config/{COMPANY}/{ORG}/folders"), json!({ FOLDER: { "custom_meta": workload::NAMES } })),
    ];
    for (path, body) in steps {
        connection.ask(&Sent::json(Method::POST, path, body.to_string()))?;
    }
    Ok(())
}

/// W1: answered, and level.
fn bring(server: &Server, connection: &mut Connection, transcripts: u64) -> Result<Vec<Line>> {
    let batches: Vec<String> = (0..transcripts.div_ceil(BATCH))
        .map(|batch| {
            let numbers = batch * BATCH..((batch + 1) * BATCH).min(transcripts);
            numbers.map(workload::transcript).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let path = format!("/transcripts/{COMPANY}/{ORG}?folder={FOLDER}");
    let begun = Instant::now();
    let micros = server.send_all(BRINGING, |batch| {
        let body = batches.get(usize::try_from(batch).ok()?)?.clone();
        Some(Sent { method: Method::POST, path: path.clone(), body, media: "application/x-ndjson" })
    })?;
    let answered = begun.elapsed();
    let settled = level(connection, LEVEL_WITHIN)?;
    let a_second = |took: Duration| transcripts as f64 / took.as_secs_f64().max(1e-9);
    let requests = Figure::of(micros, answered);
    let line = |what: &str, rate| Line {
        name: "W1",
        what: what.to_owned(),
        connections: BRINGING,
        figure: Figure { rate, ..requests.clone() },
        echo: None,
    };
    let mut lines = vec![line("transcripts answered", a_second(answered))];
    if settled {
        lines.push(line("searchable and archived", a_second(begun.elapsed())));
    }
    Ok(lines)
}

/// Waits until index and archive owe nothing; false when the token may not see that.
fn level(connection: &mut Connection, within: Duration) -> Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < within {
        let (status, body) = connection.try_ask(&Sent::get(String::from("/metrics")))?;
        if status != 200 {
            return Ok(false);
        }
        let text = String::from_utf8_lossy(&body);
        let owed = |line: &&str| line.starts_with("linernotes_owed_") && !line.ends_with(" 0");
        if text.lines().find(owed).is_none() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("index and archive did not catch up within {} s", within.as_secs())
}

/// W3.
fn found(connection: &mut Connection, transcripts: u64, beside: &str) -> Result<Line> {
    let (mut micros, begun) = (Vec::new(), Instant::now());
    for n in 0..FOUND {
        let (transcript, value) = (n * 7_919 % transcripts, format!("found-{}-{n}", beside.len()));
        let id = workload::id(transcript);
        // Edits beside it leave this field alone: else one of them might take the value away before it is found.
        let body = json!({ "client_phone": value }).to_string();
        connection.ask(&Sent::json(Method::PATCH, format!("/metadata/{COMPANY}/{ORG}/{id}"), body))?;
        let at = Instant::now();
        let question = Sent::get(format!("/search/{COMPANY}/{ORG}?terms.client_phone={value}&size=1"));
        while !String::from_utf8_lossy(&connection.ask(&question)?).contains(&id) {
            if at.elapsed() > Duration::from_secs(60) {
                bail!("an edit of {id} was not found within a minute");
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        micros.push(u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    let what = format!("answered edit is found{beside}");
    Ok(Line { name: "W3", what, connections: 1, figure: Figure::of(micros, begun.elapsed()), echo: None })
}
