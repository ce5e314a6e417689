//! Moments between two steps: a crash or another request there loses and resurrects nothing (contract section 2).
use crate::support::Server;
use serde_json::{Value, json};

fn lines(count: usize, more: impl Fn(usize) -> Value) -> String {
    let line =
        |n| json!({"tid": format!("t{n}"), "client_data": more(n), "utterances": [{"text": "hello"}]}).to_string();
    (0..count).map(|n| line(n) + "\n").collect()
}

fn ingest(server: &Server, folder: &str, lines: &str) {
    let path = format!("/transcripts/Acme/Acme-Sales?folder={folder}");
    let answer = server.request("POST", &path, &[], Some(lines.as_bytes()));
    assert!(answer.text().contains("\"failed\":0"), "{}", answer.text());
}

#[test]
fn a_rebuild_cut_short_is_not_taken_for_a_whole_index() {
    let mut server = Server::with(&[("LINERNOTES_WORKERS__INDEX_ROWS", "20")]);
    server.make_acme();
    ingest(&server, "Inbound", &lines(2_000, |n| json!({"queue": n})));
    assert_eq!(server.find("q=hello&size=0")["total"], 2_000);
    server.kill();
    std::fs::remove_dir_all(server.data().join("index")).unwrap();
    server.spawn();
    let commits = |server: &Server| {
        let metrics = server.get("/metrics").text();
        let line = metrics.lines().find(|l| l.starts_with("linernotes_index_commits_total ")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    while commits(&server) < 3.0 {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    server.kill();
    server.spawn();
    loop {
        let found = server.get("/search/Acme/Acme-Sales?q=hello&size=0");
        if found.status == 200 {
            assert_eq!(found.ok(200)["total"], 2_000);
            break;
        }
        assert_eq!(found.code(503), "index_rebuilding");
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    // Once complete it is complete: the next start answers at once.
    server.settle();
    std::thread::park_timeout(std::time::Duration::from_millis(600));
    server.kill();
    server.spawn();
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=hello&size=0").ok(200)["total"], 2_000);
    server.stop_and_verify();
}

#[test]
fn a_first_start_that_cannot_hand_out_its_token_makes_another_next_time() {
    let mut server = Server::start();
    server.stop();
    let data = server.data();
    std::fs::remove_dir_all(&data).unwrap();
    // A folder in the way of the file: the start fails where a crash could have stopped it.
    std::fs::create_dir_all(data.join("root.token.new")).unwrap();
    let path = data.to_str().unwrap().to_owned();
    let (code, _, error) = server.command(&["serve", "--listen", "127.0.0.1:0", "--data", &path]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("root.token"), "{error}");
    std::fs::remove_dir(data.join("root.token.new")).unwrap();
    server.spawn();
    assert_eq!(server.get("/list").ok(200), json!([]));
}

#[test]
fn an_organisation_made_anew_knows_nothing_of_the_former_one() {
    let mut server = Server::acme();
    server.bring("t1", &json!({"queue": "old", "loose": "old"}), &[("agent", "ancient")]).ok(201);
    for _ in 0..5 {
        server.patch("/metadata/Acme/Acme-Sales/t1", &json!({"loose": "older"})).ok(200);
    }
    server.delete("/config/Acme/Acme-Sales?multi=true&tree=true").ok(200);
    server.make_acme();
    server.bring("t1", &json!({"queue": "new"}), &[("agent", "modern")]).ok(201);
    server.settle();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t1").ok(200), json!({"queue": "new"}));
    assert_eq!((server.ids("q=ancient").len(), server.ids("q=modern").len()), (0, 1));
    server.kill();
    server.spawn();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t1").ok(200), json!({"queue": "new"}));
    server.stop_and_verify();
}

#[test]
fn a_folder_is_either_deleted_empty_or_filled_never_both() {
    let mut server = Server::acme();
    for round in 0..25 {
        server.post("/config/Acme/Acme-Sales/folders", &json!({"Short": {}})).ok(200);
        let (brought, deleted) = std::thread::scope(|scope| {
            let server = &server;
            let path = format!("/transcripts/Acme/Acme-Sales/r{round}?folder=Short");
            let brought = scope.spawn(move || server.put(&path, &json!({"utterances": [{"text": "hello"}]})).status);
            let deleted = scope.spawn(move || server.delete("/config/Acme/Acme-Sales/Short").status);
            (brought.join().unwrap(), deleted.join().unwrap())
        });
        let there = server.get(&format!("/metadata/Acme/Acme-Sales/r{round}")).status == 200;
        match (brought, deleted) {
            (201, 409) => assert!(there, "round {round}: an answered transcript is gone"),
            (status, 200) if status >= 400 => assert!(!there),
            both => panic!("round {round}: {both:?}"),
        }
        server.request("DELETE", "/config/Acme/Acme-Sales/Short?multi=true&tree=true", &[], None);
    }
    server.stop_and_verify();
}

#[test]
fn a_field_added_while_another_one_is_filled_in_is_filled_in_too() {
    let mut server = Server::acme();
    ingest(&server, "Other", &lines(1_500, |n| json!({"a": n % 3, "b": n % 5, "c": n % 7})));
    for names in [json!(["a"]), json!(["a", "b"]), json!(["a", "b", "c"])] {
        server.post("/config/Acme/Acme-Sales/Other", &json!({"custom_meta": names})).ok(200);
        std::thread::park_timeout(std::time::Duration::from_millis(60));
    }
    for (query, total) in [("a:0", 500), ("b:0", 300), ("c:0", 215)] {
        assert_eq!(server.find(&format!("q={query}&size=0"))["total"], total, "{query}");
    }
    server.stop_and_verify();
}

#[test]
fn each_of_several_erased_transcripts_is_answered_by_its_own_job_and_stays_gone() {
    let mut server = Server::acme();
    for tid in ["b", "a", "c"] {
        server.bring(tid, &json!({"loose": "remains of the day"}), &[("agent", "hello")]).ok(201);
    }
    let answer = server.delete("/search/Acme/Acme-Sales?tid=b,a&multi=true").ok(200);
    let tids: Vec<&Value> = answer["results"].as_array().unwrap().iter().map(|one| &one["tid"]).collect();
    assert_eq!(tids, ["b", "a"]);
    assert_ne!(answer["results"][0]["job"], answer["results"][1]["job"]);
    server.kill();
    server.spawn();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/a").status, 404);
    assert_eq!(server.ids("q=hello"), ["c"]);
    let made = server.bring("a", &json!({}), &[("agent", "again")]);
    assert_eq!(made.header("etag"), Some("\"2\""), "a revision goes on after erasing");
    server.stop_and_verify();
}
