//! What is said, as written, becomes words with places: the one reader of phrases for both query languages.
//!
//! *Decisions.* Signs that say how words stand come last (`"close account ~4 ~s<30"`), `^` comes first; `^` and `$`
//! elsewhere are punctuation. A `*` glued to a character that is a word of its own (Chinese, Japanese, Korean, Thai)
//! adds nothing, since such a word goes no further. A single `?` right behind a word of a phrase of several is a
//! question mark, so that sentences can be pasted and lists of phrases run as they are: `"can I help you?"`.
mod signs;

use super::ast::{Letter, Written};
use super::glob::Glob;
use super::lexer::Fault;
use super::pattern::Pattern;
use super::pattern::fuzzy::Fuzzy;
use super::pattern::regex::WholeRegex;
use super::resolved::{Arrangement, Phrase, When, Word};
use crate::domain::words;
use signs::{Nearness, Signs};

/// The most words of a phrase with a distance.
pub const SPREAD_WORDS_MAX: usize = 64;

/// Reads words, a phrase, a pattern or an expression, with all signs.
///
/// # Errors
/// When there is no word in it, or a sign is not understood; with the place.
pub fn read(written: &Written) -> Result<(Phrase, Vec<When>), Fault> {
    let (words, signs) = parts(written)?;
    let how = match signs.how {
        Some((_, how)) if words.len() > 1 => how,
        _ => Arrangement::Adjacent,
    };
    if let (Some((at, _)), true) = (signs.how, how != Arrangement::Adjacent && words.len() > SPREAD_WORDS_MAX) {
        let detail = format!("distances go with at most {SPREAD_WORDS_MAX} words; there are {}", words.len());
        return Err(Fault::new(at, detail));
    }
    let (first, last) = (signs.first.is_some(), signs.last.is_some());
    Ok((Phrase { words, how, first, last }, signs.when.into_iter().map(|(_, when)| when).collect()))
}

/// Reads words of a text value: side by side, anywhere in it.
///
/// # Errors
/// As [`read`]; for signs that speak of turns.
pub fn read_text(written: &Written) -> Result<Phrase, Fault> {
    let (words, signs) = parts(written)?;
    match signs.earliest() {
        None => Ok(Phrase { words, how: Arrangement::Adjacent, first: false, last: false }),
        Some((at, sign)) => {
            let what = "anchors, distances and times are about turns and do not go with text values";
            Err(Fault::new(at, format!("{what}; write `\\{sign}` for the sign itself")))
        }
    }
}

/// The words, at least one, and the signs beside them.
fn parts(written: &Written) -> Result<(Vec<Word>, Signs), Fault> {
    let mut signs = Signs::default();
    if written.regex {
        let word = Word::Like(Pattern::Regex(expression(written)?));
        signs.read(&written.signs, Nearness::None)?;
        return Ok((vec![word], signs));
    }
    let tail = written.letters.iter().position(|letter| letter.is_sign('~')).unwrap_or(written.letters.len());
    let (body, tail) = written.letters.split_at_checked(tail).unwrap_or((&written.letters, &[]));
    let body = signs.anchors(body);
    let words = cut(body)?;
    if words.is_empty() {
        return Err(no_word(written, tail.first()));
    }
    signs.read(tail, if written.quoted { Nearness::Distance } else { Nearness::Edits })?;
    signs.read(&written.signs, Nearness::Distance)?;
    match signs.edits {
        None => Ok((words, signs)),
        Some((at, edits)) => fuzzy(words, at, edits).map(|word| (vec![word], signs)),
    }
}

/// The expression between slashes.
///
/// # Errors
/// Where it goes wrong.
pub fn expression(written: &Written) -> Result<WholeRegex, Fault> {
    WholeRegex::parse(&written.value()).map_err(|(at, why)| {
        let place = written.letters.get(at).map_or_else(|| written.end(), |letter| letter.at);
        Fault::new(place, why)
    })
}

