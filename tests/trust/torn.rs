//! Files that are cut, zeroed or have a bit flipped: every kind of file there is in a data folder and in a backup.
//!
//! Whatever is hit, the program says so or is not harmed; what another store proves comes back, what none proves is
//! named; the index is made again; and nothing that is served afterwards is wrong.
use crate::counts;
use crate::script;
use crate::support::{Server, server::files};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ORG: &str = "Acme/Acme-Sales";
const TIDS: usize = 6;

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// Cut to so many thousandths of its length.
    Cut(u64),
    /// The last byte is gone.
    MinusOne,
    /// A page of 4 KiB at so many thousandths of its length.
    ZeroPage(u64),
    /// A bit at so many thousandths of its length.
    Flip(u64, u8),
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Body,
    Metadata,
    Catalogue,
    Staged,
    Index,
    Database,
    Log,
    Harmless,
    Backup,
}

/// One damage of one file, below the folder of a run.
#[derive(Clone, Debug)]
struct Case {
    kind: Kind,
    file: PathBuf,
    damage: Damage,
}

/// Applies the damage; false when it changes nothing.
fn apply(path: &Path, damage: Damage) -> bool {
    let whole = std::fs::read(path).unwrap();
    let mut bytes = whole.clone();
    let at = |thousandths: u64| usize::try_from(whole.len() as u64 * thousandths / 1_000).unwrap();
    match damage {
        Damage::Cut(to) => bytes.truncate(at(to)),
        Damage::MinusOne => drop(bytes.pop()),
        Damage::ZeroPage(begin) => {
            let begin = at(begin) / 4_096 * 4_096;
            bytes.iter_mut().skip(begin).take(4_096).for_each(|byte| *byte = 0);
        }
        Damage::Flip(place, bit) => {
            if let Some(byte) = bytes.get_mut(at(place)) {
                *byte ^= 1 << bit;
            }
        }
    }
    std::fs::write(path, &bytes).unwrap();
    bytes != whole
}

/// Everything a client can be shown, to be compared.
fn answers(server: &Server) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for n in 0..TIDS {
        for path in [format!("/metadata/{ORG}/T{n}"), format!("/transcripts/{ORG}/T{n}")] {
            let answer = server.get(&path);
            assert!([200, 404, 500].contains(&answer.status), "{path}: {}", answer.text());
            let mut shown = if answer.status == 200 { answer.json() } else { json!(answer.status) };
            if let Some(members) = shown.as_object_mut() {
                members.remove("last_modified");
            }
            all.insert(path, shown);
        }
    }
    for query in ["q=hello", "q=word3", "q=queue:q1", "q=queue:sales", "q=agent:there&sort=tid", "q=hold_time:%3E3"] {
        let path = format!("/search/{ORG}?{query}&fields=tid,queue");
        let begun = Instant::now();
        let found = loop {
            server.settle();
            let answer = server.get(&path);
            if answer.status == 200 {
                break answer.json();
            }
            assert!(answer.status == 503 || answer.status == 500, "{path}: {}", answer.text());
            assert!(begun.elapsed() < Duration::from_secs(60), "{path}: {}", answer.text());
            std::thread::park_timeout(Duration::from_millis(20));
        };
        all.insert(path, json!([found["total"], found["results"]]));
    }
    all
}

/// Folders to damage, and what they answer when they are whole.
struct Templates {
    /// Stopped in order, with a backup beside it.
    rested: PathBuf,
    /// Killed with edits in the log that index and archive have.
    killed: PathBuf,
    /// What both answer.
    answers: BTreeMap<String, Value>,
    token: String,
}

