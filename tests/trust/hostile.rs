//! Hostile input over HTTP: what is sent to bring the server down answers 4xx or is answered soon, costs no memory that
//! stays, makes no 500 and no panic, and good clients hardly notice.
mod bombs;
mod crowd;
mod raw;
mod unread;
mod wire;

use super::counts::{everything, rounds};
use super::support::Server;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
pub use wire::quantile;
use wire::{Fate, exchange, good_client, request};

/// What one bomb may take when figures count; with debug code and busy machines only that it ends.
fn budget() -> Duration {
    if everything() { Duration::from_secs(2) } else { Duration::from_secs(20) }
}

/// Memory the server may have gained, at most.
const GROWTH_MAX: u64 = 200 << 20;

/// Acme with transcripts of many words, each with values of its own.
fn world() -> Server {
    let server = Server::with(&[("LINERNOTES_LOG__LEVEL", "warn")]);
    server.make_acme();
    fill(&server, rounds("HOSTILE_TRANSCRIPTS", 400, 5_000));
    server
}

fn fill(server: &Server, transcripts: u64) {
    let mut body = String::new();
    for n in 1..=transcripts {
        let text: Vec<String> = (0..40).map(|w| format!("word{} plan", (n * 31 + w * 17) % 3_000)).collect();
        let line = json!({"tid": format!("t{n}"),
            "client_data": {"queue": format!("queue {n}"), "hold_time": n, "note": format!("note number {n}")},
            "utterances": [{"start": 0, "end": 9, "speaker": "Agent", "text": text.join(" ")},
                           {"start": 9, "end": 20, "speaker": "Client", "text": "I want to cancel my plan"}]});
        body.push_str(&line.to_string());
        body.push('\n');
    }
    let path = "/transcripts/Acme/Acme-Sales?folder=Inbound&id=tid";
    let answer = server.request("POST", path, &[("Content-Type", "application/x-ndjson")], Some(body.as_bytes()));
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.settle();
}

