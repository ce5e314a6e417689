//! Where a phrase stands in a text: [`Phrase`] and [`Arrangement`] taken at their word.
use crate::domain::words::Token;
use crate::query::resolved::{Arrangement, Phrase, Word};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The places of a phrase in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// How often it stands there, as scores count it.
    pub count: u32,
    /// What is shown, `[from, to)` in bytes; ascending by where they begin, they may overlap.
    pub spans: Vec<(usize, usize)>,
}

/// Looks for a phrase among the words of one text.
pub fn places(tokens: &[Token], phrase: &Phrase) -> Places {
    match phrase.how {
        // One word has no others to stand by.
        _ if phrase.words.len() < 2 => adjacent(tokens, phrase),
        Arrangement::Adjacent => adjacent(tokens, phrase),
        Arrangement::Within(others) => Table::new(tokens, phrase).within(others),
        Arrangement::SameTurn => Table::new(tokens, phrase).anywhere(),
    }
}

fn adjacent(tokens: &[Token], phrase: &Phrase) -> Places {
    let size = phrase.words.len();
    let mut found = Places::default();
    for (at, run) in tokens.windows(size.max(1)).enumerate() {
        let stands = size > 0
            && (!phrase.first || at == 0)
            && (!phrase.last || at + size == tokens.len())
            && run.iter().zip(&phrase.words).all(|(token, word)| word.matches(&token.text));
        if let (true, Some(first), Some(last)) = (stands, run.first(), run.last()) {
            found.count = found.count.saturating_add(1);
            found.spans.push((first.from, last.to));
        }
    }
    found
}

/// Which word may stand where.
struct Table<'a> {
    tokens: &'a [Token],
    phrase: &'a Phrase,
    /// For each word of the phrase the places it matches, ascending.
    words: Vec<Vec<usize>>,
    /// The places any word matches, ascending.
    places: Vec<usize>,
}

impl<'a> Table<'a> {
    fn new(tokens: &'a [Token], phrase: &'a Phrase) -> Self {
        let places_of = |word: &Word| {
            tokens.iter().enumerate().filter(|(_, token)| word.matches(&token.text)).map(|(place, _)| place).collect()
        };
        let words: Vec<Vec<usize>> = phrase.words.iter().map(places_of).collect();
        let mut places: Vec<usize> = words.iter().flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        Self { tokens, phrase, words, places }
    }

    fn last_place(&self) -> usize {
        self.tokens.len().saturating_sub(1)
    }

    /// In any order, with at most so many other words between.
    fn within(&self, others: u32) -> Places {
        let mut found = Places::default();
        for begin in self.places.iter().copied().filter(|place| !self.phrase.first || *place == 0) {
            if let Some(end) = self.shortest(begin, others) {
                found.count = found.count.saturating_add(1);
                found.spans.extend(self.shown(begin..=end));
            }
        }
        found.spans.sort_unstable();
        found.spans.dedup();
        found
    }

    /// The last place of the shortest match whose first place is `begin`; with `last` it is the turn's last word.
    fn shortest(&self, begin: usize, others: u32) -> Option<usize> {
        let longest = self.words.len().saturating_add(usize::try_from(others).unwrap_or(usize::MAX));
        let farthest = begin.saturating_add(longest - 1).min(self.last_place());
        if self.phrase.last {
            let end = self.last_place();
            let must: &[usize] = if begin == end { &[begin] } else { &[begin, end] };
            return (farthest == end && self.seats(begin..=end, must)).then_some(end);
        }
        // What a window holds a longer one holds too.
        let ends: Vec<usize> = self.places.iter().copied().filter(|end| (begin..=farthest).contains(end)).collect();
        let short = ends.partition_point(|end| !self.seats(begin..=*end, &[begin]));
        ends.get(short).copied()
    }

    /// Anywhere, in any order.
    fn anywhere(&self) -> Places {
        let mut must = Vec::new();
        if self.phrase.first {
            must.push(0);
        }
        if self.phrase.last && !must.contains(&self.last_place()) {
            must.push(self.last_place());
        }
        let whole = 0..=self.last_place();
        match !self.tokens.is_empty() && self.seats(whole.clone(), &must) {
            true => Places { count: 1, spans: self.shown(whole).collect() },
            false => Places::default(),
        }
    }

