//! `repair` on damaged folders: what another store proves comes back, what none proves is named.
use super::{filled, path};
use crate::support::Server;
use crate::support::server::files;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A stopped, level folder with T0 … T3; T1 was edited.
fn rested() -> Server {
    let mut server = filled(4);
    server.patch("/metadata/Acme/Acme-Sales/T1", &json!({"queue": "sales", "free": {"deep": [1, 2]}})).ok(200);
    server.settle();
    assert_eq!(server.stop(), Some(0));
    server
}

fn file(server: &Server, name: &str) -> PathBuf {
    let all = files(&server.data().join("archive"));
    all.into_iter().find(|path| path.ends_with(name) && !path.to_string_lossy().contains("lost+found")).unwrap()
}

fn flip(path: &std::path::Path, at: usize, bit: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1 << bit;
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn repair(server: &Server, more: &[&str]) -> (i32, Value) {
    let data = path(server);
    let mut args = vec!["repair", "--json", "--data", &data];
    args.extend_from_slice(more);
    let (code, out, words) = server.command(&args);
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{code} {out} {words}")))
}

#[track_caller]
fn clean(server: &Server) {
    let (code, report) = server.verify(true);
    assert_eq!((code, &report["differences"]), (0, &json!([])), "{report}");
}

fn about<'r>(report: &'r Value, list: &str, tid: &str) -> Vec<&'r str> {
    let of = |found: &&'r Value| found["transcript"].as_str().unwrap().ends_with(tid);
    report[list].as_array().unwrap().iter().filter(of).map(|found| found["detail"].as_str().unwrap()).collect()
}

#[test]
fn a_sound_folder_is_left_as_it_is() {
    let server = rested();
    let before: Vec<Vec<u8>> =
        files(&server.data().join("archive")).iter().map(|f| std::fs::read(f).unwrap()).collect();
    let (code, report) = repair(&server, &[]);
    assert_eq!((code, &report["healed"], &report["lost"]), (0, &json!([]), &json!([])), "{report}");
    assert_eq!((&report["set_aside"], &report["database"]), (&json!([]), &json!([])));
    let after: Vec<Vec<u8>> = files(&server.data().join("archive")).iter().map(|f| std::fs::read(f).unwrap()).collect();
    assert_eq!(before, after);
    clean(&server);
}

#[test]
fn a_flipped_bit_in_any_place_of_a_metadata_file_is_found_and_corrected() {
    let mut server = rested();
    let path = file(&server, "T1.jsonmeta");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        flip(&path, at, 2);
        assert_eq!(server.verify(true).0, 1, "a flip at {at} is seen");
        let (code, report) = repair(&server, &[]);
        assert!(code == 0 && !about(&report, "healed", "T1").is_empty(), "at {at}: {report}");
        assert_eq!(std::fs::read(&path).unwrap(), whole, "at {at}");
    }
    server.spawn();
    let shown = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert_eq!(shown["free"], json!({"deep": [1, 2]}), "{shown}");
    server.stop_and_verify();
}

#[test]
fn a_flipped_bit_of_a_body_is_corrected_and_a_zeroed_one_is_named() {
    let server = rested();
    let (one, two) = (file(&server, "T0.json"), file(&server, "T2.json"));
    let whole = std::fs::read(&one).unwrap();
    flip(&one, whole.len() / 2, 0);
    let length = std::fs::metadata(&two).unwrap().len() as usize;
    std::fs::write(&two, vec![0; length]).unwrap();
    let (code, report) = repair(&server, &[]);
    assert_eq!(code, 1, "{report}");
    assert_eq!(std::fs::read(&one).unwrap(), whole);
    assert!(about(&report, "lost", "T2")[0].contains("backup"), "{report}");
    assert!(about(&report, "lost", "T0").is_empty() && about(&report, "healed", "T0").len() == 1, "{report}");
}

