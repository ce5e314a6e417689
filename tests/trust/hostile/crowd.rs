//! Many connections that keep the server busy with as little as they can.
use super::super::support::{Server, client};
use super::wire::{connect, read, request};
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Files this process may have open.
pub fn handles() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or(0)
}

/// How many of `most` answers come to requests sent in one piece.
pub fn answers(addr: &str, pipelined: &[u8], most: usize) -> usize {
    let stream = connect(addr, Duration::from_secs(20));
    let mut writing = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = writing.write_all(pipelined);
        });
        (0..most).take_while(|_| read(&mut reader).status() == Some(200)).count()
    })
}

/// Connects so many while the server takes none (its process is stopped), lets it go on and asks on each; how many are
/// answered. Who finds no place to wait would be told nothing and try again a second later: here it fails.
pub fn at_once(server: &Server, count: usize, asking: &[u8]) -> usize {
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &server.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    let addr = server.addr.parse().unwrap();
    signal("-STOP");
    let held: std::io::Result<Vec<TcpStream>> =
        (0..count).map(|_| TcpStream::connect_timeout(&addr, Duration::from_millis(900))).collect();
    signal("-CONT");
    let mut held = held.expect("a place to wait");
    held.iter_mut().for_each(|stream| stream.write_all(asking).unwrap());
    let answered = |stream: TcpStream| {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        read(&mut BufReader::new(stream)).status() == Some(200)
    };
    held.into_iter().filter_map(|stream| answered(stream).then_some(())).count()
}

/// Connections the system lets wait, at most.
pub fn places() -> usize {
    std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|most| most.trim().parse().ok()).unwrap_or(0)
}

fn all(addr: &str, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| connect(addr, PATIENCE)).collect()
}

/// Holds connections that say nothing.
pub fn idle(addr: &str, count: usize, stop: &AtomicBool) {
    let held = all(addr, count);
    wait(stop, || {});
    drop(held);
}

/// Sends heads a byte at a time; who is cut off begins anew.
pub fn slow_heads(addr: &str, count: usize, stop: &AtomicBool) {
    let head =
        b"GET /metadata/Acme/Acme-Sales/t1 HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    drip(addr, count, head, stop);
}

/// Sends whole heads and then bodies a byte at a time.
pub fn slow_bodies(addr: &str, token: &str, count: usize, stop: &AtomicBool) {
    let body = vec![b' '; 1 << 20];
    let bytes = request("PATCH", "/metadata/Acme/Acme-Sales/t9", token, Some(&body));
    let head = bytes.len() - body.len();
    let mut held = all(addr, count);
    held.iter_mut().for_each(|stream| {
        let _ = stream.write_all(&bytes[..head]);
    });
    wait(stop, || {
        held.iter_mut().for_each(|stream| {
            let _ = stream.write(b" ");
        });
    });
}

fn drip(addr: &str, count: usize, bytes: &[u8], stop: &AtomicBool) {
    let mut held = all(addr, count);
    let mut at = 0;
    wait(stop, || {
        let byte = &bytes[at % bytes.len()..][..1];
        for stream in &mut held {
            if stream.write(byte).is_err() {
                *stream = connect(addr, PATIENCE);
            }
        }
        at += 1;
    });
}

/// Asks for archives and whole transcripts and never reads them.
pub fn deaf(addr: &str, token: &str, count: usize, stop: &AtomicBool) {
    let mut held = all(addr, count);
    let asks = ["output=zip&size=1000&zipfiles=json,text", "output=details&size=200"];
    for (stream, ask) in held.iter_mut().zip(asks.iter().cycle()) {
        let path = format!("/search/Acme/Acme-Sales?q=plan&{ask}");
        let _ = stream.write_all(&request("GET", &path, token, None));
    }
    wait(stop, || {});
    drop(held);
    // Their work is over when the server says so.
    let _ = client::send(addr, "GET", "/livez", &[], None);
}

/// Does something each second until told to stop.
fn wait(stop: &AtomicBool, mut each: impl FnMut()) {
    let mut parts = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        if parts.is_multiple_of(10) {
            each();
        }
        parts += 1;
        std::thread::park_timeout(Duration::from_millis(100));
    }
}
