//! Snapshots of whole answers: whoever changes what clients see, sees it here. (`INSTA_UPDATE=always cargo test` takes
//! the new ones.) What differs between runs is masked.
use crate::support::Server;
use serde_json::{Value, json};

/// The answer with status and telling headers, its changing parts masked.
fn shown(answer: crate::support::Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for name in ["content-type", "etag", "allow", "www-authenticate", "retry-after", "linernotes-unindexed", "linernotes-replayed"] {
        if let Some(value) = answer.header(name) {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    let body = answer.text();
    match serde_json::from_str::<Value>(&body) {
        Ok(mut value) => {
            mask(&mut value);
            text.push_str(&serde_json::to_string_pretty(&value).unwrap());
        }
        Err(_) => text.push_str(&body),
    }
    text
}

fn mask(value: &mut Value) {
    const CHANGING: [&str; 7] = ["request_id", "last_modified", "mark", "uuid", "created", "token", "id"];
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if CHANGING.contains(&name.as_str()) { *member = json!("…") } else { mask(member) }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(mask),
        _ => {}
    }
}

fn server() -> Server {
    let server = Server::acme();
    let data = json!({"queue": "Billing", "hold_time": "90.5", "datetime": "2026-01-06 10:00:00", "color": "red", "speakers": ["x"]});
    server.bring("R1", &data, &[("agent", "Good morning"), ("client", "I want to cancel my plan")]).ok(201);
    server.settle();
    server
}

#[test]
fn metadata_answers() {
    let server = server();
    let at = "/metadata/Acme/Acme-Sales/R1";
    insta::assert_snapshot!("metadata_get", shown(server.get(at)));
    insta::assert_snapshot!("metadata_receipt", shown(server.patch(&format!("{at}?receipt=true"), &json!({"queue": "sales", "note": 5, "shade": "blue", "color": null}))));
    insta::assert_snapshot!("metadata_refused", shown(server.patch(at, &json!({"tid": 1, "a:b": 2, "hold_time": "soon"}))));
    insta::assert_snapshot!("metadata_misfit", shown(server.patch(at, &json!({"hold_time": "soon", "vip": "maybe"}))));
    let plain = server.request("PATCH", at, &[("Content-Type", "application/json")], Some(br#"{"tid":"<1>"}"#));
    insta::assert_snapshot!("metadata_refused_vspark", shown(plain));
}

#[test]
fn search_answers() {
    let server = server();
    let at = |query: &str| shown(server.get(&format!("/search/Acme/Acme-Sales?{query}")));
    insta::assert_snapshot!("search_summary", at("q=cancel%20queue:billing&moments=1&facets=queue"));
    insta::assert_snapshot!("search_count", at("q=queue:billing&output=count"));
    insta::assert_snapshot!("search_csv", at("q=cancel&format=csv&fields=tid,folder,queue,hold_time").replace('\r', ""));
    insta::assert_snapshot!("search_not_configured", at("q=colour:red"));
    insta::assert_snapshot!("search_syntax", at("q=cancel%20AND%20("));
}

#[test]
fn configuration_answers() {
    let server = server();
    insta::assert_snapshot!("config_company", shown(server.get("/config/Acme")));
    insta::assert_snapshot!("config_org", shown(server.get("/config/Acme/Acme-Sales")));
    insta::assert_snapshot!("config_folder", shown(server.get("/config/Acme/Acme-Sales/Inbound")));
    insta::assert_snapshot!("config_not_empty", shown(server.delete("/config/Acme/Acme-Sales/Inbound")));
    insta::assert_snapshot!("config_refused", shown(server.post("/config/Acme/Acme-Sales/Inbound", &json!({"custom_meta": ["tid", {"name": "x", "type": "wide"}]}))));
}

#[test]
fn transcript_answers() {
    let server = server();
    insta::assert_snapshot!("transcript_get", shown(server.get("/transcripts/Acme/Acme-Sales/R1")));
    insta::assert_snapshot!("transcript_refused", shown(server.put("/transcripts/Acme/Acme-Sales/R2?folder=Inbound", &json!({"utterances": {}}))));
    insta::assert_snapshot!("unknown_path", shown(server.get("/nowhere")));
    insta::assert_snapshot!("no_token", shown(server.send("GET", "/list", &[], None)));
    insta::assert_snapshot!("wrong_method", shown(server.request("PUT", "/list", &[], Some(b"{}"))));
}
