//! One connection that stays open, and a small generator of chance: what many clients need to be quick.
use crate::support::Answer;
use crate::support::client;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A client with one connection, made when first needed and again after it broke.
pub struct Wire {
    addr: String,
    bearer: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn new(addr: &str, token: &str) -> Self {
        Self { addr: addr.to_owned(), bearer: format!("Bearer {token}"), stream: None }
    }

    /// Sends a request and waits for its answer; `None` when the connection broke: whether the request took effect is
    /// then unknown.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Option<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.addr);
        request.push_str(&format!("Authorization: {}\r\nAccept: application/json\r\n", self.bearer));
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(body.unwrap_or_default());
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let answer = client::read(&mut stream, method == "HEAD")?;
        if answer.header("connection").is_none_or(|how| !how.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Some(answer)
    }

    fn connect(&self) -> Option<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.addr).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(BufReader::new(stream))
    }
}

/// Seeded chance (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap()
    }

    /// Whether something happens that happens `percent` times of a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}
