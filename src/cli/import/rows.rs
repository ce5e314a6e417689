//! Tables of metadata for transcripts that are there: declared as an import, sent, waited for, told row by row.
//!
//! Columns that no import can set are left alone and named: built-ins such as `folder`, which files of others hold.
use super::records::{Item, Records};
use super::sheets::{self, Form, Sheet};
use super::sources;
use crate::app::Presence;
use crate::base::json::members;
use crate::cli::args::{Common, Import};
use crate::cli::bar::Bar;
use crate::cli::output::{Ending, Usage, put, say};
use crate::cli::target::bulk::Rows;
use crate::cli::target::{self, Target};
use crate::domain::fields::reserved::is_reserved;
use crate::domain::identity::FieldName;
use crate::engine::imports::csv::header;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// How often an import is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Bytes of one row at most, for the look at names; the place has a bound of its own.
const ROW_BYTES: usize = 64 << 20;

/// What stands in a file.
struct Table {
    /// Names that are set, in order.
    fields: Vec<String>,
    /// Names that are left alone.
    left: Vec<String>,
    /// JSON without those names, if it had any.
    rewritten: Option<NamedTempFile>,
}

/// Runs `import --metadata`.
///
/// # Errors
/// When a file cannot be read, or the place refuses as a whole; rows that are refused are no error.
pub fn run(common: &Common, import: &Import) -> Result<Ending> {
    for file in &import.files {
        let form = sheets::form(file)?;
        if form.is_some_and(|form| form != Form::Csv) && !import.rows.map.is_empty() {
            bail!(Usage(String::from("--map goes with .csv")));
        }
        if form.is_some() {
            File::open(file).with_context(|| file.display().to_string())?;
        }
    }
    let mut target = target::open(common, &import.place, Presence::Required)?;
    let done = import.files.iter().try_fold(Ending::Done, |ending, file| {
        let one = take(import, file, target.as_mut())?;
        Ok(if one == Ending::Done { ending } else { one })
    });
    target.close()?;
    done
}

fn take(import: &Import, file: &Path, target: &mut dyn Target) -> Result<Ending> {
    let sheet = Sheet::open(file)?;
    if sheet.form != Form::Csv && !import.rows.map.is_empty() {
        bail!(Usage(format!("{}: --map goes with .csv, and this is JSON", sheet.name)));
    }
    let key = import.rows.key.as_deref().unwrap_or("tid");
    let table = look(&sheet, key, &import.rows.map).with_context(|| sheet.name.clone())?;
    if !table.left.is_empty() {
        say(format_args!("{}: left alone, for no edit can set them: {}", sheet.name, table.left.join(", ")));
    }
    if table.fields.is_empty() {
        bail!("{}: holds no field to set beside {key}", sheet.name);
    }
    let ending = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = ending.filter(|name| name != "-").unwrap_or_else(|| sheet.name.clone());
    let declaration = json!({
        "name": name, "key": key, "fields": table.fields, "folder": import.into.folder.as_str(),
        "atomic": import.rows.atomic, "dry_run": import.rows.dry_run,
    });
    let declared = target.declare(&import.into, &declaration)?;
    let id = declared.get("id").and_then(Value::as_str).context("the answer holds no id")?.to_owned();
    let left: HashSet<FieldName> = table.left.iter().map(|name| FieldName::lenient(name)).collect();
    let map = import.rows.map.iter().filter(|(_, field)| !left.contains(&FieldName::lenient(field))).cloned().collect();
    let sent = table.rewritten.as_ref().map_or(sheet.path(), NamedTempFile::path);
    let rows = Rows { file: sent, csv: sheet.form == Form::Csv, map };
    let mut told = target.rows(&import.into, &id, &rows)?;
    let bar = Bar::new("rows", None);
    while matches!(text(&told, "state"), "open" | "queued" | "running") {
        let figure = |name: &str| told.get("progress").and_then(|progress| progress.get(name)).and_then(Value::as_u64);
        bar.at(figure("done").unwrap_or(0), figure("total").unwrap_or(0));
        std::thread::sleep(PAUSE);
        told = target.import(&import.into, &id)?;
    }
    bar.clear();
    target.import_errors(&import.into, &id, &mut |error| refused(import.json, &sheet.name, error))?;
    summary(import, &sheet.name, &told)
}

/// What names the rows have. The file is read once through if it is JSON.
fn look(sheet: &Sheet, key: &str, map: &[(String, String)]) -> Result<Table> {
    let mut names = Names { key: FieldName::lenient(key), seen: HashSet::new(), fields: Vec::new(), left: Vec::new() };
    if sheet.form == Form::Csv {
        for column in header(BufReader::new(File::open(sheet.path())?))? {
            let column = column.trim();
            names.take(map.iter().find(|(own, _)| own == column).map_or(column, |(_, field)| field));
        }
        return Ok(Table { fields: names.fields, left: names.left, rewritten: None });
    }
    each_row(sheet, |row| {
        for (name, _) in &members(row).map(|all| all.0).unwrap_or_default() {
            names.take(name);
        }
        Ok(())
    })?;
    let rewritten = if names.left.is_empty() { None } else { Some(without(sheet, &names.left)?) };
    Ok(Table { fields: names.fields, left: names.left, rewritten })
}

