//! One request, one connection (or many on one), nothing hidden: raw paths, any headers, bodies on any method.
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the answer is UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The body, after the status was what the test expects.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// `code` of a problem, after the status was what the test expects.
    #[track_caller]
    pub fn code(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        self.json()["code"].as_str().expect("a problem has a code").to_owned()
    }
}

/// Sends a request; `None` when the connection broke (the server was killed).
pub fn send(addr: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Option<Answer> {
    let mut all = vec![("Connection", "close")];
    all.extend_from_slice(headers);
    let mut reader = connect(addr)?;
    exchange(&mut reader, (addr, method, path), &all, body)
}

/// A connection kept for many requests, one after the other.
pub struct Connection {
    addr: String,
    kept: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// To a server; made with the first request.
    pub fn to(addr: &str) -> Self {
        Self { addr: addr.to_owned(), kept: None }
    }

    /// Sends a request, once more on a new connection when the server has ended the old one.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Option<Answer> {
        let old = self.kept.is_some();
        self.send_once(method, path, headers, body)
            .or_else(|| if old { self.send_once(method, path, headers, body) } else { None })
    }

    /// Sends a request; `None` when the connection broke: whether the request took effect is then unknown.
    pub fn send_once(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Option<Answer> {
        let mut reader = self.kept.take().or_else(|| connect(&self.addr))?;
        let answer = exchange(&mut reader, (&self.addr, method, path), headers, body)?;
        Some(self.keep(reader, answer))
    }

    fn keep(&mut self, reader: BufReader<TcpStream>, answer: Answer) -> Answer {
        let ends = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        self.kept = (!ends).then_some(reader);
        answer
    }
}

fn connect(addr: &str) -> Option<BufReader<TcpStream>> {
    let stream = TcpStream::connect(addr).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    stream.set_nodelay(true).ok()?;
    Some(BufReader::new(stream))
}

fn exchange(
    reader: &mut BufReader<TcpStream>,
    (addr, method, path): (&str, &str, &str),
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Option<Answer> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    reader.get_mut().write_all(head.as_bytes()).ok()?;
    if let Some(body) = body {
        // A server that refuses early may close before it has read everything: its answer is still there.
        let _ = reader.get_mut().write_all(body);
    }
    read(reader, method == "HEAD")
}

/// Reads one answer; `None` when the connection broke before it was whole.
fn read(reader: &mut BufReader<TcpStream>, head_only: bool) -> Option<Answer> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let answer = Answer { status, headers, body: Vec::new() };
    if status == 100 {
        return read(reader, head_only);
    }
    let chunked = answer.header("transfer-encoding").is_some_and(|v| v.contains("chunked"));
    let length = answer.header("content-length").and_then(|v| v.parse::<usize>().ok());
    let body = match (head_only || matches!(status, 204 | 304), chunked, length) {
        (true, ..) => Vec::new(),
        (_, true, _) => chunks(reader)?,
        (_, _, Some(length)) => {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            body
        }
        _ => {
            let mut body = Vec::new();
            reader.read_to_end(&mut body).ok()?;
            body
        }
    };
    Some(Answer { body, ..answer })
}

fn chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
