//! The names somebody probably meant.
use super::fold::fold;

/// Longer names are compared by their beginning: a slip of the finger shows early.
const LETTERS: usize = 64;

/// The candidates nearest to `name` by spelling, best first, at most three; none when all are far off.
pub fn near<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let name = letters(name);
    let allowed = (name.len() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (distance(&name, &letters(candidate)), candidate))
        .filter(|(far, _)| *far <= allowed)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}

/// What is compared: case and `-` for `_` cost nothing.
fn letters(name: &str) -> Vec<char> {
    fold(name).chars().map(|letter| if letter == '-' { '_' } else { letter }).take(LETTERS).collect()
}

/// Letters to insert, delete, replace or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_offered_and_far_ones_are_not() {
        let keys = ["listen", "workers", "max_connections", "drain_seconds"];
        assert_eq!(near("lisen", keys), ["listen"]);
        assert_eq!(near("lsiten", keys), ["listen"]);
        assert_eq!(near("max-connection", keys), ["max_connections"]);
        assert_eq!(near("dirain_seconds", keys), ["drain_seconds"]);
        let fields = ["queue", "Hold Time", "agent", "queues", "queue"];
        assert_eq!(near("queu", fields), ["queue"]);
        assert_eq!(near("Queues", fields), ["queues", "queue"]);
        assert_eq!(near("hold_time", fields), ["Hold Time"]);
        for far in ["colour", "QEUEU", "zzz", ""] {
            assert_eq!(near(far, keys.into_iter().chain(fields)), [] as [&str; 0], "{far}");
        }
    }

    #[test]
    fn distances_are_counted_in_edits() {
        let d = |a: &str, b: &str| distance(&letters(a), &letters(b));
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("abc", ""), 3);
        assert_eq!(d("abc", "acb"), 1);
        assert_eq!(d("ABC", "abd"), 1);
    }
}
