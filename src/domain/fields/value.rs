//! The coercion table: JSON values to typed values (contract section 5).
use super::datetime::parse_instant;
use super::definition::{Definition, FieldType};
use super::vector;
use crate::base::fold::fold_value;
use crate::base::json::elements;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// Characters a `varchar` (or a `link`) may have; also keeps every folded keyword below the 65,530 bytes an index
/// takes as one term.
pub const VARCHAR_CHARS: usize = 8_192;

/// Characters of a value that a misfit's words show.
const SHOWN_CHARS: usize = 60;

/// The greatest whole number up to which a double knows every whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// One value as a field's type sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedValue {
    /// Whole value: `shown` as sent (strings without quotes), `folded` as compared. Booleans are `true`/`false`,
    /// UUIDs lower-case with hyphens, `enum` values in the option's spelling.
    Keyword {
        /// As it is shown in facets.
        shown: String,
        /// As it is compared: [`crate::base::fold::fold_value`].
        folded: String,
    },
    /// A finite double, never negative zero.
    Number(f64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Text whose words are indexed.
    Words(String),
    /// Finite numbers, not all zero.
    Vector(Arc<[f32]>),
}

/// Why a value does not fit; `detail` names type and value (shortened; `***` for a `pii` field: what errors say ends
/// in the logs of clients), never the field.
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

/// Reads `raw` as values of the field: none for `null`, strings of nothing but blanks and `[]`, several for an array;
/// of an `embedding` the array is the one value.
///
/// # Errors
/// A [`Misfit`] when any element does not fit.
pub fn coerce(
    definition: &Definition,
    raw: &RawValue,
    zone: &TimeZone,
    bounds: ValueBounds,
) -> Result<Vec<TypedValue>, Misfit> {
    let text = raw.get();
    let most = match definition.kind {
        FieldType::Text => usize::MAX,
        // Its size bounds it, and no model's vector is to fail for how its numbers are spelled.
        FieldType::Embedding => bounds.value_bytes.max(vector::json_bytes(definition.numbers())),
        _ => bounds.value_bytes,
    };
    if text.len() > most {
        return Err(Misfit {
            detail: format!(
                "{} has {} bytes as JSON; a {} value may have {}",
                told(definition, text),
                text.len(),
                definition.kind.text(),
                most
            ),
        });
    }
    if definition.kind == FieldType::Embedding {
        return embedding(definition, text);
    }
    let mut reader = Reader { definition, zone, text_bytes: bounds.text_bytes, values: Vec::new() };
    if text.starts_with('[') {
        for element in elements(text).map_err(|_| misfit(definition, text))? {
            reader.element(element.get())?;
        }
    } else {
        reader.element(text)?;
    }
    if definition.kind == FieldType::Enum && !definition.multi && reader.values.len() > 1 {
        return Err(Misfit { detail: format!("{} has several values; this enum takes one", told(definition, text)) });
    }
    Ok(reader.values)
}

/// A vector of the size defined; `null`, blanks and `[]` are no value.
fn embedding(definition: &Definition, text: &str) -> Result<Vec<TypedValue>, Misfit> {
    let size = definition.numbers();
    let unfit = |why: &str| Misfit {
        detail: format!("{} is not an embedding of {size} numbers: it {why}", told(definition, text)),
    };
    let blank = || read_string(text).is_some_and(|text| text.trim().is_empty());
    if text == "null" || (text.starts_with('"') && blank()) {
        return Ok(Vec::new());
    }
    let numbers = vector::read(text, size).map_err(|why| unfit(&why))?;
    match numbers.len() {
        0 => Ok(Vec::new()),
        count if count != size => Err(unfit(&format!("has {count} numbers"))),
        _ if vector::is_zero(&numbers) => Err(unfit("has no direction, all its numbers are 0")),
        _ => Ok(vec![TypedValue::Vector(numbers.into())]),
    }
}

/// A JSON scalar: what a single value can be.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(&'a str),
    Boolean(bool),
}

impl Scalar<'_> {
    /// The text of it: strings without quotes, numbers and booleans as spelled.
    fn spelling(&self) -> &str {
        match self {
            Scalar::Text(text) => text,
            Scalar::Number(spelled) => spelled,
            Scalar::Boolean(true) => "true",
            Scalar::Boolean(false) => "false",
        }
    }
}

struct Reader<'a> {
    definition: &'a Definition,
    zone: &'a TimeZone,
    /// Bytes of text that may still be indexed.
    text_bytes: usize,
    values: Vec<TypedValue>,
}

