//! Answers dressed for HTTP: entity tags, dates, marks, names not indexed, receipts.
use super::error::Answer;
use super::headers::unchanged;
use crate::base::clock::Timestamp;
use crate::base::json::push_string;
use crate::domain::identity::Revision;
use crate::engine::types::{EditAnswer, Ingested, MetadataView};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt::Write as _;

const MARK: HeaderName = HeaderName::from_static("linernotes-mark");
const UNINDEXED: HeaderName = HeaderName::from_static("linernotes-unindexed");
const REPLAYED: HeaderName = HeaderName::from_static("linernotes-replayed");
const PENDING: HeaderName = HeaderName::from_static("linernotes-pending");
const JOB: HeaderName = HeaderName::from_static("linernotes-job");

/// Longest list in a header, bytes.
const LIST_BYTES: usize = 2 << 10;

/// What separates names, and what no header may hold.
const IN_LIST: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b'%').add(b'"');

/// `application/json` with the status given.
pub fn json(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    answer
}

/// A whole answer of a JSON value.
pub fn value(status: StatusCode, value: &serde_json::Value) -> HttpResponse {
    json(status).body(value.to_string())
}

/// An answer about a job: its id stands in `Linernotes-Job` too.
pub fn job(status: StatusCode, id: &str, told: &serde_json::Value) -> HttpResponse {
    json(status).insert_header((JOB, list(std::iter::once(id)))).body(told.to_string())
}

/// An entity tag as it is sent.
pub fn etag(opaque: &str) -> String {
    format!("\"{opaque}\"")
}

/// `200` with a JSON body, or `304` when the client has it already.
///
/// # Errors
/// `header_invalid`.
pub fn conditional(request: &HttpRequest, tag: &str, modified: Option<Timestamp>, body: String) -> Answer {
    let same = unchanged(request.headers(), tag)?;
    let mut answer = if same { HttpResponse::build(StatusCode::NOT_MODIFIED) } else { json(StatusCode::OK) };
    answer.insert_header((ETAG, etag(tag)));
    if let Some(at) = modified {
        answer.insert_header((LAST_MODIFIED, at.http_date()));
    }
    Ok(if same { answer.finish() } else { answer.body(body) })
}

/// What a PATCH, PUT or DELETE of metadata answers: the bare object, or the receipt.
pub fn edited(answer: EditAnswer, receipt: bool) -> HttpResponse {
    let mut response = json(StatusCode::OK);
    let EditAnswer { view, mark, unindexed, replayed, pending, .. } = &answer;
    if replayed.is_none_or(|first| first == view.revision) {
        response.insert_header((ETAG, etag_of(view.revision)));
    }
    if let Some(first) = replayed {
        response.insert_header((REPLAYED, first.0));
    }
    response.insert_header((LAST_MODIFIED, view.last_modified.http_date()));
    freshness(&mut response, mark, *pending);
    unindexed_names(&mut response, unindexed);
    if receipt { response.body(receipt_json(&answer)) } else { response.body(answer.view.metadata) }
}

/// What `PUT /transcripts` answers.
pub fn ingested(done: &Ingested) -> HttpResponse {
    let mut response = json(if done.created { StatusCode::CREATED } else { StatusCode::OK });
    response.insert_header((ETAG, etag_of(done.revision)));
    response.insert_header((LAST_MODIFIED, done.last_modified.http_date()));
    freshness(&mut response, &done.mark, done.pending);
    unindexed_names(&mut response, &done.unindexed);
    let mut body = String::with_capacity(256);
    body.push_str("{\"tid\":");
    push_string(&mut body, done.tid.as_str());
    let status = if done.created { "created" } else { "replaced" };
    let _ = write!(body, ",\"status\":\"{status}\",\"revision\":{}", done.revision.0);
    let _ = write!(body, ",\"last_modified\":\"{}\",\"mark\":", done.last_modified.rfc3339());
    push_string(&mut body, &done.mark);
    push_list(&mut body, "unindexed", &done.unindexed);
    push_list(&mut body, "notes", &done.notes);
    body.push('}');
    response.body(body)
}

/// The headers of an erasure: its jobs and the last mark.
pub fn erasure(response: &mut HttpResponseBuilder, jobs: &[&str], mark: &str) {
    if !jobs.is_empty() {
        response.insert_header((JOB, list(jobs.iter().copied())));
    }
    freshness(response, mark, None);
}

/// Mark and what the wait did not reach. A dry run has no mark.
pub fn freshness(response: &mut HttpResponseBuilder, mark: &str, pending: Option<&'static str>) {
    if !mark.is_empty() {
        response.insert_header((MARK, mark));
    }
    if let Some(store) = pending {
        response.insert_header((PENDING, store));
    }
}

fn unindexed_names(response: &mut HttpResponseBuilder, names: &[String]) {
    if !names.is_empty() {
        response.insert_header((UNINDEXED, list(names.iter().map(String::as_str))));
    }
}

fn etag_of(revision: Revision) -> String {
    format!("\"{}\"", revision.0)
}

