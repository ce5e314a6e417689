//! A running server, over HTTP.
use super::{FolderPath, Target, Verdict};
use crate::base::secret::Secret;
use crate::cli::output::{Usage, say};
use crate::domain::identity::Place;
use crate::engine::upkeep::{BackupStanding, Counted, Erasing, ErasureScope, Reindexing};
use crate::stores::backups::About;
use anyhow::{Context, Result, anyhow, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request, Response};
use ureq::{Agent, Body};

/// What stays as it is inside one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How often a busy server is asked again.
const TRIES: u32 = 8;

/// A server and the token to use there.
pub struct Remote {
    agent: Agent,
    base: String,
    token: Option<Secret>,
}

/// An answer read whole.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One request, short of its body.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) content_type: &'a str,
    /// `If-Match`.
    pub(super) if_match: Option<&'a str>,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    Nothing,
    Text(&'a str),
    /// A file, read again for every try.
    File(&'a Path),
}

impl Remote {
    /// Prepares; nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, token: Option<Secret>) -> Result<Self> {
        let base = url.trim_end_matches('/');
        if !(base.starts_with("http://") || base.starts_with("https://")) {
            bail!(Usage(format!("{url:?} is no URL of a server; write http://127.0.0.1:3000")));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .user_agent(concat!("linernotes/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, base: base.to_owned(), token })
    }

    fn send(&self, method: &Method, path: &str, content_type: &str, body: &str) -> Result<Answer> {
        let sent = if body.is_empty() { Sent::Nothing } else { Sent::Text(body) };
        read(self.response(Asked { method, path, content_type, if_match: None }, sent)?)
    }

    /// Sends, again while the server is busy; the answer, its body not read yet.
    pub(super) fn response(&self, asked: Asked<'_>, sent: Sent<'_>) -> Result<Response<Body>> {
        for attempt in 1.. {
            let response = self.send_once(asked, sent)?;
            let busy = matches!(response.status().as_u16(), 429 | 503);
            if !busy || attempt >= TRIES {
                return Ok(response);
            }
            let pause = retry_after(&response).unwrap_or(1).clamp(1, 30);
            let words = read(response)?.body;
            say(format_args!("the server is busy ({}); asking again in {pause} s", problem(&words)));
            std::thread::sleep(Duration::from_secs(pause));
        }
        bail!("the server stays busy")
    }

    fn send_once(&self, asked: Asked<'_>, sent: Sent<'_>) -> Result<Response<Body>> {
        let mut request = Request::builder()
            .method(asked.method)
            .uri(format!("{}{}", self.base, asked.path))
            .header("Accept", "application/json, application/x-ndjson, application/problem+json");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        if let Some(tag) = asked.if_match {
            request = request.header("If-Match", format!("\"{tag}\""));
        }
        let answered = match sent {
            Sent::Nothing => self.agent.run(request.body(())?),
            Sent::Text(body) => self.agent.run(request.header("Content-Type", asked.content_type).body(body)?),
            Sent::File(path) => {
                let file = File::open(path).with_context(|| path.display().to_string())?;
                self.agent.run(request.header("Content-Type", asked.content_type).body(file)?)
            }
        };
        answered.map_err(|error| anyhow!("no answer from {}: {error}; is the server running there?", self.base))
    }

    /// Asks for something that may not be there: `None` for 404, an error for other refusals.
    pub(super) fn found(&self, asked: Asked<'_>, sent: Sent<'_>) -> Result<Option<Answer>> {
        let answer = read(self.response(asked, sent)?)?;
        match answer.status {
            404 => Ok(None),
            200..=299 => Ok(Some(answer)),
            status => Err(self.refused(status, &answer.body)),
        }
    }

    /// Sends JSON; the answer's JSON, `None` for 404.
    pub(super) fn json(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Option<Value>> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let answer = self.send(method, path, "application/json", &text)?;
        match answer.status {
            404 => Ok(None),
            200..=299 if answer.body.trim().is_empty() => Ok(Some(Value::Null)),
            200..=299 => Ok(Some(serde_json::from_str(&answer.body).context("the answer is no JSON")?)),
            status => Err(self.refused(status, &answer.body)),
        }
    }

    /// [`Self::json`] where there must be an answer of that shape.
    pub(super) fn ask<T: DeserializeOwned>(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<T> {
        let answer = self.must(self.json(method, path, body)?, path)?;
        serde_json::from_value(answer).with_context(|| format!("the answer of {path} is of another shape"))
    }

    pub(super) fn refused(&self, status: u16, body: &str) -> anyhow::Error {
        match (status, &self.token) {
            (401, None) => {
                anyhow!("{} wants a token: set LINERNOTES_TOKEN (the first one is in root.token)", self.base)
            }
            (401, Some(_)) => anyhow!("{} does not know the token in LINERNOTES_TOKEN", self.base),
            _ => anyhow!("{} refuses with {status}: {}", self.base, problem(body)),
        }
    }

    pub(super) fn must(&self, found: Option<Value>, what: &str) -> Result<Value> {
        found.ok_or_else(|| anyhow!("{} knows no {what}, or the token may not see it", self.base))
    }
}

impl Target for Remote {
    fn has_folder(&mut self, path: &FolderPath) -> Result<bool> {
        let at = format!("/config/{}/{}", org_path(path), segment(path.folder.as_str()));
        let answer = self.send(&Method::GET, &at, "application/json", "")?;
        match answer.status {
            404 => Ok(false),
            // A token may bring transcripts in without being allowed to read configurations: the first batch will tell.
            200..=299 | 403 => Ok(true),
            status => Err(self.refused(status, &answer.body)),
        }
    }

    fn make_folder(&mut self, path: &FolderPath) -> Result<()> {
        let company = segment(path.company.as_str());
        let steps = [
            (String::from("/config"), json!({ path.company.as_str(): {} })),
            (format!("/config/{company}/orgs"), json!({ path.org.as_str(): {} })),
            (format!("/config/{}/folders", org_path(path)), json!({ path.folder.as_str(): {} })),
        ];
        for (at, body) in steps {
            let made = self.json(&Method::POST, &at, Some(&body))?;
            self.must(made, &at)?;
        }
        Ok(())
    }

    fn ingest(&mut self, path: &FolderPath, id_key: Option<&str>, lines: Vec<String>) -> Result<Vec<Verdict>> {
        let mut at = format!("/transcripts/{}?folder={}", org_path(path), segment(path.folder.as_str()));
        if let Some(key) = id_key {
            at.push_str("&id=");
            at.push_str(&segment(key));
        }
        let answer = self.send(&Method::POST, &at, "application/x-ndjson", &as_ndjson(&lines))?;
        if !(200..300).contains(&answer.status) {
            return Err(self.refused(answer.status, &answer.body));
        }
        let verdicts = read_verdicts(&answer.body)?;
        if verdicts.len() != lines.len() {
            bail!("{} answered {} of {} transcripts", self.base, verdicts.len(), lines.len());
        }
        Ok(verdicts)
    }

    fn make_token(&mut self, body: Value) -> Result<Value> {
        let named: Vec<&str> =
            ["company", "org", "folder"].iter().filter_map(|level| body.get(level)?.as_str()).collect();
        let what = if named.is_empty() { "/tokens".to_owned() } else { named.join("/") };
        let made = self.json(&Method::POST, "/tokens", Some(&body))?;
        self.must(made, &what)
    }

    fn list_tokens(&mut self) -> Result<Value> {
        let all = self.json(&Method::GET, "/tokens", None)?;
        self.must(all, "/tokens")
    }

    fn revoke_token(&mut self, id: &str) -> Result<()> {
        let gone = self.json(&Method::DELETE, &format!("/tokens/{}", segment(id)), None)?;
        self.must(gone, &format!("token {id:?}")).map(drop)
    }

    fn reindex(&mut self) -> Result<Reindexing> {
        self.ask(&Method::POST, "/reindex", None)
    }

    fn reindexing(&mut self) -> Result<Reindexing> {
        self.ask(&Method::GET, "/reindex", None)
    }

    fn backup(&mut self, to: &Path, step: &mut dyn FnMut(u64, u64)) -> Result<About> {
        let asked = json!({ "dir": to.to_string_lossy() });
        let mut standing: BackupStanding = self.ask(&Method::POST, "/backup", Some(&asked))?;
        while standing.running {
            step(standing.done, standing.files);
            std::thread::sleep(Duration::from_millis(200));
            standing = self.ask(&Method::GET, "/backup", None)?;
        }
        match (standing.made, standing.error) {
            (Some(made), _) => Ok(made),
            (None, Some(error)) => bail!("{} could not make the backup: {error}", self.base),
            (None, None) => bail!("{} has ended before the backup was complete", self.base),
        }
    }

    fn count_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Counted> {
        let at = format!("{}?dry_run=true", erase_path(scope));
        self.ask(&Method::POST, &at, Some(&json!({ "field": field })))
    }

    fn erase_field(&mut self, scope: &ErasureScope, field: &str) -> Result<Erasing> {
        self.ask(&Method::POST, &erase_path(scope), Some(&json!({ "field": field })))
    }

    fn erase_transcript(&mut self, place: &Place) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Erased {
            job: String,
        }
        let names = [place.company.as_str(), place.org.as_str(), place.tid.as_str()].map(segment).join("/");
        Ok(self.ask::<Erased>(&Method::DELETE, &format!("/transcripts/{names}"), None)?.job)
    }

    fn erasures(&mut self, scope: &ErasureScope) -> Result<Vec<Erasing>> {
        self.ask(&Method::GET, &erase_path(scope), None)
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

fn erase_path(scope: &ErasureScope) -> String {
    let names =
        [Some(scope.company.as_str()), Some(scope.org.as_str()), scope.folder.as_ref().map(|name| name.as_str())];
    let names: Vec<String> = names.into_iter().flatten().map(segment).collect();
    format!("/erase/{}", names.join("/"))
}

pub(super) fn org_path(path: &FolderPath) -> String {
    format!("{}/{}", segment(path.company.as_str()), segment(path.org.as_str()))
}

fn retry_after(response: &Response<Body>) -> Option<u64> {
    response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()
}

/// Reads an answer whole.
pub(super) fn read(mut response: Response<Body>) -> Result<Answer> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.body_mut().with_config().limit(u64::MAX).read_to_string().context("the answer broke off")?;
    Ok(Answer { status, headers, body })
}

/// What an error's body says, as short as it can be said.
pub(super) fn problem(body: &str) -> String {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |key: &str| parsed.get(key).and_then(Value::as_str);
    match text("detail").or_else(|| text("title")) {
        Some(words) => words.to_owned(),
        None => body.chars().take(300).collect::<String>().trim().to_owned(),
    }
}

/// One transcript a line. Line breaks in JSON can only stand between its parts, where a blank means the same.
fn as_ndjson(lines: &[String]) -> String {
    let mut body = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        if line.contains(['\n', '\r']) {
            body.push_str(&line.replace(['\n', '\r'], " "));
        } else {
            body.push_str(line);
        }
        body.push('\n');
    }
    body
}

fn read_verdicts(body: &str) -> Result<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        let line: Value = serde_json::from_str(line).context("the answer is no NDJSON")?;
        if line.get("summary").is_none() {
            verdicts.push(verdict(&line));
        }
    }
    Ok(verdicts)
}

fn verdict(line: &Value) -> Verdict {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let list = |value: Option<&Value>| -> Vec<String> {
        let all = value.and_then(Value::as_array);
        all.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
    };
    match line.get("status").and_then(Value::as_str) {
        Some("created") => Verdict::Stored { created: true, unindexed: list(line.get("unindexed")) },
        Some("replaced") => Verdict::Stored { created: false, unindexed: list(line.get("unindexed")) },
        _ => {
            let error = line.get("error");
            let member = |key: &str| text(error.and_then(|error| error.get(key)).or_else(|| line.get(key)));
            Verdict::Refused {
                tid: text(line.get("tid")),
                code: member("code").unwrap_or_else(|| String::from("failed")),
                detail: member("detail").or_else(|| text(error)).unwrap_or_else(|| line.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_with_their_errors() {
        let body = concat!(
            "{\"line\":1,\"tid\":\"a\",\"status\":\"created\",\"revision\":1}\n",
            "{\"line\":2,\"tid\":\"b\",\"status\":\"replaced\",\"revision\":2}\n\n",
            "{\"line\":3,\"status\":\"failed\",\"error\":{\"code\":\"json_invalid\",\"detail\":\"no JSON\"}}\n",
            "{\"line\":4,\"tid\":\"d\",\"status\":\"failed\",\"error\":\"broken\"}\n",
            "{\"summary\":{\"created\":1}}\n",
        );
        let verdicts = read_verdicts(body).unwrap();
        assert_eq!(verdicts[0], Verdict::Stored { created: true, unindexed: vec![] });
        assert_eq!(verdicts[1], Verdict::Stored { created: false, unindexed: vec![] });
        let refused = |tid: Option<&str>, code: &str, detail: &str| Verdict::Refused {
            tid: tid.map(str::to_owned),
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        assert_eq!(verdicts[2], refused(None, "json_invalid", "no JSON"));
        assert_eq!(verdicts[3], refused(Some("d"), "failed", "broken"));
        assert_eq!(verdicts.len(), 4);
    }

    #[test]
    fn several_lines_of_one_transcript_become_one() {
        let body = as_ndjson(&[String::from("{\n \"a\": \"x\\n\"\r\n}"), String::from("{}")]);
        assert_eq!(body, "{  \"a\": \"x\\n\"  }\n{}\n");
    }

    #[test]
    fn names_are_escaped_in_paths() {
        let path: FolderPath = "Acme/Call Centre/50%?".parse().unwrap();
        assert_eq!(format!("{}/{}", org_path(&path), segment(path.folder.as_str())), "Acme/Call%20Centre/50%25%3F");
    }

    #[test]
    fn a_url_must_be_one() {
        assert!(Remote::new("127.0.0.1:3000", None).is_err());
        assert!(Remote::new("http://127.0.0.1:3000/", None).is_ok());
    }
}