/// Nothing in the log says that the program failed.
fn unharmed(server: &Server, at_first: u64) {
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    assert_eq!(server.get("/readyz").status, 200);
    // Debug code and a fresh process: what is asked for the first time stays in caches, too.
    let most = if everything() { GROWTH_MAX } else { 2 * GROWTH_MAX };
    let grown = || server.resident().saturating_sub(at_first);
    eprintln!("memory: {} MB, grown by {} MB", server.resident() >> 20, grown() >> 20);
    // The allocator gives back what was freed as others allocate.
    let begun = Instant::now();
    while grown() >= most && begun.elapsed() < Duration::from_secs(20) {
        server.get("/readyz");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert!(grown() < most, "{} MB stay", grown() >> 20);
    eprintln!("memory: {} MB stay", grown() >> 20);
}

#[test]
fn bombs_are_refused_or_answered_soon_and_leave_nothing_behind() {
    let mut server = world();
    let at_first = server.resident();
    let mut slowest: Vec<(Duration, String)> = Vec::new();
    for bomb in bombs::all() {
        let bytes = bomb.bytes(&server.token);
        let begun = Instant::now();
        let fate = exchange(&server.addr, &bytes, Duration::from_secs(30));
        let took = begun.elapsed();
        match &fate {
            Fate::Answered(status, body) => {
                // A search may be told that it costs too much; nothing else is our fault.
                let fine = *status < 500 || *status == 503 && bomb.path.starts_with("/search");
                assert!(fine, "{}: {status}: {}", bomb.name, String::from_utf8_lossy(body));
                // What is stored may be long, what is said about it may not.
                assert!(*status == 200 || body.len() < 300_000, "{}: an answer of {} bytes", bomb.name, body.len());
            }
            // Refused before it was all sent: the answer may be lost with the rest.
            Fate::Closed => assert!(bytes.len() > 1 << 20, "{}: closed without a word", bomb.name),
            Fate::Silence => panic!("{}: no answer", bomb.name),
        }
        assert!(took < budget(), "{}: {took:?}: {:?}", bomb.name, fate.status());
        slowest.push((took, format!("{} → {:?}", bomb.name, fate.status())));
    }
    slowest.sort();
    eprintln!("{} bombs; the slowest:", slowest.len());
    slowest.iter().rev().take(8).for_each(|(took, name)| eprintln!("  {took:>10.1?}  {name}"));
    unharmed(&server, at_first);
    server.stop_and_verify();
}

#[test]
fn whatever_the_bytes_the_answer_is_polite_or_the_connection_closed() {
    let mut server = world();
    let at_first = server.resident();
    let root = std::fs::read_to_string(server.data().join("root.token")).unwrap();
    let sent = raw::all(&server.token);
    eprintln!("{} odd requests", sent.len());
    for (name, bytes) in sent {
        // What is not finished is waited for by the server; nobody waits for it here.
        let mut bytes = bytes;
        bytes.extend_from_slice(b"\r\n\r\n");
        match exchange(&server.addr, &bytes, Duration::from_millis(700)) {
            Fate::Answered(status, body) => {
                assert!(status < 500, "{name}: {status}: {}", String::from_utf8_lossy(&body));
                assert!(!String::from_utf8_lossy(&body).contains(root.trim()), "{name} shows the token");
            }
            Fate::Closed | Fate::Silence => {}
        }
    }
    let pipelined: Vec<u8> =
        (0..1_000).flat_map(|_| request("GET", "/metadata/Acme/Acme-Sales/t1", &server.token, None)).collect();
    assert_eq!(crowd::answers(&server.addr, &pipelined, 1_000), 1_000, "pipelined requests are answered in turn");
    unharmed(&server, at_first);
    server.stop_and_verify();
}

#[test]
fn a_crowd_that_comes_at_once_finds_places_to_wait() {
    const CROWD: usize = 1_000;
    if crowd::places() < CROWD || crowd::handles() < 2 * CROWD as u64 {
        eprintln!(
            "SKIPPED: the system lets {} connections wait, this process open {}",
            crowd::places(),
            crowd::handles()
        );
        return;
    }
    let mut server = world();
    let asking = request("GET", "/metadata/Acme/Acme-Sales/t1", &server.token, None);
    assert_eq!(crowd::at_once(&server, CROWD, &asking), CROWD);
    server.stop_and_verify();
}

#[test]
fn good_clients_hardly_notice_slow_silent_and_deaf_ones() {
    let mut server = world();
    let at_first = server.resident();
    let asks = usize::try_from(rounds("HOSTILE_ASKS", 150, 3_000)).unwrap();
    let alone = measured(&server, asks, |_| ());
    report("alone", &alone);
    let connections = usize::try_from(rounds("HOSTILE_IDLE", 500, 5_000)).unwrap();
    let slow = usize::try_from(rounds("HOSTILE_SLOW", 100, 1_000)).unwrap();
    if crowd::handles() < connections as u64 * 2 + 1_000 {
        eprintln!("SKIPPED: the crowd of {connections} wants more open files than the {} allowed", crowd::handles());
        return;
    }
    let among = measured(&server, asks, |stop| crowd::idle(&server.addr, connections, stop));
    report(&format!("beside {connections} idle connections"), &among);
    let among = measured(&server, asks, |stop| crowd::slow_heads(&server.addr, slow, stop));
    report(&format!("beside {slow} slow heads"), &among);
    let among = measured(&server, asks, |stop| crowd::slow_bodies(&server.addr, &server.token, slow, stop));
    report(&format!("beside {slow} slow bodies"), &among);
    let deaf = slow / 5;
    let among = measured(&server, asks, |stop| crowd::deaf(&server.addr, &server.token, deaf, stop));
    report(&format!("beside {deaf} who never read their archive"), &among);
    let among = measured(&server, asks, |stop| bombers(&server, stop));
    report("beside one who throws every bomb", &among);
    unharmed(&server, at_first);
    server.stop_and_verify();
}

/// Throws bombs, one after the other, until told to stop.
fn bombers(server: &Server, stop: &AtomicBool) {
    let thrown: Vec<Vec<u8>> = bombs::all().iter().map(|bomb| bomb.bytes(&server.token)).collect();
    for bytes in thrown.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let fate = exchange(&server.addr, bytes, Duration::from_secs(30));
        assert!(fate != Fate::Silence, "a bomb without an answer");
    }
}

/// How long a good client's requests take while a crowd does what it does.
fn measured(server: &Server, asks: usize, crowd: impl FnOnce(&AtomicBool) + Send) -> Vec<Duration> {
    let (stop, ended) = (AtomicBool::new(false), AtomicBool::new(true));
    std::thread::scope(|scope| {
        let standing = scope.spawn(|| crowd(&stop));
        let took = good_client(&server.addr, &server.token, &ended, asks);
        stop.store(true, Ordering::Relaxed);
        standing.join().expect("the crowd stands");
        took
    })
}

fn report(name: &str, durations: &[Duration]) {
    let mut durations = durations.to_vec();
    let [half, most, worst] = [0.5, 0.99, 1.0].map(|part| quantile(&mut durations, part));
    eprintln!("a good client {name}: p50 {half:.1?}, p99 {most:.1?}, worst {worst:.1?} of {}", durations.len());
    // The figure is for a quiet machine and optimised code; here only that nobody is locked out.
    assert!(most < Duration::from_secs(10), "{name}: p99 {most:?}");
}
