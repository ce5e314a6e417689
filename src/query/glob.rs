//! Patterns with `*` (any run) and `?` (one character) over folded text.

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
    /// Whether the whole of `folded` matches.
    pub fn matches(&self, folded: &str) -> bool {
        let _ = folded;
        todo!()
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
