//! Turns and records as the library's documents.
use super::embeddings;
use super::schema::{self, RecordFields, TurnFields};
use super::spelling;
use super::turns::role_number;
use crate::base::fold;
use crate::domain::builtins::{self, Builtin, Builtins};
use crate::domain::fields::TypedValue;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{Key, OrgId};
use crate::domain::record::Record;
use crate::domain::transcript::Turn;
use crate::domain::transcript::scores::score_id;
use crate::domain::words;
use crate::query::resolved::Target;
use tantivy::TantivyDocument;
use tantivy::schema::OwnedValue;

/// The document of one turn.
pub fn turn(fields: &TurnFields, key: Key, org: OrgId, turn: Turn) -> TantivyDocument {
    let mut document = TantivyDocument::with_capacity(128 + 2 * turn.text.len());
    document.add_u64(fields.key, u64::from(key.0));
    document.add_u64(fields.no, u64::from(turn.no));
    for (field, seconds) in [(fields.start, turn.start), (fields.end, turn.end)] {
        if let Some(seconds) = seconds {
            document.add_f64(field, seconds);
        }
    }
    if let Some(label) = &turn.speaker {
        document.add_text(fields.speaker, spelling::label(label));
    }
    if let Some(channel) = turn.channel {
        document.add_i64(fields.channel, channel);
    }
    document.add_u64(fields.role, role_number(turn.role));
    document.add_u64(fields.length, words::count(&turn.text) as u64);
    document.add_text(fields.text, &turn.text);
    let words = OwnedValue::Object(vec![(TurnFields::path(org), OwnedValue::Str(turn.text))]);
    document.add_field_value(fields.words, &words);
    document
}

/// The document of one record.
pub fn record(fields: &RecordFields, record: &Record) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.key, u64::from(record.key.0));
    document.add_u64(fields.org, u64::from(record.org.0));
    document.add_u64(fields.folder, u64::from(record.folder.0));
    document.add_u64(fields.revision, record.revision.0);
    document.add_u64(fields.schema_version, record.schema_version);
    document.add_u64(fields.words_revision, record.words_revision.0);
    document.add_u64(fields.words, u64::from(record.words));
    document.add_i64(fields.last_modified, record.last_modified);
    document.add_text(fields.tid, record.tid.as_str());
    let mut values = Values::default();
    values.add_builtins(&record.builtins);
    for (field, typed) in &record.values {
        values.add(*field, typed);
        for value in typed {
            if let TypedValue::Vector(numbers) = value {
                document.add_bytes(fields.vectors, &embeddings::pack(*field, numbers));
            }
        }
    }
    for (field, paths) in [
        (fields.keywords, values.keywords),
        (fields.numbers, values.numbers),
        (fields.instants, values.instants),
        (fields.texts, values.texts),
    ] {
        if !paths.is_empty() {
            document.add_field_value(field, &OwnedValue::Object(paths));
        }
    }
    document
}

type Paths = Vec<(String, OwnedValue)>;

/// Values by JSON field and path.
#[derive(Default)]
struct Values {
    keywords: Paths,
    numbers: Paths,
    instants: Paths,
    texts: Paths,
}

impl Values {
    fn add(&mut self, field: crate::domain::identity::FieldId, typed: &[TypedValue]) {
        let (mut keywords, mut numbers, mut instants, mut texts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for value in typed {
            match value {
                TypedValue::Keyword { shown, folded } => {
                    keywords.push(OwnedValue::Str(spelling::pack(folded, shown)));
                }
                TypedValue::Number(number) => numbers.push(OwnedValue::F64(*number)),
                TypedValue::Instant(instant) => instants.push(OwnedValue::I64(*instant)),
                TypedValue::Words(text) => texts.push(OwnedValue::Str(text.clone())),
                // Stored beside the columns; its number tells who has one.
                TypedValue::Vector(_) => {
                    let path = schema::path(Target::Field(field, Storage::Vector));
                    self.instants.push((path, OwnedValue::I64(1)));
                }
            }
        }
        let path = |storage| schema::path(Target::Field(field, storage));
        if !texts.is_empty() {
            // Their number is what tells a text without any word from no text.
            let count = i64::try_from(texts.len()).unwrap_or(i64::MAX);
            self.instants.push((path(Storage::Words), OwnedValue::I64(count)));
            self.texts.push((path(Storage::Words), OwnedValue::Array(texts)));
        }
        for (paths, storage, values) in [
            (&mut self.keywords, Storage::Keyword, keywords),
            (&mut self.numbers, Storage::Number, numbers),
            (&mut self.instants, Storage::Instant, instants),
        ] {
            if !values.is_empty() {
                paths.push((path(storage), OwnedValue::Array(values)));
            }
        }
    }

    fn add_builtins(&mut self, values: &Builtins) {
        self.add_instant("datetime", values.datetime);
        if let Some(seconds) = values.duration {
            self.add_number("duration", seconds);
        }
        for (name, text) in
            [("filename", &values.filename), ("agentid", &values.agentid), ("requestid", &values.requestid)]
        {
            if let Some(text) = text {
                self.add_keyword(name, text);
            }
        }
        for (app, path, score) in values.scores.iter() {
            if score.is_finite() {
                let path = schema::path(Target::Score(score_id(app, path)));
                self.numbers.push((path, OwnedValue::F64(score)));
            }
        }
        for (name, value) in &values.attributes {
            match builtins::builtin(name).map(|known| (known.name, known.storage)) {
                Some((name, Storage::Number)) => {
                    if let Some(number) = value.as_f64() {
                        self.add_number(name, number);
                    }
                }
                Some((name, Storage::Keyword)) => match value {
                    serde_json::Value::String(text) => self.add_keyword(name, text),
                    serde_json::Value::Number(number) => self.add_keyword(name, &number.to_string()),
                    serde_json::Value::Bool(flag) => self.add_keyword(name, if *flag { "true" } else { "false" }),
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn add_keyword(&mut self, name: &str, text: &str) {
        let packed = spelling::pack(&fold::fold_value(text), text);
        self.keywords.extend(path_of(name).map(|path| (path, OwnedValue::Str(packed))));
    }

    fn add_number(&mut self, name: &str, number: f64) {
        if number.is_finite() {
            self.numbers.extend(path_of(name).map(|path| (path, OwnedValue::F64(number))));
        }
    }

    fn add_instant(&mut self, name: &str, instant: i64) {
        self.instants.extend(path_of(name).map(|path| (path, OwnedValue::I64(instant))));
    }
}

fn path_of(name: &str) -> Option<String> {
    builtins::builtin(name).map(|known: &'static Builtin| schema::path(Target::Builtin(known)))
}
