//! Reading rows from a file of any size within bounded memory: what kind it is, and how long one row may be.
use crate::domain::refusal::{Code, Refusal};
use crate::engine::error::{Error, Result};
use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

/// Bytes that may be read for one row before it counts as broken: an open quote must not swallow the rest.
const ROW_BYTES: u64 = 8 << 20;

/// What rows are sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header.
    Csv,
    /// A JSON array, or one JSON object a line.
    Json,
}

/// A reader that fails when too much is read for one row.
pub struct Guarded<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

/// Says that a row has been read.
#[derive(Clone)]
pub struct Gauge(Rc<Cell<u64>>);

impl Gauge {
    /// The next row begins.
    pub fn reset(&self) {
        self.0.set(0);
    }

    /// Whether the row was too long.
    pub fn is_over(&self) -> bool {
        self.0.get() > ROW_BYTES
    }
}

impl<R> Guarded<R> {
    /// Guards a reader.
    pub fn new(inner: R) -> (Self, Gauge) {
        let read = Rc::new(Cell::new(0));
        (Self { inner, read: read.clone() }, Gauge(read))
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read.get() > ROW_BYTES {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a row is too long"));
        }
        let length = self.inner.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

/// The refusal of a row without end.
pub fn endless(row: u64) -> Error {
    let detail = format!("row {row} has more than {ROW_BYTES} bytes; is a quote or a bracket left open?");
    Refusal::new(Code::RowShape, detail).into()
}

/// What stands at the beginning of a file, after a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing but blanks.
    Empty,
    /// `[`
    Bracket,
    /// Something else.
    Text,
}

/// Passes a byte order mark and says what follows.
///
/// # Errors
/// `row_shape` for text that is not UTF-8; the file's.
pub fn beginning(reader: &mut impl BufRead) -> Result<Beginning> {
    let start = reader.fill_buf().map_err(unread)?;
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Err(Error::refused(Code::RowShape, "the file is UTF-16; save it as UTF-8"));
    }
    if start.starts_with(&[0xEF, 0xBB, 0xBF]) {
        reader.consume(3);
    }
    loop {
        let bytes = reader.fill_buf().map_err(unread)?;
        let Some(first) = bytes.iter().position(|byte| !byte.is_ascii_whitespace()) else {
            let length = bytes.len();
            if length == 0 {
                return Ok(Beginning::Empty);
            }
            reader.consume(length);
            continue;
        };
        let bracket = bytes.get(first) == Some(&b'[');
        reader.consume(first);
        return Ok(if bracket { Beginning::Bracket } else { Beginning::Text });
    }
}

/// A file of ours that cannot be read.
pub fn unread(error: std::io::Error) -> Error {
    crate::stores::StoreError::io(crate::stores::error::Store::Staging, "read an upload", error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_and_blanks_are_passed() {
        let first = |bytes: &[u8]| {
            let mut reader = bytes;
            let beginning = beginning(&mut reader).unwrap();
            (beginning, reader.to_vec())
        };
        assert_eq!(first(b"\xEF\xBB\xBF \n[1]"), (Beginning::Bracket, b"[1]".to_vec()));
        assert_eq!(first(b"\xEF\xBB\xBFtid,a"), (Beginning::Text, b"tid,a".to_vec()));
        assert_eq!(first(b" \r\n").0, Beginning::Empty);
        assert!(beginning(&mut &b"\xFF\xFEt\0"[..]).is_err());
    }
}
