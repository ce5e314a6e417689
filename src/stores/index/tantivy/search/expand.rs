//! From the words of a phrase to the terms of a segment they stand for.
//!
//! A pattern walks the term dictionary together with an automaton of its own and so skips what cannot match; what no
//! automaton of bounded size describes is compared word by word. Whatever an automaton lets through, the pattern itself
//! has the last word: automata only skip.
use super::automata::{Near, Stepped, Under};
use super::deadline::Deadline;
use crate::query::glob::{Glob, Piece};
use crate::query::pattern::Pattern;
use crate::query::resolved::Word;
use crate::stores::error::{Kind, Result, Store, StoreError};
use crate::stores::index::tantivy::failure::unread;
use crate::stores::index::tantivy::turns::Vocabulary;
use std::sync::Arc;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::termdict::TermStreamer;
use tantivy_fst::Automaton;

/// How many words of a vocabulary are compared between two looks at the time.
const STEP: usize = 128;

/// What a word of a phrase stands for in a segment.
pub enum Meant {
    /// Any word at all.
    Any,
    /// These terms.
    Terms(Vec<TermInfo>),
}

impl Meant {
    /// Whether no word of the segment is meant.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Meant::Terms(terms) if terms.is_empty())
    }
}

/// Whether no word of a turn can be meant by two of them.
pub fn apart(meant: &[Meant]) -> bool {
    if meant.len() < 2 {
        return true;
    }
    // No two terms' postings begin at one place.
    let mut begins: Vec<usize> = Vec::new();
    for word in meant {
        match word {
            Meant::Any => return false,
            Meant::Terms(terms) => begins.extend(terms.iter().map(|info| info.postings_range.start)),
        }
    }
    begins.sort_unstable();
    begins.is_sorted_by(|a, b| a < b)
}

/// A word made ready to be looked up in many segments.
pub struct Wanted<'a> {
    word: &'a Word,
    way: Way,
}

enum Way {
    /// It is looked up.
    Exact,
    /// Any word.
    Any,
    /// The words from the literal beginning on are compared.
    From,
    /// All words are compared; they hold this.
    Holding(String),
    /// Along an automaton.
    Near(Near),
    /// Along an automaton.
    Stepped(Box<Stepped>),
}

/// Looks up all words; `None` when one of them stands for nothing. Exact words come first: they cost least.
///
/// # Errors
/// Those of [`Wanted::look_up`].
pub fn all(wanted: &[Wanted<'_>], lexicon: &Lexicon<'_>) -> Result<Option<Vec<Meant>>> {
    let mut meant: Vec<Option<Meant>> = wanted.iter().map(|_| None).collect();
    for exact in [true, false] {
        for (word, place) in wanted.iter().zip(&mut meant).filter(|(word, _)| word.is_exact() == exact) {
            let found = word.look_up(lexicon)?;
            if found.is_nothing() {
                return Ok(None);
            }
            *place = Some(found);
        }
    }
    Ok(meant.into_iter().collect())
}

/// A segment's words under one path.
pub struct Lexicon<'a> {
    /// Its words.
    pub reader: &'a InvertedIndexReader,
    /// The bytes before each word: path, end of path, type.
    pub head: &'a [u8],
    /// All of its words in memory, when they are worth keeping.
    pub vocabulary: &'a dyn Fn() -> Result<Option<Arc<Vocabulary>>>,
    /// The most words a pattern may stand for.
    pub most: usize,
    /// The time.
    pub deadline: &'a Deadline,
}

impl<'a> Wanted<'a> {
    /// Makes the automata. With `free`, the pattern `*` stands for any word without being looked up.
    pub fn new(word: &'a Word, free: bool) -> Self {
        let way = match word {
            Word::Exact(_) => Way::Exact,
            Word::Like(Pattern::Glob(glob)) => match glob.pieces.as_slice() {
                [Piece::Any] if free => Way::Any,
                [Piece::Literal(_), ..] => Way::From,
                _ => Way::Holding(longest(glob)),
            },
            Word::Like(Pattern::Regex(regex)) => match regex.expression().and_then(Stepped::new) {
                Some(stepped) => Way::Stepped(Box::new(stepped)),
                None => Way::From,
            },
            Word::Like(Pattern::Fuzzy(fuzzy)) => match Near::new(fuzzy) {
                Some(near) => Way::Near(near),
                None => Way::From,
            },
        };
        Self { word, way }
    }