    /// The words in a window that match any word of the phrase.
    fn shown(&self, window: RangeInclusive<usize>) -> impl Iterator<Item = (usize, usize)> {
        let inside = self.places.iter().filter(move |place| window.contains(*place));
        inside.filter_map(|place| self.tokens.get(*place)).map(|token| (token.from, token.to))
    }

    /// Whether each word of the phrase can have a place of its own in the window, those in `must` taken.
    fn seats(&self, window: RangeInclusive<usize>, must: &[usize]) -> bool {
        let words = self.words.iter().map(|own| own.iter().copied().filter(|place| window.contains(place)).collect());
        seated(words.collect(), must)
    }
}

/// Whether each word can have a place of its own, those in `must` taken: one of the words stands at each of them, the
/// others elsewhere.
fn seated(words: Vec<Vec<usize>>, must: &[usize]) -> bool {
    let Some((taken, rest)) = must.split_first() else { return own_places(&words) };
    (0..words.len()).any(|word| {
        let stands = words.get(word).is_some_and(|own| own.contains(taken));
        let others = || {
            let others = words.iter().enumerate().filter(|(other, _)| *other != word).map(|(_, own)| own);
            others.map(|own| own.iter().copied().filter(|place| place != taken).collect()).collect()
        };
        stands && seated(others(), rest)
    })
}

/// Whether each word can have a place of its own: one after the other is given one, and those before it move on where
/// that makes room (augmenting paths, Kuhn 1955).
fn own_places(words: &[Vec<usize>]) -> bool {
    let mut seating = Seating { words, place_of: BTreeMap::new(), word_at: BTreeMap::new() };
    (0..words.len()).all(|word| seating.seat(word))
}

struct Seating<'a> {
    words: &'a [Vec<usize>],
    place_of: BTreeMap<usize, usize>,
    word_at: BTreeMap<usize, usize>,
}

