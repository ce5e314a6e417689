//! What stands under a field's name, its entity tag, and the refusal of changes that were made up for something else. What
//! runs (back-fills, the switch of a retype) and who uses a field does not count: a tag must hold while they go on.
use crate::base::digest::sha256_hex;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::{ConfiguredField, FieldType};
use crate::domain::identity::{FieldName, FolderId};
use crate::domain::refusal::{Code, Item, Refusal};
use crate::engine::access::Caller;
use crate::engine::admin::check::json as spelled;
use crate::engine::admin::differs;
use crate::engine::admin::field::{find, gone, listing};
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The folders that list a field, as far as the caller sees them.
pub fn seen_in<'o>(
    org: &'o Org,
    caller: &'o Caller,
    name: &FieldName,
) -> impl Iterator<Item = &'o Arc<Folder>> + use<'o> {
    let listing = listing(org, name);
    org.folders.values().filter(move |own| listing.contains(&own.id) && caller.sees_folder(own))
}

/// Name and definition.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn members(field: &ConfiguredField) -> Result<Map<String, Value>> {
    let mut shown = Map::new();
    shown.insert("name".to_owned(), field.name.shown().into());
    if let Value::Object(definition) = spelled(field.meant())? {
        shown.extend(definition);
    }
    Ok(shown)
}

/// A field deleted softly.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn removed(org: &Org, field: &ConfiguredField, folders: &[FolderId]) -> Result<Value> {
    let mut shown = members(field)?;
    let names = org.folders.values().filter(|folder| folders.contains(&folder.id));
    shown.insert("folders".to_owned(), names.map(|folder| folder.name.as_str()).collect());
    shown.insert("state".to_owned(), "deleted".into());
    Ok(Value::Object(shown))
}

/// What is there under the name: a field, a deleted one, a barred name.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn stands(org: &Org, caller: &Caller, name: &FieldName) -> Result<Option<Value>> {
    if let Some(field) = find(org, name) {
        let mut shown = members(field)?;
        let names = seen_in(org, caller, name).map(|folder| folder.name.as_str().into()).collect();
        shown.insert("folders".to_owned(), Value::Array(names));
        return Ok(Some(Value::Object(shown)));
    }
    match gone(org, name) {
        Some(gone) => removed(org, &gone.field, &gone.folders).map(Some),
        None => Ok(org.barred.contains(name).then(|| json!({"state": "barred"}))),
    }
}

/// The entity tag of what stands there, without quotes.
pub fn tag(stands: &Value) -> String {
    let mut tag = sha256_hex(stands.to_string().as_bytes());
    tag.truncate(32);
    tag
}

/// Refuses a change that was made up for another state, and names what is there: all of it, or where `sent` differs.
///
/// # Errors
/// `revision_mismatch`.
pub fn unchanged(
    org: &Org,
    caller: &Caller,
    name: &FieldName,
    (wanted, sent): (Option<&str>, Option<&Value>),
) -> Result<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let now = stands(org, caller, name)?;
    if now.as_ref().is_some_and(|now| differs::is_same(wanted, &tag(now))) {
        return Ok(());
    }
    let (detail, items) = match &now {
        None => {
            let gone = "is not there now".to_owned();
            let items = vec![Item { pointer: String::new(), code: Code::RevisionMismatch, detail: gone }];
            (format!("there is no field {:?} now", name.shown()), items)
        }
        Some(now) => {
            let own = sent.and_then(Value::as_object).map(|sent| differs::items(now, &Value::Object(settings(sent))));
            // Where what is sent is so already, something else has changed: it was deleted, or folders list it.
            let items = own.filter(|items| !items.is_empty()).unwrap_or_else(|| differs::all(now));
            (format!("the field has changed since; its ETag is now \"{}\"", tag(now)), items)
        }
    };
    Err(Error::Refused(Refusal { items, ..Refusal::new(Code::RevisionMismatch, detail) }))
}

/// What is sent as it would be shown: types by their one name, without what is done to options.
fn settings(sent: &Map<String, Value>) -> Map<String, Value> {
    let shown = |(key, value): (&String, &Value)| {
        let kind = serde_json::from_value::<FieldType>(value.clone()).ok().filter(|_| key == "type");
        (key.clone(), kind.map_or_else(|| value.clone(), |kind| kind.text().into()))
    };
    sent.iter().filter(|(key, _)| !matches!(key.as_str(), "rename" | "retire")).map(shown).collect()
}
