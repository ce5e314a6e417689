//! What rows may hold: the key and the declared fields, by any spelling that differs in case only.
use super::staged::{Fault, StagedRow};
use crate::base::json::{Members, Raw, depth, members, raw_from};
use crate::domain::identity::FieldName;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::jobs::work::Import;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// What a column or member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// A declared field, in its declared spelling.
    Field(String),
}

/// The names of an import.
pub struct Shape {
    key: FieldName,
    fields: Vec<FieldName>,
}

impl Shape {
    /// Of an import.
    pub fn of(import: &Import) -> Self {
        let fields = import.fields.iter().map(|field| FieldName::lenient(&field.name)).collect();
        Self { key: FieldName::lenient(&import.key), fields }
    }

    /// What a name stands for. With one field, `value` stands for it.
    pub fn part(&self, name: &str) -> Option<Part> {
        let name = FieldName::lenient(name.trim());
        if name == self.key {
            return Some(Part::Key);
        }
        let declared = self.fields.iter().find(|field| **field == name);
        let only = match self.fields.as_slice() {
            [only] if name.folded() == "value" => Some(only),
            _ => None,
        };
        declared.or(only).map(|field| Part::Field(field.shown().to_owned()))
    }

    /// The names in words.
    pub fn words(&self) -> String {
        let fields: Vec<&str> = self.fields.iter().map(FieldName::shown).collect();
        let value = if fields.len() == 1 { " (or value)" } else { "" };
        format!("{}, {}{value}", self.key.shown(), fields.join(", "))
    }

    /// Reads a row that is a JSON object.
    pub fn object(&self, row: u64, text: &str, limits: &Limits) -> StagedRow {
        let mut staged = StagedRow { row, ..StagedRow::default() };
        if let Err(fault) = self.read(text, limits, &mut staged) {
            staged.values.clear();
            staged.fault = Some(fault);
        }
        staged
    }

    fn read(&self, text: &str, limits: &Limits, staged: &mut StagedRow) -> Result<(), Fault> {
        if text.len() > limits.metadata_body_bytes {
            return Err(Fault::new(Code::BodyTooLarge, format!("the row has {} bytes", text.len())));
        }
        if depth(text.as_bytes()) > limits.json_depth {
            return Err(Fault::new(Code::TooDeep, "the row is nested too deeply"));
        }
        let read: Members<'_> = members(text).map_err(|error| match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Fault::new(Code::RowShape, "the row is not an object of names and values"),
            Err(_) => Fault::new(Code::JsonInvalid, format!("the row is not valid JSON: {error}")),
        })?;
        let mut seen = HashSet::new();
        for (name, raw) in read.0 {
            let Some(part) = self.part(&name) else {
                let shown: String = name.chars().take(80).collect();
                let detail = format!("there is no field {shown:?} in this import; rows have {}", self.words());
                return Err(Fault { field: Some(shown), ..Fault::new(Code::FieldNotDeclared, detail) });
            };
            let fresh = match &part {
                Part::Key => seen.insert(None),
                Part::Field(field) => seen.insert(Some(field.clone())),
            };
            if !fresh {
                return Err(Fault::new(Code::RowShape, format!("the row names {name:?} twice")));
            }
            match part {
                Part::Key
                    if matches!(raw.get().as_bytes().first(), Some(b'[' | b'{' | b'n')) || raw.get() == "\"\"" =>
                {
                    return Err(Fault::new(Code::KeyMissing, "the key of a row is one value"));
                }
                Part::Key => staged.key = Some(raw.to_owned()),
                Part::Field(field) => staged.values.push((field, one_line(raw)?)),
            }
        }
        if staged.key.is_none() {
            return Err(Fault::new(Code::KeyMissing, format!("the row has no {:?}", self.key.shown())));
        }
        Ok(())
    }
}

/// A value without line ends: they can only stand between its parts, and staged rows are lines.
fn one_line(raw: &RawValue) -> Result<Raw, Fault> {
    if !raw.get().contains(['\n', '\r']) {
        return Ok(raw.to_owned());
    }
    raw_from(&raw.get().replace(['\n', '\r'], " ")).map_err(|error| Fault::new(Code::JsonInvalid, error.to_string()))
}

/// What each column of a table is.
#[derive(Debug)]
pub struct Columns {
    /// In order; `None` for those that are left alone.
    pub parts: Vec<Option<Part>>,
    /// Names of those.
    pub ignored: Vec<String>,
}

