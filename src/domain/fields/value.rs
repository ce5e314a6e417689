//! The coercion table: JSON values to typed values (contract section 5).
use super::definition::Definition;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

/// One value as a field's type sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedValue {
    /// Whole value: `shown` as sent (strings without quotes), `folded` as compared. Booleans are `true`/`false`,
    /// UUIDs lower-case with hyphens.
    Keyword {
        /// As it is shown in facets.
        shown: String,
        /// As it is compared: [`crate::base::fold::fold_value`].
        folded: String,
    },
    /// A finite double.
    Number(f64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Text whose words are indexed.
    Words(String),
}

/// Why a value does not fit; `detail` names type and value (shortened), never the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// In words, e.g. `"tomorrow" is not a number`.
    pub detail: String,
}

/// Bounds of values, in the units of [`crate::domain::limits::Limits`].
#[derive(Clone, Copy, Debug)]
pub struct ValueBounds {
    /// Bytes of one value of an indexed field, as JSON.
    pub value_bytes: usize,
    /// Bytes of a `text` value that are indexed; the rest is kept but not searched.
    pub text_bytes: usize,
}

/// Reads `raw` as values of the field: none for `null`, `""` and `[]`, several for an array.
///
/// # Errors
/// A [`Misfit`] when any element does not fit.
pub fn coerce(
    definition: &Definition,
    raw: &RawValue,
    zone: &TimeZone,
    bounds: ValueBounds,
) -> Result<Vec<TypedValue>, Misfit> {
    let _ = (definition, raw, zone, bounds);
    todo!()
}
