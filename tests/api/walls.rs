//! What a token may not see answers exactly as what does not exist (contract section 3): what the generated matrix of
//! `tests/trust/walls.rs` cannot generate.
use crate::support::{Answer, Server};
use serde_json::{Value, json};

/// Inbound is seen, Other is hidden: it alone configures `secret_field` and holds H1.
fn walled() -> (Server, String) {
    let server = Server::acme();
    server.post("/config/Acme/Acme-Sales/Other", &json!({"custom_meta": ["queue", "secret_field"]})).ok(200);
    server.bring("S1", &json!({"queue": "a"}), &[("agent", "hello")]).ok(201);
    let body = json!({"client_data": {"queue": "hidden", "secret_field": "x"}, "utterances": [{"text": "hello"}]});
    server.put("/transcripts/Acme/Acme-Sales/H1?folder=Other", &body).ok(201);
    let rights = ["read", "write", "config", "admin"];
    let asked = json!({"name": "f", "company": "Acme", "org": "Acme-Sales", "folder": "Inbound", "rights": rights});
    let token = server.post("/tokens", &asked).ok(201)["token"].as_str().unwrap().to_owned();
    server.settle();
    (server, token)
}

fn ask(server: &Server, token: &str, method: &str, path: &str, more: &[(&str, &str)], body: Option<&str>) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Authorization", bearer.as_str()), ("Accept", "application/json")];
    if body.is_some() {
        headers.push(("Content-Type", "application/json"));
    }
    headers.extend_from_slice(more);
    server.send(method, path, &headers, body.map(str::as_bytes))
}

/// Status, headers that differ by nature left out, and body, with the name asked for made one.
fn face(answer: &Answer, name: &str) -> (u16, Vec<(String, String)>, String) {
    let own = ["x-request-id", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(n, _)| !own.contains(&n.to_ascii_lowercase().as_str()));
    let mut headers: Vec<_> = headers.cloned().collect();
    headers.sort();
    let mut body = answer.text();
    if let Ok(mut problem) = serde_json::from_str::<Value>(&body) {
        if let Some(members) = problem.as_object_mut() {
            members.remove("request_id");
        }
        body = problem.to_string();
    }
    (answer.status, headers, body.replace(name, "NAME"))
}

#[test]
fn a_search_tells_nothing_of_hidden_folders() {
    let (server, token) = walled();
    let search = |query: &str| ask(&server, &token, "GET", &format!("/search/Acme/Acme-Sales?{query}"), &[], None);
    for query in [
        "q=hello&facets=queue&moments=2",
        "q=queue:*",
        "output=count",
        "q=queue:(a+OR+hidden)",
        "q=-queue:a",
        "facets=queue:9:h*&stats=queue&histogram=datetime:1h",
        "q=queue:/h.*/&sort=queue:asc,score&output=details",
        "q=queue:hiddem~1",
        "q=hello+queue:a&explain=S1",
        "output=zip",
    ] {
        // The names within an archive are plain.
        let text = String::from_utf8_lossy(&search(query).body).into_owned();
        assert!(!text.contains("hidden") && !text.contains("Other") && !text.contains("H1"), "{query}: {text}");
    }
    assert_eq!(search("output=count").ok(200)["count"], 1);
    // A name that only a hidden folder has is as if nobody had it.
    for query in
        ["q={}:x", "terms.{}=x", "facets={}", "sort={}", "fields={}", "stats={}", "histogram={}:1", "q={}:x&explain=S1"]
    {
        let (hidden, unknown) =
            (search(&query.replace("{}", "secret_field")), search(&query.replace("{}", "absent_field")));
        assert_eq!(face(&hidden, "secret_field"), face(&unknown, "absent_field"), "{query}");
    }
    let config = ask(&server, &token, "GET", "/config", &[], None).text();
    assert!(!config.contains("secret_field") && !config.contains("Other"), "{config}");
    assert!(!ask(&server, &token, "GET", "/tokens", &[], None).text().contains("root"));
}

