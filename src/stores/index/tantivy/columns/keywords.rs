//! A column of keywords: unique values in one buffer, documents by value, values by document.
use super::per_doc::{Missing, PerDoc};
use super::strings::Strings;
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::{corrupt, unread};
use crate::stores::index::tantivy::spelling;
use std::ops::Range;
use tantivy::SegmentReader;

/// Keywords of one field in one segment.
#[derive(Debug)]
pub struct Keywords {
    /// The unique spellings shown.
    shown: Strings,
    /// The unique folded values, sorted.
    folded: Strings,
    /// Spelling → folded value.
    folds_to: Vec<u32>,
    /// Spellings by document.
    spellings: PerDoc<u32>,
    /// Where each folded value's documents begin in `docs`.
    starts: Vec<u32>,
    /// Documents by folded value, each once per value.
    docs: Vec<u32>,
}

impl Keywords {
    /// Reads them. `packed` tells columns of [`spelling::pack`]ed strings from plain ones.
    pub fn read(reader: &SegmentReader, name: &str, packed: bool) -> Result<Self> {
        let mut own = Self {
            shown: Strings::default(),
            folded: Strings::default(),
            folds_to: Vec::new(),
            spellings: PerDoc::none(reader.max_doc()),
            starts: vec![0],
            docs: Vec::new(),
        };
        let Some(column) = reader.fast_fields().str(name).map_err(unread)? else { return Ok(own) };
        let mut entries = column.dictionary().stream().map_err(unread)?;
        while entries.advance() {
            let entry = std::str::from_utf8(entries.key()).map_err(|_| corrupt("read a keyword"))?;
            own.push_entry(entry, packed)?;
        }
        let known = own.folds_to.len() as u64;
        own.spellings = PerDoc::read(column.ords(), reader.max_doc(), |ordinal| match u32::try_from(ordinal) {
            Ok(ordinal) if u64::from(ordinal) < known => ordinal,
            _ => u32::NONE,
        });
        own.invert();
        Ok(own)
    }

    fn push_entry(&mut self, entry: &str, packed: bool) -> Result<()> {
        let (folded, shown) = if packed {
            spelling::unpack(entry).ok_or_else(|| corrupt("read a keyword"))?
        } else {
            (entry.into(), entry)
        };
        self.shown.push(shown);
        let known = self.folded.len();
        if known == 0 || self.folded.get(known - 1) != folded {
            self.folded.push(&folded);
        }
        self.folds_to.push(u32::try_from(self.folded.len() - 1).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Documents by folded value: counted, then placed.
    fn invert(&mut self) {
        let mut counts = vec![0u32; self.folded.len() + 1];
        self.each_folded(|_, value| {
            if let Some(count) = counts.get_mut(value as usize + 1) {
                *count += 1;
            }
        });
        for at in 1..counts.len() {
            let before = counts.get(at - 1).copied().unwrap_or(0);
            if let Some(count) = counts.get_mut(at) {
                *count += before;
            }
        }
        let mut docs = vec![0u32; counts.last().copied().unwrap_or(0) as usize];
        let mut next = counts.clone();
        self.each_folded(|doc, value| {
            if let Some(at) = next.get_mut(value as usize) {
                if let Some(place) = docs.get_mut(*at as usize) {
                    *place = doc;
                }
                *at += 1;
            }
        });
        (self.starts, self.docs) = (counts, docs);
    }

    /// Every folded value of every document, once.
    fn each_folded(&self, mut each: impl FnMut(u32, u32)) {
        let mut seen: Vec<u32> = Vec::new();
        for doc in 0..self.spellings.docs() {
            match self.spellings.of(doc) {
                [] => {}
                [one] => each(doc, self.fold_of(*one)),
                several => {
                    seen.clear();
                    for spelling in several {
                        let value = self.fold_of(*spelling);
                        if *spelling != u32::NONE && !seen.contains(&value) {
                            seen.push(value);
                            each(doc, value);
                        }
                    }
                }
            }
        }
    }

    /// The folded value of a spelling.
    #[inline]
    pub fn fold_of(&self, spelling: u32) -> u32 {
        self.folds_to.get(spelling as usize).copied().unwrap_or(u32::MAX)
    }

    /// The unique folded values.
    pub fn folded(&self) -> &Strings {
        &self.folded
    }

    /// The unique spellings.
    pub fn shown(&self) -> &Strings {
        &self.shown
    }

    /// The spellings of a document, in the order given.
    #[inline]
    pub fn spellings(&self, doc: u32) -> &[u32] {
        self.spellings.of(doc)
    }

    /// Whether a document may have several values.
    pub fn many(&self) -> bool {
        self.spellings.many()
    }

    /// The least or the greatest folded value of a document.
    #[inline]
    pub fn end(&self, doc: u32, greatest: bool) -> Option<u32> {
        let values = self.spellings.of(doc).iter().map(|spelling| self.fold_of(*spelling));
        if greatest { values.max() } else { values.min() }
    }

    /// Documents sorted by folded value.
    pub fn docs(&self) -> &[u32] {
        &self.docs
    }

    /// Where the documents of these folded values stand in [`Self::docs`].
    pub fn range(&self, values: Range<usize>) -> Range<usize> {
        let at = |value: usize| self.starts.get(value).or(self.starts.last()).map_or(0, |at| *at as usize);
        at(values.start)..at(values.end)
    }
}
