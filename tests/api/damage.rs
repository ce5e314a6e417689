//! Files that are missing or damaged: the index is made again while the server works, and `verify` names what differs.
use crate::support::Server;
use serde_json::json;

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
    let hit: Vec<_> =
        crate::support::server::files(folder).into_iter().filter(|p| p.to_string_lossy().ends_with(ending)).collect();
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

#[test]
fn a_database_that_lost_its_log_is_refused_and_made_again_from_the_archive() {
    let mut server = Server::acme();
    for n in 0..6 {
        server.bring(&format!("t{n}"), &json!({"queue": format!("q{n}")}), &[("agent", "hello")]).ok(201);
    }
    server.patch("/metadata/Acme/Acme-Sales/t3", &json!({"queue": "edited"})).ok(200);
    server.settle();
    // The copy of the configuration follows within moments.
    let copy = server.data().join("archive/.catalogue.json");
    let begun = std::time::Instant::now();
    while !crate::support::server::holds(&copy, "hold_time") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "no copy of the configuration");
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    server.kill();
    let log = server.data().join("main.db-wal");
    std::fs::OpenOptions::new().write(true).open(log).unwrap().set_len(500).unwrap();
    assert_eq!(server.try_spawn(&[], &[]), Err(Some(1)), "{}", server.log());
    assert!(server.log().contains("linernotes repair --data"), "{}", server.log());
    let data = server.data();
    let (code, out, err) = server.command(&["repair", "--data", data.to_str().unwrap()]);
    assert!(code == 0 || code == 1, "{out}{err}");
    server.spawn();
    assert_eq!(server.ids("q=hello&sort=tid&sortdir=asc"), ["t0", "t1", "t2", "t3", "t4", "t5"]);
    assert_eq!(server.ids("q=queue:edited"), ["t3"]);
    server.stop_and_verify();
}
