//! `backup` and `restore`: one moment, while edits go on; nothing half is taken for whole.
use super::{filled, path};
use crate::support::Server;
use crate::support::server::files;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn beside(server: &Server, name: &str) -> PathBuf {
    server.data().parent().unwrap().join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn back_up(server: &Server, to: &Path) -> Value {
    let (code, out, words) = server.command(&["backup", text(to), "--json", "--data", &path(server)]);
    assert_eq!(code, 0, "{out}{words}");
    serde_json::from_str(&out).unwrap()
}

#[track_caller]
fn restored(server: &Server, from: &Path, name: &str) -> Server {
    let to = beside(server, name);
    let (code, _, words) = server.command(&["restore", text(from), "--data", text(&to)]);
    assert!(code == 0 && words.contains("as they were"), "{code} {words}");
    std::fs::copy(server.data().join("root.token"), to.join("root.token")).unwrap();
    Server::at(&to)
}

#[test]
fn a_backup_of_a_stopped_folder_comes_back_whole_and_old_marks_do_not() {
    let mut server = filled(4);
    let answer =
        server.json("PATCH", "/metadata/Acme/Acme-Sales/T1", &json!({"queue": "kept", "free": [1.5, {"deep": null}]}));
    let mark = answer.header("linernotes-mark").expect("a mark").to_owned();
    server.settle();
    server.stop();
    let to = beside(&server, "backups");
    let about = back_up(&server, &to);
    assert_eq!((&about["transcripts"], &about["damaged"]), (&json!(4), &json!([])));
    let mut other = restored(&server, &to, "other");
    let shown = other.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert_eq!(shown["free"], json!([1.5, {"deep": null}]), "{shown}");
    assert_eq!(other.ids("q=queue:kept"), ["T1"]);
    assert_eq!(other.get(&format!("/search/Acme/Acme-Sales?after={mark}")).code(400), "mark_unknown");
    other.stop_and_verify();
}

#[test]
fn the_second_backup_shares_what_has_not_changed() {
    let mut server = filled(5);
    server.settle();
    server.stop();
    let to = beside(&server, "backups");
    let first = back_up(&server, &to);
    server.spawn();
    server.patch("/metadata/Acme/Acme-Sales/T2", &json!({"queue": "second"})).ok(200);
    server.settle();
    server.stop();
    let second = back_up(&server, &to);
    assert_ne!(first["name"], second["name"]);
    let database = std::fs::metadata(to.join(second["name"].as_str().unwrap()).join("main.db")).unwrap().len();
    let own = second["copied"].as_u64().unwrap() - database;
    let meta = files(&to.join(second["name"].as_str().unwrap())).into_iter().find(|f| f.ends_with("T2.jsonmeta"));
    assert_eq!(own, std::fs::metadata(meta.unwrap()).unwrap().len(), "only the edited file was copied");
    let (code, out, _) = server.command(&["backup", "--list", text(&to)]);
    assert!(code == 0 && out.contains(first["name"].as_str().unwrap()) && out.lines().count() == 3, "{out}");
    // The first is whole without the second, and the second without the first.
    std::fs::remove_dir_all(to.join(first["name"].as_str().unwrap())).unwrap();
    let mut other = restored(&server, &to, "other");
    assert_eq!(other.ids("q=queue:second"), ["T2"]);
    other.stop_and_verify();
}

#[test]
fn a_backup_of_a_running_server_holds_everything_answered_before_and_is_of_one_moment() {
    let scratch = tempfile::tempdir().unwrap();
    let base = scratch.path().join("allowed");
    let mut server = Server::with(&[("LINERNOTES_BACKUP__DIR", text(&base))]);
    server.make_acme();
    for n in 0..30 {
        server.bring(&format!("T{n}"), &json!({"queue": "start", "n": 0}), &[("agent", "hello")]).ok(201);
    }
    for n in 0..30 {
        server.patch(&format!("/metadata/Acme/Acme-Sales/T{n}"), &json!({"n": 1})).ok(200);
    }
    let stop = std::sync::atomic::AtomicBool::new(false);
    let url = format!("http://{}", server.addr);
    let mut told = Vec::new();
    std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        for worker in 0..2 {
            scope.spawn(move || {
                let mut round = 2;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    for n in (worker..30).step_by(2) {
                        let at = format!("/metadata/Acme/Acme-Sales/T{n}");
                        server.patch(&at, &json!({"n": round, "queue": format!("q{round}")})).ok(200);
                    }
                    server.bring(&format!("W{worker}-{round}"), &json!({}), &[("agent", "new")]).ok(201);
                    server.bring(&format!("T{worker}"), &json!({"n": round}), &[("agent", "replaced")]).ok(200);
                    if round > 3 {
                        server.delete(&format!("/transcripts/Acme/Acme-Sales/W{worker}-{}", round - 1)).ok(200);
                    }
                    round += 1;
                }
            });
        }
        told.extend((0..3).map(|_| server.command(&["backup", "nightly", "--json", "--url", &url])));
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    for (code, out, words) in told {
        let about: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{words}"));
        assert_eq!((code, &about["damaged"]), (0, &json!([])), "{about}");
    }
    let all = std::fs::read_dir(base.join("nightly")).unwrap().count();
    assert_eq!(all, 3);
    for entry in std::fs::read_dir(base.join("nightly")).unwrap() {
        let entry = entry.unwrap();
        let mut other = restored(&server, &entry.path(), &format!("from-{}", entry.file_name().to_string_lossy()));
        for n in 0..30 {
            let shown = other.get(&format!("/metadata/Acme/Acme-Sales/T{n}")).ok(200);
            assert!(shown["n"].as_u64().unwrap() >= 1, "T{n}: an answered edit is missing: {shown}");
        }
        other.stop_and_verify();
    }
    server.stop_and_verify();
}

