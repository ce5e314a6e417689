//! Reading one transcript as received: its body without `client_data`, its metadata, its facts.
use super::facts::{ATTRIBUTES, Facts};
use super::scores::Scores;
use super::turns::{self, Channels, Turn};
use super::voci;
use crate::base::digest::sha256_hex;
use crate::base::json;
use crate::domain::limits::Limits;
use crate::domain::metadata::Metadata;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::words;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// One transcript as received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The transcript less `client_data`: exactly the bytes received when there is none, else what remains of them when
    /// that member is cut out.
    pub body: String,
    /// `client_data`, if there is one that is not `null`.
    pub client_data: Option<Metadata>,
    /// Names that stand twice in it, also by case; the later value is kept.
    pub twice: Vec<String>,
    /// Facts of the body.
    pub facts: Facts,
    /// The turns.
    pub turns: Vec<Turn>,
}

type Members<'a> = [(Cow<'a, str>, &'a RawValue)];

/// Reads one transcript. A byte-order mark before it is dropped.
///
/// # Errors
/// `json_invalid`, `json_too_deep`, `body_too_large`, `transcript_shape` (not an object; `utterances` not an array of
/// objects; `client_data` not an object; a member named twice on the top level), `too_many_fields`.
pub fn read(text: &str, limits: &Limits) -> Result<Received, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_bounds(text, limits)?;
    let members = top_level(text)?;
    let (client_data, twice) = client_data(&members, limits)?.unzip();
    let app_data = match voci::member(&members, "app_data") {
        Some(raw) => json::members(raw.get()).map(|read| read.0).unwrap_or_default(),
        None => Vec::new(),
    };
    let turns = match voci::member(&members, "utterances") {
        Some(raw) => turns::of_utterances(raw, Channels::of(&app_data)).map_err(|error| not_utterances(&error))?,
        None => Vec::new(),
    };
    let body = match members.iter().position(|(name, _)| name == "client_data") {
        Some(at) => without(text, &members, at),
        None => text.to_owned(),
    };
    let facts = facts(&members, &app_data, &turns, &body);
    Ok(Received { body, client_data, twice: twice.unwrap_or_default(), facts, turns })
}

fn check_bounds(text: &str, limits: &Limits) -> Result<(), Refusal> {
    let (length, most) = (text.len(), limits.transcript_bytes);
    if length > most {
        return Err(Refusal::new(
            Code::BodyTooLarge,
            format!("the transcript has {length} bytes; allowed are {most} (`limits.transcript_bytes`)"),
        ));
    }
    let (depth, most) = (json::depth(text.as_bytes()), limits.json_depth);
    if depth > most {
        return Err(Refusal::new(
            Code::TooDeep,
            format!("the transcript is nested {depth} levels deep; allowed are {most} (`limits.json_depth`)"),
        ));
    }
    Ok(())
}

