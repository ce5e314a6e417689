//! Erasing every value of a field, and whole transcripts: afterwards no file of the data folder holds a byte of it.
use super::path;
use crate::support::Server;
use crate::support::server::files;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files of a folder that hold any of the texts, each with the text.
fn holding(folder: &Path, texts: &[String]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for text in texts {
            if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                found.push((file.clone(), text.clone()));
            }
        }
    }
    found
}

/// Waits until an erasure is done; how it stands then.
#[track_caller]
fn done(server: &Server, scope: &str, job: &str) -> Value {
    let begun = Instant::now();
    loop {
        let all = server.get(&format!("/erase/{scope}")).ok(200);
        let own = all.as_array().unwrap().iter().find(|one| one["job"] == job).cloned();
        match own {
            Some(own) if own["running"] == false => return own,
            None => panic!("the job is not known: {all}"),
            _ => assert!(begun.elapsed() < Duration::from_secs(90), "not done: {all}"),
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[track_caller]
fn erase(server: &Server, scope: &str, field: &str) -> Value {
    let begun = server.post(&format!("/erase/{scope}"), &json!({"field": field}));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let job = begun.header("linernotes-job").unwrap().to_owned();
    assert_eq!(begun.json()["job"], job.as_str());
    done(server, scope, &job)
}

/// Acme with transcripts whose secrets stand in every kind of place; what must not be found afterwards.
fn secretive(count: usize) -> (Server, Vec<String>) {
    let server = Server::acme();
    let fields = json!({"fields": {"secret": {"type": "varchar"}, "secret_text": {"type": "text"}}});
    server.post("/config/Acme/Acme-Sales", &fields).ok(200);
    let names = ["queue", "secret", "secret_text", "note"];
    let meta = json!({"custom_meta": names, "on_mismatch": "store"});
    server.post("/config/Acme/Acme-Sales/Inbound", &meta).ok(200);
    let mut texts = Vec::new();
    for n in 0..count {
        let mut planted = |what: &str| {
            let text = format!("Zq{what}{n:04}xW");
            texts.push(text.clone());
            texts.push(text.to_lowercase());
            text
        };
        let long = planted("long").repeat(40 + n % 700);
        let (one, two, three) = (planted("one"), planted("two"), planted("three"));
        let at = format!("/metadata/Acme/Acme-Sales/T{n}");
        let client = json!({"queue": "kept", "secret": one, "other": format!("stays {n}")});
        server.bring(&format!("T{n}"), &client, &[("agent", "hello there")]).ok(201);
        server.patch(&at, &json!({"SECRET": {"deep": [two, {"x": long}]}})).ok(200);
        if n % 2 == 0 {
            server.patch(&at, &json!({"Secret": three})).ok(200);
        }
        if n % 3 == 0 {
            let again = json!({"queue": "kept", "secret": planted("again")});
            server.bring(&format!("T{n}"), &again, &[("agent", "hello once more")]).ok(200);
        }
        if n % 5 == 0 {
            let moved = json!({"client_data": {"secret": planted("moved")}, "utterances": []});
            server.put(&format!("/transcripts/Acme/Acme-Sales/T{n}?folder=Other"), &moved).ok(200);
        }
    }
    (server, texts)
}

#[test]
fn no_file_holds_an_erased_value_and_the_rest_is_as_it_was() {
    let (mut server, texts) = secretive(60);
    let stays = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert!(!holding(&server.data(), &texts).is_empty());
    let counted = server.post("/erase/Acme/Acme-Sales?dry_run=true", &json!({"field": "secret"})).ok(200);
    assert_eq!((&counted["transcripts"], &counted["holding"]), (&json!(60), &json!(60)), "{counted}");
    let before = server.get("/transcripts/Acme/Acme-Sales/T1").ok(200)["last_modified"].clone();
    let report = erase(&server, "Acme/Acme-Sales", "SeCrEt");
    assert_eq!((&report["erased"], &report["unread"]), (&json!(60), &json!([])), "{report}");
    assert_eq!(holding(&server.data(), &texts), []);
    let shown = server.get("/metadata/Acme/Acme-Sales/T1").ok(200);
    assert_eq!((&shown["other"], &shown["queue"]), (&stays["other"], &stays["queue"]));
    assert!(shown.get("secret").is_none() && shown.get("SECRET").is_none(), "{shown}");
    let after = server.get("/transcripts/Acme/Acme-Sales/T1").ok(200)["last_modified"].clone();
    assert!(after.as_str() > before.as_str(), "readers see that it changed");
    assert_eq!(server.find("q=secret:*&size=0")["total"], 0);
    assert_eq!(server.find("q=queue:kept&size=0")["total"].as_u64().unwrap(), 48);
    // The name is free: it may be used again.
    server.patch("/metadata/Acme/Acme-Sales/T1", &json!({"secret": "new"})).ok(200);
    assert_eq!(server.ids("q=secret:new"), ["T1"]);
    server.stop_and_verify();
    assert_eq!(holding(&server.data(), &texts), []);
}

#[test]
fn a_kill_in_the_middle_is_no_end() {
    let (mut server, texts) = secretive(50);
    server.settle();
    let begun = server.post("/erase/Acme/Acme-Sales", &json!({"field": "secret"}));
    assert_eq!(begun.status, 202, "{}", begun.text());
    for wait in [0, 15, 60] {
        std::thread::park_timeout(Duration::from_millis(wait));
        server.kill();
        server.spawn();
    }
    let started = Instant::now();
    while !server.get("/metrics").text().contains("linernotes_jobs 0\n") {
        assert!(started.elapsed() < Duration::from_secs(90), "{}", server.log());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert_eq!(holding(&server.data(), &texts), []);
    server.stop_and_verify();
}

#[test]
fn edits_that_come_meanwhile_stand_and_an_erased_transcripts_words_go() {
    let (mut server, texts) = secretive(30);
    let spoken = json!({"client_data": {"queue": "ZqspokenqueuexW"},
        "utterances": [{"speaker": "agent", "text": "ZqspokenwordxW and more"}]});
    server.put("/transcripts/Acme/Acme-Sales/GoneZq?folder=Inbound", &spoken).ok(201);
    server.settle();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        let editor = scope.spawn(move || {
            let mut round = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                round += 1;
                let edit = json!({"note": format!("round {round}")});
                server.patch(&format!("/metadata/Acme/Acme-Sales/T{}", round % 30), &edit).ok(200);
            }
            round
        });
        let gone = server.delete("/transcripts/Acme/Acme-Sales/GoneZq");
        let job = gone.header("linernotes-job").unwrap().to_owned();
        erase(server, "Acme/Acme-Sales", "secret");
        done(server, "Acme/Acme-Sales", &job);
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(editor.join().unwrap() > 3);
    });
    let mut gone = texts;
    gone.extend(
        ["ZqspokenqueuexW", "zqspokenqueuexw", "ZqspokenwordxW", "zqspokenwordxw", "GoneZq"].map(str::to_owned),
    );
    assert_eq!(holding(&server.data(), &gone), []);
    server.stop_and_verify();
}

#[test]
fn what_a_repair_set_aside_goes_too_and_is_named() {
    let (mut server, texts) = secretive(6);
    server.settle();
    server.stop();
    let data = server.data();
    let metadata = files(&data.join("archive")).into_iter().find(|file| file.ends_with("T1.jsonmeta")).unwrap();
    let own = metadata.strip_prefix(data.join("archive")).unwrap();
    let aside = data.join("archive/.lost+found").join(own);
    std::fs::create_dir_all(aside.parent().unwrap()).unwrap();
    std::fs::copy(&metadata, &aside).unwrap();
    let words = aside.with_extension("json");
    std::fs::write(&words, "{}").unwrap();
    std::fs::copy(data.join("main.db"), data.join("main.db.damaged-1")).unwrap();
    server.spawn();
    let report = erase(&server, "Acme/Acme-Sales", "secret");
    let removed = report["removed"].to_string();
    assert!(removed.contains("main.db.damaged-1") && removed.contains("T1.jsonmeta"), "{removed}");
    assert!(server.log().contains("main.db.damaged-1"), "the log names it");
    assert!(!aside.exists() && words.exists(), "words hold no metadata");
    assert_eq!(holding(&data, &texts), []);
}

#[test]
fn one_folder_is_erased_alone_and_names_that_no_edit_may_use_can_be() {
    let server = Server::acme();
    let odd = json!({"agentid": "Zq-agent-77", "a:b": "Zq-odd-name", "queue": "kept", "addr": {"city": "Zq-city", "n": 1.50}});
    for (tid, folder) in [("A1", "Inbound"), ("B1", "Other")] {
        let body = json!({"client_data": odd, "utterances": []});
        server.put(&format!("/transcripts/Acme/Acme-Sales/{tid}?folder={folder}"), &body).ok(201);
    }
    for field in ["AgentId", "a:b", "addr.city"] {
        assert_eq!(erase(&server, "Acme/Acme-Sales/Inbound", field)["erased"], 1, "{field}");
    }
    assert_eq!(
        server.get("/metadata/Acme/Acme-Sales/A1").text(),
        r#"{"queue":"kept","addr":{"n":1.5}}"#,
        "the rest keeps its spelling"
    );
    let rows = server.find("q=*&fields=tid,agentid&sort=filename");
    let row = |tid: &str| rows["results"].as_array().unwrap().iter().find(|row| row["tid"] == tid).unwrap().clone();
    assert!(row("A1").get("agentid").is_none() && row("B1")["agentid"] == "Zq-agent-77", "{rows}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/B1").ok(200), odd);
    let listed = server.get("/erase/Acme/Acme-Sales/Inbound").ok(200);
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(server.get("/erase/Acme/Acme-Sales/Other").ok(200), json!([]));
}

