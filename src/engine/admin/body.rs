//! Reads a configuration body: within the limits, every key of an object once.
use crate::base::json::depth;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal, pointer_token};
use crate::engine::error::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// Reads `text` as an object.
///
/// # Errors
/// `body_empty`, `body_too_large`, `json_too_deep`, `json_invalid`, `duplicate_field`, `body_shape`.
pub fn read(text: &str, limits: &Limits) -> Result<Value> {
    if text.trim().is_empty() {
        return Err(Error::refused(Code::BodyEmpty, "the body is empty; send a JSON object"));
    }
    if text.len() > limits.metadata_body_bytes {
        let detail = format!("the body has {} bytes; allowed are {}", text.len(), limits.metadata_body_bytes);
        return Err(Error::refused(Code::BodyTooLarge, detail));
    }
    if depth(text.as_bytes()) > limits.json_depth {
        let detail = format!("the body is nested deeper than {} levels", limits.json_depth);
        return Err(Error::refused(Code::TooDeep, detail));
    }
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict { pointer: "", twice: &twice }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Error::refused(Code::JsonInvalid, format!("Invalid JSON: {error}")))?;
    if let Some(pointer) = twice.into_inner() {
        let detail = format!("the key at {pointer:?} stands twice in one object");
        return Err(Error::Refused(Refusal::at(Code::DuplicateField, pointer, detail)));
    }
    if !read.is_object() {
        return Err(Error::refused(Code::BodyShape, "the body must be a JSON object"));
    }
    Ok(read)
}

/// Deserializes a [`Value`] and notes the first key that stands twice in one object.
struct Strict<'a> {
    pointer: &'a str,
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            let pointer = format!("{}/{}", self.pointer, elements.len());
            match seq.next_element_seed(Strict { pointer: &pointer, twice: self.twice })? {
                Some(element) => elements.push(element),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let pointer = format!("{}/{}", self.pointer, pointer_token(&key));
            let value = map.next_value_seed(Strict { pointer: &pointer, twice: self.twice })?;
            if members.insert(key, value).is_some() {
                self.twice.borrow_mut().get_or_insert(pointer);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str, limits: &Limits) -> (Code, String) {
        match read(text, limits) {
            Err(Error::Refused(refusal)) => {
                (refusal.code, refusal.items.first().map(|item| item.pointer.clone()).unwrap_or_default())
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn bodies_out_of_bounds_are_refused_with_their_code() {
        let small = Limits { metadata_body_bytes: 40, json_depth: 3, ..Limits::default() };
        for (text, wanted, pointer) in [
            (" \n", Code::BodyEmpty, ""),
            ("[]", Code::BodyShape, ""),
            ("{\"a\":}", Code::JsonInvalid, ""),
            ("{} x", Code::JsonInvalid, ""),
            ("{\"a\":[[[1]]]}", Code::TooDeep, ""),
            ("{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}", Code::BodyTooLarge, ""),
            ("{\"a/b\":[{},{\"c\":1,\"c\":2}]}", Code::DuplicateField, "/a~1b/1/c"),
        ] {
            assert_eq!(code(text, &small), (wanted, pointer.to_owned()), "{text}");
        }
    }

    #[test]
    fn values_come_as_sent() {
        let text = r#"{"b":[1,-2,1.5,null,true,"é"],"a":{}}"#;
        assert_eq!(read(text, &Limits::default()).unwrap().to_string(), text);
    }
}
