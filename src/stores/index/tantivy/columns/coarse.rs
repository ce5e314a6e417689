//! A byte for each document of a column with many values: which part of all values its own lies in.
//!
//! *Decision:* a range that many documents pass is found in these bytes, in the order of documents, in a quarter of the time
//! of entering its documents one by one in the order of values: at a million transcripts the bytes of all are read from
//! the processor's cache in 10 µs, and a month of a year is entered in 40. What lies in the two parts at the ends but
//! beside the range is taken out again one by one; it is known before how much that is.
use super::entries::{Entries, Narrow, OneEach};
use std::ops::Range;

/// The parts of all documents.
#[derive(Debug)]
pub struct Coarse {
    /// Values in a part.
    width: u32,
    values: u32,
    parts: Vec<u8>,
}

impl Coarse {
    /// Of entries that are values, at most one each, in four bytes; others are as narrow already.
    pub fn of(entries: &Entries, values: u32) -> Option<Self> {
        let Some(OneEach::Large(own)) = entries.one_each() else { return None };
        let width = values.div_ceil(u32::from(u8::NONE)).max(1);
        let part = |entry: &u32| if *entry == u32::NONE { u8::NONE } else { u8::narrow(entry / width) };
        Some(Self { width, values, parts: own.iter().map(part).collect() })
    }

    /// Each document's part.
    pub fn parts(&self) -> &[u8] {
        &self.parts
    }

    /// The parts that a range of values, not empty, lies in; and the values of these parts before and after it.
    pub fn around(&self, range: &Range<u32>) -> (Range<u32>, [Range<u32>; 2]) {
        let parts = range.start / self.width..range.end.saturating_sub(1) / self.width + 1;
        let first = parts.start.saturating_mul(self.width);
        let end = parts.end.saturating_mul(self.width).min(self.values);
        (parts, [first..range.start, range.end.min(end)..end])
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.parts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lies_in_parts_and_what_is_beside_it_is_known() {
        let coarse = Coarse { width: 10, values: 95, parts: Vec::new() };
        assert_eq!(coarse.around(&(10..30)), (1..3, [10..10, 30..30]));
        assert_eq!(coarse.around(&(12..13)), (1..2, [10..12, 13..20]));
        assert_eq!(coarse.around(&(0..95)), (0..10, [0..0, 95..95]));
        assert_eq!(coarse.around(&(94..95)), (9..10, [90..94, 95..95]));
    }
}
