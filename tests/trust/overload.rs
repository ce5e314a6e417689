//! Overload: several times more requests than can be served. What is served stays near what was served at the peak, the
//! rest is sent away with 503 and `Retry-After`, memory stays within bounds, and a moment later all is as before.
mod load;

use super::counts::rounds;
use super::support::Server;
use load::{Load, Outcome, run};
use serde_json::json;
use std::time::Duration;

/// Memory the server may gain under overload.
const GROWTH_MAX: u64 = 400 << 20;

fn world(environment: &[(&str, &str)]) -> Server {
    let quiet = [environment, &[("LINERNOTES_LOG__LEVEL", "warn")]].concat();
    let server = Server::with(&quiet);
    server.make_acme();
    let mut body = String::new();
    for n in 0..TRANSCRIPTS {
        let text: Vec<String> = (0..60).map(|w| format!("word{} plan", (n * 31 + w * 17) % 900)).collect();
        let line = json!({"tid": format!("t{n}"), "client_data": {"queue": "a", "more": "x".repeat(1_500)},
            "utterances": [{"start": 0, "end": 9, "speaker": "Agent", "text": text.join(" ")}]});
        body.push_str(&format!("{line}\n"));
    }
    let path = "/transcripts/Acme/Acme-Sales?folder=Inbound&id=tid";
    let answer = server.request("POST", path, &[("Content-Type", "application/x-ndjson")], Some(body.as_bytes()));
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.settle();
    server
}

const TRANSCRIPTS: usize = 1_000;

fn edits(server: &Server) -> Vec<Vec<u8>> {
    let one = |n| {
        let body = format!("{{\"queue\":\"queue {}\"}}", n % 7);
        load::request("PATCH", &format!("/metadata/Acme/Acme-Sales/t{n}"), &server.token, Some(&body))
    };
    (0..TRANSCRIPTS).map(one).collect()
}

fn searches(server: &Server) -> Vec<Vec<u8>> {
    let one = |n| {
        let path = format!("/search/Acme/Acme-Sales?q=word{}%20OR%20*{}*%20plan&moments=5", n % 900, n % 10);
        load::request("GET", &path, &server.token, None)
    };
    (0..997).map(one).collect()
}

/// Peak, overload, recovery; prints the figures.
fn overloaded(name: &str, server: &Server, requests: &[Vec<u8>], few: usize) -> Outcome {
    let seconds = Duration::from_secs(rounds("OVERLOAD_SECONDS", 3, 30));
    let connections = usize::try_from(rounds("OVERLOAD_CONNECTIONS", 300, 4_000)).unwrap();
    let of = |connections, per_second, lasting| {
        let before = server.processor_ticks();
        let mut outcome = run(&server.addr, requests, &Load { connections, per_second, lasting });
        outcome.ticks = server.processor_ticks().saturating_sub(before);
        outcome
    };
    let warm = of(few, None, seconds / 3);
    let peak = of(few, None, seconds);
    let before = server.resident();
    let crowd = of(connections, Some(10.0 * peak.rate()), seconds);
    let half = server.resident();
    let again = of(connections, Some(10.0 * peak.rate()), seconds);
    let after = server.resident();
    let relaxed = of(few, None, seconds);
    assert!(warm.good > 0 && relaxed.good > 0);
    for (what, load) in [("peak", &peak), ("10 ×", &crowd), ("10 ×, still", &again), ("afterwards", &relaxed)] {
        eprintln!(
            "{name}, {what}: {:.0}/s served, {:.0}/s refused, {:.0}/s asked for, p50 {:.0?}, p99 {:.0?} of the served",
            load.rate(),
            load.per_second(load.refused),
            load.per_second(load.good + load.refused + load.missed),
            load.quantile(0.5),
            load.quantile(0.99),
        );
    }
    let share = |load: &Outcome| 100.0 * load.rate() / peak.rate();
    // The crowd of clients takes its part of the machine; what the server makes of its own part says how it stands them.
    let thrift = |load: &Outcome| 100.0 * load.per_tick() / peak.per_tick();
    eprintln!("{name}: goodput by processor time {:.0} % and {:.0} % of the peak", thrift(&crowd), thrift(&again));
    eprintln!(
        "{name}: goodput {:.0} % and {:.0} % of the peak; afterwards {:.0} %",
        share(&crowd),
        share(&again),
        share(&relaxed)
    );
    eprintln!("{name}: memory {} MB before, {} MB, {} MB after", before >> 20, half >> 20, after >> 20);
    for load in [&crowd, &again, &relaxed] {
        assert_eq!(load.odd, Vec::<String>::new(), "neither served nor politely refused");
    }
    assert!(after.saturating_sub(before) < GROWTH_MAX, "grown from {before} to {after} bytes");
    assert!(relaxed.refused * 20 <= relaxed.good, "who comes afterwards is served");
    crowd
}

