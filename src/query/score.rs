//! BM25 over whole transcripts (Robertson & Zaragoza 2009), the one formula that index and oracle share.
//!
//! Every [`super::resolved::Said`] clause that is not under a NOT counts as one term: its frequency is how often its
//! words stand (in the speaker's turns), its document frequency how many transcripts of the scope match it. Statistics
//! are taken over the scope searched only, so that no figure tells of others' transcripts.

use serde::{Deserialize, Serialize};

/// Term-frequency saturation.
pub const K1: f64 = 1.2;
/// Length normalisation.
pub const B: f64 = 0.75;

/// What the formula needs of the scope.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Transcripts in scope.
    pub transcripts: u64,
    /// Words of all of them.
    pub words: u64,
}

impl Statistics {
    /// The weight of a term that `matching` transcripts have.
    pub fn idf(&self, matching: u64) -> f64 {
        let (n, df) = (self.transcripts as f64, matching as f64);
        (1.0 + (n - df + 0.5) / (df + 0.5)).ln()
    }

    /// What one term adds to scores.
    pub fn weight(&self, idf: f64) -> Weight {
        let average = if self.transcripts == 0 { 1.0 } else { (self.words as f64 / self.transcripts as f64).max(1.0) };
        Weight { idf, average }
    }

    /// One term's part of the score of a transcript of `length` words in which it stands `frequency` times.
    pub fn part(&self, idf: f64, frequency: u32, length: u32) -> f64 {
        self.weight(idf).part(frequency, length)
    }
}

/// A term in a scope.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    idf: f64,
    /// Words of the average transcript.
    average: f64,
}

impl Weight {
    /// Its part of the score of a transcript of `length` words in which it stands `frequency` times.
    #[inline]
    pub fn part(&self, frequency: u32, length: u32) -> f64 {
        let tf = f64::from(frequency);
        self.idf * tf * (K1 + 1.0) / (tf + K1 * (1.0 - B + B * f64::from(length) / self.average))
    }
}