#[test]
fn lost_metadata_is_named_with_what_is_proven_and_kept_only_when_wished() {
    let mut server = rested();
    std::fs::remove_file(file(&server, "T1.jsonmeta")).unwrap();
    let truncated = file(&server, "T2.jsonmeta");
    let bytes = std::fs::read(&truncated).unwrap();
    std::fs::write(&truncated, &bytes[..bytes.len() / 3]).unwrap();
    let (code, report) = repair(&server, &[]);
    assert_eq!(code, 1);
    for tid in ["T1", "T2"] {
        assert!(about(&report, "lost", tid)[0].contains("proves 1 of it: queue"), "{report}");
    }
    assert_eq!(std::fs::read(&truncated).unwrap(), &bytes[..bytes.len() / 3], "nothing was touched");
    let (code, report) = repair(&server, &["--accept-loss"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(files(&server.data().join("archive/.lost+found")).len(), 1, "the damaged file is kept");
    server.spawn();
    let shown = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert_eq!((&shown["queue"], &shown["free"]), (&json!("sales"), &Value::Null), "{shown}");
    assert_eq!(server.ids("q=queue:sales"), ["T1"]);
    server.stop_and_verify();
}

#[test]
fn an_unarchived_copy_writes_the_metadata_file_again() {
    let mut server = filled(3);
    server.settle();
    server.patch("/metadata/Acme/Acme-Sales/T1", &json!({"free": "kept"})).ok(200);
    server.kill();
    std::fs::write(file(&server, "T1.jsonmeta"), b"{\"metadata\":").unwrap();
    assert_eq!(repair(&server, &[]).0, 0);
    server.spawn();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["free"], "kept");
    server.stop_and_verify();
}

#[test]
fn an_older_database_takes_over_what_the_archive_is_ahead() {
    let mut server = rested();
    let old = std::fs::read(server.data().join("main.db")).unwrap();
    server.spawn();
    server.patch("/metadata/Acme/Acme-Sales/T1", &json!({"queue": "later", "free": 9})).ok(200);
    server.bring("NEW", &json!({"queue": "fresh"}), &[("agent", "brand new words")]).ok(201);
    server.bring("T3", &json!({"queue": "again"}), &[("agent", "replaced words")]).ok(200);
    server.settle();
    server.stop();
    std::fs::write(server.data().join("main.db"), old).unwrap();
    let (code, report) = server.verify(true);
    assert!(code == 1 && report.to_string().contains("ahead") && report.to_string().contains("extra"), "{report}");
    let (code, report) = repair(&server, &[]);
    assert_eq!(code, 0, "{report}");
    server.spawn();
    let shown = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert_eq!((&shown["queue"], &shown["free"]), (&json!("later"), &json!(9)));
    assert_eq!(server.ids("q=brand"), ["NEW"]);
    assert_eq!(server.ids("q=replaced"), ["T3"]);
    server.stop_and_verify();
}

#[test]
fn files_of_nobody_are_set_aside() {
    let server = rested();
    let shard = file(&server, "T0.json").parent().unwrap().to_owned();
    for (name, content) in [("notes.txt", "mine"), ("half.json", "{}"), ("odd%zz.jsonmeta", "{}")] {
        std::fs::write(shard.join(name), content).unwrap();
    }
    std::fs::create_dir_all(server.data().join("archive/Acme/Acme-Sales/zz")).unwrap();
    std::fs::write(server.data().join("archive/stray"), "x").unwrap();
    assert_eq!(server.verify(false).0, 1);
    let (code, report) = repair(&server, &[]);
    assert_eq!(code, 0, "{report}");
    let aside = files(&server.data().join("archive/.lost+found"));
    for name in ["notes.txt", "half.json", "odd%zz.jsonmeta", "stray"] {
        assert!(aside.iter().any(|path| path.ends_with(name)), "{name}: {aside:?}");
    }
    clean(&server);
}

#[test]
fn a_damaged_database_is_refused_in_words_and_mended_or_made_again() {
    type Damage = (&'static str, fn(&mut Vec<u8>), bool);
    let damages: [Damage; 6] = [
        ("a flipped magic", |bytes| bytes[3] ^= 1, true),
        ("a zeroed head", |bytes| bytes[..64].fill(0), true),
        ("a zeroed schema", |bytes| bytes[..4096].fill(0), false),
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2), false),
        ("all zeros", |bytes| bytes.fill(0), false),
        ("zeroed pages", |bytes| bytes[8192..20480].fill(0), false),
    ];
    for (what, damage, mended) in damages {
        let mut server = rested();
        let main = server.data().join("main.db");
        let mut bytes = std::fs::read(&main).unwrap();
        damage(&mut bytes);
        std::fs::write(&main, bytes).unwrap();
        let (code, _, words) = server.command(&["serve", "--listen", "127.0.0.1:0", "--data", &path(&server)]);
        assert!(code == 1 && words.contains("linernotes repair"), "{what}: {code} {words}");
        let (code, report) = repair(&server, &[]);
        assert_eq!((code, &report["lost"]), (0, &json!([])), "{what}: {report}");
        let said = report["database"].to_string();
        assert_eq!(said.contains("Mended without loss"), mended, "{what}: {said}");
        clean(&server);
        server.spawn();
        let shown = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
        assert_eq!((&shown["queue"], &shown["free"]), (&json!("sales"), &json!({"deep": [1, 2]})), "{what}");
        assert_eq!(server.ids("q=queue:sales"), ["T1"], "{what}: fields are configured as before");
        assert!(server.get("/config/Acme/Acme-Sales").text().contains("Europe/Berlin"), "{what}");
        server.bring("T9", &json!({"queue": "x"}), &[("agent", "goes on")]).ok(201);
        server.stop_and_verify();
    }
}

