//! Clients that ask for much and read nothing of it.
use super::wire::{exchange, request};
use crate::support::Server;
use serde_json::json;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of the transcript asked for.
const BODY: usize = 16 << 20;
/// Clients that do not read.
const DEAF: usize = 60;
/// Bytes of answers the server may hold.
const ROOM: u64 = 64 << 20;
/// What reads may hold at once of bodies that are made answers (64 MiB, up to three times), and what a process grows by.
const BESIDE: u64 = 260 << 20;

/// A connection whose own end takes as little as the system lets it.
fn deaf(addr: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let to: SocketAddr = addr.parse().unwrap();
    socket.connect(&to.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Bytes of answers that are not taken, as the server tells.
fn held(server: &Server) -> u64 {
    let text = server.get("/metrics").text();
    let line = text.lines().find(|line| line.starts_with("linernotes_http_answer_bytes "));
    line.and_then(|line| line.split(' ').next_back()?.parse::<f64>().ok()).expect("a gauge") as u64
}

/// Waits until the server tells what is wanted of it.
fn until(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < patience, "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn answers_that_nobody_reads_take_bounded_memory_and_their_connections_end() {
    let room = ROOM.to_string();
    let environment = [
        ("LINERNOTES_LOG__LEVEL", "warn"),
        ("LINERNOTES_LIMITS__ANSWERS_BYTES", room.as_str()),
        ("LINERNOTES_SERVER__UNREAD_SECONDS", "3"),
    ];
    let mut server = Server::with(&environment);
    server.make_acme();
    let long = json!({"utterances": [{"text": "long"}], "kept": "k".repeat(BODY)}).to_string();
    server.request("PUT", "/transcripts/Acme/Acme-Sales/long?folder=Inbound", &[], Some(long.as_bytes())).ok(201);
    server.settle();
    let ask = request("GET", "/transcripts/Acme/Acme-Sales/long", &server.token, None);
    assert_eq!(exchange(&server.addr, &ask, Duration::from_secs(60)).status(), Some(200));
    let at_first = server.resident();
    // Each asks sixteen times at once: what comes after the first answer must not be made before that is read.
    let asks = ask.repeat(16);
    let mut connections: Vec<TcpStream> = (0..DEAF).map(|_| deaf(&server.addr)).collect();
    let mut most = 0;
    for connection in &mut connections {
        connection.write_all(&asks).unwrap();
        most = most.max(server.resident());
    }
    until("nobody was told that there is no room", Duration::from_secs(60), || {
        most = most.max(server.resident());
        exchange(&server.addr, &ask, Duration::from_secs(60)).status() == Some(503)
    });
    most = most.max(server.resident());
    let grown = most.saturating_sub(at_first);
    eprintln!("{DEAF} clients leave {} MB unread: grown by {} MB", (DEAF * 16 * BODY) >> 20, grown >> 20);
    assert!(grown < ROOM + BESIDE, "grown by {} MB", grown >> 20);
    // They hold their connections and read nothing: the system ends them, and others are answered again.
    until("a deaf client is kept for ever", Duration::from_secs(60), || held(&server) == 0);
    // What the last of them sent ahead may take the room once more.
    until("others are not answered again", Duration::from_secs(60), || {
        exchange(&server.addr, &ask, Duration::from_secs(60)).status() == Some(200)
    });
    for mut connection in connections {
        let mut bytes = vec![0; 1 << 20];
        // Until its end, or the error of a connection that was cut.
        while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
    }
    server.stop_and_verify();
}
