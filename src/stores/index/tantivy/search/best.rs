//! The first rows of an order, without sorting what will not be shown.
use std::cmp::Ordering;

/// Keeps the first `room` of what is pushed, and all that tie with the last of them.
pub struct Best<V> {
    room: usize,
    descending: bool,
    rows: Vec<(V, u32)>,
    /// What sorts after this is not among the first.
    floor: Option<V>,
    /// When to thin out next.
    limit: usize,
    /// What sorts before this is not wanted, and what equals it is kept apart, all of it.
    edge: Option<V>,
    equal: Vec<u32>,
}

impl<V: Ord + Copy> Best<V> {
    /// Room for `room` rows.
    pub fn new(room: usize, descending: bool) -> Self {
        let limit = room.saturating_mul(4).max(512);
        Self { room, descending, rows: Vec::new(), floor: None, limit, edge: None, equal: Vec::new() }
    }

    /// Only what sorts after `edge`; what equals it is kept apart.
    pub fn after(mut self, edge: Option<V>) -> Self {
        self.edge = edge;
        self
    }

    /// Whether there is room for whatever comes last.
    pub fn has_room(&self) -> bool {
        self.rows.len() < self.room
    }

    /// What sorts after this is not among the first; grows when many rows have come.
    pub fn floor(&self) -> Option<V> {
        self.floor
    }

    /// Offers a row.
    #[inline]
    pub fn push(&mut self, value: V, key: u32) {
        if let Some(edge) = self.edge {
            match compare(value, edge, self.descending) {
                Ordering::Less => return,
                Ordering::Equal => {
                    self.equal.push(key);
                    return;
                }
                Ordering::Greater => {}
            }
        }
        if self.room == 0 || self.floor.is_some_and(|floor| compare(value, floor, self.descending).is_gt()) {
            return;
        }
        self.rows.push((value, key));
        if self.rows.len() >= self.limit {
            self.thin();
            self.limit = self.rows.len().saturating_mul(2).max(self.limit);
        }
    }

    fn thin(&mut self) {
        if self.rows.len() <= self.room || self.room == 0 {
            return;
        }
        let descending = self.descending;
        let (_, last, _) = self.rows.select_nth_unstable_by(self.room - 1, |a, b| compare(a.0, b.0, descending));
        let floor = last.0;
        self.rows.retain(|row| compare(row.0, floor, descending).is_le());
        self.floor = Some(floor);
    }

    /// The keys of what equals the edge, and the rows after it in order of their values; ties in no order.
    pub fn sorted(mut self) -> (Vec<u32>, Vec<(V, u32)>) {
        self.thin();
        let descending = self.descending;
        self.rows.sort_unstable_by(|a, b| compare(a.0, b.0, descending));
        (self.equal, self.rows)
    }
}

/// How two values sort.
pub fn compare<V: Ord>(a: V, b: V, descending: bool) -> Ordering {
    if descending { b.cmp(&a) } else { a.cmp(&b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_their_ties() {
        for descending in [false, true] {
            let mut best = Best::new(3, descending);
            for key in 0..2_000u32 {
                best.push(key % 100, key);
            }
            let (equal, rows) = best.sorted();
            assert_eq!((equal.len(), rows.len()), (0, 20));
            assert!(rows.iter().all(|row| row.0 == if descending { 99 } else { 0 }));
        }
        let mut few = Best::new(5, true);
        few.push(1, 10);
        few.push(2, 20);
        assert_eq!(few.sorted().1, [(2, 20), (1, 10)]);
    }

    #[test]
    fn begins_after_an_edge() {
        let mut best = Best::new(2, true).after(Some(50));
        for key in 0..200u32 {
            best.push(key % 100, key);
        }
        assert!(!best.has_room());
        let (equal, rows) = best.sorted();
        assert_eq!(equal, [50, 150]);
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [49, 49]);
    }
}
