//! A disk that fills up, many times, at any moment of a mixed load: writes answer 507 and change nothing, reads and
//! searches go on, and within five seconds of there being room again everything works, with nothing lost or damaged.
//! Needs a small file system of its own: a tmpfs, which only root may mount; elsewhere the test says that it was skipped.
use crate::counts;
use crate::support::server::files;
use crate::support::{Answer, Server, client};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ORG: &str = "Acme/Acme-Sales";
/// Longest until writes work again.
const HEALS: Duration = Duration::from_secs(5);

/// A mounted tmpfs; unmounted on drop.
struct Small(PathBuf);

impl Small {
    fn mount(megabytes: u32) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("linernotes-full").tempdir().ok()?.keep();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&dir).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(dir));
        }
        let _ = std::fs::remove_dir(&dir);
        None
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all the room there is.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        for size in [1 << 16, 4_096, 512, 64, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// What was answered of each transcript: revision and value; none: erased.
type Answered = Mutex<HashMap<String, (u64, Option<String>)>>;

/// What the writers of a round share.
struct Load<'a> {
    addr: &'a str,
    token: &'a str,
    answered: &'a Answered,
    count: &'a AtomicU64,
    refused: &'a AtomicU64,
    stop: &'a AtomicBool,
    full: &'a AtomicBool,
}

impl Load<'_> {
    fn send(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Accept", "application/json")];
        client::send(self.addr, method, path, &headers, body.map(str::as_bytes)).expect("the server answers")
    }

    fn note(&self, tid: &str, answer: &Answer, value: Option<String>) {
        match answer.status {
            200 | 201 => {
                let revision = answer.header("etag").map_or(0, |etag| etag.trim_matches('"').parse().unwrap());
                let mut answered = self.answered.lock().unwrap();
                let last = answered.entry(tid.to_owned()).or_default();
                // An erasure tells no revision: nobody else writes this transcript.
                if value.is_none() || revision >= last.0 {
                    *last = (revision.max(last.0), value);
                }
            }
            507 => {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text());
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }

    /// Writes to transcripts of its own until told to stop: edits, bodies short and long, erasures, new ones.
    fn writes(&self, number: u64) {
        let mut turn = number;
        while !self.stop.load(Ordering::Relaxed) {
            turn += 1;
            let count = self.count.fetch_add(1, Ordering::SeqCst);
            let tid = format!("w{number}-{}", turn % 5);
            let value = format!("v{count}");
            let there = self.answered.lock().unwrap().get(&tid).is_some_and(|(_, value)| value.is_some());
            let path = format!("/transcripts/{ORG}/{tid}?folder=Inbound");
            match turn % 11 {
                0 if there => {
                    let answer = self.send("DELETE", &format!("/transcripts/{ORG}/{tid}"), None);
                    self.note(&tid, &answer, None);
                }
                1 | 2 => self.put(&tid, &path, &value, 20_000),
                _ if there => {
                    let body = json!({"queue": value, "loose": "x".repeat(2_000)}).to_string();
                    let answer = self.send("PATCH", &format!("/metadata/{ORG}/{tid}"), Some(&body));
                    self.note(&tid, &answer, Some(value));
                }
                _ => self.put(&tid, &path, &value, 10),
            }
        }
    }

    fn put(&self, tid: &str, path: &str, value: &str, words: usize) {
        let body = json!({"client_data": {"queue": value}, "utterances": [{"text": "lorem ".repeat(words)}]});
        let answer = self.send("PUT", path, Some(&body.to_string()));
        self.note(tid, &answer, Some(value.to_owned()));
    }

    /// Reads and searches all the time: they always answer.
    fn reads(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let full = self.full.load(Ordering::SeqCst);
            assert_eq!(self.send("GET", &format!("/metadata/{ORG}/t1"), None).status, 200);
            assert_eq!(self.send("GET", &format!("/transcripts/{ORG}/t2"), None).status, 200);
            let found = self.send("GET", &format!("/search/{ORG}?q=steady&size=0"), None);
            match found.status {
                200 => assert_eq!(found.json()["total"], 20, "while the disk is full: {full}"),
                _ => assert_eq!(found.code(503), "index_rebuilding"),
            }
        }
    }
}

fn steady(server: &Server) {
    for n in 0..20 {
        server.bring(&format!("t{n}"), &json!({"queue": "before"}), &[("agent", "steady words")]).ok(201);
    }
    server.settle();
}

