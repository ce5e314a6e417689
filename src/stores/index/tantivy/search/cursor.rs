//! Walking the postings of one word, or of several that stand side by side.
//!
//! *Decision:* own intersection of positions instead of the library's phrase query: the count of occurrences is needed
//! for scores, single transcripts are sought, and the time is watched.
use super::deadline::Deadline;
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::unread;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

/// A walk over the documents in which the words stand, ascending.
pub enum Cursor {
    /// One word.
    Word(SegmentPostings),
    /// Several.
    Phrase(Phrase),
}

/// Words that stand side by side.
pub struct Phrase {
    /// The rarest word first.
    lead: Part,
    others: Vec<Part>,
    /// The present document.
    at: u32,
    /// Where the phrase begins in the present document.
    begins: Vec<u32>,
    scratch: Vec<u32>,
}

struct Part {
    postings: SegmentPostings,
    /// Its place in the phrase.
    place: u32,
}

impl Cursor {
    /// At the first document. `infos` are the terms of the words in order, at least one.
    pub fn open(reader: &InvertedIndexReader, infos: &[TermInfo], deadline: &Deadline) -> Result<Option<Self>> {
        if let [info] = infos {
            let postings = reader.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs).map_err(unread)?;
            return Ok(Some(Cursor::Word(postings)));
        }
        let mut parts = Vec::with_capacity(infos.len());
        for (info, place) in infos.iter().zip(0u32..) {
            let option = IndexRecordOption::WithFreqsAndPositions;
            let postings = reader.read_postings_from_terminfo(info, option).map_err(unread)?;
            parts.push(Part { postings, place });
        }
        parts.sort_by_key(|part| part.postings.doc_freq());
        let mut parts = parts.into_iter();
        let Some(lead) = parts.next() else { return Ok(None) };
        let mut phrase =
            Phrase { lead, others: parts.collect(), at: TERMINATED, begins: Vec::new(), scratch: Vec::new() };
        phrase.align(deadline)?;
        Ok(Some(Cursor::Phrase(phrase)))
    }

    /// The present document; [`TERMINATED`] at the end.
    pub fn doc(&self) -> u32 {
        match self {
            Cursor::Word(postings) => postings.doc(),
            Cursor::Phrase(phrase) => phrase.at,
        }
    }

    /// How often the words stand in the present document.
    pub fn count(&self) -> u32 {
        match self {
            Cursor::Word(postings) => postings.term_freq(),
            Cursor::Phrase(phrase) => u32::try_from(phrase.begins.len()).unwrap_or(u32::MAX),
        }
    }

    /// On to the next document.
    pub fn advance(&mut self, deadline: &Deadline) -> Result<u32> {
        match self {
            Cursor::Word(postings) => Ok(postings.advance()),
            Cursor::Phrase(phrase) => {
                if phrase.at != TERMINATED {
                    phrase.lead.postings.advance();
                    phrase.align(deadline)?;
                }
                Ok(phrase.at)
            }
        }
    }

    /// On to the first document from `target` on; stays when it is there already.
    pub fn seek(&mut self, target: u32, deadline: &Deadline) -> Result<u32> {
        if self.doc() >= target {
            return Ok(self.doc());
        }
        match self {
            Cursor::Word(postings) => Ok(postings.seek(target)),
            Cursor::Phrase(phrase) => {
                phrase.lead.postings.seek(target);
                phrase.align(deadline)?;
                Ok(phrase.at)
            }
        }
    }
}

impl Phrase {
    /// From the lead's document on to the first in which the words stand side by side.
    fn align(&mut self, deadline: &Deadline) -> Result<()> {
        'documents: loop {
            deadline.tick()?;
            self.at = self.lead.postings.doc();
            if self.at == TERMINATED {
                return Ok(());
            }
            for part in &mut self.others {
                if part.postings.doc() < self.at {
                    part.postings.seek(self.at);
                }
                let other = part.postings.doc();
                if other == TERMINATED {
                    self.at = TERMINATED;
                    return Ok(());
                }
                if other != self.at {
                    self.lead.postings.seek(other);
                    continue 'documents;
                }
            }
            self.meet();
            if !self.begins.is_empty() {
                return Ok(());
            }
            self.lead.postings.advance();
        }
    }

    /// Where the phrase begins in the present document of all parts.
    fn meet(&mut self) {
        begins(&mut self.lead, &mut self.begins);
        for part in &mut self.others {
            if self.begins.is_empty() {
                return;
            }
            begins(part, &mut self.scratch);
            let mut other = self.scratch.iter().copied().peekable();
            self.begins.retain(|begin| {
                while other.next_if(|at| at < begin).is_some() {}
                other.peek() == Some(begin)
            });
        }
    }
}

/// Where the phrase would have to begin for this word to be in its place.
fn begins(part: &mut Part, into: &mut Vec<u32>) {
    into.clear();
    part.postings.positions(into);
    let place = part.place;
    into.retain_mut(|position| match position.checked_sub(place) {
        Some(begin) => {
            *position = begin;
            true
        }
        None => false,
    });
}
