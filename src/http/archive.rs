//! `output=zip`: the archive as a download that is made while it is taken.
use super::error::{self, Answer, Failure};
use crate::engine::search::zip::Export;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, ResponseError as _};
use futures_util::{StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::io;
use tracing::Span;

/// Where the next page goes on, in answers that are no JSON.
pub const CURSOR: HeaderName = HeaderName::from_static("linernotes-cursor");

/// The download, with a name for who stores it. A failure before the first byte is an answer of its own; after it the
/// connection breaks, so that nobody takes a part for the whole.
///
/// # Errors
/// See [`Failure`].
pub async fn download(export: Export, name: &str) -> Answer {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, "application/zip"));
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"transcripts.zip\"; filename*=UTF-8''{name}%2Ezip");
    answer.insert_header((CONTENT_DISPOSITION, disposition));
    if let Some(cursor) = &export.cursor {
        answer.insert_header((CURSOR, cursor.as_str()));
    }
    let Some((first, rest)) = export.next().await? else { return Ok(answer.finish()) };
    let span = Span::current();
    let rest = stream::unfold(Some(rest), move |export| {
        let span = span.clone();
        async move {
            match export?.next().await {
                Ok(None) => None,
                Ok(Some((bytes, export))) => Some((Ok(Bytes::from(bytes)), Some(export))),
                Err(failed) => {
                    let failure = Failure::from(failed);
                    span.in_scope(|| error::log(&failure, failure.status_code()));
                    Some((Err(io::Error::other("the archive could not be finished")), None))
                }
            }
        }
    });
    let first = stream::iter([Ok::<_, io::Error>(Bytes::from(first))]);
    Ok(answer.streaming(Box::pin(first.chain(rest))))
}