impl Columns {
    /// Reads a header; `map` says for some columns which name is meant.
    ///
    /// # Errors
    /// `row_shape` without a key or any field, or with one twice; `parameter_invalid` for a map that names what is not
    /// there.
    pub fn of(shape: &Shape, header: &[String], map: &[(String, String)]) -> Result<Self, Refusal> {
        for (column, name) in map {
            if !header.iter().any(|own| own.trim() == column) {
                let detail = format!("`map` names a column {column:?} that the header does not have");
                return Err(Refusal::at(Code::ParameterInvalid, "map", detail));
            }
            if shape.part(name).is_none() {
                let detail = format!("`map` names {name:?}, which the import does not have: {}", shape.words());
                return Err(Refusal::at(Code::ParameterInvalid, "map", detail));
            }
        }
        let mut columns = Self { parts: Vec::with_capacity(header.len()), ignored: Vec::new() };
        for name in header {
            let name = name.trim();
            let meant = map.iter().find(|(column, _)| column == name).map_or(name, |(_, meant)| meant.as_str());
            let part = shape.part(meant);
            if part.is_some() && columns.parts.contains(&part) {
                let detail = format!("two columns stand for {meant:?}");
                return Err(Refusal::new(Code::RowShape, detail));
            }
            if part.is_none() {
                columns.ignored.push(name.to_owned());
            }
            columns.parts.push(part);
        }
        let fields = columns.parts.iter().flatten().filter(|part| **part != Part::Key).count();
        if fields == 0 || !columns.parts.contains(&Some(Part::Key)) {
            let detail = format!(
                "the header needs the columns {}; it has {}. `?map=COLUMN:NAME` says which column is meant",
                shape.words(),
                header.join(", ").chars().take(400).collect::<String>()
            );
            return Err(Refusal::new(Code::RowShape, detail));
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::jobs::work::Declared;

    fn shape(key: &str, fields: &[&str]) -> Shape {
        let declared = |name: &&str| Declared { name: (*name).to_owned(), definition: None };
        Shape::of(&Import { key: key.into(), fields: fields.iter().map(declared).collect(), ..Import::default() })
    }

    fn code(shape: &Shape, text: &str) -> Option<String> {
        shape.object(7, text, &Limits::default()).fault.map(|fault| fault.code)
    }

    #[test]
    fn rows_hold_the_key_and_declared_fields_in_any_case() {
        let shape = shape("tid", &["Queue", "zip"]);
        let row = shape.object(7, "{\"TID\":\"a\",\n\"queue\":[1.10,\r\n2]}", &Limits::default());
        assert_eq!(row.values[0].1.get(), "[1.10,  2]", "a staged row is one line");
        let row = shape.object(7, r#"{"TID":"a","queue":1.10,"Zip":null}"#, &Limits::default());
        assert!(row.fault.is_none(), "{row:?}");
        let values: Vec<_> = row.values.iter().map(|(name, raw)| (name.as_str(), raw.get())).collect();
        assert_eq!((row.row, values), (7, vec![("Queue", "1.10"), ("zip", "null")]));
        assert_eq!(code(&shape, r#"{"queue":1}"#).as_deref(), Some("key_missing"));
        assert_eq!(code(&shape, r#"{"tid":null,"queue":1}"#).as_deref(), Some("key_missing"));
        assert_eq!(code(&shape, r#"{"tid":"a","value":1}"#).as_deref(), Some("field_not_declared"));
        assert_eq!(code(&shape, r#"{"tid":"a","zip":1,"ZIP":2}"#).as_deref(), Some("row_shape"));
        assert_eq!(code(&shape, "[1]").as_deref(), Some("row_shape"));
        assert_eq!(code(&shape, "{").as_deref(), Some("json_invalid"));
    }

    #[test]
    fn with_one_field_its_value_is_called_value() {
        let shape = shape("Contract", &["queue"]);
        assert_eq!(shape.part("VALUE"), Some(Part::Field("queue".into())));
        assert_eq!(shape.part(" contract "), Some(Part::Key));
        assert_eq!(shape.part("tid"), None);
    }

    #[test]
    fn headers_are_mapped_and_judged() {
        let shape = shape("tid", &["queue"]);
        let header = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let map = [("Call Id".to_owned(), "tid".to_owned())];
        let columns = Columns::of(&shape, &header(&["Call Id", "Queue", "colour"]), &map).unwrap();
        assert_eq!(columns.parts, [Some(Part::Key), Some(Part::Field("queue".into())), None]);
        assert_eq!(columns.ignored, ["colour"]);
        let refused =
            |names: &[&str], map: &[(String, String)]| Columns::of(&shape, &header(names), map).unwrap_err().code;
        assert_eq!(refused(&["Call Id", "queue"], &[]), Code::RowShape);
        assert_eq!(refused(&["tid"], &[]), Code::RowShape);
        assert_eq!(refused(&["tid", "queue", "value"], &[]), Code::RowShape);
        assert_eq!(refused(&["tid", "queue"], &map), Code::ParameterInvalid);
        let wrong = [("tid".to_owned(), "colour".to_owned())];
        assert_eq!(refused(&["tid", "queue"], &wrong), Code::ParameterInvalid);
    }
}
