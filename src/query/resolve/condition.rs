//! One condition on values, by type: what was written becomes what an index tests (contract section 5).
use crate::base::clock::Timestamp;
use crate::base::fold::fold_value;
use crate::domain::fields::TypedValue;
use crate::domain::fields::datetime::parse_span;
use crate::domain::fields::definition::{Definition, FieldType};
use crate::domain::fields::value::{ValueBounds, coerce};
use crate::query::ast::{End, FieldTest, Written};
use crate::query::pattern::Pattern;
use crate::query::phrase;
use crate::query::ranges::relative;
use crate::query::resolved::{Phrase, Test, Word};
use jiff::tz::TimeZone;

/// What values are read with.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// For instants without zone.
    pub zone: &'a TimeZone,
    /// For `now`.
    pub now: Timestamp,
    /// The bounds of values.
    pub bounds: ValueBounds,
}

/// The test for values of a field so defined.
///
/// # Errors
/// In words, when what was written cannot be of the type.
pub fn test(definition: &Definition, asked: &FieldTest, reading: Reading<'_>) -> Result<Test, String> {
    match asked {
        FieldTest::Exists | FieldTest::Range { low: None, high: None } => Ok(Test::Exists),
        FieldTest::Equals(text) if text.is_pattern() => {
            let pattern = Pattern::Glob(text.glob());
            match definition.kind {
                FieldType::Text => {
                    Ok(Test::Words(Phrase { words: vec![Word::Like(pattern)], ..Phrase::exact(Vec::<String>::new()) }))
                }
                FieldType::Varchar | FieldType::Enum | FieldType::Link | FieldType::Uuid => Ok(Test::Like(pattern)),
                kind => Err(format!("`*` and `?` do not go with {} values", kind.text())),
            }
        }
        FieldTest::Equals(text) => equals(definition, text, reading),
        FieldTest::Range { low, high } => between(definition, low.as_ref(), high.as_ref(), reading),
    }
}

fn equals(definition: &Definition, written: &Written, reading: Reading<'_>) -> Result<Test, String> {
    let value = &written.value();
    match definition.kind {
        FieldType::Text => {
            phrase::read(&Written::literal(value)).map(|(phrase, _)| Test::Words(phrase)).map_err(|f| f.detail)
        }
        FieldType::Number | FieldType::Keyframes => {
            let number = number(definition, value, reading)?;
            Ok(Test::Numbers(Some((number, true)), Some((number, true))))
        }
        FieldType::Datetime => span(value, reading).map(|(from, to)| Test::Instants(Some(from), Some(to))),
        _ => keyword(definition, value, reading).map(|folded| Test::OneOf(vec![folded])),
    }
}

fn between(
    definition: &Definition,
    low: Option<&End>,
    high: Option<&End>,
    reading: Reading<'_>,
) -> Result<Test, String> {
    match definition.kind {
        FieldType::Number | FieldType::Keyframes => {
            let end = |end: Option<&End>| {
                end.map(|end| Ok::<_, String>((number(definition, &end.value, reading)?, end.inclusive))).transpose()
            };
            Ok(Test::Numbers(end(low)?, end(high)?))
        }
        FieldType::Datetime => {
            let from = low.map(|end| span(&end.value, reading).map(|(from, to)| first_in(from, to, end.inclusive)));
            let to = high.map(|end| span(&end.value, reading).map(|(from, to)| last_in(from, to, end.inclusive)));
            Ok(Test::Instants(from.transpose()?, to.transpose()?))
        }
        FieldType::Varchar | FieldType::Enum | FieldType::Link | FieldType::Uuid => {
            let end = |end: Option<&End>| {
                end.map(|end| Ok::<_, String>((keyword(definition, &end.value, reading)?, end.inclusive))).transpose()
            };
            Ok(Test::Between(end(low)?, end(high)?))
        }
        kind @ (FieldType::Boolean | FieldType::Text) => Err(format!("ranges do not go with {} values", kind.text())),
    }
}

/// The first instant in a range that begins with a span: a whole day is left out as a whole.
fn first_in(from: i64, to: i64, inclusive: bool) -> i64 {
    if inclusive { from } else { to.saturating_add(1) }
}

fn last_in(from: i64, to: i64, inclusive: bool) -> i64 {
    if inclusive { to } else { from.saturating_sub(1) }
}

fn span(value: &str, reading: Reading<'_>) -> Result<(i64, i64), String> {
    let text = value.trim();
    if let Some(instant) = relative(text, reading.now) {
        return Ok((instant, instant));
    }
    let why = || format!("{:?} is not a date or time (such as 2026-01-31, 2026-01-31T10:00:00Z, now-7d)", short(text));
    parse_span(text, reading.zone).ok_or_else(why)
}

fn number(definition: &Definition, value: &str, reading: Reading<'_>) -> Result<f64, String> {
    match typed(definition, value, reading)? {
        TypedValue::Number(number) => Ok(number),
        _ => Err(format!("{:?} is not a number", short(value))),
    }
}

fn keyword(definition: &Definition, value: &str, reading: Reading<'_>) -> Result<String, String> {
    let folded = fold_value(value);
    if folded.is_empty() {
        return Err("an empty value is no value; `-name:*` finds transcripts without one".to_owned());
    }
    // Options of an enum change, and a value may be sent that no longer is one: any text can be asked for.
    if !matches!(definition.kind, FieldType::Boolean | FieldType::Uuid) {
        return Ok(folded);
    }
    match typed(definition, &folded, reading)? {
        TypedValue::Keyword { folded, .. } => Ok(folded),
        _ => Err(format!("{:?} is not a {}", short(value), definition.kind.text())),
    }
}

/// The one value that the type sees in the text.
fn typed(definition: &Definition, value: &str, reading: Reading<'_>) -> Result<TypedValue, String> {
    let unfit = || format!("{:?} is not a {}", short(value), definition.kind.text());
    let raw = crate::base::json::raw(value.trim()).map_err(|_| unfit())?;
    let values = coerce(definition, &raw, reading.zone, reading.bounds).map_err(|misfit| misfit.detail)?;
    values.into_iter().next().ok_or_else(unfit)
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
