//! The metadata of one transcript: names in order, values exactly as spelled.
use crate::base::json::{Raw, push_string};
use crate::domain::identity::FieldName;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// Names up to which they are looked through one by one.
const FEW: usize = 32;

/// An ordered map from field name to JSON value. Cheap to clone: entries are shared.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    entries: Vec<(FieldName, Arc<RawValue>)>,
}

impl Metadata {
    /// Reads stored or ingested metadata: any names; of two names equal but for case the later wins at the place of
    /// the first, its spelling kept.
    ///
    /// # Errors
    /// When `text` is not one JSON object.
    pub fn lenient(text: &str) -> Result<Self, serde_json::Error> {
        Self::lenient_telling(text).map(|(metadata, _)| metadata)
    }

    /// [`Self::lenient`], and the names whose earlier value gave way to a later one.
    ///
    /// # Errors
    /// When `text` is not one JSON object.
    pub fn lenient_telling(text: &str) -> Result<(Self, Vec<String>), serde_json::Error> {
        let mut twice = Vec::new();
        let members = crate::base::json::members(text)?.0;
        let mut entries: Vec<(FieldName, Arc<RawValue>)> = Vec::with_capacity(members.len());
        // Of few names, looking through all is faster than a table.
        let mut seen: HashMap<String, usize> = HashMap::new();
        let many = members.len() > FEW;
        for (name, value) in members {
            let name = FieldName::lenient(&name);
            let value: Arc<RawValue> = value.to_owned().into();
            let known =
                if many { seen.get(name.folded()).copied() } else { entries.iter().position(|(own, _)| *own == name) };
            match known.and_then(|at| entries.get_mut(at)) {
                Some(entry) => {
                    twice.push(name.shown().to_owned());
                    entry.1 = value;
                }
                None => {
                    if many {
                        seen.insert(name.folded().to_owned(), entries.len());
                    }
                    entries.push((name, value));
                }
            }
        }
        Ok((Self { entries }, twice))
    }

    /// Takes entries whose names are known to be distinct.
    pub(super) fn from_distinct(entries: Vec<(FieldName, Arc<RawValue>)>) -> Self {
        Self { entries }
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &Arc<RawValue>)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// How many names it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under the name.
    pub fn get(&self, name: &FieldName) -> Option<&Arc<RawValue>> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The name as this map spells it, with its value.
    pub fn entry(&self, name: &FieldName) -> Option<(&FieldName, &Arc<RawValue>)> {
        self.entries.iter().find(|(own, _)| own == name).map(|(own, value)| (own, value))
    }

    /// Sets a value; a new name goes to the end, a known one keeps place and spelling.
    pub fn set(&mut self, name: FieldName, value: Arc<RawValue>) {
        match self.entries.iter_mut().find(|(own, _)| *own == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Takes a name away; whether it was there.
    pub fn remove(&mut self, name: &FieldName) -> bool {
        let before = self.entries.len();
        self.entries.retain(|(own, _)| own != name);
        self.entries.len() != before
    }

    /// As JSON text: compact between members, each value as spelled.
    pub fn to_json(&self) -> String {
        self.to_json_with(|_| None)
    }

    /// [`Self::to_json`], showing names in the spelling that `spelling` gives (the folder's configuration).
    pub fn to_json_with<'a>(&'a self, spelling: impl Fn(&FieldName) -> Option<&'a str>) -> String {
        let size = self.entries.iter().map(|(n, v)| n.shown().len() + v.get().len() + 4).sum::<usize>();
        let mut out = String::with_capacity(size + 2);
        out.push('{');
        for (at, (name, value)) in self.entries.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_string(&mut out, spelling(name).unwrap_or(name.shown()));
            out.push(':');
            out.push_str(value.get());
        }
        out.push('}');
        out
    }
}

impl PartialEq for Metadata {
    /// Equal names in equal order with values spelled alike.
    fn eq(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|(a, b)| a.0 == b.0 && a.1.get() == b.1.get())
    }
}

impl FromIterator<(FieldName, Raw)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (FieldName, Raw)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (name, value) in entries {
            map.set(name, value.into());
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_spelling_and_values() {
        let text = r#"{"b":1.10,"A":{"x" : 1},"ß":null}"#;
        let mut map = Metadata::lenient(text).unwrap();
        assert_eq!(map.to_json(), text);
        map.set(FieldName::lenient("a"), serde_json::value::to_raw_value(&2).unwrap().into());
        assert!(map.remove(&FieldName::lenient("SS")));
        assert_eq!(map.to_json(), r#"{"b":1.10,"A":2}"#);
        assert_eq!(Metadata::lenient(r#"{"a":1,"b":2,"A":3}"#).unwrap().to_json(), r#"{"a":3,"b":2}"#);
    }
}
