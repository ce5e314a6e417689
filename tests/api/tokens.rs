//! Tokens, scopes and walls: contract section 3.
use crate::support::Server;
use serde_json::{Value, json};

fn token(server: &Server, body: &Value) -> String {
    server.post("/tokens", body).ok(201)["token"].as_str().expect("a token").to_owned()
}

fn status(server: &Server, token: &str, method: &str, path: &str, body: Option<&str>) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Accept", "application/json")];
    server.send(method, path, &headers, body.map(str::as_bytes)).status
}

fn two_companies() -> Server {
    let server = Server::acme();
    server.post("/config", &json!({"Beta": {"name": "Beta"}})).ok(200);
    server.post("/config/Beta/orgs", &json!({"Beta-Ops": {}})).ok(200);
    server.post("/config/Beta/Beta-Ops/folders", &json!({"In": {"custom_meta": ["queue"]}})).ok(200);
    server.bring("R1", &json!({"queue": "a"}), &[("agent", "hello")]).ok(201);
    server.put("/transcripts/Acme/Acme-Sales/R2?folder=Other", &json!({"utterances": [{"text": "hello"}]})).ok(201);
    server
        .put(
            "/transcripts/Beta/Beta-Ops/R1?folder=In",
            &json!({"client_data": {"queue": "b"}, "utterances": [{"text": "hello"}]}),
        )
        .ok(201);
    server.settle();
    server
}

