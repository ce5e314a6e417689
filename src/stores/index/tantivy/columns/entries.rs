//! What each document of a column has: numbers of spellings or values, in as few bytes as they take.
use fearless_simd::prelude::*;
use fearless_simd::{u8x64, u16x32, u32x16};
use tantivy::columnar::{Column, ColumnIndex};

/// Entries that are compared together: as many as a word of bits has.
pub const TOGETHER: usize = 64;

/// The entries of every document.
#[derive(Debug)]
pub enum Entries {
    /// None has any: no memory either.
    None,
    /// Numbers below 255.
    Small(PerDoc<u8>),
    /// Below 65,535.
    Middle(PerDoc<u16>),
    /// Others.
    Large(PerDoc<u32>),
}

/// A small integer; its greatest stands for none.
pub trait Narrow: Copy + PartialEq + Into<u32> {
    /// That.
    const NONE: Self;
    /// Of a number that fits; others give [`Self::NONE`].
    fn narrow(number: u32) -> Self;
    /// Whether it is one of `length` numbers from `start` on.
    fn is_within(self, start: Self, length: Self) -> bool;
    /// The same of many, each a bit, the first the lowest.
    fn are_within<S: Simd>(simd: S, entries: &[Self; TOGETHER], start: Self, length: Self) -> u64;
}

macro_rules! narrow {
    ($($type:ty as $vector:ident of $lanes:literal),*) => {$(
        impl Narrow for $type {
            const NONE: Self = <$type>::MAX;
            fn narrow(number: u32) -> Self {
                <$type>::try_from(number).unwrap_or(Self::NONE)
            }
            #[inline]
            fn is_within(self, start: Self, length: Self) -> bool {
                self.wrapping_sub(start) < length
            }
            #[inline(always)]
            fn are_within<S: Simd>(simd: S, entries: &[Self; TOGETHER], start: Self, length: Self) -> u64 {
                let length = $vector::splat(simd, length);
                let parts = entries.as_chunks::<$lanes>().0.iter().zip((0u32..).step_by($lanes));
                parts.fold(0, |word, (part, at)| {
                    let within = ($vector::simd_from(simd, *part) - start).simd_lt(length);
                    word | (within.to_bitmask() << at)
                })
            }
        }
    )*};
}
narrow!(u8 as u8x64 of 64, u16 as u16x32 of 32, u32 as u32x16 of 16);

/// Numbers by document.
#[derive(Debug)]
pub enum PerDoc<T> {
    /// At most one each; [`Narrow::NONE`] where there is none.
    One(Vec<T>),
    /// Any number each.
    Many {
        /// Where each document's numbers begin; one more than documents.
        starts: Vec<u32>,
        /// The numbers in the order in which they were given.
        numbers: Vec<T>,
    },
}