impl Templates {
    fn make(dir: &Path) -> Self {
        let (rested, killed) = (dir.join("rested"), dir.join("killed"));
        std::fs::create_dir_all(&rested).unwrap();
        std::fs::create_dir_all(&killed).unwrap();
        let mut server = Server::at(&killed.join("data"));
        server.make_acme();
        for n in 0..TIDS {
            // The time of the first ingest stands in the database alone: transcripts with none of their own lose it there.
            let datetime = format!("2026-01-0{}T10:00:00Z", n + 1);
            let metadata =
                json!({"queue": format!("q{}", n % 3), "free": {"number": n}, "hold_time": n, "datetime": datetime});
            let turns = [("agent", "hello there"), ("client", &*format!("word{n}"))];
            server.bring(&format!("T{n}"), &metadata, &turns).ok(201);
        }
        server.settle();
        // The log is emptied when it is quiet: what comes now stays in it.
        for n in 0..8 {
            let queue = if n == 7 { "sales".to_owned() } else { format!("step{n}") };
            server.patch(&format!("/metadata/{ORG}/T1"), &json!({"queue": queue, "free": {"deep": [1, n]}})).ok(200);
        }
        server.settle();
        server.kill();
        script::copy(&killed.join("data"), &rested.join("data"));
        let mut server = Server::at(&rested.join("data"));
        let answers = answers(&server);
        assert_eq!(answers[&format!("/metadata/{ORG}/T1")]["queue"], "sales");
        server.stop_and_verify();
        let (data, to) = (rested.join("data"), rested.join("backup"));
        let (code, ..) = server.command(&["backup", to.to_str().unwrap(), "--data", data.to_str().unwrap()]);
        assert_eq!(code, 0);
        let log = std::fs::metadata(killed.join("data/main.db-wal")).unwrap().len();
        assert!(log > 40_000, "the killed folder has a log of {log} bytes only");
        Self { rested, killed, answers, token: server.token.clone() }
    }

    /// Every file there is, by what must become of it when it is damaged.
    fn files(&self) -> Vec<(Kind, PathBuf)> {
        let mut all = Vec::new();
        for path in files(&self.rested) {
            let below = path.strip_prefix(&self.rested).unwrap().to_owned();
            let text = below.to_string_lossy().into_owned();
            let kind = match &*text {
                text if text.starts_with("backup") => Kind::Backup,
                text if text.contains("/index/") && text.ends_with(".lock") => Kind::Harmless,
                text if text.contains("/index/") => Kind::Index,
                text if text.ends_with(".catalogue.json") => Kind::Catalogue,
                text if text.ends_with(".jsonmeta") => Kind::Metadata,
                text if text.ends_with(".json") => Kind::Body,
                text if text.ends_with("main.db") => Kind::Database,
                text if text.ends_with("root.token") || text.ends_with("LOCK") => Kind::Harmless,
                other => panic!("nobody has thought of {other}"),
            };
            if path.metadata().unwrap().len() > 0 {
                all.push((kind, below));
            }
        }
        let body = all.iter().find(|(kind, path)| *kind == Kind::Body && path.ends_with("T0.json")).unwrap().1.clone();
        all.push((Kind::Staged, body));
        all.push((Kind::Log, "data/main.db-wal".into()));
        all
    }
}

/// A damaged copy and what is known of it.
struct Patient<'a> {
    templates: &'a Templates,
    case: &'a Case,
    run: PathBuf,
    server: Server,
}

