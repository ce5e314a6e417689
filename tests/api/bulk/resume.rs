//! Jobs over crashes, cancelled jobs, jobs whose token goes.
use super::{counts, declare, fill, over, path, send, token, with_token};
use crate::support::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROWS: usize = 3_000;

fn rows(count: usize) -> String {
    std::iter::once("tid,queue,n\n".to_owned()).chain((0..count).map(|n| format!("t{n},new,{n}\n"))).collect()
}

/// Waits until a job has done something.
fn begun(server: &Server, id: &str) -> Value {
    let since = Instant::now();
    loop {
        let job = server.get(&format!("/jobs/{id}")).ok(200);
        if job["progress"]["done"] != 0 || since.elapsed() > Duration::from_secs(60) {
            return job;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn a_job_goes_on_after_a_crash_and_no_row_is_done_twice_or_left_out() {
    let mut server = Server::acme();
    fill(&server, ROWS);
    let id = declare(&server, &json!({"fields": ["queue", "n"]}));
    let put = format!("{}/{id}/rows", path("imports"));
    // One row that fails, at each end.
    let body = format!("{}nobody,x,1\n", rows(ROWS).replacen("t0,", "nobody,", 1));
    send(&server, "PUT", &put, "text/csv", &body).ok(202);
    let job = begun(&server, &id);
    server.kill();
    server.spawn();
    if job["state"] == "running" {
        assert!(job["progress"]["done"].as_u64() < Some(ROWS as u64 + 1), "{job}");
        server.kill();
        server.spawn();
    }
    let job = over(&server, &id);
    assert_eq!((counts(&job), &job["state"]), ((ROWS as u64 - 1, 0, 2), &json!("done")), "{job}");
    let import = server.get(&format!("{}/{id}", path("imports"))).ok(200);
    let errors: Vec<_> = import["errors"]["rows"].as_array().unwrap().iter().map(|e| e["row"].as_u64()).collect();
    assert_eq!(errors, [Some(1), Some(ROWS as u64 + 1)], "{import}");
    server.settle();
    assert_eq!(server.find("terms.queue=new&size=0")["total"], ROWS - 1);
    for tid in ["t1", "t1500", "t2999"] {
        let seen = server.get(&format!("/metadata/Acme/Acme-Sales/{tid}"));
        assert_eq!(seen.header("etag"), Some("\"2\""), "edited once");
    }
    server.stop_and_verify();
}

#[test]
fn a_cancelled_job_keeps_what_it_did_and_can_be_tried_again() {
    let server = Server::acme();
    fill(&server, ROWS);
    let id = declare(&server, &json!({"fields": ["queue", "n"]}));
    send(&server, "PUT", &format!("{}/{id}/rows", path("imports")), "text/csv", &rows(ROWS)).ok(202);
    begun(&server, &id);
    let asked = server.post(&format!("/jobs/{id}/cancel"), &json!({}));
    assert!([202, 409].contains(&asked.status), "{}", asked.text());
    let job = over(&server, &id);
    let (changed, _, _) = counts(&job);
    if job["state"] == "cancelled" {
        assert!(changed < ROWS as u64, "{job}");
        server.post(&format!("{}/{id}/retry", path("imports")), &json!({})).ok(202);
        let again = over(&server, &id);
        assert_eq!(counts(&again), (ROWS as u64 - changed, changed, 0), "{again}");
    }
    let waiting = declare(&server, &json!({"fields": ["queue"]}));
    let import = format!("{}/{waiting}", path("imports"));
    assert_eq!(server.post(&format!("{import}/retry"), &json!({})).code(409), "import_state");
    server.delete(&import).ok(200);
    assert_eq!(server.get(&import).code(404), "not_found");
    server.delete(&format!("{}/{id}", path("imports"))).ok(200);
    assert!(!server.data().join("imports").join(&id).exists());
}

#[test]
fn a_job_ends_with_the_token_that_started_it() {
    let server = Server::acme();
    fill(&server, ROWS);
    let made = server.post("/tokens", &json!({"name": "w", "rights": ["read", "write"]})).ok(201);
    let (own, token_id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    let import = with_token(&server, own, "POST", &path("imports"), &json!({"fields": ["queue", "n"]})).ok(201);
    let id = import["id"].as_str().unwrap();
    send(&server, "PUT", &format!("{}/{id}/rows", path("imports")), "text/csv", &rows(ROWS)).ok(202);
    begun(&server, id);
    server.delete(&format!("/tokens/{token_id}"));
    let job = over(&server, id);
    assert!(job["state"] == "failed" && job["reason"].as_str().unwrap().contains("token") || job["state"] == "done");
    let _unused = token(&server, &json!({"name": "x", "rights": ["read"]}));
}
