//! What stored values become under another definition: how many are its values as they are, how many after coercion, how
//! many do not fit, with samples.
use super::options::Uses;
use super::walk::{At, Bounds, walk};
use crate::domain::access::Right;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::{ConfiguredField, Definition, FieldType, FolderSchema, OnMismatch};
use crate::domain::metadata::erase;
use crate::domain::projection::project;
use crate::engine::access::Caller;
use crate::engine::admin::field::listing;
use crate::engine::core::Core;
use crate::engine::error::Result;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Samples of each kind.
const SAMPLES: usize = 10;
/// Characters of a sample's value.
const SHOWN: usize = 200;

#[derive(Default)]
struct Kind {
    count: u64,
    samples: Vec<Value>,
}

impl Kind {
    fn take(&mut self, sample: impl FnOnce() -> Value) {
        self.count += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(sample());
        }
    }
}

/// Counts the values that the folders listing a field hold, as the definition `field` has sees them; `before` is the field
/// as it stands. Reads all metadata of these folders. Blocking.
///
/// # Errors
/// The stores'.
pub fn preview(
    core: &Core,
    caller: &Caller,
    at: &At,
    org: &Org,
    (field, before): (&ConfiguredField, Option<&ConfiguredField>),
) -> Result<Value> {
    let masked = (field.definition.pii || field.meant().pii) && !caller.may(Right::Pii);
    // Words about a value that does not fit name it, unless it is personal.
    let definition = Definition { pii: masked, ..field.meant().clone() };
    let judge = Arc::new(ConfiguredField::new(field.id, field.name.clone(), definition.clone()));
    let listing = listing(org, &field.name);
    let folders: Vec<Arc<Folder>> =
        org.folders.values().filter(|folder| listing.contains(&folder.id)).cloned().collect();
    let schemas: HashMap<_, _> = folders
        .iter()
        .map(|own| {
            let fields = vec![judge.clone()];
            (own.id, FolderSchema::new(own.id, 0, own.schema.zone.clone(), OnMismatch::Store, fields))
        })
        .collect();
    let bounds = core.settings.value_bounds();
    let (mut fit, mut coerced, mut misfit) = (Kind::default(), Kind::default(), Kind::default());
    let before = before.map(ConfiguredField::meant).filter(|before| before.kind == FieldType::Enum);
    let mut uses = Uses::default();
    let walked = walk(core, at, &folders, Bounds::default(), &mut |folder, row, metadata| {
        let Some(schema) = schemas.get(&folder.id) else { return };
        let projection = project(metadata, schema, bounds);
        let place = || json!({"tid": row.tid.as_str(), "folder": folder.name.as_str()});
        let with = |name: &str, value: Value| {
            let mut sample = place();
            if let Some(sample) = sample.as_object_mut() {
                sample.insert(name.to_owned(), value);
            }
            sample
        };
        for value in &projection.values {
            let native = is_native(&definition, value.raw.get());
            let kind = if native { &mut fit } else { &mut coerced };
            kind.take(|| with("value", shown(value.raw.get(), masked)));
        }
        if definition.kind == FieldType::Enum {
            let stored = erase::values(metadata, &field.name);
            uses.see(&definition, before, stored.iter().map(|raw| raw.get()));
        }
        for unfit in &projection.misfits {
            misfit.take(|| with("detail", unfit.detail.as_str().into()));
        }
    })?;
    let mut told = json!({
        "transcripts": walked.transcripts,
        "looked": walked.looked,
        "stored": fit.count + coerced.count + misfit.count,
        "fit": fit.count,
        "coerced": coerced.count,
        "misfit": misfit.count,
    });
    if let Some(told) = told.as_object_mut() {
        told.extend(uses.told(&definition, before));
        // Ids are told to who may read transcripts.
        if caller.may(Right::Read) {
            let samples = json!({"fit": fit.samples, "coerced": coerced.samples, "misfit": misfit.samples});
            told.insert("samples".to_owned(), samples);
        }
        if !walked.unread.is_empty() && caller.may(Right::Read) {
            told.insert("unread".to_owned(), walked.unread.into());
        }
    }
    Ok(told)
}

/// Whether a value that fits is written as the type's values are: nothing has to be read out of a string, and options
/// are spelled as defined. Of a list all elements count.
fn is_native(definition: &Definition, raw: &str) -> bool {
    let native = |value: &Value| match (definition.kind, value) {
        (_, Value::Null) => true,
        (FieldType::Boolean, value) => value.is_boolean(),
        (FieldType::Number | FieldType::Keyframes | FieldType::Embedding, value) => value.is_number(),
        (FieldType::Enum, Value::String(text)) => definition.values.contains(text) || definition.retired.contains(text),
        (_, value) => value.is_string(),
    };
    match serde_json::from_str::<Value>(raw) {
        Ok(Value::Array(values)) => values.iter().all(native),
        Ok(value) => native(&value),
        Err(_) => false,
    }
}

fn shown(raw: &str, masked: bool) -> Value {
    if masked {
        return "***".into();
    }
    if raw.len() <= SHOWN {
        return serde_json::from_str(raw).unwrap_or_default();
    }
    let cut: String = raw.chars().take(SHOWN).collect();
    Value::from(cut + "…")
}

/// A change in one word.
pub fn kind_of(before: Option<&ConfiguredField>, after: &ConfiguredField) -> &'static str {
    match before {
        None => "define",
        Some(before) if before == after && before.name.shown() == after.name.shown() => "none",
        Some(_) if after.next.is_some() => "retype",
        Some(_) => "change",
    }
}

/// An object with members added.
pub fn with(mut value: Value, members: Map<String, Value>) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.extend(members);
    }
    value
}
