//! What a repair may do, and what it tells.
use crate::domain::identity::{Place, Revision};
use serde::Serialize;
use std::collections::HashMap;

/// One thing found and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// company/org/tid, as far as known.
    pub transcript: String,
    /// In words.
    pub detail: String,
}

/// What a repair did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepairReport {
    /// Transcripts looked at.
    pub transcripts: u64,
    /// What was healed.
    pub healed: Vec<Finding>,
    /// What no store can prove: it is as it was.
    pub lost: Vec<Finding>,
    /// What was set aside, by its place within the archive.
    pub set_aside: Vec<String>,
}

impl RepairReport {
    /// Notes what was healed.
    pub fn heal(&mut self, at: &Place, detail: impl Into<String>) {
        self.healed.push(Finding { transcript: at.to_string(), detail: detail.into() });
    }

    /// Notes what is lost.
    pub fn lose(&mut self, at: &Place, detail: impl Into<String>) {
        self.lost.push(Finding { transcript: at.to_string(), detail: detail.into() });
    }
}

/// What a repair may do beyond proofs.
#[derive(Clone, Debug, Default)]
pub struct RepairOptions {
    /// Give transcripts whose metadata is lost what the database proves of it: their configured values.
    pub accept_loss: bool,
    /// When transcripts were first brought in, where a database that had to be replaced still told it, µs.
    pub ingested: HashMap<Place, i64>,
    /// Changes that only such a database had: transcript, revision, metadata.
    pub unarchived: Vec<(Place, Revision, String)>,
}
