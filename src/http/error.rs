//! Failures and their bodies: the only table of status codes. Two dialects: RFC 9457 problem+json, and V-Spark's one
//! line of `text/html` with status 400 for PATCH and DELETE on `/metadata` and for `/transcribe` (contract section 3).
use super::headers::accepts_json;
use super::route::matched;
use crate::base::causes::chain;
use crate::base::json::push_string;
use crate::domain::refusal::{Code, Kind, Refusal};
use crate::engine::Error;
use crate::stores::StoreError;
use crate::stores::error::Kind as StoreKind;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, IF_MATCH, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine says so.
    #[error("{0}")]
    Engine(#[from] Error),
    /// The path is known, the method is not; with the methods that are.
    #[error("the method is not allowed here; allowed are {0}")]
    MethodNotAllowed(String),
    /// The set of an edit by query is not the one that was confirmed; with the preview of the new one.
    #[error("the query finds other transcripts than those that were confirmed; `preview` shows them and confirms them")]
    Moved(Box<Value>),
    /// The body did not arrive whole.
    #[error("the body did not arrive whole: {0}")]
    BodyCut(String),
    /// `/readyz`: edits or reads do not work.
    #[error("not ready: {0}")]
    NotReady(String),
    /// A defect of ours.
    #[error("{0}")]
    Defect(&'static str),
}

/// What a handler answers.
pub type Answer = Result<HttpResponse, Failure>;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Engine(Error::Refused(refusal))
    }
}

impl Failure {
    /// A refusal as a whole.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Refusal::new(code, detail).into()
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        problem(self).status
    }

    /// Bare: [`render`] makes the body, because only it sees the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The public face of a failure.
struct Problem<'f> {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'f, str>,
    refusal: Option<&'f Refusal>,
    retry_after_s: Option<u32>,
    preview: Option<&'f Value>,
}

/// Seconds after which another try makes sense when a store is at fault.
const RETRY_STORE_S: u32 = 5;

fn problem(failure: &Failure) -> Problem<'_> {
    let plain = |status, code, title, detail| Problem {
        status,
        code,
        title,
        detail,
        refusal: None,
        retry_after_s: None,
        preview: None,
    };
    match failure {
        Failure::Engine(Error::Refused(refusal)) => Problem {
            status: status_of(refusal.code),
            code: refusal.code.text(),
            title: refusal.code.title(),
            detail: Cow::Borrowed(&refusal.detail),
            refusal: Some(refusal),
            retry_after_s: refusal.retry_after_s,
            preview: None,
        },
        Failure::Engine(Error::Store(error)) => of_store(error),
        Failure::MethodNotAllowed(_) => Problem {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: Code::MethodNotAllowed.text(),
            title: Code::MethodNotAllowed.title(),
            detail: Cow::Owned(failure.to_string()),
            refusal: None,
            retry_after_s: None,
            preview: None,
        },
        Failure::Moved(preview) => Problem {
            status: status_of(Code::ConfirmMismatch),
            code: Code::ConfirmMismatch.text(),
            title: Code::ConfirmMismatch.title(),
            detail: Cow::Owned(failure.to_string()),
            refusal: None,
            retry_after_s: None,
            preview: Some(preview),
        },
        Failure::BodyCut(_) => plain(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "The body did not arrive whole",
            Cow::Owned(failure.to_string()),
        ),
        Failure::NotReady(why) => Problem {
            retry_after_s: Some(1),
            ..plain(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "The server is not ready", Cow::Borrowed(why))
        },
        Failure::Defect(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL, Cow::Borrowed(INTERNAL)),
    }
}

const INTERNAL: &str = "The server failed; the request id leads to the cause in its log";

/// What a store's failure shows: never its inner details.
fn of_store(error: &StoreError) -> Problem<'static> {
    let (status, code, title, retry) = match error.kind {
        StoreKind::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", "A store is not available", Some(RETRY_STORE_S))
        }
        StoreKind::TooExpensive => (
            StatusCode::SERVICE_UNAVAILABLE,
            Code::SearchTooSlow.text(),
            Code::SearchTooSlow.title(),
            Some(RETRY_STORE_S),
        ),
        StoreKind::TooBroad => (StatusCode::BAD_REQUEST, Code::QueryTooLarge.text(), Code::QueryTooLarge.title(), None),
        StoreKind::OutOfSpace => (
            StatusCode::INSUFFICIENT_STORAGE,
            "disk_full",
            "The disk is full: nothing is written until there is room",
            Some(RETRY_STORE_S),
        ),
        StoreKind::Corrupt | StoreKind::Fatal | StoreKind::Bug => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL, None)
        }
    };
    Problem { status, code, title, detail: Cow::Borrowed(title), refusal: None, retry_after_s: retry, preview: None }
}

