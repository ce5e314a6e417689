//! The transcripts nearest to a vector, by looking at each.
use super::Candidate;
use crate::domain::fields::{TypedValue, vector};
use crate::domain::record::Record;
use crate::query::resolved::Near;

/// How like the vector a transcript's embedding is; nothing where it has none, or none that counts in its folder.
pub fn likeness(record: &Record, asked: &Near) -> Option<f64> {
    if asked.only_folders.as_ref().is_some_and(|only| !only.contains(&record.folder)) {
        return None;
    }
    let own = record.values.iter().filter(|(field, _)| asked.fields.contains(field));
    own.flat_map(|(_, values)| values).find_map(|value| match value {
        TypedValue::Vector(numbers) if numbers.len() == asked.vector.len() => {
            Some(vector::cosine(&asked.vector, numbers))
        }
        _ => None,
    })
}

/// Leaves the nearest; their likeness becomes their score.
pub(super) fn keep_nearest(candidates: &mut Vec<Candidate<'_>>, asked: &Near) {
    candidates.retain_mut(|one| match likeness(&one.document.record, asked) {
        Some(likeness) => {
            one.score = likeness;
            true
        }
        None => false,
    });
    candidates.sort_by(|a, b| {
        let (own, other) = (&a.document.record, &b.document.record);
        let by_likeness = b.score.total_cmp(&a.score);
        by_likeness.then_with(|| own.tid.as_str().cmp(other.tid.as_str())).then_with(|| own.key.cmp(&other.key))
    });
    candidates.truncate(asked.k);
}
