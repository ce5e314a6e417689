//! `PATCH /metadata/{company}/{org}`.
use super::{fill, folder_scope, path, send, token, values, with_token};
use crate::support::Server;
use serde_json::json;

fn edit(server: &Server, query: &str, body: &str) -> Vec<serde_json::Value> {
    let answer = send(server, "PATCH", &format!("{}?{query}", path("metadata")), "application/x-ndjson", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    values(&answer)
}

fn meta(server: &Server, tid: &str) -> serde_json::Value {
    server.get(&format!("/metadata/Acme/Acme-Sales/{tid}")).ok(200)
}

#[test]
fn every_line_has_its_verdict_and_bad_lines_fail_alone() {
    let server = Server::acme();
    fill(&server, 3);
    let body = concat!(
        "{\"tid\":\"t0\",\"set\":{\"queue\":\"new\",\"color\":1},\"unset\":[\"contract\"]}\n",
        "\n",
        "{\"tid\":\"t1\",\"set\":{\"hold_time\":\"soon\"}}\n",
        "{\"tid\":\"nobody\",\"set\":{\"queue\":\"x\"}}\n",
        "{broken\n",
        "{\"tid\":\"t2\",\"set\":{\"queue\":\"q0\"}}\n",
        "{\"tid\":\"t2\",\"set\":{\"tid\":\"x\"}}\n",
        "{\"tid\":\"t2\",\"set\":{\"queue\":\"a\"},\"if_match\":7}\n",
        "{\"tid\":\"t2\",\"set\":{\"queue\":\"a\"},\"if_match\":1}\n",
        "{\"tid\":\"t2\",\"set\":{\"queue\":\"b\"},\"if_match\":\"*\"}"
    );
    let told = edit(&server, "wait=search", body);
    let status: Vec<_> = told.iter().map(|v| v["status"].as_str().unwrap_or("summary")).collect();
    let expected =
        ["changed", "failed", "failed", "failed", "unchanged", "failed", "failed", "changed", "changed", "summary"];
    assert_eq!(status, expected, "{told:?}");
    let codes: Vec<_> = told.iter().filter_map(|v| v["error"]["code"].as_str()).collect();
    assert_eq!(codes, ["type_mismatch", "not_found", "json_invalid", "name_reserved", "revision_mismatch"]);
    assert_eq!((&told[0]["revision"], &told[0]["unindexed"]), (&json!(2), &json!(["color"])));
    assert_eq!((&told[1]["line"], &told[1]["tid"]), (&json!(3), &json!("t1")));
    assert_eq!(meta(&server, "t0"), json!({"queue": "new", "color": 1}));
    let summary = &told[9]["summary"];
    assert_eq!((&summary["changed"], &summary["unchanged"], &summary["failed"]), (&json!(3), &json!(1), &json!(5)));
    let mark = summary["mark"].as_str().expect("a mark");
    let found = server.get(&format!("/search/Acme/Acme-Sales?terms.queue=b&after={mark}")).ok(200);
    assert_eq!(found["total"], 1);
}

#[test]
fn the_same_lines_twice_change_nothing_the_second_time() {
    let server = Server::acme();
    fill(&server, 700);
    let body: String =
        (0..700).map(|n| format!("{{\"tid\":\"t{n}\",\"set\":{{\"queue\":\"new\",\"n\":{n}.0}}}}\n")).collect();
    let first = edit(&server, "", &body);
    assert_eq!(first[700]["summary"]["changed"], 700);
    let second = edit(&server, "", &body);
    assert_eq!((&second[700]["summary"]["unchanged"], &second[0]["revision"]), (&json!(700), &json!(2)));
    assert!(second[700]["summary"]["mark"].is_null());
}

#[test]
fn atomic_and_dry_runs_change_nothing_when_they_must_not() {
    let server = Server::acme();
    fill(&server, 2);
    let bad = "{\"tid\":\"t0\",\"set\":{\"queue\":\"x\"}}\n{\"tid\":\"t1\",\"set\":{\"vip\":\"perhaps\"}}";
    let told = edit(&server, "atomic=true", bad);
    assert_eq!(
        (&told[0]["error"]["code"], &told[1]["error"]["code"]),
        (&json!("atomic_failed"), &json!("type_mismatch"))
    );
    let twice = "{\"tid\":\"t0\",\"set\":{\"queue\":\"x\"}}\n{\"tid\":\"t0\",\"set\":{\"queue\":\"y\"}}";
    assert!(edit(&server, "atomic=true", twice)[..2].iter().all(|v| v["status"] == "failed"));
    let good = "{\"tid\":\"t0\",\"set\":{\"queue\":\"x\"}}\n{\"tid\":\"t1\",\"unset\":[\"queue\"]}";
    let dry = edit(&server, "dry_run=true&atomic=true", good);
    assert_eq!((&dry[0]["status"], &dry[0]["revision"]), (&json!("changed"), &json!(2)), "as if");
    assert_eq!(meta(&server, "t0")["queue"], "q0");
    assert_eq!(edit(&server, "atomic=true", good)[2]["summary"]["changed"], 2);
    assert_eq!(meta(&server, "t1"), json!({"contract": "C-1"}));
}

#[test]
fn scope_comes_before_right_and_errors_are_problems() {
    let server = Server::acme();
    fill(&server, 1);
    let other = token(&server, &folder_scope("Other", &["read", "write"]));
    let line = json!({"tid": "t0", "set": {"queue": "x"}});
    let hidden = with_token(&server, &other, "PATCH", &path("metadata"), &line);
    let unknown =
        with_token(&server, &other, "PATCH", &path("metadata"), &json!({"tid": "none", "set": {"queue": "x"}}));
    assert_eq!(values(&hidden)[0]["error"], values(&unknown)[0]["error"], "hidden is absent");
    let reader = token(&server, &folder_scope("Inbound", &["read"]));
    assert_eq!(with_token(&server, &reader, "PATCH", &path("metadata"), &line).code(403), "right_missing");
    assert_eq!(with_token(&server, &reader, "PATCH", "/metadata/Acme/Nobody", &line).code(404), "not_found");
    assert_eq!(send(&server, "PATCH", &path("metadata"), "text/csv", "x").code(415), "media_type_unsupported");
    assert_eq!(send(&server, "PATCH", &format!("{}?nope=1", path("metadata")), "application/json", "").status, 400);
}
