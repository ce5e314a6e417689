//! Taking every value of a field out of metadata, whatever its name: an edit may not name reserved names, this may.
use super::map::Metadata;
use crate::base::fold::fold;
use crate::base::json::{elements, members, push_string};
use crate::domain::identity::FieldName;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The metadata without the field; `None` when it does not hold it. A name with dots is taken from inside objects too, as
/// it is found there when it is configured: every way to split the name counts, and lists are gone through.
pub fn without(metadata: &Metadata, name: &FieldName) -> Option<Metadata> {
    let mut left = metadata.clone();
    let mut found = left.remove(name);
    if name.folded().contains('.') {
        for (own, raw) in metadata.iter() {
            let Some(rest) = beyond(name.folded(), own.folded()) else { continue };
            let Some(text) = strip(raw.get(), rest) else { continue };
            // What was cut out of JSON is JSON.
            if let Ok(raw) = RawValue::from_string(text) {
                left.set(own.clone(), Arc::from(raw));
                found = true;
            }
        }
    }
    found.then_some(left)
}

/// Every value the field has, as [`without`] takes it out.
pub fn values(metadata: &Metadata, name: &FieldName) -> Vec<Arc<RawValue>> {
    let mut all: Vec<Arc<RawValue>> = metadata.get(name).cloned().into_iter().collect();
    if name.folded().contains('.') {
        for (own, raw) in metadata.iter() {
            if let Some(rest) = beyond(name.folded(), own.folded()) {
                gather(raw.get(), rest, &mut all);
            }
        }
    }
    all
}

/// What follows `beginning` and a dot.
fn beyond<'a>(path: &'a str, beginning: &str) -> Option<&'a str> {
    path.strip_prefix(beginning)?.strip_prefix('.')
}

/// An object or list without what stands at `path`; `None` when nothing stands there.
fn strip(raw: &str, path: &str) -> Option<String> {
    if raw.starts_with('[') {
        let mut found = false;
        let parts: Vec<String> = elements(raw)
            .ok()?
            .into_iter()
            .map(|element| match strip(element.get(), path) {
                Some(less) => {
                    found = true;
                    less
                }
                None => element.get().to_owned(),
            })
            .collect();
        return found.then(|| format!("[{}]", parts.join(",")));
    }
    if !raw.starts_with('{') {
        return None;
    }
    let mut found = false;
    let mut out = String::from("{");
    for (member, value) in members(raw).ok()?.0 {
        let folded = fold(&member);
        if *folded == *path {
            found = true;
            continue;
        }
        let less = beyond(path, &folded).and_then(|rest| strip(value.get(), rest));
        found |= less.is_some();
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, &member);
        out.push(':');
        out.push_str(less.as_deref().unwrap_or(value.get()));
    }
    out.push('}');
    found.then_some(out)
}

fn gather(raw: &str, path: &str, all: &mut Vec<Arc<RawValue>>) {
    if raw.starts_with('[') {
        elements(raw).unwrap_or_default().iter().for_each(|element| gather(element.get(), path, all));
    } else if raw.starts_with('{') {
        for (member, value) in members(raw).map(|read| read.0).unwrap_or_default() {
            let folded = fold(&member);
            if *folded == *path {
                all.push(value.to_owned().into());
            } else if let Some(rest) = beyond(path, &folded) {
                gather(value.get(), rest, all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(metadata: &str, name: &str) -> Option<String> {
        let (metadata, name) = (Metadata::lenient(metadata).unwrap(), FieldName::lenient(name));
        let found = values(&metadata, &name);
        let left = without(&metadata, &name);
        assert_eq!(left.is_some(), !found.is_empty());
        left.map(|left| left.to_json())
    }

    #[test]
    fn a_name_goes_whatever_its_case_and_whatever_the_rules_say() {
        assert_eq!(left(r#"{"a":1.10,"Queue":{"x":1}}"#, "QUEUE").unwrap(), r#"{"a":1.10}"#);
        assert_eq!(left(r#"{"tid":"x","a":1}"#, "TID").unwrap(), r#"{"a":1}"#);
        assert_eq!(left(r#"{"":"x","a:=":null}"#, "A:=").unwrap(), r#"{"":"x"}"#);
        assert_eq!(left(r#"{"a":1}"#, "b"), None);
    }

    #[test]
    fn a_name_with_dots_goes_from_inside_objects_too_and_the_rest_keeps_its_spelling() {
        let text = r#"{"Address":{"City":"B","n" : 1.50},"address.city":"B","other":{"city":"B"}}"#;
        assert_eq!(left(text, "address.city").unwrap(), r#"{"Address":{"n":1.50},"other":{"city":"B"}}"#);
        let lists = r#"{"a":[{"b.c":1,"x":2},[{"b":{"c":3}}],"t"],"a.b":{"c":4}}"#;
        assert_eq!(left(lists, "a.b.c").unwrap(), r#"{"a":[{"x":2},[{"b":{}}],"t"],"a.b":{}}"#);
        assert_eq!(left(r#"{"a":{"b":1}}"#, "a.b.c"), None);
    }
}
