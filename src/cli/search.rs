//! `search`: rows as a table, as CSV or as JSON lines; one page, or all of them one after the other.
use super::args::{Common, Search};
use super::output::{Ending, put, say, table};
use super::target::lookups::Pairs;
use super::target::{self, Target};
use crate::app::Presence;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::io::{self, IsTerminal, Write};

/// Rows of a page when all of them are read.
const PAGE: usize = 500;
/// Characters of one cell of a table.
const CELL: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Table,
    Csv,
    Json,
}

/// An answer in JSON.
#[derive(Deserialize)]
struct Answer {
    total: u64,
    results: Vec<Box<RawValue>>,
    cursor: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    unconfigured: Map<String, Value>,
    facets: Option<Value>,
    stats: Option<Value>,
    histogram: Option<Value>,
}

/// Runs the command.
///
/// # Errors
/// When the place cannot be reached or refuses, or the answer cannot be written.
pub fn run(common: &Common, search: &Search) -> Result<Ending> {
    let mut target = target::open(common, &search.place, Presence::Required)?;
    let found = match search.count {
        true => count(search, target.as_mut()),
        false => pages(search, target.as_mut()),
    };
    target.close()?;
    Ok(if found? { Ending::Done } else { Ending::Differences })
}

/// The parameters asked for, on every page the same.
fn asked(search: &Search) -> Pairs {
    let mut pairs = search.param.clone();
    let mut push = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    if let Some(query) = &search.query {
        push("q", query);
    }
    if let Some(sort) = &search.sort {
        let (name, dir) = sort.strip_prefix('-').map_or((sort.as_str(), "asc"), |name| (name, "desc"));
        push("sort", name);
        push("sortdir", dir);
    }
    if let Some(fields) = &search.fields {
        push("fields", fields);
    }
    if let Some(offset) = search.offset {
        push("offset", &offset.to_string());
    }
    match search.size {
        Some(size) => push("size", &size.to_string()),
        None if search.all => push("size", &PAGE.to_string()),
        None => {}
    }
    if search.csv {
        push("format", "csv");
    }
    pairs
}

fn count(search: &Search, target: &mut dyn Target) -> Result<bool> {
    let mut pairs = asked(search);
    pairs.push((String::from("output"), String::from("count")));
    let answer: Value = serde_json::from_str(&target.search(&search.scope, pairs)?.text)?;
    let count = answer.get("count").and_then(Value::as_u64).context("the answer holds no count")?;
    if search.json {
        put(answer)?
    } else {
        put(count)?
    }
    Ok(count > 0)
}

/// Prints the page asked for, or all; whether anything was found.
fn pages(search: &Search, target: &mut dyn Target) -> Result<bool> {
    let form = match (search.csv, search.json) {
        (true, _) => Form::Csv,
        (false, false) if io::stdout().is_terminal() => Form::Table,
        _ => Form::Json,
    };
    let mut cursor = search.all.then(String::new);
    let (mut first, mut any) = (true, false);
    loop {
        let mut pairs = asked(search);
        pairs.extend(cursor.take().map(|cursor| (String::from("cursor"), cursor)));
        let page = target.search(&search.scope, pairs)?;
        cursor = match form {
            Form::Csv => {
                any |= rows_of_csv(&page.text, first)?;
                page.cursor
            }
            Form::Table | Form::Json => {
                let answer: Answer = serde_json::from_str(&page.text).context("the answer is of another shape")?;
                any |= answer.total > 0;
                rows(&answer, form)?;
                if first {
                    aside(&answer, form, search.all)?;
                }
                answer.cursor
            }
        };
        first = false;
        if !search.all || cursor.is_none() {
            return Ok(any);
        }
    }
}

/// The table as it comes, with one header for all pages; whether it holds rows.
fn rows_of_csv(text: &str, first: bool) -> io::Result<bool> {
    let (header, rows) = text.split_once("\r\n").unwrap_or((text, ""));
    let mut out = io::stdout().lock();
    if first {
        write!(out, "{header}\r\n")?;
    }
    out.write_all(rows.as_bytes())?;
    out.flush()?;
    Ok(!rows.is_empty())
}

fn rows(answer: &Answer, form: Form) -> Result<()> {
    if form == Form::Json {
        return Ok(answer.results.iter().try_for_each(put)?);
    }
    let rows: Vec<Map<String, Value>> =
        answer.results.iter().map(|row| serde_json::from_str(row.get())).collect::<Result<_, _>>()?;
    let mut columns: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let cells = |row: &Map<String, Value>| columns.iter().map(|name| cell(row.get(*name))).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    if !cells.is_empty() {
        put(table(&columns, &cells))?;
    }
    Ok(())
}

/// One line, cut.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CELL + 1).collect();
    if line.chars().count() > CELL {
        line = line.chars().take(CELL - 1).chain(['…']).collect();
    }
    line
}

/// What stands beside the rows.
fn aside(answer: &Answer, form: Form, all: bool) -> Result<()> {
    for warning in &answer.warnings {
        say(warning);
    }
    for (field, folders) in &answer.unconfigured {
        say(format_args!("{field} is not configured in {folders}: nothing is found there by it"));
    }
    let mut summary = Map::new();
    let figures = [("facets", &answer.facets), ("stats", &answer.stats), ("histogram", &answer.histogram)];
    for (name, value) in figures {
        summary.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
    }
    if form == Form::Table && !all {
        say(format_args!("{} found, {} shown", answer.total, answer.results.len()));
    }
    if !summary.is_empty() {
        summary.insert(String::from("total"), answer.total.into());
        put(serde_json::json!({ "summary": summary }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_one_line_and_not_too_long() {
        assert_eq!(cell(Some(&json!("a\nb"))), "a b");
        assert_eq!(cell(Some(&json!([1, 2]))), "[1,2]");
        assert_eq!(cell(Some(&json!("x".repeat(100)))).chars().count(), CELL);
        assert_eq!(cell(None), "");
    }
}
