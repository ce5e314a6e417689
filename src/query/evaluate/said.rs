//! The words of one transcript: how often a term stands in them, and where.
use super::places::{Places, places};
use crate::base::fold::fold_value;
use crate::domain::fields::SpeakerMap;
use crate::domain::transcript::Turn;
use crate::domain::words::{self, Token};
use crate::query::resolved::{Moment, Said, Speaker};

/// The turns of a transcript, as heard in its folder.
pub struct Heard<'a> {
    turns: Vec<(&'a Turn, Vec<Token>)>,
    duration: Option<f64>,
    speakers: &'a SpeakerMap,
}

impl<'a> Heard<'a> {
    /// Reads the turns' words; `duration` of the recording in seconds.
    pub fn new(turns: &'a [Turn], duration: Option<f64>, speakers: &'a SpeakerMap) -> Self {
        let turns = turns.iter().map(|turn| (turn, words::tokens(&turn.text))).collect();
        Self { turns, duration, speakers }
    }

    /// How often the words stand there, in the speaker's turns.
    pub fn frequency(&self, said: &Said) -> u32 {
        self.matching(said).fold(0, |sum, (_, places)| sum.saturating_add(places.count))
    }

    /// The turns in which the words stand, in order.
    pub fn matching<'s>(&'s self, said: &'s Said) -> impl Iterator<Item = (&'a Turn, Places)> + use<'s, 'a> {
        self.turns.iter().map(|(turn, tokens)| (*turn, self.places(turn, tokens, said))).filter(|(_, p)| p.count > 0)
    }

    /// The first turns in which any of the terms stands.
    pub fn moments(&self, terms: &[&Said], most: usize) -> Vec<Moment> {
        let moments = self.turns.iter().filter_map(|(turn, tokens)| {
            let mut places: Vec<(usize, usize)> =
                terms.iter().flat_map(|said| self.places(turn, tokens, said).spans).collect();
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

    /// Where the words stand in a turn: nowhere when another speaks, or at another time.
    fn places(&self, turn: &Turn, tokens: &[Token], said: &Said) -> Places {
        let spoken = match &said.by {
            Speaker::Anyone => true,
            Speaker::Role(role) => turn.role_in(self.speakers) == *role,
            Speaker::Label(label) => turn.speaker.as_deref().is_some_and(|own| fold_value(own) == *label),
        };
        let then = said.when.iter().all(|when| when.holds(turn.start, self.duration));
        if spoken && then { places(tokens, &said.phrase) } else { Places::default() }
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
