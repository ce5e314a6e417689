//! Reading JSON within bounds, keeping members as they were written.
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One JSON value exactly as it was spelled.
pub type Raw = Box<RawValue>;

/// The deepest nesting of arrays and objects in `text`; strings are skipped. Never recurses.
pub fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut level, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for &byte in text {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The members of one object in their order, each value as spelled. Duplicates are kept: the caller judges.
pub struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<CowStr<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

struct CowStr<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for CowStr<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = CowStr<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Self::Value, E> {
                Ok(CowStr(Cow::Borrowed(s)))
            }

            fn visit_str<E>(self, s: &str) -> Result<Self::Value, E> {
                Ok(CowStr(Cow::Owned(s.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// The elements of one array, each as spelled.
pub fn elements(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::from_str(text)
}

/// Parses an object into its members in order.
///
/// # Errors
/// When `text` is not one JSON object.
pub fn members(text: &str) -> Result<Members<'_>, serde_json::Error> {
    serde_json::from_str(text)
}

/// Calls `each` with the name and the value, as spelled, of every member of an object in order; nothing is kept.
///
/// # Errors
/// When `text` is not one JSON object; what came before the fault was told.
pub fn each_member<'t>(text: &'t str, each: impl FnMut(&str, &'t str)) -> Result<(), serde_json::Error> {
    struct Reader<F>(F);
    impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Reader<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<CowStr<'de>, &'de RawValue>()? {
                (self.0)(&name.0, value.get());
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    (&mut reader).deserialize_map(Reader(each))?;
    reader.end()
}

/// `value` as JSON text, as a raw value.
///
/// # Errors
/// When `value` cannot be written as JSON (a map with keys that are no strings, say).
pub fn raw<T: serde::Serialize + ?Sized>(value: &T) -> Result<Raw, serde_json::Error> {
    serde_json::value::to_raw_value(value)
}

/// A raw value from text that is known to be JSON.
///
/// # Errors
/// When it is not.
pub fn raw_from(text: &str) -> Result<Raw, serde_json::Error> {
    RawValue::from_string(text.to_owned()).map_err(|e| serde_json::Error::custom(e.to_string()))
}

/// `text` as a JSON string literal.
pub fn quoted(text: &str) -> String {
    // Text can always be written; the error is the writer's, and a `String` has none.
    serde_json::to_string(text).unwrap_or_else(|_| String::from("\"\""))
}

/// Appends `text` as a JSON string literal.
pub fn push_string(out: &mut String, text: &str) {
    // Nearly all text stands for itself.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&quoted(text));
    }
}

/// What is wrong with the shape of JSON that could be read, without the value that is: it may be a secret.
pub fn misshape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quotes = ["invalid type", "invalid value", "unknown variant", "invalid length"];
    match text.rsplit_once(", expected ") {
        Some((before, expected)) if quotes.iter().any(|quote| before.starts_with(quote)) => {
            format!("expected {}", expected.replace("struct Asked", "an object"))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_skips_strings() {
        assert_eq!(depth(br#"{"a":["[[[",{"b\"[":1}]}"#), 3);
        assert_eq!(depth(b"1"), 0);
    }

    #[test]
    fn misshapes_are_told_without_the_value() {
        let told = |text: &str| misshape(&serde_json::from_str::<Vec<u8>>(text).unwrap_err());
        for text in [r#""secret, expected x""#, r#"["secret"]"#, r#"{"secret":1}"#] {
            assert!(told(text).starts_with("expected ") && !told(text).contains("secret"), "{}", told(text));
        }
        assert!(told("[300]").starts_with("expected u8"));
    }

    #[test]
    fn members_keep_order_and_spelling() {
        let read = members(r#"{"b": 1.10, "a":{"x":1e400}, "b":null}"#).unwrap();
        let seen: Vec<_> = read.0.iter().map(|(n, v)| (n.as_ref(), v.get())).collect();
        assert_eq!(seen, [("b", "1.10"), ("a", r#"{"x":1e400}"#), ("b", "null")]);
        let mut told = Vec::new();
        each_member(r#"{"b": 1.10, "a\n":{"x":1e400}}"#, |name, value| told.push((name.to_owned(), value))).unwrap();
        assert_eq!(told, [("b".to_owned(), "1.10"), ("a\n".to_owned(), r#"{"x":1e400}"#)]);
        for text in ["[]", r#"{"a":1"#, "{} {}", ""] {
            assert!(each_member(text, |_, _| {}).is_err(), "{text}");
        }
    }
}
