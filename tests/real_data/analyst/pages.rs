//! Order by several keys, and walks with cursors over everything.
use crate::scan::{numbers, values};
use crate::world::{Imported, World};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// Name, whether it holds numbers, whether descending.
type Key = (&'static str, bool, bool);

const ORDERS: &[(&str, &str, &[Key])] = &[
    (
        "Chat",
        "Domains:asc,restaurant_book.PartySize:desc,DialogueID:asc",
        &[("Domains", false, false), ("restaurant_book.PartySize", true, true), ("DialogueID", true, false)],
    ),
    (
        "Chat",
        "CompletionLevel:desc,BatchID,Task:asc",
        &[("CompletionLevel", false, true), ("BatchID", false, true), ("Task", false, false)],
    ),
    ("Phone", "name_last:asc,name_first:desc", &[("name_last", false, false), ("name_first", false, true)]),
    ("Calls-21", "sector:desc,audio_length:asc", &[("sector", false, true), ("audio_length", true, false)]),
    (
        "Bitcoin",
        "lang:asc,episode:desc,date:asc",
        &[("lang", false, false), ("episode", true, true), ("date", false, false)],
    ),
];

/// A missing value comes last; of several the least counts going up, the greatest going down.
fn compared(one: &Value, other: &Value, (name, number, descending): Key) -> Ordering {
    let ends = |record: &Value| {
        let mut all: Vec<(f64, String)> = if number {
            numbers(record, name).into_iter().map(|n| (n, String::new())).collect()
        } else {
            values(record, name).into_iter().map(|v| (0.0, v.trim().to_lowercase())).collect()
        };
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        if descending { all.pop() } else { all.into_iter().next() }
    };
    match (ends(one), ends(other)) {
        (Some(one), Some(other)) => {
            let order = one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1));
            if descending { order.reverse() } else { order }
        }
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

pub fn rows_come_in_order_of_several_keys(world: &World) {
    for (org, sort, keys) in ORDERS {
        let org = world.of(org);
        let mut rows: Vec<(&String, &Value)> = org.records.iter().collect();
        rows.sort_by(|a, b| {
            let mut orders = keys.iter().map(|key| compared(a.1, b.1, *key));
            orders.find(|order| order.is_ne()).unwrap_or_else(|| a.0.cmp(b.0))
        });
        let found = world.ids(org, &json!({"sort": sort}));
        let wrong = found.iter().zip(&rows).position(|(found, row)| found != row.0);
        assert_eq!((found.len(), wrong), (rows.len(), None), "{sort}");
    }
}

const WALKS: &[(&str, &str, &str)] = &[
    ("Chat", "", "datetime"),
    ("Chat", "", "Domains:asc,Happy:desc"),
    ("Chat", r#"cancel* OR "thank you"~2"#, "score"),
    ("Phone", "", "name_last:asc,dob:desc"),
    ("Bitcoin", "bitcoin", "episode:asc,score:desc"),
    ("Bitcoin", "", "tags:desc"),
    ("Odd-Cases", "", "date:asc"),
];

pub fn cursors_walk_as_offsets_do(world: &World) {
    for (org, q, sort) in WALKS {
        let org = world.of(org);
        let whole = world.ids(org, &json!({"q": q, "sort": sort}));
        assert_eq!(walked(world, org, q, sort, whole.len() / 7 + 1), whole, "{q:?} by {sort}");
    }
}

fn walked(world: &World, org: &Imported, q: &str, sort: &str, size: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), json!(""));
    while !cursor.is_null() {
        let body = json!({"q": q, "sort": sort, "fields": "tid", "size": size, "cursor": cursor});
        let answer = world.search(org, &body);
        let rows = answer["results"].as_array().unwrap();
        assert!(!rows.is_empty(), "no page is empty");
        ids.extend(rows.iter().map(|row| row["tid"].as_str().unwrap().to_owned()));
        cursor = answer["cursor"].clone();
    }
    ids
}
