//! Fields over time (contract section 5): names seen but not configured, retypes, deleting and restoring, options of
//! enums.
use crate::support::Server;
use serde_json::{Value, json};

const ORG: &str = "/config/Acme/Acme-Sales";
const FOLDER: &str = "/config/Acme/Acme-Sales/Inbound";
const OPTIONS: [&str; 3] = ["good", "bad", "odd"];

/// Brings `count` transcripts with the metadata that `of` gives each.
fn bring(server: &Server, count: usize, of: impl Fn(usize) -> Value) {
    let line = |n: usize| json!({"tid": format!("t{n:04}"), "client_data": of(n), "utterances": []}).to_string() + "\n";
    let lines: String = (0..count).map(line).collect();
    server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound", &[], Some(lines.as_bytes()));
    server.settle();
}

fn field(name: &str) -> String {
    format!("{ORG}/fields/{name}")
}

fn token(server: &Server, scope: &Value) -> Vec<(&'static str, String)> {
    let made = server.post("/tokens", scope).ok(201);
    vec![("Authorization", format!("Bearer {}", made["token"].as_str().unwrap()))]
}

fn as_(server: &Server, token: &[(&str, String)], method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut headers: Vec<(&str, &str)> = token.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("Content-Type", "application/json"));
    let text = body.map(ToString::to_string);
    let answer = server.send(method, path, &headers, text.as_deref().map(str::as_bytes));
    (answer.status, answer.json())
}

