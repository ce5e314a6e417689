//! Only configured fields reach index and database; the rest passes through (contract sections 2 and 5).
use crate::support::Server;
use crate::support::server::{files, holds};
use serde_json::json;

const FOLDER: &str = "/config/Acme/Acme-Sales/Inbound";

#[test]
fn unconfigured_values_come_back_but_are_not_searchable_nor_in_the_database() {
    let mut server = Server::acme();
    server.bring("R1", &json!({"queue": "billing", "color": "chartreuse"}), &[("agent", "hello")]).ok(201);
    server.patch("/metadata/Acme/Acme-Sales/R1", &json!({"shade": "chartreuse"})).ok(200);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/R1").ok(200)["color"], "chartreuse");
    let refused = server.get("/search/Acme/Acme-Sales?q=color:chartreuse");
    let problem = refused.json();
    assert_eq!(refused.status, 400, "{problem}");
    assert!(problem["code"] == "field_not_configured" || problem["code"] == "field_unknown", "{problem}");
    // Quiet: neither the main file nor its log holds the value; the archive does.
    let begun = std::time::Instant::now();
    let database = || files(&server.data()).into_iter().filter(|p| p.to_string_lossy().contains("main.db"));
    while database().any(|p| holds(&p, "chartreuse")) {
        assert!(begun.elapsed().as_secs() < 30, "the value stays in the database");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    assert!(files(&server.data().join("index")).iter().all(|p| !holds(p, "chartreuse")));
    assert!(files(&server.data().join("archive")).iter().any(|p| holds(p, "chartreuse")));
    server.stop_and_verify();
}

#[test]
fn a_field_added_later_is_back_filled_and_one_taken_out_stays_in_the_archive() {
    let mut server = Server::acme();
    for n in 0..250 {
        let color = if n % 5 == 0 { "teal" } else { "red" };
        server.bring(&format!("t{n:03}"), &json!({"color": color, "queue": "a"}), &[]).ok(201);
    }
    let before = server.get("/metadata/Acme/Acme-Sales/t000");
    let (etag, modified) =
        (before.header("etag").map(str::to_owned), before.header("last-modified").map(str::to_owned));
    server.post(FOLDER, &json!({"custom_meta": ["queue", "Color"]})).ok(200);
    server.settle();
    assert_eq!(server.find("q=color:teal&output=count")["count"], 50);
    assert_eq!(server.get(FOLDER).ok(200)["status"], "OK");
    let after = server.get("/metadata/Acme/Acme-Sales/t000");
    assert_eq!(
        (after.header("etag"), after.header("last-modified")),
        (etag.as_deref(), modified.as_deref()),
        "a back-fill is no edit"
    );
    assert_eq!(after.ok(200)["Color"], "teal", "shown in the configured spelling");
    server.post(FOLDER, &json!({"custom_meta": ["queue"]})).ok(200);
    server.settle();
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=color:teal").status, 400);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t000").ok(200)["color"], "teal");
    server.stop_and_verify();
}

#[test]
fn a_back_fill_goes_on_after_a_crash() {
    let mut server = Server::acme();
    let lines: String = (0..2_000)
        .map(|n| format!("{{\"tid\":\"t{n}\",\"client_data\":{{\"color\":\"teal\"}},\"utterances\":[]}}\n"))
        .collect();
    server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound", &[], Some(lines.as_bytes()));
    server.settle();
    server.post(FOLDER, &json!({"custom_meta": ["color"]})).ok(200);
    server.kill();
    server.spawn();
    server.settle();
    assert_eq!(server.find("q=color:teal&output=count")["count"], 2_000);
    server.stop_and_verify();
}

#[test]
fn edits_during_a_back_fill_are_kept() {
    let server = Server::acme();
    let lines: String = (0..1_000)
        .map(|n| format!("{{\"tid\":\"t{n}\",\"client_data\":{{\"color\":\"teal\"}},\"utterances\":[]}}\n"))
        .collect();
    server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound", &[], Some(lines.as_bytes()));
    server.post(FOLDER, &json!({"custom_meta": ["color"]})).ok(200);
    for n in (0..1_000).step_by(7) {
        server.patch(&format!("/metadata/Acme/Acme-Sales/t{n}"), &json!({"color": "red"})).ok(200);
    }
    assert_eq!(server.find("q=color:red&output=count")["count"], 143);
    assert_eq!(server.find("q=color:teal&output=count")["count"], 857);
}

