//! Regular expressions over one whole folded word or value.

/// An expression that matches whole words only.
#[derive(Clone, Debug)]
pub struct WholeRegex {
    source: String,
    prefix: String,
    compiled: ::regex::Regex,
}

impl PartialEq for WholeRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl WholeRegex {
    /// Reads an expression.
    ///
    /// # Errors
    /// In words, with the character where it goes wrong (from 0).
    pub fn parse(source: &str) -> Result<Self, (usize, String)> {
        let whole = format!("^(?:{})$", crate::base::fold::fold(source));
        let compiled = ::regex::Regex::new(&whole).map_err(|error| (0, error.to_string()))?;
        Ok(Self { source: source.to_owned(), prefix: String::new(), compiled })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// An expression in the syntax of the `regex` crate that every match satisfies, for walks that skip what cannot
    /// match; `None` when there is none so simple.
    pub fn outline(&self) -> Option<&str> {
        Some(self.compiled.as_str())
    }

    /// What every match begins with, folded; empty when that is not known.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the whole of `folded` matches.
    pub fn matches(&self, folded: &str) -> bool {
        self.compiled.is_match(folded)
    }
}
