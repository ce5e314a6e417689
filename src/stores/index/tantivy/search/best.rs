//! The first rows of an order, without sorting what will not be shown.

/// Keeps the first `room` of what is pushed, and all that tie with the last of them.
pub struct Best<V> {
    room: usize,
    descending: bool,
    rows: Vec<(V, u32)>,
    /// What sorts after this is not among the first.
    floor: Option<V>,
    /// When to thin out next.
    limit: usize,
}

impl<V: Ord + Copy> Best<V> {
    /// Room for `room` rows.
    pub fn new(room: usize, descending: bool) -> Self {
        Self { room, descending, rows: Vec::new(), floor: None, limit: room.saturating_mul(4).max(512) }
    }

    /// Offers a row.
    #[inline]
    pub fn push(&mut self, value: V, key: u32) {
        if self.room == 0 || self.floor.is_some_and(|floor| after(value, floor, self.descending)) {
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
        self.rows.retain(|row| !after(row.0, floor, descending));
        self.floor = Some(floor);
    }

    /// How many are kept so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows in order of their values; ties in no order.
    pub fn sorted(mut self) -> Vec<(V, u32)> {
        self.thin();
        let descending = self.descending;
        self.rows.sort_unstable_by(|a, b| compare(a.0, b.0, descending));
        self.rows
    }
}

/// How two values sort.
pub fn compare<V: Ord>(a: V, b: V, descending: bool) -> std::cmp::Ordering {
    if descending { b.cmp(&a) } else { a.cmp(&b) }
}

fn after<V: Ord>(a: V, b: V, descending: bool) -> bool {
    compare(a, b, descending).is_gt()
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
            let rows = best.sorted();
            assert_eq!(rows.len(), 20);
            assert!(rows.iter().all(|row| row.0 == if descending { 99 } else { 0 }));
        }
        let mut few = Best::new(5, true);
        few.push(1, 10);
        few.push(2, 20);
        assert_eq!(few.sorted(), [(2, 20), (1, 10)]);
    }
}
