//! Bad input gets its status, code and pointer, changes nothing, and is never a 500 (contract section 3).
use crate::support::Server;
use serde_json::json;

#[test]
fn problems_have_the_shape_of_rfc_9457() {
    let server = Server::acme();
    let answer = server.get("/metadata/Acme/Acme-Sales/none?token=zzz");
    let problem = answer.json();
    for name in ["type", "title", "status", "detail", "instance", "code", "request_id"] {
        assert!(problem.get(name).is_some(), "{name}: {problem}");
    }
    assert_eq!((&problem["status"], &problem["code"]), (&json!(404), &json!("not_found")));
    assert!(!answer.text().contains("zzz"));
    assert_eq!(server.send("GET", "/list", &[], None).code(401), "token_missing");
    assert_eq!(server.send("GET", "/list?token=zzz", &[], None).code(401), "token_unknown");
    assert_eq!(server.get("/no/such/path").code(404), "not_found");
    let wrong = server.request("POST", "/list", &[], Some(b"{}"));
    assert!(wrong.header("allow").is_some());
    assert_eq!(wrong.status, 405);
}

#[test]
fn malformed_requests_are_told_apart() {
    let server = Server::acme();
    server.bring("R1", &json!({"queue": "a"}), &[]).ok(201);
    let at = "/metadata/Acme/Acme-Sales/R1";
    let send = |content: &str, body: &[u8]| server.request("PATCH", at, &[("Content-Type", content), ("Accept", "application/json")], Some(body));
    assert_eq!(send("application/json", b"{\"a\":").code(400), "json_invalid");
    assert_eq!(send("application/json", b"{\"a\":\"\xff\"}").code(400), "json_invalid");
    assert_eq!(send("application/json", b"[1]").code(400), "body_shape");
    assert_eq!(send("text/plain", b"{}").code(415), "media_type_unsupported");
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(send("application/json", deep.as_bytes()).code(400), "json_too_deep");
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(send("application/json", large.as_bytes()).code(413), "body_too_large");
    let many: String = (0..1_001).map(|n| format!("\"n{n}\":1,")).collect();
    assert_eq!(send("application/json", format!("{{{}}}", many.trim_end_matches(',')).as_bytes()).code(422), "too_many_fields");
    assert_eq!(server.patch(&format!("{at}?colour=red"), &json!({})).code(400), "parameter_unknown");
    assert_eq!(server.patch(&format!("{at}?dry_run=perhaps"), &json!({})).code(400), "parameter_invalid");
    assert_eq!(server.patch(&format!("{at}?wait=forever"), &json!({})).code(400), "parameter_invalid");
    let gzip = server.request("PATCH", at, &[("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Accept", "application/json")], Some(b"{}"));
    assert_eq!(gzip.code(415), "media_type_unsupported");
    assert_eq!(server.get(at).header("etag"), Some("\"1\""));
}

#[test]
fn no_odd_request_makes_a_500() {
    let server = Server::acme();
    server.bring("R1", &json!({"queue": "a"}), &[("agent", "hello there")]).ok(201);
    let paths = [
        "/metadata/Acme/Acme-Sales/%00", "/metadata/Acme/Acme-Sales/%2F", "/metadata/Acme/Acme-Sales/..", "/metadata/%FF/x/y",
        "/metadata/Acme/Acme-Sales/a%2Cb", "/config/Acme/Acme-Sales/Inbound/x/y/z", "/config/a%20b", "/list/%E2%82", "//", "/%",
        "/search/Acme/Acme-Sales?q=%22", "/search/Acme/Acme-Sales?q=(((((", "/search/Acme/Acme-Sales?q=a%20AND", "/search/Acme/Acme-Sales?q=NOT",
        "/search/Acme/Acme-Sales?q=queue:[a%20TO", "/search/Acme/Acme-Sales?q=hold_time:%3E%22x%22", "/search/Acme/Acme-Sales?q=%FF",
        "/search/Acme/Acme-Sales?size=-1", "/search/Acme/Acme-Sales?size=1001", "/search/Acme/Acme-Sales?offset=99999999999999999999",
        "/search/Acme/Acme-Sales?sort=nothing", "/search/Acme/Acme-Sales?sortdir=sideways", "/search/Acme/Acme-Sales?facets=,,:",
        "/search/Acme/Acme-Sales?after=zz", "/search/Acme/Acme-Sales?output=bogus", "/search/Acme/Acme-Sales?daterange=x",
        "/search/Acme/Acme-Sales?q=hold_time:%5B1%20TO%205.6%5D", "/search/Acme/Acme-Sales?q=hold_time:%3C=-1e300", "/search/Acme/Acme-Sales?moments=1000000",
    ];
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for path in paths {
            for body in [None, Some(&b"{\"q\":5}"[..]), Some(&b"[[]]"[..]), Some(&b"\xff\xfe"[..])] {
                let answer = server.request(method, path, &[("Content-Type", "application/json")], body);
                assert!(answer.status < 500 || answer.status == 503, "{method} {path}: {} {}", answer.status, answer.text());
            }
        }
    }
    let nested = format!("/search/Acme/Acme-Sales?q={}a{}", "(".repeat(3_000), ")".repeat(3_000));
    assert_eq!(server.get(&nested).status, 400);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/R1").ok(200), json!({"queue": "a"}));
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn operations_answer() {
    let mut server = Server::acme();
    assert_eq!(server.send("GET", "/livez", &[], None).status, 200);
    assert_eq!(server.send("GET", "/readyz", &[], None).status, 200);
    assert_eq!(server.send("GET", "/metrics", &[], None).status, 401);
    server.bring("R1", &json!({"queue": "a"}), &[]).ok(201);
    server.settle();
    let metrics = server.get("/metrics").text();
    for name in ["linernotes_http_requests_total", "linernotes_edits_total", "linernotes_commits_total", "linernotes_owed_index", "linernotes_index_commits_total", "linernotes_index_record_segments"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    let openapi = server.send("GET", "/openapi.json", &[], None).ok(200);
    assert!(openapi["paths"].as_object().is_some_and(|p| p.len() > 10));
    let second = server.command(&["serve", "--listen", "127.0.0.1:0", "--data", server.data().to_str().unwrap()]);
    assert!(second.0 != 0 && second.2.contains("another"), "a second process on the folder is refused: {second:?}");
    server.stop_and_verify();
}
