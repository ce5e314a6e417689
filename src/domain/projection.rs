//! THE rule: metadata seen through a folder's schema. Configured values that fit go to database and index; everything
//! goes to the archive. A configured name that the metadata does not have may name something inside an object:
//! [`inner`].
pub mod inner;

use super::fields::value::{ValueBounds, coerce};
use super::fields::{ConfiguredField, Definition, FolderSchema, OnMismatch, TypedValue};
use super::identity::{FieldId, FieldName};
use super::metadata::{Metadata, erase};
use super::receipt::{FieldOutcome, Outcome};
use super::refusal::{Code, Item, Refusal, pointer_token};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::Arc;

/// One configured field's stored value.
#[derive(Clone, Debug)]
pub struct Projected {
    /// The field.
    pub field: FieldId,
    /// Its name as configured.
    pub name: FieldName,
    /// As sent; of several values inside objects the list.
    pub raw: Arc<RawValue>,
    /// As its type sees it; never empty.
    pub typed: Vec<TypedValue>,
    /// The metadata names of the objects it comes from; empty when the metadata has the field's own name.
    pub within: Vec<FieldName>,
}

/// A configured field whose value does not fit.
#[derive(Clone, Debug)]
pub struct Unfit {
    /// Its name as configured.
    pub name: FieldName,
    /// Why, in words that do not name the field.
    pub detail: String,
    /// As [`Projected::within`].
    pub within: Vec<FieldName>,
}

/// Metadata seen through a schema.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    /// Values for database and index, in the order of the metadata; those from inside objects last.
    pub values: Vec<Projected>,
    /// Names that are not configured (reserved names among them), in the order of the metadata.
    pub unconfigured: Vec<FieldName>,
    /// Configured fields whose value does not fit.
    pub misfits: Vec<Unfit>,
    /// Configured fields with an option that is retired: it stays where it stands, no edit may bring it.
    pub retired: Vec<Unfit>,
    /// Barred names that the metadata has, itself or inside an object.
    pub barred: Vec<FieldName>,
}

/// Fields that a note names before it says how many more there are.
const NAMED: usize = 5;

/// Projects; misfits are listed, not refused.
pub fn project(metadata: &Metadata, schema: &FolderSchema, bounds: ValueBounds) -> Projection {
    let mut projection = Projection::default();
    for (name, raw) in metadata.iter() {
        match schema.field(name) {
            Some(field) => projection.take((field, raw), Vec::new(), schema, bounds),
            None if schema.barred.contains(name) => {}
            None => projection.unconfigured.push(name.clone()),
        }
    }
    for found in inner::inner(metadata, schema) {
        projection.take((found.field, &found.raw), found.within, schema, bounds);
    }
    let held = schema.barred.iter().filter(|name| !erase::values(metadata, name).is_empty());
    projection.barred = held.cloned().collect();
    projection
}

impl Projection {
    fn take(
        &mut self,
        (field, raw): (&ConfiguredField, &Arc<RawValue>),
        within: Vec<FieldName>,
        schema: &FolderSchema,
        bounds: ValueBounds,
    ) {
        let name = field.name.clone();
        let fitting = coerce(&field.definition, raw, &schema.zone, bounds);
        let (id, fitting) = match &field.next {
            None => (field.id, fitting),
            // A retype under way: what fits either definition is kept for the one it fits; the later one judges edits.
            Some(next) => match (fitting.unwrap_or_default(), coerce(&next.definition, raw, &schema.zone, bounds)) {
                (now, Ok(then)) if now.is_empty() => (next.id, Ok(then)),
                (now, Ok(_)) => (field.id, Ok(now)),
                (now, Err(misfit)) => {
                    self.misfits.push(Unfit { name: name.clone(), detail: misfit.detail, within: within.clone() });
                    (field.id, Ok(now))
                }
            },
        };
        match fitting {
            Ok(typed) if typed.is_empty() => {}
            Ok(typed) => {
                if let Some(option) = retired(field.meant(), &typed) {
                    let detail =
                        format!("the option {option:?} is retired; stored values keep it, edits may not bring it");
                    self.retired.push(Unfit { name: name.clone(), detail, within: within.clone() });
                }
                self.values.push(Projected { field: id, name, raw: raw.clone(), typed, within });
            }
            Err(misfit) => self.misfits.push(Unfit { name, detail: misfit.detail, within }),
        }
    }

