//! Facets with prefixes, statistics, histograms, several sort keys.
use super::server;
use crate::support::Server;
use serde_json::{Value, json};

#[test]
fn facets_have_sizes_and_prefixes() {
    let server = server();
    let facets = server.find("facets=queue:10:S*,direction:smi*,vip:2,folder:1:o*")["facets"].clone();
    assert_eq!(facets["queue"], json!([{"value": "Sales", "count": 1}, {"value": "support", "count": 1}]));
    assert_eq!(facets["direction"], json!([{"value": "Smithson", "count": 1}]));
    assert_eq!(facets["vip"], json!([{"value": false, "count": 1}, {"value": true, "count": 1}]));
    assert_eq!(facets["folder"], json!([{"value": "Other", "count": 1}]));
    let answer = server.get("/search/Acme/Acme-Sales?facets=hold_time:3*");
    assert!(answer.json()["detail"].as_str().unwrap().contains("has no text values"));
    assert_eq!(server.get("/search/Acme/Acme-Sales?facets=queue,Queue").code(400), "parameter_invalid");
}

#[test]
fn statistics_tell_of_every_type_what_it_has() {
    let server = server();
    let found = server.find("stats=hold_time,queue,called,vip,duration,folder&size=0");
    let stats = &found["stats"];
    assert_eq!(
        stats["hold_time"],
        json!({"count": 3, "distinct": 3, "missing": 2, "min": 30, "max": 90.5, "sum": 180.5, "avg": 180.5 / 3.0})
    );
    assert_eq!(stats["queue"], json!({"count": 4, "distinct": 3, "missing": 2}));
    assert_eq!(
        stats["called"],
        json!({"count": 2, "distinct": 2, "missing": 3, "min": "2026-01-05T00:00:00+01:00", "max": "2026-02-01T11:00:00+01:00"})
    );
    assert_eq!(stats["vip"], json!({"count": 2, "distinct": 2, "missing": 3}));
    assert_eq!(stats["folder"], json!({"count": 5, "distinct": 2, "missing": 0}));
    assert_eq!(found["unconfigured"]["hold_time"], json!(["Other"]));
    let none = server.find("q=nothingsaid&stats=hold_time")["stats"]["hold_time"].clone();
    assert_eq!(
        (&none["count"], &none["missing"], none.get("min"), none.get("avg")),
        (&json!(0), &json!(0), None, None)
    );
}

