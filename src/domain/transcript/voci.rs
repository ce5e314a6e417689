//! The JSON of a transcript as recognisers write it, read tolerantly: only the members that matter are kept, each as
//! spelled, and a member of an unexpected type counts as absent. Of a member named twice the last counts.
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name<'a> { $($(#[$field_doc])* pub $field: Option<&'a RawValue>,)* }

        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[allow(non_camel_case_types, reason = "one variant per member, named as the member")]
                enum Name { $($field,)* Other }

                impl<'de> serde::Deserialize<'de> for Name {
                    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Reader;
                        impl Visitor<'_> for Reader {
                            type Value = Name;

                            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                                f.write_str("a member's name")
                            }

                            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                                Ok(match name { $($key => Name::$field,)* _ => Name::Other })
                            }
                        }
                        deserializer.deserialize_identifier(Reader)
                    }
                }

                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a JSON object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut read = $name::default();
                        while let Some(name) = map.next_key::<Name>()? {
                            match name {
                                $(Name::$field => read.$field = present(map.next_value()?),)*
                                Name::Other => { map.next_value::<IgnoredAny>()?; }
                            }
                        }
                        Ok(read)
                    }
                }
                deserializer.deserialize_map(Reader)
            }
        }
    };
}

shape! {
    /// The top level of an archived body.
    Body {
        /// An array of objects.
        utterances = "utterances",
        /// What the server that made the transcript knew of it.
        app_data = "app_data",
    }
}

shape! {
    /// One element of `utterances`.
    Utterance {
        /// A string; or there are `events`.
        text = "text",
        /// An array of [`Event`].
        events = "events",
        /// A string or a number.
        speaker = "speaker",
        /// A number.
        channel = "channel",
        /// Seconds.
        start = "start",
        /// Seconds.
        end = "end",
        /// [`UtteranceMetadata`].
        metadata = "metadata",
    }
}

shape! {
    /// `metadata` of an utterance.
    UtteranceMetadata {
        /// A string or a number.
        speaker = "speaker",
        /// A number.
        channel = "channel",
    }
}

shape! {
    /// One word of an utterance.
    Event {
        /// A string.
        word = "word",
        /// Seconds.
        start = "start",
        /// Seconds.
        end = "end",
    }
}

/// `value` unless it is `null`: `null` members count as absent.
pub fn present(value: &RawValue) -> Option<&RawValue> {
    (value.get() != "null").then_some(value)
}

/// The value of the member `name` that is not `null`; of several the last.
pub fn member<'a>(members: &[(Cow<'a, str>, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    members.iter().rfind(|(own, _)| own == name).and_then(|(_, value)| present(value))
}

/// The elements of an array that are objects of the shape `T`; none when `value` is no array.
pub fn objects<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Vec<T> {
    if let Ok(all) = serde_json::from_str(value.get()) {
        return all;
    }
    // Something else stands among them: it is skipped. This way is slower, and rare.
    let elements: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect()
}

/// A string's content. Half of a surrogate pair (`"\ud83d"`, which other languages write) reads as U+FFFD.
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => Some(Cow::Owned(text)),
        Err(_) => serde_json::from_str::<Lossy>(value.get()).ok().map(|lossy| Cow::Owned(lossy.0)),
    }
}

/// A string's content, or a number or boolean as spelled.
pub fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get().as_bytes().first()? {
        b'"' => text(value),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(value.get())),
    }
}

/// [`scalar`] unless it is blank.
pub fn filled(value: &RawValue) -> Option<Cow<'_, str>> {
    scalar(value).filter(|text| !text.trim().is_empty())
}

/// A finite number, or a string that reads as one.
pub fn number(value: &RawValue) -> Option<f64> {
    let text = scalar(value)?;
    // The digits are asked for because Rust also reads "inf", "nan" and the like.
    text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && text.bytes().any(|b| b.is_ascii_digit()))
}

/// A whole number, or a string that reads as one.
pub fn integer(value: &RawValue) -> Option<i64> {
    let text = scalar(value)?;
    if let Ok(integer) = text.trim().parse() {
        return Some(integer);
    }
    // Some write channels as 1.0; 2^53 bounds what a double holds exactly.
    let number = number(value).filter(|n| n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0)?;
    #[allow(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    Some(number as i64)
}

/// A string decoded byte by byte, so that half surrogates are no error.
struct Lossy(String);

impl<'de> serde::Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn numbers_are_read_from_numbers_and_strings() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("\" 2 \"", Some(2.0)),
            ("\"1e3\"", Some(1000.0)),
            ("1e400", None),
            ("\"inf\"", None),
            ("\"\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
        ] {
            assert_eq!(number(&raw(text)), expected, "{text}");
        }
        for (text, expected) in [("7", Some(7)), ("\"07\"", Some(7)), ("1.0", Some(1)), ("1.5", None), ("\"x\"", None)]
        {
            assert_eq!(integer(&raw(text)), expected, "{text}");
        }
    }

    #[test]
    fn scalars_keep_their_spelling() {
        assert_eq!(scalar(&raw("1.10")).unwrap(), "1.10");
        assert_eq!(scalar(&raw("false")).unwrap(), "false");
        assert_eq!(scalar(&raw(r#""a\u00e9\n""#)).unwrap(), "aé\n");
        assert_eq!(scalar(&raw("{}")), None);
        assert_eq!(filled(&raw("\" \"")), None);
    }

    #[test]
    fn half_a_surrogate_pair_is_no_error() {
        let read = text(&raw(r#""a \ud83d b""#)).map(Cow::into_owned).unwrap();
        assert!(read.starts_with("a \u{fffd}") && read.ends_with(" b"), "{read:?}");
    }

    #[test]
    fn odd_elements_are_skipped() {
        let raw = raw(r#"[{"word":"a"},null,1e400,"x",{"word":"b","word":"c"}]"#);
        let words: Vec<_> = objects::<Event<'_>>(&raw).iter().filter_map(|e| e.word).map(RawValue::get).collect();
        assert_eq!(words, ["\"a\"", "\"c\""]);
        assert!(objects::<Event<'_>>(&self::raw("{}")).is_empty());
    }
}
