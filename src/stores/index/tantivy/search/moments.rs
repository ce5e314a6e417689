//! The turns that matched, for the rows of a page only.
use super::context::Context;
use super::said::Spoken;
use crate::domain::words::{self, Token};
use crate::query::places::Places;
use crate::query::resolved::{Moment, Said, Word};
use crate::stores::error::Result;
use std::collections::BTreeMap;

/// A turn that matched, and the clauses it matched.
struct Matched<'a> {
    turn: Spoken<'a>,
    clauses: Vec<usize>,
}

/// The first moments of each of these transcripts.
pub fn of(context: &Context<'_>, keys: &[u32]) -> Result<Vec<Vec<Moment>>> {
    let most = context.search.moments;
    if most == 0 || context.scored.is_empty() {
        return Ok(keys.iter().map(|_| Vec::new()).collect());
    }
    let mut clauses = context.scored.clone();
    clauses.sort_unstable();
    clauses.dedup();
    let mut turns: Vec<BTreeMap<u32, Matched<'_>>> = keys.iter().map(|_| BTreeMap::new()).collect();
    for at in clauses {
        let mut failed = None;
        context.in_transcripts(at, keys, |key, turn| match (turn.segment.cache.no(turn.doc), turns.get_mut(key)) {
            (Ok(no), Some(own)) => {
                own.entry(no).or_insert_with(|| Matched { turn, clauses: Vec::new() }).clauses.push(at);
            }
            (Err(error), _) => failed = Some(error),
            (Ok(_), None) => {}
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    turns
        .into_iter()
        .map(|own| own.into_values().take(most).map(|matched| moment(context, &matched)).collect())
        .collect()
}

fn moment(context: &Context<'_>, matched: &Matched<'_>) -> Result<Moment> {
    context.deadline.tick()?;
    let turn = matched.turn.segment.cache.turn(matched.turn.doc)?;
    let said = matched.clauses.iter().filter_map(|at| context.clauses.get(*at)).map(|clause| clause.said);
    let spans = spans(&turn.text, said, || context.deadline.tick())?;
    Ok(Moment {
        turn: turn.no,
        speaker: turn.speaker,
        channel: turn.channel,
        start: turn.start,
        end: turn.end,
        text: turn.text,
        spans,
    })
}

/// Where the words of the clauses stand in a text, in characters; what overlaps is one.
fn spans<'a>(
    text: &str,
    clauses: impl Iterator<Item = &'a Said>,
    mut tick: impl FnMut() -> Result<()>,
) -> Result<Vec<(usize, usize)>> {
    let tokens = words::tokens(text);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for said in clauses {
        let phrase = &said.phrase;
        let lists: Vec<Vec<u32>> = phrase.words.iter().map(|word| places(&tokens, word)).collect();
        let lists: Vec<&[u32]> = lists.iter().map(Vec::as_slice).collect();
        let words = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let shown = Places { phrase, lists: &lists, words, apart: false }.shown(&mut tick)?;
        found.extend(
            shown
                .into_iter()
                .filter_map(|(first, last)| Some((tokens.get(first as usize)?.from, tokens.get(last as usize)?.to))),
        );
    }
    found.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (from, to) in found {
        match merged.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    Ok(in_characters(text, merged))
}

/// The words of the turn that are meant.
fn places(tokens: &[Token], word: &Word) -> Vec<u32> {
    tokens.iter().zip(0u32..).filter(|(token, _)| word.matches(&token.text)).map(|(_, place)| place).collect()
}

/// Bytes to characters, in one pass.
fn in_characters(text: &str, spans: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let (mut byte, mut character) = (0, 0);
    let mut reach = |target: usize| {
        character += text.get(byte..target).map_or(0, |part| part.chars().count());
        byte = target.max(byte);
        character
    };
    spans.into_iter().map(|(from, to)| (reach(from), reach(to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::resolved::Speaker;

    fn said(words: &[&str]) -> Said {
        Said::exact(Speaker::Anyone, words.iter().copied())
    }

    #[test]
    fn spans_count_characters_and_do_not_overlap() {
        let shown = |text: &str, clauses: &[Said]| spans(text, clauses.iter(), || Ok(())).unwrap();
        let clauses = [said(&["cancel"]), said(&["cancel", "my"]), said(&["plan"])];
        assert_eq!(shown("Zürich: cancel my plan", &clauses), [(8, 17), (18, 22)]);
        assert_eq!(shown("nothing", &clauses), []);
        assert_eq!(shown("no no no", &[said(&["no", "no"])]), [(0, 8)]);
    }
}
