//! Names a person may have meant: near in spelling, compared folded.
use crate::base::fold::fold;

/// The candidates nearest to `name`, best first, at most three; none when all are far off.
pub fn near<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let letters: Vec<char> = fold(name).chars().take(64).collect();
    let allowed = (letters.len() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other: Vec<char> = fold(candidate).chars().take(64).collect();
            let steps = distance(&letters, &other);
            (steps <= allowed).then_some((steps, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}

/// Letters to insert, delete or replace.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, own) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(b) {
            let above = *cell;
            left = (corner + usize::from(own != other)).min(above + 1).min(left + 1);
            corner = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_finger() {
        let names = ["queue", "Hold Time", "agent", "direction"];
        assert_eq!(near("queu", names), ["queue"]);
        assert_eq!(near("hold_time", names), ["Hold Time"]);
        assert_eq!(near("QEUEU", names), [] as [&str; 0]);
        assert_eq!(near("zzz", names), [] as [&str; 0]);
    }

    #[test]
    fn distance_is_levenshteins() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("abc", ""), 3);
    }
}
