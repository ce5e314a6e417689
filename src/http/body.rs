//! Request bodies: whole, within a bound.
use super::bodies;
use super::error::Failure;
use crate::domain::refusal::Code;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, Payload};
use futures_util::{Stream, StreamExt};
use std::time::Duration;

/// How long a body may stand still.
pub const IDLE: Duration = Duration::from_secs(30);

/// What is set aside before a byte has arrived, however long a body claims to be.
const FIRST_CAPACITY: usize = 1 << 20;

/// What is cheaper to read than a new connection.
const SMALL: usize = 64 << 10;

/// Whether the body is known to be short.
pub fn is_small(request: &HttpRequest) -> bool {
    claimed(request).is_some_and(|length| length <= SMALL)
}

/// The length the head announces.
fn claimed(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// The whole body. A body that arrives in one piece is not copied.
///
/// # Errors
/// `body_too_large` beyond `limit` bytes; `overloaded` while other bodies leave no room ([`bodies`]); [`Failure::BodyCut`] when
/// it does not arrive.
pub async fn whole(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Failure> {
    let claimed = claimed(request);
    if claimed.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    bodies::look(request, claimed.unwrap_or(0))?;
    let Some(first) = next(payload).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(too_large(limit));
    }
    bodies::take(request, first.len())?;
    if claimed == Some(first.len()) {
        return Ok(first);
    }
    let mut all = Vec::with_capacity(claimed.unwrap_or(0).clamp(first.len(), FIRST_CAPACITY.max(first.len())));
    all.extend_from_slice(&first);
    while let Some(chunk) = next(payload).await? {
        if all.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bodies::take(request, chunk.len())?;
        all.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(all))
}

/// The whole body as text.
///
/// # Errors
/// As [`whole`], and `json_invalid` when it is not UTF-8.
pub async fn text(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<String, Failure> {
    let bytes = whole(request, payload, limit).await?;
    String::from_utf8(Vec::from(bytes)).map_err(|_| Failure::refused(Code::JsonInvalid, "the body is not UTF-8"))
}

/// The next piece of a body; `None` at its end.
///
/// # Errors
/// [`Failure::BodyCut`] when the connection fails or nothing arrives for [`IDLE`].
pub async fn next<S>(payload: &mut S) -> Result<Option<Bytes>, Failure>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    match tokio::time::timeout(IDLE, payload.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(error))) => Err(cut(&error)),
        Err(_) => Err(Failure::BodyCut(format!("nothing arrived for {} seconds", IDLE.as_secs()))),
    }
}

/// A body that broke off, said without the library's own words for the usual case.
pub fn cut(error: &PayloadError) -> Failure {
    match error {
        PayloadError::Incomplete(None) => Failure::BodyCut("it ended too early".to_owned()),
        other => Failure::BodyCut(other.to_string()),
    }
}

fn too_large(limit: usize) -> Failure {
    Failure::refused(Code::BodyTooLarge, format!("the body is larger than the {limit} bytes allowed here"))
}
