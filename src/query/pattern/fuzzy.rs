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
    ///
    /// Row by row of the matrix of distances between beginnings, a row for each letter of `folded`; of a row only the
    /// cells that can still be near enough are looked at. Two rows before are kept, for swapped neighbours.
    pub fn matches(&self, folded: &str) -> bool {
        let most = usize::from(self.edits);
        // A character has at least one byte.
        if folded.len() + most < self.letters.len() {
            return false;
        }
        let mut before = [FAR; BAND];
        let mut last: [u8; BAND] = std::array::from_fn(|cell| match cell.checked_sub(most) {
            Some(column) if column <= self.letters.len() => u8::try_from(column).unwrap_or(FAR),
            _ => FAR,
        });
        let (mut rows, mut previous) = (0, None);
        for letter in folded.chars() {
            rows += 1;
            if rows > self.letters.len() + most {
                return false;
            }
            let row = self.row(rows, letter, previous, &before, &last);
            if row.iter().all(|cell| *cell > self.edits) {
                return false;
            }
            before = std::mem::replace(&mut last, row);
            previous = Some(letter);
        }
        (self.letters.len() + most).checked_sub(rows).and_then(|cell| last.get(cell)).is_some_and(|d| *d <= self.edits)
    }

    /// The cells of row `row` (from 1), whose letter is `letter` after `previous`: cell `c` is column `row + c - edits`.
    fn row(&self, row: usize, letter: char, previous: Option<char>, before: &Row, last: &Row) -> Row {
        let most = usize::from(self.edits);
        let at = |row: &Row, cell: Option<usize>| cell.and_then(|cell| row.get(cell)).copied().unwrap_or(FAR);
        let mut now = [FAR; BAND];
        for cell in 0..=2 * most {
            let Some(column) = (row + cell).checked_sub(most).filter(|column| *column <= self.letters.len()) else {
                continue;
            };
            let added = at(last, Some(cell + 1)).saturating_add(1);
            let left_out = at(&now, cell.checked_sub(1)).saturating_add(1);
            let mut least = added.min(left_out);
            if let Some(own) = column.checked_sub(1).and_then(|place| self.letters.get(place)) {
                least = least.min(at(last, Some(cell)).saturating_add(u8::from(*own != letter)));
                let neighbour = column.checked_sub(2).and_then(|place| self.letters.get(place)).copied();
                if neighbour == Some(letter) && previous == Some(*own) {
                    least = least.min(at(before, Some(cell)).saturating_add(1));
                }
            }
            if let Some(place) = now.get_mut(cell) {
                *place = least;
            }
        }
        now
    }
}

/// Cells of a row: as many columns either side of the diagonal as there may be edits.
const BAND: usize = 2 * EDITS_MAX as usize + 1;
type Row = [u8; BAND];
/// Farther than anything asked for.
const FAR: u8 = u8::MAX;

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
        assert!(Fuzzy::new("ab", 1).matches("ba"));
        assert!(
            !Fuzzy::new("ca", 2).matches("abc") && Fuzzy::new("ca", 2).matches("ac"),
            "no edits between the swapped"
        );
        assert!(Fuzzy::new("ab", 2).matches("") && !Fuzzy::new("abc", 2).matches(""));
        assert!(Fuzzy::new("a", 0).matches("a") && !Fuzzy::new("a", 0).matches("b"));
    }

    /// The definition, cell by cell.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut cells = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut least = if i == 0 || j == 0 { i + j } else { usize::MAX };
                if i > 0 && j > 0 {
                    let replaced = cells[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    least = replaced.min(cells[i - 1][j] + 1).min(cells[i][j - 1] + 1);
                }
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(cells[i - 2][j - 2] + 1);
                }
                cells[i][j] = least;
            }
        }
        cells[a.len()][b.len()]
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]
        #[test]
        fn matches_as_the_definition_says(a in "[abé]{0,7}", b in "[abé]{0,7}", edits in 0_u8..3) {
            let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let near = distance(&left, &right) <= usize::from(edits);
            proptest::prop_assert_eq!(Fuzzy::new(a.clone(), edits).matches(&b), near, "{}~{} on {}", a, edits, b);
        }
    }
}