    /// Refuses an edit that brought a barred name; and, unless the folder stores what does not fit, a value that does
    /// not fit or an option that is retired.
    ///
    /// # Errors
    /// `type_mismatch` or `field_barred`, naming each such field among `touched`, or the name touched whose object holds
    /// it.
    pub fn refuse_misfits(&self, schema: &FolderSchema, touched: &[FieldName]) -> Result<(), Refusal> {
        let barred = self.barred.iter().filter_map(|name| {
            let field = name.shown();
            let holds = |outer: &FieldName| {
                name.folded().strip_prefix(outer.folded()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let at = touched.iter().find(|outer| holds(outer))?.shown();
            let detail = format!("the name {field:?} is barred: it was deleted for good; unbar it to use it again");
            Some(Item { pointer: format!("/{}", pointer_token(at)), code: Code::FieldBarred, detail })
        });
        let item = |misfit: &Unfit| {
            let field = misfit.name.shown();
            let (at, detail) = if misfit.within.is_empty() {
                touched.contains(&misfit.name).then(|| (field, format!("field {field:?}: {}", misfit.detail)))?
            } else {
                let outer = touched.iter().find(|name| misfit.within.contains(name))?.shown();
                (outer, format!("field {field:?}, inside {outer:?}: {}", misfit.detail))
            };
            Some(Item { pointer: format!("/{}", pointer_token(at)), code: Code::TypeMismatch, detail })
        };
        let judged = schema.on_mismatch == OnMismatch::Refuse;
        let unfit = self.misfits.iter().chain(&self.retired).filter(|_| judged).filter_map(item);
        match Refusal::of(barred.chain(unfit).collect()) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// The names that are not configured and hold nothing that is: what no search will find.
    pub fn unindexed(&self) -> impl Iterator<Item = &FieldName> {
        self.unconfigured.iter().filter(|name| !self.holds(name))
    }

    /// Whether a configured field has its value from inside the object of that metadata name.
    pub fn holds(&self, name: &FieldName) -> bool {
        self.values.iter().any(|value| value.within.contains(name))
    }

    /// What became of each touched field, for the receipt; after them the configured fields that name something inside
    /// the touched ones.
    pub fn outcomes(&self, after: &Metadata, schema: &FolderSchema, touched: &[FieldName]) -> Vec<FieldOutcome> {
        let mut lines: Vec<FieldOutcome> = touched.iter().map(|name| self.outcome(after, schema, name)).collect();
        if schema.dotted().is_empty() {
            return lines;
        }
        let mut told: HashSet<&FieldName> = touched.iter().collect();
        for field in touched.iter().flat_map(|name| schema.inside(name)) {
            if after.get(&field.name).is_none() && told.insert(&field.name) {
                lines.push(self.outcome(after, schema, &field.name));
            }
        }
        lines
    }

    fn outcome(&self, after: &Metadata, schema: &FolderSchema, name: &FieldName) -> FieldOutcome {
        let configured = schema.field(name);
        let misfit = configured.and_then(|_| self.misfits.iter().find(|misfit| misfit.name == *name));
        let inside =
            configured.and_then(|_| self.values.iter().find(|own| own.name == *name && !own.within.is_empty()));
        let (outcome, note) = match (configured, after.get(name).is_some(), misfit) {
            (_, _, Some(misfit)) => (Outcome::CoercionFailed, Some(misfit.detail.clone())),
            (None, true, None) if super::fields::reserved::is_reserved(name) => {
                (Outcome::KeptUntouched, Some("a reserved name: kept, not indexed".to_owned()))
            }
            (None, true, None) => (Outcome::NotConfigured, None),
            (None, false, None) => (Outcome::NotConfiguredRemoved, None),
            (Some(_), true, None) => (Outcome::Stored, None),
            (Some(_), false, None) => match inside {
                Some(value) => (Outcome::Stored, Some(format!("from inside {}", listed(value.within.iter())))),
                None => (Outcome::Removed, None),
            },
        };
        let through = self.through(name);
        let note = match (note, through) {
            (Some(note), Some(through)) => Some(format!("{note}; {through}")),
            (note, through) => note.or(through),
        };
        let shown = configured.map_or_else(|| name.clone(), |field| field.name.clone());
        FieldOutcome { name: shown, outcome, note }
    }

    /// The fields by which something inside the name's object is indexed, in words.
    fn through(&self, name: &FieldName) -> Option<String> {
        let fields = || self.values.iter().filter(|value| value.within.contains(name)).map(|value| &value.name);
        fields().next().map(|_| format!("indexed through {}", listed(fields())))
    }

    /// The configured values as the JSON object the database keeps: name as configured → value as sent.
    pub fn values_json(&self) -> String {
        let mut out = String::from("{");
        for (at, value) in self.values.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            crate::base::json::push_string(&mut out, value.name.shown());
            out.push(':');
            out.push_str(value.raw.get());
        }
        out.push('}');
        out
    }
}

/// The first retired option among the values of an enum.
fn retired<'v>(definition: &Definition, typed: &'v [TypedValue]) -> Option<&'v str> {
    typed.iter().find_map(|value| match value {
        TypedValue::Keyword { shown, .. } if definition.is_retired(shown) => Some(shown.as_str()),
        _ => None,
    })
}

/// Names in quotes, the first few.
fn listed<'n>(names: impl Iterator<Item = &'n FieldName>) -> String {
    let mut names = names.map(|name| format!("{:?}", name.shown()));
    let first: Vec<String> = names.by_ref().take(NAMED).collect();
    let first = first.join(", ");
    match names.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
