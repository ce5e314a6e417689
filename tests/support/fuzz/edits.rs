//! Bodies of edits against stored metadata: read, applied, projected.
use super::{parted, text, world};
use linernotes::base::json::{depth, members, raw_from};
use linernotes::domain::fields::FolderSchema;
use linernotes::domain::fields::value::ValueBounds;
use linernotes::domain::identity::field_name::NameRules;
use linernotes::domain::limits::Limits;
use linernotes::domain::metadata::edit::EditRules;
use linernotes::domain::metadata::tree::equal;
use linernotes::domain::metadata::{Edit, Metadata};
use linernotes::domain::projection::project;
use linernotes::domain::refusal::Code;
use std::collections::HashSet;

/// The first byte chooses the kind of edit, the rest of the first line is what is stored, then comes the body.
pub fn edit(data: &[u8]) {
    let (head, body) = parted(data);
    let Some((kind, stored)) = head.split_first() else { return };
    let stored = Metadata::lenient(&text(stored)).unwrap_or_default();
    let limits = Limits { metadata_names: 12, json_depth: 16, ..Limits::default() };
    let names = if kind & 0x40 == 0 { NameRules::VSpark } else { NameRules::Free };
    let rules = EditRules { limits: &limits, names, dash_to_hash: kind & 0x20 == 0 };
    let read = match kind & 0x0f {
        0 => Edit::read_flat(body, rules),
        1 => Edit::read_merge(body, rules),
        2 => Edit::read_patch(body, rules),
        3 => Edit::read_replace(body, rules),
        4 => Edit::read_remove(body, rules),
        _ => Edit::remove_names(text(body).split(',').map(str::trim), rules),
    };
    let Ok(edit) = read else { return };
    let before = stored.to_json();
    let applied = edit.apply(&stored, rules);
    assert_eq!(stored.to_json(), before, "an edit changes nothing but its own result");
    let Ok(edited) = applied else { return };
    let after = edited.metadata.to_json();
    let again = Metadata::lenient(&after).expect("what an edit leaves is JSON");
    assert_eq!(again.to_json(), after, "what is stored reads as itself");
    assert!(again.len() <= limits.metadata_names || again.len() <= stored.len(), "too many names");
    assert!(depth(after.as_bytes()) <= limits.json_depth.max(depth(before.as_bytes())), "nested too deeply: {after}");
    let touched: HashSet<_> = edited.touched.iter().collect();
    assert_eq!(touched.len(), edited.touched.len(), "a name is touched once");
    for (name, value) in again.iter() {
        let kept = stored.get(name).is_some_and(|old| old.get() == value.get());
        assert!(kept || touched.contains(name), "{name:?} changed and was not touched");
    }
    if !matches!(edit, Edit::Patch(_)) {
        match edit.apply(&edited.metadata, rules) {
            // A merge writes the names of an object that it goes into anew.
            Ok(twice) => {
                let (once, twice) =
                    (raw_from(&after).expect("JSON"), raw_from(&twice.metadata.to_json()).expect("JSON"));
                assert!(equal(&once, &twice), "an edit done twice is done once: {once} {twice}");
            }
            // Over nothing its values are kept as they are; an object with half a surrogate for a name takes no second.
            Err(refusal) => {
                assert!(matches!(edit, Edit::Merge(_)), "an edit that went once goes twice: {refusal:?}");
                assert_eq!(refusal.code, Code::JsonInvalid, "{refusal:?}");
            }
        }
    }
    let Some(schema) = world::schema() else { return };
    projected(&edited.metadata, &edited.touched, &schema);
}

fn projected(metadata: &Metadata, touched: &[linernotes::domain::identity::FieldName], schema: &FolderSchema) {
    for bounds in [world::BOUNDS, ValueBounds { value_bytes: 12, text_bytes: 7 }] {
        let projection = project(metadata, schema, bounds);
        // Read as the program does: a number beyond doubles is kept as it was spelled.
        let values = projection.values_json();
        assert_eq!(members(&values).expect("values are JSON").0.len(), projection.values.len());
        assert!(projection.values.iter().all(|value| !value.typed.is_empty()), "a value that is none");
        let outcomes = projection.outcomes(metadata, schema, touched);
        assert!(outcomes.len() >= touched.len(), "each name touched has an outcome");
        let _ = projection.refuse_misfits(schema, touched);
    }
}
