//! Values from inside objects: a configured field `address.city` that the metadata does not have as a name of its own
//! takes what stands there in `{"address":{"city":…}}`.
//!
//! All fields are looked for in one walk, which enters only what some field names, and no field's name leads deeper
//! than it has dots. Names of members are compared like names of fields, and may hold dots themselves: every way to
//! split the field's name counts. Lists on the way are spread over their objects. Of members of one object whose names
//! are equal but for case the last counts. An object with a member whose name is no text (half a surrogate pair) has
//! no values.
use crate::base::fold::fold;
use crate::base::json::{elements, members};
use crate::domain::fields::schema::beginning;
use crate::domain::fields::{ConfiguredField, FolderSchema};
use crate::domain::identity::{FieldId, FieldName};
use crate::domain::metadata::Metadata;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// What one field has inside objects.
#[derive(Clone, Debug)]
pub struct Inner<'s> {
    /// The field.
    pub field: &'s Arc<ConfiguredField>,
    /// Its value as sent; several are a list.
    pub raw: Arc<RawValue>,
    /// The metadata names of the objects, each once; at least one.
    pub within: Vec<FieldName>,
}

/// What the schema's fields have inside objects, in the order of the metadata and, within one name, of the fields'
/// folded names. Nothing is parsed unless a field's name begins with the name of an object or a list and a dot.
pub fn inner<'s>(metadata: &Metadata, schema: &'s FolderSchema) -> Vec<Inner<'s>> {
    if schema.dotted().is_empty() {
        return Vec::new();
    }
    let mut walk = Walk::default();
    for (name, raw) in metadata.iter() {
        if !raw.get().starts_with(['{', '[']) {
            continue;
        }
        let wanted = schema.inside(name);
        if !wanted.is_empty() {
            walk.path.clear();
            walk.path.push_str(name.folded());
            walk.enter(name, raw, wanted);
        }
    }
    let of = |found: Found<'_, 's>| {
        // A name that stands in the metadata itself wins, whatever its value.
        let own = metadata.get(&found.field.name).is_some();
        let raw = if own { None } else { together(&found.values) };
        raw.map(|raw| Inner { field: found.field, raw, within: found.within.into_iter().cloned().collect() })
    };
    walk.found.into_iter().filter_map(of).collect()
}

/// What was found for one field.
struct Found<'m, 's> {
    field: &'s Arc<ConfiguredField>,
    values: Vec<&'m RawValue>,
    within: Vec<&'m FieldName>,
}

#[derive(Default)]
struct Walk<'m, 's> {
    /// Where the walk is: names, folded, joined by dots.
    path: String,
    found: Vec<Found<'m, 's>>,
    places: HashMap<FieldId, usize>,
}

impl<'m, 's> Walk<'m, 's> {
    /// Goes into the value at `path`; the names of all `wanted` go on from there, after a dot.
    fn enter(&mut self, name: &'m FieldName, raw: &'m RawValue, wanted: &'s [Arc<ConfiguredField>]) {
        match raw.get().as_bytes().first() {
            Some(b'{') => self.object(name, raw, wanted),
            Some(b'[') => {
                let all = elements(raw.get()).unwrap_or_default();
                for object in all.into_iter().filter(|element| element.get().starts_with('{')) {
                    self.object(name, object, wanted);
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, name: &'m FieldName, raw: &'m RawValue, wanted: &'s [Arc<ConfiguredField>]) {
        let base = self.path.len();
        let mut named: Vec<(String, &'m RawValue)> = Vec::new();
        for (member, value) in members(raw.get()).map(|read| read.0).unwrap_or_default() {
            let member = fold(&member);
            if !self.at(base, &member, wanted).is_empty() {
                named.push((member, value));
            }
        }
        // Stable: among equal names the last one stays last.
        named.sort_by(|a, b| a.0.cmp(&b.0));
        let mut named = named.into_iter().peekable();
        while let Some((member, value)) = named.next() {
            if named.peek().is_some_and(|(next, _)| *next == member) {
                continue;
            }
            let wanted = self.at(base, &member, wanted);
            // A name sorts before all that begin with it.
            if let Some(field) = wanted.first().filter(|field| field.name.folded() == self.path) {
                self.take(name, field, value);
            }
            self.path.push('.');
            let deeper = beginning(wanted, &self.path);
            self.path.pop();
            if !deeper.is_empty() {
                self.enter(name, value, deeper);
            }
        }
        self.path.truncate(base);
    }

    /// Moves to a member of the object at `base`; the fields whose names begin with the path to it.
    fn at(&mut self, base: usize, member: &str, wanted: &'s [Arc<ConfiguredField>]) -> &'s [Arc<ConfiguredField>] {
        self.path.truncate(base);
        self.path.push('.');
        self.path.push_str(member);
        beginning(wanted, &self.path)
    }

    fn take(&mut self, name: &'m FieldName, field: &'s Arc<ConfiguredField>, value: &'m RawValue) {
        if nothing(value) {
            return;
        }
        let place = *self.places.entry(field.id).or_insert(self.found.len());
        match self.found.get_mut(place) {
            Some(found) => {
                found.values.push(value);
                if found.within.last() != Some(&name) {
                    found.within.push(name);
                }
            }
            None => self.found.push(Found { field, values: vec![value], within: vec![name] }),
        }
    }
}

/// Whether it is no value by itself.
fn nothing(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "\"\"" | "[]")
}

/// One value as sent, or all as one list; the elements of lists among them stand in it themselves.
fn together(values: &[&RawValue]) -> Option<Arc<RawValue>> {
    let [first, rest @ ..] = values else { return None };
    if rest.is_empty() {
        return Some(RawValue::to_owned(first).into());
    }
    let mut list = String::with_capacity(values.iter().map(|value| value.get().len() + 1).sum::<usize>() + 2);
    list.push('[');
    let mut add = |value: &RawValue| {
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(value.get());
    };
    for value in values {
        if value.get().starts_with('[') {
            let all = elements(value.get()).unwrap_or_default();
            all.into_iter().filter(|element| !nothing(element)).for_each(&mut add);
        } else {
            add(value);
        }
    }
    list.push(']');
    // Values parted by commas are JSON: there is no error to tell.
    RawValue::from_string(list).ok().map(Arc::from)
}

#[cfg(test)]
mod tests;
