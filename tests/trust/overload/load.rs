//! Requests on many connections, as fast as they are answered or at a rate of their own.
use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// What is asked of a server.
pub struct Load {
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Requests per second over all connections, whatever becomes of the earlier ones; else as fast as they are answered.
    pub per_second: Option<f64>,
    /// For how long.
    pub lasting: Duration,
}

/// What became of it.
#[derive(Default)]
pub struct Outcome {
    /// Served.
    pub good: u64,
    /// Sent away with 503 (or 429) and `Retry-After`.
    pub refused: u64,
    /// Never sent: each connection had one under way when it was their turn.
    pub missed: u64,
    /// Anything else, in words; the first few.
    pub odd: Vec<String>,
    /// Processor time the server took, hundredths of a second.
    pub ticks: u64,
    /// How long those served took.
    took: Vec<Duration>,
    lasted: Duration,
}

impl Outcome {
    /// A number of requests as a rate.
    pub fn per_second(&self, requests: u64) -> f64 {
        requests as f64 / self.lasted.as_secs_f64().max(1e-9)
    }

    /// Served per second.
    pub fn rate(&self) -> f64 {
        self.per_second(self.good)
    }

    /// Served in a hundredth of a second of the server's processor time.
    pub fn per_tick(&self) -> f64 {
        self.good as f64 / (self.ticks as f64).max(1.0)
    }

    /// The time that this part of those served stayed below.
    pub fn quantile(&self, part: f64) -> Duration {
        let mut took = self.took.clone();
        super::super::hostile::quantile(&mut took, part)
    }

    fn add(&mut self, other: Outcome) {
        self.good += other.good;
        self.refused += other.refused;
        self.missed += other.missed;
        self.took.extend(other.took);
        self.odd.extend(other.odd);
        self.odd.truncate(5);
    }
}

/// A request as bytes.
pub fn request(method: &str, path: &str, token: &str, body: Option<&str>) -> Vec<u8> {
    let body = body.unwrap_or_default();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    if !body.is_empty() {
        head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// A PATCH whose body never ends; so many bytes of it are sent.
pub fn begun(addr: &str, token: &str, tid: &str, bytes: usize) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    let head = format!(
        "PATCH /metadata/Acme/Acme-Sales/{tid} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(&vec![b' '; bytes]);
    stream
}

/// Does it.
pub fn run(addr: &str, requests: &[Vec<u8>], load: &Load) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (requests, next) = (Arc::new(requests.to_vec()), Arc::new(AtomicUsize::new(0)));
    runtime.block_on(async {
        let begun = Instant::now();
        let end = begun + load.lasting;
        let gap = load.per_second.map(|rate| Duration::from_secs_f64(load.connections as f64 / rate.max(1.0)));
        let clients: Vec<_> = (0..load.connections)
            .map(|n| {
                let (addr, requests, next) = (addr.to_owned(), requests.clone(), next.clone());
                // Each begins a little later, so that they do not come as one.
                let first = begun + gap.unwrap_or_default().mul_f64(n as f64 / load.connections as f64);
                tokio::spawn(client(addr, requests, next, Times { first, gap, end }))
            })
            .collect();
        let mut all = Outcome::default();
        for client in clients {
            all.add(client.await.unwrap());
        }
        all.lasted = begun.elapsed();
        all
    })
}

struct Times {
    first: Instant,
    gap: Option<Duration>,
    end: Instant,
}

async fn client(addr: String, requests: Arc<Vec<Vec<u8>>>, next: Arc<AtomicUsize>, times: Times) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stream = None;
    let mut due = times.first;
    while Instant::now() < times.end {
        if let Some(gap) = times.gap {
            tokio::time::sleep_until(due.into()).await;
            due += gap;
            while due < Instant::now() {
                due += gap;
                outcome.missed += 1;
            }
        }
        let own = match stream.take() {
            Some(own) => own,
            None => match TcpStream::connect(&addr).await {
                Ok(own) => own,
                Err(error) => {
                    outcome.odd.push(error.to_string());
                    return outcome;
                }
            },
        };
        let request = &requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()];
        let begun = Instant::now();
        match exchange(&own, request).await {
            Ok(Answer { status: 200, .. }) => {
                outcome.good += 1;
                outcome.took.push(begun.elapsed());
                stream = Some(own);
            }
            Ok(Answer { status: 503 | 429, retry: true, closes }) => {
                outcome.refused += 1;
                stream = Some(own).filter(|_| !closes);
            }
            Ok(answer) => outcome.odd.push(format!("{answer:?}")),
            Err(error) => outcome.odd.push(error.to_string()),
        }
    }
    outcome
}

/// What matters of an answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// Whether it says when to come again.
    retry: bool,
    /// Whether it says that the connection ends with it.
    closes: bool,
}

impl Answer {
    /// What a head says, and how many bytes its body has. Thrifty: the client shares the machine with the server.
    fn of(head: &str) -> (Self, usize) {
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let (mut answer, mut length) = (Self { status, retry: false, closes: false }, 0);
        for (name, value) in head.split("\r\n").filter_map(|line| line.split_once(": ")) {
            match name {
                _ if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap_or(0),
                _ if name.eq_ignore_ascii_case("connection") => answer.closes = value.eq_ignore_ascii_case("close"),
                _ if name.eq_ignore_ascii_case("retry-after") => answer.retry = true,
                _ => {}
            }
        }
        (answer, length)
    }
}

/// Sends and reads one answer.
async fn exchange(stream: &TcpStream, request: &[u8]) -> std::io::Result<Answer> {
    let mut sent = 0;
    while sent < request.len() {
        stream.writable().await?;
        match stream.try_write(&request[sent..]) {
            Ok(bytes) => sent += bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let (mut got, mut buffer) = (Vec::new(), [0; 16 << 10]);
    loop {
        stream.readable().await?;
        match stream.try_read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => got.extend_from_slice(&buffer[..bytes]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            let (answer, length) = Answer::of(std::str::from_utf8(&got[..end]).unwrap_or_default());
            if got.len() >= end + 4 + length {
                return Ok(answer);
            }
        }
    }
}