#[test]
fn a_missing_database_is_made_again_and_old_marks_are_refused() {
    let mut server = filled(3);
    let answer = server.json("PATCH", "/metadata/Acme/Acme-Sales/T1", &json!({"queue": "marked"}));
    let mark = answer.header("linernotes-mark").expect("a mark").to_owned();
    server.settle();
    server.stop();
    std::fs::remove_file(server.data().join("main.db")).unwrap();
    let (code, out, words) = server.command(&["repair", "--data", &path(&server)]);
    assert!(code == 0 && out.contains("new root token: "), "{code} {out} {words}");
    server.spawn();
    assert!(out.contains(&server.token));
    let answer = server.get(&format!("/search/Acme/Acme-Sales?after={mark}"));
    assert_eq!(answer.code(400), "mark_unknown");
    assert_eq!(server.ids("q=queue:marked"), ["T1"]);
    server.stop_and_verify();
}

#[test]
fn repair_wants_the_folder_to_itself() {
    let mut server = filled(1);
    let (code, _, words) = server.command(&["repair", "--data", &path(&server)]);
    assert!(code == 1 && words.contains("in use"), "{words}");
    let (code, ..) = server.command(&["repair", "--url", "http://127.0.0.1:1"]);
    assert_eq!(code, 2);
    server.stop_and_verify();
}

/// The database goes back to before the transcripts, and repair takes them over in the order of the archive: their keys
/// are those of other transcripts now, which the index must not go on to hold for them.
#[test]
fn an_older_database_put_back_gives_no_transcript_the_words_of_another() {
    let mut server = Server::acme();
    assert_eq!(server.stop(), Some(0));
    let (database, older) = (server.data().join("main.db"), server.data().with_extension("older"));
    std::fs::copy(&database, &older).unwrap();
    server.spawn();
    let tids: Vec<String> = (0..8).map(|n| format!("T{n}")).collect();
    for (n, tid) in tids.iter().enumerate() {
        server.bring(tid, &json!({"queue": format!("q{n}")}), &[("agent", &format!("hello word{n}"))]).ok(201);
    }
    server.settle();
    assert_eq!(server.stop(), Some(0));
    std::fs::copy(&older, &database).unwrap();
    assert_eq!(server.try_spawn(&[], &[]), Err(Some(1)), "{}", server.log());
    assert!(server.log().contains("lost changes that were answered"), "{}", server.log());
    assert_eq!(server.verify(false).0, 1);
    let (code, report) = repair(&server, &[]);
    assert_eq!((code, &report["lost"]), (0, &json!([])), "{report}");
    server.spawn();
    server.settle();
    assert_eq!(server.ids("q=hello&sort=tid&sortdir=asc"), tids);
    for (n, tid) in tids.iter().enumerate() {
        assert_eq!(server.ids(&format!("q=word{n}")), [tid.as_str()]);
        assert_eq!(server.ids(&format!("q=queue:q{n}")), [tid.as_str()]);
    }
    server.stop_and_verify();
}

#[test]
fn metadata_that_is_all_configured_needs_no_file() {
    let mut server = rested();
    server.spawn();
    server
        .put(
            "/transcripts/Acme/Acme-Sales/W1?folder=Inbound",
            &json!({"client_data": {"queue": "a b"}, "utterances": []}),
        )
        .ok(201);
    server.patch("/metadata/Acme/Acme-Sales/W1", &json!({"queue": "billing"})).ok(200);
    server.settle();
    assert_eq!(server.stop(), Some(0));
    let (path, other) = (file(&server, "W1.jsonmeta"), file(&server, "T1.jsonmeta"));
    let written = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&other).unwrap();
    server.spawn();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/W1").ok(200), json!({"queue": "billing"}));
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").status, 500, "it has more than what is configured");
    assert_eq!(server.stop(), Some(0));
    let (code, report) = server.verify(false);
    assert_eq!(code, 1, "{report}");
    let (_, report) = repair(&server, &[]);
    assert!(about(&report, "healed", "W1")[0].contains("written again"), "{report}");
    assert_eq!(std::fs::read(&path).unwrap(), written);
    // An edit needs none either, and writes one.
    std::fs::remove_file(&path).unwrap();
    server.spawn();
    server.patch("/metadata/Acme/Acme-Sales/W1", &json!({"free": 1})).ok(200);
    server.settle();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/W1").ok(200), json!({"queue": "billing", "free": 1}));
    assert!(std::fs::read_to_string(&path).unwrap().contains(r#""free":1"#));
}