#[test]
fn names_with_dots_blanks_and_signs_are_ordinary_names() {
    let server = Server::acme();
    let names =
        ["bank_balance.PIN", "hold time", "Did you enjoy this task?", "...find you a suitable ride?", "a/b", "名前"];
    let fields = json!({"Did you enjoy this task?": {"type": "boolean"}});
    server.post("/config/Acme/Acme-Sales", &json!({"fields": fields})).ok(200);
    server.post(FOLDER, &json!({"custom_meta": names})).ok(200);
    let values = json!({"bank_balance.PIN": "0314", "hold time": "x y", "Did you enjoy this task?": true,
        "...find you a suitable ride?": "no", "a/b": "c", "名前": "山田"});
    server.bring("R1", &values, &[]).ok(201);
    server.bring("R2", &json!({"bank_balance.PIN": 314}), &[]).ok(201);
    for query in [
        "%22bank_balance.PIN%22:0314",
        "bank_balance.PIN:0314",
        "%22hold%20time%22:%22X%20Y%22",
        "%22Did%20you%20enjoy%20this%20task?%22:true",
        "%22...find%20you%20a%20suitable%20ride?%22:no",
        "%22a/b%22:C",
        "%E5%90%8D%E5%89%8D:%E5%B1%B1%E7%94%B0",
    ] {
        assert_eq!(server.ids(&format!("q={query}")), ["R1"], "{query}");
    }
    let at = "/metadata/Acme/Acme-Sales/R1";
    server
        .request("DELETE", &format!("{at}?fields=hold%20time,a%2Fb"), &[("Accept", "application/json")], None)
        .ok(200);
    assert!(server.ids("q=%22a/b%22:*").is_empty());
}

#[test]
fn a_dotted_name_takes_its_values_from_inside_objects() {
    let mut server = Server::acme();
    let fields = json!({"address.geo.lat": {"type": "number"}});
    server.post("/config/Acme/Acme-Sales", &json!({"fields": fields})).ok(200);
    server.post(FOLDER, &json!({"custom_meta": ["queue", "address.city", "address.geo.lat"]})).ok(200);
    let berlin = json!({"address": {"City": "Berlin", "geo": {"lat": 52.5}}, "items": [{"sku": "a"}, {"sku": "b"}]});
    let brought = server.bring("R1", &berlin, &[]).ok(201);
    assert_eq!(brought["unindexed"], json!(["items"]), "{brought}");
    server.bring("R2", &json!({"address": {"city": "Rome"}, "address.city": "Köln"}), &[]).ok(201);
    assert_eq!(server.ids("q=address.city:berlin"), ["R1"]);
    assert_eq!(server.ids("q=address.geo.lat:%3E52"), ["R1"]);
    assert_eq!(server.ids("q=address.city:k%C3%B6ln"), ["R2"], "a name of its own wins");
    assert!(server.ids("q=address.city:rome").is_empty());
    let row = &server.find("q=address.city:berlin&fields=meta")["results"][0];
    assert_eq!(*row, json!({"address.city": "Berlin", "address.geo.lat": 52.5}));
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/R1").ok(200), berlin, "shown as it was sent");

    // Configured later: from the archive.
    server.post(FOLDER, &json!({"custom_meta": ["queue", "address.city", "address.geo.lat", "items.sku"]})).ok(200);
    assert_eq!(server.ids("q=items.sku:b"), ["R1"]);
    let row = &server.find("q=items.sku:(a%20AND%20b)&fields=items.sku&facets=items.sku");
    assert_eq!(row["results"][0], json!({"items.sku": ["a", "b"]}));
    assert_eq!(row["facets"]["items.sku"].as_array().map(Vec::len), Some(2));
    server.stop_and_verify();
}

