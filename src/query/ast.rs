//! The tree as parsed: names are still names, values still text.
use crate::domain::identity::FieldName;

/// A query not yet bound to a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Everything.
    All,
    /// All of them.
    And(Vec<Query>),
    /// Any of them.
    Or(Vec<Query>),
    /// Not it.
    Not(Box<Query>),
    /// Words said.
    Said {
        /// By whom.
        by: By,
        /// The text as written, without quotes; several words are one phrase within a turn.
        text: String,
        /// Whether it was quoted (a phrase) or bare (all its words, each anywhere, when it falls into several).
        quoted: bool,
    },
    /// A condition on a field or built-in.
    Field {
        /// Its name as written.
        name: FieldName,
        /// Byte of the query where the name begins, for error messages.
        at: usize,
        /// The condition.
        test: FieldTest,
    },
}

/// Who says it.
#[derive(Clone, Debug, PartialEq)]
pub enum By {
    /// Anyone.
    Anyone,
    /// The agent.
    Agent,
    /// The client.
    Client,
    /// The speaker with this label (compared folded).
    Label(String),
}

/// A condition on a field, values still as written.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// `name:value`; `quoted` values are taken literally (no `*`).
    Equals {
        /// As written, without quotes and escapes.
        value: String,
        /// Whether it was quoted.
        quoted: bool,
    },
    /// `name:*smi*`, `name:smi*`, `name:s?i`.
    Like(super::glob::Glob),
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

/// One end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// As written.
    pub value: String,
    /// Whether the end itself belongs to the range.
    pub inclusive: bool,
}
