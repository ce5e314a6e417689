//! Who uses the options of an enum: options in use and retired ones, former spellings that still stand in values, and
//! options that a new definition drops.
use crate::base::fold::fold_value;
use crate::base::json::elements;
use crate::domain::fields::{Definition, FieldType};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// Transcripts by option.
#[derive(Debug, Default)]
pub struct Uses {
    current: HashMap<String, u64>,
    former: HashMap<String, u64>,
    dropped: HashMap<String, u64>,
}

impl Uses {
    /// Takes one transcript's values into account, as stored; `before` is the definition that is to be replaced.
    pub fn see<'r>(
        &mut self,
        definition: &Definition,
        before: Option<&Definition>,
        values: impl Iterator<Item = &'r str>,
    ) {
        let (mut current, mut former, mut dropped) = (HashSet::new(), HashSet::new(), HashSet::new());
        for text in values.flat_map(texts) {
            let Some(option) = definition.option(&text) else {
                dropped.extend(before.and_then(|before| before.option(&text)));
                continue;
            };
            current.insert(option);
            let folded = fold_value(&text);
            if fold_value(option) != folded {
                former.extend(definition.renamed.keys().find(|old| fold_value(old) == folded));
            }
        }
        for (counts, seen) in [(&mut self.current, current), (&mut self.former, former), (&mut self.dropped, dropped)] {
            for option in seen {
                *counts.entry(option.clone()).or_default() += 1;
            }
        }
    }

    /// `options` with those in use first, then the retired ones, then those dropped; `former` where spellings were renamed.
    pub fn told(&self, definition: &Definition, before: Option<&Definition>) -> Map<String, Value> {
        let mut told = Map::new();
        if definition.kind != FieldType::Enum {
            return told;
        }
        let one = |counts: &HashMap<String, u64>, option: &String, state: &str| json!({"value": option, "state": state, "transcripts": counts.get(option).copied().unwrap_or(0)});
        let current = definition.values.iter().map(|option| one(&self.current, option, "current"));
        let retired = definition.retired.iter().map(|option| one(&self.current, option, "retired"));
        let before = before.into_iter().flat_map(|before| before.values.iter().chain(&before.retired));
        let dropped = before.filter(|option| definition.option(option).is_none());
        let dropped = dropped.map(|option| one(&self.dropped, option, "dropped"));
        told.insert("options".to_owned(), current.chain(retired).chain(dropped).collect());
        if !definition.renamed.is_empty() {
            let count = |old: &String| Value::from(self.former.get(old).copied().unwrap_or(0));
            let former = definition.renamed.keys().map(|old| (old.clone(), count(old)));
            told.insert("former".to_owned(), former.collect::<Map<_, _>>().into());
        }
        told
    }
}

/// The texts of a value, of a list those of its elements.
fn texts(raw: &str) -> Vec<String> {
    let one = |raw: &str| match serde_json::from_str::<Value>(raw) {
        Ok(Value::String(text)) => Some(text),
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
        _ => None,
    };
    match elements(raw) {
        Ok(all) if raw.trim_start().starts_with('[') => all.iter().filter_map(|element| one(element.get())).collect(),
        _ => one(raw).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(values: &[&str], renamed: &[(&str, &str)], retired: &[&str]) -> Definition {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Definition {
            values: owned(values),
            retired: owned(retired),
            renamed: renamed.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect(),
            multi: true,
            ..Definition::of(FieldType::Enum)
        }
    }

    #[test]
    fn a_transcript_counts_once_for_each_option_and_former_spellings_are_told_apart() {
        let before = options(&["good", "bad", "badly", "gone"], &[], &[]);
        let after = options(&["good", "poor", "badly"], &[("bad", "poor")], &[]);
        let mut uses = Uses::default();
        for values in [r#"["good","GOOD","Bad"]"#, r#""badly""#, r#"["gone",null,7]"#, r#""poor""#] {
            uses.see(&after, Some(&before), std::iter::once(values));
        }
        let told = Value::Object(uses.told(&after, Some(&before)));
        let wanted = json!([
            {"value": "good", "state": "current", "transcripts": 1},
            {"value": "poor", "state": "current", "transcripts": 2},
            {"value": "badly", "state": "current", "transcripts": 1},
            {"value": "gone", "state": "dropped", "transcripts": 1}
        ]);
        assert_eq!((&told["options"], &told["former"]), (&wanted, &json!({"bad": 1})));
    }
}
