//! `/jobs`.
use super::{declare, fill, folder_scope, over, path, send, token, with_token};
use crate::support::Server;
use serde_json::{Value, json};

fn kinds(answer: &Value) -> Vec<&str> {
    answer["jobs"].as_array().expect("jobs").iter().filter_map(|job| job["kind"].as_str()).collect()
}

#[test]
fn long_work_of_every_kind_is_listed_and_remembered_after_a_restart() {
    let mut server = Server::acme();
    fill(&server, 20);
    let erased = server.delete("/transcripts/Acme/Acme-Sales/t19");
    let job = erased.header("linernotes-job").expect("a job").to_owned();
    let told = over(&server, &job);
    assert_eq!((&told["kind"], &told["progress"]), (&json!("erase"), &json!({"done": 1, "total": 1})));
    assert!(!told.to_string().contains("t19"), "what is erased is not named: {told}");
    let names = ["queue", "direction", "hold_time", "note", "called", "vip", "contract"];
    server.post("/config/Acme/Acme-Sales/folders", &json!({"Inbound": {"custom_meta": names}})).ok(200);
    server.settle();
    let id = declare(&server, &json!({"fields": ["queue"], "name": "from the CRM"}));
    assert!(!server.get("/jobs").ok(200).to_string().contains(&id), "without rows it is no job yet");
    send(&server, "PUT", &format!("{}/{id}/rows", path("imports")), "text/csv", "tid,queue\nt1,x\n").ok(202);
    over(&server, &id);
    server.stop();
    server.spawn();
    let all = server.get("/jobs").ok(200);
    assert_eq!(kinds(&all), ["import", "backfill", "erase"], "{all}");
    assert_eq!((&all["jobs"][0]["name"], &all["jobs"][0]["state"]), (&json!("from the CRM"), &json!("done")));
    assert!(all["jobs"][0]["rate"].is_number() && all["jobs"][0]["finished"].is_string(), "{all}");
    assert_eq!(kinds(&server.get("/jobs?kind=erase&state=done").ok(200)), ["erase"]);
    assert_eq!(kinds(&server.get("/jobs?size=1").ok(200)), ["import"]);
    assert!(kinds(&server.get("/jobs?state=running").ok(200)).is_empty());
    assert_eq!(server.get("/jobs?state=open").code(400), "parameter_invalid");
    assert_eq!(server.get("/jobs/none").code(404), "not_found");
}

#[test]
fn what_a_token_may_not_see_is_absent() {
    let server = Server::acme();
    fill(&server, 2);
    let wide = declare(&server, &json!({"fields": ["queue"]}));
    let rows =
        |id: &str| send(&server, "PUT", &format!("{}/{id}/rows", path("imports")), "text/csv", "tid,queue\nt1,x\n");
    rows(&wide).ok(202);
    let narrow = declare(&server, &json!({"fields": ["queue"], "folder": "Inbound"}));
    rows(&narrow).ok(202);
    over(&server, &wide);
    over(&server, &narrow);
    let none = json!({});
    let inbound = token(&server, &folder_scope("Inbound", &["read"]));
    let jobs = with_token(&server, &inbound, "GET", "/jobs", &none).ok(200);
    assert!(jobs.to_string().contains(&narrow) && !jobs.to_string().contains(&wide), "{jobs}");
    let get = |token: &str, path: &str| with_token(&server, token, "GET", path, &none);
    assert_eq!(get(&inbound, &format!("/jobs/{wide}")).code(404), "not_found");
    assert_eq!(get(&inbound, &format!("{}/{wide}", path("imports"))).code(404), "not_found");
    get(&inbound, &format!("{}/{narrow}", path("imports"))).ok(200);
    assert_eq!(with_token(&server, &inbound, "POST", &format!("/jobs/{wide}/cancel"), &none).code(404), "not_found");
    assert_eq!(
        with_token(&server, &inbound, "POST", &format!("/jobs/{narrow}/cancel"), &none).code(403),
        "right_missing"
    );
    assert_eq!(server.post(&format!("/jobs/{wide}/cancel"), &none).code(409), "job_ended");
    let config = token(&server, &json!({"name": "c", "rights": ["config"]}));
    assert_eq!(get(&config, "/jobs").code(403), "right_missing");
}
