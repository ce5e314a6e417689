//! Patterns over one folded word or value: `*` and `?`, regular expressions, and words that are nearly right.
pub mod fuzzy;
pub mod regex;

use super::glob::{Glob, Piece};
use fuzzy::Fuzzy;
use regex::WholeRegex;

/// A pattern over a whole folded word or value.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `c?ncel*`
    Glob(Glob),
    /// `/regex/`
    Regex(WholeRegex),
    /// `word~1`
    Fuzzy(Fuzzy),
}

/// As it may have been written, folded.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Glob(glob) => glob.pieces.iter().try_for_each(|piece| match piece {
                Piece::Literal(text) => f.write_str(text),
                Piece::One => f.write_str("?"),
                Piece::Any => f.write_str("*"),
            }),
            Pattern::Regex(regex) => write!(f, "/{}/", regex.source()),
            Pattern::Fuzzy(fuzzy) => write!(f, "{}~{}", fuzzy.word(), fuzzy.edits()),
        }
    }
}

impl Pattern {
    /// Whether the whole of `folded` matches.
    pub fn matches(&self, folded: &str) -> bool {
        match self {
            Pattern::Glob(glob) => glob.matches(folded),
            Pattern::Regex(regex) => regex.matches(folded),
            Pattern::Fuzzy(fuzzy) => fuzzy.matches(folded),
        }
    }

    /// Whether every word or value matches: `*`.
    pub fn is_any(&self) -> bool {
        matches!(self, Pattern::Glob(glob) if glob.is_any())
    }

    /// What every match begins with; empty when that is not known.
    pub fn prefix(&self) -> &str {
        match self {
            Pattern::Glob(glob) => glob.prefix(),
            Pattern::Regex(regex) => regex.prefix(),
            Pattern::Fuzzy(_) => "",
        }
    }
}
