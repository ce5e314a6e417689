//! A set of keys as one bit each: the working set of every search.
//!
//! *Decision:* dense words, no compressed bitmap. Filled from postings a compressed bitmap costs 8–16 times more (a
//! container search per insert); 100,000 transcripts are 12.5 KB, ten million 1.25 MB.

/// Numbers handed out together.
const RUN: usize = 1_024;

/// A set of small numbers. Sets of different lengths mix: what lies beyond the end is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// An empty set with room for numbers below `bound`.
    pub fn below(bound: u32) -> Self {
        Self { words: vec![0; (bound as usize).div_ceil(64)] }
    }

    /// All numbers below `bound`.
    pub fn full(bound: u32) -> Self {
        let mut words = vec![u64::MAX; (bound / 64) as usize];
        words.extend((!bound.is_multiple_of(64)).then(|| (1 << (bound % 64)) - 1));
        Self { words }
    }

    /// Adds `at` if there is room for it.
    #[inline]
    pub fn insert(&mut self, at: u32) {
        if let Some(word) = self.words.get_mut((at >> 6) as usize) {
            *word |= 1 << (at & 63);
        }
    }

    /// Adds `at`, making room.
    pub fn insert_growing(&mut self, at: u32) {
        let word = (at >> 6) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.insert(at);
    }

    /// Takes `at` out.
    pub fn remove(&mut self, at: u32) {
        if let Some(word) = self.words.get_mut((at >> 6) as usize) {
            *word &= !(1 << (at & 63));
        }
    }

    /// Whether `at` is in.
    #[inline]
    pub fn contains(&self, at: u32) -> bool {
        self.words.get((at >> 6) as usize).is_some_and(|word| word >> (at & 63) & 1 == 1)
    }

    /// How many are in.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// How many are in both.
    pub fn count_common(&self, other: &Bits) -> u64 {
        self.words.iter().zip(&other.words).map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps what is in `other` too.
    pub fn keep(&mut self, other: &Bits) {
        self.words.truncate(other.words.len());
        for (own, word) in self.words.iter_mut().zip(&other.words) {
            *own &= word;
        }
    }

    /// Adds what is in `other`.
    pub fn add(&mut self, other: &Bits) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (own, word) in self.words.iter_mut().zip(&other.words) {
            *own |= word;
        }
    }

    /// Keeps what passes.
    pub fn retain(&mut self, passes: impl Fn(u32) -> bool) {
        for (word, at) in self.words.iter_mut().zip(0u32..) {
            for one in (Ones { word: *word, base: at << 6 }) {
                *word &= !(u64::from(!passes(one)) << (one & 63));
            }
        }
    }

    /// The set itself: each word is 64 numbers, the lowest bit the first.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Above every number there is room for.
    pub fn room(&self) -> usize {
        self.words.len() * 64
    }

    /// Takes out what is in `other`.
    pub fn drop_all(&mut self, other: &Bits) {
        for (own, word) in self.words.iter_mut().zip(&other.words) {
            *own &= !word;
        }
    }

    /// Those in, ascending, some at a time: a little over `RUN` at most.
    ///
    /// # Errors
    /// What `each` answers, at once.
    pub fn each_run<E>(&self, mut each: impl FnMut(&[u32]) -> Result<(), E>) -> Result<(), E> {
        let (mut run, mut filled) = ([0u32; RUN + 64], 0);
        for (word, base) in self.words.iter().zip((0u32..).step_by(64)) {
            let mut word = *word;
            while word != 0 {
                if let Some(place) = run.get_mut(filled) {
                    *place = base + word.trailing_zeros();
                }
                filled += 1;
                word &= word - 1;
            }
            if filled >= RUN {
                each(run.get(..filled).unwrap_or(&[]))?;
                filled = 0;
            }
        }
        each(run.get(..filled).unwrap_or(&[]))
    }

    /// Those in, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(0u32..).flat_map(|(word, at)| Ones { word: *word, base: at << 6 })
    }
}

/// Where each number stands among those of a set: a table by place is as long as the set, whatever its numbers.
pub struct Places<'b> {
    bits: &'b Bits,
    /// For each word: how many are in before it.
    before: Vec<u32>,
    count: u32,
}

impl<'b> Places<'b> {
    /// The places of a set.
    pub fn of_set(bits: &'b Bits) -> Self {
        let mut count = 0;
        let before = bits.words.iter().map(|word| {
            count += word.count_ones();
            count - word.count_ones()
        });
        let before = before.collect();
        Self { bits, before, count }
    }

    /// How many are in.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// How many are in before `at`, when it is in.
    #[inline]
    pub fn of(&self, at: u32) -> Option<usize> {
        let place = (at >> 6) as usize;
        let word = self.bits.words.get(place)?;
        let below = word & !(u64::MAX << (at & 63));
        let in_it = word >> (at & 63) & 1 == 1;
        if in_it { Some((self.before.get(place)? + below.count_ones()) as usize) } else { None }
    }
}

/// The positions of the ones of a word.
struct Ones {
    word: u64,
    base: u32,
}

impl Iterator for Ones {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.word == 0 {
            return None;
        }
        let at = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(self.base + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[u32]) -> Bits {
        let mut bits = Bits::default();
        keys.iter().for_each(|key| bits.insert_growing(*key));
        bits
    }

    #[test]
    fn sets_of_different_lengths_combine() {
        let (short, long) = (of(&[1, 63]), of(&[1, 64, 200]));
        let mut both = long.clone();
        both.keep(&short);
        assert_eq!(both.iter().collect::<Vec<_>>(), [1]);
        let mut any = short.clone();
        any.add(&long);
        assert_eq!(any.iter().collect::<Vec<_>>(), [1, 63, 64, 200]);
        any.drop_all(&short);
        assert_eq!(any.iter().collect::<Vec<_>>(), [64, 200]);
        assert_eq!((long.count(), long.count_common(&short), short.contains(9_999)), (3, 1, false));
    }

    #[test]
    fn numbers_have_places_in_order() {
        let bits = of(&[0, 1, 63, 64, 70, 200]);
        let places = Places::of_set(&bits);
        assert!(bits.iter().enumerate().all(|(place, at)| places.of(at) == Some(place)));
        assert_eq!((places.len(), places.of(2), places.of(199), places.of(10_000)), (6, None, None, None));
    }

    #[test]
    fn numbers_are_handed_out_in_runs() {
        let mut bits = Bits::full(5_000);
        bits.retain(|at| at % 3 != 1);
        let mut runs: Vec<Vec<u32>> = Vec::new();
        let all = bits.each_run(|run| {
            runs.push(run.to_vec());
            Ok::<_, ()>(())
        });
        all.unwrap();
        assert!(runs.iter().all(|run| run.len() < RUN + 64) && runs.len() > 3);
        assert_eq!(runs.concat(), bits.iter().collect::<Vec<_>>());
        assert_eq!(bits.each_run(|_| Err("enough")), Err("enough"));
    }

    #[test]
    fn all_below_a_bound_and_those_of_them_that_pass() {
        let mut bits = Bits::full(263);
        assert_eq!(bits.count(), 263);
        bits.retain(|at| at % 2 == 0);
        assert!((0..300).all(|at| bits.contains(at) == (at < 263 && at % 2 == 0)));
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let mut bits = Bits::below(64);
        bits.insert(64);
        bits.insert(63);
        assert_eq!(bits.count(), 1);
        bits.remove(63);
        assert!(bits.is_empty());
    }
}