impl Reader<'_> {
    fn element(&mut self, raw: &str) -> Result<(), Misfit> {
        let kind = self.definition.kind;
        let scalar = match raw.as_bytes().first() {
            Some(b'n') => return Ok(()),
            Some(b'"') => match read_string(raw) {
                Some(text) if text.trim().is_empty() => return Ok(()),
                Some(text) => Scalar::Text(text),
                None => return Err(misfit(self.definition, raw)),
            },
            Some(b't') => Scalar::Boolean(true),
            Some(b'f') => Scalar::Boolean(false),
            Some(b'-' | b'0'..=b'9') => Scalar::Number(raw),
            _ => return Err(misfit(self.definition, raw)),
        };
        let value = match kind {
            FieldType::Text => self.words(scalar.spelling()),
            FieldType::Varchar => return self.varchar(scalar.spelling(), raw),
            FieldType::Enum => Some(self.option(scalar.spelling(), raw)?),
            FieldType::Boolean => boolean(&scalar),
            FieldType::Number => number(&scalar).map(TypedValue::Number),
            FieldType::Keyframes => {
                number(&scalar).filter(|n| *n >= 0.0 && n.fract() == 0.0 && *n <= WHOLE_MAX).map(TypedValue::Number)
            }
            FieldType::Datetime => match &scalar {
                Scalar::Text(text) => parse_instant(text, self.zone).map(TypedValue::Instant),
                _ => None,
            },
            FieldType::Uuid => match &scalar {
                Scalar::Text(text) => uuid::Uuid::try_parse(text.trim()).ok().map(|id| keyword(&id.to_string())),
                _ => None,
            },
            FieldType::Link => match &scalar {
                Scalar::Text(text) if is_link(text.trim()) => Some(keyword(text)),
                _ => None,
            },
            // Read as a whole, above.
            FieldType::Embedding => None,
        };
        match value {
            Some(value) => self.values.push(value),
            // A `text` whose bytes are used up is kept, but nothing more of it is indexed.
            None if kind == FieldType::Text => {}
            None => return Err(misfit(self.definition, raw)),
        }
        Ok(())
    }

    fn varchar(&mut self, text: &str, raw: &str) -> Result<(), Misfit> {
        if !within(text, VARCHAR_CHARS) {
            let count = text.chars().count();
            let detail = format!(
                "{} has {count} characters; a varchar value may have {VARCHAR_CHARS}",
                told(self.definition, raw)
            );
            return Err(Misfit { detail });
        }
        self.values.push(keyword(text));
        Ok(())
    }

    fn words(&mut self, text: &str) -> Option<TypedValue> {
        let indexed = cut(text, self.text_bytes);
        self.text_bytes = self.text_bytes.saturating_sub(text.len());
        (!indexed.is_empty()).then(|| TypedValue::Words(indexed.to_owned()))
    }

    fn option(&self, text: &str, raw: &str) -> Result<TypedValue, Misfit> {
        match self.definition.option(text) {
            Some(option) => Ok(keyword(option)),
            None => {
                let options = shorten(&self.definition.values.join(", "));
                Err(Misfit {
                    detail: format!("{} is not one of the enum's options ({options})", told(self.definition, raw)),
                })
            }
        }
    }
}

/// At most `bytes` bytes of the beginning of `text`, cut between two characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    loop {
        match text.get(..end) {
            Some(beginning) => return beginning,
            None => end = end.saturating_sub(1),
        }
    }
}

fn keyword(text: &str) -> TypedValue {
    TypedValue::Keyword { shown: text.to_owned(), folded: fold_value(text) }
}

/// The string a JSON literal spells; `None` for one with half a surrogate pair, which is no text.
fn read_string(raw: &str) -> Option<Cow<'_, str>> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
    }
}

fn boolean(scalar: &Scalar<'_>) -> Option<TypedValue> {
    let yes = match scalar {
        Scalar::Boolean(yes) => *yes,
        Scalar::Text(text) if text.trim().eq_ignore_ascii_case("true") => true,
        Scalar::Text(text) if text.trim().eq_ignore_ascii_case("false") => false,
        _ => return None,
    };
    Some(keyword(if yes { "true" } else { "false" }))
}

fn number(scalar: &Scalar<'_>) -> Option<f64> {
    let spelled = match scalar {
        Scalar::Number(spelled) => spelled,
        Scalar::Text(text) => text.trim(),
        Scalar::Boolean(_) => return None,
    };
    if !is_json_number(spelled) {
        return None;
    }
    let value: f64 = spelled.parse().ok()?;
    // Columns tell -0 from 0; people do not.
    value.is_finite().then_some(if value == 0.0 { 0.0 } else { value })
}

/// The grammar of RFC 8259 section 6.
fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = rest.split_at(digits(rest));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return false;
    }
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => match fraction.split_at(digits(fraction)) {
            ("", _) => return false,
            (_, rest) => rest,
        },
        None => rest,
    };
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        None => rest.is_empty(),
    }
}

/// An absolute URL: a scheme of RFC 3986, `://` and something, or `mailto:` / `tel:` and something; no blanks.
fn is_link(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.chars();
    let well_formed = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let target = match rest.strip_prefix("//") {
        Some(target) => target,
        None if matches!(scheme.to_ascii_lowercase().as_str(), "mailto" | "tel") => rest,
        None => return false,
    };
    well_formed
        && !target.is_empty()
        && !target.chars().any(|c| c.is_whitespace() || c.is_control())
        && within(text, VARCHAR_CHARS)
}

fn within(text: &str, chars: usize) -> bool {
    text.len() <= chars || text.chars().nth(chars).is_none()
}

fn misfit(definition: &Definition, raw: &str) -> Misfit {
    let what = match definition.kind {
        FieldType::Boolean => "a boolean (true or false)",
        FieldType::Datetime => "a datetime (ISO 8601, or YYYY-MM-DD[ HH:MM:SS])",
        FieldType::Number => "a number",
        FieldType::Uuid => "a uuid",
        FieldType::Varchar => "a varchar value (a string, a number, a boolean, or a list of them)",
        FieldType::Text => "a text value (a string, a number, a boolean, or a list of them)",
        FieldType::Enum => "an enum value",
        FieldType::Link => "a link (an absolute URL)",
        FieldType::Keyframes => "a moment for keyframes (whole milliseconds, 0 or more)",
        FieldType::Embedding => "an embedding (a list of numbers)",
    };
    Misfit { detail: format!("{} is not {what}", told(definition, raw)) }
}

/// The value in words, unless it is personal.
fn told(definition: &Definition, raw: &str) -> String {
    if definition.pii { "***".to_owned() } else { shorten(raw) }
}

/// The beginning of a value for people to know it by; line breaks and the like do not reach an error's one line.
fn shorten(raw: &str) -> String {
    let mut chars = raw.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = chars.by_ref().take(SHOWN_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
