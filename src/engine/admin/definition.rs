//! Reads the definition of a field over the one that stands (contract section 5).
use super::check::{below, flag, invalid, object, text, texts};
use crate::base::fold::fold_value;
use crate::domain::fields::vector::SIZE_MAX;
use crate::domain::fields::{Definition, FieldType};
use crate::engine::error::Result;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

/// The types a field may have, as a sentence shows them.
const TYPES: &str =
    "boolean, datetime, number (float), uuid, varchar (string), text (long_string), enum, link, keyframes, embedding";

/// Reads a definition; options left out keep their value, `null` resets one. Another type begins without options.
/// `rename` and `retire` say what becomes of options that stand; `renamed` and `retired` are the outcome, as it is shown.
///
/// # Errors
/// `config_invalid` at the key.
pub fn definition(old: Option<&Definition>, body: &Map<String, Value>, pointer: &str) -> Result<Definition> {
    let kind = match body.get("type") {
        Some(sent) => field_type(sent, &below(pointer, "type"))?,
        None => old.map_or(FieldType::Varchar, |old| old.kind),
    };
    let standing = old.filter(|old| old.kind == kind).cloned();
    let mut definition = standing.unwrap_or_else(|| Definition::of(kind));
    for (key, value) in body {
        let pointer = &below(pointer, key);
        let set = (!value.is_null()).then_some(value);
        match key.as_str() {
            "type" | "name" | "rename" | "retire" => {}
            "size" => definition.size = set.map(|value| size(value, pointer)).transpose()?,
            "values" => definition.values = set.map_or(Ok(Vec::new()), |value| options(value, pointer))?,
            "retired" => definition.retired = set.map_or(Ok(Vec::new()), |value| options(value, pointer))?,
            "renamed" => definition.renamed = set.map_or(Ok(BTreeMap::new()), |value| names(value, pointer))?,
            "multi" => definition.multi = set.map_or(Ok(false), |value| flag(value, pointer))?,
            "substring" => definition.substring = set.map_or(Ok(false), |value| flag(value, pointer))?,
            "pii" => definition.pii = set.map_or(Ok(false), |value| flag(value, pointer))?,
            "label" => definition.label = set.map(|value| text(value, pointer)).transpose()?.map(str::to_owned),
            "description" => {
                definition.description = set.map(|value| text(value, pointer)).transpose()?.map(str::to_owned);
            }
            _ => {
                let detail = format!(
                    "fields have no option {key:?}; the options are size, values, retired, renamed, multi, substring, pii, \
                     label, description; rename and retire change options of an enum"
                );
                return Err(invalid(&**pointer, detail));
            }
        }
    }
    match (kind, definition.size) {
        (FieldType::Embedding, None) => {
            let detail = format!("an embedding has a size, 1 to {SIZE_MAX}: how many numbers its model gives");
            return Err(invalid(below(pointer, "size"), detail));
        }
        (FieldType::Embedding, Some(_)) | (_, None) => {}
        (other, Some(_)) => {
            let detail = format!("only embedding fields have a size, not {}", other.text());
            return Err(invalid(below(pointer, "size"), detail));
        }
    }
    for key in ["values", "retired", "renamed", "rename", "retire"] {
        let empty = body.get(key).is_none_or(|sent| match sent {
            Value::Array(list) => list.is_empty(),
            Value::Object(members) => members.is_empty(),
            other => other.is_null(),
        });
        if kind != FieldType::Enum && !empty {
            return Err(invalid(below(pointer, key), format!("only enum fields have {key}, not {}", kind.text())));
        }
    }
    if kind != FieldType::Enum && definition.multi {
        let detail = match kind {
            FieldType::Embedding => "multi is an option of enum fields; an embedding is one vector".to_owned(),
            _ => format!("multi is an option of enum fields; a {} field takes several values as it is", kind.text()),
        };
        return Err(invalid(below(pointer, "multi"), detail));
    }
    if let Some(sent) = body.get("rename").filter(|sent| !sent.is_null()) {
        rename(&mut definition, &names(sent, &below(pointer, "rename"))?, old, &below(pointer, "rename"))?;
    }
    if let Some(sent) = body.get("retire").filter(|sent| !sent.is_null()) {
        retire(&mut definition, &options(sent, &below(pointer, "retire"))?, old, &below(pointer, "retire"))?;
    }
    Ok(tidied(definition))
}

