//! Many strings in one buffer.
use crate::stores::error::{Kind, Result, Store, StoreError};

/// Strings by number.
#[derive(Clone, Debug)]
pub struct Strings {
    text: String,
    starts: Vec<u32>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { text: String::new(), starts: vec![0] }
    }
}

impl Strings {
    /// Adds one; its number is the former length.
    ///
    /// # Errors
    /// `Unavailable` when they are more than 4 GiB: a segment of that size is far beyond what is merged.
    pub fn push(&mut self, text: &str) -> Result<()> {
        let end = u32::try_from(self.text.len() + text.len()).map_err(|_| {
            StoreError::plain(Store::Index, Kind::Unavailable, "hold more than 4 GiB of values of one field")
        })?;
        self.text.push_str(text);
        self.starts.push(end);
        Ok(())
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.starts.shrink_to_fit();
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.text.len() + size_of_val(self.starts.as_slice())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The string of that number; empty when there is none.
    #[inline]
    pub fn get(&self, number: usize) -> &str {
        match (self.starts.get(number), self.starts.get(number + 1)) {
            (Some(from), Some(to)) => self.text.get(*from as usize..*to as usize).unwrap_or(""),
            _ => "",
        }
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.get(number))
    }

    /// Of sorted strings: how many are before the first for which `before` does not hold.
    pub fn partition(&self, before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if before(self.get(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Of sorted strings: the number of this one.
    pub fn position(&self, text: &str) -> Option<usize> {
        let at = self.partition(|own| own < text);
        (at < self.len() && self.get(at) == text).then_some(at)
    }

    /// The numbers of those that hold `part`, ascending: one pass over the buffer.
    pub fn holding(&self, part: &str) -> Vec<u32> {
        let mut found = Vec::new();
        if part.is_empty() {
            found.extend((0u32..).take(self.len()));
            return found;
        }
        let finder = memchr::memmem::Finder::new(part.as_bytes());
        let mut from = 0;
        while let Some(at) = self.text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
            let begin = from + at;
            let number = self.starts.partition_point(|start| *start as usize <= begin).saturating_sub(1);
            let end = self.starts.get(number + 1).map_or(usize::MAX, |end| *end as usize);
            if begin + part.len() <= end {
                found.push(u32::try_from(number).unwrap_or(u32::MAX));
                from = end;
            } else {
                // It runs over the border of two strings.
                from = begin + 1;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Strings {
        let mut all = Strings::default();
        texts.iter().for_each(|text| all.push(text).unwrap());
        all
    }

    #[test]
    fn substrings_do_not_run_over_borders() {
        let all = of(&["", "anna", "anna smith", "blacksmith", "sm", "ith"]);
        assert_eq!(all.holding("smi"), [2, 3]);
        assert_eq!(all.holding("smith"), [2, 3]);
        assert_eq!(all.holding("nn"), [1, 2]);
        assert_eq!(all.holding("aa"), [0u32; 0]);
        assert_eq!(all.holding("").len(), 6);
    }

    #[test]
    fn bisects() {
        let all = of(&["a", "b", "d"]);
        assert_eq!((all.position("b"), all.position("c"), all.position("e")), (Some(1), None, None));
        assert_eq!(all.partition(|text| text < "c"), 2);
        assert_eq!(Strings::default().position(""), None);
    }
}