#[test]
fn names_seen_but_not_configured_are_told_with_counts_types_and_samples_and_promoted_in_one_call() {
    let mut server = Server::acme();
    bring(&server, 40, |n| {
        json!({"queue": "a", "Rating": n % 5, "paid": n % 2 == 0, "when": "2026-01-31", "agentid": "x",
            "address": {"city": "Bonn"}, "code": if n == 7 { json!("A-7") } else { json!(n) }})
    });
    let told = server.get(&format!("{FOLDER}/unconfigured")).ok(200);
    assert_eq!((&told["transcripts"], &told["looked"], &told["complete"]), (&json!(40), &json!(40), &json!(true)));
    let types: Vec<(&str, &Value, u64)> = told["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), &f["type"], f["transcripts"].as_u64().unwrap()))
        .collect();
    let (number, boolean) = (json!("number"), json!("boolean"));
    let (varchar, datetime, none) = (json!("varchar"), json!("datetime"), Value::Null);
    assert_eq!(
        types,
        [
            ("address", &none, 40),
            ("code", &varchar, 40),
            ("paid", &boolean, 40),
            ("Rating", &number, 40),
            ("when", &datetime, 40)
        ]
    );
    let part = server.get(&format!("{FOLDER}/unconfigured?sample=5")).ok(200);
    assert_eq!((&part["looked"], &part["complete"]), (&json!(5), &json!(false)));
    assert_eq!(part["fields"].as_array().unwrap().len(), 5);
    assert_eq!(server.get(&format!("{FOLDER}/unconfigured?sample=0")).code(400), "parameter_invalid");
    assert_eq!(
        server.post(&format!("{FOLDER}/unconfigured"), &json!({"fields": ["address"]})).code(422),
        "config_invalid"
    );
    assert_eq!(
        server.post(&format!("{FOLDER}/unconfigured"), &json!({"fields": ["nobody"]})).code(422),
        "config_invalid"
    );
    let body = json!({"fields": ["Rating", "paid", {"name": "code", "type": "text"}, "queue"]});
    let done = server.post(&format!("{FOLDER}/unconfigured"), &body).ok(200);
    assert_eq!(done["promoted"].as_array().unwrap().len(), 3, "{done}");
    server.settle();
    assert_eq!(server.find("q=rating:%3E3&output=count")["count"], 8);
    assert_eq!(server.find("q=code:7&output=count")["count"], 1);
    let left = server.get(&format!("{FOLDER}/unconfigured")).ok(200);
    assert_eq!(left["fields"].as_array().unwrap().len(), 2);
    server.stop_and_verify();
}

#[test]
fn what_may_not_be_seen_is_absent_and_what_lacks_the_right_is_refused() {
    let server = Server::acme();
    bring(&server, 3, |_| json!({"secret": "s3cret"}));
    let elsewhere = token(
        &server,
        &json!({"name": "e", "company": "Acme", "org": "Acme-Sales", "folder": "Other",
        "rights": ["read", "config"]}),
    );
    let reader = token(&server, &json!({"name": "r", "company": "Acme", "rights": ["read"]}));
    let configurer = token(&server, &json!({"name": "c", "company": "Acme", "rights": ["config"]}));
    let number = json!({"type": "number"});
    let list = json!({"fields": ["secret"]});
    let inbound = format!("{FOLDER}/unconfigured");
    for (method, path, body) in
        [("GET", inbound.clone(), None), ("POST", inbound.clone(), Some(&list)), ("GET", field("queue"), None)]
    {
        assert_eq!(as_(&server, &elsewhere, method, &path, body).0, 404, "{method} {path}");
    }
    for (method, path, body) in [
        ("POST", field("queue"), Some(&number)),
        ("DELETE", field("queue"), None),
        ("POST", format!("{}/restore", field("queue")), None),
        ("DELETE", field("nobody"), None),
    ] {
        assert_eq!(as_(&server, &elsewhere, method, &path, body).0, 403, "{method} {path}");
        assert_eq!(as_(&server, &reader, method, &path, body).0, 403, "{method} {path}");
    }
    assert_eq!(as_(&server, &reader, "POST", &inbound, Some(&list)).0, 403);
    let (status, told) = as_(&server, &reader, "GET", &inbound, None);
    assert_eq!((status, &told["fields"][0]["samples"]), (200, &json!(["s3cret"])));
    let (_, told) = as_(&server, &configurer, "GET", &inbound, None);
    assert!(told["fields"][0].get("samples").is_none(), "values are read with the right to read: {told}");
    assert_eq!(as_(&server, &configurer, "DELETE", &format!("{}?hard=true", field("queue")), None).0, 403);
    assert_eq!(server.get(&field("nobody")).code(404), "not_found");
    assert_eq!(server.delete(&field("nobody")).code(404), "not_found");
    assert_eq!(server.post(&field("nobody?unbar=true"), &json!({"type": "x"})).code(422), "config_invalid");
    assert_eq!(server.post(&field("agentid"), &json!({})).code(422), "name_reserved");
    assert_eq!(server.get("/config/Acme/Nope/fields").code(404), "not_found");
}

fn sizes(server: &Server, count: usize) {
    server.post(FOLDER, &json!({"custom_meta": ["queue", "size"]})).ok(200);
    bring(server, count, |n| {
        let size = match n % 4 {
            0 => json!("10"),
            1 => json!(n),
            2 => json!("large"),
            _ => json!(null),
        };
        json!({"queue": "a", "size": size})
    });
}

#[test]
fn a_retype_is_previewed_and_then_switches_at_once() {
    let mut server = Server::acme();
    sizes(&server, 800);
    let preview = server.post(&format!("{}?dry_run=true", field("size")), &json!({"type": "number"})).ok(200);
    for (key, count) in [("transcripts", 800), ("stored", 600), ("fit", 200), ("coerced", 200), ("misfit", 200)] {
        assert_eq!(preview[key], count, "{key}: {preview}");
    }
    assert_eq!(preview["does"], "retype");
    assert_eq!(preview["samples"]["coerced"][0], json!({"tid": "t0000", "folder": "Inbound", "value": "10"}));
    assert_eq!(preview["samples"]["misfit"][0]["tid"], "t0002");
    assert_eq!(preview["samples"]["misfit"].as_array().unwrap().len(), 10);
    assert_eq!(server.get(&field("size")).ok(200)["type"], "varchar", "a preview changes nothing");
    let refused = server.post(ORG, &json!({"fields": {"size": {"type": "number"}}}));
    assert_eq!(refused.code(422), "config_invalid");
    let begun = server.post(&field("size"), &json!({"type": "number"})).ok(200);
    assert_eq!(
        (&begun["type"], &begun["state"], &begun["serving"]["type"]),
        (&json!("number"), &json!("retyping"), &json!("varchar"))
    );
    // Edits are judged by the new type at once.
    assert_eq!(server.patch("/metadata/Acme/Acme-Sales/t0000", &json!({"size": "huge"})).code(422), "type_mismatch");
    let mut looks = 0;
    loop {
        // 10 is found as a text and as a number: never by a part of the transcripts.
        assert_eq!(server.find("q=size:10&output=count")["count"], 200);
        let all = server.find("q=size:*&output=count")["count"].as_u64().unwrap();
        assert!([600, 400].contains(&all), "half a state: {all}");
        looks += 1;
        let state = server.get(&field("size")).ok(200);
        if state["state"] == "ok" {
            assert!(state.get("serving").is_none());
            break;
        }
        assert!(looks < 20_000, "{state}");
    }
    server.settle();
    assert_eq!(server.find("q=size:%5B11%20TO%20100%5D&output=count")["count"], 22);
    assert_eq!(server.find("q=size:*&output=count")["count"], 400);
    let rows = server.find("q=tid:t0002");
    assert!(rows["results"][0].get("size").is_none(), "{rows}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t0002").ok(200)["size"], "large");
    // The same once more does nothing.
    let again = server.post(&format!("{}?dry_run=true", field("size")), &json!({"type": "number"})).ok(200);
    assert_eq!(again["does"], "none");
    server.stop_and_verify();
}

