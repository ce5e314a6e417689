//! Which transcript has a value: all transcripts an import may touch, by the value of its key field. Built from the
//! database when the job begins, so that it knows every answered write, whatever the index still owes.
//!
//! *Decision:* one walk over the rows and 16 bytes a value, not a search a row: a million rows would be a million
//! searches.
use super::staged::Fault;
use crate::base::fold::fold_value;
use crate::base::json;
use crate::domain::builtins::Builtins;
use crate::domain::fields::definition::Storage;
use crate::domain::fields::value::coerce;
use crate::domain::fields::{ConfiguredField, TypedValue};
use crate::domain::identity::{FieldName, FolderId, Key, OrgId, Tid};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::stores::database::Row;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// Rows read at once.
const CHUNK: usize = 5_000;

/// Built-ins that can be keys: nothing says that they are unique, so values that are not are told.
pub const BUILTINS: [&str; 2] = ["requestid", "filename"];

/// What the values are.
#[derive(Clone, Debug)]
enum Kind {
    /// One of [`BUILTINS`].
    Builtin(&'static str),
    /// A configured field.
    Field(Arc<ConfiguredField>),
}

/// The look-up.
pub struct Lookup {
    kind: Kind,
    zone: jiff::tz::TimeZone,
    bounds: crate::domain::fields::value::ValueBounds,
    hasher: RandomState,
    /// By hash of the comparable value; `None` for several.
    keys: HashMap<u64, Option<Key>>,
}

/// Whether a name can be the key of an import of that organisation.
pub fn is_key(core: &Core, org: OrgId, name: &str) -> bool {
    kind(core, org, name).is_some()
}

fn kind(core: &Core, org: OrgId, name: &str) -> Option<Kind> {
    if let Some(builtin) = BUILTINS.iter().find(|builtin| **builtin == name) {
        return Some(Kind::Builtin(builtin));
    }
    let world = core.world();
    let (_, found) = world.org(org)?;
    let name = FieldName::lenient(name);
    let listed = found.folders.values().any(|folder| folder.schema.field(&name).is_some());
    let field = found.fields.iter().find(|field| listed && field.name == name)?;
    let whole = !matches!(field.definition.kind.storage(), Storage::Words | Storage::Vector);
    whole.then(|| Kind::Field(field.clone()))
}

impl Lookup {
    /// Walks the organisation's transcripts in `folder` (or in all the caller sees).
    ///
    /// # Errors
    /// The database's; `key_unknown` when the field is not configured any more.
    pub fn build(core: &Core, caller: &Caller, org: OrgId, folder: Option<FolderId>, name: &str) -> Result<Self> {
        let kind = kind(core, org, name).ok_or_else(|| {
            Error::refused(Code::FieldNotConfigured, format!("the key field {name:?} is not configured any more"))
        })?;
        let world = core.world.load_full();
        let zone = world.org(org).map(|(_, org)| org.zone.clone()).ok_or_else(Error::absent)?;
        let bounds = core.settings.value_bounds();
        let mut lookup = Self { kind, zone, bounds, hasher: RandomState::new(), keys: HashMap::new() };
        let mut after = None;
        loop {
            let rows = core.stores.database.scan(Some(org), after, CHUNK)?;
            let Some(last) = rows.last() else { return Ok(lookup) };
            after = Some(last.key);
            for row in &rows {
                let seen = world.home(row.folder).is_some_and(|home| caller.sees_folder(&home.folder));
                if seen && folder.is_none_or(|only| only == row.folder) {
                    lookup.add(row);
                }
            }
            if core.closing() {
                return Err(Error::refused(Code::ShuttingDown, "the server is stopping"));
            }
        }
    }

    fn add(&mut self, row: &Row) {
        for value in self.of_row(row) {
            match self.keys.entry(self.hasher.hash_one(&value)) {
                Entry::Vacant(slot) => {
                    slot.insert(Some(row.key));
                }
                Entry::Occupied(mut slot) if *slot.get() != Some(row.key) => {
                    slot.insert(None);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// The values that a row has, as they compare.
    fn of_row(&self, row: &Row) -> Vec<String> {
        match &self.kind {
            Kind::Builtin(name) => {
                let builtins: Option<Builtins> = serde_json::from_str(&row.builtins).ok();
                let value = builtins.and_then(|own| if *name == "requestid" { own.requestid } else { own.filename });
                value.map(|value| fold_value(&value)).into_iter().collect()
            }
            Kind::Field(field) => {
                let Ok(members) = json::members(&row.values) else { return Vec::new() };
                let own = members.0.iter().find(|(name, _)| FieldName::lenient(name) == field.name);
                own.and_then(|(_, raw)| self.compared(raw).ok()).unwrap_or_default()
            }
        }
    }

    /// A value as sent, as it compares; several for a list.
    fn compared(&self, raw: &RawValue) -> std::result::Result<Vec<String>, String> {
        match &self.kind {
            Kind::Builtin(_) => Ok(vec![fold_value(&text(raw))]),
            Kind::Field(field) => {
                let typed = coerce(&field.definition, raw, &self.zone, self.bounds).map_err(|misfit| misfit.detail)?;
                Ok(typed.iter().map(spelled).collect())
            }
        }
    }

    /// The key of the one transcript that has the value.
    ///
    /// # Errors
    /// Why there is none, or not one.
    pub fn find(&self, raw: &RawValue) -> std::result::Result<Key, Fault> {
        let values = self.compared(raw).map_err(|detail| Fault::new(Code::TypeMismatch, detail))?;
        let [value] = values.as_slice() else {
            return Err(Fault::new(Code::KeyMissing, "the key of a row is one value"));
        };
        match self.keys.get(&self.hasher.hash_one(value)) {
            Some(Some(key)) => Ok(*key),
            Some(None) => Err(Fault::new(Code::KeyAmbiguous, format!("several transcripts have {}", short(raw)))),
            None => Err(Fault::new(Code::KeyUnknown, format!("no transcript has {}", short(raw)))),
        }
    }

    /// The id behind a key, if its row still has the value.
    pub fn confirm(&self, row: Option<&Row>, raw: &RawValue) -> std::result::Result<Tid, Fault> {
        let wanted = self.compared(raw).unwrap_or_default();
        match row.filter(|row| self.of_row(row).iter().any(|value| wanted.contains(value))) {
            Some(row) => Ok(row.tid.clone()),
            None => Err(Fault::new(Code::KeyUnknown, format!("no transcript has {}", short(raw)))),
        }
    }
}

fn spelled(value: &TypedValue) -> String {
    match value {
        TypedValue::Keyword { folded, .. } => folded.clone(),
        TypedValue::Number(number) => number.to_string(),
        TypedValue::Instant(micros) => micros.to_string(),
        TypedValue::Words(words) => fold_value(words),
        // No key: see `kind`.
        TypedValue::Vector(_) => String::new(),
    }
}

/// A scalar's text: strings without quotes.
pub fn text(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

fn short(raw: &RawValue) -> String {
    raw.get().chars().take(80).collect()
}