/// Names parted by comma and blank, percent-encoded; what is beyond 2 KiB is told by an ellipsis.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut out = String::new();
    for name in names {
        let before = out.len();
        if before > 0 {
            out.push_str(", ");
        }
        out.extend(utf8_percent_encode(name, IN_LIST));
        if out.len() > LIST_BYTES {
            out.truncate(before);
            out.push_str(if before > 0 { ", %E2%80%A6" } else { "%E2%80%A6" });
            break;
        }
    }
    out
}

/// `?receipt=true`, contract section 4.
fn receipt_json(answer: &EditAnswer) -> String {
    let MetadataView { metadata, revision, last_modified } = &answer.view;
    let mut out = String::with_capacity(metadata.len() + 160 + answer.fields.len() * 96);
    out.push_str("{\"metadata\":");
    out.push_str(metadata);
    let _ = write!(out, ",\"revision\":{},\"last_modified\":\"{}\",\"mark\":", revision.0, last_modified.rfc3339());
    push_string(&mut out, &answer.mark);
    out.push_str(",\"fields\":{");
    for (at, field) in answer.fields.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(&mut out, field.name.shown());
        let [database, index, archive] = field.outcome.words();
        let _ = write!(out, ":{{\"database\":\"{database}\",\"index\":\"{index}\",\"archive\":\"{archive}\"");
        if let Some(note) = &field.note {
            out.push_str(",\"note\":");
            push_string(&mut out, note);
        }
        out.push('}');
    }
    out.push_str("}}");
    out
}

/// Appends `,"name":["…"]` unless the list is empty.
pub fn push_list(out: &mut String, name: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(out, ",\"{name}\":[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_string(out, item);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::{FieldName, Tid};
    use crate::domain::receipt::{FieldOutcome, Outcome};

    fn answer() -> EditAnswer {
        EditAnswer {
            view: MetadataView { metadata: r#"{"a":1.10}"#.into(), revision: Revision(7), last_modified: Timestamp(1) },
            mark: "m1".into(),
            unindexed: vec!["hold time".into(), "a,b".into(), "é%".into()],
            fields: vec![
                FieldOutcome { name: FieldName::lenient("a"), outcome: Outcome::Stored, note: None },
                FieldOutcome {
                    name: FieldName::lenient("é\"%"),
                    outcome: Outcome::CoercionFailed,
                    note: Some("n".into()),
                },
            ],
            replayed: None,
            pending: Some("search"),
        }
    }

    fn header<'r>(response: &'r HttpResponse, name: &str) -> Option<&'r str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn an_edit_answers_with_tag_date_mark_and_names_not_indexed() {
        let response = edited(answer(), false);
        assert_eq!(header(&response, "ETag"), Some("\"7\""));
        assert_eq!(header(&response, "Last-Modified"), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        assert_eq!(header(&response, "Linernotes-Mark"), Some("m1"));
        assert_eq!(header(&response, "Linernotes-Pending"), Some("search"));
        assert_eq!(header(&response, "Linernotes-Unindexed"), Some("hold%20time, a%2Cb, %C3%A9%25"));
        assert_eq!(header(&response, "Content-Type"), Some("application/json"));
        assert_eq!(header(&response, "Linernotes-Replayed"), None);
    }

    #[test]
    fn a_replay_shows_its_tag_only_while_nothing_changed_since() {
        let replay = |first| edited(EditAnswer { replayed: Some(Revision(first)), ..answer() }, false);
        assert_eq!(header(&replay(7), "ETag"), Some("\"7\""));
        assert_eq!(header(&replay(6), "ETag"), None);
        assert_eq!(header(&replay(6), "Linernotes-Replayed"), Some("6"));
    }

    #[test]
    fn long_lists_end_in_an_ellipsis() {
        let long = list((0..600).map(|_| "name"));
        assert!(long.len() <= LIST_BYTES + 11 && long.ends_with("name, %E2%80%A6"), "{}", long.len());
        assert_eq!(list(std::iter::once("é".repeat(500).as_str())), "%E2%80%A6");
        assert_eq!(list(["a", "b"].into_iter()), "a, b");
    }

    #[test]
    fn the_receipt_names_every_field_and_store() {
        let read: serde_json::Value = serde_json::from_str(&receipt_json(&answer())).unwrap();
        assert_eq!(read["fields"]["a"], serde_json::json!({"database":"stored","index":"stored","archive":"stored"}));
        assert_eq!(read["fields"]["é\"%"]["note"], "n");
        assert_eq!((read["revision"].as_u64(), read["mark"].as_str()), (Some(7), Some("m1")));
        assert!(receipt_json(&answer()).contains("1.10"));
    }

    #[test]
    fn a_transcript_brought_in_is_201_the_first_time() {
        let done = Ingested {
            tid: Tid::parse("t\"1").unwrap(),
            created: true,
            revision: Revision(1),
            last_modified: Timestamp(0),
            mark: "m".into(),
            unindexed: vec![],
            notes: vec!["kept".into()],
            pending: None,
        };
        assert_eq!(ingested(&done).status(), 201);
        assert_eq!(ingested(&Ingested { created: false, ..done }).status(), 200);
    }
}
