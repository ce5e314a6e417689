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
/// most frequent among them is shown (ties: the least by code point), over all targets. Texts are not counted; with a
/// prefix only keywords are. Values of different kinds that are shown alike become one line, shown as text.
pub fn count(found: &[&Record], facet: &FacetAsked, folder_names: &HashMap<FolderId, FolderName>) -> Vec<FacetValue> {
    let mut groups: HashMap<Group, (u64, BTreeMap<String, u64>)> = HashMap::new();
    for record in found {
        let mut counted = HashSet::new();
        for value in values::of_source(record, &facet.source, folder_names) {
            let Some((group, shown)) = grouped(&value) else { continue };
            if begins(&group, facet.prefix.as_deref()) && counted.insert(group.clone()) {
                let (transcripts, spellings) = groups.entry(group).or_default();
                *transcripts += 1;
                *spellings.entry(shown).or_default() += 1;
            }
        }
    }
    let mut lines: BTreeMap<String, FacetValue> = BTreeMap::new();
    for (group, (count, spellings)) in groups {
        let value = shown(&group, spellings);
        let line = lines
            .entry(crate::query::facets::shown(&value))
            .or_insert_with(|| FacetValue { value: value.clone(), count: 0 });
        line.count += count;
        if value.is_string() {
            line.value = value;
        }
    }
    let mut values: Vec<FacetValue> = lines.into_values().collect();
    sort(&mut values);
    values.truncate(facet.size);
    values
}

fn begins(group: &Group, prefix: Option<&str>) -> bool {
    match (prefix, group) {
        (None, _) => true,
        (Some(prefix), Group::Text(folded)) => folded.starts_with(prefix),
        (Some(_), _) => false,
    }
}

fn grouped(value: &Value<'_>) -> Option<(Group, String)> {
    match value {
        Value::Keyword(shown, folded) => Some((Group::Text(folded.to_string()), shown.to_string())),
        Value::Number(number) => Some((Group::Number(number.to_bits()), String::new())),
        Value::Instant(instant) => Some((Group::Instant(*instant), String::new())),
        Value::Words(_) | Value::Vector(_) => None,
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
