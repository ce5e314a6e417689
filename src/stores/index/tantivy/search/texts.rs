//! Conditions over the words of text fields: postings of `records`.
use super::cursor::Cursor;
use super::deadline::Deadline;
use crate::query::pattern::Pattern;
use crate::query::resolved::{Test, ValueTest, Word};
use crate::stores::error::Result;
use crate::stores::index::tantivy::failure::unread;
use crate::stores::index::tantivy::schema::{self, RecordFields};
use tantivy::TERMINATED;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

/// The documents of a segment that match, ascending; deleted ones may be among them.
pub fn matching(
    reader: &InvertedIndexReader,
    fields: &RecordFields,
    test: &ValueTest,
    deadline: &Deadline,
) -> Result<Vec<u32>> {
    match &test.test {
        Test::Words(phrase) => {
            if let [Word::Like(pattern)] = phrase.words.as_slice() {
                return like(reader, fields, test, pattern, deadline);
            }
            let infos = phrase
                .plain()
                .unwrap_or_default()
                .into_iter()
                .map(|word| reader.get_term_info(&fields.word(test.target, word)))
                .collect::<std::io::Result<Option<Vec<TermInfo>>>>()
                .map_err(unread)?;
            side_by_side(reader, &infos.unwrap_or_default(), deadline)
        }
        _ => Ok(Vec::new()),
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

/// The words of the field are streamed from where the pattern's literal beginning is.
fn like(
    reader: &InvertedIndexReader,
    fields: &RecordFields,
    test: &ValueTest,
    pattern: &Pattern,
    deadline: &Deadline,
) -> Result<Vec<u32>> {
    let path = schema::path(test.target);
    let from = schema::term(fields.texts, &path, "");
    // The bytes before a word: path, end of path, type.
    let head = from.serialized_value_bytes();
    let low = [head, pattern.prefix().as_bytes()].concat();
    let mut docs = Vec::new();
    let mut words = reader.terms().range().ge(&low).into_stream().map_err(unread)?;
    while words.advance() {
        deadline.tick()?;
        if !words.key().starts_with(&low) {
            break;
        }
        let word = words.key().get(head.len()..).and_then(|bytes| std::str::from_utf8(bytes).ok());
        if word.is_some_and(|word| pattern.matches(word)) {
            let mut block =
                reader.read_block_postings_from_terminfo(words.value(), IndexRecordOption::Basic).map_err(unread)?;
            while !block.docs().is_empty() {
                deadline.tick()?;
                docs.extend_from_slice(block.docs());
                block.advance();
            }
        }
    }
    docs.sort_unstable();
    docs.dedup();
    Ok(docs)
}
