//! Words that are nearly right: at most so many letters inserted, left out, replaced, or swapped with their neighbour
//! (restricted Damerau–Levenshtein distance, Boytsov 2011).

/// The most edits that can be asked for: with more, hardly a word would not match.
pub const EDITS_MAX: u8 = 2;

/// A word and how far others may be from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuzzy {
    word: String,
    letters: Vec<char>,
    edits: u8,
}

impl Fuzzy {
    /// A folded word; `edits` at most [`EDITS_MAX`].
    pub fn new(word: impl Into<String>, edits: u8) -> Self {
        let word = word.into();
        Self { letters: word.chars().collect(), word, edits: edits.min(EDITS_MAX) }
    }

    /// The word.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The edits allowed.
    pub fn edits(&self) -> u8 {
        self.edits
    }

    /// Whether `folded` is near enough.
    pub fn matches(&self, folded: &str) -> bool {
        let most = usize::from(self.edits);
        let other: Vec<char> = folded.chars().take(self.letters.len() + most + 1).collect();
        other.len().abs_diff(self.letters.len()) <= most && distance(&self.letters, &other) <= most
    }
}

/// Row by row; the two rows before are kept for swapped neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, own) in a.iter().enumerate() {
        let mut now = Vec::with_capacity(b.len() + 1);
        now.push(row + 1);
        for (column, other) in b.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, column) + usize::from(own != other);
            let mut least = replaced.min(at(&last, column + 1) + 1).min(at(&now, column) + 1);
            let swapped = row > 0 && column > 0 && a.get(row - 1) == Some(other) && b.get(column - 1) == Some(own);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            now.push(least);
        }
        before = std::mem::replace(&mut last, now);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_may_be_missing_added_replaced_or_swapped() {
        let one = Fuzzy::new("cancel", 1);
        for near in ["cancel", "cancle", "cancell", "ancel", "cansel", "cnacel"] {
            assert!(one.matches(near), "{near}");
        }
        for far in ["cncle", "canceled", "can", "", "plan"] {
            assert!(!one.matches(far), "{far}");
        }
        assert!(Fuzzy::new("cancel", 2).matches("canceled"));
        assert!(
            Fuzzy::new("größe", 1).matches("grösse")
                == (distance(&"größe".chars().collect::<Vec<_>>(), &"grösse".chars().collect::<Vec<_>>()) <= 1)
        );
        assert!(Fuzzy::new("ab", 1).matches("ba"));
    }
}
