//! A text that must not reach a log line, an error or a trace: it prints as dots.
use std::fmt;

/// A secret text, a token say. `Debug` and `Display` hide it; [`Secret::reveal`] is the one way to the text, so that
/// a search for that word finds every place where it can get out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("tok-123");
        assert!(!format!("{secret} {secret:?} {secret:#?}").contains("tok-123"));
        assert_eq!(secret.reveal(), "tok-123");
    }
}
