//! The five edits of contract section 4 as one type; applying one is pure.
use super::map::Metadata;
use crate::base::json::Raw;
use crate::domain::identity::FieldName;
use crate::domain::identity::field_name::NameRules;
use crate::domain::limits::Limits;
use crate::domain::refusal::Refusal;

/// A change to metadata, read from a request body, not yet applied.
#[derive(Clone, Debug)]
pub enum Edit {
    /// PATCH `application/json`: set names; `null` removes.
    Flat(Vec<(FieldName, Raw)>),
    /// PATCH `application/merge-patch+json`, RFC 7396.
    Merge(Vec<(FieldName, Raw)>),
    /// PATCH `application/json-patch+json`, RFC 6902.
    Patch(super::json_patch::JsonPatch),
    /// PUT: this is all the metadata.
    Replace(Vec<(FieldName, Raw)>),
    /// DELETE: take these names away.
    Remove(Vec<FieldName>),
}

/// Rules an edit is read and applied under.
#[derive(Clone, Copy, Debug)]
pub struct EditRules<'a> {
    /// The bounds.
    pub limits: &'a Limits,
    /// V-Spark's rule on `:` and `=`.
    pub names: NameRules,
    /// `[compat] dash_to_hash`: a leading `-` of a string value becomes `#`.
    pub dash_to_hash: bool,
}

/// The outcome of an edit: the new metadata and which names the edit touched (set or removed), each once, in order.
#[derive(Clone, Debug)]
pub struct Edited {
    /// All metadata after the edit.
    pub metadata: Metadata,
    /// Names the edit named.
    pub touched: Vec<FieldName>,
}

impl Edit {
    /// Reads a flat PATCH, a merge patch or a PUT from a body: one JSON object.
    /// Checks depth, duplicates (also by case), name rules and, except for PUT, reserved names.
    ///
    /// # Errors
    /// `body_empty`, `json_invalid`, `body_shape`, `json_too_deep`, `duplicate_field`, `name_invalid`, `name_reserved`.
    pub fn read_flat(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (body, rules);
        todo!()
    }

    /// See [`Edit::read_flat`].
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_merge(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (body, rules);
        todo!()
    }

    /// Reads a JSON Patch: an array of operations.
    ///
    /// # Errors
    /// As [`Edit::read_flat`], and `patch_invalid`.
    pub fn read_patch(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (body, rules);
        todo!()
    }

    /// Reads a PUT. Reserved or rule-breaking names pass here and are judged in [`Edit::apply`].
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_replace(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (body, rules);
        todo!()
    }

    /// Reads a DELETE: a JSON array of names.
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn read_remove(body: &[u8], rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (body, rules);
        todo!()
    }

    /// A DELETE from `?fields=a,b`.
    ///
    /// # Errors
    /// As [`Edit::read_flat`].
    pub fn remove_names<'a>(names: impl Iterator<Item = &'a str>, rules: EditRules<'_>) -> Result<Self, Refusal> {
        let _ = (names.count(), rules);
        todo!()
    }

    /// The metadata after the edit. Pure: the same edit of the same metadata gives the same result.
    ///
    /// # Errors
    /// `name_reserved` / `name_invalid` (PUT that changes or adds such a name), `patch_path_missing`,
    /// `patch_test_failed`, `too_many_fields`, `json_too_deep`.
    pub fn apply(&self, current: &Metadata, rules: EditRules<'_>) -> Result<Edited, Refusal> {
        let _ = (current, rules);
        todo!()
    }
}
