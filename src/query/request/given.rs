//! What a parameter was given: one text or a list, from a query string or a JSON body.
use crate::base::json;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal, pointer_token};
use serde_json::Value;

/// What a parameter was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// One text; of a number or boolean its JSON spelling.
    One(String),
    /// The elements of a JSON array.
    List(Vec<String>),
}

/// The members of a search body; `null` members count as absent.
///
/// # Errors
/// `body_empty`, `body_too_large`, `json_invalid` ("Invalid JSON"), `json_too_deep`, `body_shape`, `duplicate_field`.
pub fn from_json(text: &str, limits: &Limits) -> Result<Vec<(String, Given)>, Refusal> {
    if text.len() > limits.metadata_body_bytes {
        let detail = format!("the body has {} bytes; at most {} are allowed", text.len(), limits.metadata_body_bytes);
        return Err(Refusal::new(Code::BodyTooLarge, detail));
    }
    if text.trim().is_empty() {
        return Err(Refusal::new(Code::BodyEmpty, "the body is empty; `{}` asks for everything"));
    }
    if json::depth(text.as_bytes()) > limits.json_depth {
        let detail = format!("the body nests deeper than {} levels", limits.json_depth);
        return Err(Refusal::new(Code::TooDeep, detail));
    }
    let members = json::members(text).map_err(|error| match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Refusal::new(Code::BodyShape, "the body is not a JSON object of parameters"),
        Err(_) => Refusal::new(Code::JsonInvalid, format!("Invalid JSON: {error}")),
    })?;
    let mut given: Vec<(String, Given)> = Vec::with_capacity(members.0.len());
    let mut seen = std::collections::HashSet::new();
    for (name, raw) in members.0 {
        let pointer = || format!("/{}", pointer_token(&name));
        if !seen.insert(name.clone()) {
            return Err(Refusal::at(Code::DuplicateField, pointer(), format!("{name:?} is given twice")));
        }
        if name == "near" {
            // Its value is an object; it is read as it is, also from a query string.
            given.push((name.into_owned(), Given::One(raw.get().to_owned())));
            continue;
        }
        let value: Value = serde_json::from_str(raw.get())
            .map_err(|error| Refusal::at(Code::JsonInvalid, pointer(), format!("Invalid JSON: {error}")))?;
        let wrong = || {
            let detail = format!("{name:?} takes a string, number or boolean, or a list of them");
            Refusal::at(Code::BodyShape, pointer(), detail)
        };
        let value = match value {
            Value::Null => continue,
            Value::Array(elements) => {
                let texts: Option<Vec<String>> = elements.into_iter().map(scalar).collect();
                Given::List(texts.ok_or_else(wrong)?)
            }
            other => Given::One(scalar(other).ok_or_else(wrong)?),
        };
        given.push((name.into_owned(), value));
    }
    Ok(given)
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