#[test]
fn only_admin_erases_and_hidden_scopes_are_unknown() {
    let server = Server::acme();
    let token = |rights: &[&str], folder: Option<&str>| {
        let mut body = json!({"name": "t", "company": "Acme", "org": "Acme-Sales", "rights": rights});
        if let Some(folder) = folder {
            body["folder"] = json!(folder);
        }
        server.post("/tokens", &body).ok(201)["token"].as_str().unwrap().to_owned()
    };
    let ask = |token: &str, method: &str, at: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body: Option<&[u8]> = (method == "POST").then_some(br#"{"field":"queue"}"#);
        server.send(method, &format!("/erase/{at}"), &headers, body)
    };
    let writer = token(&["read", "write", "config"], None);
    let folder = token(&["read", "admin"], Some("Inbound"));
    for method in ["GET", "POST"] {
        assert_eq!(ask(&writer, method, "Acme/Acme-Sales").code(403), "right_missing");
        assert_eq!(ask(&folder, method, "Acme/Acme-Sales").code(403), "right_missing");
        for hidden in ["Acme/Acme-Sales/Other", "Acme/Acme-Sales/None", "Acme/None", "None/None"] {
            assert_eq!(ask(&folder, method, hidden).code(404), "not_found", "{hidden}");
        }
    }
    assert_eq!(ask(&folder, "POST", "Acme/Acme-Sales/Inbound").status, 202);
    for body in [json!({}), json!({"field": 1}), json!({"field": "x", "more": 1}), json!([])] {
        assert_eq!(server.post("/erase/Acme/Acme-Sales", &body).code(400), "body_shape", "{body}");
    }
}

