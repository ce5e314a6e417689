//! The different numbers or instants of a column.
use super::entries::{Entries, rows};
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::unread;
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
    /// Sorted, each once.
    values: Vec<i64>,
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
    /// Reads them, and which ones each document has.
    pub fn read(reader: &SegmentReader, name: &str, scale: Scale) -> Result<(Self, Entries)> {
        let (columns, docs) = (reader.fast_fields(), reader.max_doc());
        let read = match scale {
            Scale::Double => columns.column_opt::<f64>(name).map_err(unread)?.map(|column| {
                let (values, numbers) = numbered(rows(&column).into_iter().map(from_double));
                let entries = Entries::new(&column, docs, values.len(), &numbers);
                (values, entries)
            }),
            Scale::Whole => columns.column_opt::<i64>(name).map_err(unread)?.map(|column| {
                let (values, numbers) = numbered(rows(&column).into_iter());
                let entries = Entries::new(&column, docs, values.len(), &numbers);
                (values, entries)
            }),
        };
        let (values, entries) = read.unwrap_or((Vec::new(), Entries::None));
        Ok((Self { scale, values }, entries))
    }

    /// What the integers mean.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The different values, sorted.
    pub fn values(&self) -> &[i64] {
        &self.values
    }

    /// The value of that number.
    #[inline]
    pub fn get(&self, value: u32) -> i64 {
        self.values.get(value as usize).copied().unwrap_or(i64::MIN)
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }
}

/// The different values, sorted, and of each row the number of its value.
fn numbered(rows: impl Iterator<Item = i64>) -> (Vec<i64>, Vec<u32>) {
    let mut sorted: Vec<(i64, u32)> = rows.zip(0u32..).collect();
    let mut numbers = vec![0; sorted.len()];
    sorted.sort_unstable();
    let mut values: Vec<i64> = Vec::new();
    for (value, row) in sorted {
        if values.last() != Some(&value) {
            values.push(value);
        }
        if let Some(place) = numbers.get_mut(row as usize) {
            *place = u32::try_from(values.len() - 1).unwrap_or(u32::MAX);
        }
    }
    values.shrink_to_fit();
    (values, numbers)
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

    #[test]
    fn equal_values_have_one_number() {
        assert_eq!(numbered([5, -1, 5, 7].into_iter()), (vec![-1, 5, 7], vec![1, 0, 1, 2]));
    }
}