#[test]
fn a_scoped_token_reaches_no_tool_of_the_whole_server() {
    let (server, token) = walled();
    for path in ["/reindex", "/backup"] {
        for (method, body) in [("GET", None), ("POST", Some("{\"to\":\"nightly\"}"))] {
            let answer = ask(&server, &token, method, path, &[], body);
            assert_eq!(answer.code(403), "right_missing", "{method} {path}");
        }
    }
}

#[test]
fn marks_are_opaque_and_a_foreign_one_only_waits() {
    let (server, token) = walled();
    let edited = server.patch("/metadata/Acme/Acme-Sales/H1", &json!({"queue": "hidden"}));
    let mark = edited.header("linernotes-mark").unwrap().to_owned();
    let found = ask(&server, &token, "GET", &format!("/search/Acme/Acme-Sales?output=count&after={mark}"), &[], None);
    assert_eq!(found.ok(200)["count"], 1);
    let mut forged = mark.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    for bad in [forged.as_str(), "x", "%00"] {
        let answer = ask(&server, &token, "GET", &format!("/search/Acme/Acme-Sales?after={bad}"), &[], None);
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
    }
}

#[test]
fn one_tokens_idempotency_key_is_not_anothers() {
    let (server, token) = walled();
    let path = "/metadata/Acme/Acme-Sales/S1";
    let headers = [("Idempotency-Key", "k1")];
    let first = ask(&server, &token, "PATCH", path, &headers, Some("{\"queue\":\"b\"}"));
    let repeat = ask(&server, &token, "PATCH", path, &headers, Some("{\"queue\":\"b\"}"));
    assert_eq!((first.status, repeat.status), (200, 200));
    assert_eq!((repeat.header("linernotes-replayed"), repeat.header("etag")), (Some("2"), Some("\"2\"")));
    let other = server.request(
        "PATCH",
        path,
        &[("Idempotency-Key", "k1"), ("Content-Type", "application/json")],
        Some(b"{\"queue\":\"c\"}"),
    );
    assert_eq!((other.status, other.header("etag"), other.header("linernotes-replayed")), (200, Some("\"3\""), None));
    let late = ask(&server, &token, "PATCH", path, &headers, Some("{\"queue\":\"b\"}"));
    assert_eq!((late.header("linernotes-replayed"), late.header("etag")), (Some("2"), None));
    assert_eq!(late.ok(200)["queue"], "c");
}

#[test]
fn odd_names_travel_through_paths_headers_and_files() {
    let mut server = Server::acme();
    for tid in ["a b", "ünï\u{2028}x", "%2F", "..json", "x.jsonmeta", "~\"'<>&", "👩‍🚀", "\u{feff}a", "a\u{202e}b"]
    {
        let path: String = tid.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let body = json!({"client_data": {"naïve\u{2028} \"x\"": 1, "ctl": "\r\nSet-Cookie: x"}, "utterances": []});
        let answer = server.put(&format!("/transcripts/Acme/Acme-Sales/{path}?folder=Inbound"), &body);
        assert_eq!(answer.status, 201, "{tid:?}: {}", answer.text());
        let edited = server.patch(&format!("/metadata/Acme/Acme-Sales/{path}"), &json!({"é, %": "v"}));
        assert_eq!(edited.header("linernotes-unindexed"), Some("%C3%A9%2C%20%25"), "{tid:?}");
        assert!(edited.header("set-cookie").is_none());
        let whole = server.get(&format!("/transcripts/Acme/Acme-Sales/{path}")).ok(200);
        assert_eq!(whole["tid"], tid);
    }
    for bad in ["%00", "%0A", "%2e", "%2e%2e", "a%2Cb", "a%2Fb", "%FF", &"x".repeat(257)] {
        let answer = server.put(&format!("/transcripts/Acme/Acme-Sales/{bad}?folder=Inbound"), &json!({}));
        assert!((400..500).contains(&answer.status), "{bad}: {}", answer.status);
        let read = server.get(&format!("/metadata/Acme/Acme-Sales/{bad}"));
        assert_eq!(read.status, 404, "{bad}");
    }
    server.settle();
    server.stop_and_verify();
}
