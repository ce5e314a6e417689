//! Looking after the stores: the index made again (contract section 9).
mod backup;
mod erase;
mod repair;
mod staged;

use crate::support::Server;
use crate::support::server::files;
use serde_json::{Value, json};

/// Acme with transcripts T0, T1, …
fn filled(count: usize) -> Server {
    let server = Server::acme();
    for n in 0..count {
        let metadata = json!({"queue": format!("q{}", n % 3), "free": n});
        server.bring(&format!("T{n}"), &metadata, &[("agent", "hello there"), ("client", &format!("word{n}"))]).ok(201);
    }
    server
}

fn path(server: &Server) -> String {
    server.data().to_str().unwrap().to_owned()
}

#[test]
fn a_stopped_folder_is_indexed_again() {
    let mut server = filled(5);
    server.stop();
    let (code, out, words) = server.command(&["reindex", "--json", "--data", &path(&server)]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{words}"));
    assert_eq!((code, &report["transcripts"], &report["failed"]), (0, &json!(5), &json!([])), "{report}");
    server.spawn();
    assert_eq!(server.ids("q=word3"), ["T3"]);
    server.stop_and_verify();
}

#[test]
fn a_damaged_index_is_made_again_whatever_file_is_hit() {
    let mut server = filled(4);
    server.settle();
    server.stop();
    let index = files(&server.data().join("index"));
    assert!(index.len() > 4);
    for file in index.iter().filter(|file| file.is_file()) {
        let whole = std::fs::read(file).unwrap_or_default();
        if whole.is_empty() {
            continue;
        }
        for damage in 0..3 {
            let mut bytes = std::fs::read(file).unwrap_or_default();
            match damage {
                0 => bytes.truncate(bytes.len() / 2),
                1 => bytes.fill(0),
                _ => bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 0x10),
            }
            // Making it again gives the files new names: what is gone cannot be hit.
            if file.exists() {
                std::fs::write(file, bytes).unwrap();
            }
            let (code, _, words) = server.command(&["reindex", "--data", &path(&server)]);
            assert!(code == 0 && words.contains("4 transcripts indexed"), "{} {words}", file.display());
        }
    }
    let (code, report) = server.verify(true);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_running_server_indexes_again_while_edits_go_on() {
    let mut server = filled(6);
    server.settle();
    let url = format!("http://{}", server.addr);
    for round in 0..3 {
        server.post("/reindex", &json!({})).ok(202);
        let edited = json!({"queue": format!("round{round}")});
        server.patch("/metadata/Acme/Acme-Sales/T1", &edited).ok(200);
        let (code, _, words) = server.command(&["reindex", "--url", &url]);
        assert!(code == 0 && words.contains("could not be"), "{code} {words}");
        assert_eq!(server.get("/reindex").ok(200)["running"], false);
        assert_eq!(server.ids(&format!("q=queue:round{round}")), ["T1"]);
        assert_eq!(server.find("q=hello&size=0")["total"], 6);
    }
    server.stop_and_verify();
}

#[test]
fn a_promised_rebuild_survives_a_kill() {
    let mut server = filled(6);
    server.settle();
    for _ in 0..4 {
        server.post("/reindex", &json!({})).ok(202);
        server.kill();
        server.spawn();
        assert_eq!(server.find("q=hello&size=0")["total"], 6);
    }
    server.stop_and_verify();
}

#[test]
fn only_a_token_for_everything_may_have_it_indexed_again() {
    let server = filled(1);
    let ask = |body: Value, status: u16| {
        let token = server.post("/tokens", &body).ok(201)["token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        for method in ["GET", "POST"] {
            let answer = server.send(method, "/reindex", &[("Authorization", &bearer)], None);
            assert_eq!(answer.code(status), "right_missing");
        }
    };
    ask(json!({"name": "a", "rights": ["read", "write", "config"]}), 403);
    ask(json!({"name": "b", "company": "Acme", "rights": ["read", "write", "config", "admin"]}), 403);
    assert_eq!(server.send("POST", "/reindex", &[], None).status, 401);
    let (code, _, words) = server.command(&["reindex", "--url", "http://127.0.0.1:1"]);
    assert!(code == 1 && words.contains("no answer"), "{words}");
}