/// The members of the top level, none named twice.
fn top_level(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, Refusal> {
    let members = json::members(text).map_err(|error| not_an_object(text, &error))?.0;
    let mut seen = HashSet::with_capacity(members.len());
    match members.iter().find(|(name, _)| !seen.insert(name.as_ref())) {
        Some((name, _)) => {
            let shown: String = name.chars().take(80).collect();
            Err(Refusal::new(Code::TranscriptShape, format!("the transcript names {shown:?} twice on its top level")))
        }
        None => Ok(members),
    }
}

/// Serde names the shape before it has seen the end of the text, so valid JSON of another shape is told apart here.
fn not_an_object(text: &str, error: &serde_json::Error) -> Refusal {
    let invalid = if error.is_data() { serde_json::from_str::<IgnoredAny>(text).err() } else { None };
    match (error.is_data(), invalid) {
        (true, None) => Refusal::new(Code::TranscriptShape, "a transcript is a JSON object; this is another value"),
        (true, Some(error)) => not_json(&error),
        (false, _) => not_json(error),
    }
}

fn not_json(error: &serde_json::Error) -> Refusal {
    Refusal::new(Code::JsonInvalid, format!("the transcript is not valid JSON: {error}"))
}

fn not_utterances(error: &serde_json::Error) -> Refusal {
    if error.is_data() {
        return Refusal::at(Code::TranscriptShape, "/utterances", "`utterances` is not an array of objects");
    }
    not_json(error)
}

fn client_data(members: &Members<'_>, limits: &Limits) -> Result<Option<(Metadata, Vec<String>)>, Refusal> {
    let Some(raw) = voci::member(members, "client_data") else {
        return Ok(None);
    };
    let (metadata, twice) = match Metadata::lenient_telling(raw.get()) {
        Ok(read) => read,
        Err(error) if error.is_data() => {
            let detail = "`client_data` is not an object of names and values";
            return Err(Refusal::at(Code::TranscriptShape, "/client_data", detail));
        }
        Err(error) => return Err(not_json(&error)),
    };
    let (names, most) = (metadata.len(), limits.metadata_names);
    if names > most {
        let detail = format!("`client_data` has {names} names; allowed are {most} (`limits.metadata_names`)");
        return Err(Refusal::at(Code::TooManyFields, "/client_data", detail));
    }
    Ok(Some((metadata, twice)))
}

fn facts(top: &Members<'_>, app_data: &Members<'_>, turns: &[Turn], body: &str) -> Facts {
    let own = |members, name| voci::member(members, name).and_then(voci::filled).map(Cow::into_owned);
    let mut attributes = std::collections::BTreeMap::new();
    for (name, numeric) in ATTRIBUTES {
        let of = |members| voci::member(members, name).and_then(|raw| attribute(raw, *numeric));
        if let Some(value) = of(app_data).or_else(|| of(top)) {
            attributes.insert((*name).to_owned(), value);
        }
    }
    let words: usize = turns.iter().map(|turn| words::count(&turn.text)).sum();
    Facts {
        app_datetime: own(app_data, "datetime"),
        recvdate: own(top, "recvdate"),
        audiosecs: voci::member(top, "audiosecs").and_then(voci::number),
        last_end: turns.iter().filter_map(|turn| turn.end).reduce(f64::max),
        source: own(top, "source"),
        requestid: own(top, "requestid"),
        attributes,
        scores: voci::member(app_data, "scorecard").map(Scores::read).unwrap_or_default(),
        turns: u32::try_from(turns.len()).unwrap_or(u32::MAX),
        words: u32::try_from(words).unwrap_or(u32::MAX),
        body_sha256: sha256_hex(body.as_bytes()),
        body_bytes: body.len() as u64,
    }
}

/// An attribute as built-ins keep it: a number (as spelled where JSON can spell it so), or a string.
fn attribute(raw: &RawValue, numeric: bool) -> Option<serde_json::Value> {
    let text = voci::filled(raw)?;
    if !numeric {
        return Some(serde_json::Value::String(text.into_owned()));
    }
    let number = voci::number(raw)?;
    let spelled = serde_json::from_str::<serde_json::Number>(text.trim()).ok();
    spelled.or_else(|| serde_json::Number::from_f64(number)).map(serde_json::Value::Number)
}

/// Where a part of `text`, borrowed from it, stands in it.
fn span(text: &str, part: &RawValue) -> Range<usize> {
    let from = part.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    from..from + part.get().len()
}

/// `text` less its member `at`: the rest stays byte for byte, one comma goes with the member.
fn without(text: &str, members: &Members<'_>, at: usize) -> String {
    let end = |at: usize| members.get(at).map(|(_, value)| span(text, value).end);
    let open = text.find('{').map_or(0, |brace| brace + 1);
    let value_end = end(at).unwrap_or(open);
    let (from, to) = match at.checked_sub(1).and_then(end) {
        Some(previous) => (previous, value_end),
        // The first member takes the comma behind it along, if one follows: only blanks stand before that.
        None if members.len() > 1 => {
            let comma = text.get(value_end..).and_then(|rest| rest.find(',')).map_or(0, |comma| comma + 1);
            (open, value_end + comma)
        }
        None => (open, value_end),
    };
    let mut body = String::with_capacity(text.len() - (to - from));
    body.push_str(text.get(..from).unwrap_or_default());
    body.push_str(text.get(to..).unwrap_or_default());
    body
}

/// The whole JSON as `GET /transcripts/…` shows it: the body with `client_data`, `tid` and `last_modified` set
/// (replaced where the body has such members, else appended in that order).
///
/// # Errors
/// When the archived body is no JSON object (a damaged archive).
pub fn whole(body: &str, metadata: &str, tid: &str, last_modified: &str) -> Result<String, serde_json::Error> {
    let (mut quoted_tid, mut quoted_time) = (String::new(), String::new());
    json::push_string(&mut quoted_tid, tid);
    json::push_string(&mut quoted_time, last_modified);
    with(body, &[("client_data", metadata), ("tid", &quoted_tid), ("last_modified", &quoted_time)])
}

/// The body with these members of its top level set to these JSON values: replaced where the body has them, else
/// appended in that order; all else stays byte for byte.
///
/// # Errors
/// When the body is no JSON object.
pub fn with(body: &str, set: &[(&str, &str)]) -> Result<String, serde_json::Error> {
    let members = json::members(body)?.0;
    let mut placed = HashSet::with_capacity(set.len());
    let added: usize = set.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut out = String::with_capacity(body.len() + added);
    let mut copied = 0;
    for (name, value) in &members {
        if let Some((own, new)) = set.iter().find(|(own, _)| own == name) {
            let old = span(body, value);
            out.push_str(body.get(copied..old.start).unwrap_or_default());
            out.push_str(new);
            copied = old.end;
            placed.insert(*own);
        }
    }
    let last = members.last().map(|(_, value)| span(body, value).end);
    let end = last.unwrap_or_else(|| body.find('{').map_or(0, |brace| brace + 1));
    out.push_str(body.get(copied..end).unwrap_or_default());
    let mut first = members.is_empty();
    for (name, new) in set.iter().filter(|(name, _)| !placed.contains(name)) {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        json::push_string(&mut out, name);
        out.push(':');
        out.push_str(new);
    }
    out.push_str(body.get(end..).unwrap_or_default());
    Ok(out)
}

/// The id a line carries under `key` on its top level: a non-empty string, or a number as spelled.
pub fn top_level_id(body: &str, key: &str) -> Option<String> {
    let members = json::members(body.strip_prefix('\u{feff}').unwrap_or(body)).ok()?.0;
    let value = voci::member(&members, key)?;
    if matches!(value.get(), "true" | "false") {
        return None;
    }
    voci::scalar(value).filter(|id| !id.is_empty()).map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
