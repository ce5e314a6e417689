//! Errors in words, with what caused them.
use std::error::Error;

/// The error and its causes in one line; a cause that only repeats its effect is left out.
pub fn chain(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.ends_with(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_chain_does_not_repeat_itself() {
        let error = anyhow!("disk full").context("database: commit: disk full").context("cannot start");
        assert_eq!(chain(error.as_ref()), "cannot start: database: commit: disk full");
    }
}
