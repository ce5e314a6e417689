//! Which type the values of a name suggest. A type is possible while every value seen fits it; of those that are left the
//! narrowest counts: boolean, uuid, number, datetime, link, then `varchar`; long or broken lines are `text`. Long lists of
//! fractions, all of one length, are embeddings.
use super::definition::{Definition, FieldType};
use super::value::{ValueBounds, coerce};
use super::vector;
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

/// Numbers from which on a list of them is taken for an embedding.
const VECTOR: usize = 16;

/// What the values seen so far allow.
#[derive(Clone, Debug)]
pub struct Guess {
    /// Those of [`ORDER`] that are possible.
    left: Vec<FieldType>,
    /// Whether any value was seen that has content.
    any: bool,
    /// Whether one was long or had several lines.
    long: bool,
    /// How many numbers every value has, if all are lists of one length.
    size: Option<usize>,
    /// Whether any of the numbers is a fraction: lists of whole numbers count or number something.
    fraction: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { left: ORDER.to_vec(), any: false, long: false, size: None, fraction: false }
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
        if content {
            self.measure(raw.get());
        }
        self.any |= content;
        self.long |= content && (raw.get().len() > LONG || raw.get().contains("\\n"));
    }

    fn measure(&mut self, text: &str) {
        let numbers = if text.starts_with('[') { vector::read(text, vector::SIZE_MAX).ok() } else { None };
        let size = numbers.as_ref().map(Vec::len).filter(|size| *size >= VECTOR);
        self.size = size.filter(|size| !self.any || self.size == Some(*size));
        self.fraction |= numbers.iter().flatten().any(|number| number.fract() != 0.0);
    }

    /// The definition that takes all values; none as for [`Self::kind`].
    pub fn definition(&self) -> Option<Definition> {
        match self.size.and_then(|size| u16::try_from(size).ok()) {
            Some(size) if self.fraction => Some(Definition::embedding(size)),
            _ => self.kind().map(Definition::of),
        }
    }

    /// The type of single values; none when nothing was seen, or when no type takes all values: objects stand among them.
    pub fn kind(&self) -> Option<FieldType> {
        let narrowest = self.left.first().copied().filter(|_| self.any)?;
        let wide = narrowest == FieldType::Varchar && self.long && self.left.contains(&FieldType::Text);
        Some(if wide { FieldType::Text } else { narrowest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_fractions_of_one_length_are_embeddings() {
        let definition = |values: &[String]| {
            let mut guess = Guess::default();
            for value in values {
                let raw = RawValue::from_string(value.clone()).unwrap();
                guess.see(&raw, &TimeZone::UTC, ValueBounds { value_bytes: 32 << 10, text_bytes: 1 << 20 });
            }
            guess.definition()
        };
        let list = |number: &str, count: usize| format!("[{}]", vec![number; count].join(","));
        assert_eq!(definition(&[list("0.5", 16), list("1", 16)]), Some(Definition::embedding(16)));
        let number = Some(Definition::of(FieldType::Number));
        assert_eq!(definition(&[list("0.5", 16), list("0.5", 17)]), number, "of two lengths");
        assert_eq!(definition(&[list("0.5", 3)]), number, "too short");
        assert_eq!(definition(&[list("5", 20)]), number, "whole");
        assert_eq!(definition(&[list("0.5", 16), "7".into()]), number, "one is no list");
        assert_eq!(definition(&["7".into(), list("0.5", 16)]), number, "one is no list");
        assert_eq!(definition(&["null".into(), list("0.5", 16)]), Some(Definition::embedding(16)));
    }

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
