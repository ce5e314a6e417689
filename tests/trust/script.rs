//! A scripted client and a book of what it was told: what may stand after the server's end, and what must.
use crate::support::{Answer, Server, client};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ORG: &str = "Acme/Acme-Sales";
/// Answers of a server whose disk fails.
const FAILED: [u16; 3] = [500, 503, 507];
/// Longest any one answer, or the end of the process, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A transcript as answered: revision, value of `queue`, word said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stands {
    revision: u64,
    queue: String,
    word: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Stopped when asked to.
    Stopped,
    /// Refused to start.
    Refused,
    /// Ended by itself.
    Died,
}

/// What may stand of each transcript: one state, or two where the connection broke before the answer. None: absent.
#[derive(Clone, Default)]
struct Book {
    may: BTreeMap<String, Vec<Option<Stands>>>,
    /// Revisions of erased ids go on.
    last: BTreeMap<String, u64>,
}

/// Where the server of a run keeps its backups.
fn backups(run: &Path) -> String {
    run.join("backups").to_str().unwrap().to_owned()
}

/// The folder of a run, with data and backups as a killed server left them: six transcripts, some of whose edits neither
/// sink has.
pub fn template(run: &Path) -> PathBuf {
    std::fs::create_dir_all(run.join("backups")).unwrap();
    let mut server = Server::idle(&run.join("data"), &[("LINERNOTES_BACKUP__DIR", &backups(run))]);
    server.spawn();
    server.make_acme();
    for n in 0..6 {
        let (queue, word) = (format!("q{n}"), format!("hello word{n}"));
        server.bring(&format!("t{n}"), &json!({"queue": queue}), &[("agent", &word)]).ok(201);
    }
    server.settle();
    // The next one shares files with it.
    server.post("/backup", &json!({"dir": "b"})).ok(202);
    while server.get("/backup").ok(200)["running"] == true {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    for n in 0..3 {
        server.patch(&format!("/metadata/{ORG}/t{n}"), &json!({"queue": format!("late{n}")})).ok(200);
    }
    server.kill();
    run.to_owned()
}

pub fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "the folder is copied");
}

impl Book {
    fn of_template() -> Self {
        let mut book = Self::default();
        for n in 0..6 {
            let late = n < 3;
            let queue = if late { format!("late{n}") } else { format!("q{n}") };
            let stands = Stands { revision: if late { 2 } else { 1 }, queue, word: format!("hello word{n}") };
            book.last.insert(format!("t{n}"), stands.revision);
            book.may.insert(format!("t{n}"), vec![Some(stands)]);
        }
        book
    }

    fn known(&self, tid: &str) -> Option<&Stands> {
        self.may.get(tid).and_then(|may| may.last()).and_then(Option::as_ref)
    }

    fn next(&self, tid: &str) -> u64 {
        self.last.get(tid).copied().unwrap_or(0) + 1
    }

    /// It was answered: so it stands.
    fn stands(&mut self, tid: &str, now: Option<Stands>) {
        if let Some(now) = &now {
            self.last.insert(tid.to_owned(), now.revision);
        }
        self.may.insert(tid.to_owned(), vec![now]);
    }

    /// Nobody knows whether it was done.
    fn may_stand(&mut self, tid: &str, now: Option<Stands>) {
        self.may.entry(tid.to_owned()).or_insert_with(|| vec![None]).push(now);
    }
}

/// The client.
struct Script<'a> {
    server: &'a mut Server,
    book: Book,
    name: &'a str,
}

/// The process is gone.
struct Gone;

