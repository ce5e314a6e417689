//! THE rule: metadata seen through a folder's schema. Configured values that fit go to database and index; everything
//! goes to the archive.
use super::fields::value::{ValueBounds, coerce};
use super::fields::{FolderSchema, OnMismatch, TypedValue};
use super::identity::{FieldId, FieldName};
use super::metadata::Metadata;
use super::receipt::{FieldOutcome, Outcome};
use super::refusal::{Code, Item, Refusal, pointer_token};
use serde_json::value::RawValue;
use std::sync::Arc;

/// One configured field's stored value.
#[derive(Clone, Debug)]
pub struct Projected {
    /// The field.
    pub field: FieldId,
    /// Its name as configured.
    pub name: FieldName,
    /// As sent.
    pub raw: Arc<RawValue>,
    /// As its type sees it; never empty.
    pub typed: Vec<TypedValue>,
}

/// Metadata seen through a schema.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    /// Values for database and index, in the order of the metadata.
    pub values: Vec<Projected>,
    /// Names that are not configured (reserved names among them), in the order of the metadata.
    pub unconfigured: Vec<FieldName>,
    /// Configured names whose value does not fit.
    pub misfits: Vec<(FieldName, String)>,
}

/// Projects; misfits are listed, not refused.
pub fn project(metadata: &Metadata, schema: &FolderSchema, bounds: ValueBounds) -> Projection {
    let mut projection = Projection::default();
    for (name, raw) in metadata.iter() {
        let Some(field) = schema.field(name) else {
            projection.unconfigured.push(name.clone());
            continue;
        };
        match coerce(&field.definition, raw, &schema.zone, bounds) {
            Ok(typed) if typed.is_empty() => {}
            Ok(typed) => {
                projection.values.push(Projected { field: field.id, name: field.name.clone(), raw: raw.clone(), typed })
            }
            Err(misfit) => projection.misfits.push((field.name.clone(), misfit.detail)),
        }
    }
    projection
}

impl Projection {
    /// Refuses an edit that brought a value which does not fit, unless the folder stores such values.
    ///
    /// # Errors
    /// `type_mismatch`, naming each such field among `touched`.
    pub fn refuse_misfits(&self, schema: &FolderSchema, touched: &[FieldName]) -> Result<(), Refusal> {
        if schema.on_mismatch == OnMismatch::Store {
            return Ok(());
        }
        let items = self
            .misfits
            .iter()
            .filter(|(name, _)| touched.contains(name))
            .map(|(name, detail)| Item {
                pointer: format!("/{}", pointer_token(name.shown())),
                code: Code::TypeMismatch,
                detail: format!("field {:?}: {detail}", name.shown()),
            })
            .collect();
        match Refusal::of(items) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// What became of each touched field, for the receipt.
    pub fn outcomes(&self, after: &Metadata, schema: &FolderSchema, touched: &[FieldName]) -> Vec<FieldOutcome> {
        touched.iter().map(|name| self.outcome(after, schema, name)).collect()
    }

    fn outcome(&self, after: &Metadata, schema: &FolderSchema, name: &FieldName) -> FieldOutcome {
        let present = after.get(name).is_some();
        let configured = schema.field(name);
        let misfit = self.misfits.iter().find(|(own, _)| own == name);
        let (outcome, note) = match (configured, present, misfit) {
            (_, _, Some((_, detail))) => (Outcome::CoercionFailed, Some(detail.clone())),
            (None, true, None) if super::fields::reserved::is_reserved(name) => {
                (Outcome::KeptUntouched, Some("a reserved name: kept, not indexed".to_owned()))
            }
            (None, true, None) => (Outcome::NotConfigured, None),
            (None, false, None) => (Outcome::NotConfiguredRemoved, None),
            (Some(_), true, None) => (Outcome::Stored, None),
            (Some(_), false, None) => (Outcome::Removed, None),
        };
        let shown = configured.map_or_else(|| name.clone(), |field| field.name.clone());
        FieldOutcome { name: shown, outcome, note }
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

#[cfg(test)]
mod tests;
