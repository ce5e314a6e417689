//! Embeddings of one field in one segment, in memory: a byte a number, to be compared with a vector quickly, and how far
//! off that may be.
//!
//! *Decision:* whole numbers from -127 to 127 by the greatest of each vector: a quarter of the memory and of the time of
//! singles, and sums of whole numbers are the same on every processor. With each vector stands how long the error is
//! that this makes of its direction, so that the nearest are found exactly: whatever may be among them is looked at again
//! in full ([`crate::stores::index::tantivy::search`]), which is seldom many more than are wanted.
use crate::base::room::Held;
use crate::domain::fields::vector;
use crate::domain::identity::FieldId;
use crate::stores::error::Result;
use crate::stores::index::tantivy::columns::LEVEL;
use crate::stores::index::tantivy::embeddings::Embeddings;
use fearless_simd::{Simd, dispatch};

/// The greatest code.
const GREATEST: f64 = 127.0;

/// What rounding of doubles and singles may add to an error: much more than it does.
const SLACK: f64 = 1e-5;

/// The embeddings of the documents that have one.
#[derive(Debug)]
pub struct Vectors {
    size: usize,
    /// Ascending.
    docs: Vec<u32>,
    /// `size` for each of `docs`.
    codes: Vec<i8>,
    /// What makes a direction of the codes.
    factors: Vec<f32>,
    /// How long the rest is.
    errors: Vec<f32>,
    /// The memory it takes.
    _held: Held,
}

/// A direction in whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    codes: Vec<i8>,
    /// `factor * codes` is nearly the direction.
    factor: f64,
    /// How long the difference is.
    error: f64,
}

impl Codes {
    /// Of a vector; one that points nowhere is like nothing.
    pub fn of(numbers: &[f32]) -> Self {
        let length = vector::length(numbers);
        let greatest = numbers.iter().map(|number| f64::from(number.abs())).fold(0.0, f64::max);
        if length <= 0.0 || greatest <= 0.0 {
            return Self { codes: vec![0; numbers.len()], factor: 0.0, error: 1.0 };
        }
        let step = greatest / GREATEST;
        let codes: Vec<i8> = numbers.iter().map(|number| (f64::from(*number) / step).round() as i8).collect();
        let rest = numbers.iter().zip(&codes).map(|(number, code)| {
            let rest = f64::from(*number) - f64::from(*code) * step;
            rest * rest
        });
        let error = rest.sum::<f64>().sqrt() / length;
        Self { codes, factor: step / length, error }
    }
}

impl Vectors {
    /// Bytes of memory that so many embeddings take.
    pub fn bytes_of(docs: usize, size: usize) -> usize {
        docs.saturating_mul(size.saturating_add(3 * size_of::<u32>()))
    }

    /// Reads those of `docs`, ascending, which all have one.
    pub fn read(from: &Embeddings, docs: Vec<u32>, field: FieldId, size: usize, held: Held) -> Result<Self> {
        let mut own = Self {
            size,
            codes: Vec::with_capacity(docs.len() * size),
            factors: Vec::with_capacity(docs.len()),
            errors: Vec::with_capacity(docs.len()),
            docs,
            _held: held,
        };
        let mut numbers = Vec::with_capacity(size);
        for doc in &own.docs {
            from.read(*doc, &[field], &mut numbers)?;
            let mut codes = Codes::of(&numbers);
            codes.codes.resize(size, 0);
            own.codes.append(&mut codes.codes);
            own.factors.push(codes.factor as f32);
            own.errors.push(codes.error as f32);
        }
        Ok(own)
    }

    /// How many numbers each has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The documents, ascending.
    pub fn docs(&self) -> &[u32] {
        &self.docs
    }

    /// For each of `rows`, places in [`Self::docs`]: the least and the greatest its cosine with the vector can be.
    pub fn bounds(&self, of: &Codes, rows: &[u32], scratch: &mut Vec<i32>, mut each: impl FnMut(u32, f64, f64)) {
        scratch.clear();
        dispatch!(*LEVEL, simd => products(simd, &of.codes, &self.codes, rows, scratch));
        for (row, product) in rows.iter().zip(scratch.iter()) {
            let at = *row as usize;
            let (Some(factor), Some(error)) = (self.factors.get(at), self.errors.get(at)) else { continue };
            let about = f64::from(*product) * of.factor * f64::from(*factor);
            let error = f64::from(*error);
            // |u·v - û·v̂| = |(u - û)·v̂ + u·(v - v̂)|, and v̂ is at most so much longer than 1.
            let off = of.error * (1.0 + error) + error + SLACK;
            each(*row, about - off, about + off);
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        Self::bytes_of(self.docs.len(), self.size)
    }
}

/// The products of one vector with some rows. Plain loops: compiled for each kind of processor, they become its widest
/// instructions.
#[inline(always)]
fn products<S: Simd>(_: S, vector: &[i8], codes: &[i8], rows: &[u32], into: &mut Vec<i32>) {
    for row in rows {
        let from = *row as usize * vector.len();
        let own = codes.get(from..from + vector.len()).unwrap_or(&[]);
        into.push(vector.iter().zip(own).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::room::Room;
    use proptest::prelude::*;

    fn of(numbers: &[Vec<f32>]) -> Vectors {
        let all: Vec<Codes> = numbers.iter().map(|numbers| Codes::of(numbers)).collect();
        Vectors {
            size: numbers[0].len(),
            docs: (0..u32::try_from(numbers.len()).unwrap()).collect(),
            codes: all.iter().flat_map(|own| own.codes.clone()).collect(),
            factors: all.iter().map(|own| own.factor as f32).collect(),
            errors: all.iter().map(|own| own.error as f32).collect(),
            _held: Room::new(0).take(0).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn the_cosine_lies_within_its_bounds(
            size in 1usize..70,
            seed in proptest::collection::vec(prop_oneof![-1f32..1.0, Just(0.0), -1e30f32..1e30, Just(1e-38)], 210),
        ) {
            let vectors: Vec<Vec<f32>> = seed.chunks_exact(size).map(<[f32]>::to_vec).take(3).collect();
            prop_assume!(vectors.iter().all(|own| !vector::is_zero(own)));
            let asked = vectors[0].clone();
            let column = of(&vectors);
            let rows: Vec<u32> = column.docs().to_vec();
            let mut seen = 0;
            column.bounds(&Codes::of(&asked), &rows, &mut Vec::new(), |row, low, high| {
                let cosine = vector::cosine(&asked, &vectors[row as usize]);
                assert!(low <= cosine && cosine <= high, "{low} {cosine} {high}");
                seen += 1;
            });
            prop_assert_eq!(seen, rows.len());
        }
    }

    #[test]
    fn like_directions_are_told_from_others() {
        let vectors: Vec<Vec<f32>> =
            (0..50u8).map(|at| (0..64u8).map(|n| f32::from(n ^ at) - 31.5).collect()).collect();
        let column = of(&vectors);
        let mut bounds = Vec::new();
        column
            .bounds(&Codes::of(&vectors[7]), &[7, 40], &mut Vec::new(), |row, low, high| bounds.push((row, low, high)));
        let [(7, low, _), (40, _, high)] = bounds[..] else { panic!("{bounds:?}") };
        assert!(low > 0.95 && high < low, "{bounds:?}");
    }
}
