//! RFC 7396 JSON Merge Patch over metadata.
use super::map::Metadata;
use super::tree::{Branch, Node, branch, is_null};
use serde_json::value::RawValue;
use std::sync::Arc;

/// `target` (the stored value of a name) after the patch of that name; `None` when the patch takes it away.
/// Values the patch does not name keep their spelling. Recurses as deep as the patch is nested.
///
/// # Errors
/// When the name of a member on the patch's way is no text (half a surrogate pair).
pub fn merged(target: Option<&Arc<RawValue>>, patch: &RawValue) -> Result<Option<Arc<RawValue>>, serde_json::Error> {
    if is_null(patch) {
        return Ok(None);
    }
    merge(target.cloned().map(Node::Leaf), patch)?.into_raw().map(Some)
}

/// All of `stored` after the patch `sent`: names keep place and spelling, new ones go to the end.
///
/// # Errors
/// As [`merged`].
pub fn merge_all(stored: &Metadata, sent: &Metadata) -> Result<Metadata, serde_json::Error> {
    let mut result = stored.clone();
    for (name, patch) in sent.iter() {
        match merged(stored.get(name), patch)? {
            Some(value) => result.set(name.clone(), value),
            None => drop(result.remove(name)),
        }
    }
    Ok(result)
}

fn merge(target: Option<Node>, patch: &RawValue) -> Result<Node, serde_json::Error> {
    let target = target.filter(Node::is_object);
    // A patch that is no object is the new value; so is an object over nothing, if no `null` must go from it.
    if !patch.get().starts_with('{') || (target.is_none() && !patch.get().contains("null")) {
        return Ok(Node::leaf(patch));
    }
    let changes = branch(patch)?;
    let mut into = match target {
        Some(unchanged) if changes.is_empty() => return Ok(unchanged),
        Some(mut target) => {
            target.open()?;
            match target {
                Node::Object(members) => members,
                other => return Ok(other),
            }
        }
        None => Box::new(Branch::with_capacity(changes.len())),
    };
    for (name, change) in changes.into_entries() {
        let Node::Leaf(change) = change else { continue };
        if is_null(&change) {
            into.take(&*name);
        } else if !change.get().starts_with('{') {
            into.set(name, Node::Leaf(change));
        } else if let Some(known) = into.get_mut(&*name) {
            let before = std::mem::replace(known, Node::Array(Vec::new()));
            *known = merge(Some(before), &change)?;
        } else {
            into.set(name, merge(None, &change)?);
        }
    }
    Ok(Node::Object(into))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::raw_from;
    use crate::domain::metadata::tree::equal;

    fn merge_text(target: &str, patch: &str) -> Option<String> {
        let target: Arc<RawValue> = raw_from(target).unwrap().into();
        merged(Some(&target), &raw_from(patch).unwrap()).unwrap().map(|raw| raw.get().to_owned())
    }

    #[test]
    fn the_examples_of_rfc_7396_hold() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merge_text(target, patch).as_deref(), Some(result), "{target} {patch}");
        }
        assert_eq!(merge_text(r#"{"a":"foo"}"#, "null"), None);
    }

    #[test]
    fn what_the_patch_does_not_name_keeps_its_spelling() {
        let target = r#"{"x" : 1.10, "y":{ "z":  [1 , 2]}, "w":{"u" :1e400}}"#;
        assert_eq!(
            merge_text(target, r#"{"w":{"v":{"n":null, "m": 2.0}}}"#).unwrap(),
            r#"{"x":1.10,"y":{ "z":  [1 , 2]},"w":{"u":1e400,"v":{"m":2.0}}}"#
        );
        assert_eq!(merge_text(target, "{}").unwrap(), target);
        assert_eq!(merge_text("1", r#"{ "a" : [ null ] }"#).unwrap(), r#"{"a":[ null ]}"#);
        assert_eq!(merge_text("1", r#"{ "a" : 1 }"#).unwrap(), r#"{ "a" : 1 }"#);
    }

    #[test]
    fn of_a_name_twice_in_a_patch_the_later_counts() {
        assert_eq!(merge_text(r#"{"a":{"z":0}}"#, r#"{"a":{"x":1},"a":{"y":2}}"#).unwrap(), r#"{"a":{"z":0,"y":2}}"#);
    }

    #[test]
    fn a_deep_patch_over_nothing_loses_its_nulls_at_every_level() {
        let patch = r#"{"a":{"b":{"c":null,"d":[{"e":null}]}}}"#;
        let result = merge_text("{}", patch).unwrap();
        assert!(equal(&raw_from(&result).unwrap(), &raw_from(r#"{"a":{"b":{"d":[{"e":null}]}}}"#).unwrap()));
    }
}
