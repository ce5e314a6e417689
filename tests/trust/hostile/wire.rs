//! Bytes on a connection, exactly as a test wants them, and one well-behaved client beside them.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What became of some bytes that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This status, with this body.
    Answered(u16, Vec<u8>),
    /// The server closed the connection without a word.
    Closed,
    /// Nothing came within the time given.
    Silence,
}

impl Fate {
    /// The status, where there was one.
    pub fn status(&self) -> Option<u16> {
        if let Self::Answered(status, _) = self { Some(*status) } else { None }
    }
}

/// A connection that reads with patience.
pub fn connect(addr: &str, patience: Duration) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("the server takes connections");
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.set_write_timeout(Some(patience)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends bytes on a connection of their own and reads one answer.
pub fn exchange(addr: &str, bytes: &[u8], patience: Duration) -> Fate {
    let mut stream = connect(addr, patience);
    // A server that refuses early closes before everything is written; its answer may still be there.
    let _ = stream.write_all(bytes);
    read(&mut BufReader::new(stream))
}

/// Reads one answer; interim ones are passed over.
pub fn read(reader: &mut BufReader<TcpStream>) -> Fate {
    let mut head = Vec::new();
    loop {
        match reader.read_until(b'\n', &mut head) {
            Ok(0) => return Fate::Closed,
            Ok(_) if head.ends_with(b"\r\n\r\n") => {}
            Ok(_) => continue,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Fate::Silence;
            }
            Err(_) => return Fate::Closed,
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        if status == 100 {
            head.clear();
            continue;
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<u64>().ok());
        let mut body = Vec::new();
        if text.contains("transfer-encoding: chunked") {
            loop {
                let mut line = String::new();
                let _ = reader.read_line(&mut line);
                let Ok(size) = u64::from_str_radix(line.trim(), 16) else { break };
                let _ = reader.by_ref().take(size).read_to_end(&mut body);
                let _ = reader.by_ref().take(2).read_to_end(&mut Vec::new());
                if size == 0 {
                    break;
                }
            }
        } else {
            let _ = reader.by_ref().take(length.unwrap_or(0)).read_to_end(&mut body);
        }
        return Fate::Answered(status, body);
    }
}

/// A good client on a connection of its own: reads, edits and searches in turn until told to stop; how long each took.
/// It lives with a connection that is closed after an answer, and with nothing else.
pub fn good_client(addr: &str, token: &str, stop: &AtomicBool, least: usize) -> Vec<Duration> {
    let asks = [
        request("GET", "/metadata/Acme/Acme-Sales/t1", token, None),
        request("PATCH", "/metadata/Acme/Acme-Sales/t2", token, Some(b"{\"queue\":\"good\"}")),
        request("GET", "/search/Acme/Acme-Sales?q=plan&size=10", token, None),
    ];
    let mut took = Vec::new();
    let mut reader = BufReader::new(connect(addr, Duration::from_secs(60)));
    for ask in asks.iter().cycle() {
        let begun = Instant::now();
        reader.get_mut().write_all(ask).expect("a good client is heard");
        let fate = read(&mut reader);
        assert_eq!(fate.status(), Some(200), "a good client is answered: {fate:?}");
        took.push(begun.elapsed());
        if stop.load(Ordering::Relaxed) && took.len() >= least {
            return took;
        }
    }
    took
}

/// A request as bytes.
pub fn request(method: &str, path: &str, token: &str, body: Option<&[u8]>) -> Vec<u8> {
    let length = body.map(|body| format!("Content-Length: {}\r\nContent-Type: application/json\r\n", body.len()));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{}\r\n",
        length.unwrap_or_default()
    );
    [head.as_bytes(), body.unwrap_or_default()].concat()
}

/// The duration that this part of all stays below.
pub fn quantile(durations: &mut [Duration], part: f64) -> Duration {
    durations.sort();
    let at = (durations.len() as f64 * part) as usize;
    durations.get(at.min(durations.len().saturating_sub(1))).copied().unwrap_or_default()
}