#[test]
fn backups_that_still_hold_it_are_named() {
    let scratch = tempfile::tempdir().unwrap();
    let server = Server::with(&[("LINERNOTES_BACKUP__DIR", scratch.path().to_str().unwrap())]);
    server.make_acme();
    server.bring("T1", &json!({"queue": "Zq-secret"}), &[("agent", "hello")]).ok(201);
    let url = format!("http://{}", server.addr);
    let back_up = || assert_eq!(server.command(&["backup", "nightly", "--url", &url]).0, 0);
    back_up();
    server.bring("T2", &json!({"queue": "Zq-other"}), &[("agent", "hello")]).ok(201);
    let report = erase(&server, "Acme/Acme-Sales", "queue");
    assert_eq!(report["backups"].as_array().unwrap().len(), 1, "{report}");
    let gone = server.delete("/transcripts/Acme/Acme-Sales/T2");
    let job = gone.header("linernotes-job").unwrap().to_owned();
    assert_eq!(done(&server, "Acme/Acme-Sales", &job)["backups"], json!([]), "it came after the backup");
    back_up();
    let all = server.get("/erase/Acme/Acme-Sales").ok(200);
    assert_eq!(all[0]["backups"].as_array().unwrap().len(), 1, "the second is younger than the erasure: {all}");
}