#[test]
fn edits_beyond_what_can_be_served_are_refused_politely() {
    // Many wait in little memory; a short queue shows refusals with few connections.
    let environment = [("LINERNOTES_WORKERS__COMMIT_QUEUE", "64"), ("LINERNOTES_WORKERS__COMMIT_WRITES", "64")];
    let slice = rounds("OVERLOAD_CONNECTIONS", 300, 4_000) < 4_000;
    let mut server = world(if slice { &environment } else { &[] });
    overloaded("edits", &server, &edits(&server), 64);
    server.stop_and_verify();
}

#[test]
fn searches_beyond_what_can_be_served_are_refused_politely() {
    let mut server = world(&[]);
    let crowd = overloaded("searches", &server, &searches(&server), 8);
    assert!(crowd.refused > 0, "more than run and wait are refused");
    server.stop_and_verify();
}

/// Bytes of bodies that have arrived.
fn taken(server: &Server) -> u64 {
    let text = server.get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix("linernotes_http_body_bytes "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap()
}

#[test]
fn bodies_beyond_the_room_for_them_are_refused_before_they_are_read() {
    let mebibyte = (1_u64 << 20).to_string();
    let mut server = world(&[
        ("LINERNOTES_LIMITS__BODIES_BYTES", "2097152"),
        ("LINERNOTES_LIMITS__TRANSCRIPT_BYTES", mebibyte.as_str()),
    ]);
    // Bodies that never end hold what has arrived of them; two fit, and a third does not.
    let held: Vec<_> = (0..2).map(|n| load::begun(&server.addr, &server.token, &format!("t{n}"), 1_000_000)).collect();
    // Not before both have arrived: else the third may be there first, and one of these is refused instead.
    let begun = std::time::Instant::now();
    while taken(&server) < 2_000_000 {
        assert!(begun.elapsed() < Duration::from_secs(30), "two bodies of a megabyte arrive");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let begun = std::time::Instant::now();
    let body = format!("{{\"note\":\"{}\"}}", "x".repeat(900_000));
    let full = loop {
        let path = "/metadata/Acme/Acme-Sales/t9?dry_run=true";
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json")];
        let answer = server.request("PATCH", path, &headers, Some(body.as_bytes()));
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "a third body of a megabyte fits into two mebibytes");
    };
    assert_eq!(full.header("retry-after"), Some("1"));
    assert_eq!(full.code(503), "overloaded");
    assert_eq!(server.patch("/metadata/Acme/Acme-Sales/t9", &json!({"queue": "small"})).status, 200, "small ones fit");
    drop(held);
    let begun = std::time::Instant::now();
    while server.json("PATCH", "/metadata/Acme/Acme-Sales/t9", &json!({"more": "y".repeat(900_000)})).status == 503 {
        assert!(begun.elapsed() < Duration::from_secs(30), "room is given back");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    server.stop_and_verify();
}
