//! Edits of odd names on real transcripts, and fields configured after the import.
use crate::scan::{is, values};
use crate::world::{Imported, World, decoded, encoded};
use serde_json::{Value, json};

const CHANGED: &str = "...change his/her mind about what he/she wants at any time?";
const UNSURE: &str = "Where you unsure about what to do at any time? (Feel free to send us an email with details.)";

/// Ids found by a search that sees the write with this mark.
fn found_after(world: &World, org: &Imported, q: &str, mark: &str) -> Vec<String> {
    let answer = world.search(org, &json!({"q": q, "fields": "tid", "after": mark, "sort": "tid", "sortdir": "asc"}));
    answer["results"].as_array().unwrap().iter().map(|row| row["tid"].as_str().unwrap().to_owned()).collect()
}

pub fn odd_names_are_edited_and_found(world: &World) {
    let chat = world.of("Chat");
    let path = "/metadata/Helpdesk/Chat/star-519";
    let before = world.server.get(path).ok(200);
    let mut expected = before.clone();
    let body = json!({CHANGED: true, "BANK_BALANCE.pin": "0007", "hotel_book.Name": "Zum Löwen / Krone?",
        "restaurant_book.PartySize": "a few", "what (is/this)? = 问题: ...": ["x:y", "=z"]});
    let answer = world.server.patch(path, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let unindexed = answer.header("linernotes-unindexed").unwrap_or_default().to_owned();
    assert_eq!(decoded(&unindexed), "what (is/this)? = 问题: ...", "one name is not configured");
    let mark = answer.header("linernotes-mark").unwrap().to_owned();
    for (name, value) in body.as_object().unwrap() {
        let name = if name == "BANK_BALANCE.pin" { "bank_balance.PIN" } else { name };
        expected[name] = value.clone();
    }
    let spelled = |object: &Value| -> Vec<(String, Value)> {
        let mut all: Vec<_> = object.as_object().unwrap().iter().map(|(k, v)| (k.to_lowercase(), v.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    assert_eq!(spelled(&answer.json()), spelled(&expected));
    for q in ["bank_balance.PIN:0007", r#"hotel_book.Name:"zum löwen / krone?""#, r#"hotel_book.Name:*LÖWEN*"#] {
        assert_eq!(found_after(world, chat, q, &mark), ["star-519"], "{q}");
    }
    let mut changed = world.scanned(chat, &|r| is(r, CHANGED, "true"));
    changed.push("star-519".to_owned());
    changed.sort();
    changed.dedup();
    assert_eq!(found_after(world, chat, &format!("\"{CHANGED}\":true"), &mark), changed);
    // Taken away again, by a list and by names in the path's query.
    world
        .server
        .json("DELETE", path, &json!(["bank_balance.PIN", "hotel_book.Name", "restaurant_book.PartySize"]))
        .ok(200);
    let names = [CHANGED, "what (is/this)? = 问题: ..."].map(encoded).join(",");
    let answer = world.server.delete(&format!("{path}?fields={names}"));
    let mark = answer.header("linernotes-mark").unwrap().to_owned();
    assert_eq!(answer.ok(200).get(CHANGED), None);
    assert_eq!(found_after(world, chat, "bank_balance.PIN:0007 OR hotel_book.Name:*löwen*", &mark), [""; 0]);
    changed.retain(|tid| tid != "star-519");
    assert_eq!(found_after(world, chat, &format!("\"{CHANGED}\":true"), &mark), changed);
    // PUT brings everything back as it was imported.
    world.server.put(path, &before).ok(200);
    assert_eq!(world.server.get(path).ok(200), before);
    // A reserved name that was ingested stays, is shown, and is refused to edits.
    let talk = world.of("Bitcoin").records.iter().find(|(_, r)| r["client_data"]["speakers"].is_array()).unwrap();
    let path = format!("/metadata/Talks/Bitcoin/{}", encoded(talk.0));
    assert_eq!(world.server.patch(&path, &json!({"speakers": ["me"]})).code(422), "name_reserved");
    assert_eq!(world.server.get(&path).ok(200), talk.1["client_data"]);
}

pub fn a_field_configured_later_is_found(world: &World) {
    let chat = world.of("Chat");
    let path = "/config/Helpdesk/Chat/Star";
    let born = "bank_fraud_report.DateOfBirth";
    let mut fields = world.server.get(path).ok(200)["custom_meta"].as_array().unwrap().clone();
    let without_pin: Vec<Value> = fields.iter().filter(|f| *f != "bank_balance.PIN").cloned().collect();
    fields = without_pin;
    fields.extend([
        json!({"name": born, "type": "datetime"}),
        json!({"name": UNSURE, "type": "boolean"}),
        json!("bank_balance.DateOfBirth"),
    ]);
    world.server.post(path, &json!({"custom_meta": fields})).ok(200);
    world.server.settle();
    let unsure = world.scanned(chat, &|r| is(r, UNSURE, "true"));
    assert!(!unsure.is_empty());
    assert_eq!(world.found(chat, &format!("\"{UNSURE}\":true")), unsure);
    // 31 June 1996 is no day: as a datetime it is not found, as text it is, and it stays what it was.
    let impossible = world.scanned(chat, &|r| is(r, "bank_balance.DateOfBirth", "31/06/1996"));
    assert!(!impossible.is_empty());
    assert_eq!(world.found(chat, r#""bank_balance.DateOfBirth":"31/06/1996""#), impossible);
    let fits = |r: &Value| values(r, born).iter().any(|v| v.len() >= 10 && v.as_bytes()[4] == b'-');
    assert_eq!(world.found(chat, &format!("\"{born}\":*")), world.scanned(chat, &fits));
    let kept = world.server.get(&format!("/metadata/Helpdesk/Chat/{}", impossible[0])).ok(200);
    assert_eq!(kept["bank_balance.DateOfBirth"], "31/06/1996");
    // A field taken out is no longer searchable, and still in the archive.
    let body = json!({"q": "bank_balance.PIN:0314"});
    assert_eq!(world.server.post("/search/Helpdesk/Chat", &body).code(400), "field_not_configured");
    let pin = world.scanned(chat, &|r| is(r, "bank_balance.PIN", "0314"));
    assert_eq!(world.server.get(&format!("/metadata/Helpdesk/Chat/{}", pin[0])).ok(200)["bank_balance.PIN"], "0314");
}
