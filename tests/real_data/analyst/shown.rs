//! What answers show of a match: the turns, the words under the spans.
use crate::scan::hall::{Hall, places};
use crate::scan::said::{Said, said};
use crate::scan::turns;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Organisation, query, and what it means.
type Shown = (&'static str, &'static str, fn() -> Said);

const ASKED: &[Shown] = &[
    ("Chat", "cancel*", || said("cancel*")),
    ("Chat", r#""thank* you""#, || said("thank* you")),
    ("Chat", r#"client:"^ i want* to""#, || said("i want* to").first().by("user")),
    ("Chat", r#""book room"~4"#, || said("book room").within(4)),
    ("Primary", r#""chest pain"~t"#, || said("chest pain").anywhere()),
    ("Primary", "/(para|anti)[a-z]+/~s>60", || said("/(para|anti)[a-z]+/").from(60.0)),
    ("Phone", "novmeber~1", || said("novmeber~1")),
    ("Calls-21", r#""net income"~3"#, || said("net income").within(3)),
    ("Bitcoin", r#""block block size"~2"#, || said("block block size").within(2)),
    ("Bitcoin", "transacci*", || said("transacci*")),
];

/// At most so many rows of an answer, and turns of a row.
const ROWS: usize = 10;
const TURNS: usize = 100;

pub fn moments_show_what_was_asked(world: &World, halls: &BTreeMap<&str, Hall<'_>>) {
    for (org, q, meaning) in ASKED {
        let hall = &halls[org];
        let said = meaning();
        let answer = world.search(world.of(org), &json!({"q": q, "size": ROWS, "moments": TURNS, "fields": "tid"}));
        let rows = answer["results"].as_array().unwrap();
        assert!(!rows.is_empty(), "{q} tells nothing");
        for row in rows {
            let record = &hall.records[row["tid"].as_str().unwrap()];
            let texts: Vec<String> = turns(record.json).map(|(_, text)| text).collect();
            let heard = record.turns.iter().enumerate();
            let heard = heard.filter(|(_, turn)| said.in_turn(&hall.vocabulary, record, turn)).take(TURNS);
            let expected: Vec<Value> = heard
                .map(|(number, turn)| {
                    let words = places(&texts[number]);
                    let spans = said.shown(&hall.vocabulary, turn).into_iter();
                    let spans: Vec<_> = spans.map(|(first, last)| [words[first].0, words[last].1]).collect();
                    json!({"turn": number, "text": texts[number], "spans": spans})
                })
                .collect();
            let shown = row["moments"].as_array().unwrap().iter();
            let found: Vec<Value> =
                shown.map(|m| json!({"turn": m["turn"], "text": m["text"], "spans": m["spans"]})).collect();
            assert_eq!(found, expected, "{q}: {}", row["tid"]);
        }
    }
}
