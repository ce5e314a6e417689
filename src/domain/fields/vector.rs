//! Embeddings: vectors of single-precision numbers, and how alike two of them are.
//!
//! *Decision:* numbers are kept as IEEE 754 singles, as the models that make them do; what was sent stays in the metadata.
//! A vector of zeros has no direction, and so no cosine: it is no embedding. How alike two vectors are is computed in
//! doubles, one addition after the other, so that every processor answers the same bits.
use crate::base::json::elements;
use std::borrow::Cow;

/// Numbers an embedding may have.
pub const SIZE_MAX: usize = 4_096;

/// Bytes of JSON that one number of an embedding may take on average; doubles in full take 25.
const NUMBER_BYTES: usize = 40;

/// Bytes of JSON that an embedding of so many numbers may take.
pub fn json_bytes(size: usize) -> usize {
    size.saturating_mul(NUMBER_BYTES).saturating_add(2)
}

/// Reads a JSON array of numbers, or a string that spells one; `[]` gives an empty vector.
///
/// # Errors
/// In words that go on after the value: what is wrong.
pub fn read(json: &str, most: usize) -> Result<Vec<f32>, String> {
    let text = match json.strip_prefix('"') {
        Some(_) => Cow::Owned(serde_json::from_str::<String>(json).map_err(|_| "is no list of numbers".to_owned())?),
        None => Cow::Borrowed(json),
    };
    let text = text.trim();
    let parts = if text.starts_with('[') { elements(text).ok() } else { None };
    let parts = parts.ok_or_else(|| "is no list of numbers".to_owned())?;
    if parts.len() > most {
        return Err(format!("has {} numbers", parts.len()));
    }
    let number = |part: &serde_json::value::RawValue| {
        let first = part.get().bytes().next();
        let spelled = first.is_some_and(|first| first == b'-' || first.is_ascii_digit());
        let read = part.get().parse::<f64>().ok().filter(|_| spelled);
        read.ok_or_else(|| "holds something that is no number".to_owned()).and_then(|double| {
            // Beyond the singles lies infinity.
            let single = double as f32;
            if single.is_finite() { Ok(single) } else { Err("holds a number that is too large".to_owned()) }
        })
    };
    parts.into_iter().map(number).collect()
}

/// Whether a vector points nowhere.
pub fn is_zero(vector: &[f32]) -> bool {
    vector.iter().all(|number| *number == 0.0)
}

/// The length of a vector.
pub fn length(vector: &[f32]) -> f64 {
    product(vector, vector).sqrt()
}

/// The cosine of the angle between two vectors of one size, from -1 to 1; 0 for a vector that points nowhere.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    // One root of both squares: of singles they are far from the ends of the doubles.
    let lengths = (product(a, a) * product(b, b)).sqrt();
    // Adding zero makes one zero of two.
    if lengths > 0.0 { (product(a, b) / lengths).clamp(-1.0, 1.0) + 0.0 } else { 0.0 }
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_nothing_else() {
        assert_eq!(read("[1, -2.5,3e-1]", 3), Ok(vec![1.0, -2.5, 0.3]));
        assert_eq!(read("\" [1,2] \"", 9), Ok(vec![1.0, 2.0]), "a table has strings only");
        assert_eq!(read("[]", 9), Ok(vec![]));
        for (wrong, why) in [
            ("[1,\"2\"]", "holds something that is no number"),
            ("[1,null]", "holds something that is no number"),
            ("[[1]]", "holds something that is no number"),
            ("[1e39]", "holds a number that is too large"),
            ("[1e999]", "holds a number that is too large"),
            ("7", "is no list of numbers"),
            ("{}", "is no list of numbers"),
            ("\"x\"", "is no list of numbers"),
            ("[1,2,3,4]", "has 4 numbers"),
        ] {
            assert_eq!(read(wrong, 3), Err(why.to_owned()), "{wrong}");
        }
    }

    #[test]
    fn likeness_is_the_cosine() {
        assert_eq!(cosine(&[3.0, 4.0], &[6.0, 8.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[1.0, 1.0], &[-2.0, -2.0]), -1.0);
        assert!((cosine(&[1.0, 0.0], &[1.0, 1.0]) - 0.5f64.sqrt()).abs() < 1e-15);
        assert_eq!(cosine(&[0.0, -0.0], &[1.0, 1.0]), 0.0);
        let huge = [f32::MAX; 4];
        assert_eq!(cosine(&huge, &huge), 1.0);
    }
}
