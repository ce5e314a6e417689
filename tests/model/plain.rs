//! The plain model: what the contract says becomes of every change, in maps.
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A transcript. Metadata names are in lower case.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    pub folder: String,
    pub revision: u64,
    pub metadata: Map<String, Value>,
    pub word: String,
}

#[derive(Clone, Debug, Default)]
pub struct Folder {
    pub fields: BTreeSet<String>,
    pub stores_misfits: bool,
}

/// An organisation.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    pub docs: BTreeMap<String, Doc>,
    pub tombstones: BTreeMap<String, u64>,
    pub folders: BTreeMap<String, Folder>,
    /// Field → type; others are `varchar`.
    pub types: BTreeMap<String, &'static str>,
}

/// An edit.
#[derive(Clone, Debug)]
pub enum Change {
    Flat(Map<String, Value>),
    Merge(Map<String, Value>),
    /// Each with path and value; `None` removes.
    Patch(Vec<(String, Option<Value>)>),
    Replace(Map<String, Value>),
    Remove(Vec<String>),
}

/// What becomes of metadata when a transcript comes again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Unsaid,
    Keep,
    Merge,
    Replace,
}

impl Plain {
    pub fn furnished() -> Self {
        let mut plain = Self::default();
        plain.furnish();
        plain
    }

    pub fn furnish(&mut self) {
        self.types =
            [("rating", "number"), ("vip", "boolean"), ("note", "text")].map(|(n, t)| (n.to_owned(), t)).into();
        let a = Folder { fields: ["queue", "rating"].map(str::to_owned).into(), stores_misfits: false };
        self.folders = [("A".to_owned(), a), ("B".to_owned(), Folder::default())].into();
    }

    fn fits(&self, field: &str, value: &Value) -> bool {
        match self.types.get(field).copied().unwrap_or("varchar") {
            _ if value.is_null() => true,
            "number" => value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok()),
            "boolean" => value.is_boolean(),
            _ => !value.is_object() && !value.is_array(),
        }
    }

    /// Applies an edit; the code of the refusal else.
    pub fn edit(&mut self, tid: &str, change: &Change) -> Result<(), &'static str> {
        let Some(doc) = self.docs.get(tid) else { return Err("not_found") };
        let mut after = doc.metadata.clone();
        let touched: BTreeSet<String> = match change {
            Change::Flat(all) => {
                for (name, value) in all {
                    set(&mut after, name, value);
                }
                all.keys().cloned().collect()
            }
            Change::Merge(all) => {
                let Value::Object(merged) = merge(&Value::Object(after), &Value::Object(all.clone())) else {
                    return Err("");
                };
                after = merged;
                all.keys().cloned().collect()
            }
            Change::Patch(operations) => {
                for (name, value) in operations {
                    match value {
                        Some(value) => drop(after.insert(name.clone(), value.clone())),
                        None => drop(after.remove(name).ok_or("patch_path_missing")?),
                    }
                }
                operations.iter().map(|(name, _)| name.clone()).collect()
            }
            Change::Replace(all) => {
                let touched = after.keys().chain(all.keys()).cloned().collect();
                after = all.clone();
                touched
            }
            Change::Remove(names) => {
                names.iter().for_each(|name| drop(after.remove(name)));
                names.iter().cloned().collect()
            }
        };
        let folder = &self.folders[&doc.folder];
        let misfit = |name: &String| after.get(name).is_some_and(|value| !self.fits(name, value));
        if !folder.stores_misfits && touched.iter().any(|name| folder.fields.contains(name) && misfit(name)) {
            return Err("type_mismatch");
        }
        let doc = self.docs.get_mut(tid).unwrap();
        doc.metadata = after;
        doc.revision += 1;
        Ok(())
    }

    /// Brings a transcript in; whether it is new.
    pub fn put(
        &mut self,
        tid: &str,
        folder: Option<&str>,
        mode: Mode,
        (word, sent): (&str, Option<&Map<String, Value>>),
    ) -> Result<bool, &'static str> {
        let stored = self.docs.get(tid);
        let folder = folder.map(str::to_owned).or(stored.map(|doc| doc.folder.clone())).ok_or("folder_required")?;
        let metadata = match (mode, stored, sent) {
            (Mode::Keep, Some(stored), _) | (Mode::Unsaid | Mode::Merge, Some(stored), None) => stored.metadata.clone(),
            (Mode::Merge, Some(stored), Some(sent)) => {
                let merged = merge(&Value::Object(stored.metadata.clone()), &Value::Object(sent.clone()));
                merged.as_object().unwrap().clone()
            }
            (_, _, sent) => sent.cloned().unwrap_or_default(),
        };
        let last = stored.map(|doc| doc.revision).or(self.tombstones.get(tid).copied()).unwrap_or(0);
        let doc = Doc { folder, revision: last + 1, metadata, word: word.to_owned() };
        Ok(self.docs.insert(tid.to_owned(), doc).is_none())
    }

    pub fn erase(&mut self, tid: &str) -> Result<(), &'static str> {
        let doc = self.docs.remove(tid).ok_or("not_found")?;
        self.tombstones.insert(tid.to_owned(), doc.revision);
        Ok(())
    }

    pub fn delete_folder(&mut self, folder: &str) {
        self.folders.remove(folder);
        let gone: Vec<String> = self.docs.iter().filter(|(_, d)| d.folder == folder).map(|(t, _)| t.clone()).collect();
        gone.iter().for_each(|tid| self.erase(tid).unwrap());
    }

    /// The configured values of a transcript that the database holds.
    pub fn values(&self, doc: &Doc) -> BTreeMap<String, Value> {
        let fields = &self.folders[&doc.folder].fields;
        let present = |(name, value): &(&String, &Value)| {
            fields.contains(*name) && !value.is_null() && value.as_str() != Some("") && self.fits(name, value)
        };
        doc.metadata.iter().filter(present).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Transcripts in which a configured field has that value, by its spelling.
    pub fn with_value(&self, field: &str, value: &str) -> BTreeSet<String> {
        let spelled = |found: &Value| found.as_str().map_or_else(|| found.to_string(), str::to_owned) == value;
        let has = |doc: &Doc| self.values(doc).get(field).is_some_and(spelled);
        self.docs.iter().filter(|(_, doc)| has(doc)).map(|(tid, _)| tid.clone()).collect()
    }

    pub fn with_word(&self, word: &str) -> BTreeSet<String> {
        self.docs.iter().filter(|(_, doc)| doc.word == word).map(|(tid, _)| tid.clone()).collect()
    }

    /// Whether any folder has the field.
    pub fn configured(&self, field: &str) -> bool {
        self.folders.values().any(|folder| folder.fields.contains(field))
    }
}

fn set(all: &mut Map<String, Value>, name: &str, value: &Value) {
    if value.is_null() {
        all.remove(name);
    } else {
        all.insert(name.to_owned(), value.clone());
    }
}

/// RFC 7396.
fn merge(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            merged.remove(name);
        } else {
            let before = merged.get(name).cloned().unwrap_or(Value::Null);
            merged.insert(name.clone(), merge(&before, value));
        }
    }
    Value::Object(merged)
}
