//! One condition on values, by type: what was written becomes what an index tests (contract section 5).
use crate::base::clock::Timestamp;
use crate::base::fold::fold_value;
use crate::domain::fields::TypedValue;
use crate::domain::fields::datetime::parse_span;
use crate::domain::fields::definition::{Definition, FieldType};
use crate::domain::fields::value::{ValueBounds, coerce};
use crate::query::ast::{End, FieldTest, Letter, Written};
use crate::query::lexer::Fault;
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::{EDITS_MAX, Fuzzy};
use crate::query::phrase;
use crate::query::ranges::relative;
use crate::query::resolved::Test;
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

/// What cannot be of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The character, when it is known better than where the condition begins.
    pub at: Option<usize>,
    /// In words.
    pub why: String,
}

impl From<String> for Misfit {
    fn from(why: String) -> Self {
        Self { at: None, why }
    }
}

impl From<Fault> for Misfit {
    fn from(fault: Fault) -> Self {
        Self { at: Some(fault.at), why: fault.detail }
    }
}

/// What is said of any test of embeddings but `*`.
const NOT_COMPARED: &str =
    "embeddings are compared by direction: `name:*` finds what has one, the parameter near what is like a vector";

/// The test for values of a field so defined.
///
/// # Errors
/// When what was written cannot be of the type.
pub fn test(definition: &Definition, asked: &FieldTest, reading: Reading<'_>) -> Result<Test, Misfit> {
    match asked {
        FieldTest::Exists | FieldTest::Range { low: None, high: None } => Ok(Test::Exists),
        FieldTest::Equals(text) => equals(definition, text, reading),
        FieldTest::Range { low, high } => Ok(between(definition, low.as_ref(), high.as_ref(), reading)?),
    }
}

fn equals(definition: &Definition, written: &Written, reading: Reading<'_>) -> Result<Test, Misfit> {
    let value = &written.value();
    match definition.kind {
        FieldType::Text => Ok(Test::Words(phrase::read_text(written)?)),
        FieldType::Embedding => Err(Misfit::from(NOT_COMPARED.to_owned())),
        FieldType::Varchar | FieldType::Enum | FieldType::Link | FieldType::Uuid => match pattern(written)? {
            Some(pattern) => Ok(Test::Like(pattern)),
            None => Ok(Test::OneOf(vec![keyword(definition, value, reading)?])),
        },
        kind => {
            let unfit = match written {
                Written { regex: true, .. } => Some("regular expressions do"),
                Written { signs, .. } if !signs.is_empty() => Some("signs such as `~1` do"),
                _ if written.is_pattern() => Some("`*` and `?` do"),
                _ => None,
            };
            if let Some(unfit) = unfit {
                return Err(Misfit::from(format!("{unfit} not go with {} values", kind.text())));
            }
            Ok(match kind {
                FieldType::Datetime => {
                    let (from, to) = span(value, reading)?;
                    Test::Instants(Some(from), Some(to))
                }
                FieldType::Number | FieldType::Keyframes => {
                    let number = number(definition, value, reading)?;
                    Test::Numbers(Some((number, true)), Some((number, true)))
                }
                _ => Test::OneOf(vec![keyword(definition, value, reading)?]),
            })
        }
    }
}

/// The pattern over whole values, if what was written is one: `*smi*`, `/smi.*/`, `smith~1`, `"john smith"~1`. A `~` that
/// neither ends a value nor stands before a last `1` or `2` is part of it.
///
/// # Errors
/// Where an expression goes wrong; for signs that values do not have.
pub fn pattern(written: &Written) -> Result<Option<Pattern>, Misfit> {
    let signs = written.signs.as_slice();
    if written.regex {
        return match signs.first() {
            None => Ok(Some(Pattern::Regex(phrase::expression(written)?))),
            Some(sign) => Err(Fault::new(sign.at, "no sign goes with an expression over values").into()),
        };
    }
    let value = |letters: &[Letter]| fold_value(&letters.iter().map(|letter| letter.is).collect::<String>());
    if written.quoted {
        return match (signs.first(), edits(signs)) {
            (None, _) => Ok(None),
            (Some(_), Some(edits)) => Ok(Some(Pattern::Fuzzy(Fuzzy::new(value(&written.letters), edits)))),
            (Some(sign), None) => {
                let detail = "after a value only `~1` or `~2` can stand, for similar values; distances and times are \
                              about what is said";
                Err(Fault::new(sign.at, detail).into())
            }
        };
    }
    let tilde = written.letters.iter().rposition(|letter| letter.is_sign('~')).filter(|place| *place > 0);
    let similar = tilde.and_then(|place| {
        let (body, tail) = written.letters.split_at_checked(place)?;
        Some((body, tail.first()?, edits(tail)?))
    });
    match similar {
        Some((_, tilde, _)) if written.is_pattern() => {
            let detail = "a value has either `*` and `?` or a `~`; write `\\~` for the sign itself";
            Err(Fault::new(tilde.at, detail).into())
        }
        Some((body, _, edits)) => Ok(Some(Pattern::Fuzzy(Fuzzy::new(value(body), edits)))),
        None if written.is_pattern() => Ok(Some(Pattern::Glob(written.glob()))),
        None => Ok(None),
    }
}

/// `~`, `~1`, `~2`
fn edits(signs: &[Letter]) -> Option<u8> {
    match signs {
        [tilde] if tilde.is_sign('~') => Some(EDITS_MAX),
        [tilde, one] if tilde.is_sign('~') && one.is_sign('1') => Some(1),
        [tilde, two] if tilde.is_sign('~') && two.is_sign('2') => Some(2),
        _ => None,
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
        FieldType::Embedding => Err(NOT_COMPARED.to_owned()),
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
    if let Some(span) = relative(text, reading.now, reading.zone) {
        return Ok(span);
    }
    let why =
        || format!("{:?} is not a date or time (such as 2026-01-31, 2026-01-31T10:00:00Z, now-7d, now/d)", short(text));
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