#[test]
fn histograms_of_too_many_buckets_are_refused_in_words() {
    let server = Server::acme();
    let list = json!([{"name": "marks", "type": "number"}]);
    server.post("/config/Acme/Acme-Sales/Inbound", &json!({"custom_meta": list})).ok(200);
    for from in [0, 4_000, 8_000] {
        let marks: Vec<u32> = (from..from + 4_000).collect();
        server.bring(&format!("m{from}"), &json!({"marks": marks}), &[("agent", "hello")]).ok(201);
    }
    server.settle();
    let buckets = server.find("size=0&histogram=marks:2")["histogram"]["marks"].clone();
    assert_eq!(buckets.as_array().unwrap().len(), 6_000);
    let answer = server.get("/search/Acme/Acme-Sales?size=0&histogram=marks:1");
    assert!(
        answer.json()["detail"].as_str().unwrap().contains("more than 10000 buckets; take a wider step"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.code(400), "query_too_large");
}

#[test]
fn histograms_count_by_steps_and_by_the_calendar_of_the_organisation() {
    let server = server();
    let found = server.find("histogram=datetime:1d,hold_time:30,called:1M&size=0")["histogram"].clone();
    let day = |day: u32, count: u64| json!({"key": format!("2026-01-{day:02}T00:00:00+01:00"), "count": count});
    assert_eq!(found["datetime"], json!([day(5, 1), day(6, 1), day(7, 1), day(8, 1), day(9, 1)]));
    assert_eq!(found["hold_time"], json!([{"key": 30, "count": 1}, {"key": 60, "count": 1}, {"key": 90, "count": 1}]));
    assert_eq!(
        found["called"],
        json!([{"key": "2026-01-01T00:00:00+01:00", "count": 1}, {"key": "2026-02-01T00:00:00+01:00", "count": 1}])
    );
    let found = server.find("q=cancel&histogram=hold_time:100")["histogram"].clone();
    assert_eq!(found, json!({"hold_time": [{"key": 0, "count": 2}]}));
    for wrong in ["hold_time:1d", "datetime:5", "queue:1", "datetime", "note:1", "datetime:7h"] {
        assert_eq!(server.get(&format!("/search/Acme/Acme-Sales?histogram={wrong}")).code(400), "parameter_invalid");
    }
    let many = server.get("/search/Acme/Acme-Sales?histogram=hold_time:0.0000001");
    assert_eq!(many.status, 200, "{}", many.text());
}

#[test]
fn organisations_of_different_zones_are_counted_in_utc_and_told() {
    let server = server();
    server.post("/config/Acme/orgs", &json!({"Acme-West": {"timezone": "America/New_York"}})).ok(200);
    server.post("/config/Acme/Acme-West/folders", &json!({"Desk": {"custom_meta": ["queue"]}})).ok(200);
    let body = json!({"client_data": {"queue": "Billing", "datetime": "2026-01-06 23:30:00"}, "utterances": []});
    server.put("/transcripts/Acme/Acme-West/a1?folder=Desk", &body).ok(201);
    server.settle();
    let found = server
        .get("/search/Acme?histogram=datetime:1d&facets=queue:1&stats=queue,datetime&sort=queue:desc,tid&size=3")
        .ok(200);
    let days: Vec<&str> =
        found["histogram"]["datetime"].as_array().unwrap().iter().map(|b| b["key"].as_str().unwrap()).collect();
    assert_eq!(days.len(), 5);
    assert!(days.iter().all(|day| day.ends_with("T00:00:00+00:00")), "{days:?}");
    assert_eq!(found["facets"]["queue"][0]["count"], 3, "values of both organisations are added up");
    assert_eq!(found["stats"]["queue"]["count"], 5);
    let warning = found["warnings"][0].as_str().unwrap();
    assert!(warning.contains("different time zones") && warning.contains("UTC"), "{warning}");
    assert_eq!(found["results"][0]["tid"], "a3", "sorted by fields of both: {found}");
    let own = server.find("histogram=datetime:1d");
    assert!(own.get("warnings").is_none());
}

#[test]
fn rows_are_ordered_by_several_keys() {
    let server = server();
    server.bring("a5", &json!({"queue": "billing", "hold_time": 30}), &[]).ok(201);
    assert_eq!(server.ids("sort=queue:asc,hold_time:desc&q=queue:*"), ["a2", "a1", "a5", "a3"]);
    assert_eq!(server.ids("sort=queue,hold_time&sortdir=asc&q=queue:*"), ["a1", "a5", "a2", "a3"]);
    assert_eq!(server.ids("sort=hold_time:asc,tid:desc&q=queue:*"), ["a5", "a1", "a3", "a2"]);
    assert_eq!(server.ids("q=cancel&sort=folder:desc,score"), ["o1", "a2", "a1"]);
    assert_eq!(server.ids("sort=%22hold_time%22:desc&q=hold_time:*&size=1"), ["a2"]);
    for wrong in ["queue:up", "note", "a,b,c,d,e,f,g,h,i"] {
        assert_eq!(server.get(&format!("/search/Acme/Acme-Sales?sort={wrong}")).code(400), "parameter_invalid");
    }
    assert_eq!(server.get("/search/Acme/Acme-Sales?sort=shoe").code(400), "field_unknown");
}

fn with_pin() -> (Server, String) {
    let server = Server::acme();
    server.post("/config/Acme/Acme-Sales", &json!({"fields": {"pin": {"type": "varchar", "pii": true}}})).ok(200);
    server.post("/config/Acme/Acme-Sales/Inbound", &json!({"custom_meta": ["pin", "queue"]})).ok(200);
    server.bring("p1", &json!({"pin": "0314", "queue": "a"}), &[("agent", "hello")]).ok(201);
    server.settle();
    let made = server.post("/tokens", &json!({"name": "reader", "rights": ["read"]})).ok(201);
    let token = made["token"].as_str().unwrap().to_owned();
    (server, token)
}

#[test]
fn personal_data_is_neither_ordered_nor_counted_without_the_right() {
    let (server, reader) = with_pin();
    for query in ["sort=pin", "sort=queue,PIN:asc", "facets=pin", "facets=pin:5:0*", "stats=pin", "histogram=pin:1"] {
        let answer = server.send("GET", &format!("/search/Acme/Acme-Sales?{query}&token={reader}"), &[], None);
        assert_eq!(answer.code(403), "right_missing", "{query}");
    }
    assert_eq!(server.find("facets=pin&stats=pin&sort=pin")["stats"]["pin"]["count"], 1);
    let row: Value = server.send("GET", &format!("/search/Acme/Acme-Sales?token={reader}"), &[], None).ok(200);
    assert_eq!(row["results"][0]["pin"], "***");
    let whole: Value =
        server.send("GET", &format!("/search/Acme/Acme-Sales?output=details&token={reader}"), &[], None).ok(200);
    assert_eq!(whole["results"][0]["client_data"], json!({"pin": "***", "queue": "a"}));
    assert_eq!(
        server.get("/search/Acme/Acme-Sales?output=details").ok(200)["results"][0]["client_data"]["pin"],
        "0314"
    );
    let zip = server.send("GET", &format!("/search/Acme/Acme-Sales?output=zip&token={reader}"), &[], None);
    let files = super::archives::unpacked(&zip);
    assert!(files["Inbound/p1.jsonmeta"].contains(r#""pin":"***""#), "{files:?}");
    assert!(!files.values().any(|file| file.contains("0314")));
    let zip = server.get("/search/Acme/Acme-Sales?output=zip");
    assert!(super::archives::unpacked(&zip)["Inbound/p1.jsonmeta"].contains(r#""pin":"0314""#));
}

#[test]
fn personal_data_is_found_by_who_knows_it_and_not_by_trying() {
    let (server, reader) = with_pin();
    let ask = |query: &str| server.send("GET", &format!("/search/Acme/Acme-Sales?{query}&token={reader}"), &[], None);
    for whole in ["q=pin:0314", "q=pin:%220314%22", "terms.pin=0314", "q=pin:*", "q=queue:a*%20pin:0314"] {
        assert_eq!(ask(whole).ok(200)["total"], 1, "{whole}");
    }
    for trying in
        ["q=pin:0*", "q=-pin:03?4", "q=pin:%2F03.*%2F", "q=pin:0315~1", "q=pin:%5B0%20TO%201%5D", "q=pin:%3E0"]
    {
        assert_eq!(ask(trying).code(403), "right_missing", "{trying}");
        server.get(&format!("/search/Acme/Acme-Sales?{trying}")).ok(200);
    }
}
