//! Counts the values of the transcripts found.
use super::values::{self, Value};
use crate::base::clock::Timestamp;
use crate::domain::identity::{FolderId, FolderName};
use crate::domain::record::Record;
use crate::query::facets::{number, sort};
use crate::query::resolved::{FacetAsked, FacetValue};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What makes two values one line of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Text(String),
    Number(u64),
    Instant(i64),
}

/// One facet: a value counts once per transcript, in its first spelling, however often it stands in a list; the spelling
/// most frequent among them is shown (ties: the least by code point). Texts are not counted.
pub fn count(found: &[&Record], facet: &FacetAsked, folder_names: &HashMap<FolderId, FolderName>) -> Vec<FacetValue> {
    let mut groups: HashMap<Group, (u64, BTreeMap<String, u64>)> = HashMap::new();
    for record in found {
        if facet.source.only_folders.as_ref().is_some_and(|only| !only.contains(&record.folder)) {
            continue;
        }
        let mut counted = HashSet::new();
        for value in facet.source.targets.iter().flat_map(|target| values::values(record, *target, folder_names)) {
            let Some((group, shown)) = grouped(&value) else { continue };
            if counted.insert(group.clone()) {
                let (transcripts, spellings) = groups.entry(group).or_default();
                *transcripts += 1;
                *spellings.entry(shown).or_default() += 1;
            }
        }
    }
    let mut values: Vec<FacetValue> = groups
        .into_iter()
        .map(|(group, (count, spellings))| FacetValue { value: shown(&group, spellings), count })
        .collect();
    sort(&mut values);
    values.truncate(facet.size);
    values
}

fn grouped(value: &Value<'_>) -> Option<(Group, String)> {
    match value {
        Value::Keyword(shown, folded) => Some((Group::Text(folded.to_string()), shown.to_string())),
        // Adding zero makes one zero of two.
        Value::Number(number) => Some((Group::Number((number + 0.0).to_bits()), String::new())),
        Value::Instant(instant) => Some((Group::Instant(*instant), String::new())),
        Value::Words(_) => None,
    }
}

fn shown(group: &Group, spellings: BTreeMap<String, u64>) -> Json {
    match group {
        Group::Number(bits) => number(f64::from_bits(*bits)),
        Group::Instant(instant) => Json::from(Timestamp(*instant).rfc3339()),
        Group::Text(_) => {
            let mut best = (String::new(), 0);
            for (spelling, count) in spellings {
                if count > best.1 {
                    best = (spelling, count);
                }
            }
            Json::from(best.0)
        }
    }
}