#[test]
fn edits_of_inner_members_reach_the_index_and_misfits_name_the_object() {
    let mut server = Server::acme();
    let fields = json!({"address.zip": {"type": "number"}});
    server.post("/config/Acme/Acme-Sales", &json!({"fields": fields})).ok(200);
    server.post(FOLDER, &json!({"custom_meta": ["address.city", "address.zip"]})).ok(200);
    server.bring("R1", &json!({"address": {"city": "Berlin", "zip": "10115", "street": "Elm"}}), &[]).ok(201);
    let at = "/metadata/Acme/Acme-Sales/R1";
    let edit = |kind: &str, body: &serde_json::Value| {
        let headers = [("Content-Type", kind), ("Accept", "application/json")];
        server.request("PATCH", &format!("{at}?receipt=true"), &headers, Some(body.to_string().as_bytes()))
    };
    let merged = edit("application/merge-patch+json", &json!({"address": {"city": "Paris"}}));
    assert_eq!(merged.header("linernotes-unindexed"), None);
    let receipt = merged.ok(200);
    let stored =
        json!({"database": "stored", "index": "stored", "archive": "stored", "note": "from inside \"address\""});
    assert_eq!(receipt["fields"]["address.city"], stored);
    assert_eq!(receipt["fields"]["address"]["index"], "not_configured");
    assert_eq!(receipt["fields"]["address"]["note"], "indexed through \"address.city\", \"address.zip\"");
    assert_eq!(server.ids("q=address.city:paris%20address.zip:10115"), ["R1"]);

    let patch =
        json!([{"op": "remove", "path": "/address/city"}, {"op": "replace", "path": "/address/zip", "value": 75001}]);
    let receipt = edit("application/json-patch+json", &patch).ok(200);
    assert_eq!(receipt["fields"]["address.city"]["index"], "removed");
    assert_eq!(server.ids("q=-address.city:*%20address.zip:75001"), ["R1"]);

    let refused = server.patch(at, &json!({"address": {"zip": "none"}}));
    let problem = refused.json();
    assert_eq!((refused.status, &problem["code"]), (422, &json!("type_mismatch")));
    assert_eq!(problem["errors"][0]["pointer"], "/address");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("address.zip") && d.contains("none")), "{problem}");
    server.put(at, &json!({"address": [{"zip": 1}, {"zip": 2}]})).ok(200);
    assert_eq!(server.ids("q=address.zip:2%20address.zip:1"), ["R1"]);

    server.post(FOLDER, &json!({"on_mismatch": "store"})).ok(200);
    let receipt = edit("application/json", &json!({"address": {"zip": {}}})).ok(200);
    assert_eq!(receipt["fields"]["address.zip"]["index"], "coercion_failed");
    assert!(server.ids("q=address.zip:*").is_empty());
    edit("application/json", &json!({"address": null})).ok(200);
    server.stop_and_verify();
}

#[test]
fn every_type_takes_its_values_and_is_found_by_them() {
    let mut server = Server::acme();
    let listed = json!([
        {"name": "team.key", "type": "string", "label": "Key", "description": "of the team"},
        {"name": "team.size", "type": "float"},
        {"name": "story", "type": "long_string"},
        {"name": "page", "type": "link"},
        {"name": "ref", "type": "uuid"},
        {"name": "marks", "type": "keyframes"},
        {"name": "mood", "type": "enum", "values": ["good", "bad"], "multi": true}
    ]);
    server.post(FOLDER, &json!({"custom_meta": listed})).ok(200);
    let shown = server.get("/config/Acme/Acme-Sales").ok(200)["fields"].clone();
    assert_eq!(shown["team.key"], json!({"type": "varchar", "label": "Key", "description": "of the team"}));
    let kind = |name: &str| shown[name]["type"].as_str().unwrap().to_owned();
    assert_eq!(["team.size", "story", "page"].map(kind), ["number", "text", "link"], "aliases are one type");
    let one = json!({"team.key": "A-7", "team.size": "12.5", "story": "a very long story", "mood": ["good", "bad"],
        "page": "https://example.com/Tickets/42?x=1", "ref": "{67E55044-10B1-426F-9247-BB680E5FE0C8}",
        "marks": [0, 1500, "61000"]});
    server.bring("k1", &one, &[]).ok(201);
    let two = json!({"team": {"key": "B-1", "size": 3}, "marks": 2_000, "page": "mailto:a@example.com"});
    server.bring("k2", &two, &[]).ok(201);
    for (query, found) in [
        ("team.key:a-7", vec!["k1"]),
        ("team.key:b-1", vec!["k2"]),
        ("team.size:%3E4", vec!["k1"]),
        ("story:%22long+story%22", vec!["k1"]),
        ("page:%22https://example.com/tickets/42?x=1%22", vec!["k1"]),
        ("page:*tickets*", vec!["k1"]),
        ("page:*example.com*", vec!["k1", "k2"]),
        ("ref:67e5504410b1426f9247bb680e5fe0c8", vec!["k1"]),
        ("ref:%22urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8%22", vec!["k1"]),
        ("marks:1500", vec!["k1"]),
        ("marks:%5B1600%20TO%202000%5D", vec!["k2"]),
        ("marks:%3E%3D60000", vec!["k1"]),
        ("mood:bad", vec!["k1"]),
    ] {
        assert_eq!(server.ids(&format!("q={query}&sort=tid&sortdir=asc")), found, "{query}");
    }
    let row = server.find("q=tid:k1&fields=meta")["results"][0].clone();
    assert_eq!(row["marks"], json!([0, 1500, "61000"]), "a list of milliseconds, as sent");
    for (name, wrong) in [
        ("marks", json!([1.5])),
        ("marks", json!([-1])),
        ("page", json!("no link")),
        ("ref", json!("67e5")),
        ("mood", json!("odd")),
        ("team.size", json!("large")),
    ] {
        let refused = server.patch("/metadata/Acme/Acme-Sales/k1", &json!({name: wrong}));
        assert_eq!(refused.code(422), "type_mismatch", "{name}");
    }
    server.stop_and_verify();
}