/// The status of a code.
pub fn status_of(code: Code) -> StatusCode {
    match code.kind() {
        _ if code == Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Absent => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The answer to a failed request. Failures that are not ours (actix's own) take their shape from their status.
/// Server faults are logged here, once, with the whole chain.
pub fn render(request: &HttpRequest, failed: &actix_web::Error, id: &str) -> HttpResponse {
    if let Some(failure) = failed.as_error::<Failure>() {
        let problem = problem(failure);
        log(failure, problem.status);
        let mut answer = dress(request, &problem, id);
        if let Failure::MethodNotAllowed(allow) = failure
            && let Ok(value) = HeaderValue::from_str(allow)
        {
            answer.headers_mut().insert(ALLOW, value);
        }
        return answer;
    }
    let status = failed.as_response_error().status_code();
    if status.is_server_error() {
        tracing::error!(error = %failed, "a request failed");
    }
    let (code, title) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (Code::BodyTooLarge.text(), Code::BodyTooLarge.title()),
        StatusCode::NOT_FOUND => (Code::NotFound.text(), Code::NotFound.title()),
        _ if status.is_client_error() => ("request_invalid", "The request is not understood"),
        _ => ("internal", INTERNAL),
    };
    let detail = Cow::Borrowed(title);
    dress(request, &Problem { status, code, title, detail, refusal: None, retry_after_s: None, preview: None }, id)
}

/// Writes a server fault to the log with its causes.
pub fn log(failure: &Failure, status: StatusCode) {
    if !status.is_server_error() || matches!(failure, Failure::Engine(Error::Refused(_)) | Failure::NotReady(_)) {
        return;
    }
    tracing::error!(status = status.as_u16(), error = chain(failure), "a request failed");
}

fn dress(request: &HttpRequest, problem: &Problem<'_>, id: &str) -> HttpResponse {
    let plain = speaks_vspark(request);
    let told_as_it_is = !plain || problem.code == Code::UploadNameInvalid.text();
    let if_match = request.headers().contains_key(IF_MATCH);
    let status = if told_as_it_is { problem.status } else { vspark_status(problem.status, if_match) };
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = problem.retry_after_s {
        answer.insert_header((RETRY_AFTER, seconds));
    }
    if plain {
        return answer.insert_header((CONTENT_TYPE, "text/html; charset=utf-8")).body(one_line(&problem.detail));
    }
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    answer.insert_header((CONTENT_TYPE, "application/problem+json")).body(problem_json(
        problem,
        request.uri().path(),
        id,
    ))
}

/// Whether the request is one whose errors V-Spark's clients read as text.
fn speaks_vspark(request: &HttpRequest) -> bool {
    let path = matched(request).map_or("", |route| route.path);
    let edits = request.method() == Method::PATCH || request.method() == Method::DELETE;
    (edits && path.starts_with("/metadata/{company}/{org}/{tid}") || path.starts_with("/transcribe/"))
        && !accepts_json(request.headers())
}

/// V-Spark's status: always 400, but for what a client must tell apart to try again.
pub fn vspark_status(status: StatusCode, if_match: bool) -> StatusCode {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE => status,
        StatusCode::PRECONDITION_FAILED if if_match => status,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// One line of text that is safe in HTML.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// RFC 9457. `instance` is the path alone: the query may hold a token.
fn problem_json(problem: &Problem<'_>, instance: &str, id: &str) -> String {
    let mut out = String::with_capacity(320 + problem.detail.len());
    out.push_str("{\"type\":\"urn:linernotes:error:");
    out.push_str(problem.code);
    out.push_str("\",\"title\":");
    push_string(&mut out, problem.title);
    let _ = write!(out, ",\"status\":{},\"detail\":", problem.status.as_u16());
    push_string(&mut out, &problem.detail);
    out.push_str(",\"instance\":");
    push_string(&mut out, instance);
    let _ = write!(out, ",\"code\":\"{}\",\"request_id\":", problem.code);
    push_string(&mut out, id);
    out.push_str(",\"errors\":");
    push_items(&mut out, problem.refusal);
    if let Some(preview) = problem.preview {
        let _ = write!(out, ",\"preview\":{preview}");
    }
    out.push('}');
    out
}

fn push_items(out: &mut String, refusal: Option<&Refusal>) {
    out.push('[');
    for (at, item) in refusal.map_or(&[][..], |r| &r.items).iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str("{\"pointer\":");
        push_string(out, &item.pointer);
        let _ = write!(out, ",\"code\":\"{}\",\"detail\":", item.code.text());
        push_string(out, &item.detail);
        out.push('}');
    }
    out.push(']');
}

/// A refusal inside an answer (a verdict of NDJSON): `{"code","detail","errors"}`.
pub fn push_refusal(out: &mut String, refusal: &Refusal) {
    let _ = write!(out, "{{\"code\":\"{}\",\"detail\":", refusal.code.text());
    push_string(out, &refusal.detail);
    if !refusal.items.is_empty() {
        out.push_str(",\"errors\":");
        push_items(out, Some(refusal));
    }
    out.push('}');
}

/// Any failure inside an answer, in the same shape.
pub fn push_failure(out: &mut String, failure: &Failure) {
    let problem = problem(failure);
    match problem.refusal {
        Some(refusal) => push_refusal(out, refusal),
        None => {
            let _ = write!(out, "{{\"code\":\"{}\",\"detail\":", problem.code);
            push_string(out, &problem.detail);
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::error::Store;

    #[test]
    fn every_code_has_a_status_that_is_no_server_fault_unless_it_is_unavailable() {
        for code in Code::ALL {
            let status = status_of(*code);
            assert_eq!(status.is_server_error(), code.kind() == Kind::Unavailable, "{code:?}");
            assert!(status.as_u16() >= 400);
        }
    }

    #[test]
    fn stores_show_their_kind_and_hide_their_causes() {
        for (kind, status) in [
            (StoreKind::Unavailable, 503),
            (StoreKind::TooExpensive, 503),
            (StoreKind::TooBroad, 400),
            (StoreKind::OutOfSpace, 507),
            (StoreKind::Corrupt, 500),
            (StoreKind::Fatal, 500),
            (StoreKind::Bug, 500),
        ] {
            let error = StoreError::new(Store::Archive, kind, "write /very/secret/path", std::io::Error::other("x"));
            let failure = Failure::from(Error::Store(error));
            assert_eq!(failure.status_code().as_u16(), status);
            assert!(!problem_json(&problem(&failure), "/x", "id").contains("secret"));
            assert_eq!(problem(&failure).retry_after_s.is_some(), !matches!(status, 400 | 500));
        }
    }

    #[test]
    fn the_problem_is_complete_json() {
        let refusal = Refusal::at(Code::NameReserved, "/tid", "the name \"tid\" is\nreserved");
        let failure = Failure::from(refusal);
        let read: serde_json::Value = serde_json::from_str(&problem_json(&problem(&failure), "/a\"b", "r-1")).unwrap();
        assert_eq!(
            read,
            serde_json::json!({
                "type": "urn:linernotes:error:name_reserved", "title": Code::NameReserved.title(), "status": 422,
                "detail": "the name \"tid\" is\nreserved", "instance": "/a\"b", "code": "name_reserved",
                "request_id": "r-1",
                "errors": [{"pointer": "/tid", "code": "name_reserved", "detail": "the name \"tid\" is\nreserved"}]
            })
        );
    }

    #[test]
    fn text_errors_are_one_escaped_line() {
        assert_eq!(one_line("a <b> & \"c\"\r\nd'"), "a &lt;b&gt; &amp; &quot;c&quot;  d&#39;");
    }

    #[test]
    fn vspark_hears_400_unless_it_may_try_again_or_asked_with_if_match() {
        let heard = |status: u16, sent| vspark_status(StatusCode::from_u16(status).unwrap(), sent).as_u16();
        for status in [401, 403, 404, 409, 413, 415, 422, 500] {
            assert_eq!(heard(status, true), 400, "{status}");
        }
        for status in [429, 503, 507] {
            assert_eq!(heard(status, false), status);
        }
        assert_eq!((heard(412, true), heard(412, false)), (412, 400));
    }
}
