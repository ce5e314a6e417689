//! Words said in one turn, by trying every choice of places.
use super::alike::Alike;
use super::hall::{Record, Turn};
use std::cell::OnceCell;

enum How {
    SideBySide,
    Within(usize),
    Anywhere,
}

/// Words, how they stand, who says them, and when.
pub struct Said {
    words: Vec<Alike>,
    how: How,
    first: bool,
    last: bool,
    by: Option<&'static str>,
    /// From the end, nearer, seconds.
    when: Vec<(bool, bool, f64)>,
    /// For each word of the phrase, which words of the vocabulary it stands for.
    meant: OnceCell<Vec<Vec<bool>>>,
}

/// Words parted by blanks, each as [`Alike::read`] takes it; side by side unless said otherwise.
pub fn said(words: &str) -> Said {
    let words = words.split_whitespace().map(Alike::read).collect();
    Said { words, how: How::SideBySide, first: false, last: false, by: None, when: Vec::new(), meant: OnceCell::new() }
}

impl Said {
    /// In any order, with at most so many other words between.
    pub fn within(self, others: usize) -> Self {
        Self { how: How::Within(others), ..self }
    }

    /// In any order, anywhere in the turn.
    pub fn anywhere(self) -> Self {
        Self { how: How::Anywhere, ..self }
    }

    /// One of them begins the turn.
    pub fn first(self) -> Self {
        Self { first: true, ..self }
    }

    /// One of them ends it.
    pub fn last(self) -> Self {
        Self { last: true, ..self }
    }

    pub fn by(self, speaker: &'static str) -> Self {
        Self { by: Some(speaker), ..self }
    }

    pub fn before(self, seconds: f64) -> Self {
        self.when(false, true, seconds)
    }

    pub fn from(self, seconds: f64) -> Self {
        self.when(false, false, seconds)
    }

    pub fn near_the_end(self, seconds: f64) -> Self {
        self.when(true, true, seconds)
    }

    pub fn far_from_the_end(self, seconds: f64) -> Self {
        self.when(true, false, seconds)
    }

    fn when(mut self, end: bool, nearer: bool, seconds: f64) -> Self {
        self.when.push((end, nearer, seconds));
        self
    }

    pub fn holds(&self, vocabulary: &[String], record: &Record<'_>) -> bool {
        // Most records lack a word altogether.
        let meant = self.meant(vocabulary);
        meant.iter().all(|word| record.words.iter().any(|number| word[*number as usize]))
            && record.turns.iter().any(|turn| self.in_turn(vocabulary, record, turn))
    }

    pub fn in_turn(&self, vocabulary: &[String], record: &Record<'_>, turn: &Turn) -> bool {
        let timely = self.when.iter().all(|(end, nearer, seconds)| {
            let begin = if *end { record.duration.zip(turn.start).map(|(d, s)| d - s) } else { turn.start };
            begin.is_some_and(|at| (at < *seconds) == *nearer)
        });
        timely && self.by.is_none_or(|by| by == turn.speaker) && !self.matches(vocabulary, turn).is_empty()
    }

    /// The shortest matches that begin at each place, as first and last place.
    fn matches(&self, vocabulary: &[String], turn: &Turn) -> Vec<(usize, usize)> {
        let meant = self.meant(vocabulary);
        let end = turn.words.len();
        let stands = |word: &Vec<bool>| turn.words.iter().any(|number| word[*number as usize]);
        if !meant.iter().all(stands) {
            return Vec::new();
        }
        let room = match self.how {
            How::SideBySide => self.words.len(),
            How::Within(others) => self.words.len() + others,
            How::Anywhere => end,
        };
        let from = |begin: usize| {
            let mut lasts = begin..end.min(begin + room);
            let last = lasts.find(|last| self.fits(meant, turn, begin, *last, &mut Vec::new()));
            last.map(|last| (begin, last))
        };
        (0..end).filter_map(from).collect()
    }

    /// Whether places can be chosen for the words from `chosen.len()` on, the least place `begin`, the greatest `last`.
    fn fits(&self, meant: &[Vec<bool>], turn: &Turn, begin: usize, last: usize, chosen: &mut Vec<usize>) -> bool {
        let Some(word) = meant.get(chosen.len()) else {
            return chosen.contains(&begin)
                && chosen.contains(&last)
                && (!self.first || begin == 0)
                && (!self.last || last + 1 == turn.words.len());
        };
        let places = match self.how {
            How::SideBySide => begin + chosen.len()..(begin + chosen.len()).min(last) + 1,
            How::Within(_) | How::Anywhere => begin..last + 1,
        };
        for place in places {
            if word[turn.words[place] as usize] && !chosen.contains(&place) {
                chosen.push(place);
                let fits = self.fits(meant, turn, begin, last, chosen);
                chosen.pop();
                if fits {
                    return true;
                }
            }
        }
        false
    }

    /// What is shown of a turn that matches: places of words, first and last.
    pub fn shown(&self, vocabulary: &[String], turn: &Turn) -> Vec<(usize, usize)> {
        let meant = self.meant(vocabulary);
        let matches = self.matches(vocabulary, turn);
        if matches!(self.how, How::SideBySide) {
            let mut joined: Vec<(usize, usize)> = Vec::new();
            for (begin, end) in matches {
                match joined.last_mut() {
                    Some(before) if begin <= before.1 => before.1 = end,
                    _ => joined.push((begin, end)),
                }
            }
            return joined;
        }
        let near = |place: usize| match self.how {
            How::Anywhere => true,
            _ => matches.iter().any(|(begin, end)| (*begin..=*end).contains(&place)),
        };
        let any = |place: usize| meant.iter().any(|word| word[turn.words[place] as usize]);
        (0..turn.words.len()).filter(|place| any(*place) && near(*place)).map(|place| (place, place)).collect()
    }

    fn meant(&self, vocabulary: &[String]) -> &Vec<Vec<bool>> {
        self.meant.get_or_init(|| {
            self.words.iter().map(|word| vocabulary.iter().map(|known| word.is(known)).collect()).collect()
        })
    }
}