fn is(option: &str, other: &str) -> bool {
    fold_value(option) == fold_value(other)
}

/// Former spellings count as new ones from now on, where the old option stands or stood.
fn rename(
    definition: &mut Definition,
    names: &BTreeMap<String, String>,
    old: Option<&Definition>,
    pointer: &str,
) -> Result<()> {
    for (from, to) in names {
        let known = |definition: &Definition| definition.option(from).is_some();
        if !known(definition) && !old.is_some_and(known) {
            return Err(invalid(below(pointer, from), format!("{from:?} is none of the options")));
        }
        let taken = definition.values.iter().any(|option| is(option, to));
        for list in [&mut definition.values, &mut definition.retired] {
            match list.iter().position(|option| is(option, from)) {
                // The option takes its new name where it stands, unless one of that name stands already.
                Some(at) if !taken => {
                    if let Some(place) = list.get_mut(at) {
                        to.clone_into(place);
                    }
                }
                Some(at) => drop(list.remove(at)),
                None => {}
            }
        }
        if definition.option(to).is_none() {
            definition.values.push(to.clone());
        }
        for now in definition.renamed.values_mut().filter(|now| is(now, from)) {
            to.clone_into(now);
        }
        if !is(from, to) {
            definition.renamed.insert(from.clone(), to.clone());
        }
    }
    Ok(())
}

fn retire(definition: &mut Definition, gone: &[String], old: Option<&Definition>, pointer: &str) -> Result<()> {
    for (at, option) in gone.iter().enumerate() {
        let stands = |definition: &Definition| definition.option(option).filter(|own| is(own, option)).cloned();
        let Some(spelled) = stands(definition).or_else(|| old.and_then(stands)) else {
            return Err(invalid(below(pointer, &at.to_string()), format!("{option:?} is none of the options")));
        };
        definition.values.retain(|own| !is(own, option));
        if !definition.is_retired(&spelled) {
            definition.retired.push(spelled);
        }
    }
    Ok(())
}

/// An option in use is neither retired nor a former spelling; former spellings lead to options there are.
fn tidied(mut definition: Definition) -> Definition {
    let Definition { values, retired, renamed, .. } = &mut definition;
    retired.retain(|option| !values.iter().any(|own| is(own, option)));
    let stands = |text: &str| values.iter().chain(retired.iter()).any(|own| is(own, text));
    renamed.retain(|from, to| !stands(from) && stands(to));
    definition
}

fn names(sent: &Value, pointer: &str) -> Result<BTreeMap<String, String>> {
    let members = object(sent, pointer)?.iter();
    let read = members.map(|(from, to)| {
        let pointer = below(pointer, from);
        let to = text(to, &pointer)?;
        if fold_value(to).is_empty() || fold_value(from).is_empty() {
            return Err(invalid(pointer, "an option of an enum can not be blank"));
        }
        Ok((from.clone(), to.to_owned()))
    });
    read.collect()
}

fn field_type(sent: &Value, pointer: &str) -> Result<FieldType> {
    let spelled = text(sent, pointer)?;
    serde_json::from_value(sent.clone())
        .map_err(|_| invalid(pointer, format!("{spelled:?} is no type of fields; the types are {TYPES}")))
}

/// How many numbers an embedding has.
fn size(sent: &Value, pointer: &str) -> Result<u16> {
    let size = sent.as_u64().filter(|size| (1..=SIZE_MAX as u64).contains(size)).and_then(|size| size.try_into().ok());
    size.ok_or_else(|| invalid(pointer, format!("the size of an embedding is a whole number from 1 to {SIZE_MAX}")))
}

/// The options of an enum: none blank, none twice in the eyes of the comparison of values.
fn options(sent: &Value, pointer: &str) -> Result<Vec<String>> {
    let options = texts(sent, pointer)?;
    let mut seen = HashSet::new();
    for (at, option) in options.iter().enumerate() {
        let folded = fold_value(option);
        let pointer = below(pointer, &at.to_string());
        if folded.is_empty() {
            return Err(invalid(pointer, "an option of an enum can not be blank"));
        }
        if !seen.insert(folded) {
            return Err(invalid(
                pointer,
                format!("the option {option:?} stands twice; case and outer blanks do not tell options apart"),
            ));
        }
    }
    Ok(options)
}
