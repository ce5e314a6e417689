//! Conditions over the words of text fields: postings of `records`.
use super::arranged::Arranged;
use super::cursor::Cursor;
use super::deadline::Deadline;
use super::expand::{self, Lexicon, Meant, Wanted};
use crate::query::resolved::{Phrase, Test, ValueTest};
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::unread;
use crate::stores::index::tantivy::schema::{self, RecordFields};
use tantivy::TERMINATED;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

/// The words a document is taken to have in a text field: only the size of pieces depends on it.
const WORDS: u32 = 64;

/// The documents of a segment of `count` documents that match, ascending; deleted ones may be among them. A pattern
/// stands for at most `most` words.
pub fn matching(
    (reader, count): (&InvertedIndexReader, u32),
    fields: &RecordFields,
    test: &ValueTest,
    most: usize,
    deadline: &Deadline,
) -> Result<Vec<u32>> {
    let Test::Words(phrase) = &test.test else { return Ok(Vec::new()) };
    if let Some(words) = phrase.plain() {
        let infos = words
            .into_iter()
            .map(|word| reader.get_term_info(&fields.word(test.target, word)))
            .collect::<std::io::Result<Option<Vec<TermInfo>>>>()
            .map_err(unread)?;
        return side_by_side(reader, &infos.unwrap_or_default(), deadline);
    }
    let head = schema::head(fields.texts, &schema::path(test.target));
    // A place without a word may lie between two elements of a list, so that within a phrase `*` is looked up, too.
    let wanted: Vec<Wanted<'_>> = phrase.words.iter().map(|word| Wanted::new(word, phrase.words.len() == 1)).collect();
    let lexicon = Lexicon { reader, head: &head, vocabulary: &|| Ok(None), most, deadline };
    match expand::all(&wanted, &lexicon)? {
        None => Ok(Vec::new()),
        Some(words) if matches!(words.as_slice(), [Meant::Any]) => any(reader, &head, deadline),
        Some(words) => arranged((reader, count), phrase, &words, deadline),
    }
}

fn side_by_side(reader: &InvertedIndexReader, infos: &[TermInfo], deadline: &Deadline) -> Result<Vec<u32>> {
    let mut docs = Vec::new();
    if infos.is_empty() {
        return Ok(docs);
    }
    let Some(mut cursor) = Cursor::open(reader, infos, deadline)? else { return Ok(docs) };
    let mut doc = cursor.doc();
    while doc != TERMINATED {
        docs.push(doc);
        doc = cursor.advance(deadline)?;
    }
    Ok(docs)
}

/// The library numbers the words of a list's elements with a gap between two elements, so that side by side means
/// within one.
fn arranged(
    (reader, count): (&InvertedIndexReader, u32),
    phrase: &Phrase,
    words: &[Meant],
    deadline: &Deadline,
) -> Result<Vec<u32>> {
    let mut docs = Vec::new();
    let arranged = Arranged {
        phrase,
        words,
        apart: expand::apart(words),
        reader,
        docs: count,
        length: &|_| WORDS,
        keep: &|_| true,
        deadline,
    };
    arranged.walk(None, |doc, _| docs.push(doc))?;
    Ok(docs)
}

/// The documents that have any word.
fn any(reader: &InvertedIndexReader, head: &[u8], deadline: &Deadline) -> Result<Vec<u32>> {
    let mut docs = Vec::new();
    let mut words = reader.terms().range().ge(head).into_stream().map_err(unread)?;
    while words.advance() && words.key().starts_with(head) {
        let mut block =
            reader.read_block_postings_from_terminfo(words.value(), IndexRecordOption::Basic).map_err(unread)?;
        while !block.docs().is_empty() {
            deadline.tick()?;
            docs.extend_from_slice(block.docs());
            block.advance();
        }
    }
    docs.sort_unstable();
    docs.dedup();
    Ok(docs)
}
