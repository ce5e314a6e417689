//! Counts the values of the transcripts found.
use super::values::{self, Value};
use crate::base::clock::Timestamp;
use crate::base::fold::fold_value;
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

/// One facet: a value counts once per transcript however often it stands in its list; the spelling that most
/// transcripts have is shown (ties: the least by code point).
pub fn count(found: &[&Record], facet: &FacetAsked, folder_names: &HashMap<FolderId, FolderName>) -> Vec<FacetValue> {
    let mut groups: HashMap<Group, (u64, BTreeMap<String, u64>)> = HashMap::new();
    for record in found {
        if facet.only_folders.as_ref().is_some_and(|only| !only.contains(&record.folder)) {
            continue;
        }
        let (mut counted, mut spelled) = (HashSet::new(), HashSet::new());
        for value in values::values(record, facet.target, folder_names) {
            let (group, shown) = grouped(&value);
            if !spelled.insert(shown.clone()) {
                continue;
            }
            let (transcripts, spellings) = groups.entry(group.clone()).or_default();
            *spellings.entry(shown).or_default() += 1;
            *transcripts += u64::from(counted.insert(group));
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

fn grouped(value: &Value<'_>) -> (Group, String) {
    match value {
        Value::Keyword(shown, folded) => (Group::Text(folded.to_string()), shown.to_string()),
        Value::Words(text) => (Group::Text(fold_value(text)), (*text).to_owned()),
        // Adding zero makes one zero of two.
        Value::Number(number) => (Group::Number((number + 0.0).to_bits()), String::new()),
        Value::Instant(instant) => (Group::Instant(*instant), String::new()),
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