/// One fill; seconds until writes worked again.
fn fill_once(server: &Server, small: &Small, answered: &Answered, round: u64) -> f64 {
    let (count, refused) = (AtomicU64::new(round * 1_000_000), AtomicU64::new(0));
    let (stop, full) = (AtomicBool::new(false), AtomicBool::new(false));
    let (addr, token) = (server.addr.as_str(), server.token.as_str());
    let load = Load { addr, token, answered, count: &count, refused: &refused, stop: &stop, full: &full };
    let seed = (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let moment = Duration::from_millis((seed >> 20) % 400);
    let mut healed = Duration::ZERO;
    std::thread::scope(|scope| {
        for number in 0..4 {
            let load = &load;
            scope.spawn(move || load.writes(number));
        }
        scope.spawn(|| load.reads());
        std::thread::park_timeout(moment / 2);
        match round % 5 {
            1 => drop(server.post("/reindex", &json!({}))),
            3 => drop(server.post("/backup", &json!({"dir": "nightly"}))),
            _ => {}
        }
        std::thread::park_timeout(moment / 2);
        full.store(true, Ordering::SeqCst);
        // Room in files that exist already takes some writes still: it is filled until several are refused.
        let begun = Instant::now();
        while refused.load(Ordering::Relaxed) < 5 && begun.elapsed() < Duration::from_secs(20) {
            small.fill();
            std::thread::park_timeout(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused > 0, "round {round}: the disk never filled");
    // Everything that was answered is there, also while there is no room.
    for (tid, (_, value)) in answered.lock().unwrap().iter() {
        let seen = server.get(&format!("/metadata/{ORG}/{tid}"));
        match value {
            Some(value) => assert_eq!(seen.ok(200)["queue"], **value, "round {round}: {tid} while the disk is full"),
            None => assert_eq!(seen.status, 404, "round {round}: {tid} while the disk is full"),
        }
    }
    std::fs::remove_file(small.ballast()).unwrap();
    let room = Instant::now();
    let body = json!({"queue": format!("room{round}")});
    while server.patch(&format!("/metadata/{ORG}/t1"), &body).status != 200 {
        assert!(room.elapsed() < HEALS, "round {round}: edits do not work after {HEALS:?} of room");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    healed = healed.max(room.elapsed());
    server.bring("probe", &json!({"queue": format!("probe{round}")}), &[("agent", "fits again")]);
    server.settle();
    healed = healed.max(room.elapsed());
    healed.as_secs_f64()
}

fn accounts(server: &Server, answered: &Answered, round: u64) {
    for (tid, (revision, value)) in answered.lock().unwrap().iter() {
        let seen = server.get(&format!("/metadata/{ORG}/{tid}"));
        let Some(value) = value else {
            assert_eq!(seen.status, 404, "round {round}: {tid} was erased");
            continue;
        };
        let now: u64 = seen.header("etag").map_or(0, |etag| etag.trim_matches('"').parse().unwrap());
        assert_eq!((now, &seen.ok(200)["queue"]), (*revision, &json!(value)), "round {round}: {tid}");
    }
}

#[test]
fn a_disk_that_fills_up_at_any_moment_costs_nothing_but_refusals() {
    let Some(small) = Small::mount(96) else {
        eprintln!("SKIPPED: no tmpfs can be mounted here (needs root)");
        return;
    };
    let backups = small.0.join("backups");
    std::fs::create_dir(&backups).unwrap();
    let mut server = Server::idle(&small.0.join("data"), &[("LINERNOTES_BACKUP__DIR", backups.to_str().unwrap())]);
    server.spawn();
    server.make_acme();
    steady(&server);
    let answered = Answered::default();
    let (mut healed, rounds) = (Vec::new(), counts::rounds("DISK_FULL", 2, 50));
    for round in 0..rounds {
        healed.push(fill_once(&server, &small, &answered, round));
        let metrics = server.get("/metrics").text();
        assert!(metrics.lines().any(|line| line == "linernotes_quarantined 0"), "{metrics}");
        accounts(&server, &answered, round);
        assert_eq!(files(&server.data().join("archive/.staging")).len(), 0, "round {round}: what stays in .staging");
        wait_for_backup(&server);
        server.stop_and_verify();
        // Backups take the room of the next rounds.
        for entry in std::fs::read_dir(&backups).unwrap().flatten() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
        server.spawn();
    }
    healed.sort_by(f64::total_cmp);
    let (median, most) = (healed[healed.len() / 2], healed[healed.len() - 1]);
    eprintln!(
        "{rounds} fills; after there was room all was level within {median:.2} s (median), {most:.2} s (longest)"
    );
}

fn wait_for_backup(server: &Server) {
    let begun = Instant::now();
    loop {
        let standing: Value = server.get("/backup").ok(200);
        if standing["running"] == false {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{standing}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
