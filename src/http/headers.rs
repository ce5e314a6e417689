//! Request headers taken apart: token, preconditions, idempotency key, content type, what is accepted.
use crate::domain::refusal::{Code, Refusal};
use crate::engine::types::Precondition;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH,
};

/// `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest idempotency key, characters.
const KEY_LENGTH_MAX: usize = 256;

/// The token of `Authorization: Bearer`, if there is one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Content types told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, or none sent.
    Json,
    /// `application/merge-patch+json`
    MergePatch,
    /// `application/json-patch+json`
    JsonPatch,
    /// Another spelling of JSON: `…+json`, NDJSON, JSON lines.
    JsonLike,
    /// Anything else.
    Other,
}

/// The content type of a body.
///
/// # Errors
/// `media_type_unsupported` when the body is compressed.
pub fn media(headers: &HeaderMap) -> Result<Media, Refusal> {
    let identity = |value: &str| value.trim().eq_ignore_ascii_case("identity");
    if headers.get(CONTENT_ENCODING).is_some_and(|value| !value.to_str().is_ok_and(identity)) {
        let detail = "compressed bodies are not read: send it without `Content-Encoding`";
        return Err(Refusal::at(Code::MediaTypeUnsupported, "Content-Encoding", detail));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Media::Json) };
    Ok(value.to_str().map_or(Media::Other, media_of))
}

fn media_of(value: &str) -> Media {
    let essence = value.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/json") || essence.is_empty() {
        Media::Json
    } else if is("application/merge-patch+json") {
        Media::MergePatch
    } else if is("application/json-patch+json") {
        Media::JsonPatch
    } else if names_json(essence) {
        Media::JsonLike
    } else {
        Media::Other
    }
}

/// `application/json`, `…+json` and the names in use for JSON lines.
fn names_json(essence: &str) -> bool {
    const LINES: [&str; 6] = [
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/json-lines",
    ];
    let suffix = essence.len().checked_sub(5).and_then(|at| essence.get(at..));
    LINES.iter().any(|name| essence.eq_ignore_ascii_case(name))
        || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

/// Whether the body is a table.
pub fn is_csv(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    essence.is_some_and(|essence| {
        ["text/csv", "text/tab-separated-values", "application/csv"]
            .iter()
            .any(|name| essence.trim().eq_ignore_ascii_case(name))
    })
}

/// The body must be JSON as such.
///
/// # Errors
/// `media_type_unsupported`.
pub fn expect_json(headers: &HeaderMap) -> Result<(), Refusal> {
    match media(headers)? {
        Media::Json => Ok(()),
        _ => Err(unsupported("application/json")),
    }
}

/// The body must be JSON under any of its names.
///
/// # Errors
/// `media_type_unsupported`.
pub fn expect_any_json(headers: &HeaderMap) -> Result<(), Refusal> {
    match media(headers)? {
        Media::Other => Err(unsupported("application/json or application/x-ndjson")),
        _ => Ok(()),
    }
}

/// The refusal of a content type, naming what is read.
pub fn unsupported(readable: &str) -> Refusal {
    let detail = format!("the content type is not understood here; send {readable}");
    Refusal::at(Code::MediaTypeUnsupported, "Content-Type", detail)
}

/// Whether `Accept` names a JSON type; `*/*` names none.
pub fn accepts_json(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let json = parts.next().is_some_and(names_json);
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse::<f32>() == Ok(0.0))
        });
        json && !refused
    })
}

/// Entity tags of a conditional header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`
    Any,
    /// Opaque strings without quotes; whether each is weak.
    List(Vec<(String, bool)>),
}

/// Reads a conditional header; several lines count as one list.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Refusal> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let broken = || {
        let detail = format!("`{name}` is `*` or a list of entity tags in quotes");
        Refusal::at(Code::HeaderInvalid, name.as_str(), detail)
    };
    let mut list = Vec::new();
    for value in headers.get_all(name) {
        let mut rest = value.to_str().map_err(|_| broken())?.trim();
        if rest == "*" {
            return Ok(Some(Tags::Any));
        }
        while !rest.is_empty() {
            let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
            let (tag, after) = quoted.strip_prefix('"').and_then(|tag| tag.split_once('"')).ok_or_else(broken)?;
            list.push((tag.to_owned(), weak));
            rest = match after.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or_else(broken)?.trim_start(),
            };
        }
    }
    if list.is_empty() { Err(broken()) } else { Ok(Some(Tags::List(list))) }
}

/// `If-Match` of something with revisions. Weak tags and tags that are no revisions match nothing.
///
/// # Errors
/// `header_invalid`.
pub fn if_match(headers: &HeaderMap) -> Result<Precondition, Refusal> {
    Ok(match tags(headers, &IF_MATCH)? {
        None => Precondition::None,
        Some(Tags::Any) => Precondition::Any,
        Some(Tags::List(list)) => Precondition::Revisions(
            list.iter().filter(|(_, weak)| !weak).filter_map(|(tag, _)| revision(tag)).collect(),
        ),
    })
}

