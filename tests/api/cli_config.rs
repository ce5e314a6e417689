//! `config export`, `plan`, `apply`, on a stopped folder and on a running server; 412 with what differs.
use crate::support::Server;
use serde_json::{Value, json};

fn file(server: &Server, name: &str, content: &str) -> String {
    let path = server.data().parent().unwrap().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const WANTED: &str = r#"
[Acme]
name = "Acme Ltd"
[Acme.users."jo@acme.example"]
email = "jo@acme.example"
[Acme.orgs."Acme-Sales"]
fields = { hold_time = { type = "float" }, mood = { type = "enum", values = ["good", "bad"] } }
[Acme.orgs."Acme-Sales".folders.Inbound]
custom_meta = ["queue", "hold_time", "mood"]
[Acme.orgs."Acme-Sales".folders.Fresh]
custom_meta = ["mood", { name = "due", type = "datetime" }]
[Acme.orgs."Acme-Support"]
timezone = "Europe/Paris"
[Beta]
"#;

#[test]
fn a_file_is_planned_applied_and_then_there_is_nothing_to_do() {
    for over_the_wire in [true, false] {
        let mut server = Server::acme();
        server.bring("R1", &json!({"queue": "billing", "mood": "good"}), &[("agent", "hello")]).ok(201);
        let url = format!("http://{}", server.addr);
        let data = server.data().to_str().unwrap().to_owned();
        if !over_the_wire {
            server.stop();
        }
        let place = if over_the_wire { ["--url", &url] } else { ["--data", &data] };
        let run = |args: &[&str]| server.command(&[&["config"], args, &place].concat());
        let wanted = file(&server, "wanted.toml", WANTED);
        let (code, out, words) = run(&["plan", &wanted]);
        assert_eq!(code, 1, "{words}");
        for line in [
            "+ company Beta",
            "+ org Acme/Acme-Support",
            "+ folder Acme/Acme-Sales/Fresh",
            "+ user Acme/jo@acme.example",
            "~ folder Acme/Acme-Sales/Inbound",
            "    leaves the index: direction, note, called, vip",
            "back-fill of Acme/Acme-Sales/Inbound",
        ] {
            assert!(out.contains(line), "{line}: {out}");
        }
        let (code, out, _) = run(&["plan", &wanted, "--json"]);
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &told["backfills"], &told["delete"]), (1, &json!(["Acme/Acme-Sales/Inbound"]), &json!([])));
        let (code, out, words) = run(&["apply", &wanted]);
        assert!(code == 0 && out.contains("+ company Beta"), "{out} {words}");
        let (code, out, words) = run(&["apply", &wanted]);
        assert!(code == 0 && out.is_empty() && words.contains("nothing to do"), "{out} {words}");
        assert_eq!(run(&["plan", &wanted]).0, 0);
        // What is there, written to a file, is no change, in either form.
        for form in [&["export"][..], &["export", "--toml"]] {
            let (code, out, _) = run(form);
            assert_eq!(code, 0);
            let same = file(&server, if form.len() > 1 { "same.toml" } else { "same.json" }, &out);
            let (code, out, words) = run(&["plan", &same, "--prune"]);
            assert_eq!(code, 0, "{out} {words}");
        }
        // Folders that hold transcripts stay, unless it is said.
        let only = file(&server, "only.json", r#"{"Acme": {"orgs": {"Acme-Sales": {}}}}"#);
        let (code, out, _) = run(&["plan", &only, "--prune"]);
        assert!(
            code == 1 && out.contains("- company Beta") && out.contains("- folder Acme/Acme-Sales/Inbound"),
            "{out}"
        );
        let (code, _, words) = run(&["apply", &only, "--prune"]);
        assert!(code == 1 && words.contains("non-empty"), "{words}");
        let (code, _, words) = run(&["apply", &only, "--prune", "--erase-transcripts"]);
        assert_eq!(code, 0, "{words}");
        assert_eq!(run(&["plan", &only, "--prune"]).0, 0);
        if !over_the_wire {
            server.spawn();
        }
        assert_eq!(server.get("/list/folders").ok(200), json!({"Acme": {"Acme-Sales": []}}));
        server.stop_and_verify();
    }
}

#[test]
fn a_plan_that_has_been_overtaken_is_not_applied() {
    let mut server = Server::acme();
    let url = format!("http://{}", server.addr);
    let wanted = file(
        &server,
        "wanted.json",
        r#"{"Acme": {"orgs": {"Acme-Sales": {"folders": {"Other": {"mode": "inactive"}}}}}}"#,
    );
    let plan = file(&server, "the.plan", "");
    let run = |args: &[&str]| server.command(&[&["config"], args, &["--url", &url]].concat());
    assert_eq!(run(&["plan", &wanted, "--save", &plan]).0, 1);
    server.post("/config/Acme/Acme-Sales/Other", &json!({"custom_meta": ["queue"]})).ok(200);
    let (code, out, words) = run(&["apply", &plan]);
    assert_eq!(code, 1, "{words}");
    assert!(
        out.contains("folder Acme/Acme-Sales/Other was changed") && out.contains(r#"custom_meta: [] -> ["queue"]"#),
        "{out}"
    );
    assert_eq!(server.get("/config/Acme/Acme-Sales/Other").ok(200)["mode"], "active");
    assert_eq!(run(&["plan", &wanted, "--save", &plan]).0, 1);
    assert_eq!(run(&["apply", &plan]).0, 0);
    assert_eq!(server.get("/config/Acme/Acme-Sales/Other").ok(200)["mode"], "inactive");
    for (content, code, words) in [("{", 1, "no JSON"), ("[]", 1, "object of names"), (r#"{"A B": {}}"#, 1, "A B")] {
        let bad = file(&server, "bad.json", content);
        let (ended, _, told) = run(&["apply", &bad]);
        assert!(ended == code && told.contains(words), "{content}: {told}");
    }
    server.stop_and_verify();
}

#[test]
fn the_second_administrator_is_told_what_differs() {
    let mut server = Server::acme();
    let path = "/config/Acme/Acme-Sales/Other";
    let tag = server.get(path).header("ETag").unwrap().to_owned();
    server.post(path, &json!({"custom_meta": ["queue"], "mode": "inactive"})).ok(200);
    let headers = [("If-Match", tag.as_str()), ("Content-Type", "application/json")];
    let body = br#"{"custom_meta":["direction"],"mode":"inactive"}"#;
    let refused = server.request("POST", path, &headers, Some(body)).ok(412);
    let wanted = json!([{"pointer": "/custom_meta", "code": "revision_mismatch", "detail": "is [\"queue\"] now"}]);
    assert_eq!((&refused["code"], &refused["errors"]), (&json!("revision_mismatch"), &wanted));
    let stale = server.request("DELETE", path, &headers[..1], None).ok(412);
    assert_eq!(stale["code"], "revision_mismatch");
    server.stop_and_verify();
}
