//! The documents of each value of a column.
use super::entries::Entries;
use std::ops::Range;

/// Documents by value.
#[derive(Debug)]
pub struct Placed {
    values: u32,
    /// Where each value's documents begin, one more than values; empty when each value has exactly one.
    starts: Vec<u32>,
    /// Documents by value, each once per value.
    docs: Vec<u32>,
}

impl Placed {
    /// Of `values` values; `value` tells which one an entry belongs to.
    pub fn new(entries: &Entries, values: usize, value: impl Fn(u32) -> u32) -> Self {
        let mut starts = vec![0u32; values + 1];
        each(entries, &value, |_, value| {
            if let Some(count) = starts.get_mut(value as usize + 1) {
                *count += 1;
            }
        });
        let mut sum = 0;
        let mut alone = true;
        for (count, at) in starts.iter_mut().zip(0usize..) {
            alone &= at == 0 || *count == 1;
            sum += *count;
            *count = sum;
        }
        let mut docs = vec![0u32; sum as usize];
        let mut next = starts.clone();
        each(entries, &value, |doc, value| {
            if let Some(at) = next.get_mut(value as usize) {
                if let Some(place) = docs.get_mut(*at as usize) {
                    *place = doc;
                }
                *at += 1;
            }
        });
        if alone {
            starts = Vec::new();
        }
        Self { values: u32::try_from(values).unwrap_or(u32::MAX), starts, docs }
    }

    /// How many values.
    pub fn values(&self) -> u32 {
        self.values
    }

    /// The documents of these values, by value.
    #[inline]
    pub fn docs(&self, values: Range<u32>) -> &[u32] {
        let (from, to) = if self.starts.is_empty() {
            (values.start, values.end)
        } else {
            let at = |value: u32| self.starts.get(value as usize).or(self.starts.last()).copied().unwrap_or(0);
            (at(values.start), at(values.end))
        };
        self.docs.get(from as usize..to as usize).unwrap_or(&[])
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        size_of_val(self.starts.as_slice()) + size_of_val(self.docs.as_slice())
    }
}

/// Every value of every document, once.
fn each(entries: &Entries, value: &impl Fn(u32) -> u32, mut each: impl FnMut(u32, u32)) {
    let mut seen: Vec<u32> = Vec::new();
    for doc in 0..entries.docs() {
        let own = entries.of(doc);
        if let Some(one) = own.only() {
            each(doc, value(one));
            continue;
        }
        seen.clear();
        for value in own.iter().map(value) {
            if !seen.contains(&value) {
                seen.push(value);
                each(doc, value);
            }
        }
    }
}