#[test]
fn the_command_erases_proves_and_says_what_cannot_be_told_apart() {
    let (mut server, texts) = secretive(8);
    server.settle();
    server.stop();
    let data = path(&server);
    let run = |more: &[&str]| {
        let mut args = vec!["erase"];
        args.extend_from_slice(more);
        args.extend(["--data", &data]);
        server.command(&args)
    };
    let (code, out, words) = run(&["--field", "secret", "--in", "Acme/Acme-Sales", "--dry-run"]);
    assert!(code == 0 && words.contains("8 of 8"), "{code} {out}{words}");
    assert!(!holding(&server.data(), &texts).is_empty());
    let (code, out, words) = run(&["--field", "secret", "--in", "Acme/Acme-Sales", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{words}"));
    assert_eq!((code, &report["proof"]["found"]), (0, &json!([])), "{report} {words}");
    assert!(report["proof"]["values"].as_u64().unwrap() > 8, "{report}");
    assert_eq!(holding(&server.data(), &texts), []);
    // `kept` stands in other transcripts too: no proof, but no failure.
    let (code, out, words) = run(&["--transcript", "Acme/Acme-Sales/T1", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{words}"));
    assert_eq!((code, &report["proof"]["found"]), (0, &json!([])), "{report} {words}");
    assert!(report["proof"]["elsewhere"].as_u64().unwrap() > 0, "{report}");
    let (code, _, words) = run(&["--transcript", "Acme/Acme-Sales/T1"]);
    assert!(code == 1 && words.contains("T1"), "{words}");
    let (code, _, _) = run(&["--field", "x"]);
    assert_eq!(code, 2);
}

#[test]
fn the_command_works_on_a_running_server() {
    let server = Server::acme();
    server.bring("T1", &json!({"queue": "Zq-secret"}), &[("agent", "ZqwordxW")]).ok(201);
    let url = format!("http://{}", server.addr);
    let (code, out, words) =
        server.command(&["erase", "--field", "QUEUE", "--in", "Acme/Acme-Sales/Inbound", "--url", &url, "--json"]);
    assert!(code == 0 && out.contains("\"erased\":1"), "{code} {out}{words}");
    let (code, out, words) = server.command(&["erase", "--transcript", "Acme/Acme-Sales/T1", "--url", &url]);
    assert!(code == 0 && words.contains("erased"), "{code} {out}{words}");
    let texts = ["Zq-secret", "zq-secret", "ZqwordxW", "zqwordxw"].map(str::to_owned);
    assert_eq!(holding(&server.data(), &texts), []);
}

#[test]
fn retention_erases_what_is_too_old_only_when_it_is_enforced() {
    let mut server = Server::acme();
    server.post("/config/Acme/orgs", &json!({"Acme-Kept": {}})).ok(200);
    server.post("/config/Acme/Acme-Kept/folders", &json!({"In": {}})).ok(200);
    let bring = |org: &str, folder: &str, tid: &str, when: &str| {
        let body = json!({"client_data": {"datetime": when}, "utterances": [{"text": "hello"}]});
        server.put(&format!("/transcripts/Acme/{org}/{tid}?folder={folder}"), &body).ok(201);
    };
    for (tid, when) in
        [("old", "2019-01-01 10:00:00"), ("future", "2190-01-01 10:00:00"), ("absurd", "1907-01-01 10:00:00")]
    {
        bring("Acme-Sales", "Inbound", tid, when);
        bring("Acme-Kept", "In", tid, when);
    }
    for wrong in [json!(1.5), json!(-2), json!(99_999_999_u64), json!("30"), json!(1e30)] {
        let answer = server.post("/config/Acme/Acme-Sales", &json!({"retention": wrong}));
        assert_eq!(answer.code(422), "config_invalid", "{wrong}");
    }
    server.post("/config/Acme/Acme-Sales", &json!({"retention": 365})).ok(200);
    server.settle();
    let all =
        |server: &Server, org: &str| server.get(&format!("/search/Acme/{org}?output=count")).ok(200)["count"].clone();
    server.stop();
    server.spawn();
    server.settle();
    assert_eq!(all(&server, "Acme-Sales"), 3, "not enforced: nothing goes");
    server.stop();
    server.set("LINERNOTES_RETENTION__ENFORCE", "true");
    server.spawn();
    let begun = Instant::now();
    while !server.get("/metrics").text().contains("linernotes_retention_erased_total 1\n") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", server.log());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    server.settle();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/old").status, 404);
    assert_eq!((all(&server, "Acme-Sales"), all(&server, "Acme-Kept")), (json!(2), json!(3)));
}
