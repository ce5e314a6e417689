//! Sentences of the contract that only a hostile client, or a careful one, ever tries.
use crate::support::Server;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

const R1: &str = "/metadata/Acme/Acme-Sales/R1";
const ORG: &str = "/transcripts/Acme/Acme-Sales";

fn with_r1() -> Server {
    let server = Server::acme();
    server.bring("R1", &json!({"queue": "billing"}), &[("agent", "hello there")]).ok(201);
    server
}

/// Sends the bytes as they are, says that no more comes, and reads all there is.
fn raw(server: &Server, bytes: &str) -> String {
    let mut stream = TcpStream::connect(&server.addr).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_field_seen_but_not_configured_is_told_from_one_never_seen() {
    let mut server = with_r1();
    server.patch(R1, &json!({"agentgroup": "2"})).ok(200);
    let put = format!("{ORG}/R2?folder=Other");
    server.put(&put, &json!({"client_data": {"Brought": 1}, "utterances": []})).ok(201);
    let code = |server: &Server, folder: &str, query: &str| {
        server.get(&format!("/search/Acme/Acme-Sales{folder}?{query}")).code(400)
    };
    for query in ["q=AgentGroup:2", "terms.agentgroup=2", "facets=agentgroup", "sort=agentgroup", "fields=agentgroup"] {
        assert_eq!(code(&server, "", query), "field_not_configured", "{query}");
    }
    assert_eq!(code(&server, "", "q=brought:1"), "field_not_configured");
    assert_eq!(code(&server, "", "q=agentgrp:2"), "field_unknown");
    let meant = server.get("/search/Acme/Acme-Sales?q=agentgrup:2").json()["detail"].to_string();
    assert!(meant.contains("agentgroup"), "{meant}");
    // A folder that never had it knows nothing of it, so that a token of that folder learns nothing either.
    assert_eq!(code(&server, "/Other", "q=agentgroup:2"), "field_unknown");
    server.stop();
    server.spawn();
    assert_eq!(code(&server, "", "q=agentgroup:2"), "field_not_configured");
    assert_eq!(code(&server, "", "q=agentgrp:2"), "field_unknown");
}

#[test]
fn tree_counts_only_together_with_multi() {
    let server = with_r1();
    let inbound = "/config/Acme/Acme-Sales/Inbound";
    assert_eq!(server.delete(inbound).code(409), "not_empty");
    assert_eq!(server.delete(&format!("{inbound}?multi=true")).code(409), "not_empty");
    assert_eq!(server.delete(&format!("{inbound}?tree=true")).code(409), "multiple_items");
    server.get(R1).ok(200);
    server.delete(&format!("{inbound}?tree=true&multi=true")).ok(200);
    assert_eq!(server.get(R1).status, 404);
}

#[test]
fn an_ingested_name_that_stands_twice_is_told() {
    let server = Server::acme();
    let body = r#"{"client_data":{"Zip":1,"queue":"a","zip":2},"utterances":[]}"#;
    let headers = [("Content-Type", "application/json")];
    let answer = server.request("PUT", &format!("{ORG}/T?folder=Inbound"), &headers, Some(body.as_bytes())).ok(201);
    let notes = answer["notes"].to_string();
    assert!(notes.contains("zip") && notes.contains("twice"), "{notes}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T").ok(200), json!({"Zip": 2, "queue": "a"}));
}

#[test]
fn a_missing_folder_is_pointed_at() {
    let server = Server::acme();
    let answer = server.put(&format!("{ORG}/T"), &json!({"utterances": []}));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["errors"][0]["pointer"], "folder");
}

