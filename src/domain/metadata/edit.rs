//! The five edits of contract section 4 as one type; applying one is pure.
use super::body;
use super::json_patch::JsonPatch;
use super::map::Metadata;
use super::merge_patch::merged;
pub use super::rules::EditRules;
use super::rules::{Names, replaced};
use super::tree::is_null;
use crate::base::json::{Raw, elements, raw_from};
use crate::domain::identity::FieldName;
use crate::domain::refusal::{Code, Refusal};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A change to metadata, read from a request body, not yet applied.
#[derive(Clone, Debug)]
pub enum Edit {
    /// PATCH `application/json`: set names; `null` removes.
    Flat(Vec<(FieldName, Raw)>),
    /// PATCH `application/merge-patch+json`, RFC 7396.
    Merge(Vec<(FieldName, Raw)>),
    /// PATCH `application/json-patch+json`, RFC 6902.
    Patch(JsonPatch),
    /// PUT: this is all the metadata.
    Replace(Vec<(FieldName, Raw)>),
    /// DELETE: take these names away.
    Remove(Vec<FieldName>),
}

/// The outcome of an edit: the new metadata and which names the edit touched (set or removed), each once, in order.
#[derive(Clone, Debug)]
pub struct Edited {
    /// All metadata after the edit.
    pub metadata: Metadata,
    /// Names the edit named; for a PUT also the stored names it took away.
    pub touched: Vec<FieldName>,
}

impl Edit {
    /// Reads a flat PATCH from a body: one JSON object.
    /// Checks depth, duplicates (also by case), name rules and reserved names.
    ///
    /// # Errors
    /// `body_empty`, `json_invalid`, `body_shape`, `json_too_deep`, `duplicate_field`, `name_invalid`, `name_reserved`.
    pub fn read_flat(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        Ok(Self::Flat(body::object(body, rules, Some(rules.names))?))
    }

    /// Reads a merge patch; checked like [`Edit::read_flat`].
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_merge(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        Ok(Self::Merge(body::object(body, rules, Some(rules.names))?))
    }

    /// Reads a JSON Patch: an array of operations.
    ///
    /// # Errors
    /// As [`Edit::read_flat`], and `patch_invalid`.
    pub fn read_patch(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let operations = body::array(body, rules, "one array of JSON Patch operations")?;
        Ok(Self::Patch(JsonPatch::read(&operations, rules)?))
    }

    /// Reads a PUT. Reserved or rule-breaking names pass here and are judged in [`Edit::apply`].
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_replace(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        Ok(Self::Replace(body::object(body, rules, None)?))
    }

    /// Reads a DELETE: a JSON array of names.
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_remove(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        Ok(Self::Remove(body::names(body, rules)?))
    }

    /// A DELETE from `?fields=a,b`: the names already split and percent-decoded.
    ///
    /// # Errors
    /// As [`Edit::read_flat`]; places are the parameter's name.
    pub fn remove_names<'a>(names: impl Iterator<Item = &'a str>, rules: EditRules<'_>) -> Result<Self, Refusal> {
        let mut judge = Names::judged_by(Some(rules.names));
        let names = names.map(|name| judge.take(name, || "fields".to_owned())).collect();
        judge.verdict()?;
        Ok(Self::Remove(names))
    }

    /// The metadata after the edit. Pure: the same edit of the same metadata gives the same result.
    ///
    /// # Errors
    /// `name_reserved` / `name_invalid` (PUT that changes or adds such a name), `patch_path_missing`,
    /// `patch_test_failed`, `patch_invalid`, `body_too_large` (a JSON Patch that costs too much), `too_many_fields`,
    /// `json_too_deep`, `json_invalid` (a patch goes into a stored value whose member names are no text).
    pub fn apply(&self, current: &Metadata, rules: EditRules<'_>) -> Result<Edited, Refusal> {
        let (mut metadata, touched) = match self {
            Self::Flat(changes) => {
                let after = changed(current, changes, |value, _| Ok((!is_null(value)).then(|| value.clone().into())))?;
                (after, names_of(changes))
            }
            Self::Merge(changes) => {
                let after =
                    changed(current, changes, |patch, stored| merged(stored, patch).map_err(|e| unreadable(&e)))?;
                (after, names_of(changes))
            }
            Self::Patch(patch) => patch.apply(current, rules)?,
            Self::Replace(all) => {
                let after = replaced(current, all, rules.names)?;
                let mut touched = names_of(all);
                let named: HashSet<&FieldName> = all.iter().map(|(name, _)| name).collect();
                touched.extend(current.iter().map(|(name, _)| name).filter(|name| !named.contains(name)).cloned());
                (after, touched)
            }
            Self::Remove(names) => {
                let changes: Vec<_> = names.iter().map(|name| (name.clone(), ())).collect();
                (changed(current, &changes, |(), _| Ok(None))?, names.clone())
            }
        };
        if rules.dash_to_hash {
            metadata = dashes_to_hashes(&metadata, current);
        }
        check_count(&metadata, current, rules)?;
        Ok(Edited { metadata, touched })
    }
}

