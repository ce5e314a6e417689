//! What is said, as written, becomes words with places: the one reader of phrases for both query languages.
use super::ast::Written;
use super::lexer::Fault;
use super::resolved::{Phrase, When};
use crate::domain::words;

/// Reads words, a phrase, a pattern or an expression, with all signs.
///
/// # Errors
/// When there is no word in it, or a sign is not understood; with the place.
pub fn read(written: &Written) -> Result<(Phrase, Vec<When>), Fault> {
    if let Some(fault) = unavailable(written) {
        return Err(fault);
    }
    let value = written.value();
    let words: Vec<String> = words::tokens(&value).into_iter().map(|token| token.text).collect();
    if words.is_empty() {
        let shown: String = value.chars().take(80).collect();
        return Err(Fault::new(written.at, format!("there is no word in {shown:?}")));
    }
    Ok((Phrase::exact(words), Vec::new()))
}

/// What a sign among words means that this version does not know yet; `None` when there is no such sign.
fn unavailable(written: &Written) -> Option<Fault> {
    let last = written.letters.len().saturating_sub(1);
    let letter = written.letters.iter().enumerate().find(|(place, letter)| {
        !letter.literal
            && match letter.is {
                '*' | '?' => true,
                '~' => !written.quoted,
                '/' | '^' => !written.quoted && *place == 0,
                '$' => !written.quoted && *place == last,
                _ => false,
            }
    });
    let (at, sign) = letter.map(|(_, letter)| (letter.at, letter.is))?;
    let what = match sign {
        '*' | '?' => "patterns within words are not available yet",
        '~' => "distances are not available yet",
        '/' => "regular expressions are not available yet",
        _ => "anchors to the turn's beginning or end are not available yet",
    };
    Some(Fault::new(at, format!("{what}; write `\\{sign}` for the sign itself")))
}
