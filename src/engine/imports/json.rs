//! Rows as a JSON array or as JSON lines, one by one.
use super::header::Shape;
use super::rows::{Beginning, Gauge, Guarded, beginning, endless, unread};
use super::staged::{Fault, StagedRow};
use crate::domain::limits::Limits;
use crate::domain::refusal::Code;
use crate::engine::error::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufRead, Read as _};

/// Takes the rows one by one.
pub type Each<'e> = dyn FnMut(StagedRow) -> Result<()> + 'e;

/// Reads all rows; they are numbered from `first`. A line that cannot be read is a row with a fault.
///
/// # Errors
/// `json_invalid` for an array that breaks off; `each`'s.
pub fn read(mut reader: impl BufRead, shape: &Shape, limits: &Limits, first: u64, each: &mut Each<'_>) -> Result<()> {
    match beginning(&mut reader)? {
        Beginning::Empty => Ok(()),
        Beginning::Bracket => array(reader, shape, limits, first, each),
        Beginning::Text => lines(reader, shape, limits, first, each),
    }
}

fn lines(mut reader: impl BufRead, shape: &Shape, limits: &Limits, first: u64, each: &mut Each<'_>) -> Result<()> {
    let most = limits.metadata_body_bytes as u64 + 1;
    let mut row = first;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(unread)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == most && line.last() != Some(&b'\n') {
            skip_line(&mut reader)?;
            let fault = Fault::new(Code::BodyTooLarge, format!("the row has more than {} bytes", most - 1));
            each(StagedRow { row, fault: Some(fault), ..StagedRow::default() })?;
            row += 1;
            continue;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match std::str::from_utf8(&line) {
            Ok(text) => each(shape.object(row, text, limits))?,
            Err(_) => {
                let fault = Some(Fault::new(Code::JsonInvalid, "the row is not UTF-8"));
                each(StagedRow { row, fault, ..StagedRow::default() })?;
            }
        }
        row += 1;
    }
}

/// Passes the rest of a line.
fn skip_line(reader: &mut impl BufRead) -> Result<()> {
    loop {
        let bytes = reader.fill_buf().map_err(unread)?;
        if bytes.is_empty() {
            return Ok(());
        }
        match memchr::memchr(b'\n', bytes) {
            Some(end) => {
                reader.consume(end + 1);
                return Ok(());
            }
            None => {
                let length = bytes.len();
                reader.consume(length);
            }
        }
    }
}

fn array(reader: impl BufRead, shape: &Shape, limits: &Limits, first: u64, each: &mut Each<'_>) -> Result<()> {
    let (guarded, gauge) = Guarded::new(reader);
    let mut failure = None;
    let mut elements = Elements { shape, limits, row: first, gauge: gauge.clone(), each, failure: &mut failure };
    let mut json = serde_json::Deserializer::from_reader(guarded);
    let read = DeserializeSeed::deserialize(&mut elements, &mut json);
    let row = elements.row;
    let read = read.and_then(|()| json.end());
    match (failure, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(_)) if gauge.is_over() => Err(endless(row)),
        (None, Err(error)) if error.is_io() => Err(unread(error.into())),
        (None, Err(error)) => {
            let detail = format!("the array of rows is not valid JSON, in or after row {row}: {error}");
            Err(Error::refused(Code::JsonInvalid, detail))
        }
    }
}

/// Hands on the elements of an array as they are read.
struct Elements<'a, 'e> {
    shape: &'a Shape,
    limits: &'a Limits,
    row: u64,
    gauge: Gauge,
    each: &'a mut Each<'e>,
    failure: &'a mut Option<Error>,
}

impl<'de> DeserializeSeed<'de> for &mut Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<(), A::Error> {
        while let Some(raw) = elements.next_element::<Box<RawValue>>()? {
            self.gauge.reset();
            if let Err(error) = (self.each)(self.shape.object(self.row, raw.get(), self.limits)) {
                *self.failure = Some(error);
                return Err(A::Error::custom("a row was not taken"));
            }
            self.row += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::jobs::work::{Declared, Import};

    fn rows(text: &str) -> Result<Vec<(u64, String)>> {
        let fields = vec![Declared { name: "a".into(), definition: None }];
        let shape = Shape::of(&Import { key: "tid".into(), fields, ..Import::default() });
        let mut all = Vec::new();
        read(text.as_bytes(), &shape, &Limits::default(), 1, &mut |row: StagedRow| {
            let told = row.fault.map(|fault| fault.code);
            all.push((row.row, told.unwrap_or_else(|| row.key.map(|key| key.get().to_owned()).unwrap_or_default())));
            Ok(())
        })?;
        Ok(all)
    }

    fn told(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
        rows.iter().map(|(row, text)| (*row, (*text).to_owned())).collect()
    }

    #[test]
    fn arrays_and_lines_give_the_same_rows() {
        let expected = told(&[(1, "\"x\""), (2, "5"), (3, "key_missing")]);
        let array = "\u{feff} [ {\"tid\":\"x\",\"a\":1} ,{\"value\":[1,\n2],\"tid\":5}, {\"a\":2}]\n";
        assert_eq!(rows(array).unwrap(), expected);
        let lines = "{\"tid\":\"x\",\"a\":1}\r\n\n{\"value\":[1,2],\"tid\":5}\n{\"a\":2}";
        assert_eq!(rows(lines).unwrap(), expected);
        assert!(rows("").unwrap().is_empty() && rows("[]").unwrap().is_empty());
    }

    #[test]
    fn a_bad_line_is_one_bad_row_and_a_bad_array_is_none_at_all() {
        let long = format!("{{\"tid\":\"{}\"}}\n{{\"tid\":\"y\"}}", "x".repeat(1 << 20));
        assert_eq!(rows(&long).unwrap(), told(&[(1, "body_too_large"), (2, "\"y\"")]));
        assert_eq!(rows("{broken\n{\"tid\":\"y\"}").unwrap(), told(&[(1, "json_invalid"), (2, "\"y\"")]));
        for bad in ["[{\"tid\":\"x\"},", "[{\"tid\":\"x\"}] []", "[{]"] {
            assert!(matches!(rows(bad), Err(Error::Refused(refusal)) if refusal.code == Code::JsonInvalid), "{bad}");
        }
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_fills_the_memory() {
        let endless = format!("[{{\"tid\":\"{}", "x".repeat(9 << 20));
        assert!(matches!(rows(&endless), Err(Error::Refused(refusal)) if refusal.code == Code::RowShape));
    }
}
