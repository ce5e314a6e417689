//! Request bodies of edits: from bytes to members or elements, each refusal with its reason.
use super::rules::{EditRules, Names, pointer_to};
use crate::base::json::{Members, Raw, depth};
use crate::domain::identity::FieldName;
use crate::domain::identity::field_name::NameRules;
use crate::domain::refusal::{Code, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The body as JSON text of allowed depth; its syntax is not judged yet.
///
/// # Errors
/// `body_empty`, `json_invalid` (not UTF-8), `json_too_deep`.
fn text<'a>(body: &'a [u8], rules: EditRules<'_>, wanted: &str) -> Result<&'a str, Refusal> {
    if body.trim_ascii().is_empty() {
        return Err(Refusal::new(Code::BodyEmpty, format!("the body is empty; send {wanted}")));
    }
    let text = std::str::from_utf8(body).map_err(|e| {
        let line = body.iter().take(e.valid_up_to()).filter(|b| **b == b'\n').count() + 1;
        Refusal::new(
            Code::JsonInvalid,
            format!("the body is not UTF-8 at byte {} (line {line}); JSON is UTF-8", e.valid_up_to()),
        )
    })?;
    let found = depth(body);
    if found > rules.limits.json_depth {
        return Err(Refusal::new(
            Code::TooDeep,
            format!("the body is nested {found} deep; allowed are {}", rules.limits.json_depth),
        ));
    }
    Ok(text)
}

/// Parses what should be `wanted`; tells JSON of another shape from what is no JSON at all.
fn parse<'a, T: Deserialize<'a>>(text: &'a str, wanted: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<&RawValue>(text) {
        Ok(_) if error.is_data() => Refusal::new(Code::BodyShape, format!("the body is JSON, but not {wanted}")),
        Ok(_) => Refusal::new(Code::JsonInvalid, format!("the body can not be read: {error}")),
        Err(syntax) => Refusal::new(Code::JsonInvalid, format!("the body is not valid JSON: {syntax}")),
    })
}

/// A body that is one object of names and values. Judges depth, duplicates and, when `names` is given, the names.
///
/// # Errors
/// `body_empty`, `json_invalid`, `body_shape`, `json_too_deep`, `duplicate_field`, `name_invalid`, `name_reserved`.
pub fn object(body: &[u8], rules: EditRules<'_>, names: Option<NameRules>) -> Result<Vec<(FieldName, Raw)>, Refusal> {
    let wanted = "one object of field names and values";
    let members = parse::<Members<'_>>(text(body, rules, wanted)?, wanted)?.0;
    let mut judge = Names::judged_by(names);
    let entries =
        members.into_iter().map(|(name, value)| (judge.take(&name, || pointer_to(&name)), value.to_owned())).collect();
    judge.verdict()?;
    Ok(entries)
}

/// A body that is an array of field names.
///
/// # Errors
/// As [`object`].
pub fn names(body: &[u8], rules: EditRules<'_>) -> Result<Vec<FieldName>, Refusal> {
    let wanted = "one array of field names";
    let elements = parse::<Vec<&RawValue>>(text(body, rules, wanted)?, wanted)?;
    let mut judge = Names::judged_by(Some(rules.names));
    let mut all = Vec::with_capacity(elements.len());
    for (at, element) in elements.into_iter().enumerate() {
        let name: String = serde_json::from_str(element.get()).map_err(|_| {
            Refusal::at(Code::BodyShape, format!("/{at}"), format!("element {at} of the array is not a field name"))
        })?;
        all.push(judge.take(&name, || format!("/{at}")));
    }
    judge.verdict()?;
    Ok(all)
}

/// A body that is an array of anything.
///
/// # Errors
/// `body_empty`, `json_invalid`, `body_shape`, `json_too_deep`.
pub fn array<'a>(body: &'a [u8], rules: EditRules<'_>, wanted: &str) -> Result<Vec<&'a RawValue>, Refusal> {
    parse(text(body, rules, wanted)?, wanted)
}
