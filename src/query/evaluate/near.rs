//! How like a vector a transcript is.
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