    /// Whether it is one word.
    pub fn is_exact(&self) -> bool {
        matches!(self.way, Way::Exact)
    }

    /// Looks it up.
    ///
    /// # Errors
    /// `TooBroad` when it stands for too many words; `TooExpensive`; `Corrupt` or `Unavailable`.
    pub fn look_up(&self, lexicon: &Lexicon<'_>) -> Result<Meant> {
        let terms = lexicon.reader.terms();
        let pattern = match self.word {
            Word::Exact(word) => {
                let found = terms.get([lexicon.head, word.as_bytes()].concat()).map_err(unread)?;
                return Ok(Meant::Terms(found.into_iter().collect()));
            }
            Word::Like(pattern) => pattern,
        };
        let head = lexicon.head;
        Ok(Meant::Terms(match &self.way {
            Way::Any => return Ok(Meant::Any),
            Way::Near(near) => {
                let stream = terms.search(Under { head, inner: near }).into_stream().map_err(unread)?;
                lexicon.stream(pattern, stream, head)?
            }
            Way::Stepped(stepped) => {
                let stream = terms.search(Under { head, inner: stepped.as_ref() }).into_stream().map_err(unread)?;
                lexicon.stream(pattern, stream, head)?
            }
            Way::Holding(part) => match (lexicon.vocabulary)()? {
                Some(vocabulary) => lexicon.scan(pattern, &vocabulary, part)?,
                None => lexicon.from(pattern)?,
            },
            Way::From | Way::Exact => lexicon.from(pattern)?,
        }))
    }
}

impl Lexicon<'_> {
    /// The words from the pattern's literal beginning on, as long as they begin so.
    fn from(&self, pattern: &Pattern) -> Result<Vec<TermInfo>> {
        let low = [self.head, pattern.prefix().as_bytes()].concat();
        let stream = self.reader.terms().range().ge(&low).into_stream().map_err(unread)?;
        self.stream(pattern, stream, &low)
    }

    /// The words of the stream that match, up to the first that does not begin with `low`.
    fn stream<A: Automaton>(
        &self,
        pattern: &Pattern,
        mut stream: TermStreamer<'_, A>,
        low: &[u8],
    ) -> Result<Vec<TermInfo>> {
        let mut found = Vec::new();
        while stream.advance() {
            self.deadline.tick()?;
            if !stream.key().starts_with(low) {
                break;
            }
            let word = stream.key().get(self.head.len()..).and_then(|bytes| std::str::from_utf8(bytes).ok());
            if word.is_some_and(|word| pattern.matches(word)) {
                found.push(stream.value().clone());
                self.not_too_many(pattern, found.len())?;
            }
        }
        Ok(found)
    }

    /// The words of the vocabulary that hold `part` and match.
    fn scan(&self, pattern: &Pattern, vocabulary: &Vocabulary, part: &str) -> Result<Vec<TermInfo>> {
        let (mut found, words, mut key) = (Vec::new(), &vocabulary.words, self.head.to_vec());
        let mut look = |at: usize| {
            if at.is_multiple_of(STEP) {
                self.deadline.tick()?;
            }
            if pattern.matches(words.get(at)) {
                key.truncate(self.head.len());
                key.extend_from_slice(words.get(at).as_bytes());
                found.extend(self.reader.terms().get(&key).map_err(unread)?);
                self.not_too_many(pattern, found.len())?;
            }
            Ok::<(), StoreError>(())
        };
        if part.is_empty() {
            (0..words.len()).try_for_each(&mut look)?;
        } else {
            words.holding(part).into_iter().try_for_each(|at| look(at as usize))?;
        }
        Ok(found)
    }

    fn not_too_many(&self, pattern: &Pattern, found: usize) -> Result<()> {
        if found <= self.most {
            return Ok(());
        }
        let what = format!("the pattern {pattern} stands for more than {} words", self.most);
        Err(StoreError::plain(Store::Index, Kind::TooBroad, what))
    }
}

/// The longest literal of a pattern.
fn longest(glob: &Glob) -> String {
    let literals = glob.pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text.as_str(),
        Piece::One | Piece::Any => "",
    });
    literals.max_by_key(|text| text.len()).unwrap_or_default().to_owned()
}
