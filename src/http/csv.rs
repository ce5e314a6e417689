//! Search results as CSV (RFC 4180), safe to open in a spreadsheet.
use super::error::Failure;
use crate::base::json;
use crate::engine::types::SearchAnswer;
use std::borrow::Cow;
use std::collections::HashMap;

/// The whole table: a header line, then a line a row; unset fields are empty.
///
/// # Errors
/// A defect: writing to memory does not fail.
pub fn table(answer: &SearchAnswer) -> Result<String, Failure> {
    let broken = |_: &dyn std::error::Error| Failure::Defect("the CSV could not be written");
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let places: HashMap<&str, usize> =
        answer.columns.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let header = answer.columns.iter().map(|name| guarded(Cow::Borrowed(name.as_str())));
    let written = |record: Result<(), csv::Error>| record.map_err(|error| broken(&error));
    written(writer.write_record(header.map(|name| name.into_owned())))?;
    for row in &answer.rows {
        let row = row.json();
        let cells = cells(&row, &places, answer.columns.len()).map_err(|error| broken(&error))?;
        written(writer.write_record(cells.iter().map(|cell| cell.as_bytes())))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|error| broken(&error))
}

/// One line of a table; cells that a spreadsheet would take for formulas are made harmless.
pub fn safe_row(cells: impl Iterator<Item = impl Into<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let cells = cells.map(|cell| guarded(Cow::Owned(cell.into())).into_owned());
    // Writing to memory does not fail.
    match writer.write_record(cells) {
        Ok(()) => writer.into_inner().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn cells<'r>(
    row: &'r str,
    places: &HashMap<&str, usize>,
    width: usize,
) -> Result<Vec<Cow<'r, str>>, serde_json::Error> {
    let mut cells = vec![Cow::Borrowed(""); width];
    json::each_member(row, |name, value| {
        if let Some(cell) = places.get(name).and_then(|at| cells.get_mut(*at)) {
            *cell = cell_of(value);
        }
    })?;
    Ok(cells)
}

/// A JSON value as a cell: strings without quotes, the rest as spelled.
fn cell_of(json: &str) -> Cow<'_, str> {
    if json == "null" {
        return Cow::Borrowed("");
    }
    if !json.starts_with('"') {
        return Cow::Borrowed(json);
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => guarded(Cow::Owned(text)),
        Err(_) => Cow::Borrowed(json),
    }
}

/// Text that a spreadsheet would take for a formula gets a leading apostrophe (contract section 6).
fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { Cow::Owned(format!("'{text}")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::types::ResultRow;

    fn row(members: &[(&str, &str)]) -> ResultRow {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        ResultRow { members: members.join(","), moments: None }
    }

    #[test]
    fn every_column_stands_in_every_row_and_formulas_are_tamed() {
        let answer = SearchAnswer {
            columns: ["@ref", "hold time", "queue"].map(str::to_owned).to_vec(),
            rows: vec![
                row(&[("queue", r#""a, \"b\"\nc""#), ("hold time", "-5"), ("other", "1")]),
                row(&[("@ref", r#""=1+1""#), ("queue", r#"["-x",1]"#)]),
                row(&[("@ref", r#""\t""#), ("queue", "null"), ("hold time", r#""-5""#)]),
            ],
            ..SearchAnswer::default()
        };
        let expected = "'@ref,hold time,queue\r\n,-5,\"a, \"\"b\"\"\nc\"\r\n'=1+1,,\"[\"\"-x\"\",1]\"\r\n'\t,'-5,\r\n";
        assert_eq!(table(&answer).unwrap(), expected);
    }
}
