//! Checks of configuration values, each naming its place in the body.
use crate::domain::catalogue::RETENTION_DAYS_MAX;
use crate::domain::refusal::{Code, Refusal, pointer_token};
use crate::engine::error::{Error, Result};
use crate::stores::StoreError;
use crate::stores::error::{Kind, Store};
use serde_json::{Map, Value};

/// What a known key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A number.
    Number,
    /// A number of days; -1 is without limit.
    Days,
    /// `true` or `false`.
    Flag,
    /// An array of strings.
    Texts,
    /// An object.
    Object,
}

/// A refusal of one place.
pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Error {
    Error::Refused(Refusal::at(Code::ConfigInvalid, pointer, detail))
}

/// The same refusal, at a place in the body.
pub fn placed<T>(parsed: std::result::Result<T, Refusal>, pointer: &str) -> Result<T> {
    parsed.map_err(|refusal| Error::Refused(Refusal::at(refusal.code, pointer, refusal.detail)))
}

/// The pointer of a member of what `pointer` names.
pub fn below(pointer: &str, member: &str) -> String {
    format!("{pointer}/{}", pointer_token(member))
}

/// What a value is, for a sentence.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn wrong(pointer: &str, wanted: &str, value: &Value) -> Error {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    invalid(pointer, format!("{key:?} must be {wanted}, not {}", kind_of(value)))
}

/// Demands an object.
pub fn object<'v>(value: &'v Value, pointer: &str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong(pointer, "an object", value))
}

/// Demands an array.
pub fn array<'v>(value: &'v Value, pointer: &str) -> Result<&'v [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(pointer, "an array", value))
}

/// Demands a string.
pub fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    value.as_str().ok_or_else(|| wrong(pointer, "a string", value))
}

/// Demands a boolean.
pub fn flag(value: &Value, pointer: &str) -> Result<bool> {
    value.as_bool().ok_or_else(|| wrong(pointer, "true or false", value))
}

/// Demands an array of strings.
pub fn texts(value: &Value, pointer: &str) -> Result<Vec<String>> {
    let elements = array(value, pointer)?.iter().enumerate();
    elements.map(|(at, element)| text(element, &below(pointer, &at.to_string())).map(str::to_owned)).collect()
}

/// Demands the shape.
pub fn shape(value: &Value, shape: Shape, pointer: &str) -> Result<()> {
    match shape {
        Shape::Text => text(value, pointer).map(drop),
        Shape::Number if value.is_number() => Ok(()),
        Shape::Number => Err(wrong(pointer, "a number", value)),
        Shape::Days if value.as_i64().is_some_and(|days| (-1..=RETENTION_DAYS_MAX).contains(&days)) => Ok(()),
        Shape::Days => {
            let wanted = format!("a whole number of days from 0 to {RETENTION_DAYS_MAX}, or -1 for no limit");
            Err(invalid(pointer, format!("{:?} must be {wanted}", pointer.rsplit('/').next().unwrap_or_default())))
        }
        Shape::Flag => flag(value, pointer).map(drop),
        Shape::Texts => texts(value, pointer).map(drop),
        Shape::Object => object(value, pointer).map(drop),
    }
}

/// Lays `body` over `settings`: known keys must have their shape, `null` removes a key nobody knows, keys left out
/// keep their value. `handled` are keys that are read-only or have a member of their own.
pub fn overlay(
    settings: &mut Map<String, Value>,
    body: &Map<String, Value>,
    known: &[(&str, Shape)],
    handled: &[&str],
    pointer: &str,
) -> Result<()> {
    for (key, value) in body.iter().filter(|(key, _)| !handled.contains(&key.as_str())) {
        match known.iter().find(|(name, _)| name == key) {
            Some((_, wanted)) => shape(value, *wanted, &below(pointer, key))?,
            None if value.is_null() => {
                settings.shift_remove(key);
                continue;
            }
            None => {}
        }
        settings.insert(key.clone(), value.clone());
    }
    Ok(())
}

/// Demands that a `company` sent with an object is the one it is configured in.
pub fn same_company(body: &Map<String, Value>, company: &str, pointer: &str) -> Result<()> {
    let Some(sent) = body.get("company") else { return Ok(()) };
    let pointer = below(pointer, "company");
    let sent = text(sent, &pointer)?;
    if sent == company {
        return Ok(());
    }
    Err(invalid(
        pointer,
        format!("the company is {company:?} here, not {sent:?}; an object can not change its company"),
    ))
}

/// A value as JSON.
///
/// # Errors
/// When it cannot be spelled in JSON, which would be a defect of ours.
pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| {
        Error::Store(StoreError::new(Store::Database, Kind::Bug, "spell a configuration object as JSON", error))
    })
}