impl Script<'_> {
    fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, Gone> {
        let bearer = format!("Bearer {}", self.server.token);
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Accept", "application/json")];
        let answer = client::send(&self.server.addr, method, path, &headers, body.map(str::as_bytes));
        if answer.is_none() {
            let ended = self.server.ends_within(PATIENCE);
            assert!(ended, "{}: no answer to {method} {path}, but the server lives: {}", self.name, self.server.log());
        }
        answer.ok_or(Gone)
    }

    /// Done, or failed as a failing disk may; anything else is wrong.
    #[track_caller]
    fn done(&self, answer: &Answer) -> bool {
        let fair = answer.status < 300 || FAILED.contains(&answer.status);
        assert!(fair, "{}: {} {}", self.name, answer.status, answer.text());
        answer.status < 300
    }

    fn write(&mut self, method: &str, tid: &str, path: &str, body: &Value, now: Option<Stands>) -> Result<(), Gone> {
        let text = (!body.is_null()).then(|| body.to_string());
        match self.send(method, path, text.as_deref()) {
            Ok(answer) => {
                if self.done(&answer) {
                    self.book.stands(tid, now);
                }
                Ok(())
            }
            Err(gone) => {
                self.book.may_stand(tid, now);
                Err(gone)
            }
        }
    }

    fn edit(&mut self, tid: &str, queue: &str) -> Result<(), Gone> {
        let Some(before) = self.book.known(tid).cloned() else { return Ok(()) };
        let now = Stands { revision: self.book.next(tid), queue: queue.to_owned(), ..before };
        let body = json!({"queue": queue, "loose": "x".repeat(3_000)});
        self.write("PATCH", tid, &format!("/metadata/{ORG}/{tid}"), &body, Some(now))
    }

    fn put(&mut self, tid: &str, folder: &str, word: &str) -> Result<(), Gone> {
        let now = Stands { revision: self.book.next(tid), queue: word.to_owned(), word: word.to_owned() };
        let body = json!({"client_data": {"queue": word}, "utterances": [{"speaker": "agent", "text": word}]});
        self.write("PUT", tid, &format!("/transcripts/{ORG}/{tid}?folder={folder}"), &body, Some(now))
    }

    fn erase(&mut self, tid: &str) -> Result<(), Gone> {
        if self.book.known(tid).is_none() {
            return Ok(());
        }
        self.write("DELETE", tid, &format!("/transcripts/{ORG}/{tid}"), &Value::Null, None)
    }

    /// Several in one request: a verdict each.
    fn lines(&mut self, tids: &[&str]) -> Result<(), Gone> {
        let line = |tid: &&str| {
            let word = format!("line {tid}");
            json!({"tid": tid, "client_data": {"queue": word}, "utterances": [{"text": word}]}).to_string()
        };
        let text: Vec<String> = tids.iter().map(line).collect();
        let new = |book: &Book, tid: &str| Stands {
            revision: book.next(tid),
            queue: format!("line {tid}"),
            word: format!("line {tid}"),
        };
        let sent = self.send("POST", &format!("/transcripts/{ORG}?folder=Inbound"), Some(&text.join("\n")));
        let Ok(answer) = sent else {
            for tid in tids {
                let now = new(&self.book, tid);
                self.book.may_stand(tid, Some(now));
            }
            return Err(Gone);
        };
        if self.done(&answer) {
            let body = answer.text();
            for verdict in body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                let Some(tid) = verdict["tid"].as_str() else { continue };
                if verdict["status"] == "created" {
                    let now = new(&self.book, tid);
                    self.book.stands(tid, Some(now));
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, Gone> {
        let answer = self.send(method, path, body)?;
        self.done(&answer);
        Ok(answer)
    }

    fn read(&mut self, tid: &str) -> Result<(), Gone> {
        let Some(wanted) = self.book.known(tid).cloned() else { return Ok(()) };
        let answer = self.ask("GET", &format!("/metadata/{ORG}/{tid}"), None)?;
        if answer.status == 200 {
            assert_eq!(answer.json()["queue"], wanted.queue, "{}: a read of {tid} shows something else", self.name);
        }
        Ok(())
    }

    /// Everything a client and an operator do.
    fn play(&mut self) -> Result<(), Gone> {
        let fields = json!({"Inbound": {"custom_meta": ["queue", "direction", "loose"]}}).to_string();
        self.ask("POST", &format!("/config/{ORG}/folders"), Some(&fields))?;
        self.put("n0", "Inbound", "fresh")?;
        self.edit("t0", "first")?;
        self.edit("t1", "second")?;
        self.lines(&["b0", "b1", "b2", "b3"])?;
        self.put("t1", "Other", "moved")?;
        self.erase("t3")?;
        self.ask("GET", &format!("/search/{ORG}?q=hello"), None)?;
        self.ask("POST", "/reindex", None)?;
        self.edit("t2", "meanwhile")?;
        let asked = self.ask("POST", "/backup", Some(r#"{"dir":"b"}"#))?;
        self.edit("t4", "beside")?;
        let begun = Instant::now();
        while asked.status < 300 && self.ask("GET", "/backup", None)?.text().contains("\"running\":true") {
            assert!(begun.elapsed() < PATIENCE, "{}: the backup never ends: {}", self.name, self.server.log());
            std::thread::park_timeout(Duration::from_millis(20));
        }
        self.put("t3", "Inbound", "again")?;
        self.edit("b0", "edited")?;
        for tid in ["t0", "t1", "t2", "t4", "n0"] {
            self.read(tid)?;
        }
        Ok(())
    }

    /// Every transcript stands where the answers say, now and in all stores.
    fn settle_accounts(&mut self) {
        for (tid, may) in self.book.may.clone() {
            let seen = self.server.get(&format!("/metadata/{ORG}/{tid}"));
            let found = (seen.status == 200).then(|| {
                let revision = seen.header("etag").unwrap().trim_matches('"').parse().unwrap();
                let whole = self.server.get(&format!("/transcripts/{ORG}/{tid}")).ok(200);
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let queue = text(&seen.json()["queue"]);
                Stands { revision, queue, word: text(&whole["utterances"][0]["text"]) }
            });
            assert!(seen.status == 200 || seen.status == 404, "{}: {tid}: {}", self.name, seen.text());
            assert!(
                may.contains(&found),
                "{}: {tid} is {found:?}, but may be {may:?}\n{}",
                self.name,
                self.server.log()
            );
            self.book.stands(&tid, found);
        }
    }
}

/// Ids of everything a search finds, once the index is complete.
fn found(server: &Server, name: &str) -> Vec<String> {
    let begun = Instant::now();
    loop {
        server.settle();
        let answer = server.get(&format!("/search/{ORG}?q=*&size=100&fields=tid"));
        if answer.status == 200 {
            let rows = answer.json()["results"].as_array().unwrap().clone();
            return rows.iter().map(|row| row["tid"].as_str().unwrap().to_owned()).collect();
        }
        assert_eq!(answer.code(503), "index_rebuilding", "{name}");
        assert!(begun.elapsed() < PATIENCE, "{name}: the index is never complete: {}", server.log());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Runs the script against a server on a folder made from the template, with something failing; then starts it on a
/// sound disk and demands that all is as answered, and that the stores agree to the last byte.
pub fn against(run: &Path, wrapper: &[&str], environment: &[(&str, &str)], name: &str) -> Told {
    let own = [("LINERNOTES_BACKUP__DIR", &*backups(run)), ("LINERNOTES_SERVER__DRAIN_SECONDS", "2")];
    let mut server = Server::idle(&run.join("data"), &own);
    let mut told = Told::Refused;
    let book = Book::of_template();
    let mut book = match server.try_spawn(wrapper, environment) {
        Err(code) => {
            assert!(code == Some(1) || code.is_none(), "{name}: it ended with {code:?}: {}", server.log());
            book
        }
        Ok(()) => {
            let mut script = Script { server: &mut server, book, name };
            told = if script.play().is_ok() { Told::Stopped } else { Told::Died };
            let book = script.book;
            // The end is bounded too.
            if server.stop() != Some(0) {
                told = Told::Died;
            }
            book
        }
    };
    let log = server.log();
    // The index library says "encountered an error (io::Error most likely) or panicked" of any thread that stopped.
    assert!(!log.replace("most likely) or panicked", "").contains("panicked"), "{name}: {log}");
    let said = log.contains("flush") || log.contains("ERROR") || log.contains("error") || log.contains("cannot");
    assert!(told == Told::Stopped || said, "{name}: it ended without a word: {log}");
    server.spawn();
    let mut script = Script { server: &mut server, book, name };
    script.settle_accounts();
    // And it goes on.
    for tid in ["t0", "t3", "n9"] {
        let _ = script.put(tid, "Inbound", "sound").is_ok();
    }
    script.settle_accounts();
    book = script.book;
    let mut there: Vec<&str> =
        book.may.iter().filter(|(_, may)| may[0].is_some()).map(|(tid, _)| tid.as_str()).collect();
    let mut found = found(&server, name);
    found.sort();
    there.sort_unstable();
    assert_eq!(found, there, "{name}: what a search finds");
    assert_eq!(server.stop(), Some(0), "{name}: {}", server.log());
    let (code, report) = server.verify(true);
    assert_eq!((code, &report["differences"]), (0, &json!([])), "{name}: {report}\n{}", server.log());
    told
}
