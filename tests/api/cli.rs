//! The commands: what they say, what they change, how they end (contract section 9).
use crate::support::Server;
use crate::support::server::files;
use serde_json::{Value, json};
use std::io::Write;

const INTO: &str = "Acme/Acme-Sales/Inbound";

/// A file beside the data folder.
fn file(server: &Server, name: &str, content: &[u8]) -> String {
    let path = server.data().parent().unwrap().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn data(server: &Server) -> String {
    server.data().to_str().unwrap().to_owned()
}

#[test]
fn wrong_usage_ends_with_2_and_failures_with_1() {
    let mut server = Server::acme();
    let (one, held) = (file(&server, "one.json", b"{}"), data(&server));
    for usage in [
        &["bogus"][..],
        &["import", &one],
        &["import", &one, "--into", "Acme"],
        &["import", &one, "--into", INTO, "--url", "http://127.0.0.1:1", "--data", "x"],
        &["serve", "--listen", "nonsense", "--data", &held],
    ] {
        assert_eq!(server.command(usage).0, 2, "{usage:?}");
    }
    for failure in [
        &["import", "/nowhere.json", "--into", INTO, "--data", &held][..],
        &["import", &one, "--into", INTO, "--data", &held],
        &["verify", "--data", "/nowhere"],
        &["serve", "--listen", "127.0.0.1:0", "--data", &held],
    ] {
        let (code, _, words) = server.command(failure);
        assert!(code == 1 && !words.is_empty(), "{failure:?} {words}");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn import_on_a_stopped_folder_reads_every_shape_and_names_bad_lines() {
    let mut server = Server::acme();
    server.stop();
    let place = data(&server);
    let one = file(&server, "one.json", b"{\n  \"tid\": \"J1\",\n  \"client_data\": {\"queue\": \"billing\"},\n  \"utterances\": [{\"text\": \"from a file\"}]\n}\n");
    let list = file(&server, "list.json", br#"[{"tid":"J2","utterances":[]},{"tid":"J3"}]"#);
    let packed = file(&server, "packed.ndjson.gz", &gzip(b"{\"tid\":\"G1\"}\n{\"tid\":\"G2\"}\n"));
    let marked = file(&server, "bom.json", "\u{feff}{\"tid\":\"B1\"}".as_bytes());
    let (code, _, words) = server.command(&["import", &one, &list, &packed, &marked, "--into", INTO, "--data", &place]);
    assert!(code == 0 && words.contains("6 transcripts stored (6 new, 0 replaced), 0 failed"), "{code} {words}");
    let bad = file(&server, "bad.ndjson", b"{\"tid\":\"K1\"}\n\n{bad\n{\"tid\":\"a/b\"}\n{\"tid\":\"K2\"}\n");
    let (code, _, words) = server.command(&["import", &bad, "--into", INTO, "--data", &place]);
    assert_eq!(code, 1);
    assert!(words.contains("bad.ndjson:3: json_invalid") && words.contains("bad.ndjson:4: name_invalid"), "{words}");
    assert!(words.contains("2 new") && words.contains("2 failed"), "{words}");
    let (code, out, _) = server.command(&["import", &bad, "--json", "--into", INTO, "--data", &place]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!((code, &lines[0]["line"], &lines[0]["code"]), (1, &json!(3), &json!("json_invalid")));
    assert_eq!(lines.last().unwrap()["summary"]["replaced"], 2);
    let keyed = file(&server, "keyed.ndjson", b"{\"call\":{\"x\":1},\"rid\":\"R9\"}\n{\"tid\":\"none\"}\n");
    let (code, _, words) = server.command(&["import", &keyed, "--id", "rid", "--into", INTO, "--data", &place]);
    assert!(code == 1 && words.contains("keyed.ndjson:2: tid_missing"), "{words}");
    server.spawn();
    assert_eq!(server.ids("q=%22from+a+file%22+queue:billing"), ["J1"]);
    assert_eq!(server.find("size=0")["total"], 9);
    server.stop_and_verify();
}

#[test]
fn import_over_the_wire_needs_a_folder_and_a_token() {
    let mut server = Server::acme();
    let (url, one) = (format!("http://{}", server.addr), file(&server, "one.json", br#"{"tid":"W1","utterances":[]}"#));
    let run = |token: &str, into: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_linernotes"))
            .args(["import", &one, "--into", into, "--url", &url])
            .env("LINERNOTES_TOKEN", token)
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!words.contains(&server.token), "{words}");
        (output.status.code(), words)
    };
    assert_eq!(run("bad", INTO).0, Some(1));
    let (code, words) = run(&server.token, "Acme/Acme-Sales/Nowhere");
    assert!(code == Some(1) && words.contains("there is no folder"), "{words}");
    assert_eq!(run(&server.token, INTO).0, Some(0));
    server.get("/metadata/Acme/Acme-Sales/W1").ok(200);
    server.stop_and_verify();
}

#[test]
fn an_archive_folder_can_be_imported_as_it_is() {
    let mut server = Server::acme();
    server.bring("R1", &json!({"queue": "billing", "free": {"a": [1]}}), &[("agent", "hello")]).ok(201);
    server.patch("/metadata/Acme/Acme-Sales/R1", &json!({"queue": "sales"})).ok(200);
    server.stop();
    let archive = server.data().join("archive");
    let other = server.data().parent().unwrap().join("other");
    let (archive, other) = (archive.to_str().unwrap(), other.to_str().unwrap());
    let (code, _, words) = server.command(&["import", archive, "--into", INTO, "--create", "--data", other]);
    assert_eq!(code, 0, "{words}");
    let (code, report, _) = server.command(&["verify", "--deep", "--json", "--data", other]);
    assert_eq!(code, 0, "{report}");
    let stored = files(std::path::Path::new(other).join("archive").as_path());
    let meta = stored.iter().find(|path| path.ends_with("R1.jsonmeta")).expect("the sidecar");
    let meta: Value = serde_json::from_slice(&std::fs::read(meta).unwrap()).unwrap();
    assert_eq!(meta["metadata"], json!({"queue": "sales", "free": {"a": [1]}}));
}

#[test]
fn verify_names_what_differs_by_store_and_transcript() {
    let mut server = Server::acme();
    for tid in ["A1", "A2", "A3"] {
        server.bring(tid, &json!({"queue": "billing"}), &[("agent", "hello there")]).ok(201);
    }
    server.settle();
    assert_eq!(server.stop(), Some(0));
    let archive = files(&server.data().join("archive"));
    let path = |name: &str| archive.iter().find(|path| path.ends_with(name)).unwrap().clone();
    std::fs::remove_file(path("A1.json")).unwrap();
    let meta = std::fs::read_to_string(path("A2.jsonmeta")).unwrap().replace("billing", "sellers");
    std::fs::write(path("A2.jsonmeta"), meta).unwrap();
    let words = std::fs::read_to_string(path("A3.json")).unwrap().replace("hello", "jello");
    std::fs::write(path("A3.json"), words).unwrap();
    let (code, report) = server.verify(true);
    let told = report["differences"].to_string();
    assert_eq!(code, 1, "{report}");
    for tid in ["A1", "A2", "A3"] {
        assert!(told.contains(&format!("Acme/Acme-Sales/{tid}")) && told.contains("archive"), "{told}");
    }
    let (code, out, _) = server.command(&["verify", "--deep", "--data", &data(&server)]);
    assert!(code == 1 && out.contains("Acme/Acme-Sales/A3"), "{out}");
}

#[test]
fn tokens_are_made_listed_and_revoked_on_a_stopped_folder() {
    let mut server = Server::acme();
    server.stop();
    let place = data(&server);
    let create = ["token", "create", "reader", "--company", "Acme", "--rights", "read", "--data", &place];
    let (code, out, words) = server.command(&create);
    let reader = format!("Bearer {}", out.trim());
    assert!(code == 0 && out.lines().count() == 1 && !words.contains(out.trim()), "{out}{words}");
    let (code, out, _) = server.command(&["token", "list", "--data", &place]);
    assert!(code == 0 && out.contains("root") && !out.contains(&server.token), "{out}");
    let root = out.lines().find(|line| line.contains("everything")).unwrap();
    let id = root.split_whitespace().next().unwrap().to_owned();
    let (code, ..) = server.command(&["token", "revoke", "tok_none", "--data", &place]);
    assert_eq!(code, 1);
    let (code, _, words) = server.command(&["token", "revoke", &id, "--data", &place]);
    assert_eq!(code, 0, "{words}");
    server.spawn();
    assert_eq!(server.get("/list").status, 401);
    server.send("GET", "/list", &[("Authorization", &reader)], None).ok(200);
    let headers = [("Authorization", reader.as_str()), ("Content-Type", "application/json")];
    assert_eq!(server.send("POST", "/config/Acme", &headers, Some(b"{}")).code(403), "right_missing");
}

#[test]
fn the_configuration_is_checked_as_a_whole() {
    let mut server = Server::start();
    server.stop();
    let bad =
        file(&server, "bad.toml", b"[server]\nlisten = \"nonsense\"\nfast = true\n[limits]\nsearch_size = \"many\"\n");
    let (code, out, _) = server.command(&["config", "check", "--json", "--config", &bad]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["ok"]), (1, &json!(false)));
    for key in ["server.listen", "server.fast", "limits.search_size"] {
        assert!(out.contains(key), "{key}: {out}");
    }
    let good = file(&server, "good.toml", b"[limits]\nsearch_size = 7\n");
    let (code, out, _) = server.command(&["config", "show", "--config", &good]);
    let line = out.lines().find(|line| line.starts_with("search_size")).unwrap();
    assert!(code == 0 && line.contains('7') && line.contains("good.toml"), "{line}");
}

#[test]
fn bench_measures_everything_once_alone_and_once_beside_edits_and_removes_what_it_made() {
    let mut server = Server::acme();
    server.stop();
    let place = data(&server);
    let beside = || std::fs::read_dir(server.data().parent().unwrap()).unwrap().count();
    let before = beside();
    let few = ["--transcripts", "40", "--seconds", "1", "--connections", "2", "--edits", "30", "--json"];
    let (code, lines, words) = server.command(&[&["bench", "--data", &place], &few[..]].concat());
    assert_eq!(code, 0, "{words}");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
    let asked = "W3 S1 S2 S3 S4 S5 S6 S7";
    assert_eq!(names.join(" "), format!("W1 W1 W2 W2 {asked} {asked} W2"));
    assert!(lines.iter().all(|line| line["per_second"].as_f64() > Some(0.0)), "{lines:?}");
    let edits = lines.last().unwrap()["per_second"].as_f64().unwrap();
    assert!((1.0..=31.0).contains(&edits), "at the pace asked for: {edits}");
    assert_eq!(beside(), before, "the measured folder is gone");
}