/// The number of every document that has at most one each.
#[derive(Clone, Copy, Debug)]
pub enum OneEach<'c> {
    /// Small numbers.
    Small(&'c [u8]),
    /// Middle ones.
    Middle(&'c [u16]),
    /// Large ones.
    Large(&'c [u32]),
}

impl OneEach<'_> {
    /// Bytes of each number.
    pub fn bytes_each(self) -> u64 {
        match self {
            OneEach::Small(_) => 1,
            OneEach::Middle(_) => 2,
            OneEach::Large(_) => 4,
        }
    }

    /// Counts the entries of these documents.
    pub fn tally(self, docs: &[u32], counts: &mut [u32]) {
        match self {
            OneEach::Small(own) => tally(own, docs, counts),
            OneEach::Middle(own) => tally(own, docs, counts),
            OneEach::Large(own) => tally(own, docs, counts),
        }
    }
}

/// What stands for none is greater than every entry.
fn tally<T: Narrow>(own: &[T], docs: &[u32], counts: &mut [u32]) {
    for doc in docs {
        let entry: u32 = own.get(*doc as usize).copied().unwrap_or(T::NONE).into();
        if let Some(count) = counts.get_mut(entry as usize) {
            *count += 1;
        }
    }
}

/// What one document has.
#[derive(Clone, Copy, Debug)]
pub enum Own<'c> {
    /// Of a column of small numbers.
    Small(&'c [u8]),
    /// Of middle ones.
    Middle(&'c [u16]),
    /// Of large ones.
    Large(&'c [u32]),
}

impl<'c> Own<'c> {
    /// The entry, when there is just one.
    #[inline]
    pub fn only(self) -> Option<u32> {
        match self {
            Own::Small([one]) => Some(u32::from(*one)),
            Own::Middle([one]) => Some(u32::from(*one)),
            Own::Large([one]) => Some(*one),
            _ => None,
        }
    }

    /// How many.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            Own::Small(own) => own.len(),
            Own::Middle(own) => own.len(),
            Own::Large(own) => own.len(),
        }
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// All of them, in the order given.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'c {
        (0..self.len()).map(move |at| match self {
            Own::Small(own) => own.get(at).copied().map_or(u32::MAX, u32::from),
            Own::Middle(own) => own.get(at).copied().map_or(u32::MAX, u32::from),
            Own::Large(own) => own.get(at).copied().unwrap_or(u32::MAX),
        })
    }
}

impl Entries {
    /// Reads who has how many from the index of a stored column of a segment of `docs` documents; `numbers` are the
    /// entries row by row, all below `kinds`.
    pub fn new<S>(column: &Column<S>, docs: u32, kinds: usize, numbers: &[u32]) -> Self
    where
        S: PartialOrd + Copy + std::fmt::Debug + Default + Send + Sync + 'static,
    {
        if numbers.is_empty() {
            Entries::None
        } else if kinds < usize::from(u8::MAX) {
            Entries::Small(PerDoc::new(&column.index, docs, numbers))
        } else if kinds < usize::from(u16::MAX) {
            Entries::Middle(PerDoc::new(&column.index, docs, numbers))
        } else {
            Entries::Large(PerDoc::new(&column.index, docs, numbers))
        }
    }

    /// Reads a column of ordinals as it is.
    pub fn of_ordinals(column: &Column<u64>, docs: u32) -> Self {
        let narrow = |ordinal: u64| u32::try_from(ordinal).unwrap_or(u32::MAX);
        let numbers: Vec<u32> = rows(column).into_iter().map(narrow).collect();
        let kinds = numbers.iter().max().map_or(0, |greatest| *greatest as usize + 1);
        Self::new(column, docs, kinds, &numbers)
    }

    /// What one document has.
    #[inline]
    pub fn of(&self, doc: u32) -> Own<'_> {
        match self {
            Entries::None => Own::Small(&[]),
            Entries::Small(own) => Own::Small(own.of(doc)),
            Entries::Middle(own) => Own::Middle(own.of(doc)),
            Entries::Large(own) => Own::Large(own.of(doc)),
        }
    }

    /// The numbers by document, when each has at most one.
    pub fn one_each(&self) -> Option<OneEach<'_>> {
        match self {
            Entries::Small(PerDoc::One(own)) => Some(OneEach::Small(own)),
            Entries::Middle(PerDoc::One(own)) => Some(OneEach::Middle(own)),
            Entries::Large(PerDoc::One(own)) => Some(OneEach::Large(own)),
            _ => None,
        }
    }

    /// How many documents there may be that have any.
    pub fn docs(&self) -> u32 {
        match self {
            Entries::None => 0,
            Entries::Small(own) => own.docs(),
            Entries::Middle(own) => own.docs(),
            Entries::Large(own) => own.docs(),
        }
    }

    /// Whether a document may have several.
    pub fn many(&self) -> bool {
        match self {
            Entries::None => false,
            Entries::Small(own) => own.many(),
            Entries::Middle(own) => own.many(),
            Entries::Large(own) => own.many(),
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        match self {
            Entries::None => 0,
            Entries::Small(own) => own.bytes(),
            Entries::Middle(own) => own.bytes(),
            Entries::Large(own) => own.bytes(),
        }
    }
}

impl<T: Narrow> PerDoc<T> {
    fn new(index: &ColumnIndex, docs: u32, numbers: &[u32]) -> Self {
        let narrow = |number: &u32| T::narrow(*number);
        match index {
            ColumnIndex::Empty { .. } => PerDoc::One(Vec::new()),
            ColumnIndex::Full => PerDoc::One(numbers.iter().map(narrow).collect()),
            ColumnIndex::Optional(present) => {
                let mut own = vec![T::NONE; docs as usize];
                for (doc, number) in present.iter_non_null_docs().zip(numbers) {
                    if let Some(place) = own.get_mut(doc as usize) {
                        *place = narrow(number);
                    }
                }
                PerDoc::One(own)
            }
            ColumnIndex::Multivalued(_) => {
                let mut starts = Vec::with_capacity(docs as usize + 1);
                // A document without a value has the range 0..0 when others have none either: it begins where the
                // one before it ends.
                let mut end = 0;
                for doc in 0..docs {
                    starts.push(end);
                    end = index.value_row_ids(doc).end.max(end);
                }
                starts.push(end);
                PerDoc::Many { starts, numbers: numbers.iter().map(narrow).collect() }
            }
        }
    }

    #[inline]
    fn of(&self, doc: u32) -> &[T] {
        let at = doc as usize;
        match self {
            PerDoc::One(own) => match own.get(at) {
                Some(number) if *number != T::NONE => std::slice::from_ref(number),
                _ => &[],
            },
            PerDoc::Many { starts, numbers } => match (starts.get(at), starts.get(at + 1)) {
                (Some(from), Some(to)) => numbers.get(*from as usize..*to as usize).unwrap_or(&[]),
                _ => &[],
            },
        }
    }

    fn docs(&self) -> u32 {
        let count = match self {
            PerDoc::One(own) => own.len(),
            PerDoc::Many { starts, .. } => starts.len().saturating_sub(1),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn many(&self) -> bool {
        matches!(self, PerDoc::Many { .. })
    }

    fn bytes(&self) -> usize {
        match self {
            PerDoc::One(own) => size_of_val(own.as_slice()),
            PerDoc::Many { starts, numbers } => size_of_val(starts.as_slice()) + size_of_val(numbers.as_slice()),
        }
    }
}

/// All rows of a stored column, in order.
pub fn rows<S>(column: &Column<S>) -> Vec<S>
where
    S: PartialOrd + Copy + std::fmt::Debug + Default + Send + Sync + 'static,
{
    let mut all = vec![S::default(); column.values.num_vals() as usize];
    column.values.get_range(0, &mut all);
    all
}
