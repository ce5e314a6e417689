//! `output=zip`.
use super::server;
use crate::support::server::files;
use crate::support::{Answer, Server, client};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// The files of an archive by name.
pub fn unpacked(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    let mut archive = zip::ZipArchive::new(Cursor::new(&answer.body)).expect("a whole archive");
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let name = file.name().unwrap().into_owned();
            assert!(file.enclosed_name().is_some(), "{name:?} stays in its folder");
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (name, text)
        })
        .collect()
}

#[test]
fn an_archive_holds_the_transcripts_found_and_their_metadata() {
    let server = server();
    server.settle();
    let answer = server.get("/search/Acme/Acme-Sales?q=cancel&output=zip&zipfiles=json,text");
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment;") && disposition.contains("Acme%2DSales%2Ezip"), "{disposition}");
    let files = unpacked(&answer);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let stems = ["Inbound/a1", "Inbound/a2", "Other/o1"];
    let expected: Vec<String> =
        stems.iter().flat_map(|s| ["json", "jsonmeta", "txt"].map(|e| format!("{s}.{e}"))).collect();
    assert_eq!(names, expected);
    let body: Value = serde_json::from_str(&files["Inbound/a1.json"]).unwrap();
    assert_eq!((&body["utterances"][0]["speaker"], body.get("client_data")), (&json!("agent"), None));
    let meta: Value = serde_json::from_str(&files["Inbound/a1.jsonmeta"]).unwrap();
    assert_eq!(
        (&meta["metadata"]["queue"], &meta["tid"], &meta["folder"]),
        (&json!("Billing"), &json!("a1"), &json!("Inbound"))
    );
    assert_eq!(
        files["Inbound/a1.txt"],
        "[0] agent: Good morning, how can I help?\n[5] client: I want to cancel my plan\n"
    );
    assert!(!unpacked(&server.get("/search/Acme/Acme-Sales?output=zip")).contains_key("Inbound/a1.txt"));
}

