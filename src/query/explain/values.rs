//! Which values fulfil a condition, or what they are instead.
use super::answer::{By, TOLD_MAX, short};
use super::subject::Subject;
use crate::base::clock::Timestamp;
use crate::domain::identity::FolderId;
use crate::query::evaluate::values::{self, Value, passes};
use crate::query::facets::number;
use crate::query::resolved::{Node, Target, Test, ValueTest};
use serde_json::Value as Json;

const MASKED: &str = "***";

/// The first values that pass.
pub fn by(node: &Node, subject: Subject<'_>) -> Vec<By> {
    let record = &subject.document.record;
    let passing = here(node, subject).into_iter().flat_map(|test| {
        let values = values::values(record, test.target, &subject.search.folder_names);
        let passing = values.into_iter().filter(move |value| match &test.test {
            Test::Folders(folders) => folders.contains(&record.folder),
            asked => passes(value, asked),
        });
        passing.map(move |value| shown(&value, test.target, subject))
    });
    passing.take(TOLD_MAX).map(|value| By::Value { value }).collect()
}

/// Why no value passes.
pub fn why(node: &Node, subject: Subject<'_>) -> String {
    let mut all = Vec::new();
    tests(node, &mut all);
    if all.is_empty() {
        return "nothing that is searched can fulfil it".to_owned();
    }
    let own = name_of(subject.document.record.folder, subject);
    let here = here(node, subject);
    let Some(first) = here.first() else { return not_here(&all, &own, subject) };
    if matches!(first.test, Test::Folders(_)) {
        return format!("the transcript lies in folder {own}");
    }
    let record = &subject.document.record;
    let values = |test: &&ValueTest| {
        let target = test.target;
        let values = values::values(record, target, &subject.search.folder_names);
        values.into_iter().map(move |value| shown(&value, target, subject)).collect::<Vec<Json>>()
    };
    let mut held: Vec<Json> = here.iter().flat_map(values).collect();
    held.dedup();
    let is_field = matches!(first.target, Target::Field(..));
    if held.is_empty() {
        let what = if is_field { "the field has no value here" } else { "it has no value here" };
        return match subject.pending.filter(|_| is_field) {
            Some(pending) => format!("{what}; folder {own}: {pending}"),
            None => what.to_owned(),
        };
    }
    if held.iter().any(|value| value == MASKED) {
        return "the value, which is masked, is another".to_owned();
    }
    let more = held.len().saturating_sub(TOLD_MAX);
    let list: Vec<String> = held.iter().take(TOLD_MAX).map(Json::to_string).collect();
    match (held.len(), more) {
        (1, _) => format!("the value is {}", list.concat()),
        (_, 0) => format!("the values are {}", list.join(", ")),
        _ => format!("the values are {} and {more} more", list.join(", ")),
    }
}

fn not_here(all: &[&ValueTest], own: &str, subject: Subject<'_>) -> String {
    let mut folders: Vec<String> = all
        .iter()
        .flat_map(|test| test.only_folders.iter().flat_map(|only| only.iter()))
        .map(|folder| name_of(*folder, subject))
        .collect();
    folders.sort();
    folders.dedup();
    let more = folders.len().saturating_sub(TOLD_MAX);
    folders.truncate(TOLD_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("the field is not configured in folder {own}: configured in {}{more}", folders.join(", "))
}

fn name_of(folder: FolderId, subject: Subject<'_>) -> String {
    subject.search.folder_names.get(&folder).map_or_else(|| format!("number {}", folder.0), ToString::to_string)
}

/// The tests of a condition that speak of the transcript's folder.
fn here<'n>(node: &'n Node, subject: Subject<'_>) -> Vec<&'n ValueTest> {
    let folder = subject.document.record.folder;
    let mut all = Vec::new();
    tests(node, &mut all);
    all.retain(|test| test.only_folders.as_ref().is_none_or(|only| only.contains(&folder)));
    all
}

fn tests<'n>(node: &'n Node, all: &mut Vec<&'n ValueTest>) {
    match node {
        Node::Values(test) => all.push(test),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| tests(part, all)),
        Node::Not(inner) => tests(inner, all),
        Node::All | Node::Nothing | Node::Said(_) => {}
    }
}

fn shown(value: &Value<'_>, target: Target, subject: Subject<'_>) -> Json {
    if matches!(target, Target::Field(id, _) if subject.masked.contains(&id)) {
        return Json::from(MASKED);
    }
    match value {
        Value::Keyword(shown, _) => Json::from(short(shown)),
        Value::Number(value) => number(*value),
        Value::Instant(micros) => Json::from(Timestamp(*micros).rfc3339_in(subject.zone)),
        Value::Words(text) => Json::from(short(text)),
        Value::Vector(numbers) => Json::from(format!("an embedding of {} numbers", numbers.len())),
    }
}