struct Names {
    key: FieldName,
    seen: HashSet<FieldName>,
    fields: Vec<String>,
    left: Vec<String>,
}

impl Names {
    fn take(&mut self, name: &str) {
        let field = FieldName::lenient(name.trim());
        if field == self.key || field.shown().is_empty() || !self.seen.insert(field.clone()) {
            return;
        }
        let list = if is_reserved(&field) { &mut self.left } else { &mut self.fields };
        list.push(field.shown().to_owned());
    }
}

/// Calls `each` with every row; with what cannot be cut out as well, so that rows keep their numbers.
fn each_row(sheet: &Sheet, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let input = sources::unpacked(Box::new(File::open(sheet.path())?))?;
    for item in Records::new(input, sheet.form == Form::Lines, ROW_BYTES) {
        match item? {
            Item::Record { text, .. } => each(&text)?,
            Item::Broken { .. } => each("{")?,
        }
    }
    Ok(())
}

/// The rows without some names.
fn without(sheet: &Sheet, left: &[String]) -> Result<NamedTempFile> {
    let left: HashSet<FieldName> = left.iter().map(|name| FieldName::lenient(name)).collect();
    let mut out = BufWriter::new(NamedTempFile::new()?);
    each_row(sheet, |row| {
        let Ok(all) = members(row) else {
            return Ok(writeln!(out, "{}", row.replace(['\n', '\r'], " "))?);
        };
        let kept = all.0.iter().filter(|(name, _)| !left.contains(&FieldName::lenient(name.trim())));
        let parts: Vec<String> = kept.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        Ok(writeln!(out, "{{{}}}", parts.join(",").replace(['\n', '\r'], " "))?)
    })?;
    Ok(out.into_inner().map_err(std::io::IntoInnerError::into_error)?)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn refused(json: bool, file: &str, error: &Value) -> Result<()> {
    if json {
        let mut error = error.clone();
        if let Some(error) = error.as_object_mut() {
            error.insert(String::from("file"), json!(file));
        }
        return Ok(put(error)?);
    }
    let about: Vec<&str> =
        ["tid", "field"].map(|name| text(error, name)).into_iter().filter(|t| !t.is_empty()).collect();
    let hint = Some(text(error, "hint")).filter(|hint| !hint.is_empty()).map(|hint| format!(" ({hint})"));
    say(format_args!(
        "{file}: row {} {}: {}: {}{}",
        error.get("row").unwrap_or(&Value::Null),
        about.join(" "),
        text(error, "code"),
        text(error, "detail"),
        hint.unwrap_or_default()
    ));
    Ok(())
}

fn summary(import: &Import, file: &str, told: &Value) -> Result<Ending> {
    let count =
        |name: &str| told.get("counts").and_then(|counts| counts.get(name)).and_then(Value::as_u64).unwrap_or(0);
    let done = text(told, "state") == "done";
    if import.json {
        put(json!({ "summary": told }))?;
    } else {
        let how = if import.rows.dry_run { " (dry run: nothing was changed)" } else { "" };
        say(format_args!(
            "{file}: {} changed, {} unchanged, {} failed{how}",
            count("changed"),
            count("unchanged"),
            count("failed")
        ));
        if !done {
            say(format_args!("the import is {}: {}", text(told, "state"), text(told, "reason")));
        }
    }
    Ok(if done && count("failed") == 0 { Ending::Done } else { Ending::Differences })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rows_are_gathered_and_what_none_can_set_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let (table, rows) = (dir.path().join("a.csv"), dir.path().join("a.ndjson"));
        std::fs::write(&table, "Call Id;Queue;folder;note\nx;1;2;3\n").unwrap();
        let map = [(String::from("Call Id"), String::from("tid"))];
        let read = look(&Sheet::open(&table).unwrap(), "tid", &map).unwrap();
        assert_eq!((read.fields, read.left), (vec!["Queue".into(), "note".into()], vec!["folder".into()]));
        std::fs::write(&rows, "{\"tid\":\"x\",\"queue\":1.10,\"Folder\":\"F\"}\n{bad\n{\"tid\":\"y\",\"QUEUE\":2}\n")
            .unwrap();
        let read = look(&Sheet::open(&rows).unwrap(), "tid", &[]).unwrap();
        assert_eq!((read.fields, read.left), (vec![String::from("queue")], vec![String::from("Folder")]));
        let rewritten = std::fs::read_to_string(read.rewritten.unwrap().path()).unwrap();
        let lines: Vec<&str> = rewritten.lines().collect();
        assert_eq!(lines[0], r#"{"tid":"x","queue":1.10}"#);
        assert_eq!((lines.len(), lines[2]), (3, r#"{"tid":"y","QUEUE":2}"#));
    }
}
