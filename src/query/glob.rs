//! Patterns with `*` (any run) and `?` (one character) over folded text.
use crate::base::fold::fold;

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These characters.
    Literal(String),
    /// Exactly one character.
    One,
    /// Any characters, also none.
    Any,
}

/// A pattern; literals are folded already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// In order; never two `Any` in a row, never an empty literal.
    pub pieces: Vec<Piece>,
}

impl Glob {
    /// Makes a pattern from characters, each with whether it is literal (escaped, or a sign without meaning here).
    pub fn new(letters: impl IntoIterator<Item = (char, bool)>) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let flush = |literal: &mut String, pieces: &mut Vec<Piece>| {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(fold(literal)));
                literal.clear();
            }
        };
        for (letter, escaped) in letters {
            match letter {
                '*' if !escaped => {
                    flush(&mut literal, &mut pieces);
                    if pieces.last() != Some(&Piece::Any) {
                        pieces.push(Piece::Any);
                    }
                }
                '?' if !escaped => {
                    flush(&mut literal, &mut pieces);
                    pieces.push(Piece::One);
                }
                _ => literal.push(letter),
            }
        }
        flush(&mut literal, &mut pieces);
        Self { pieces }
    }

    /// Whether the whole of `folded` matches. The runs between two `*` are placed one after the other, each as far
    /// left as it goes, so the work grows with the length of the text (times that of a run with `?` at worst).
    pub fn matches(&self, folded: &str) -> bool {
        let mut runs = self.pieces.split(|piece| *piece == Piece::Any);
        let Some(first) = runs.next() else { return folded.is_empty() };
        let Some(mut rest) = strip_front(folded, first) else { return false };
        let Some(last) = runs.next_back() else { return rest.is_empty() };
        for run in runs {
            match strip_leftmost(rest, run) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        strip_back(rest, last).is_some()
    }

    /// Whether everything matches: `*`.
    pub fn is_any(&self) -> bool {
        self.pieces == [Piece::Any]
    }

    /// The text of `*text*` patterns, which can be searched for as a substring.
    pub fn substring(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Any, Piece::Literal(text), Piece::Any] => Some(text),
            _ => None,
        }
    }

    /// The literal every match begins with; empty when there is none.
    pub fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }
}

/// What follows the run when it stands at the front of `text`.
fn strip_front<'t>(text: &'t str, run: &[Piece]) -> Option<&'t str> {
    run.iter().try_fold(text, |rest, piece| match piece {
        Piece::Literal(literal) => rest.strip_prefix(literal.as_str()),
        Piece::One | Piece::Any => {
            let mut letters = rest.chars();
            letters.next().map(|_| letters.as_str())
        }
    })
}

/// What precedes the run when it stands at the back of `text`.
fn strip_back<'t>(text: &'t str, run: &[Piece]) -> Option<&'t str> {
    run.iter().rev().try_fold(text, |rest, piece| match piece {
        Piece::Literal(literal) => rest.strip_suffix(literal.as_str()),
        Piece::One | Piece::Any => {
            let mut letters = rest.chars();
            letters.next_back().map(|_| letters.as_str())
        }
    })
}

/// What follows the run where it stands farthest left in `text`.
fn strip_leftmost<'t>(text: &'t str, run: &[Piece]) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(Piece::Literal(literal)) = run.first() {
            rest = rest.get(rest.find(literal.as_str())?..)?;
        }
        if let Some(after) = strip_front(rest, run) {
            return Some(after);
        }
        let mut letters = rest.chars();
        letters.next()?;
        rest = letters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::new(pattern.chars().map(|c| (c, false)))
    }

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|from| naive(rest, &text[from..])),
            Some(('?', rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((letter, rest)) => text.first() == Some(letter) && naive(rest, &text[1..]),
        }
    }

    #[test]
    fn literals_are_folded_and_runs_of_stars_are_one() {
        assert_eq!(
            glob("**Ab?c**").pieces,
            [Piece::Any, Piece::Literal("ab".into()), Piece::One, Piece::Literal("c".into()), Piece::Any]
        );
        assert_eq!(glob("*Smi*").substring(), Some("smi"));
        assert_eq!(glob("Smi*").prefix(), "smi");
        assert!(glob("**").is_any() && !glob("*?").is_any() && !glob("").is_any());
        assert_eq!(Glob::new([('*', true), ('a', false)]).pieces, [Piece::Literal("*a".into())]);
    }

    #[test]
    fn whole_values_match() {
        assert!(glob("*smi*").matches("john smith"));
        assert!(!glob("smi*").matches("john smith"));
        assert!(glob("s??th").matches("smöth"));
        assert!(!glob("a*a").matches("a"));
        assert!(glob("*").matches(""));
        assert!(!glob("?").matches(""));
    }

    proptest::proptest! {
        #[test]
        fn matches_as_the_naive_definition_does(pattern in "[abé?*]{0,8}", text in "[abé]{0,10}") {
            let naive = naive(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
            proptest::prop_assert_eq!(glob(&pattern).matches(&text), naive, "{} on {}", pattern, text);
        }
    }
}
