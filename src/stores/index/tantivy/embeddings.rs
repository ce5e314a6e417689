//! Embeddings as the records keep them: stored with each record, so that they move, merge and go with it.
//!
//! *Decision:* in the document store instead of a column: the library's columns of bytes are dictionaries, which are of no
//! use where no two values are alike, and its columns of numbers pack bits, which whole vectors do not have to spare.
use super::failure::{corrupt, unread};
use crate::domain::identity::FieldId;
use crate::stores::error::Result;
use tantivy::schema::{Field, Value};
use tantivy::store::StoreReader;
use tantivy::{SegmentReader, TantivyDocument};

/// Bytes of a number, and of a field's number before them.
const WIDTH: usize = 4;

/// An embedding of a field as it is stored.
pub fn pack(field: FieldId, numbers: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(WIDTH * (numbers.len() + 1));
    bytes.extend(field.0.to_le_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// The numbers of what [`pack`] made, if it is of that field.
fn unpack(bytes: &[u8], field: FieldId, into: &mut Vec<f32>) -> bool {
    let (words, []) = bytes.as_chunks::<WIDTH>() else { return false };
    let Some((own, numbers)) = words.split_first() else { return false };
    if u32::from_le_bytes(*own) != field.0 {
        return false;
    }
    into.clear();
    into.extend(numbers.iter().map(|number| f32::from_le_bytes(*number)));
    true
}

/// The embeddings of one segment.
pub struct Embeddings {
    store: StoreReader,
    field: Field,
}

impl Embeddings {
    /// Of a segment of records, stored in `field`.
    pub fn open(reader: &SegmentReader, field: Field) -> Result<Self> {
        // Documents are asked for one after the other: the present block is enough.
        let store = reader.get_store_reader(1).map_err(unread)?;
        Ok(Self { store, field })
    }

    /// Reads the embedding that a document has in one of the fields; the first of them.
    ///
    /// # Errors
    /// `Corrupt` when it has none: the columns told that it has.
    pub fn read(&self, doc: u32, fields: &[FieldId], into: &mut Vec<f32>) -> Result<()> {
        let document: TantivyDocument = self.store.get(doc).map_err(unread)?;
        let stored = || document.get_all(self.field).filter_map(|value| value.as_bytes());
        let found = fields.iter().any(|field| stored().any(|bytes| unpack(bytes, *field, into)));
        if found { Ok(()) } else { Err(corrupt("read an embedding")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_comes_back_for_its_own_field_only() {
        let packed = pack(FieldId(7), &[1.5, -0.25]);
        let mut numbers = vec![9.0];
        assert!(!unpack(&packed, FieldId(8), &mut numbers) && numbers == [9.0]);
        assert!(unpack(&packed, FieldId(7), &mut numbers) && numbers == [1.5, -0.25]);
        assert!(!unpack(&packed[..7], FieldId(7), &mut numbers));
        assert!(!unpack(&[], FieldId(7), &mut numbers));
    }
}