impl Patient<'_> {
    fn data(&self) -> String {
        self.run.join("data").to_str().unwrap().to_owned()
    }

    #[track_caller]
    fn fail(&self, why: &str) -> ! {
        panic!("{:?}: {why}\n{}", self.case, self.server.log())
    }

    fn spawns(&mut self) -> bool {
        let spawned = self.server.try_spawn(&[], &[]).is_ok();
        // A database made again without its tokens comes with a new one in the file.
        let own = std::mem::replace(&mut self.server.token, self.templates.token.clone());
        if spawned && self.server.get("/list").status == 401 {
            self.server.token = own;
        }
        if self.server.log().contains("panicked") && self.case.kind != Kind::Index {
            self.fail("it panicked");
        }
        spawned
    }

    fn repair(&self) -> Value {
        let (code, out, words) = self.server.command(&["repair", "--json", "--data", &self.data()]);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| self.fail(&format!("{code} {out} {words}")));
        let whole = report["lost"] == json!([]) && report["differences"] == json!([]);
        assert_eq!(code, i32::from(!whole), "{:?}: {report}", self.case);
        report
    }

    /// Starts and demands the answers of the whole folder, but for transcripts whose loss was named.
    fn is_as_before(&mut self, lost: &Value) {
        if !self.spawns() {
            self.fail("it does not start");
        }
        let lost = lost.to_string();
        let now = answers(&self.server);
        for (path, wanted) in &self.templates.answers {
            let excused = (0..TIDS).any(|n| lost.contains(&format!("/T{n}\"")) && path.ends_with(&format!("/T{n}")));
            let searched = path.starts_with("/search") && lost.len() > 2;
            if !excused && !searched && now[path] != *wanted {
                self.fail(&format!("{path} answers {} instead of {wanted}", now[path]));
            }
        }
        if self.server.stop() != Some(0) {
            self.fail("it does not stop");
        }
    }

    fn is_clean(&self) -> bool {
        let (code, report) = self.server.verify(true);
        if code > 1 {
            self.fail(&report.to_string());
        }
        code == 0
    }

    /// A file of the archive: seen, healed or named, the rest served.
    fn archive(&mut self) {
        let seen = !self.is_clean();
        let report = self.repair();
        let dealt_with =
            [&report["healed"], &report["lost"], &report["set_aside"]].iter().any(|list| **list != json!([]));
        if !(seen && dealt_with) {
            self.fail(&format!("seen by verify: {seen}; {report}"));
        }
        self.is_as_before(&report["lost"]);
        if report["lost"] == json!([]) && !self.is_clean() {
            self.fail("it is not clean after all was healed");
        }
    }

    /// The index: made again without a word from anybody.
    fn index(&mut self) {
        self.is_as_before(&json!([]));
        if !self.is_clean() {
            self.fail("the index was not made again");
        }
    }

    /// The database or its log: refused in words or not harmed; whole after `repair`.
    fn database(&mut self) {
        if self.spawns() {
            // Not seen at the start: then verify sees it, or there is nothing to see.
            let unharmed = self.server.get("/list").status == 200 && answers(&self.server) == self.templates.answers;
            self.server.stop();
            if unharmed && self.is_clean() {
                return;
            }
        } else if !self.server.log().contains("linernotes repair") {
            self.fail("it was refused without saying what to do");
        }
        let report = self.repair();
        if report["lost"] != json!([]) {
            self.fail(&format!("something was lost: {report}"));
        }
        self.is_as_before(&json!([]));
        if !self.is_clean() {
            self.fail("it is not clean after repair");
        }
    }

    /// A backup: not restored, in words, or restored whole.
    fn backup(&mut self) {
        let (from, to) = (self.run.join("backup"), self.run.join("restored"));
        let args = ["restore", from.to_str().unwrap(), "--data", to.to_str().unwrap()];
        let (code, _, words) = self.server.command(&args);
        if code == 0 || words.trim().is_empty() || words.contains("panicked") {
            self.fail(&format!("restore: {code} {words}"));
        }
    }

    fn examine(&mut self) {
        match self.case.kind {
            Kind::Body | Kind::Metadata | Kind::Staged => self.archive(),
            Kind::Index => self.index(),
            Kind::Database | Kind::Log => self.database(),
            Kind::Harmless | Kind::Catalogue => {
                self.is_as_before(&json!([]));
                if !self.is_clean() {
                    self.fail("it is not clean");
                }
            }
            Kind::Backup => self.backup(),
        }
    }
}

fn examine(templates: &Templates, case: &Case) {
    let scratch = tempfile::Builder::new().prefix("linernotes-torn").tempdir().unwrap();
    let run = scratch.path().join("run");
    script::copy(if case.kind == Kind::Log { &templates.killed } else { &templates.rested }, &run);
    let mut path = run.join(&case.file);
    if case.kind == Kind::Staged {
        // As if the process had died between the commit and the name.
        let staged = run.join("data/archive/.staging/1-1.json");
        std::fs::rename(&path, &staged).unwrap();
        path = staged;
    }
    if !apply(&path, case.damage) {
        return;
    }
    let server = Server::idle(&run.join("data"), &[]);
    let mut patient = Patient { templates, case, run, server };
    patient.server.token.clone_from(&templates.token);
    patient.examine();
}

/// The kinds of files to damage: those that `LINERNOTES_TORN_KIND` names (`Log`, or `Log,Database`), else all.
fn chosen_kind(kind: Kind) -> bool {
    let named = std::env::var("LINERNOTES_TORN_KIND").unwrap_or_default();
    named.is_empty() || named.split(',').any(|name| name.eq_ignore_ascii_case(&format!("{kind:?}")))
}

