//! Values of rows that need a second look: of rows projected before the folder's fields were what they are, of a field
//! that is being retyped, and of enums whose options have other names now.
use crate::domain::catalogue::{Folder, Org};
use crate::domain::fields::Definition;
use crate::domain::fields::value::{ValueBounds, coerce};
use crate::domain::identity::FieldName;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A stored value as searches mean it; `None` when it is none in their eyes. `settled` when the row was projected with
/// the folder's fields as they are.
pub fn judged<'v>(name: &str, value: &'v str, settled: bool, (org, folder): (&Org, &Folder)) -> Option<Cow<'v, str>> {
    let field = folder.schema.field(&FieldName::lenient(name))?;
    // A row of an older schema, or in the middle of a retype, may hold what another definition let in.
    if (!settled || field.next.is_some()) && !fits(&field.definition, value, org) {
        return None;
    }
    Some(named(&field.definition, value))
}

/// Whether a stored value is one in the eyes of the definition that searches go by.
fn fits(definition: &Definition, value: &str, org: &Org) -> bool {
    let bounds = ValueBounds { value_bytes: usize::MAX, text_bytes: usize::MAX };
    let Ok(raw) = serde_json::from_str::<&RawValue>(value) else { return false };
    coerce(definition, raw, &org.zone, bounds).is_ok_and(|values| !values.is_empty())
}

/// A value as sent; former spellings of an enum's options give way to the present ones.
fn named<'v>(definition: &Definition, value: &'v str) -> Cow<'v, str> {
    let renamed = |value: &mut Value| {
        if let Value::String(text) = value
            && let Some(now) = definition.option(text).filter(|now| definition.is_renamed(text, now))
        {
            now.clone_into(text);
        }
    };
    if definition.renamed.is_empty() {
        return Cow::Borrowed(value);
    }
    match serde_json::from_str::<Value>(value) {
        Ok(Value::Array(mut values)) => {
            values.iter_mut().for_each(renamed);
            Cow::Owned(Value::Array(values).to_string())
        }
        Ok(mut value @ Value::String(_)) => {
            renamed(&mut value);
            Cow::Owned(value.to_string())
        }
        _ => Cow::Borrowed(value),
    }
}