#[test]
fn a_retype_cut_off_by_a_crash_is_completed() {
    let mut server = Server::acme();
    sizes(&server, 1_200);
    server.post(&field("size"), &json!({"type": "number"})).ok(200);
    for _ in 0..3 {
        server.kill();
        server.spawn();
        let state = server.get(&field("size")).ok(200);
        assert_eq!(state["type"], "number", "{state}");
    }
    server.settle();
    assert_eq!(server.get(&field("size")).ok(200)["state"], "ok");
    assert_eq!(server.find("q=size:10&output=count")["count"], 300);
    assert_eq!(server.find("q=size:*&output=count")["count"], 600);
    assert_eq!(server.find("stats=size&q=size:%3C10&output=summary&size=0")["total"], 3);
    server.stop_and_verify();
}

#[test]
fn a_retype_may_be_turned_back_while_it_runs() {
    let mut server = Server::acme();
    sizes(&server, 400);
    server.post(&field("size"), &json!({"type": "number"})).ok(200);
    server.post(&field("size"), &json!({"type": "varchar"})).ok(200);
    server.settle();
    assert_eq!(server.get(&field("size")).ok(200)["state"], "ok");
    assert_eq!(server.find("q=size:large&output=count")["count"], 100);
    server.stop_and_verify();
}

