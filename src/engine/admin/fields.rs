//! The organisation's schema: fields defined, extended, listed by folders.
use super::check::{array, below, invalid, json, object, placed, text};
use super::definition::definition;
use crate::domain::catalogue::{Folder, Org, take_number};
use crate::domain::fields::reserved::is_reserved;
use crate::domain::fields::schema::Next;
use crate::domain::fields::{ConfiguredField, Definition};
use crate::domain::identity::field_name::NameRules;
use crate::domain::identity::{FieldId, FieldName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What holds for every change of fields.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Which names fields may have.
    pub names: NameRules,
    /// How many fields a folder may list; the schema of its organisation may have ten times as many.
    pub most: usize,
}

/// How one definition meets the schema.
#[derive(Clone, Copy)]
struct Manner<'a> {
    pointer: &'a str,
    /// The spelling sent becomes the schema's spelling.
    respell: bool,
    /// What is defined already may change.
    alter: bool,
    /// A field that folders list may get another type.
    retype: bool,
    /// How many fields the schema may have.
    most: usize,
}

/// Lays an organisation's `fields` over its schema: fields named are defined or their options updated, `null` removes
/// a field that no folder lists, fields left out stay.
///
/// # Errors
/// `name_invalid`, `name_reserved`, `duplicate_field`, `config_invalid`, `field_in_use`, each with its place.
pub fn overlay(org: &mut Org, fields: &Map<String, Value>, pointer: &str, rules: Rules, next: &mut u32) -> Result<()> {
    let mut seen = HashSet::new();
    for (spelled, body) in fields {
        let pointer = below(pointer, spelled);
        if body.is_null() {
            // Any spelling: what stands there may predate today's rules, and must be removable.
            remove(org, &FieldName::lenient(spelled), &pointer)?;
            continue;
        }
        let name = field_name(spelled, &pointer, rules.names, &mut seen)?;
        let most = rules.most.saturating_mul(10);
        let manner = Manner { pointer: &pointer, respell: true, alter: true, retype: false, most };
        define(org, name, object(body, &pointer)?, manner, next)?;
    }
    Ok(())
}

/// Reads a folder's `custom_meta`: names, or objects that extend the schema; a name nobody defined becomes a
/// `varchar`. With `alter` false what is defined already stays as it is (the caller reaches one folder only).
///
/// # Errors
/// As [`overlay`]; `right_missing` for a change of what other folders share.
pub fn listed(
    org: &mut Org,
    custom_meta: &Value,
    pointer: &str,
    (rules, alter): (Rules, bool),
    next: &mut u32,
) -> Result<Vec<FieldName>> {
    let mut seen = HashSet::new();
    let mut list = Vec::new();
    let plain = Map::new();
    let elements = array(custom_meta, pointer)?;
    if elements.len() > rules.most {
        let detail = format!("the folder would list {} fields; allowed are {}", elements.len(), rules.most);
        return Err(invalid(pointer, detail));
    }
    for (at, element) in elements.iter().enumerate() {
        let pointer = below(pointer, &at.to_string());
        let (spelled, body, place) = match element {
            Value::String(spelled) => (spelled.as_str(), None, pointer.clone()),
            Value::Object(body) => {
                let place = below(&pointer, "name");
                let name = body.get("name").ok_or_else(|| invalid(&*pointer, "the field has no \"name\""))?;
                (text(name, &place)?, Some(body), place)
            }
            _ => {
                let detail = "a field is listed by its name or as an object {\"name\",\"type\",…}";
                return Err(invalid(&*pointer, detail));
            }
        };
        let name = field_name(spelled, &place, rules.names, &mut seen)?;
        if body.is_some() || find(org, &name).is_none() {
            let most = rules.most.saturating_mul(10);
            let manner = Manner { pointer: &pointer, respell: false, alter, retype: false, most };
            define(org, name.clone(), body.unwrap_or(&plain), manner, next)?;
        }
        list.push(name);
    }
    Ok(list)
}

fn field_name(spelled: &str, pointer: &str, names: NameRules, seen: &mut HashSet<FieldName>) -> Result<FieldName> {
    let name = placed(FieldName::parse(spelled, names), pointer)?;
    if is_reserved(&name) {
        let detail = format!("{spelled:?} is a reserved name and can not be configured");
        return Err(Error::Refused(Refusal::at(Code::NameReserved, pointer, detail)));
    }
    if !seen.insert(name.clone()) {
        let detail = format!("the field {spelled:?} is named twice; names that differ only in case are one field");
        return Err(Error::Refused(Refusal::at(Code::DuplicateField, pointer, detail)));
    }
    Ok(name)
}

fn find<'o>(org: &'o Org, name: &FieldName) -> Option<&'o Arc<ConfiguredField>> {
    org.fields.iter().find(|field| field.name == *name)
}

fn lister<'o>(org: &'o Org, name: &FieldName) -> Option<&'o Arc<Folder>> {
    org.folders.values().find(|folder| folder.custom_meta.contains(name))
}

