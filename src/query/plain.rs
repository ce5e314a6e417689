//! V-Spark's plain text, as `terms.all|agent|client` take it: `|` over `&` over phrases, each with an optional `-` before
//! it that excludes. What the signs within a phrase mean, [`super::phrase`] says, as within quotes in `q`.
//!
//! *Decisions.* Signs may be combined. There are no brackets, and `AND`, `OR`, `NOT` are words; quotes are punctuation.
//! `\` takes a sign literally, as in `q`.
use super::ast::{Letter, Query, Written};
use super::lexer::Fault;
use super::resolved::Speaker;
use crate::domain::refusal::Code;

/// Reads a text. Nothing but blanks is everything.
///
/// # Errors
/// When a phrase is missing; `query_too_large` with more than `clauses_max` phrases.
pub fn parse(text: &str, by: &Speaker, clauses_max: usize) -> Result<Query, Fault> {
    let letters = letters(text)?;
    if letters.iter().all(|letter| letter.is.is_whitespace()) {
        return Ok(Query::All);
    }
    let end = text.chars().count();
    let pieces = 1 + letters.iter().filter(|letter| letter.is_sign('|') || letter.is_sign('&')).count();
    if pieces > clauses_max {
        let detail = format!("the search has more than {clauses_max} clauses");
        return Err(Fault { at: end, code: Code::QueryTooLarge, detail });
    }
    let either = each(&letters, '|', end, |part, end| {
        let both = each(part, '&', end, |part, end| piece(part, end, by))?;
        Ok(Query::joined(both, Query::And))
    })?;
    Ok(Query::joined(either, Query::Or))
}

/// One expression over single words, as `regex.all|agent|client` take it. Nothing but blanks is everything.
pub fn expression(text: &str, by: &Speaker) -> Query {
    if text.trim().is_empty() {
        return Query::All;
    }
    let blank = text.len() - text.trim_start().len();
    let before = text.get(..blank).map_or(0, |blanks| blanks.chars().count());
    let letters = text.trim().chars().zip(before..).map(|(is, at)| Letter { is, literal: false, at }).collect();
    Query::Said(by.clone(), Written { at: before, letters, regex: true, ..Written::default() })
}

fn letters(text: &str) -> Result<Vec<Letter>, Fault> {
    let mut letters = Vec::with_capacity(text.len());
    let mut rest = text.chars().zip(0..);
    while let Some((is, at)) = rest.next() {
        letters.push(match is {
            '\\' => match rest.next() {
                Some((is, _)) => Letter { is, literal: true, at },
                None => return Err(Fault::new(at, "nothing follows the `\\`")),
            },
            _ => Letter { is, literal: false, at },
        });
    }
    Ok(letters)
}

/// Reads what stands between the signs; with each part comes the place behind it.
fn each<'l>(
    letters: &'l [Letter],
    sign: char,
    end: usize,
    mut read: impl FnMut(&'l [Letter], usize) -> Result<Query, Fault>,
) -> Result<Vec<Query>, Fault> {
    let mut parts = Vec::new();
    let mut rest = letters;
    loop {
        let next = rest.iter().position(|letter| letter.is_sign(sign));
        let (part, behind) = rest.split_at_checked(next.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        match behind.split_first() {
            Some((sign, after)) => {
                parts.push(read(part, sign.at)?);
                rest = after;
            }
            None => {
                parts.push(read(part, end)?);
                return Ok(parts);
            }
        }
    }
}

fn piece(letters: &[Letter], end: usize, by: &Speaker) -> Result<Query, Fault> {
    let begin = |letters: &[Letter]| letters.iter().position(|letter| !letter.is.is_whitespace());
    let Some(first) = begin(letters).and_then(|from| letters.get(from..)) else {
        return Err(Fault::new(end, "expected a phrase"));
    };
    let phrase = |letters: &[Letter]| {
        let at = letters.first().map_or(end, |letter| letter.at);
        Query::Said(by.clone(), Written { at, letters: letters.to_vec(), quoted: true, ..Written::default() })
    };
    match first.split_first().filter(|(sign, _)| sign.is_sign('-')) {
        None => Ok(phrase(first)),
        Some((_, rest)) => match begin(rest).and_then(|from| rest.get(from..)) {
            Some(rest) => Ok(Query::Not(Box::new(phrase(rest)))),
            None => Err(Fault::new(end, "expected a phrase to exclude after `-`")),
        },
    }
}

#[cfg(test)]
mod tests;