#[test]
fn what_broke_off_is_no_backup_and_goes() {
    let mut server = filled(2);
    server.settle();
    server.stop();
    let to = beside(&server, "backups");
    std::fs::create_dir_all(to.join(".incomplete-2020-01-01T00-00-00Z/archive")).unwrap();
    let target = beside(&server, "other");
    let (code, _, words) = server.command(&["restore", text(&to), "--data", text(&target)]);
    assert!(code == 1 && words.contains("no complete backup"), "{words}");
    let about = back_up(&server, &to);
    let names: Vec<_> = std::fs::read_dir(&to).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, [about["name"].as_str().unwrap()]);
    // A restore that breaks off leaves no database.
    let copy = to.join(about["name"].as_str().unwrap());
    let body = files(&copy).into_iter().find(|file| file.ends_with("T1.json")).unwrap();
    std::fs::write(&body, "{}").unwrap();
    let (code, _, words) = server.command(&["restore", text(&copy), "--data", text(&target)]);
    assert!(code == 1 && words.contains("damaged") && words.contains("T1.json"), "{words}");
    assert!(!target.join("main.db").exists());
    let (code, _, words) = server.command(&["restore", text(&copy), "--data", text(&target)]);
    assert!(code == 1 && words.contains("not empty"), "{words}");
}

#[test]
fn damage_in_the_archive_is_named_by_the_backup() {
    let mut server = filled(3);
    server.settle();
    server.stop();
    let archive = files(&server.data().join("archive"));
    std::fs::write(archive.iter().find(|file| file.ends_with("T1.json")).unwrap(), "{}").unwrap();
    let to = beside(&server, "backups");
    let (code, out, _) = server.command(&["backup", text(&to), "--json", "--data", &path(&server)]);
    assert!(code == 1 && out.contains("T1"), "{out}");
}

#[test]
fn a_server_writes_backups_only_where_it_may() {
    let server = filled(1);
    assert_eq!(server.post("/backup", &json!({"dir": "x"})).code(422), "config_invalid");
    let scratch = tempfile::tempdir().unwrap();
    let server = Server::with(&[("LINERNOTES_BACKUP__DIR", text(scratch.path()))]);
    for outside in ["../x", "/tmp/elsewhere", "", "a/../../b"] {
        assert_eq!(server.post("/backup", &json!({"dir": outside})).code(400), "parameter_invalid", "{outside}");
    }
    assert_eq!(server.post("/backup", &json!({"to": "x"})).code(400), "body_shape");
    let token = server.post("/tokens", &json!({"name": "w", "rights": ["read", "write"]})).ok(201);
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    assert_eq!(server.send("GET", "/backup", &[("Authorization", &bearer)], None).code(403), "right_missing");
    let inside = server.data().join("inside");
    let (code, _, words) = server.command(&["backup", text(&inside), "--data", &path(&server)]);
    assert!(code == 1 && words.contains("in use"), "{words}");
}