#[test]
fn bodies_come_in_every_framing_of_http() {
    let server = with_r1();
    let head = |method: &str, path: &str, version: &str, more: &str| {
        let token = &server.token;
        format!("{method} {path} HTTP/{version}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
    };
    let json = "Content-Type: application/json\r\n";
    let chunked = head("PATCH", R1, "1.1", &format!("{json}Transfer-Encoding: chunked\r\n"));
    let answer = raw(&server, &format!("{chunked}5\r\n{{\"que\r\nd\r\nue\":\"pieces\"}}\r\n0\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""queue":"pieces""#), "{answer}");
    let expecting = head("PATCH", R1, "1.1", &format!("{json}Expect: 100-continue\r\nContent-Length: 16\r\n"));
    let answer = raw(&server, &format!("{expecting}{{\"queue\":\"wait\"}}"));
    assert!(answer.starts_with("HTTP/1.1 100 ") && answer.contains("HTTP/1.1 200 "), "{answer}");
    let answer = raw(&server, &head("GET", R1, "1.0", ""));
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.ends_with(r#"{"queue":"wait"}"#), "{answer}");
    let edit = head("PATCH", R1, "1.1", &format!("{json}Content-Length: 13\r\n")) + r#"{"queue":"p"}"#;
    let read = head("GET", R1, "1.1", "");
    let answer = raw(&server, &format!("{read}{edit}{read}"));
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 3, "{answer}");
    assert!(answer.ends_with(r#"{"queue":"p"}"#), "{answer}");
    // What breaks off changes nothing.
    raw(&server, &(head("PATCH", R1, "1.1", &format!("{json}Content-Length: 99\r\n")) + r#"{"queue":"cut"}"#));
    assert_eq!(server.get(R1).ok(200)["queue"], "p");
}

#[test]
fn heads_that_are_no_http_are_refused_and_the_server_goes_on() {
    let server = with_r1();
    let huge = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(500));
    let both = "PATCH /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for bytes in [huge.as_str(), many.as_str(), both, "\u{16}\u{3}\u{1} hello\r\n\r\n", "GET\r\n\r\n"] {
        let answer = raw(&server, bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    server.get("/livez").ok(200);
}

#[test]
fn only_a_named_json_type_turns_text_errors_into_problems() {
    let server = with_r1();
    let status = |accept: &str| {
        let headers = [("Content-Type", "application/json"), ("Accept", accept)];
        server.request("PATCH", R1, &headers, Some(br#"{"tid":"x"}"#)).status
    };
    for text in ["*/*", "text/html", "application/*", "application/json;q=0", "nonsense"] {
        assert_eq!(status(text), 400, "{text}");
    }
    for problem in ["application/json", "application/problem+json", "text/html, application/json;q=0.5"] {
        assert_eq!(status(problem), 422, "{problem}");
    }
}

#[test]
fn names_not_indexed_are_percent_encoded_and_cut() {
    let server = with_r1();
    let answer = server.patch(R1, &json!({"żółć": 1, "a,b": 2, "per%cent": 3, "queue": "q"}));
    assert_eq!(answer.header("linernotes-unindexed"), Some("%C5%BC%C3%B3%C5%82%C4%87, a%2Cb, per%25cent"));
    let many: serde_json::Map<_, _> = (0..400).map(|n| (format!("a long enough name {n}"), json!(n))).collect();
    let answer = server.patch(R1, &json!(many));
    let header = answer.headers.iter().find(|(name, _)| name == "linernotes-unindexed").map(|(_, v)| v.len());
    assert!(header.is_some_and(|length| (1_500..2_060).contains(&length)), "{header:?}");
}

#[test]
fn only_what_succeeded_is_remembered_under_an_idempotency_key() {
    let server = with_r1();
    let send = |method: &str, query: &str, key: &str, body: &str| {
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json"), ("Idempotency-Key", key)];
        server.request(method, &format!("{R1}{query}"), &headers, Some(body.as_bytes()))
    };
    assert_eq!(send("PATCH", "", "k", r#"{"tid":1}"#).status, 422);
    assert_eq!(send("PATCH", "?dry_run=true", "k", r#"{"a":1}"#).status, 200);
    let first = send("PATCH", "", "k", r#"{"b":1}"#);
    assert_eq!((first.status, first.header("linernotes-replayed")), (200, None));
    assert_eq!(
        send("PATCH", "", "k", r#"{"b":1}"#).header("linernotes-replayed"),
        first.header("etag").map(|t| t.trim_matches('"'))
    );
    assert_eq!(send("PATCH", "", "k", r#"{"b":2}"#).code(422), "idempotency_mismatch");
    // The same key under another method is another request.
    assert_eq!(send("DELETE", "", "k", r#"["b"]"#).header("linernotes-replayed"), None);
    assert_eq!(server.get(R1).ok(200), json!({"queue": "billing"}));
}

#[test]
fn a_token_can_not_take_over_or_find_out_an_id_it_does_not_see() {
    let server = with_r1();
    let made = server
        .post("/tokens", &json!({"name": "f", "company": "Acme", "org": "Acme-Sales", "folder": "Other", "rights": ["read", "write"]}))
        .ok(201);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Accept", "application/json")];
    let send = |method: &str, path: &str, body: &str| server.send(method, path, &headers, Some(body.as_bytes()));
    // Without a folder the answer is that of an id nobody knows: a new transcript needs one.
    for (method, tail, body, status) in [
        ("PUT", "?folder=Other", r#"{"utterances":[]}"#, 404),
        ("PUT", "", r#"{"utterances":[]}"#, 400),
        ("DELETE", "", "", 404),
    ] {
        assert_eq!(send(method, &format!("{ORG}/R1{tail}"), body).status, status, "{method} {tail}");
    }
    assert_eq!(send("PATCH", R1, "{}").status, 404);
    let line = send("POST", &format!("{ORG}?folder=Other"), "{\"tid\":\"R1\",\"utterances\":[]}").text();
    assert!(line.contains(r#""code":"not_found""#), "{line}");
    assert_eq!(server.get(R1).header("etag"), Some("\"1\""));
}

#[test]
fn csv_has_every_configured_column_and_no_live_formula() {
    let server = with_r1();
    server.post("/config/Acme/Acme-Sales/Inbound", &json!({"custom_meta": ["queue", "@ref", "-x", "vip"]})).ok(200);
    server.patch(R1, &json!({"@ref": "=cmd()", "-x": "+1", "queue": "a \"b\""})).ok(200);
    server.settle();
    let csv = server.get("/search/Acme/Acme-Sales?format=csv&fields=meta,tid").text();
    assert_eq!(csv, "'-x,'@ref,queue,tid,vip\r\n'+1,'=cmd(),\"a \"\"b\"\"\",R1,\r\n");
    let row = server.get("/search/Acme/Acme-Sales?fields=meta").ok(200)["results"][0].clone();
    assert_eq!(row, json!({"queue": "a \"b\"", "@ref": "=cmd()", "-x": "+1"}));
}
