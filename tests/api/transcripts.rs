//! `/transcripts`: contract section 7.
use crate::support::Server;
use crate::support::server::{files, holds};
use serde_json::{Value, json};

const ORG: &str = "/transcripts/Acme/Acme-Sales";

fn lines(answer: &crate::support::Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).expect("a verdict is JSON")).collect()
}

fn post(server: &Server, query: &str, body: &str) -> crate::support::Answer {
    server.request(
        "POST",
        &format!("{ORG}?{query}"),
        &[("Content-Type", "application/x-ndjson")],
        Some(body.as_bytes()),
    )
}

#[test]
fn put_creates_replaces_moves_and_get_gives_it_back() {
    let server = Server::acme();
    let body = r#"{"requestid":"q1","x":{"y":1.10},"utterances":[{"start":0.5,"end":2,"speaker":"agent","text":"Hi"}],"client_data":{"queue":"a","zip":"0314"},"n":null}"#;
    let put = |query: &str, body: &str| {
        server.request(
            "PUT",
            &format!("{ORG}/T1{query}"),
            &[("Content-Type", "application/json")],
            Some(body.as_bytes()),
        )
    };
    let made = put("?folder=Inbound", body);
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{}", made.text());
    let seen = server.get(&format!("{ORG}/T1")).text();
    assert!(seen.contains(r#""x":{"y":1.10}"#) && seen.contains(r#""n":null"#), "{seen}");
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!((&seen["tid"], &seen["client_data"]), (&json!("T1"), &json!({"queue": "a", "zip": "0314"})));
    assert!(seen["last_modified"].as_str().is_some_and(|t| t.ends_with('Z') && t.len() == 27));
    // Without client_data the metadata stays; another folder moves it in the same revision.
    let moved = put("?folder=Other", r#"{"utterances":[{"text":"Bye now"}]}"#);
    assert_eq!((moved.status, moved.header("etag")), (200, Some("\"2\"")));
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["queue"], "a");
    assert_eq!(server.ids("q=bye"), ["T1"]);
    assert!(server.ids("q=hi").is_empty());
    assert_eq!(server.ids("folder=Other"), ["T1"]);
    // Metadata modes.
    put("?metadata=merge", r#"{"utterances":[],"client_data":{"queue":null,"k":1}}"#).ok(200);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200), json!({"zip": "0314", "k": 1}));
    put("?metadata=keep", r#"{"utterances":[],"client_data":{"queue":"z"}}"#).ok(200);
    put("?metadata=replace", r#"{"utterances":[]}"#).ok(200);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200), json!({}));
    assert_eq!(put("?metadata=guess", "{}").code(400), "parameter_invalid");
}

#[test]
fn a_stream_answers_one_verdict_a_line_and_bad_lines_fail_alone() {
    let server = Server::acme();
    let body = "{\"tid\":\"a\",\"utterances\":[]}\n\n{broken\n{\"tid\":\"b\",\"client_data\":{\"agentid\":\"7\",\"hold_time\":\"soon\",\"color\":1},\"utterances\":[{\"text\":\"x\"}]}\n{\"utterances\":5}\n{\"tid\":\"a\",\"utterances\":[{\"text\":\"again\"}]}\n{\"utterances\":[]}";
    let verdicts = lines(&post(&server, "folder=Inbound", body));
    let status: Vec<_> = verdicts.iter().map(|v| v["status"].as_str().unwrap_or("summary")).collect();
    assert_eq!(status, ["created", "failed", "created", "failed", "replaced", "created", "summary"], "{verdicts:?}");
    assert_eq!(verdicts[1]["line"], 3, "{verdicts:?}");
    assert_eq!(verdicts[1]["error"]["code"], "json_invalid");
    assert_eq!(verdicts[3]["error"]["code"], "transcript_shape");
    assert_eq!(verdicts[2]["notes"].as_array().map(Vec::len), Some(2), "a misfit and a reserved name: {}", verdicts[2]);
    assert!(verdicts[5]["tid"].as_str().is_some_and(|t| t.len() == 36), "a UUIDv7 is made");
    let summary = &verdicts[6]["summary"];
    assert_eq!((&summary["created"], &summary["replaced"], &summary["failed"]), (&json!(3), &json!(1), &json!(2)));
    let mark = summary["mark"].as_str().expect("a mark");
    let found = server.get(&format!("/search/Acme/Acme-Sales?q=again&after={mark}")).ok(200);
    assert_eq!(found["total"], 1);
}

#[test]
fn a_steady_upload_of_several_batches_keeps_its_connection() {
    let server = Server::acme();
    let word = "word ".repeat(600_000);
    let body: String =
        (0..4).map(|n| format!("{{\"tid\":\"long{n}\",\"utterances\":[{{\"text\":\"{word}\"}}]}}\n")).collect();
    let answer = post(&server, "folder=Inbound", &body);
    assert!(answer.header("content-length").is_some(), "{:?}", answer.headers);
    assert_eq!(lines(&answer)[4]["summary"]["created"], 4);
}

#[test]
fn ids_come_from_the_key_asked_for() {
    let server = Server::acme();
    let verdicts = lines(&post(
        &server,
        "folder=Inbound&id=requestid",
        "{\"requestid\":\"r-1\",\"utterances\":[]}\n{\"tid\":\"x\"}",
    ));
    assert_eq!((&verdicts[0]["tid"], &verdicts[1]["error"]["code"]), (&json!("r-1"), &json!("tid_missing")));
    let no_folder =
        lines(&post(&server, "", "{\"tid\":\"r-1\",\"utterances\":[]}\n{\"tid\":\"new\",\"utterances\":[]}"));
    assert_eq!(
        (&no_folder[0]["status"], &no_folder[1]["error"]["code"]),
        (&json!("replaced"), &json!("folder_required"))
    );
    assert_eq!(post(&server, "folder=Nowhere", "{}").code(404), "not_found");
}

#[test]
fn atomic_streams_store_all_or_nothing() {
    let server = Server::acme();
    let failed = lines(&post(
        &server,
        "folder=Inbound&atomic=true",
        "{\"tid\":\"a\",\"utterances\":[]}\n{\"tid\":\"b\",\"utterances\":1}",
    ));
    assert!(failed[..2].iter().all(|v| v["status"] == "failed"), "{failed:?}");
    assert_eq!(server.get(&format!("{ORG}/a")).status, 404);
    let done =
        lines(&post(&server, "folder=Inbound&atomic=true", "{\"tid\":\"a\",\"utterances\":[]}\n{\"tid\":\"b\"}"));
    assert!(done[..2].iter().all(|v| v["status"] == "created"), "{done:?}");
}

#[test]
fn both_shapes_are_read() {
    let server = Server::acme();
    let voci = json!({"utterances": [
        {"metadata": {"channel": 0}, "events": [{"word": "please", "start": 1.5, "end": 1.7}, {"word": "cancel", "end": 2.25}]},
        {"metadata": {"channel": 1}, "start": 3, "events": [{"word": "certainly"}]}],
        "app_data": {"agent_channel": 1, "client_channel": 0, "agent_clarity": "0.75", "datetime": "2024-05-06 07:08:09"}});
    server.put(&format!("{ORG}/V?folder=Inbound"), &voci).ok(201);
    assert_eq!(server.ids("q=client:%22please%20cancel%22"), ["V"]);
    assert_eq!(server.ids("q=agent:certainly"), ["V"]);
    assert!(server.ids("q=agent:cancel").is_empty());
    let row = &server.find("q=cancel&moments=1")["results"][0];
    assert_eq!(
        (&row["agent_clarity"], &row["moments"][0]["start"], &row["moments"][0]["end"]),
        (&json!(0.75), &json!(1.5), &json!(2.25)),
        "{row}"
    );
    assert_eq!(row["moments"][0]["spans"], json!([[7, 13]]));
}

#[test]
fn an_erased_transcript_is_gone_from_every_read_and_from_the_files() {
    let mut server = Server::acme();
    server.bring("keep", &json!({"queue": "b"}), &[("agent", "something else")]).ok(201);
    server
        .bring("gone", &json!({"queue": "zebrafinch", "secret": "zebrafinch"}), &[("agent", "zebrafinch song")])
        .ok(201);
    server.patch("/metadata/Acme/Acme-Sales/gone", &json!({"color": "zebrafinch"})).ok(200);
    assert_eq!(server.ids("q=zebrafinch"), ["gone"]);
    let erased = server.delete(&format!("{ORG}/gone"));
    assert!(erased.header("linernotes-job").is_some());
    erased.ok(200);
    assert_eq!(server.get(&format!("{ORG}/gone")).code(404), "not_found");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/gone").code(404), "not_found");
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=zebrafinch").ok(200)["total"], 0);
    assert_eq!(server.delete(&format!("{ORG}/gone")).code(404), "not_found");
    let begun = std::time::Instant::now();
    loop {
        let left: Vec<_> = files(&server.data()).into_iter().filter(|f| holds(f, "zebrafinch")).collect();
        if left.is_empty() {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "{left:?}");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    // Made anew, its revision goes on; the old words do not come back.
    let anew = server.bring("gone", &json!({}), &[("client", "new words")]);
    assert_eq!(anew.header("etag"), Some("\"3\""));
    assert_eq!(server.ids("q=words"), ["gone"]);
    server.stop_and_verify();
}

#[test]
fn several_are_erased_by_search_only_with_multi() {
    let server = Server::acme();
    for tid in ["a", "b", "c"] {
        server.bring(tid, &json!({}), &[]).ok(201);
    }
    assert_eq!(server.delete("/search/Acme/Acme-Sales?tid=a,b").status, 409);
    assert_eq!(server.delete("/search/Acme/Acme-Sales?tid=a,nobody&multi=true").status, 404);
    assert_eq!(server.find("")["total"], 3);
    assert_eq!(server.delete("/search/Acme/Acme-Sales?tid=a,b&multi=true").status, 200);
    assert_eq!(server.find("")["total"], 1);
    assert_eq!(server.delete("/search/Acme/Acme-Sales?terms.tid=c").status, 200);
    assert_eq!(server.find("")["total"], 0);
}

#[test]
fn the_archive_is_readable_without_us() {
    let server = Server::acme();
    let answer = server.request(
        "PUT",
        &format!("{ORG}/a%20b%3F%C3%A9?folder=Inbound"),
        &[("Content-Type", "application/json")],
        Some(br#"{"k": 1,"utterances":[]}"#),
    );
    assert_eq!(answer.status, 201, "{}", answer.text());
    server.settle();
    let all = files(&server.data().join("archive/Acme/Acme-Sales"));
    let names: Vec<_> = all.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(
        names.contains(&"a%20b%3F%C3%A9.json".to_owned()) && names.contains(&"a%20b%3F%C3%A9.jsonmeta".to_owned()),
        "{names:?}"
    );
    let body = all.iter().find(|p| p.extension().is_some_and(|e| e == "json")).unwrap();
    assert_eq!(std::fs::read_to_string(body).unwrap(), r#"{"k": 1,"utterances":[]}"#, "its bytes as received");
    let shard = body.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(shard.len(), 2);
}
