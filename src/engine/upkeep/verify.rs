//! Comparing the three stores transcript by transcript.

/// One difference, with the store that differs and the transcript.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `database`, `index` or `archive`.
    pub store: &'static str,
    /// company/org/tid, as far as known.
    pub transcript: String,
    /// What differs: `missing`, `behind`, `ahead`, `extra`, `value`, `sum`, `temporary`, …
    pub kind: &'static str,
    /// In words.
    pub detail: String,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct VerifyReport {
    /// Transcripts in the database.
    pub transcripts: u64,
    /// Entries in the index.
    pub indexed: u64,
    /// Transcripts in the archive.
    pub archived: u64,
    /// Rows the sinks still owed when it began (a running server).
    pub owed: u64,
    /// Differences; empty is clean.
    pub differences: Vec<Difference>,
}
