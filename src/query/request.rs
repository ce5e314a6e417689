//! The parameters of `/search`.
use crate::domain::limits::Limits;
use crate::domain::refusal::Refusal;

/// What is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Flat rows.
    #[default]
    Summary,
    /// The number of matches.
    Count,
    /// Whole transcripts.
    Details,
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// CSV; summaries only.
    Csv,
}

/// A search as asked.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// `output`
    pub output: Output,
    /// `format`
    pub format: Format,
}

impl SearchRequest {
    /// Reads the decoded pairs of a query string.
    pub fn from_pairs(pairs: Vec<(String, String)>, limits: &Limits) -> Result<Self, Refusal> {
        todo!()
    }

    /// Reads a JSON body.
    pub fn from_json(text: &str, limits: &Limits) -> Result<Self, Refusal> {
        todo!()
    }
}
