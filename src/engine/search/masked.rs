//! Metadata on its way out of a search: values of fields marked `pii` give way to stars without the right (contract
//! section 5).
//!
//! *Decision* where the contract is open: rows, CSV, whole transcripts and archives of a search are exports and masked.
//! Reads by id are not: who edits a transcript must see what stands in it, and a masked read put back would destroy it.
use crate::domain::catalogue::Folder;
use crate::engine::edit::current::Current;
use serde_json::value::RawValue;

/// What is shown instead of personal data, as JSON.
pub const MASKED: &str = "\"***\"";

/// All metadata, JSON, as the folder spells it: personal data only for who may see it (`pii`). Of an object that holds
/// some, nothing is shown.
pub fn shown(current: &Current, folder: &Folder, pii: bool) -> String {
    if pii {
        return current.shown(folder);
    }
    let secret =
        |field: &str, name: &str| field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let secrets: Vec<&str> =
        folder.schema.fields.iter().filter(|field| field.definition.pii).map(|field| field.name.folded()).collect();
    let hidden: Vec<_> = current
        .metadata
        .iter()
        .filter(|(name, _)| secrets.iter().any(|field| secret(field, name.folded())))
        .map(|(name, _)| name.clone())
        .collect();
    if hidden.is_empty() {
        return current.shown(folder);
    }
    let mut metadata = current.metadata.clone();
    for name in hidden {
        if let Ok(stars) = RawValue::from_string(MASKED.to_owned()) {
            metadata.set(name, stars.into());
        }
    }
    metadata.to_json_with(|name| folder.schema.field(name).map(|field| field.name.shown()))
}
