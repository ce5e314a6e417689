//! Values of one field in one segment, in memory, sorted: built when first asked for, kept as long as the segment lives.
//!
//! *Decision:* sorted copies instead of the library's range queries, dictionaries and sort keys: bisecting them answers a
//! range with its exact size in microseconds (the library: 3 ms), walking them is the order of a page, and one buffer of
//! unique values is searched for a substring 25–150 times faster than the term dictionary.
//!
//! *Decision:* numbers and keywords are kept alike: each different value once, sorted; documents have the number of
//! their value, in as few bytes as that takes, and values have their documents. Equality, ranges, order, facets and
//! histograms then work on small integers, and a field costs 5–8 bytes per document beside its different values.
pub mod coarse;
pub mod entries;
pub mod keywords;
pub mod numbers;
pub mod placed;
pub mod strings;
pub mod trigrams;
pub mod vectors;

use super::schema;
use crate::domain::fields::definition::Storage;
use crate::query::resolved::Target;
use crate::stores::error::Result;
use coarse::Coarse;
use entries::{Entries, OneEach, Own};
use fearless_simd::Level;
use keywords::Keywords;
use numbers::{Numbers, Scale};
use placed::Placed;
use std::ops::Range;
use std::sync::LazyLock;
use tantivy::SegmentReader;

/// What the processor can do: loops over columns are compiled for each kind.
pub static LEVEL: LazyLock<Level> = LazyLock::new(Level::new);

/// One column.
#[derive(Debug)]
pub struct Column {
    kind: Kind,
    entries: Entries,
    placed: Placed,
    coarse: Option<Coarse>,
}

/// What a column holds.
#[derive(Debug)]
pub enum Kind {
    /// Strings. Documents have spellings, which belong to values.
    Keywords(Keywords),
    /// Numbers, instants, or for text fields the number of values. Documents have values.
    Numbers(Numbers),
}

/// A value as rows are ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank<'c> {
    /// A number or instant, as an integer that sorts as it does.
    Whole(i64),
    /// A folded string.
    Text(&'c str),
}

impl Column {
    /// Reads the column of `target`; a segment without values gives an empty one.
    pub fn read(reader: &SegmentReader, target: Target) -> Result<Self> {
        let name = schema::column_name(target);
        let (kind, entries) = match target.storage() {
            Storage::Keyword => {
                let (keywords, entries) = Keywords::read(reader, &name, !is_tid(target))?;
                (Kind::Keywords(keywords), entries)
            }
            storage => {
                let scale = if storage == Storage::Number { Scale::Double } else { Scale::Whole };
                let (numbers, entries) = Numbers::read(reader, &name, scale)?;
                (Kind::Numbers(numbers), entries)
            }
        };
        let values = match &kind {
            Kind::Keywords(own) => own.folded().len(),
            Kind::Numbers(own) => own.values().len(),
        };
        let placed = match &kind {
            Kind::Keywords(own) => Placed::new(&entries, values, |entry| own.fold_of(entry)),
            Kind::Numbers(_) => Placed::new(&entries, values, |entry| entry),
        };
        let mut own = Self { kind, entries, placed, coarse: None };
        if own.entries_are_values() {
            own.coarse = Coarse::of(&own.entries, own.values());
        }
        Ok(own)
    }

    /// What it holds.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The strings, when it holds such.
    pub fn keywords(&self) -> Option<&Keywords> {
        match &self.kind {
            Kind::Keywords(own) => Some(own),
            Kind::Numbers(_) => None,
        }
    }

    /// The numbers, when it holds such.
    pub fn numbers(&self) -> Option<&Numbers> {
        match &self.kind {
            Kind::Keywords(_) => None,
            Kind::Numbers(own) => Some(own),
        }
    }

    /// How many different values.
    pub fn values(&self) -> u32 {
        self.placed.values()
    }

    /// How many different entries documents can have: spellings, or values.
    pub fn kinds_of_entries(&self) -> usize {
        match &self.kind {
            Kind::Keywords(own) => own.spellings(),
            Kind::Numbers(own) => own.values().len(),
        }
    }

    /// What a document has, in the order given: spellings, or values.
    #[inline]
    pub fn of(&self, doc: u32) -> Own<'_> {
        self.entries.of(doc)
    }

    /// The value an entry belongs to.
    #[inline]
    pub fn value(&self, entry: u32) -> u32 {
        match &self.kind {
            Kind::Keywords(own) => own.fold_of(entry),
            Kind::Numbers(_) => entry,
        }
    }

    /// The entries by document, when each has at most one.
    pub fn one_each(&self) -> Option<OneEach<'_>> {
        self.entries.one_each()
    }

    /// In which part of all values each document's lies, where values are many and each document has at most one.
    pub fn coarse(&self) -> Option<&Coarse> {
        self.coarse.as_ref()
    }

    /// Whether [`Self::value`] answers what it is asked.
    pub fn entries_are_values(&self) -> bool {
        match &self.kind {
            Kind::Keywords(own) => own.one_spelling_each(),
            Kind::Numbers(_) => true,
        }
    }

    /// Whether a document may have several values.
    pub fn many(&self) -> bool {
        self.entries.many()
    }

    /// The least or the greatest value of a document.
    #[inline]
    pub fn end(&self, doc: u32, greatest: bool) -> Option<u32> {
        let own = self.of(doc);
        if let Some(one) = own.only() {
            return Some(self.value(one));
        }
        let values = own.iter().map(|entry| self.value(entry));
        if greatest { values.max() } else { values.min() }
    }

    /// A value as rows are ordered by it.
    #[inline]
    pub fn rank(&self, value: u32) -> Rank<'_> {
        match &self.kind {
            Kind::Keywords(own) => Rank::Text(own.folded().get(value as usize)),
            Kind::Numbers(own) => Rank::Whole(own.get(value)),
        }
    }

    /// How many values are before the first for which `before` does not hold.
    pub fn partition(&self, before: impl Fn(Rank<'_>) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.values());
        while low < high {
            let middle = low.midpoint(high);
            if before(self.rank(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The documents of these values, by value, each once per value.
    #[inline]
    pub fn docs(&self, values: Range<u32>) -> &[u32] {
        self.placed.docs(values)
    }

    /// Bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let values = match &self.kind {
            Kind::Keywords(own) => own.bytes(),
            Kind::Numbers(own) => own.bytes(),
        };
        values + self.entries.bytes() + self.placed.bytes() + self.coarse.as_ref().map_or(0, Coarse::bytes)
    }
}

/// Whether `target` is the transcript id, whose values compare exactly and stand in a column of their own.
pub fn is_tid(target: Target) -> bool {
    matches!(target, Target::Builtin(builtin) if builtin.name == schema::TID)
}
