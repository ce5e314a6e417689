//! The tree as parsed: names are still names, values still text. Positions are characters of the query, from 0.
use super::glob::Glob;
use super::resolved::Speaker;
use crate::domain::identity::FieldName;

/// A query not yet bound to a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Query {
    /// Everything.
    #[default]
    All,
    /// All of them.
    And(Vec<Query>),
    /// Any of them.
    Or(Vec<Query>),
    /// Not it.
    Not(Box<Query>),
    /// What is said, and by whom.
    Said(Speaker, Written),
    /// A condition on what has a name: a field, a built-in, or the words of a speaker. Which of them it is, the
    /// configuration decides.
    Named(Named),
}

/// `name:test`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name as written, without quotes and escapes.
    pub name: FieldName,
    /// Where the name begins.
    pub at: usize,
    /// Where the condition begins.
    pub test_at: usize,
    /// The condition.
    pub test: FieldTest,
}

/// A condition on a field, values still as written.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// `name:value`, `name:*smi*`, `name:/smi.*/`, `name:smith~1`: which, the kind of name decides.
    Equals(Written),
    /// `name:>60`, `name:[a TO b}`; a missing end is open.
    Range {
        /// Lower end.
        low: Option<End>,
        /// Upper end.
        high: Option<End>,
    },
    /// `name:*`.
    Exists,
}

/// Words or a value as written; what its signs mean, whoever reads it decides: [`super::phrase`] for what is said,
/// [`super::resolve::condition`] for values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Where it begins.
    pub at: usize,
    /// Its characters, without the quotes or slashes around them.
    pub letters: Vec<Letter>,
    /// Whether it was quoted.
    pub quoted: bool,
    /// Whether it stood between slashes: a regular expression.
    pub regex: bool,
    /// What follows the closing quote or slash without a blank: `~4`, `~t`, `~s<30`.
    pub signs: Vec<Letter>,
}

/// One character of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// It.
    pub is: char,
    /// Whether it was escaped: it is no sign.
    pub literal: bool,
    /// Where it stands.
    pub at: usize,
}

impl Letter {
    /// Whether it is this sign, not escaped.
    pub fn is_sign(&self, sign: char) -> bool {
        !self.literal && self.is == sign
    }

    /// Where the next character stands.
    pub fn after(&self) -> usize {
        self.at + 1 + usize::from(self.literal)
    }
}

impl Written {
    /// A value from a parameter: taken literally.
    pub fn literal(value: impl AsRef<str>) -> Self {
        let letters = value.as_ref().chars().zip(0..).map(|(is, at)| Letter { is, literal: true, at }).collect();
        Self { letters, quoted: true, ..Self::default() }
    }

    /// The characters without escapes (of an expression, with them).
    pub fn value(&self) -> String {
        self.letters.iter().map(|letter| letter.is).collect()
    }

    /// Where its characters end: at the closing quote or slash, if there is one.
    pub fn end(&self) -> usize {
        self.letters.last().map_or(self.at + usize::from(self.quoted || self.regex), Letter::after)
    }

    /// Whether it holds `*` or `?` as signs; values take them literally when quoted.
    pub fn is_pattern(&self) -> bool {
        !self.quoted && !self.regex && self.letters.iter().any(|letter| letter.is_sign('*') || letter.is_sign('?'))
    }

    /// As a pattern.
    pub fn glob(&self) -> Glob {
        Glob::new(self.letters.iter().map(|letter| (letter.is, letter.literal)))
    }
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// As written.
    pub value: String,
    /// Whether the end itself belongs to the range.
    pub inclusive: bool,
}

impl Query {
    /// Several as one: a single part stands for itself, none is everything.
    pub fn joined(mut parts: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Query {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                join(parts)
            }
            None => Query::All,
        }
    }

    /// Whether it holds an expression, or words with signs behind them (`word~1`, `"a b"~4`): those are compiled, or walked
    /// with care.
    pub fn is_costly(&self) -> bool {
        let costly = |written: &Written| {
            written.regex || !written.signs.is_empty() || written.letters.iter().any(|letter| letter.is_sign('~'))
        };
        match self {
            Query::All | Query::Named(Named { test: FieldTest::Exists | FieldTest::Range { .. }, .. }) => false,
            Query::Said(_, written) | Query::Named(Named { test: FieldTest::Equals(written), .. }) => costly(written),
            Query::And(parts) | Query::Or(parts) => parts.iter().any(Query::is_costly),
            Query::Not(inner) => inner.is_costly(),
        }
    }

    /// How many conditions it holds.
    pub fn clauses(&self) -> usize {
        match self {
            Query::All | Query::Said(..) | Query::Named(_) => 1,
            Query::And(parts) | Query::Or(parts) => parts.iter().map(Query::clauses).sum(),
            Query::Not(inner) => inner.clauses(),
        }
    }
}