fn fuzzy(mut words: Vec<Word>, at: usize, edits: u8) -> Result<Word, Fault> {
    match (words.pop(), words.is_empty()) {
        (Some(Word::Exact(word)), true) => Ok(Word::Like(Pattern::Fuzzy(Fuzzy::new(word, edits)))),
        (Some(Word::Like(_)), true) => {
            Err(Fault::new(at, "a word has either `*` and `?` or a `~`; write `\\~` for the sign itself"))
        }
        _ => Err(Fault::new(
            at,
            "`~` after a word asks for similar ones and goes with a single word; for a distance quote the words, as in \
             `\"close account\"~4`",
        )),
    }
}

fn no_word(written: &Written, sign: Option<&Letter>) -> Fault {
    let only = match written.letters.as_slice() {
        [only] if !written.quoted => Some(only),
        _ => None,
    };
    match (sign, only) {
        (Some(sign), _) => Fault::new(
            sign.at,
            "expected a word before `~`; behind a quoted phrase it follows the quotes without a blank",
        ),
        (None, Some(only)) if only.is_sign('^') => {
            Fault::new(written.end(), "expected a word right after `^`; before a phrase it stands inside the quotes")
        }
        (None, Some(only)) if only.is_sign('$') => {
            Fault::new(only.at, "expected a word right before `$`; after a phrase it stands inside the quotes")
        }
        _ => {
            let shown: String = written.value().chars().take(80).collect();
            Fault::new(written.at, format!("there is no word in {shown:?}"))
        }
    }
}

/// The letters with question marks taken for what they are.
fn unasked(body: &[Letter]) -> Vec<Letter> {
    let mut letters = body.to_vec();
    let chunks = body.split(|letter| letter.is.is_whitespace()).filter(|chunk| !chunk.is_empty()).count();
    if chunks < 2 {
        return letters;
    }
    let is_sign = |letter: Option<&Letter>| letter.is_some_and(|l| l.is_sign('*') || l.is_sign('?'));
    for (place, letter) in letters.iter_mut().enumerate() {
        let before = place.checked_sub(1).and_then(|before| body.get(before));
        let ends = body.get(place + 1).is_none_or(|next| next.is.is_whitespace());
        let behind_word = before.is_some_and(|before| before.is.is_alphanumeric());
        if letter.is_sign('?') && ends && behind_word && !is_sign(before) {
            letter.literal = true;
        }
    }
    letters
}

/// Cuts letters into words as [`words`] does, `*` and `?` counted as letters.
fn cut(body: &[Letter]) -> Result<Vec<Word>, Fault> {
    let body = unasked(body);
    let is_sign = |letter: &Letter| letter.is_sign('*') || letter.is_sign('?');
    let (mut text, mut starts) = (String::new(), Vec::with_capacity(body.len()));
    for letter in &body {
        starts.push(text.len());
        text.push(if is_sign(letter) { 'x' } else { letter.is });
    }
    let tokens = words::tokens(&text);
    let mut cut = Vec::with_capacity(tokens.len());
    let mut before = None;
    for (place, token) in tokens.iter().enumerate() {
        let place_of = |byte: usize| starts.partition_point(|start| *start < byte);
        let letters = body.get(place_of(token.from)..place_of(token.to)).unwrap_or_default();
        let glued_before = before == Some(token.from);
        let glued_after = tokens.get(place + 1).is_some_and(|next| next.from == token.to);
        before = Some(token.to);
        if !letters.iter().any(is_sign) {
            cut.push(Word::Exact(token.text.clone()));
            continue;
        }
        match (letters.iter().all(|letter| letter.is_sign('*')), glued_before, glued_after) {
            (true, true, true) => {
                let at = letters.first().map_or(0, |letter| letter.at);
                let detail = "`*` stands between characters that are words of their own; quote them with a distance, \
                              as in `\"北 京\"~4`";
                return Err(Fault::new(at, detail));
            }
            (true, true, _) | (true, _, true) => {}
            _ => {
                let glob = Glob::new(letters.iter().map(|letter| (letter.is, letter.literal)));
                cut.push(Word::Like(Pattern::Glob(glob)));
            }
        }
    }
    Ok(cut)
}

#[cfg(test)]
mod tests;