#[test]
fn an_archive_can_be_brought_in_again() {
    let server = server();
    server.settle();
    let files = unpacked(&server.get("/search/Acme/Acme-Sales/Inbound?output=zip"));
    let scratch = tempfile::tempdir().unwrap();
    for (name, text) in &files {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let other = Server::acme();
    let folder = scratch.path().join("Inbound");
    let url = format!("http://{}", other.addr);
    let (code, out, err) =
        other.command(&["import", folder.to_str().unwrap(), "--into", "Acme/Acme-Sales/Inbound", "--url", &url]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(other.ids("sort=tid&sortdir=asc"), ["a1", "a2", "a3", "a4"]);
    assert_eq!(other.ids("q=cancel%20queue:billing&sort=tid&sortdir=asc"), ["a1", "a2"]);
}

#[test]
fn archives_follow_offset_size_order_and_scope() {
    let server = server();
    server.settle();
    let names = |query: &str| -> Vec<String> {
        let files = unpacked(&server.get(&format!("/search/{query}&output=zip")));
        files.into_keys().filter(|name| name.ends_with(".json")).collect()
    };
    assert_eq!(names("Acme/Acme-Sales?sort=tid&sortdir=asc&offset=1&size=2"), ["Inbound/a2.json", "Inbound/a3.json"]);
    assert!(names("Acme/Acme-Sales?q=nothingsaid").is_empty());
    assert!(names("Acme/Acme-Sales?size=0").is_empty());
    assert_eq!(names("Acme?tid=a1"), ["Inbound/a1.json"], "a single organisation needs no folder");
    server.post("/config/Acme/orgs", &json!({"Acme-West": {}})).ok(200);
    server.post("/config/Acme/Acme-West/folders", &json!({"In & Out": {}})).ok(200);
    let body = json!({"utterances": []});
    server.put("/transcripts/Acme/Acme-West/..%2A%5Ca1?folder=In%20%26%20Out", &body).ok(201);
    server.settle();
    assert_eq!(
        names("Acme?sort=duration&q=folder:%22In%20%26%20Out%22%20OR%20tid:a1"),
        ["Acme-Sales/Inbound/a1.json", "Acme-West/In%20%26%20Out/%2E.%2A%5Ca1.json"]
    );
    let posted = server.post("/search/Acme/Acme-Sales", &json!({"output": "zip", "zipfiles": ["text"], "size": 1}));
    assert_eq!(unpacked(&posted).len(), 3);
    let cursor = server.get("/search/Acme/Acme-Sales?output=zip&size=2&cursor=");
    assert!(cursor.header("linernotes-cursor").is_some());
    assert_eq!(server.get("/search/Acme/Acme-Sales?zipfiles=text").code(400), "parameter_invalid");
    assert_eq!(server.get("/search/Acme/Acme-Sales?output=zip&zipfiles=mp3").code(400), "parameter_invalid");
    assert_eq!(server.get("/search/Acme/Acme-Sales?output=zip&q=shoe:1").code(400), "field_unknown");
}

#[test]
fn an_archive_of_many_is_whole() {
    let server = Server::acme();
    let line = |n: usize| {
        let text = format!("word{n} ").repeat(200);
        json!({"tid": format!("m{n}"), "utterances": [{"start": n, "text": text}]}).to_string()
    };
    let lines: Vec<String> = (0..300).map(line).collect();
    let body = lines.join("\n");
    let headers = [("Content-Type", "application/x-ndjson")];
    let path = "/transcripts/Acme/Acme-Sales?folder=Inbound&wait=search";
    assert_eq!(server.request("POST", path, &headers, Some(body.as_bytes())).status, 200);
    let files = unpacked(&server.get("/search/Acme/Acme-Sales?output=zip&zipfiles=text&size=1000"));
    assert_eq!(files.len(), 900);
    assert!(files["Inbound/m299.txt"].starts_with("[299] ?: word299 word299"));
}

#[test]
fn an_archive_that_fails_halfway_breaks_the_connection() {
    let server = Server::acme();
    for tid in ["b1", "b2", "b3"] {
        server.bring(tid, &json!({}), &[("agent", "hello")]).ok(201);
    }
    server.settle();
    let lost = files(&server.data().join("archive")).into_iter().find(|path| path.ends_with("b2.json")).unwrap();
    std::fs::remove_file(lost).unwrap();
    let path = format!("/search/Acme/Acme-Sales?output=zip&sort=tid&sortdir=asc&token={}", server.token);
    assert!(client::send(&server.addr, "GET", &path, &[], None).is_none(), "a part is not taken for the whole");
    assert!(server.log().contains("the body of"), "{}", server.log());
    assert_eq!(server.get("/search/Acme/Acme-Sales?output=zip&tid=b2").status, 500, "nothing was sent before");
    assert_eq!(unpacked(&server.get("/search/Acme/Acme-Sales?output=zip&tid=b1,b3")).len(), 4);
}

#[test]
fn a_crowd_that_asks_for_archives_keeps_nobodys_search_out() {
    let server = Server::with(&[("LINERNOTES_WORKERS__SEARCHES", "1"), ("LINERNOTES_WORKERS__SEARCH_QUEUE", "2")]);
    server.make_acme();
    for n in 0..40 {
        server.bring(&format!("c{n}"), &json!({"queue": n}), &[("agent", &"cancel ".repeat(2_000))]).ok(201);
    }
    server.settle();
    let (asking, stop) = (AtomicU32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for ask in ["output=zip", "output=details"].iter().cycle().take(24) {
            let (server, asking, stop) = (&server, &asking, &stop);
            scope.spawn(move || {
                while !stop.load(Relaxed) {
                    let answer = server.get(&format!("/search/Acme/Acme-Sales?q=cancel&size=40&{ask}"));
                    if answer.status != 200 {
                        assert_eq!(answer.code(503), "overloaded");
                    }
                    asking.fetch_add(1, Relaxed);
                }
            });
        }
        while asking.load(Relaxed) < 24 {
            std::thread::yield_now();
        }
        let answers: Vec<u16> = (0..200).map(|_| server.get("/search/Acme/Acme-Sales?q=cancel").status).collect();
        stop.store(true, Relaxed);
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    });
}