/// The damages of a file. Of a log, what is left after any cut is a whole database that is older.
fn damages(kind: Kind) -> Vec<Damage> {
    let mut all = vec![Damage::Cut(0), Damage::Cut(500), Damage::MinusOne];
    all.extend([0, 250, 500, 999].map(Damage::ZeroPage));
    if kind == Kind::Log {
        all.extend((50..1_000).step_by(50).filter(|to| *to != 500).map(Damage::Cut));
    }
    all.extend((0..1_000).step_by(41).map(|at| Damage::Flip(at, u8::try_from(at % 8).unwrap())));
    all
}

#[test]
fn whatever_file_is_damaged_it_is_healed_named_or_made_again() {
    let scratch = tempfile::tempdir().unwrap();
    let templates = Templates::make(scratch.path());
    let mut cases: Vec<Case> = Vec::new();
    for (kind, file) in templates.files() {
        if !chosen_kind(kind) {
            continue;
        }
        // Six transcripts are alike: one is enough; so is one file of each ending of each half of the index.
        let text = file.to_string_lossy().into_owned();
        let one_of_six = ["T2", "T3", "T4", "T5"].iter().any(|tid| text.contains(&format!("{tid}.json")));
        let alike = |case: &Case| {
            case.kind == Kind::Index && case.file.extension() == file.extension() && case.file.parent() == file.parent()
        };
        if one_of_six || (file.extension().is_some_and(|e| e != "json") && cases.iter().any(alike)) {
            continue;
        }
        cases.extend(damages(kind).into_iter().map(|damage| Case { kind, file: file.clone(), damage }));
    }
    let wanted = usize::try_from(counts::rounds("TORN", 40, u64::MAX)).unwrap_or(usize::MAX);
    let step = cases.len() as f64 / wanted.min(cases.len()) as f64;
    let chosen: Vec<&Case> = (0..wanted.min(cases.len())).map(|n| &cases[(n as f64 * step) as usize]).collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<Kind, u64>::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    examine(&templates, case);
                    *tally.lock().unwrap().entry(case.kind).or_default() += 1;
                }
            });
        }
    });
    eprintln!("{} damages of {}: {:?}", chosen.len(), cases.len(), tally.into_inner().unwrap());
}

/// Bytes that change beneath a running server: whatever searches make of them, it lives, and the next start sees it.
#[test]
fn an_index_that_rots_while_it_is_searched_ends_nothing_and_is_made_again_at_the_next_start() {
    let scratch = tempfile::tempdir().unwrap();
    let mut server = Server::at(&scratch.path().join("data"));
    server.make_acme();
    for n in 0..TIDS {
        let turns = [("agent", "hello there"), ("client", &*format!("word{n}"))];
        server.bring(&format!("T{n}"), &json!({"queue": format!("q{n}")}), &turns).ok(201);
    }
    server.settle();
    for path in files(&server.data().join("index")) {
        let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
        if ["term", "idx", "pos"].contains(&&*ending) {
            use std::os::unix::fs::FileExt;
            let length = path.metadata().unwrap().len();
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            // In place: the server has these pages mapped.
            file.write_all_at(&vec![0xA5; usize::try_from(length).unwrap()], 0).unwrap();
        }
    }
    for query in ["q=hello", "q=word3", "q=%22hello%20there%22", "q=hel*", "q=helo~1", "q=queue:q1", "q=queue:*q*"] {
        let answer = server.get(&format!("/search/{ORG}?{query}&facets=queue&moments=2"));
        assert!([200, 500, 503].contains(&answer.status), "{query}: {}", answer.text());
        assert_eq!(server.get(&format!("/metadata/{ORG}/T1")).status, 200, "{query}");
    }
    server.patch(&format!("/metadata/{ORG}/T1"), &json!({"queue": "meanwhile"})).ok(200);
    server.kill();
    server.spawn();
    let all = answers(&server);
    let total = |query: &str| all[&format!("/search/{ORG}?{query}&fields=tid,queue")][0].clone();
    assert_eq!((total("q=hello"), total("q=word3"), total("q=queue:q1")), (json!(TIDS), json!(1), json!(0)));
    server.stop_and_verify();
}
