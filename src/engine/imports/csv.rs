//! Rows as a table: a header, a delimiter that is found out, quotes, byte order mark.
//!
//! *Decision:* cells are strings, as sent; fields of other types read them as such. An empty cell leaves its field as
//! it is.
use super::header::{Columns, Part, Shape};
use super::json::Each;
use super::rows::{Beginning, Guarded, beginning, endless, unread};
use super::staged::{Fault, StagedRow};
use crate::base::json::{quoted, raw_from};
use crate::domain::limits::Limits;
use crate::domain::refusal::Code;
use crate::engine::error::{Error, Result};
use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use std::io::BufRead;

/// Delimiters, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads all rows, numbered from `first`; the names of columns that are not taken.
///
/// # Errors
/// `row_shape`, `parameter_invalid` for the header; `each`'s.
pub fn read(
    mut reader: impl BufRead,
    shape: &Shape,
    (limits, map): (&Limits, &[(String, String)]),
    first: u64,
    each: &mut Each<'_>,
) -> Result<Vec<String>> {
    if beginning(&mut reader)? == Beginning::Empty {
        return Ok(Vec::new());
    }
    let delimiter = delimiter(reader.fill_buf().map_err(unread)?);
    let (guarded, gauge) = Guarded::new(reader);
    let mut table = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(guarded);
    let mut record = ByteRecord::new();
    let failed = |error: csv::Error, row: u64, over: bool| match error.into_kind() {
        _ if over => endless(row),
        ErrorKind::Io(error) => unread(error),
        _ => Error::refused(Code::RowShape, format!("row {row} cannot be read as CSV")),
    };
    if !table.read_byte_record(&mut record).map_err(|error| failed(error, 0, gauge.is_over()))? {
        return Ok(Vec::new());
    }
    let header: Vec<String> = record
        .iter()
        .map(|cell| String::from_utf8(cell.to_vec()))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::refused(Code::RowShape, "the header is not UTF-8"))?;
    let columns = Columns::of(shape, &header, map)?;
    let mut row = first;
    loop {
        gauge.reset();
        if !table.read_byte_record(&mut record).map_err(|error| failed(error, row, gauge.is_over()))? {
            return Ok(columns.ignored);
        }
        each(staged(row, &columns, &record, limits))?;
        row += 1;
    }
}

/// The names in a header, as they are spelled; none of an empty file.
///
/// # Errors
/// `row_shape` when it cannot be read.
pub fn header(mut reader: impl BufRead) -> Result<Vec<String>> {
    if beginning(&mut reader)? == Beginning::Empty {
        return Ok(Vec::new());
    }
    let delimiter = delimiter(reader.fill_buf().map_err(unread)?);
    let (guarded, _gauge) = Guarded::new(reader);
    let mut table = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(guarded);
    let mut record = csv::StringRecord::new();
    let read = table.read_record(&mut record);
    read.map_err(|_| Error::refused(Code::RowShape, "the header cannot be read as CSV in UTF-8"))?;
    Ok(record.iter().map(str::to_owned).collect())
}

type Filled = std::result::Result<(), Fault>;

fn staged(row: u64, columns: &Columns, record: &ByteRecord, limits: &Limits) -> StagedRow {
    let mut staged = StagedRow { row, ..StagedRow::default() };
    if let Err(fault) = fill(&mut staged, columns, record, limits) {
        staged.values.clear();
        staged.fault = Some(fault);
    }
    staged
}

