//! Metadata as rows: names become columns, whatever their case. Rows wait in a file without a name until all names are
//! known, so that memory holds names and no values.
use crate::base::json::{members, push_string};
use crate::domain::identity::FieldName;
use crate::domain::transcript::Sidecar;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};

/// `{"tid",name:value,…}` on one line.
///
/// # Errors
/// When the metadata is no JSON object.
pub fn row(sidecar: &Sidecar) -> Result<String> {
    let mut out = String::from("{\"tid\":");
    push_string(&mut out, sidecar.tid.as_deref().unwrap_or_default());
    for (name, value) in &members(&sidecar.metadata).context("metadata is no JSON object")?.0 {
        // A row has one id, and the metadata of real transcripts may hold another.
        if FieldName::lenient(name).folded() != "tid" {
            out.push(',');
            push_string(&mut out, name);
            out.push(':');
            out.push_str(value.get());
        }
    }
    out.push('}');
    Ok(if out.contains(['\n', '\r']) { out.replace(['\n', '\r'], " ") } else { out })
}

/// A table on its way.
pub struct Table {
    waiting: BufWriter<File>,
    columns: Vec<String>,
    places: HashMap<FieldName, usize>,
}

impl Table {
    /// Without rows.
    ///
    /// # Errors
    /// When no file can be made.
    pub fn new() -> Result<Self> {
        let mut table =
            Self { waiting: BufWriter::new(tempfile::tempfile()?), columns: Vec::new(), places: HashMap::new() };
        table.column("tid");
        Ok(table)
    }

    fn column(&mut self, name: &str) {
        if !self.places.contains_key(&FieldName::lenient(name)) {
            self.places.insert(FieldName::lenient(name), self.columns.len());
            self.columns.push(name.to_owned());
        }
    }

    /// Takes a transcript's metadata.
    ///
    /// # Errors
    /// When it is no JSON object, or cannot be written.
    pub fn take(&mut self, sidecar: &Sidecar) -> Result<()> {
        let row = row(sidecar)?;
        for (name, _) in &members(&row)?.0 {
            self.column(name);
        }
        Ok(writeln!(self.waiting, "{row}")?)
    }

    /// Writes all rows. Text stands as it is, other values as JSON.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(self, out: impl Write) -> Result<()> {
        let mut waiting = self.waiting.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        waiting.rewind()?;
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(&self.columns)?;
        for line in BufReader::new(waiting).lines() {
            let line = line?;
            let mut cells = vec![String::new(); self.columns.len()];
            for (name, value) in &members(&line)?.0 {
                let place = self.places.get(&FieldName::lenient(name));
                if let Some(cell) = place.and_then(|at| cells.get_mut(*at)) {
                    *cell = match value.get() {
                        "null" => String::new(),
                        text => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
                    };
                }
            }
            writer.write_record(&cells)?;
        }
        Ok(writer.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_are_one_column() {
        let mut table = Table::new().unwrap();
        for (tid, metadata) in
            [("a", r#"{"Queue":"x, y","n":1.10}"#), ("b", r#"{"queue":null,"list":[1, 2],"tid":"z"}"#)]
        {
            table.take(&Sidecar { metadata: metadata.into(), tid: Some(tid.into()) }).unwrap();
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "tid,Queue,n,list\r\na,\"x, y\",1.10,\r\nb,,,\"[1, 2]\"\r\n");
    }
}
