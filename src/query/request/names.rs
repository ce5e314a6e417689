//! The names of parameters: which there are, and which come later.
use crate::base::near::near;
use crate::domain::builtins::BUILTINS;
use crate::domain::refusal::{Code, Refusal};

/// Parameters with a meaning of their own; built-ins and `terms.…` come besides.
const KNOWN: &[&str] = &[
    "q",
    "output",
    "format",
    "fields",
    "offset",
    "size",
    "sort",
    "sortdir",
    "cursor",
    "facets",
    "stats",
    "histogram",
    "zipfiles",
    "explain",
    "moments",
    "after",
    "timeout",
    "daterange",
    "modified",
    "token",
    "app.name",
];

/// Parameters of the contract that this version does not have yet.
const LATER: &[&str] = &["near", "terms.all", "terms.agent", "terms.client", "regex."];

/// A name that is none of the parameters this version knows.
pub fn unknown(name: &str) -> Refusal {
    if LATER.iter().any(|later| name == *later || (later.ends_with('.') && name.starts_with(later))) {
        return Refusal::at(Code::ParameterInvalid, name, format!("the parameter {name:?} is not available yet"));
    }
    let shown: String = name.chars().take(80).collect();
    let candidates = KNOWN.iter().copied().chain(BUILTINS.iter().map(|builtin| builtin.name));
    let hint = match near(name, candidates).first() {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None => "; for a configured field write `terms.NAME=value`".to_owned(),
    };
    Refusal::at(Code::ParameterUnknown, shown.clone(), format!("there is no parameter {shown:?}{hint}"))
}

/// Whether `terms.NAME` with this name is a word search, which comes later.
pub fn is_later(name: &str) -> bool {
    LATER.contains(&name)
}
