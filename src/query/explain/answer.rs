//! What an explanation tells of each clause.
use serde::Serialize;
use serde_json::Value;

/// The most turns or values told of one clause.
pub const TOLD_MAX: usize = 3;
/// The most characters of a clause, a value or a piece of a turn.
const SHOWN_CHARS: usize = 200;

/// One clause and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// As the language writes it, shortened; of a parameter its name.
    pub clause: String,
    /// What kind of clause.
    pub kind: Kind,
    /// Whether the transcript fulfils it.
    pub matched: bool,
    /// By what, at most [`TOLD_MAX`] of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<By>,
    /// Why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The clauses it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Explained>,
}

impl Explained {
    /// Without more about it.
    pub fn new(clause: &str, kind: Kind, matched: bool) -> Self {
        Self { clause: short(clause), kind, matched, by: Vec::new(), why: None, clauses: Vec::new() }
    }
}

/// Kinds of clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// All of its clauses must hold.
    And,
    /// Any of them.
    Or,
    /// It must not hold.
    Not,
    /// Something is said.
    Words,
    /// A value is so.
    Value,
    /// A parameter of its own beside `q`.
    Parameter,
}

/// What fulfils a clause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum By {
    /// A turn.
    Turn {
        /// Its number.
        turn: u32,
        /// Label.
        #[serde(skip_serializing_if = "Option::is_none")]
        speaker: Option<String>,
        /// Seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        start: Option<f64>,
        /// The pieces of it that match, in order.
        text: Vec<String>,
    },
    /// A value.
    Value {
        /// As rows show it.
        value: Value,
    },
}

/// The beginning of a text that may be long.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
