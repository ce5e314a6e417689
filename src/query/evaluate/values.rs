//! The values of one record, and the tests on them.
use crate::base::fold::fold_value;
use crate::domain::builtins::Builtin;
use crate::domain::fields::TypedValue;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FolderId, FolderName};
use crate::domain::record::Record;
use crate::domain::transcript::scores::score_id;
use crate::domain::words;
use crate::query::evaluate::places::places;
use crate::query::resolved::{Source, Target, Test, ValueTest};
use std::borrow::Cow;
use std::collections::HashMap;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A whole value: as shown, as compared.
    Keyword(Cow<'a, str>, Cow<'a, str>),
    /// A number, never negative zero.
    Number(f64),
    /// Microseconds since 1970 UTC.
    Instant(i64),
    /// Words.
    Words(&'a str),
    /// An embedding.
    Vector(&'a [f32]),
}

/// The values a record has there, in their order.
pub fn values<'a>(
    record: &'a Record,
    target: Target,
    folder_names: &'a HashMap<FolderId, FolderName>,
) -> Vec<Value<'a>> {
    match target {
        Target::Field(id, _) => record
            .values
            .iter()
            .filter(|(field, _)| *field == id)
            .flat_map(|(_, values)| values)
            .map(|value| match value {
                TypedValue::Keyword { shown, folded } => Value::Keyword(shown.into(), folded.into()),
                TypedValue::Number(number) => one_zero(*number),
                TypedValue::Instant(instant) => Value::Instant(*instant),
                TypedValue::Words(text) => Value::Words(text),
                TypedValue::Vector(numbers) => Value::Vector(numbers),
            })
            .collect(),
        Target::Builtin(builtin) => of_builtin(record, builtin, folder_names).into_iter().collect(),
        Target::Score(id) => {
            let scores = record.builtins.scores.iter();
            scores.filter(|(app, path, _)| score_id(app, path) == id).map(|(_, _, score)| one_zero(score)).collect()
        }
    }
}

/// The values a record has behind a name: nowhere but in the folders where it is configured.
pub fn of_source<'a>(
    record: &'a Record,
    source: &Source,
    folder_names: &'a HashMap<FolderId, FolderName>,
) -> Vec<Value<'a>> {
    if source.only_folders.as_ref().is_some_and(|only| !only.contains(&record.folder)) {
        return Vec::new();
    }
    source.targets.iter().flat_map(|target| values(record, *target, folder_names)).collect()
}

/// Adding zero makes one zero of two.
fn one_zero<'a>(number: f64) -> Value<'a> {
    Value::Number(number + 0.0)
}

fn of_builtin<'a>(
    record: &'a Record,
    builtin: &Builtin,
    folder_names: &'a HashMap<FolderId, FolderName>,
) -> Option<Value<'a>> {
    let keyword = |text: &'a str| Value::Keyword(text.into(), fold_value(text).into());
    let own = &record.builtins;
    match builtin.name {
        // Ids are compared as they are.
        "tid" => Some(Value::Keyword(record.tid.as_str().into(), record.tid.as_str().into())),
        "folder" => folder_names.get(&record.folder).map(|name| keyword(name.as_str())),
        "last_modified" => Some(Value::Instant(record.last_modified)),
        "datetime" => Some(Value::Instant(own.datetime)),
        "duration" => own.duration.map(one_zero),
        "filename" => own.filename.as_deref().map(keyword),
        "agentid" => own.agentid.as_deref().map(keyword),
        "requestid" => own.requestid.as_deref().map(keyword),
        attribute => {
            let value = own.attributes.get(attribute)?;
            match builtin.storage {
                Storage::Number => value.as_f64().map(one_zero),
                _ => value.as_str().map(keyword),
            }
        }
    }
}

/// Whether the record passes the test: any of its values does, in a folder where the field is configured.
pub fn matches(record: &Record, test: &ValueTest, folder_names: &HashMap<FolderId, FolderName>) -> bool {
    if test.only_folders.as_ref().is_some_and(|only| !only.contains(&record.folder)) {
        return false;
    }
    match &test.test {
        Test::Folders(folders) => folders.contains(&record.folder),
        asked => values(record, test.target, folder_names).iter().any(|value| passes(value, asked)),
    }
}

/// Whether one value passes the test.
pub fn passes(value: &Value<'_>, test: &Test) -> bool {
    match (test, value) {
        (Test::Exists, _) => true,
        (Test::OneOf(options), Value::Keyword(_, folded)) => options.iter().any(|option| option == folded),
        (Test::Like(pattern), Value::Keyword(_, folded)) => pattern.matches(folded),
        (Test::Between(low, high), Value::Keyword(_, folded)) => {
            let text: &str = folded;
            within(&text, low.as_ref().map(|(v, i)| (v.as_str(), *i)), high.as_ref().map(|(v, i)| (v.as_str(), *i)))
        }
        (Test::Numbers(low, high), Value::Number(number)) => within(number, *low, *high),
        (Test::Numbers(low, high), Value::Instant(instant)) => within(&(*instant as f64), *low, *high),
        (Test::Instants(low, high), Value::Instant(instant)) => {
            within(instant, low.map(|low| (low, true)), high.map(|high| (high, true)))
        }
        (Test::Words(phrase), Value::Words(text)) => places(&words::tokens(text), phrase).count > 0,
        _ => false,
    }
}

fn within<T: PartialOrd>(value: &T, low: Option<(T, bool)>, high: Option<(T, bool)>) -> bool {
    let above = low.is_none_or(|(low, inclusive)| *value > low || (inclusive && *value == low));
    let below = high.is_none_or(|(high, inclusive)| *value < high || (inclusive && *value == high));
    above && below
}