#[test]
fn what_a_token_may_not_see_answers_as_what_does_not_exist() {
    let server = two_companies();
    let acme = token(&server, &json!({"name": "acme", "company": "Acme", "rights": ["read", "write", "config"]}));
    let compare = |hidden: &str, unknown: &str| {
        for method in ["GET", "PATCH", "PUT", "DELETE"] {
            let bearer = format!("Bearer {acme}");
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Accept", "application/json"),
            ];
            let body =
                if method == "GET" { None } else { Some(if method == "DELETE" { &b"[]"[..] } else { &b"{}"[..] }) };
            let (a, b) = (server.send(method, hidden, &headers, body), server.send(method, unknown, &headers, body));
            let strip = |answer: &crate::support::Answer| {
                let mut problem = answer.json();
                for name in ["request_id", "instance"] {
                    problem.as_object_mut().unwrap().remove(name);
                }
                (answer.status, problem)
            };
            assert_eq!(strip(&a), strip(&b), "{method} {hidden}");
        }
    };
    compare("/metadata/Beta/Beta-Ops/R1", "/metadata/Gamma/Gamma-Ops/R1");
    assert_eq!(status(&server, &acme, "GET", "/transcripts/Beta/Beta-Ops/R1", None), 404);
    assert_eq!(status(&server, &acme, "GET", "/search/Beta/Beta-Ops", None), 404);
    assert_eq!(status(&server, &acme, "GET", "/config/Beta", None), 404);
    assert_eq!(status(&server, &acme, "POST", "/config", Some(r#"{"Gamma":{}}"#)), 404);
    let bearer = format!("Bearer {acme}");
    let list = server.send("GET", "/list/folders", &[("Authorization", &bearer)], None).ok(200);
    assert_eq!(list, json!({"Acme": {"Acme-Sales": ["Inbound", "Other"]}}));
}

#[test]
fn a_folder_token_sees_its_folder_only() {
    let server = two_companies();
    let only = token(
        &server,
        &json!({"name": "f", "company": "Acme", "org": "Acme-Sales", "folder": "Inbound", "rights": ["read", "write"]}),
    );
    assert_eq!(status(&server, &only, "GET", "/metadata/Acme/Acme-Sales/R1", None), 200);
    assert_eq!(status(&server, &only, "GET", "/metadata/Acme/Acme-Sales/R2", None), 404);
    assert_eq!(status(&server, &only, "PATCH", "/metadata/Acme/Acme-Sales/R2", Some("{}")), 404);
    assert_eq!(status(&server, &only, "PUT", "/transcripts/Acme/Acme-Sales/R2?folder=Inbound", Some("{}")), 404);
    assert_eq!(status(&server, &only, "PUT", "/transcripts/Acme/Acme-Sales/R1?folder=Other", Some("{}")), 404);
    let bearer = format!("Bearer {only}");
    let found = server
        .send("GET", "/search/Acme/Acme-Sales?q=hello&facets=folder", &[("Authorization", &bearer)], None)
        .ok(200);
    assert_eq!((&found["total"], &found["results"][0]["tid"]), (&json!(1), &json!("R1")), "{found}");
    assert_eq!(found["facets"]["folder"].as_array().map(Vec::len), Some(1));
    assert_eq!(status(&server, &only, "GET", "/search/Acme/Acme-Sales/Other", None), 404);
}

#[test]
fn rights_are_demanded() {
    let server = two_companies();
    let reader = token(&server, &json!({"name": "r", "company": "Acme", "rights": ["read"]}));
    assert_eq!(status(&server, &reader, "GET", "/metadata/Acme/Acme-Sales/R1", None), 200);
    assert_eq!(status(&server, &reader, "PATCH", "/metadata/Acme/Acme-Sales/R1", Some("{}")), 403);
    assert_eq!(status(&server, &reader, "DELETE", "/transcripts/Acme/Acme-Sales/R1", None), 403);
    assert_eq!(status(&server, &reader, "POST", "/config/Acme/Acme-Sales/Inbound", Some("{}")), 403);
    assert_eq!(status(&server, &reader, "POST", "/tokens", Some(r#"{"name":"x","rights":["read"]}"#)), 403);
    assert_eq!(status(&server, &reader, "GET", "/metrics", None), 403);
    let writer = token(&server, &json!({"name": "w", "company": "Acme", "rights": ["write"]}));
    assert_eq!(status(&server, &writer, "GET", "/search/Acme/Acme-Sales", None), 403);
    assert_eq!(status(&server, &writer, "PATCH", "/metadata/Acme/Acme-Sales/R1", Some("{}")), 200);
}

#[test]
fn a_token_grants_at_most_what_its_maker_holds_and_revocation_is_at_once() {
    let server = two_companies();
    let admin = token(&server, &json!({"name": "a", "company": "Acme", "rights": ["read", "admin"]}));
    assert_eq!(
        status(&server, &admin, "POST", "/tokens", Some(r#"{"name":"x","company":"Acme","rights":["write"]}"#)),
        403
    );
    assert_eq!(status(&server, &admin, "POST", "/tokens", Some(r#"{"name":"x","rights":["read"]}"#)), 403);
    assert_eq!(
        status(&server, &admin, "POST", "/tokens", Some(r#"{"name":"x","company":"Beta","rights":["read"]}"#)),
        404
    );
    assert_eq!(
        status(&server, &admin, "POST", "/tokens", Some(r#"{"name":"x","company":"Acme","rights":["fly"]}"#)),
        400
    );
    assert_eq!(
        status(
            &server,
            &admin,
            "POST",
            "/tokens",
            Some(r#"{"name":"x","company":"Acme","rights":["read"],"expires":"2001-01-01"}"#)
        ),
        400
    );
    let made = server.post("/tokens", &json!({"name": "x", "company": "Acme", "rights": ["read"]})).ok(201);
    let (id, text) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert_eq!(status(&server, text, "GET", "/list", None), 200);
    assert!(!server.get("/tokens").text().contains(text), "a token is shown once");
    assert_eq!(server.delete(&format!("/tokens/{id}")).status / 100, 2);
    assert_eq!(status(&server, text, "GET", "/list", None), 401);
    assert_eq!(server.delete(&format!("/tokens/{id}")).status, 404);
}

#[test]
fn no_token_reaches_logs_metrics_or_errors() {
    let mut server = two_companies();
    let secret = token(&server, &json!({"name": "x", "company": "Acme", "rights": ["read", "write"]}));
    let mut seen = String::new();
    for path in [
        "/list",
        "/metadata/Acme/Acme-Sales/R1",
        "/metadata/Acme/Acme-Sales/none",
        "/nowhere",
        "/search/Acme/Acme-Sales?q=%22",
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        seen.push_str(&server.send("GET", &format!("{path}{joint}token={secret}"), &[], None).text());
        seen.push_str(&server.send("GET", &format!("{path}{joint}token={secret}x"), &[], None).text());
    }
    seen.push_str(&server.get("/metrics").text());
    server.stop();
    seen.push_str(&server.log());
    assert!(!seen.contains(&secret) && !seen.contains(&server.token));
}

#[test]
fn a_token_goes_with_what_it_was_made_for() {
    let server = two_companies();
    let scopes = [
        json!({"company": "Beta"}),
        json!({"company": "Beta", "org": "Beta-Ops"}),
        json!({"company": "Beta", "org": "Beta-Ops", "folder": "In"}),
        json!({"company": "Acme"}),
    ];
    let tokens = scopes.map(|mut scope| {
        scope["name"] = json!("t");
        scope["rights"] = json!(["read"]);
        token(&server, &scope)
    });
    let standing = || tokens.each_ref().map(|token| status(&server, token, "GET", "/list", None));
    let tree = |path: &str| server.delete(&format!("{path}?multi=true&tree=true")).ok(200);
    server.delete("/config/Beta/Beta-Ops?multi=true&tree=true&dry_run=true").ok(200);
    assert_eq!(standing(), [200; 4], "a dry run revokes nothing");
    tree("/config/Beta/Beta-Ops/In");
    assert_eq!(standing(), [200, 200, 401, 200]);
    tree("/config/Beta/Beta-Ops");
    // Something new of the same name is hidden from it, also after a restart.
    server.post("/config/Beta/orgs", &json!({"Beta-Ops": {}})).ok(200);
    assert_eq!(standing(), [200, 401, 401, 200]);
    tree("/config/Beta");
    server.post("/config", &json!({"Beta": {}})).ok(200);
    assert_eq!(standing(), [401, 401, 401, 200]);
    let listed = server.get("/tokens").text();
    assert!(!listed.contains("Beta"), "{listed}");
    let mut server = server;
    server.stop();
    server.spawn();
    assert_eq!(tokens.each_ref().map(|token| status(&server, token, "GET", "/list", None)), [401, 401, 401, 200]);
}

#[test]
fn what_explain_cannot_tell_apart_it_names() {
    let server = Server::acme();
    server.post("/config/Acme/orgs", &json!({"Acme-Help": {}})).ok(200);
    server.post("/config/Acme/Acme-Help/folders", &json!({"Desk": {}})).ok(200);
    let body = json!({"utterances": [{"text": "hello"}]});
    server.put("/transcripts/Acme/Acme-Help/R1?folder=Desk", &body).ok(201);
    server.settle();
    server.get("/search/Acme?q=hello&explain=R1").ok(200);
    server.bring("R1", &json!({}), &[("agent", "hello")]).ok(201);
    server.settle();
    let refused = server.get("/search/Acme?q=hello&explain=R1");
    assert_eq!(refused.json()["errors"][0]["pointer"], "explain");
    assert!(refused.text().contains("Acme-Help, Acme-Sales"), "{}", refused.text());
    assert_eq!(refused.code(409), "id_ambiguous");
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=hello&explain=R1").ok(200)["org"], "Acme-Sales");
    // Who sees one of them is told of no other.
    let help = token(&server, &json!({"name": "h", "company": "Acme", "org": "Acme-Help", "rights": ["read"]}));
    assert_eq!(status(&server, &help, "GET", "/search/Acme?q=hello&explain=R1", None), 200);
}