fn fill(staged: &mut StagedRow, columns: &Columns, record: &ByteRecord, limits: &Limits) -> Filled {
    if record.as_slice().len() > limits.metadata_body_bytes {
        return Err(Fault::new(Code::BodyTooLarge, format!("the row has {} bytes", record.as_slice().len())));
    }
    for (part, cell) in columns.parts.iter().zip(record) {
        let Some(part) = part else { continue };
        let text = std::str::from_utf8(cell).map_err(|_| Fault::new(Code::RowShape, "the row is not UTF-8"))?;
        let text = if *part == Part::Key { text.trim() } else { text };
        if text.is_empty() {
            continue;
        }
        let raw = raw_from(&quoted(text)).map_err(|error| Fault::new(Code::RowShape, error.to_string()))?;
        match part {
            Part::Key => staged.key = Some(raw),
            Part::Field(field) => staged.values.push((field.clone(), raw)),
        }
    }
    if record.len() != columns.parts.len() {
        let (cells, wanted) = (record.len(), columns.parts.len());
        return Err(Fault::new(Code::RowShape, format!("the row has {cells} cells, the header {wanted}")));
    }
    if staged.key.is_none() {
        return Err(Fault::new(Code::KeyMissing, "the row has no key"));
    }
    Ok(())
}

/// The delimiter that stands most often in the header, outside quotes.
fn delimiter(start: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut inside = false;
    for byte in start {
        match byte {
            b'"' => inside = !inside,
            b'\n' | b'\r' if !inside => break,
            byte if !inside => {
                for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
                    *count += usize::from(*byte == delimiter);
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().zip(DELIMITERS).find(|(count, _)| **count == most).map_or(b',', |(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::jobs::work::{Declared, Import};

    type Told = Vec<(u64, String, Vec<(String, String)>)>;

    fn rows(text: &[u8]) -> Result<(Told, Vec<String>)> {
        let declared = |name: &str| Declared { name: name.into(), definition: None };
        let fields = vec![declared("a"), declared("B c")];
        let shape = Shape::of(&Import { key: "tid".into(), fields, ..Import::default() });
        let mut all = Vec::new();
        let ignored = read(text, &shape, (&Limits::default(), &[]), 5, &mut |row: StagedRow| {
            let key = row.fault.map(|fault| fault.code);
            let key = key.or_else(|| row.key.map(|key| key.get().to_owned())).unwrap_or_default();
            let values = row.values.into_iter().map(|(name, raw)| (name, raw.get().to_owned())).collect();
            all.push((row.row, key, values));
            Ok(())
        })?;
        Ok((all, ignored))
    }

    #[test]
    fn every_common_table_is_read_alike() {
        let plain = b"tid,a,b c,more\nx,1,\"two\nlines\",z\ny,,\"a \"\"b\"\"\",\n".to_vec();
        let (expected, ignored) = rows(&plain).unwrap();
        assert_eq!(ignored, ["more"]);
        let value = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(expected[0], (5, "\"x\"".into(), vec![value("a", "\"1\""), value("B c", "\"two\\nlines\"")]));
        assert_eq!(
            expected[1],
            (6, "\"y\"".into(), vec![value("B c", "\"a \\\"b\\\"\"")]),
            "empty cells change nothing"
        );
        for delimiter in [";", "\t", "|"] {
            let other = String::from_utf8(plain.clone()).unwrap().replace(',', delimiter).replace('\n', "\r\n");
            let other = format!("\u{feff}{}", other.replace("two\r\nlines", "two\nlines"));
            assert_eq!(rows(other.as_bytes()).unwrap().0, expected, "{delimiter:?}");
        }
    }

    #[test]
    fn odd_rows_fail_alone() {
        let (read, _) = rows(b"tid,a,b c\nx,1\n,2,3\n\n\xff,1,2\nlast,1,2").unwrap();
        let codes: Vec<_> = read.iter().map(|(row, told, _)| (*row, told.as_str())).collect();
        assert_eq!(codes, [(5, "row_shape"), (6, "key_missing"), (7, "row_shape"), (8, "\"last\"")]);
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_rest() {
        let text = format!("tid,a\nx,\"{}", "y\n".repeat(6 << 20));
        assert!(matches!(rows(text.as_bytes()), Err(Error::Refused(refusal)) if refusal.code == Code::RowShape));
        assert!(rows(b"").unwrap().0.is_empty());
        assert!(rows(b"foo,bar\n1,2").is_err());
    }

    #[test]
    fn delimiters_inside_quotes_do_not_count() {
        assert_eq!(delimiter(b"\"a,b,c\";d\n,,,,"), b';');
        assert_eq!(delimiter(b"tid"), b',');
    }
}