fn names_of<C>(changes: &[(FieldName, C)]) -> Vec<FieldName> {
    changes.iter().map(|(name, _)| name.clone()).collect()
}

/// `current` after changes of distinct names: `after` says from a change and the stored value what is there then.
/// Known names keep place and spelling, new ones go to the end. Linear in both.
fn changed<C>(
    current: &Metadata,
    changes: &[(FieldName, C)],
    mut after: impl FnMut(&C, Option<&Arc<RawValue>>) -> Result<Option<Arc<RawValue>>, Refusal>,
) -> Result<Metadata, Refusal> {
    let mut pending: HashMap<&FieldName, &C> = changes.iter().map(|(name, change)| (name, change)).collect();
    let mut entries = Vec::with_capacity(current.len() + changes.len());
    for (name, stored) in current.iter() {
        let value = match pending.remove(name) {
            None => Some(stored.clone()),
            Some(change) => after(change, Some(stored))?,
        };
        entries.extend(value.map(|value| (name.clone(), value)));
    }
    for (name, _) in changes {
        if let Some(change) = pending.remove(name) {
            entries.extend(after(change, None)?.map(|value| (name.clone(), value)));
        }
    }
    Ok(Metadata::from_distinct(entries))
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    let detail = format!("a value in the merge patch or on its way has a member whose name is not text: {error}");
    Refusal::new(Code::JsonInvalid, detail)
}

fn check_count(after: &Metadata, before: &Metadata, rules: EditRules<'_>) -> Result<(), Refusal> {
    let most = rules.limits.metadata_names;
    if after.len() <= most || after.len() <= before.len() {
        return Ok(());
    }
    let detail = format!(
        "the transcript would have {} metadata names; allowed are {most}. Remove some names first",
        after.len()
    );
    Err(Refusal::new(Code::TooManyFields, detail))
}

/// V-Spark's rewriting of values the edit brought: `-inbound` becomes `#inbound`. What was stored stays.
fn dashes_to_hashes(after: &Metadata, before: &Metadata) -> Metadata {
    let stored: HashMap<&FieldName, &Arc<RawValue>> = before.iter().collect();
    let entries = after.iter().map(|(name, value)| {
        let untouched = stored.get(name).is_some_and(|stored| Arc::ptr_eq(stored, value));
        let rewritten = if untouched { None } else { hashed(value) };
        (name.clone(), rewritten.map_or_else(|| value.clone(), Arc::from))
    });
    Metadata::from_distinct(entries.collect())
}

/// The value with `#` for a leading `-` of a string, or of strings in a list; `None` when nothing changes.
fn hashed(value: &RawValue) -> Option<Raw> {
    if !value.get().starts_with('[') {
        return hashed_string(value.get()).and_then(|text| raw_from(&text).ok());
    }
    let spelled = elements(value.get()).ok()?;
    let rewritten: Vec<Cow<'_, str>> = spelled
        .iter()
        .map(|element| hashed_string(element.get()).map_or(Cow::Borrowed(element.get()), Cow::Owned))
        .collect();
    if rewritten.iter().all(|element| matches!(element, Cow::Borrowed(_))) {
        return None;
    }
    raw_from(&format!("[{}]", rewritten.join(","))).ok()
}

fn hashed_string(raw: &str) -> Option<String> {
    let text = raw.strip_prefix('"')?;
    let rest =
        text.strip_prefix('-').or_else(|| text.strip_prefix("\\u002d")).or_else(|| text.strip_prefix("\\u002D"))?;
    Some(format!("\"#{rest}"))
}

#[cfg(test)]
mod tests;
