//! `/config` and `/list`: contract section 5.
use crate::support::Server;
use serde_json::json;

#[test]
fn nesting_follows_the_path_and_posts_are_additive() {
    let server = Server::acme();
    let all = server.get("/config/folders").ok(200);
    assert_eq!(all["Acme"]["Acme-Sales"]["Other"]["custom_meta"], json!([]), "{all}");
    let org = server.get("/config/Acme/Acme-Sales/folders").ok(200);
    assert_eq!(org["Inbound"]["custom_meta"][2], "hold_time");
    let changed = server.post("/config/folders", &json!({"Acme": {"Acme-Sales": {"Inbound": {"nspeakers": 1, "x_color": "red"}, "New": {}}}})).ok(200);
    assert_eq!(changed["Acme"]["Acme-Sales"]["Inbound"]["x_color"], "red", "{changed}");
    assert!(changed["Acme"]["Acme-Sales"].get("Other").is_none(), "only the objects named are answered");
    let inbound = server.get("/config/Acme/Acme-Sales/Inbound").ok(200);
    assert_eq!((&inbound["nspeakers"], &inbound["x_color"], &inbound["custom_meta"][0]), (&json!(1), &json!("red"), &json!("queue")));
    assert_eq!((&inbound["status"], &inbound["mode"]), (&json!("OK"), &json!("active")));
    assert_eq!(server.get("/config/Acme").ok(200)["name"], "Acme Ltd");
    assert_eq!(server.get("/config/Acme/Acme-Sales").ok(200)["timezone"], "Europe/Berlin");
}

#[test]
fn lists_have_v_sparks_shapes() {
    let server = Server::acme();
    for (path, shape) in [
        ("/list", json!(["Acme"])),
        ("/list/orgs", json!({"Acme": ["Acme-Sales"]})),
        ("/list/Acme", json!(["Acme-Sales"])),
        ("/list/Acme/orgs", json!(["Acme-Sales"])),
        ("/list/folders", json!({"Acme": {"Acme-Sales": ["Inbound", "Other"]}})),
        ("/list/Acme/Acme-Sales", json!(["Inbound", "Other"])),
        ("/list/Acme/Acme-Sales/folders", json!(["Inbound", "Other"])),
    ] {
        assert_eq!(server.get(path).ok(200), shape, "{path}");
    }
    server.post("/config/Acme/users", &json!({"pat": {"email": "pat@example.org", "auth": {"password": "pst"}}})).ok(200);
    assert_eq!(server.get("/list/users").ok(200), json!({"Acme": ["pat"]}));
    assert!(!server.get("/config/users").text().contains("pst"));
    server.post("/config/Acme/Acme-Sales/apps", &json!({"Drivers": {"template": "custom"}})).ok(200);
    assert_eq!(server.get("/list/Acme/Acme-Sales/apps").ok(200), json!(["Drivers"]));
}

#[test]
fn deleting_needs_multi_and_tree() {
    let mut server = Server::acme();
    server.bring("R1", &json!({"queue": "a"}), &[("agent", "hello")]).ok(201);
    let sentence = |path: &str| {
        let answer = server.delete(path);
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned() + answer.json()["title"].as_str().unwrap_or_default())
    };
    let (status, words) = sentence("/config/folders");
    assert!(status == 409 && words.contains("Can not delete multiple items"), "{words}");
    let (status, words) = sentence("/config/Acme/Acme-Sales/Inbound");
    assert!(status == 409 && words.contains("Can not delete non-empty object"), "{words}");
    assert_eq!(server.delete("/config/Acme/Acme-Sales/Other").status, 200);
    assert_eq!(server.delete("/config/Acme/Acme-Sales?tree=true&multi=true").status, 200);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/R1").status, 404);
    assert_eq!(server.get("/config/Acme/Acme-Sales").status, 404);
    // The same names made anew hold nothing of the old.
    server.make_acme();
    assert_eq!(server.find("q=hello")["total"], 0);
    server.bring("R1", &json!({}), &[("agent", "new")]).ok(201);
    assert_eq!(server.ids("q=new"), ["R1"]);
    server.stop_and_verify();
}

#[test]
fn refused_configuration_changes_nothing() {
    let server = Server::acme();
    let folder = "/config/Acme/Acme-Sales/Inbound";
    let before = server.get(folder).ok(200);
    for (body, code) in [
        (json!({"custom_meta": ["requestid"]}), "name_reserved"),
        (json!({"custom_meta": ["a:b"]}), "name_invalid"),
        (json!({"custom_meta": ["a", "A"]}), "duplicate_field"),
        (json!({"custom_meta": "a"}), "config_invalid"),
        (json!({"custom_meta": [{"name": "x", "type": "wide"}]}), "config_invalid"),
        (json!({"custom_meta": [{"name": "hold_time", "type": "text"}]}), "config_invalid"),
        (json!({"on_mismatch": "shrug"}), "config_invalid"),
        (json!({"speakers": {"agent": 5}}), "config_invalid"),
    ] {
        let answer = server.post(folder, &body);
        assert!([400, 409, 422].contains(&answer.status), "{body}: {}", answer.text());
        let found = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(found == code || found == "config_invalid", "{body}: {found}");
    }
    assert_eq!(server.get(folder).ok(200), before);
    assert_eq!(server.post("/config/Acme/Acme-Sales", &json!({"timezone": "Mars/Olympus"})).code(422), "config_invalid");
    server.bring("R1", &json!({}), &[]).ok(201);
    assert_eq!(server.post("/config/Acme/Acme-Sales", &json!({"timezone": "UTC"})).code(409), "timezone_fixed");
    assert_eq!(server.request("POST", folder, &[], Some(b"{not json")).code(400), "json_invalid");
}

#[test]
fn etags_guard_and_dry_runs_plan() {
    let server = Server::acme();
    let folder = "/config/Acme/Acme-Sales/Inbound";
    let seen = server.get(folder);
    let etag = seen.header("etag").expect("an ETag").to_owned();
    let with = |tag: &str, query: &str| {
        server.request("POST", &format!("{folder}{query}"), &[("If-Match", tag), ("Content-Type", "application/json")], Some(br#"{"custom_meta":["queue","extra"]}"#))
    };
    assert_eq!(with("\"stale\"", "").code(412), "revision_mismatch");
    let plan = with(&etag, "?dry_run=true").ok(200);
    assert!(plan.to_string().contains("extra"), "{plan}");
    assert_eq!(server.get(folder).header("etag"), Some(etag.as_str()));
    assert_eq!(with(&etag, "").status, 200);
    assert_ne!(server.get(folder).header("etag"), Some(etag.as_str()));
}

#[test]
fn configuration_survives_a_kill() {
    let mut server = Server::acme();
    server.post("/config/Acme/Acme-Sales/Inbound", &json!({"speakers": {"agent": ["Wizard"], "client": [1]}, "callback": {"posturl": "https://cb.example/", "aws_secret": "hush"}})).ok(200);
    let before = server.get("/config/folders").text();
    assert!(!before.contains("hush"), "{before}");
    server.kill();
    server.spawn();
    assert_eq!(server.get("/config/folders").text(), before);
}