#[test]
fn a_field_deleted_softly_comes_back_and_one_deleted_for_good_is_barred() {
    let mut server = Server::acme();
    bring(&server, 60, |n| json!({"queue": if n % 2 == 0 { "billing" } else { "sales" }, "hold_time": n}));
    let dry = server.delete(&format!("{}?dry_run=true", field("queue"))).ok(200);
    let all = json!({"transcripts": 60, "database": 60, "index": 60, "archive": 60});
    assert_eq!((&dry["stores"], &dry["folders"]), (&all, &json!(["Inbound"])));
    let told = server.delete(&field("queue")).ok(200);
    assert_eq!((&told["stores"], &told["deleted"]), (&all, &json!("soft")));
    server.settle();
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=queue:billing").code(400), "field_not_configured");
    assert_eq!(server.get(&field("queue")).code(404), "not_found");
    assert_eq!(server.get(&format!("{}?include_deleted=true", field("queue"))).ok(200)["state"], "deleted");
    assert!(server.get(&format!("{ORG}/fields")).ok(200).get("queue").is_none());
    assert_eq!(
        server.get(&format!("{ORG}/fields?include_deleted=true")).ok(200)["queue"]["folders"],
        json!(["Inbound"])
    );
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t0000").ok(200)["queue"], "billing");
    let back = server.request("POST", &format!("{}/restore", field("queue")), &[], None).ok(200);
    assert_eq!(back["stores"], json!({"transcripts": 60, "database": 0, "index": 0, "archive": 60}));
    server.settle();
    assert_eq!(server.find("q=queue:billing&output=count")["count"], 30);
    assert_eq!(server.request("POST", &format!("{}/restore", field("queue")), &[], None).code(409), "field_exists");
    // For good.
    let gone = server.delete(&format!("{}?hard=true", field("queue")));
    assert!(gone.header("linernotes-job").is_some());
    assert_eq!(gone.ok(202)["deleted"], "hard");
    assert_eq!(server.patch("/metadata/Acme/Acme-Sales/t0001", &json!({"queue": "x"})).code(422), "field_barred");
    assert_eq!(server.post(FOLDER, &json!({"custom_meta": ["queue"]})).code(422), "field_barred");
    assert_eq!(server.post(&field("queue"), &json!({"type": "varchar"})).code(422), "field_barred");
    let begun = std::time::Instant::now();
    while server.get("/jobs").ok(200).to_string().contains("\"running\"") {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    server.settle();
    assert!(server.get("/metadata/Acme/Acme-Sales/t0000").ok(200).get("queue").is_none());
    server.bring("late", &json!({"queue": "billing", "hold_time": 1}), &[]).ok(201);
    let late = server.get("/metadata/Acme/Acme-Sales/late").ok(200);
    assert_eq!((late.get("queue"), &late["hold_time"]), (None, &json!(1)), "kept out on the way in");
    server.kill();
    server.spawn();
    assert_eq!(server.get(&format!("{ORG}/fields?include_deleted=true")).ok(200)["queue"], json!({"state": "barred"}));
    assert_eq!(server.patch("/metadata/Acme/Acme-Sales/t0001", &json!({"queue": "x"})).code(422), "field_barred");
    server.post(&format!("{}?unbar=true", field("queue")), &json!({"type": "varchar"})).ok(200);
    server.patch("/metadata/Acme/Acme-Sales/t0001", &json!({"queue": "x"})).ok(200);
    server.settle();
    server.stop_and_verify();
}

#[test]
fn options_of_an_enum_are_added_renamed_and_retired() {
    let mut server = Server::acme();
    server.post(&field("grade"), &json!({"type": "enum", "values": ["good", "bad", "odd"], "multi": true})).ok(200);
    server.post(FOLDER, &json!({"custom_meta": ["grade"]})).ok(200);
    bring(&server, 30, |n| json!({"grade": [OPTIONS[n % 3]]}));
    server.post(&field("grade"), &json!({"values": ["good", "bad", "odd", "new"]})).ok(200);
    server.patch("/metadata/Acme/Acme-Sales/t0000", &json!({"grade": ["good", "new"]})).ok(200);
    let renamed = server.post(&field("grade"), &json!({"rename": {"bad": "poor"}, "retire": ["odd"]})).ok(200);
    assert_eq!(renamed["values"], json!(["good", "poor", "new"]), "{renamed}");
    server.settle();
    assert_eq!(server.find("q=grade:poor&output=count")["count"], 10);
    assert_eq!(server.find("q=grade:odd&output=count")["count"], 10);
    let rows = server.find("q=tid:t0001");
    assert_eq!(rows["results"][0]["grade"], json!(["poor"]), "{rows}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t0001").ok(200)["grade"], json!(["bad"]), "as it was sent");
    assert_eq!(server.patch("/metadata/Acme/Acme-Sales/t0003", &json!({"grade": "odd"})).code(422), "type_mismatch");
    server.patch("/metadata/Acme/Acme-Sales/t0002", &json!({"note": "x"})).ok(200);
    let used = server.get(&format!("{}?usage=true", field("grade"))).ok(200);
    assert_eq!(
        used["usage"]["options"],
        json!([
            {"value": "good", "state": "current", "transcripts": 10},
            {"value": "poor", "state": "current", "transcripts": 10},
            {"value": "new", "state": "current", "transcripts": 1},
            {"value": "odd", "state": "retired", "transcripts": 10}
        ])
    );
    assert_eq!(used["usage"]["former"], json!({"bad": 10}));
    assert_eq!(server.post(&field("grade"), &json!({"retire": ["nobody"]})).code(422), "config_invalid");
    assert_eq!(server.post(&field("queue"), &json!({"retire": ["a"]})).code(422), "config_invalid");
    server.stop_and_verify();
}
