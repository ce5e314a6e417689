//! Regular expressions over one whole folded word or value, in Lucene's syntax as V-Spark takes it.
//!
//! *Decisions.* `&` and `~` work on whole alternatives only (`a.*&~(abc)`): a complement inside an expression has no
//! counterpart in engines that take linear time. `\` before a letter or digit is refused, since `\d` would be read as
//! the letter `d` by Lucene and as a class by everyone else. Matching takes time linear in the word.
mod numbers;
mod reader;

use ::regex::{Error, Regex, RegexBuilder};
use reader::Part;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The longest expression, characters.
pub const EXPRESSION_MAX: usize = 1_000;
/// The largest compiled program, bytes; and the most memory a thread keeps to run it.
const COMPILED_MAX: usize = 256 << 10;
/// The most expressions that `&` and `~` may stand beside.
const PARTS_MAX: usize = 8;

/// An expression that matches whole words only.
#[derive(Clone, Debug)]
pub struct WholeRegex {
    source: String,
    prefix: String,
    /// The alternatives without `&` and `~`, as one expression.
    plain: Option<Regex>,
    /// The others: any of these, of which all hold; with whether it is excluded.
    joined: Vec<Vec<(bool, Regex)>>,
}

impl PartialEq for WholeRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl WholeRegex {
    /// Reads an expression.
    ///
    /// # Errors
    /// In words, with the character where it goes wrong (from 0, at most the length).
    pub fn parse(source: &str) -> Result<Self, (usize, String)> {
        let length = source.chars().count();
        if length > EXPRESSION_MAX {
            return Err((EXPRESSION_MAX, format!("a regular expression has at most {EXPRESSION_MAX} characters")));
        }
        let composed: String = if is_nfc(source) { source.to_owned() } else { source.nfc().collect() };
        let alternatives = reader::alternatives(&composed).map_err(|(at, why)| (at.min(length), why))?;
        let prefix = match alternatives.as_slice() {
            [only] => only.iter().filter(|part| !part.negated).map(|part| part.prefix.as_str()).max_by_key(|p| p.len()),
            _ => None,
        };
        let prefix = prefix.unwrap_or_default().to_owned();
        let is_plain = |parts: &[Part]| matches!(parts, [Part { negated: false, .. }]);
        let (plain, joined): (Vec<_>, Vec<_>) = alternatives.into_iter().partition(|parts| is_plain(parts));
        if joined.iter().map(Vec::len).sum::<usize>() > PARTS_MAX {
            return Err((0, format!("`&` and `~` join at most {PARTS_MAX} expressions")));
        }
        let plain: Vec<String> = plain.into_iter().flatten().map(|part| part.expression).collect();
        let plain = if plain.is_empty() { None } else { Some(compile(&plain.join("|"))?) };
        let part = |part: Part| Ok((part.negated, compile(&part.expression)?));
        let joined: Result<Vec<Vec<_>>, _> =
            joined.into_iter().map(|parts| parts.into_iter().map(part).collect()).collect();
        Ok(Self { source: source.to_owned(), prefix, plain, joined: joined? })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What every match begins with, folded; empty when that is not known.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The anchored expression in the syntax of the `regex` crate, over folded text; `None` when `&` or `~` need
    /// several.
    pub fn expression(&self) -> Option<&str> {
        self.plain.as_ref().filter(|_| self.joined.is_empty()).map(Regex::as_str)
    }

    /// Whether the whole of `folded` matches.
    pub fn matches(&self, folded: &str) -> bool {
        self.plain.as_ref().is_some_and(|plain| plain.is_match(folded))
            || self.joined.iter().any(|parts| parts.iter().all(|(negated, one)| one.is_match(folded) != *negated))
    }
}

fn compile(expression: &str) -> Result<Regex, (usize, String)> {
    let compiled = RegexBuilder::new(&format!("^(?:{expression})$"))
        .dot_matches_new_line(true)
        .size_limit(COMPILED_MAX)
        .dfa_size_limit(COMPILED_MAX)
        .build();
    compiled.map_err(|error| match error {
        Error::CompiledTooBig(_) => (0, "the regular expression stands for too much; repeat fewer times".to_owned()),
        _ => (0, "the regular expression is nested too deeply".to_owned()),
    })
}

#[cfg(test)]
mod tests;
