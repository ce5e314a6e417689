//! The access log: one line a request, never the query string, for it may hold a token.
use crate::base::clock::{Clock, Timestamp};
use crate::base::json::push_string;
use crate::telemetry::lines;
use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::body::{BodySize, MessageBody as _};
use actix_web::dev::ServiceResponse;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tracing::Level;

/// The target of the lines.
const TARGET: &str = "linernotes::access";

/// The token's id (not the token), left in the request for its line.
struct TokenId(Arc<str>);

/// Remembers who calls. Free of cost when no lines are written.
pub fn remember_token(request: &HttpRequest, id: &str) {
    if tracing::enabled!(target: TARGET, Level::INFO) {
        request.extensions_mut().insert(TokenId(id.into()));
    }
}

/// Writes the line of the request `id` that was answered after `took`. A streamed answer has no size yet.
///
/// JSON is spelled here, as the subscriber would: with its machinery the line cost a tenth of an edit.
pub fn write(response: &ServiceResponse, id: &str, took: Duration) {
    if !tracing::enabled!(target: TARGET, Level::INFO) {
        return;
    }
    let request = response.request();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        _ => None,
    };
    let extensions = request.extensions();
    let line = Line {
        method: request.method().as_str(),
        path: request.uri().path(),
        status: response.status().as_u16(),
        duration_ms: took.as_secs_f64() * 1_000.0,
        bytes,
        token: extensions.get::<TokenId>().map(|token| &*token.0),
    };
    if lines::started() {
        lines::push(line.json(Clock::system().now(), id).as_bytes());
    } else {
        line.told();
    }
}

struct Line<'a> {
    method: &'a str,
    path: &'a str,
    status: u16,
    duration_ms: f64,
    bytes: Option<u64>,
    token: Option<&'a str>,
}

impl Line<'_> {
    fn told(&self) {
        tracing::info!(
            target: TARGET,
            method = self.method,
            path = self.path,
            status = self.status,
            duration_ms = self.duration_ms,
            bytes = self.bytes,
            token = self.token,
            "answered"
        );
    }

    fn json(&self, now: Timestamp, id: &str) -> String {
        let mut out = String::with_capacity(320 + self.path.len());
        // Writing to a string cannot fail.
        let _ = write!(out, r#"{{"timestamp":"{}","level":"INFO","message":"answered","method":"#, now.rfc3339());
        push_string(&mut out, self.method);
        out.push_str(r#","path":"#);
        push_string(&mut out, self.path);
        let _ = write!(out, r#","status":{},"duration_ms":{:.3}"#, self.status, self.duration_ms);
        if let Some(bytes) = self.bytes {
            let _ = write!(out, r#","bytes":{bytes}"#);
        }
        if let Some(token) = self.token {
            out.push_str(r#","token":"#);
            push_string(&mut out, token);
        }
        let _ = write!(out, r#","target":"{TARGET}","span":{{"request_id":"#);
        push_string(&mut out, id);
        out.push_str(",\"name\":\"request\"}}\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_json_object() {
        let line =
            Line { method: "GET", path: "/a\"b", status: 200, duration_ms: 1.5, bytes: Some(7), token: Some("t") };
        let text = line.json(Timestamp(0), "i\n");
        assert!(text.ends_with('\n') && text.lines().count() == 1);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let wanted = serde_json::json!({
            "timestamp": "1970-01-01T00:00:00.000000Z", "level": "INFO", "message": "answered", "method": "GET",
            "path": "/a\"b", "status": 200, "duration_ms": 1.5, "bytes": 7, "token": "t",
            "target": "linernotes::access", "span": {"request_id": "i\n", "name": "request"},
        });
        assert_eq!(read, wanted);
    }
}
