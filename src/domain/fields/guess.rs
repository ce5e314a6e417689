//! Which type the values of a name suggest. A type is possible while every value seen fits it; of those that are left the
//! narrowest counts: boolean, uuid, number, datetime, link, then `varchar`; long or broken lines are `text`.
use super::definition::{Definition, FieldType};
use super::value::{ValueBounds, coerce};
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

/// From the narrowest to the widest.
const ORDER: [FieldType; 7] = [
    FieldType::Boolean,
    FieldType::Uuid,
    FieldType::Number,
    FieldType::Datetime,
    FieldType::Link,
    FieldType::Varchar,
    FieldType::Text,
];

/// Bytes of a JSON value from which on it is taken for text.
const LONG: usize = 300;

/// What the values seen so far allow.
#[derive(Clone, Debug)]
pub struct Guess {
    /// Those of [`ORDER`] that are possible.
    left: Vec<FieldType>,
    /// Whether any value was seen that has content.
    any: bool,
    /// Whether one was long or had several lines.
    long: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { left: ORDER.to_vec(), any: false, long: false }
    }
}

impl Guess {
    /// Takes a value into account; what is blank says nothing.
    pub fn see(&mut self, raw: &RawValue, zone: &TimeZone, bounds: ValueBounds) {
        let mut content = false;
        self.left.retain(|kind| match coerce(&Definition::of(*kind), raw, zone, bounds) {
            Ok(typed) => {
                content |= !typed.is_empty();
                true
            }
            Err(_) => {
                content = true;
                false
            }
        });
        self.any |= content;
        self.long |= content && (raw.get().len() > LONG || raw.get().contains("\\n"));
    }

    /// The type; none when nothing was seen, or when no type takes all values: objects stand among them.
    pub fn kind(&self) -> Option<FieldType> {
        let narrowest = self.left.first().copied().filter(|_| self.any)?;
        let wide = narrowest == FieldType::Varchar && self.long && self.left.contains(&FieldType::Text);
        Some(if wide { FieldType::Text } else { narrowest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(values: &[&str]) -> Option<FieldType> {
        let mut guess = Guess::default();
        let bounds = ValueBounds { value_bytes: 32 << 10, text_bytes: 1 << 20 };
        for value in values {
            let raw = RawValue::from_string((*value).to_owned()).unwrap();
            guess.see(&raw, &TimeZone::UTC, bounds);
        }
        guess.kind()
    }

    #[test]
    fn the_narrowest_type_that_takes_all_values_is_guessed() {
        use FieldType::*;
        let long = format!("\"{}\"", "word ".repeat(100));
        let table: [(&[&str], Option<FieldType>); 12] = [
            (&["true", "\"FALSE\"", "null"], Some(Boolean)),
            (&["1", "\"2.5\"", "[3,4]", "\"\""], Some(Number)),
            (&["1", "\"0123\""], Some(Varchar)),
            (&["true", "1"], Some(Varchar)),
            (&["\"2026-01-31\"", "\"2026-01-31T10:00:00Z\""], Some(Datetime)),
            (&["\"12345678123456781234567812345678\""], Some(Uuid)),
            (&["\"https://example.com/a\""], Some(Link)),
            (&["\"billing\"", "7"], Some(Varchar)),
            (&[&long], Some(Text)),
            (&["\"two\\nlines\""], Some(Text)),
            (&["null", "\" \"", "[]"], None),
            (&["{\"city\":\"Bonn\"}", "1"], None),
        ];
        for (values, wanted) in table {
            assert_eq!(guessed(values), wanted, "{values:?}");
        }
    }
}
