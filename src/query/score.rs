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
        Weight { most: idf * (K1 + 1.0), still: K1 * (1.0 - B), per_word: K1 * B / average }
    }

    /// One term's part of the score of a transcript of `length` words in which it stands `frequency` times.
    pub fn part(&self, idf: f64, frequency: u32, length: u32) -> f64 {
        self.weight(idf).part(frequency, length)
    }
}

/// A term in a scope.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// What no part exceeds.
    most: f64,
    /// What the length of a transcript adds to the divisor: this much for any,
    still: f64,
    /// and this much for each word.
    per_word: f64,
}

impl Weight {
    /// Its part of the score of a transcript of `length` words in which it stands `frequency` times.
    #[inline]
    pub fn part(&self, frequency: u32, length: u32) -> f64 {
        let tf = f64::from(frequency);
        self.most * tf / (tf + self.still + self.per_word * f64::from(length))
    }

    /// Words from which a transcript certainly scores less than `score`, in which it stands `frequency` times.
    pub fn too_long(&self, frequency: u32, score: f64) -> u32 {
        let tf = f64::from(frequency);
        // Two more than the formula turned round says: its rounding may differ from that of `part`.
        let words = (self.most * tf / score - tf - self.still) / self.per_word + 2.0;
        // What is no number, or beyond all lengths, excludes nothing.
        if words.is_nan() || words >= f64::from(u32::MAX) { u32::MAX } else { words.max(0.0).ceil() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_scores_as_much_is_too_long() {
        let weight = Statistics { transcripts: 1_000, words: 150_000 }.weight(2.5);
        for (at_least, words) in
            (1..20).flat_map(|frequency| (1..2_000).step_by(37).map(move |words| (frequency, words)))
        {
            let score = weight.part(at_least, words);
            assert!(weight.too_long(at_least, score) > words);
            for frequency in 1..20 {
                let first = weight.too_long(frequency, score);
                assert!(weight.part(frequency, first) < score || first == u32::MAX, "{frequency} {first}");
            }
        }
        assert_eq!(weight.too_long(3, 0.0), u32::MAX);
        assert_eq!(weight.too_long(1, 1e9), 0);
    }
}
