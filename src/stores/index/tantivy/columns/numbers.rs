//! A column of numbers or instants: values by document, and all of them sorted.
use super::per_doc::{Missing, PerDoc};
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::unread;
use std::ops::Range;
use tantivy::SegmentReader;

/// What the integers that stand for the values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// [`from_double`] of a double.
    Double,
    /// Themselves.
    Whole,
}

/// Numbers of one field in one segment, as integers that sort as the numbers do.
#[derive(Debug)]
pub struct Numbers {
    scale: Scale,
    per_doc: PerDoc<i64>,
    /// Sorted; a document's equal values stand once.
    values: Vec<i64>,
    /// The document of each of `values`.
    docs: Vec<u32>,
}

/// A double as an integer that sorts as it does; the two zeros are one.
pub fn from_double(value: f64) -> i64 {
    turn(if value == 0.0 { 0 } else { value.to_bits() as i64 })
}

/// The double that [`from_double`] came from.
pub fn to_double(value: i64) -> f64 {
    f64::from_bits(turn(value) as u64)
}

/// Negative doubles sort backwards by their bits: all but the sign is turned. Its own inverse.
fn turn(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

impl Numbers {
    /// Reads them.
    pub fn read(reader: &SegmentReader, name: &str, scale: Scale) -> Result<Self> {
        let (columns, docs) = (reader.fast_fields(), reader.max_doc());
        let per_doc = match scale {
            Scale::Double => {
                columns.column_opt::<f64>(name).map_err(unread)?.map(|column| PerDoc::read(&column, docs, from_double))
            }
            Scale::Whole => columns
                .column_opt::<i64>(name)
                .map_err(unread)?
                .map(|column| PerDoc::read(&column, docs, |value| value)),
        }
        .unwrap_or_else(|| PerDoc::none(docs));
        let mut pairs: Vec<(i64, u32)> = per_doc.pairs().map(|(doc, value)| (value, doc)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let (values, docs) = pairs.into_iter().unzip();
        Ok(Self { scale, per_doc, values, docs })
    }

    /// What the integers mean.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The values of a document.
    #[inline]
    pub fn of(&self, doc: u32) -> &[i64] {
        self.per_doc.of(doc)
    }

    /// Whether a document may have several values.
    pub fn many(&self) -> bool {
        self.per_doc.many()
    }

    /// The least or the greatest value of a document.
    #[inline]
    pub fn end(&self, doc: u32, greatest: bool) -> Option<i64> {
        let values = self.per_doc.of(doc).iter().copied().filter(|value| *value != i64::NONE);
        if greatest { values.max() } else { values.min() }
    }

    /// Documents sorted by value.
    pub fn docs(&self) -> &[u32] {
        &self.docs
    }

    /// Where the values from `low` on and before `high` stand in [`Self::docs`]; both say what is too small.
    pub fn range(&self, low: impl Fn(i64) -> bool, high: impl Fn(i64) -> bool) -> Range<usize> {
        let from = self.values.partition_point(|value| low(*value));
        let to = self.values.partition_point(|value| high(*value));
        from..to.max(from)
    }

    /// The first and the last value of a range of [`Self::docs`].
    pub fn ends(&self, range: &Range<usize>) -> Option<(i64, i64)> {
        let values = self.values.get(range.clone())?;
        Some((*values.first()?, *values.last()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_sort_as_integers() {
        let doubles = [f64::MIN, -1.5, -f64::MIN_POSITIVE, -0.0, 0.0, 1e-300, 1.0, 1.5, f64::MAX];
        let whole: Vec<i64> = doubles.iter().map(|value| from_double(*value)).collect();
        assert!(whole.is_sorted());
        assert_eq!(whole[3], whole[4]);
        assert!(doubles.iter().all(|value| to_double(from_double(*value)) == *value));
    }
}
