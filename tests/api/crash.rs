//! kill -9 at any moment: every answered edit is there (contract section 2). The number of rounds grows with
//! `LINERNOTES_TEST_KILLS`.
use crate::support::{Server, client};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn rounds() -> u64 {
    std::env::var("LINERNOTES_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

#[test]
fn every_answered_edit_survives_kill_9() {
    let mut server = Server::acme();
    for n in 0..20 {
        server.bring(&format!("t{n}"), &json!({}), &[("agent", "hello")]).ok(201);
    }
    let acknowledged: Mutex<HashMap<String, (u64, u64)>> = Mutex::default();
    let counter = AtomicU64::new(1);
    let mut seed = 0x9E37_79B9_u64;
    for round in 0..rounds() {
        let stop = AtomicBool::new(false);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(50 + (seed >> 33) % 700);
        std::thread::scope(|scope| {
            for writer in 0..8_u64 {
                let (addr, token, acknowledged, counter, stop) = (server.addr.clone(), server.token.clone(), &acknowledged, &counter, &stop);
                scope.spawn(move || {
                    let bearer = format!("Bearer {token}");
                    let mut n = writer;
                    while !stop.load(Ordering::Relaxed) {
                        n = (n * 7 + 3) % 20;
                        let value = counter.fetch_add(1, Ordering::SeqCst);
                        let (tid, fresh) = if value % 9 == 0 { (format!("n{value}"), true) } else { (format!("t{n}"), false) };
                        let (method, path, body) = if fresh {
                            ("PUT", format!("/transcripts/Acme/Acme-Sales/{tid}?folder=Inbound"), json!({"client_data": {"queue": value}, "utterances": [{"text": format!("word{value}")}]}))
                        } else {
                            ("PATCH", format!("/metadata/Acme/Acme-Sales/{tid}"), json!({"queue": value, "loose": value}))
                        };
                        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                        let Some(answer) = client::send(&addr, method, &path, &headers, Some(body.to_string().as_bytes())) else { continue };
                        assert!(answer.status < 300, "{}", answer.text());
                        let revision: u64 = answer.header("etag").unwrap().trim_matches('"').parse().unwrap();
                        let mut acknowledged = acknowledged.lock().unwrap();
                        let last = acknowledged.entry(tid).or_default();
                        *last = (*last).max((revision, value));
                    }
                });
            }
            std::thread::park_timeout(moment);
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        server.spawn();
        for (tid, (revision, value)) in acknowledged.lock().unwrap().iter() {
            let seen = server.get(&format!("/metadata/Acme/Acme-Sales/{tid}"));
            let now: u64 = seen.header("etag").map_or(0, |e| e.trim_matches('"').parse().unwrap());
            assert!(now >= *revision, "round {round}: {tid} is at {now}, answered was {revision}");
            if now == *revision {
                assert_eq!(seen.ok(200)["queue"], *value, "round {round}: {tid}");
            }
        }
    }
    for (tid, (_, value)) in acknowledged.lock().unwrap().iter().filter(|(tid, _)| tid.starts_with('n')) {
        assert_eq!(server.ids(&format!("q=word{value}")), [tid.clone()]);
    }
    server.stop_and_verify();
}

#[test]
fn a_deleted_or_damaged_index_is_rebuilt_while_reads_and_edits_work() {
    let mut server = Server::acme();
    let lines: String = (0..500).map(|n| format!("{{\"tid\":\"t{n}\",\"client_data\":{{\"queue\":\"q{}\"}},\"utterances\":[{{\"text\":\"hello number{n}\"}}]}}\n", n % 5)).collect();
    server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound", &[], Some(lines.as_bytes()));
    assert_eq!(server.find("q=hello&size=0")["total"], 500);
    for damage in ["delete", "meta", "segment", "payload"] {
        server.kill();
        let index = server.data().join("index");
        match damage {
            "delete" => std::fs::remove_dir_all(&index).unwrap(),
            "meta" => spoil(&index, "meta.json", b"{"),
            "segment" => spoil(&index, ".store", b"rubbish"),
            _ => foreign(&index),
        }
        server.spawn();
        assert_eq!(server.get("/metadata/Acme/Acme-Sales/t7").status, 200, "{damage}");
        server.patch("/metadata/Acme/Acme-Sales/t7", &json!({"queue": damage})).ok(200);
        let early = server.get("/search/Acme/Acme-Sales?q=hello&size=0");
        assert!(early.status == 200 || early.code(503) == "index_rebuilding", "{damage}");
        assert_eq!(server.find("q=hello&size=0")["total"], 500, "{damage}");
        assert_eq!(server.ids(&format!("q=queue:{damage}")), ["t7"]);
        assert_eq!(server.ids("q=number321"), ["t321"], "{damage}");
    }
    server.stop_and_verify();
}

/// Makes the commits those of another database.
fn foreign(folder: &std::path::Path) {
    for file in crate::support::server::files(folder) {
        if file.ends_with("meta.json") {
            let text = std::fs::read_to_string(&file).unwrap();
            let other = text.replace(r#"\"epoch\":"#, r#"\"epoch\":9"#);
            assert_ne!(text, other, "the payload holds the epoch");
            std::fs::write(file, other).unwrap();
        }
    }
}

/// Overwrites every file whose name ends so.
fn spoil(folder: &std::path::Path, ending: &str, bytes: &[u8]) {
    let hit: Vec<_> = crate::support::server::files(folder).into_iter().filter(|p| p.to_string_lossy().ends_with(ending)).collect();
    assert!(!hit.is_empty(), "no file ends in {ending}");
    for file in hit {
        std::fs::write(file, bytes).unwrap();
    }
}

#[test]
fn verify_names_every_difference() {
    let mut server = Server::acme();
    for tid in ["a", "b", "c", "d"] {
        server.bring(tid, &json!({"queue": tid}), &[("agent", "hello")]).ok(201);
    }
    server.stop_and_verify();
    let file = |ending: &str| {
        let all = crate::support::server::files(&server.data().join("archive"));
        all.into_iter().find(|p| p.to_string_lossy().ends_with(ending)).unwrap()
    };
    std::fs::remove_file(file("/a.json")).unwrap();
    std::fs::write(file("/b.json"), "{}").unwrap();
    std::fs::write(file("/c.jsonmeta"), "{\"metadata\":").unwrap();
    let copy = std::fs::read(file("/d.jsonmeta")).unwrap();
    let stray = file("/d.jsonmeta").with_file_name("d2.jsonmeta");
    std::fs::write(stray, String::from_utf8(copy).unwrap().replace("\"tid\":\"d\"", "\"tid\":\"d2\"")).unwrap();
    let (code, report) = server.verify(true);
    assert_eq!(code, 1);
    let seen: Vec<(String, String, String)> = report["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            let text = |name: &str| d[name].as_str().unwrap_or_default().to_owned();
            (text("transcript"), text("store"), text("kind"))
        })
        .collect();
    for (tid, kind) in [("a", "missing"), ("b", "sum"), ("c", "damaged")] {
        let wanted = (format!("Acme/Acme-Sales/{tid}"), "archive".to_owned(), kind.to_owned());
        assert!(seen.contains(&wanted), "{wanted:?} in {seen:?}");
    }
    assert!(report.to_string().contains("/d2"), "a stray file is named: {report}");
}