/// Defines a field or changes one. What would give stored values another meaning begins a retype ([`remade`]).
fn define(org: &mut Org, name: FieldName, body: &Map<String, Value>, manner: Manner<'_>, next: &mut u32) -> Result<()> {
    if org.barred.contains(&name) {
        let detail = format!(
            "the name {:?} is barred: the field was deleted for good; POST …/fields/{}?unbar=true frees it",
            name.shown(),
            name.shown()
        );
        return Err(Error::Refused(Refusal::at(Code::FieldBarred, manner.pointer, detail)));
    }
    let Some(old) = find(org, &name).cloned() else {
        if org.fields.len() >= manner.most {
            let detail = format!("the schema of {} may have {} fields; remove some first", org.name, manner.most);
            return Err(invalid(manner.pointer, detail));
        }
        let definition = definition(None, body, manner.pointer)?;
        let id = FieldId(take_number(next));
        org.deleted.retain(|gone| gone.field.name != name);
        org.fields.push(Arc::new(ConfiguredField::new(id, name, definition)));
        return Ok(());
    };
    let definition = definition(Some(old.meant()), body, manner.pointer)?;
    let listed = lister(org, &name);
    let resized = definition.size != old.meant().size;
    if let Some(folder) = listed.filter(|_| !manner.retype && (definition.kind != old.meant().kind || resized)) {
        let detail = format!(
            "the field {:?} is {} and folder {:?} lists it; its type changes only by retyping the field: \
             POST …/fields/{}, which tells beforehand (?dry_run=true) which values fit",
            old.name.shown(),
            old.meant().kind.text(),
            folder.name.as_str(),
            old.name.shown()
        );
        let key = if definition.kind == old.meant().kind { "size" } else { "type" };
        return Err(invalid(below(manner.pointer, key), detail));
    }
    let listed = listed.is_some();
    let name = if manner.respell { name } else { old.name.clone() };
    if definition == *old.meant() && name.shown() == old.name.shown() {
        return Ok(());
    }
    if !manner.alter {
        let detail = format!(
            "the field {:?} belongs to the whole organisation; a token that reaches one folder can not change it",
            old.name.shown()
        );
        return Err(Error::Refused(Refusal::at(Code::RightMissing, manner.pointer, detail)));
    }
    let new = Arc::new(remade(&old, name, definition, listed, next));
    if let Some(place) = org.fields.iter_mut().find(|field| field.id == old.id) {
        *place = new;
    }
    Ok(())
}

/// A field with another definition. Where folders list it and stored values would mean something else, both definitions
/// stand until every transcript has been read anew: searches go by the former one, and switch at once.
fn remade(
    old: &ConfiguredField,
    name: FieldName,
    definition: Definition,
    listed: bool,
    next: &mut u32,
) -> ConfiguredField {
    if !listed {
        // One name with another type is another field: no stored value may be taken for one of the new type.
        let former = &old.definition;
        let other = old.next.is_some() || (definition.kind, definition.size) != (former.kind, former.size);
        let id = if other { FieldId(take_number(next)) } else { old.id };
        return ConfiguredField::new(id, name, definition);
    }
    if definition.extends(&old.definition) {
        return ConfiguredField::new(old.id, name, definition);
    }
    // What is for people, and who may see values, holds at once.
    let serving = Definition {
        label: definition.label.clone(),
        description: definition.description.clone(),
        pii: definition.pii,
        substring: definition.substring,
        ..old.definition.clone()
    };
    let standing = old.next.as_ref().filter(|next| definition.extends(&next.definition)).map(|next| next.id);
    let id = standing.unwrap_or_else(|| FieldId(take_number(next)));
    ConfiguredField { id: old.id, name, definition: serving, next: Some(Arc::new(Next { id, definition })) }
}

/// Defines one field, or changes it, its type too.
///
/// # Errors
/// As [`overlay`].
pub fn put(org: &mut Org, spelled: &str, body: &Map<String, Value>, rules: Rules, next: &mut u32) -> Result<()> {
    let name = field_name(spelled, "", rules.names, &mut HashSet::new())?;
    let manner = Manner { pointer: "", respell: true, alter: true, retype: true, most: rules.most.saturating_mul(10) };
    define(org, name, body, manner, next)
}

fn remove(org: &mut Org, name: &FieldName, pointer: &str) -> Result<()> {
    if let Some(folder) = lister(org, name) {
        let detail = format!(
            "folder {:?} lists the field {:?}; take it out of the folder's custom_meta first",
            folder.name.as_str(),
            name.shown()
        );
        return Err(Error::Refused(Refusal::at(Code::FieldInUse, pointer, detail)));
    }
    org.fields.retain(|field| field.name != *name);
    Ok(())
}

/// The fields of a schema by name.
pub fn index(fields: &[Arc<ConfiguredField>]) -> HashMap<&FieldName, &Arc<ConfiguredField>> {
    fields.iter().map(|field| (&field.name, field)).collect()
}

/// A folder's list resolved against the schema, in the folder's spelling.
pub fn resolve(
    schema: &HashMap<&FieldName, &Arc<ConfiguredField>>,
    custom_meta: &[FieldName],
) -> Vec<Arc<ConfiguredField>> {
    let resolved = custom_meta.iter().filter_map(|name| {
        let field = *schema.get(name)?;
        if field.name.shown() == name.shown() {
            return Some(field.clone());
        }
        Some(Arc::new(ConfiguredField { name: name.clone(), ..ConfiguredField::clone(field) }))
    });
    resolved.collect()
}

/// The schema as `GET` shows it, less the fields that may not be seen.
pub fn shown(org: &Org, sees: &dyn Fn(&FieldName) -> bool) -> Result<Map<String, Value>> {
    let visible = org.fields.iter().filter(|field| sees(&field.name));
    visible.map(|field| Ok((field.name.shown().to_owned(), json(field.meant())?))).collect()
}
