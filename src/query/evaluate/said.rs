//! The words of one transcript: how often a term stands in them, and where.
use crate::base::fold::fold_value;
use crate::domain::fields::SpeakerMap;
use crate::domain::transcript::Turn;
use crate::domain::words::{self, Token};
use crate::query::resolved::{Moment, Said, Speaker};

/// The turns of a transcript, as heard in its folder.
pub struct Heard<'a> {
    turns: Vec<(&'a Turn, Vec<Token>)>,
    speakers: &'a SpeakerMap,
}

impl<'a> Heard<'a> {
    /// Reads the turns' words.
    pub fn new(turns: &'a [Turn], speakers: &'a SpeakerMap) -> Self {
        Self { turns: turns.iter().map(|turn| (turn, words::tokens(&turn.text))).collect(), speakers }
    }

    /// How often the words stand there, in the speaker's turns; overlapping places count each.
    pub fn frequency(&self, said: &Said) -> u32 {
        let places = self.turns.iter().map(|(turn, tokens)| self.places(turn, tokens, said).count());
        u32::try_from(places.sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// The first turns in which any of the terms stands.
    pub fn moments(&self, terms: &[&Said], most: usize) -> Vec<Moment> {
        let moments = self.turns.iter().filter_map(|(turn, tokens)| {
            let mut places: Vec<(usize, usize)> =
                terms.iter().flat_map(|said| self.places(turn, tokens, said)).collect();
            places.sort_unstable();
            let spans = spans(&turn.text, &places);
            (!spans.is_empty()).then(|| Moment {
                turn: turn.no,
                speaker: turn.speaker.clone(),
                channel: turn.channel,
                start: turn.start,
                end: turn.end,
                text: turn.text.clone(),
                spans,
            })
        });
        moments.take(most).collect()
    }

    /// Where the words stand in a turn, `[from, to)` in bytes.
    fn places<'s>(
        &'s self,
        turn: &'s Turn,
        tokens: &'s [Token],
        said: &'s Said,
    ) -> impl Iterator<Item = (usize, usize)> + use<'s, 'a> {
        let spoken = match &said.by {
            Speaker::Anyone => true,
            Speaker::Role(role) => turn.role_in(self.speakers) == *role,
            Speaker::Label(label) => turn.speaker.as_deref().is_some_and(|own| fold_value(own) == *label),
        };
        let runs = if spoken { tokens.windows(said.phrase.words.len().max(1)) } else { [].windows(1) };
        runs.filter_map(|run| match (run.first(), run.last()) {
            (Some(first), Some(last))
                if run.iter().zip(&said.phrase.words).all(|(token, word)| word.matches(&token.text)) =>
            {
                Some((first.from, last.to))
            }
            _ => None,
        })
    }
}

/// Sorted places in bytes as spans in characters; what overlaps becomes one.
pub fn spans(text: &str, places: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(places.len());
    for (from, to) in places {
        match joined.last_mut() {
            Some(last) if *from < last.1 => last.1 = last.1.max(*to),
            _ => joined.push((*from, *to)),
        }
    }
    let (mut byte, mut character) = (0, 0);
    let mut characters = |to: usize| {
        character += text.get(byte..to).map_or(0, |part| part.chars().count());
        byte = to;
        character
    };
    joined.into_iter().map(|(from, to)| (characters(from), characters(to))).collect()
}
