//! The different keywords of a column: folded values in one buffer, and the spellings shown.
use super::entries::{Entries, rows};
use super::strings::Strings;
use super::trigrams::Trigrams;
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::{corrupt, unread};
use crate::stores::index::tantivy::spelling;
use std::sync::OnceLock;
use tantivy::SegmentReader;

/// From so many different values on a table of trigrams finds substrings faster than looking through all of them.
const TRIGRAMS_FROM: usize = 10_000;

/// Keywords of one field in one segment.
#[derive(Debug, Default)]
pub struct Keywords {
    /// The different folded values, sorted.
    folded: Strings,
    /// How many spellings.
    spellings: usize,
    /// Spelling → folded value; empty when each value has one spelling.
    folds_to: Vec<u32>,
    /// The spellings that are not their folded value, ascending.
    differ: Vec<u32>,
    /// Each of `differ`.
    shown: Strings,
    /// Where substrings stand; made when first asked for, and only when that pays.
    trigrams: OnceLock<Option<Trigrams>>,
}

impl Keywords {
    /// Reads them, and which spellings each document has. `packed` tells columns of [`spelling::pack`]ed strings from
    /// plain ones.
    pub fn read(reader: &SegmentReader, name: &str, packed: bool) -> Result<(Self, Entries)> {
        let mut own = Self::default();
        let Some(column) = reader.fast_fields().str(name).map_err(unread)? else { return Ok((own, Entries::None)) };
        let mut stored = column.dictionary().stream().map_err(unread)?;
        while stored.advance() {
            let entry = std::str::from_utf8(stored.key()).map_err(|_| corrupt("read a keyword"))?;
            own.push(entry, packed)?;
        }
        if own.folds_to.len() == own.folded.len() {
            own.folds_to = Vec::new();
        }
        own.folded.shrink();
        own.shown.shrink();
        let known = own.spellings;
        let numbers = rows(column.ords()).into_iter().map(|ordinal| match u32::try_from(ordinal) {
            Ok(spelling) if (spelling as usize) < known => Ok(spelling),
            _ => Err(corrupt("read a keyword")),
        });
        let numbers = numbers.collect::<Result<Vec<u32>>>()?;
        let entries = Entries::new(column.ords(), reader.max_doc(), known, &numbers);
        Ok((own, entries))
    }

    /// Whether spellings have the numbers of their values.
    pub fn one_spelling_each(&self) -> bool {
        self.folds_to.is_empty()
    }

    fn push(&mut self, entry: &str, packed: bool) -> Result<()> {
        let (folded, shown) = if packed {
            spelling::unpack(entry).ok_or_else(|| corrupt("read a keyword"))?
        } else {
            (entry.into(), entry)
        };
        let known = self.folded.len();
        if known == 0 || self.folded.get(known - 1) != folded {
            self.folded.push(&folded)?;
        }
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if shown != folded {
            self.differ.push(number(self.spellings));
            self.shown.push(shown)?;
        }
        self.folds_to.push(number(self.folded.len() - 1));
        self.spellings += 1;
        Ok(())
    }

    /// The folded value of a spelling.
    #[inline]
    pub fn fold_of(&self, spelling: u32) -> u32 {
        if self.folds_to.is_empty() {
            return spelling;
        }
        self.folds_to.get(spelling as usize).copied().unwrap_or(u32::MAX)
    }

    /// The different folded values.
    pub fn folded(&self) -> &Strings {
        &self.folded
    }

    /// How many spellings.
    pub fn spellings(&self) -> usize {
        self.spellings
    }

    /// A spelling.
    pub fn shown(&self, spelling: u32) -> &str {
        match self.differ.binary_search(&spelling) {
            Ok(at) => self.shown.get(at),
            Err(_) => self.folded.get(self.fold_of(spelling) as usize),
        }
    }

    /// The values that hold all of these parts, ascending, as far as can be told fast; `None` when only looking at
    /// every value tells. Others may be among them.
    pub fn candidates(&self, parts: &[&str]) -> Option<Vec<u32>> {
        if self.folded.len() < TRIGRAMS_FROM {
            return None;
        }
        let trigrams = self.trigrams.get_or_init(|| Trigrams::of(&self.folded)).as_ref()?;
        trigrams.holding(parts.iter().map(|part| part.as_bytes()))
    }

    /// Whether [`Self::candidates`] answers without making its table first.
    pub fn has_candidates_at_hand(&self) -> bool {
        self.folded.len() < TRIGRAMS_FROM || self.has_trigrams()
    }

    /// Whether substrings were asked for, so that [`Self::candidates`] is worth preparing.
    pub fn has_trigrams(&self) -> bool {
        self.trigrams.get().is_some()
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let trigrams = self.trigrams.get().and_then(Option::as_ref).map_or(0, Trigrams::bytes);
        let numbers = size_of_val(self.folds_to.as_slice()) + size_of_val(self.differ.as_slice());
        self.folded.bytes() + self.shown.bytes() + numbers + trigrams
    }
}