/// A revision as we spell it; `"07"` is no tag of ours.
fn revision(tag: &str) -> Option<u64> {
    let plain = tag.bytes().all(|byte| byte.is_ascii_digit()) && (tag == "0" || !tag.starts_with('0'));
    plain.then(|| tag.parse().ok()).flatten()
}

/// `If-Match` of a configuration: one opaque tag; `*` demands nothing that the path does not.
///
/// # Errors
/// `header_invalid`, also for several tags.
pub fn if_match_opaque(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    match tags(headers, &IF_MATCH)? {
        None | Some(Tags::Any) => Ok(None),
        Some(Tags::List(list)) => match list.as_slice() {
            [(tag, false)] => Ok(Some(tag.clone())),
            // A weak tag never matches strongly, and no tag of ours holds a blank.
            [(_, true)] => Ok(Some(" ".to_owned())),
            _ => Err(Refusal::at(Code::HeaderInvalid, "If-Match", "a configuration takes one entity tag")),
        },
    }
}

/// Whether `If-None-Match` says that the client has `current` (without quotes) already.
///
/// # Errors
/// `header_invalid`.
pub fn unchanged(headers: &HeaderMap, current: &str) -> Result<bool, Refusal> {
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::List(list)) => list.iter().any(|(tag, _)| tag == current),
    })
}

/// `Idempotency-Key`: 1 to 256 visible ASCII characters.
///
/// # Errors
/// `header_invalid`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let visible =
        |key: &&str| (1..=KEY_LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    match value.to_str().ok().map(str::trim).filter(visible) {
        Some(key) if values.next().is_none() => Ok(Some(key)),
        _ => {
            let detail = "`Idempotency-Key` is one key of 1 to 256 visible ASCII characters";
            Err(Refusal::at(Code::HeaderInvalid, "Idempotency-Key", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_the_scheme() {
        for (sent, token) in [("bearer  abc", Some("abc")), ("Basic abc", None), ("Bearer", None)] {
            assert_eq!(bearer(&headers(&[(AUTHORIZATION, sent)])), token, "{sent}");
        }
    }

    #[test]
    fn content_types_are_told_apart_and_compressed_bodies_refused() {
        let of = |value| media(&headers(&[(CONTENT_TYPE, value)])).unwrap();
        assert_eq!(media(&HeaderMap::new()), Ok(Media::Json));
        assert_eq!(of("Application/JSON; charset=utf-8"), Media::Json);
        assert_eq!(of("application/merge-patch+json"), Media::MergePatch);
        assert_eq!(of("application/json-patch+json"), Media::JsonPatch);
        assert_eq!(of("application/vnd.x+JSON"), Media::JsonLike);
        assert_eq!(of("application/x-ndjson"), Media::JsonLike);
        assert_eq!(of("text/plain"), Media::Other);
        assert!(media(&headers(&[(CONTENT_ENCODING, "gzip")])).is_err());
        assert!(media(&headers(&[(CONTENT_ENCODING, "identity")])).is_ok());
    }

    #[test]
    fn accept_names_json_only_by_name() {
        let names = |value| accepts_json(&headers(&[(ACCEPT, value)]));
        assert!(names("text/html, application/json;q=0.5") && names("application/problem+json"));
        assert!(!names("*/*") && !names("application/*") && !names("application/json;q=0") && !names("text/html"));
        assert!(!accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn if_match_reads_our_revisions_and_nothing_else_matches() {
        let read = |value| if_match(&headers(&[(IF_MATCH, value)]));
        assert_eq!(if_match(&HeaderMap::new()), Ok(Precondition::None));
        assert_eq!(read("*"), Ok(Precondition::Any));
        assert_eq!(read(r#""3" , "14""#), Ok(Precondition::Revisions(vec![3, 14])));
        assert_eq!(read(r#"W/"3", "abc", "+5", "07""#), Ok(Precondition::Revisions(vec![])));
        for bad in ["3", "\"3", "\"3\" \"4\"", ""] {
            assert_eq!(read(bad).unwrap_err().code, Code::HeaderInvalid, "{bad}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let held = |value| unchanged(&headers(&[(IF_NONE_MATCH, value)]), "7").unwrap();
        assert!(held("*") && held(r#"W/"7""#) && held(r#""6", "7""#));
        assert!(!held(r#""77""#));
    }

    #[test]
    fn idempotency_keys_are_short_and_visible() {
        let key = |value: &str| {
            let sent = headers(&[(IDEMPOTENCY_KEY, value)]);
            idempotency_key(&sent).map(|key| key.map(str::to_owned))
        };
        assert_eq!(key("a-1"), Ok(Some("a-1".to_owned())));
        assert!(key(&"k".repeat(256)).is_ok());
        assert!(key(&"k".repeat(257)).is_err() && key("").is_err() && key("a b").is_err());
        let twice = headers(&[(IDEMPOTENCY_KEY, "a"), (IDEMPOTENCY_KEY, "b")]);
        assert!(idempotency_key(&twice).is_err());
    }
}
