//! Facets: how values are shown, and how the counts of several organisations become one list.
use super::resolved::FacetValue;
use crate::base::fold::fold_value;
use serde_json::Value;
use std::collections::HashMap;

/// One facet as the answer shows it, made of one or several lists an index gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetPlan {
    /// As it is named in the answer.
    pub name: String,
    /// At most so many values.
    pub size: usize,
    /// How many consecutive lists of the index belong to it (one per organisation that has the field).
    pub lists: usize,
    /// Whether the values are booleans, which an index keeps as text.
    pub boolean: bool,
}

/// A number as facets and rows show it: whole ones without a fraction.
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { Value::from(value as i64) } else { Value::from(value) }
}

/// The text values are ordered by when their counts are equal.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Puts the values in the order of the answer: most frequent first, then by code point as shown.
pub fn sort(values: &mut [FacetValue]) {
    values.sort_by_cached_key(|facet| (std::cmp::Reverse(facet.count), shown(&facet.value)));
}

/// The facets as answered. Lists of several organisations are added up; their transcripts are never the same.
pub fn answer(plans: &[FacetPlan], lists: Vec<Vec<FacetValue>>) -> Vec<(String, Vec<FacetValue>)> {
    let mut lists = lists.into_iter();
    let answered = plans.iter().map(|plan| {
        let own: Vec<Vec<FacetValue>> = lists.by_ref().take(plan.lists).collect();
        let mut values = if own.len() == 1 { own.into_iter().flatten().collect() } else { added(own) };
        if plan.boolean {
            for facet in &mut values {
                facet.value = boolean(std::mem::take(&mut facet.value));
            }
        }
        values.truncate(plan.size);
        (plan.name.clone(), values)
    });
    answered.collect()
}

fn added(lists: Vec<Vec<FacetValue>>) -> Vec<FacetValue> {
    let mut values: Vec<FacetValue> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<FacetValue> = lists.into_iter().flatten().collect();
    // The spelling of the greatest part is shown.
    sort(&mut all);
    for facet in all {
        let place = *places.entry(fold_value(&shown(&facet.value))).or_insert(values.len());
        match values.get_mut(place) {
            Some(known) => known.count += facet.count,
            None => values.push(facet),
        }
    }
    sort(&mut values);
    values
}

fn boolean(value: Value) -> Value {
    match value.as_str() {
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facet(value: impl Into<Value>, count: u64) -> FacetValue {
        FacetValue { value: value.into(), count }
    }

    #[test]
    fn lists_of_several_organisations_are_added() {
        let plan = |name: &str, lists, size, boolean| FacetPlan { name: name.into(), size, lists, boolean };
        let plans = [plan("queue", 2, 2, false), plan("paid", 1, 9, true)];
        let lists = vec![
            vec![facet("billing", 3), facet("Sales", 2), facet("a", 1)],
            vec![facet("SALES", 5)],
            vec![facet("true", 2)],
        ];
        assert_eq!(
            answer(&plans, lists),
            [
                ("queue".to_owned(), vec![facet("SALES", 7), facet("billing", 3)]),
                ("paid".to_owned(), vec![facet(true, 2)]),
            ]
        );
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(78.0).to_string(), "78");
        assert_eq!(number(-0.0).to_string(), "0");
        assert_eq!(number(0.5).to_string(), "0.5");
        assert_eq!(number(1e300).to_string(), "1e+300");
    }
}