impl Seating<'_> {
    fn seat(&mut self, word: usize) -> bool {
        // Who wants each place looked at.
        let mut wanted: BTreeMap<usize, usize> = BTreeMap::new();
        let mut standing = vec![word];
        while let Some(next) = standing.pop() {
            for place in self.words.get(next).into_iter().flatten() {
                if wanted.contains_key(place) {
                    continue;
                }
                wanted.insert(*place, next);
                match self.word_at.get(place) {
                    Some(other) => standing.push(*other),
                    None => {
                        self.move_on(*place, &wanted);
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whoever wants the free place takes it; whoever wants the place left by that takes this one, and so on.
    fn move_on(&mut self, free: usize, wanted: &BTreeMap<usize, usize>) {
        let mut place = free;
        while let Some(word) = wanted.get(&place) {
            self.word_at.insert(place, *word);
            match self.place_of.insert(*word, place) {
                Some(left) => place = left,
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::tokens;
    use crate::query::glob::Glob;
    use crate::query::pattern::Pattern;
    use proptest::prelude::*;

    fn phrase(words: &str, how: Arrangement, first: bool, last: bool) -> Phrase {
        let word = |text: &str| match text.contains(['*', '?']) {
            true => Word::Like(Pattern::Glob(Glob::new(text.chars().map(|letter| (letter, false))))),
            false => Word::Exact(text.to_owned()),
        };
        Phrase { words: words.split(' ').map(word).collect(), how, first, last }
    }

    fn found(text: &str, words: &str, how: Arrangement) -> (u32, Vec<String>) {
        let found = places(&tokens(text), &phrase(words, how, false, false));
        (found.count, found.spans.iter().map(|(from, to)| text[*from..*to].to_owned()).collect())
    }

    #[test]
    fn words_side_by_side_keep_their_order() {
        assert_eq!(found("a b a b a", "a b a", Arrangement::Adjacent), (2, vec!["a b a".into(), "a b a".into()]));
        assert_eq!(found("b a", "a b", Arrangement::Adjacent).0, 0);
        assert_eq!(found("plan plane plans", "pl* pl?ne", Arrangement::Adjacent).0, 1);
    }

    #[test]
    fn words_within_a_distance_stand_in_any_order() {
        let text = "close my old account now";
        assert_eq!(found(text, "account close", Arrangement::Within(2)), (1, vec!["close".into(), "account".into()]));
        assert_eq!(found(text, "account close", Arrangement::Within(1)).0, 0);
        assert_eq!(found("a b x a", "a b", Arrangement::Within(0)).0, 1);
        // It begins at the first `a` (to `b`) and at `b` (to the second `a`).
        assert_eq!(found("a b x a", "a b", Arrangement::Within(1)), (2, vec!["a".into(), "b".into(), "a".into()]));
    }

    #[test]
    fn one_place_serves_one_word() {
        assert_eq!(found("a", "a a", Arrangement::SameTurn).0, 0);
        assert_eq!(found("a x a", "a a", Arrangement::SameTurn), (1, vec!["a".into(), "a".into()]));
        // `a*` must leave `ab` to the other.
        assert_eq!(found("ab ac", "a* ab", Arrangement::Within(0)).0, 1);
        assert_eq!(found("ab b", "a* ab", Arrangement::SameTurn).0, 0);
    }

    #[test]
    fn a_match_may_have_to_begin_or_end_with_the_turn() {
        let count = |text: &str, words, how, first, last| places(&tokens(text), &phrase(words, how, first, last)).count;
        let near = Arrangement::Within(3);
        assert_eq!(count("hello you hello", "hello", Arrangement::Adjacent, true, false), 1);
        assert_eq!(count("you hello", "hello", Arrangement::Adjacent, true, false), 0);
        assert_eq!(count("you hello", "hello", Arrangement::Adjacent, false, true), 1);
        assert_eq!(count("a x b", "b a", near, true, true), 1);
        assert_eq!(count("a b x", "b a", near, false, true), 0);
        assert_eq!(count("x a b", "b a", near, true, false), 0);
        assert_eq!(count("x a b", "b a", Arrangement::SameTurn, false, true), 1);
        assert_eq!(count("a b x", "b a", Arrangement::SameTurn, false, true), 0);
        assert_eq!(count("a", "a", Arrangement::SameTurn, true, true), 1);
        assert_eq!(count("", "a b", Arrangement::SameTurn, true, true), 0);
        let spans = places(&tokens("a b a"), &phrase("a b", near, false, true)).spans;
        assert_eq!(spans, [(2, 3), (4, 5)], "from `b` to the end; from the first `a` one word would have no place");
    }

    /// All choices of places, one after the other.
    fn choices(words: &[Word], tokens: &[Token], chosen: &mut Vec<usize>, each: &mut impl FnMut(&[usize])) {
        let Some(word) = words.get(chosen.len()) else { return each(chosen) };
        for place in 0..tokens.len() {
            if !chosen.contains(&place) && word.matches(&tokens[place].text) {
                chosen.push(place);
                choices(words, tokens, chosen, each);
                chosen.pop();
            }
        }
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_the_definition(
            text in "([abc] ){0,7}",
            words in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "?", "*"]), 2..5),
            others in 0..4u32, first: bool, last: bool, same: bool,
        ) {
            let tokens = tokens(&text);
            let how = if same { Arrangement::SameTurn } else { Arrangement::Within(others) };
            let phrase = phrase(&words.join(" "), how, first, last);
            let mut begins = std::collections::BTreeMap::new();
            choices(&phrase.words, &tokens, &mut Vec::new(), &mut |chosen| {
                let (least, most) = (chosen.iter().min().unwrap(), chosen.iter().max().unwrap());
                let near = same || most - least < words.len() + others as usize;
                if near && (!first || *least == 0) && (!last || *most == tokens.len() - 1) {
                    let end = begins.entry(*least).or_insert(*most);
                    *end = (*end).min(*most);
                }
            });
            let found = places(&tokens, &phrase);
            let count = if same { usize::from(!begins.is_empty()) } else { begins.len() };
            prop_assert_eq!(found.count as usize, count);
            let shown = |place: &usize| phrase.words.iter().any(|word| word.matches(&tokens[*place].text));
            let inside = |place: &usize| {
                if same { !begins.is_empty() } else { begins.iter().any(|(from, to)| (from..=to).contains(&place)) }
            };
            let spans: Vec<_> = (0..tokens.len()).filter(|p| shown(p) && inside(p)).map(|p| (tokens[p].from, tokens[p].to)).collect();
            prop_assert_eq!(found.spans, spans);
        }
    }
}
