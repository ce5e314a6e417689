//! Work on many transcripts: contract section 8.
mod imports;
mod jobs;
mod lines;
mod query;
mod resume;

use crate::support::{Answer, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The organisation's path of a resource.
fn path(resource: &str) -> String {
    format!("/{resource}/Acme/Acme-Sales")
}

/// Brings `count` transcripts `t0…` into Inbound, each with a contract number.
fn fill(server: &Server, count: usize) {
    let body: String = (0..count)
        .map(|n| {
            format!(
                "{{\"tid\":\"t{n}\",\"client_data\":{{\"queue\":\"q{}\",\"contract\":\"C-{n}\"}},\"utterances\":[]}}\n",
                n % 2
            )
        })
        .collect();
    let answer = server.request(
        "POST",
        "/transcripts/Acme/Acme-Sales?folder=Inbound",
        &[("Content-Type", "application/x-ndjson")],
        Some(body.as_bytes()),
    );
    assert!(answer.text().contains(&format!("\"created\":{count},")), "{}", answer.text());
}

fn send(server: &Server, method: &str, path: &str, kind: &str, body: &str) -> Answer {
    server.request(method, path, &[("Content-Type", kind)], Some(body.as_bytes()))
}

fn values(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
}

/// Waits until a job is over.
#[track_caller]
fn over(server: &Server, id: &str) -> Value {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(180) {
        let job = server.get(&format!("/jobs/{id}")).ok(200);
        if ["done", "failed", "cancelled"].iter().any(|state| job["state"] == *state) {
            return job;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("the job never ended: {}", server.log());
}

/// Declares an import; its id.
#[track_caller]
fn declare(server: &Server, body: &Value) -> String {
    let made = server.post(&path("imports"), body).ok(201);
    assert_eq!(made["state"], "open", "{made}");
    made["id"].as_str().expect("an id").to_owned()
}

/// Sends the rows of an import and waits for its end: the import as it stands then.
#[track_caller]
fn import(server: &Server, declaration: &Value, kind: &str, rows: &str) -> Value {
    let id = declare(server, declaration);
    let path = format!("{}/{id}", path("imports"));
    let begun = send(server, "PUT", &format!("{path}/rows"), kind, rows);
    assert_eq!((begun.status, begun.header("linernotes-job")), (202, Some(id.as_str())), "{}", begun.text());
    over(server, &id);
    server.get(&path).ok(200)
}

fn counts(job: &Value) -> (u64, u64, u64) {
    let count = |name: &str| job["counts"][name].as_u64().expect("a count");
    (count("changed"), count("unchanged"), count("failed"))
}

/// A token of a part of the world.
fn token(server: &Server, body: &Value) -> String {
    server.post("/tokens", body).ok(201)["token"].as_str().expect("a token").to_owned()
}

fn with_token(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    server.send(method, path, &headers, Some(body.to_string().as_bytes()))
}

fn folder_scope(folder: &str, rights: &[&str]) -> Value {
    json!({"name": "f", "company": "Acme", "org": "Acme-Sales", "folder": folder, "rights": rights})
}
