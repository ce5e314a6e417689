//! The names of parameters: which there are.
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
    "near",
    "token",
    "app.name",
    "terms.all",
    "terms.agent",
    "terms.client",
    "regex.all",
    "regex.agent",
    "regex.client",
];

/// A name that is none of the parameters this version knows.
pub fn unknown(name: &str) -> Refusal {
    let shown: String = name.chars().take(80).collect();
    let candidates = KNOWN.iter().copied().chain(BUILTINS.iter().map(|builtin| builtin.name));
    let hint = match near(name, candidates).first() {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None => "; for a configured field write `terms.NAME=value`".to_owned(),
    };
    Refusal::at(Code::ParameterUnknown, shown.clone(), format!("there is no parameter {shown:?}{hint}"))
}
