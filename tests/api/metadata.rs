//! `/metadata`: contract section 4.
use crate::support::Server;
use serde_json::json;

const R1: &str = "/metadata/Acme/Acme-Sales/R1";

fn server() -> Server {
    let server = Server::acme();
    server.bring("R1", &json!({"queue": "billing", "agentgroup": "1", "transfers": "2"}), &[("agent", "Good morning")]).ok(201);
    server
}

#[test]
fn v_sparks_two_documented_calls_work_unchanged() {
    let server = server();
    let token = server.token.clone();
    let headers = [("Content-Type", "application/json")];
    let patched = server.send("PATCH", &format!("{R1}?token={token}"), &headers, Some(br#"{"agentgroup":"2"}"#));
    assert_eq!(patched.header("content-type"), Some("application/json"));
    assert_eq!(patched.ok(200), json!({"queue": "billing", "agentgroup": "2", "transfers": "2"}));
    let removed = server.send("DELETE", &format!("{R1}?token={token}"), &headers, Some(br#"["transfers"]"#));
    assert_eq!(removed.ok(200), json!({"queue": "billing", "agentgroup": "2"}));
}

#[test]
fn v_spark_errors_are_one_escaped_line_of_html_unless_json_is_asked_for() {
    let server = server();
    let plain = server.request("PATCH", R1, &[("Content-Type", "application/json")], Some(br#"{"<b>tid":"x","TID":"y"}"#));
    assert_eq!(plain.status, 400);
    assert!(plain.header("content-type").is_some_and(|t| t.starts_with("text/html")));
    assert!(!plain.text().contains("<b>") && !plain.text().trim_end().contains('\n'));
    for (accept, problem) in [("*/*", false), ("text/html", false), ("application/json", true), ("application/problem+json", true)] {
        let headers = [("Content-Type", "application/json"), ("Accept", accept)];
        let answer = server.request("PATCH", R1, &headers, Some(br#"{"utterances":"x"}"#));
        assert_eq!(answer.status, if problem { 422 } else { 400 }, "{accept}");
    }
    let unknown = server.send("PATCH", &format!("{R1}?token=nobody"), &[("Content-Type", "application/json")], Some(b"{}"));
    assert_eq!(unknown.status, 400);
    assert_eq!(server.get(R1).ok(200)["queue"], "billing");
}

#[test]
fn headers_tell_revision_time_mark_and_unindexed_names() {
    let server = server();
    let answer = server.patch(R1, &json!({"Ünïcode": 1, "queue": "sales", "color": "red"}));
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert!(answer.header("last-modified").is_some_and(|d| d.ends_with("GMT")));
    assert!(answer.header("linernotes-mark").is_some_and(|m| m.len() >= 32));
    assert_eq!(answer.header("linernotes-unindexed"), Some("%C3%9Cn%C3%AFcode, color"));
    let seen = server.get(R1);
    assert_eq!(seen.header("etag"), Some("\"2\""));
    let again = server.request("GET", R1, &[("If-None-Match", "\"2\"")], None);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(server.request("HEAD", R1, &[], None).status, 200);
}

#[test]
fn names_are_one_field_in_any_case_and_the_configured_spelling_is_shown() {
    let server = server();
    assert_eq!(server.patch(R1, &json!({"QUEUE": "b", "AgentGroup": "9"})).ok(200),
        json!({"queue": "b", "agentgroup": "9", "transfers": "2"}));
    assert_eq!(server.patch(R1, &json!({"a": 1, "A": 2})).code(400), "duplicate_field");
}

#[test]
fn null_removes_and_absent_names_are_no_error() {
    let server = server();
    assert_eq!(server.patch(R1, &json!({"queue": null, "never": null})).ok(200), json!({"agentgroup": "1", "transfers": "2"}));
    assert_eq!(server.json("DELETE", R1, &json!(["never", "TRANSFERS"])).ok(200), json!({"agentgroup": "1"}));
    let by_query = server.delete(&format!("{R1}?fields=agentgroup,other"));
    assert_eq!(by_query.ok(200), json!({}));
    assert_eq!(server.delete(R1).status, 400);
}

#[test]
fn every_request_counts_but_an_empty_body_is_malformed() {
    let server = server();
    let first = server.patch(R1, &json!({}));
    assert_eq!(first.header("etag"), Some("\"2\""));
    let second = server.json("DELETE", R1, &json!([]));
    assert_eq!(second.header("etag"), Some("\"3\""));
    let empty = server.request("PATCH", R1, &[("Content-Type", "application/json"), ("Accept", "application/json")], Some(b""));
    assert_eq!(empty.code(400), "body_empty");
    assert_eq!(server.get(R1).header("etag"), Some("\"3\""));
}

#[test]
fn merge_patch_and_json_patch_go_deep() {
    let server = server();
    let merge = |body: &str| {
        let headers = [("Content-Type", "application/merge-patch+json"), ("Accept", "application/json")];
        server.request("PATCH", R1, &headers, Some(body.as_bytes()))
    };
    merge(r#"{"case":{"no":1.50,"parts":[1,2]},"transfers":null}"#).ok(200);
    let text = merge(r#"{"case":{"open":true}}"#).text();
    assert!(text.contains(r#""no":1.50"#), "numbers keep their spelling: {text}");
    let patch = |body: &str| {
        let headers = [("Content-Type", "application/json-patch+json"), ("Accept", "application/json")];
        server.request("PATCH", R1, &headers, Some(body.as_bytes()))
    };
    let done = patch(r#"[{"op":"test","path":"/case/open","value":true},{"op":"add","path":"/case/parts/-","value":3}]"#);
    assert_eq!(done.ok(200)["case"], json!({"no": 1.5, "parts": [1, 2, 3], "open": true}));
    assert_eq!(patch(r#"[{"op":"remove","path":"/queue"},{"op":"test","path":"/case/open","value":false}]"#).code(409), "patch_test_failed");
    assert_eq!(patch(r#"[{"op":"remove","path":"/nothing"}]"#).code(422), "patch_path_missing");
    assert_eq!(patch(r#"[{"op":"fly","path":"/queue"}]"#).code(400), "patch_invalid");
    assert_eq!(server.get(R1).ok(200)["queue"], "billing");
}

#[test]
fn put_replaces_everything_and_may_repeat_reserved_names() {
    let server = server();
    server.bring("R2", &json!({"speakers": ["a"], "queue": "x", "datetime": "2024-05-06 07:08:09"}), &[]).ok(201);
    let at = "/metadata/Acme/Acme-Sales/R2";
    assert_eq!(server.put(at, &json!({"speakers": ["b"]})).code(422), "name_reserved");
    assert_eq!(server.put(at, &json!({"agentid": "7"})).code(422), "name_reserved");
    assert_eq!(server.put(at, &json!({"speakers": ["a"], "n": 1})).ok(200), json!({"speakers": ["a"], "n": 1}));
    assert_eq!(server.put(at, &json!({})).ok(200), json!({}));
    assert_eq!(server.put("/metadata/Acme/Acme-Sales/nobody", &json!({})).code(404), "not_found");
}

#[test]
fn reserved_and_broken_names_refuse_the_request_whole() {
    let server = server();
    for (body, code) in [
        (json!({"queue": "a", "TID": "x"}), "name_reserved"),
        (json!({"queue": "a", "last_modified": "x"}), "name_reserved"),
        (json!({"queue": "a", "a:b": "x"}), "name_invalid"),
        (json!({"queue": "a", " b": "x"}), "name_invalid"),
        (json!({"queue": "a", "": "x"}), "name_invalid"),
        (json!({"queue": "a", "c\u{1}": "x"}), "name_invalid"),
    ] {
        assert_eq!(server.patch(R1, &body).code(422), code, "{body}");
    }
    let two = server.patch(R1, &json!({"tid": 1, "asr": 2})).json();
    assert_eq!(two["errors"].as_array().map(Vec::len), Some(2), "{two}");
    assert_eq!(two["errors"][0]["pointer"], "/tid");
    assert_eq!(server.json("DELETE", R1, &json!(["queue", "agentid"])).code(422), "name_reserved");
    assert_eq!(server.get(R1).header("etag"), Some("\"1\""));
}

#[test]
fn values_must_fit_their_type_and_strings_that_read_as_it_do() {
    let server = server();
    server.patch(R1, &json!({"hold_time": "78", "vip": "True", "called": "2024-05-06 07:08", "note": 5})).ok(200);
    assert_eq!(server.get(R1).ok(200)["hold_time"], "78", "the archive keeps what was sent");
    let misfit = server.patch(R1, &json!({"hold_time": "soon", "queue": "x"}));
    let problem = misfit.json();
    assert_eq!((misfit.status, &problem["code"], &problem["errors"][0]["pointer"]), (422, &json!("type_mismatch"), &json!("/hold_time")));
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("hold_time") && d.contains("number") && d.contains("soon")));
    assert_eq!(server.patch(R1, &json!({"queue": {"a": 1}})).code(422), "type_mismatch");
    server.patch(R1, &json!({"queue": ["a", "b"], "hold_time": [], "vip": ""})).ok(200);
    server.post("/config/Acme/Acme-Sales/folders", &json!({"Inbound": {"on_mismatch": "store"}})).ok(200);
    let receipt = server.patch(&format!("{R1}?receipt=true"), &json!({"hold_time": "soon"})).ok(200);
    assert_eq!(receipt["fields"]["hold_time"]["database"], "coercion_failed", "{receipt}");
    assert_eq!(receipt["fields"]["hold_time"]["archive"], "stored");
}

#[test]
fn a_receipt_says_what_became_of_each_field() {
    let server = server();
    let receipt = server.patch(&format!("{R1}?receipt=true"), &json!({"queue": "a", "color": "red", "direction": null})).ok(200);
    assert_eq!(receipt["revision"], 2);
    assert_eq!(receipt["metadata"]["color"], "red");
    assert_eq!(receipt["fields"]["queue"], json!({"database": "stored", "index": "stored", "archive": "stored"}));
    assert_eq!(receipt["fields"]["color"]["database"], "not_configured");
    assert_eq!(receipt["fields"]["direction"]["index"], "removed");
    assert!(receipt["mark"].is_string() && receipt["last_modified"].as_str().is_some_and(|t| t.len() == 27));
}

#[test]
fn a_dry_run_answers_as_if_and_changes_nothing() {
    let server = server();
    let dry = server.patch(&format!("{R1}?dry_run=true"), &json!({"queue": "a"}));
    assert_eq!(dry.ok(200)["queue"], "a");
    assert_eq!(server.patch(&format!("{R1}?dry_run=true"), &json!({"tid": "a"})).code(422), "name_reserved");
    let seen = server.get(R1);
    assert_eq!(seen.header("etag"), Some("\"1\""));
    assert_eq!(seen.ok(200)["queue"], "billing");
}

#[test]
fn a_lost_race_is_412_also_in_v_sparks_dialect() {
    let server = server();
    let with = |tag: &str, accept: &str| {
        let headers = [("Content-Type", "application/json"), ("If-Match", tag), ("Accept", accept)];
        server.request("PATCH", R1, &headers, Some(br#"{"queue":"z"}"#)).status
    };
    assert_eq!(with("\"7\"", "*/*"), 412);
    assert_eq!(with("\"7\"", "application/json"), 412);
    assert_eq!(with("\"7\", \"1\"", "*/*"), 200);
    assert_eq!(with("*", "*/*"), 200);
}

#[test]
fn a_repeated_idempotency_key_changes_nothing() {
    let server = server();
    let with = |key: &str, body: &str| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Accept", "application/json")];
        server.request("PATCH", R1, &headers, Some(body.as_bytes()))
    };
    assert_eq!(with("k1", r#"{"queue":"a"}"#).header("linernotes-replayed"), None);
    let replay = with("k1", r#"{"queue":"a"}"#);
    assert_eq!((replay.header("linernotes-replayed"), replay.header("etag")), (Some("2"), Some("\"2\"")));
    assert_eq!(with("k1", r#"{"queue":"b"}"#).code(422), "idempotency_mismatch");
    with("k2", r#"{"queue":"c"}"#).ok(200);
    let late = with("k1", r#"{"queue":"a"}"#);
    assert_eq!((late.header("linernotes-replayed"), late.header("etag")), (Some("2"), None));
    assert_eq!(late.ok(200)["queue"], "c");
    assert_eq!(with("k3", r#"{"tid":"c"}"#).code(422), "name_reserved");
    with("k3", r#"{"queue":"d"}"#).ok(200);
}

#[test]
fn waiting_for_archive_and_search_holds_the_answer() {
    let server = server();
    let answer = server.patch(&format!("{R1}?wait=search"), &json!({"queue": "seen"}));
    assert_eq!(answer.header("linernotes-pending"), None);
    let found = server.get("/search/Acme/Acme-Sales?q=queue:seen&output=count").ok(200);
    assert_eq!(found["count"], 1);
    server.patch(&format!("{R1}?wait=archive"), &json!({"color": "teal"})).ok(200);
    let file = crate::support::server::files(&server.data().join("archive"))
        .into_iter()
        .find(|p| p.to_string_lossy().ends_with("R1.jsonmeta"))
        .expect("a metadata file");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!((&file["metadata"]["color"], &file["revision"], &file["folder"]), (&json!("teal"), &json!(3), &json!("Inbound")));
}

#[test]
fn values_pass_through_byte_for_byte() {
    let server = server();
    let body = r#"{"pin":"0314","big":12345678901234567890123,"float":1.10,"dash":"-inbound","sign":"a:b=c","list":[1, 2],"esc":"\u00e9"}"#;
    let headers = [("Content-Type", "application/json")];
    let text = server.request("PATCH", R1, &headers, Some(body.as_bytes())).text();
    for part in [r#""pin":"0314""#, r#""big":12345678901234567890123"#, r#""float":1.10"#, r#""dash":"-inbound""#, r#""list":[1, 2]"#, r#""esc":"\u00e9""#] {
        assert!(text.contains(part), "{part} in {text}");
    }
    server.settle();
    assert_eq!(server.get(R1).text(), text);
}
