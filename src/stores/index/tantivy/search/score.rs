//! Scores: for all matching transcripts when they are the order, else for those shown.
use super::best::Best;
use super::context::Context;
use crate::query::score::Weight;
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::{Bits, Places};
use crate::stores::index::tantivy::columns::numbers::{from_double, to_double};

/// From so many transcripts on their scores are taken from a walk of all postings instead of sought one by one.
const SEEK_MOST: usize = 4_096;

/// A score as an integer that sorts as it does.
pub fn rank(score: f64) -> i64 {
    from_double(score)
}

/// The score of a [`rank`].
pub fn of_rank(rank: i64) -> f64 {
    to_double(rank)
}

/// Offers all of `matching` that may be among the `best`: rank and key.
pub fn best(context: &Context<'_>, matching: &Bits, mut best: Best<i64>, descending: bool) -> Result<Best<i64>> {
    if let Some(likeness) = &context.likeness {
        for key in matching.iter() {
            best.push(rank(likeness.get(&key).copied().unwrap_or(0.0)), key);
        }
        return Ok(best);
    }
    match context.scored.as_slice() {
        [] => {}
        [clause] => {
            // The common case needs no memory of its own: a transcript's turns stand side by side.
            let weight = weight(context, *clause)?;
            if let Some(found) = context.found(*clause)? {
                let mut lengths = Lengths::new(weight, descending);
                for (key, count) in found.counts.iter().flatten() {
                    let words = context.snapshot.entries.words(*key);
                    if words < lengths.too_long(*count, best.floor()) && matching.contains(*key) {
                        best.push(rank(weight.part(*count, words)), *key);
                    }
                }
            }
        }
        clauses => {
            let places = Places::of_set(matching);
            let mut sums = vec![0f64; places.len()];
            for clause in clauses {
                add_parts(context, *clause, &places, &mut sums)?;
            }
            // Every part is greater than 0.
            for (key, sum) in matching.iter().zip(&sums).filter(|(_, sum)| **sum > 0.0) {
                best.push(rank(*sum), key);
            }
        }
    }
    // Transcripts without any of the words score 0: behind all others, but in front when ascending.
    if !descending || best.has_room() {
        let mut others = matching.clone();
        others.drop_all(&with_words(context)?);
        others.iter().for_each(|key| best.push(rank(0.0), key));
    }
    Ok(best)
}

/// How long a transcript may be that is among the first, by how often the words stand in it: most of those that are not
/// are told by their length alone, without a score of their own.
struct Lengths {
    weight: Weight,
    descending: bool,
    /// What the lengths were found for.
    floor: Option<i64>,
    /// From how many words on it is too long.
    by_frequency: [u32; FREQUENCIES],
}

/// Frequencies told apart.
const FREQUENCIES: usize = 16;

impl Lengths {
    fn new(weight: Weight, descending: bool) -> Self {
        Self { weight, descending, floor: None, by_frequency: [u32::MAX; FREQUENCIES] }
    }

    #[inline]
    fn too_long(&mut self, frequency: u32, floor: Option<i64>) -> u32 {
        if floor != self.floor {
            self.floor = floor;
            self.find();
        }
        self.by_frequency.get(frequency as usize).copied().unwrap_or(u32::MAX)
    }

    fn find(&mut self) {
        let Some(score) = self.floor.filter(|_| self.descending).map(of_rank) else { return };
        for (own, frequency) in self.by_frequency.iter_mut().zip(0..) {
            *own = self.weight.too_long(frequency, score);
        }
    }
}

/// The transcripts in which the words of any clause stand.
fn with_words(context: &Context<'_>) -> Result<Bits> {
    let mut keys = Bits::default();
    for clause in &context.scored {
        if let Some(found) = context.found(*clause)? {
            keys.add(&found.keys);
        }
    }
    Ok(keys)
}

/// The scores of these transcripts.
pub fn of(context: &Context<'_>, keys: &[u32]) -> Result<Vec<f64>> {
    let mut scores = vec![0f64; keys.len()];
    if keys.is_empty() {
        return Ok(scores);
    }
    if let Some(likeness) = &context.likeness {
        return Ok(keys.iter().map(|key| likeness.get(key).copied().unwrap_or(0.0)).collect());
    }
    for clause in &context.scored {
        let weight = weight(context, *clause)?;
        let counts = counts(context, *clause, keys)?;
        for ((score, key), count) in scores.iter_mut().zip(keys).zip(counts) {
            if count > 0 {
                *score += weight.part(count, context.snapshot.entries.words(*key));
            }
        }
    }
    Ok(scores)
}

/// How often the words of a clause stand in each of these transcripts.
fn counts(context: &Context<'_>, clause: usize, keys: &[u32]) -> Result<Vec<u32>> {
    let mut counts = vec![0u32; keys.len()];
    if keys.len() <= SEEK_MOST {
        context.in_transcripts(clause, keys, |at, turn| {
            if let Some(count) = counts.get_mut(at) {
                *count = count.saturating_add(turn.count);
            }
        })?;
        return Ok(counts);
    }
    let Some(found) = context.counted(clause)? else { return Ok(counts) };
    let mut by_key = vec![0u32; context.snapshot.bound as usize];
    for (key, count) in found.counts.iter().flatten() {
        if let Some(place) = by_key.get_mut(*key as usize) {
            *place = place.saturating_add(*count);
        }
    }
    for (count, key) in counts.iter_mut().zip(keys) {
        *count = by_key.get(*key as usize).copied().unwrap_or(0);
    }
    Ok(counts)
}

fn add_parts(context: &Context<'_>, clause: usize, places: &Places<'_>, sums: &mut [f64]) -> Result<()> {
    let weight = weight(context, clause)?;
    if let Some(found) = context.found(clause)? {
        for (key, count) in found.counts.iter().flatten() {
            if let Some(sum) = places.of(*key).and_then(|at| sums.get_mut(at)) {
                *sum += weight.part(*count, context.snapshot.entries.words(*key));
            }
        }
    }
    Ok(())
}

/// The weight of a clause within the scope.
fn weight(context: &Context<'_>, clause: usize) -> Result<Weight> {
    Ok(context.statistics.weight(context.statistics.idf(matching(context, clause)?)))
}

/// How many transcripts of the scope match a clause; on further pages, how many did when the first was made.
pub fn matching(context: &Context<'_>, clause: usize) -> Result<u64> {
    let before = context.search.after.as_ref().and_then(|after| {
        let at = context.scored.iter().position(|scored| *scored == clause)?;
        after.matching.get(at).copied()
    });
    match before {
        Some(matching) => Ok(matching),
        None => Ok(context.found(clause)?.map_or(0, |found| found.keys.count_common(context.scope()))),
    }
}
