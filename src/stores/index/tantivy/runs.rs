//! Turn → transcript in one segment.
//!
//! *Decision:* a transcript's turns stand side by side, so it is kept where each run of them begins: one bit a turn and
//! twelve bytes a transcript. A number for each turn is read at random places by every word searched; this stays in the
//! processor's caches, and takes a third of the memory.

/// Consecutive turns of one transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The transcript.
    pub key: u32,
    /// Its first turn.
    pub from: u32,
    /// After its last.
    pub to: u32,
}

/// The runs of a segment.
#[derive(Debug, Default)]
pub struct Runs {
    turns: u32,
    /// Bit by bit: whether a turn begins a run.
    begins: Vec<u64>,
    /// For each word of `begins`: how many runs begin before it.
    before: Vec<u32>,
    /// The transcript of each run, in order of their turns.
    keys: Vec<u32>,
    /// The first turn of each run.
    from: Vec<u32>,
    /// The runs in order of their transcripts.
    by_key: Vec<u32>,
}

impl Runs {
    /// Of the transcripts of all turns, in order.
    pub fn new(keys: impl Iterator<Item = u32>) -> Self {
        let mut own = Self::default();
        for key in keys {
            let (word, bit) = ((own.turns >> 6) as usize, own.turns & 63);
            if bit == 0 {
                own.begins.push(0);
                own.before.push(own.len());
            }
            if own.keys.last() != Some(&key) {
                own.keys.push(key);
                own.from.push(own.turns);
                if let Some(begins) = own.begins.get_mut(word) {
                    *begins |= 1 << bit;
                }
            }
            own.turns += 1;
        }
        own.by_key = (0..own.len()).collect();
        let key = |run: &u32| own.keys.get(*run as usize).copied();
        own.by_key.sort_unstable_by_key(|run| (key(run), *run));
        own.begins.shrink_to_fit();
        own.before.shrink_to_fit();
        own.keys.shrink_to_fit();
        own.from.shrink_to_fit();
        own
    }

    /// How many turns.
    pub fn turns(&self) -> u32 {
        self.turns
    }

    /// How many runs.
    pub fn len(&self) -> u32 {
        u32::try_from(self.keys.len()).unwrap_or(u32::MAX)
    }

    /// The run of a turn.
    #[inline]
    pub fn of(&self, turn: u32) -> Option<Run> {
        let word = (turn >> 6) as usize;
        let upto = self.begins.get(word)? & (u64::MAX >> (63 - (turn & 63)));
        let run = (self.before.get(word)? + upto.count_ones()).checked_sub(1)?;
        if turn < self.turns { self.run(run) } else { None }
    }

    /// The transcript of a turn.
    #[inline]
    pub fn key(&self, turn: u32) -> Option<u32> {
        self.of(turn).map(|run| run.key)
    }

    /// The runs of a transcript, in order; deleted turns may be among them.
    pub fn of_key(&self, key: u32) -> impl Iterator<Item = Run> {
        let own = |run: u32| self.keys.get(run as usize).copied();
        let first = self.by_key.partition_point(|run| own(*run) < Some(key));
        let rest = self.by_key.get(first..).unwrap_or(&[]);
        rest.iter().filter_map(|run| self.run(*run)).take_while(move |run| run.key == key)
    }

    /// All runs, in order of their turns.
    pub fn iter(&self) -> impl Iterator<Item = Run> {
        (0..self.len()).filter_map(|run| self.run(run))
    }

    #[inline]
    fn run(&self, run: u32) -> Option<Run> {
        let at = run as usize;
        let to = self.from.get(at + 1).copied().unwrap_or(self.turns);
        Some(Run { key: *self.keys.get(at)?, from: *self.from.get(at)?, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_is_found_in_its_run() {
        let mut keys = Vec::new();
        for at in 0..900u32 {
            keys.extend(std::iter::repeat_n(at * 7 % 640, (at % 131) as usize));
        }
        let runs = Runs::new(keys.iter().copied());
        assert_eq!(runs.turns() as usize, keys.len());
        for (turn, key) in (0u32..).zip(&keys) {
            let run = runs.of(turn).unwrap();
            assert!(run.key == *key && run.from <= turn && turn < run.to);
            assert!(keys[run.from as usize..run.to as usize].iter().all(|own| own == key));
        }
        assert_eq!((runs.of(runs.turns()), runs.key(u32::MAX)), (None, None));
        assert_eq!(runs.iter().map(|run| run.to - run.from).sum::<u32>(), runs.turns());
        for key in 0..=640 {
            let turns: Vec<u32> = runs.of_key(key).flat_map(|run| run.from..run.to).collect();
            let expected: Vec<u32> =
                (0u32..).zip(&keys).filter(|(_, own)| **own == key).map(|(turn, _)| turn).collect();
            assert_eq!(turns, expected, "{key}");
        }
    }

    #[test]
    fn a_segment_may_be_empty() {
        let runs = Runs::new(std::iter::empty());
        assert_eq!((runs.of(0), runs.len(), runs.of_key(0).count()), (None, 0, 0));
    }
}
