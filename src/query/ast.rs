//! The tree as parsed: names are still names, values still text. Positions are characters of the query, from 0.
use super::glob::Glob;
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
    /// Words said by anyone.
    Said(Text),
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
    /// `name:value`.
    Equals(Text),
    /// `name:*smi*`, `name:smi*`, `name:s?i`.
    Like(Glob),
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

/// Words or a value as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Without quotes and escapes. Said: several words are a phrase within one turn, quoted or not (`e-mail`).
    pub value: String,
    /// Whether it was quoted.
    pub quoted: bool,
    /// Where it begins.
    pub at: usize,
    /// The first sign, not escaped, that has a meaning among words (`*`, `?`, …), and where it stands. Values of
    /// fields take such signs literally when quoted.
    pub sign: Option<(usize, char)>,
}

impl Text {
    /// A value from a parameter: taken literally.
    pub fn literal(value: impl Into<String>) -> Self {
        Self { value: value.into(), quoted: true, at: 0, sign: None }
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
    /// How many conditions it holds.
    pub fn clauses(&self) -> usize {
        match self {
            Query::All | Query::Said(_) | Query::Named(_) => 1,
            Query::And(parts) | Query::Or(parts) => parts.iter().map(Query::clauses).sum(),
            Query::Not(inner) => inner.clauses(),
        }
    }
}
