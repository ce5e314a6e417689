//! V-Spark's way in: multipart uploads of transcripts, metadata and zips of both (contract section 7).
use crate::support::{Answer, Server};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const BORDER: &str = "the-border";

enum Field<'a> {
    Token(&'a str),
    File(&'a str, &'a [u8]),
    Other(&'a str, &'a str),
}

fn form(fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for field in fields {
        let head = match field {
            Field::Token(_) => "name=\"token\"".to_owned(),
            Field::File(name, _) => format!("name=\"file\"; filename=\"{name}\""),
            Field::Other(name, _) => format!("name=\"{name}\""),
        };
        body.extend(format!("--{BORDER}\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes());
        body.extend(match field {
            Field::Token(value) | Field::Other(_, value) => value.as_bytes(),
            Field::File(_, bytes) => bytes,
        });
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BORDER}--\r\n").bytes());
    body
}

fn post(server: &Server, path: &str, extra: &[(&str, &str)], fields: &[Field<'_>]) -> Answer {
    let kind = format!("multipart/form-data; boundary={BORDER}");
    let mut headers = vec![("Content-Type", kind.as_str())];
    headers.extend_from_slice(extra);
    server.send("POST", path, &headers, Some(&form(fields)))
}

fn send(server: &Server, name: &str, bytes: &[u8]) -> Answer {
    post(server, "/transcribe/Acme-Sales/Inbound", &[], &[Field::Token(&server.token), Field::File(name, bytes)])
}

/// The request id, after the upload was taken.
#[track_caller]
fn taken(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.header("linernotes-mark").is_some());
    let id = answer.text();
    assert_eq!(id.len(), 36, "the bare UUID: {id}");
    id
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn details(server: &Server, query: &str) -> Vec<Value> {
    server.find(&format!("output=details&sort=filename&sortdir=asc&{query}"))["results"].as_array().unwrap().clone()
}

#[test]
fn one_transcript_gets_the_request_id_and_the_files_name() {
    let mut server = Server::acme();
    let body = br#"{"client_data":{"queue":"billing"},"utterances":[{"text":"hello there"}],"requestid":"old"}"#;
    let id = taken(&send(&server, "call7.json", body));
    let all = details(&server, &format!("requestid={id}"));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["requestid"], id.as_str());
    assert_eq!((&all[0]["original_requestid"], &all[0]["source"]), (&json!("old"), &json!("call7.json")));
    assert_eq!(all[0]["client_data"], json!({"queue": "billing"}));
    assert_eq!(server.find("q=hello&filename=call7.json")["total"], 1);
    // The same file again replaces the transcript.
    let again = taken(&send(&server, "call7.json", br#"{"utterances":[{"text":"goodbye"}]}"#));
    assert_ne!(id, again);
    assert_eq!(server.find("size=0")["total"], 1);
    let all = details(&server, "q=goodbye");
    assert_eq!(all[0]["client_data"], json!({"queue": "billing"}), "metadata that is not sent stays");
    server.stop_and_verify();
}

#[test]
fn a_zip_of_transcripts_and_metadata_is_one_request() {
    let mut server = Server::acme();
    let id = taken(&send(
        &server,
        "batch.zip",
        &zipped(&[
            ("a.json", r#"{"utterances":[{"text":"first call"}]}"#),
            ("a.jsonmeta", r#"{"metadata":{"queue":"billing","direction":"-inbound","agentid":"2207"}}"#),
            ("sub/b.json", r#"{"tid":"own-id","utterances":[{"text":"second call"}]}"#),
            ("sub/b.xml", "<metadata><queue>sales</queue><direction>-inbound</direction></metadata>"),
            ("a:b.json", "{}"),
        ]),
    ));
    let all = details(&server, &format!("requestid={id}"));
    let seen: Vec<_> = all.iter().map(|one| (one["source"].clone(), one["client_data"].clone())).collect();
    let wanted = [
        (json!("a.json"), json!({"queue": "billing", "direction": "-inbound", "agentid": "2207"})),
        (json!("a:b.json"), json!({})),
        (json!("b.json"), json!({"queue": "sales", "direction": "-inbound"})),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(all[2]["tid"], "own-id");
    assert_eq!(server.find("agentid=2207")["results"][0]["filename"], "a.json");
    let tids: std::collections::HashSet<_> = all.iter().map(|one| one["tid"].as_str().unwrap()).collect();
    assert_eq!(tids.len(), 3);
    server.stop_and_verify();
}

#[test]
fn metadata_sent_later_updates_its_transcript() {
    let server = Server::acme();
    taken(&send(&server, "call7.json", br#"{"client_data":{"queue":"a","kept":1},"utterances":[{"text":"x"}]}"#));
    let before = details(&server, "")[0].clone();
    for _ in 0..2 {
        taken(&send(&server, "call7.jsonmeta", br#"{"metadata":{"queue":"b","agentid":"9"}}"#));
    }
    taken(&send(&server, "call7.xml", b"<metadata><note>late</note></metadata>"));
    let after = details(&server, "")[0].clone();
    assert_eq!((&after["tid"], &after["requestid"]), (&before["tid"], &before["requestid"]));
    assert_eq!(after["client_data"], json!({"queue": "b", "kept": 1, "agentid": "9", "note": "late"}));
    assert_eq!(server.find("size=0")["total"], 1);
    // By its id, from the archive's own kind of file.
    server.bring("t1", &json!({"queue": "x"}), &[("agent", "hi")]).ok(201);
    taken(&send(&server, "whatever.jsonmeta", br#"{"metadata":{"queue":"y"},"tid":"t1","folder":"Inbound"}"#));
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t1").ok(200)["queue"], "y");
    // Of nobody, or of a transcript in another folder.
    let refused = send(&server, "nobody.jsonmeta", br#"{"metadata":{"queue":"b"}}"#);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("nobody.json with it"), "{}", refused.text());
    let other = [Field::Token(&server.token), Field::File("x.jsonmeta", br#"{"metadata":{},"tid":"t1"}"#)];
    assert_eq!(post(&server, "/transcribe/Acme-Sales/Other", &[], &other).status, 400);
}

#[test]
fn what_cannot_be_taken_is_refused_whole_in_one_line_of_text() {
    let server = Server::acme();
    let bomb = zipped(&[("a.json", &" ".repeat(70 << 20))]);
    assert!(bomb.len() < 1 << 20);
    let half = zipped(&[("a.json", r#"{"utterances":[]}"#), ("b.json", r#"{"utterances":7}"#)]);
    let twice = zipped(&[("a.json", r#"{"tid":"x"}"#), ("b.json", r#"{"tid":"x"}"#)]);
    for (name, bytes, status, word) in [
        ("call.wav", &b"RIFF"[..], 400, "no speech recogniser"),
        ("batch.zip", &bomb, 400, "too large"),
        ("batch.zip", &half, 400, "b.json: "),
        ("batch.zip", &twice, 400, "same transcript"),
        ("a.json", b"{", 400, "not valid JSON"),
        ("a.json", b"[1]", 400, "JSON object"),
        ("a.pdf", b"%PDF", 400, "neither"),
        ("a:b.json", b"{}", 422, "the name of the file"),
        ("x=1.zip", &half, 422, "the name of the file"),
    ] {
        let refused = send(&server, name, bytes);
        assert_eq!(refused.status, status, "{name}: {}", refused.text());
        assert_eq!(refused.header("content-type"), Some("text/html; charset=utf-8"));
        let text = refused.text();
        assert!(text.contains(word) && !text.contains('\n'), "{name}: {text}");
    }
    assert_eq!(server.find("size=0")["total"], 0, "nothing of a refused upload is stored");
    let json = [("Accept", "application/json")];
    let fields = [Field::Token(&server.token), Field::File("call.wav", b"RIFF")];
    assert_eq!(post(&server, "/transcribe/Acme-Sales/Inbound", &json, &fields).code(422), "upload_invalid");
}

#[test]
fn tokens_come_in_the_form_or_as_bearer_and_strangers_learn_nothing() {
    let server = Server::acme();
    let file = || Field::File("a.json", b"{}");
    let here = "/transcribe/Acme-Sales/Inbound";
    let said = |answer: Answer| (answer.status, answer.text());
    let quoted = "Missing &quot;token&quot; field".to_owned();
    assert_eq!(said(post(&server, here, &[], &[file()])), (400, quoted.clone()));
    let in_query = format!("{here}?token={}", server.token);
    assert_eq!(said(post(&server, &in_query, &[], &[file()])), (400, quoted));
    let wrong = "Invalid token was provided".to_owned();
    assert_eq!(said(post(&server, here, &[], &[Field::Token("x"), file()])), (400, wrong.clone()));
    assert_eq!(said(post(&server, here, &[], &[file(), Field::Token("x")])), (400, wrong));
    taken(&post(&server, here, &[], &[file(), Field::Token(&server.token)]));
    let bearer = format!("Bearer {}", server.token);
    taken(&post(&server, here, &[("Authorization", &bearer)], &[file()]));
    server.post("/config", &json!({"Beta": {}})).ok(200);
    server.post("/config/Beta/orgs", &json!({"Beta-Org": {}, "Acme-Sales": {}})).ok(200);
    server.post("/config/Beta/Acme-Sales/folders", &json!({"Inbound": {}})).ok(200);
    let made = |body: Value| server.post("/tokens", &body).ok(201)["token"].as_str().unwrap().to_owned();
    let beta = made(json!({"name": "b", "company": "Beta", "rights": ["read", "write"]}));
    let reader = made(json!({"name": "r", "company": "Acme", "rights": ["read"]}));
    // Both companies have the organisation: a token of one of them is clear, the root token is not.
    let ambiguous = post(&server, here, &[("Accept", "application/json")], &[Field::Token(&server.token), file()]);
    assert!(ambiguous.text().contains("Acme, Beta"), "{}", ambiguous.text());
    assert_eq!(ambiguous.code(409), "org_ambiguous");
    taken(&post(&server, here, &[], &[Field::Token(&beta), file()]));
    server.settle();
    assert_eq!(server.get("/search/Beta/Acme-Sales?output=count").ok(200)["count"], 1);
    let denied = post(&server, here, &[("Accept", "application/json")], &[Field::Token(&reader), file()]);
    assert_eq!(denied.code(403), "right_missing");
    for (org, folder) in [("Nowhere", "Inbound"), ("Beta-Org", "None"), ("%2e%2e", "x")] {
        let path = format!("/transcribe/{org}/{folder}");
        let (status, text) = said(post(&server, &path, &[], &[Field::Token(&beta), file()]));
        assert!(status == 400 && text.ends_with(" not found"), "{path}: {text}");
    }
    let foreign = said(post(&server, "/transcribe/Acme-Sales/Other", &[], &[Field::Token(&beta), file()]));
    assert_eq!(foreign, (400, "Folder Other not found".to_owned()));
    let odd = [Field::Token(&beta), Field::Other("s3key", "s3://x"), file()];
    assert!(said(post(&server, here, &[], &odd)).1.contains("fetches nothing"));
}

#[test]
fn status_and_sysinfo_tell_how_folders_and_the_server_stand() {
    let server = Server::acme();
    server.bring("t1", &json!({"queue": "x"}), &[("agent", "hi")]).ok(201);
    server.settle();
    let inbound = server.get("/status/Acme/Acme-Sales/Inbound").ok(200);
    let wanted = json!({"mode": "active", "status": "OK", "servers": {}, "jobmgr": {}, "queued": {"count": 0}, "transcripts": 1});
    assert_eq!(inbound, wanted);
    assert_eq!(server.get("/status").ok(200)["Acme"]["Acme-Sales"]["Inbound"], wanted);
    assert_eq!(server.get("/status/Acme/Acme-Sales").ok(200)["Other"]["transcripts"], 0);
    let csv = server.get("/status/Acme?format=csv").text();
    assert_eq!(csv.lines().next(), Some("company,org,folder,mode,status,queued,transcripts"));
    assert!(csv.contains("Acme,Acme-Sales,Inbound,active,OK,0,1"), "{csv}");
    assert_eq!(server.get("/status/Nowhere").status, 404);
    assert_eq!(server.get("/status?format=xml").code(400), "parameter_invalid");
    let whole = server.get("/sysinfo").ok(200);
    assert_eq!((&whole["name"], &whole["status"]), (&json!("linernotes"), &json!("OK")));
    assert_eq!(whole["figures"]["transcripts"], 1);
    let body = json!({"name": "r", "company": "Acme", "rights": ["read"]});
    let token = server.post("/tokens", &body).ok(201)["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let seen = server.send("GET", "/sysinfo", &[("Authorization", &bearer)], None).ok(200);
    assert!(seen.get("figures").is_none() && seen["version"].is_string(), "{seen}");
}

#[test]
fn the_status_of_an_upload_is_told_by_its_request_id() {
    let mut server = Server::acme();
    let id = taken(&send(&server, "c.json", br#"{"tid":"c","utterances":[{"text":"hello"}]}"#));
    let metadata = taken(&send(&server, "c.jsonmeta", br#"{"tid":"c","metadata":{"queue":"sales"}}"#));
    let path = |id: &str| format!("/request/Acme-Sales/status?requestid={id}");
    for id in [&id, &metadata] {
        let told = server.send("GET", &format!("{}&token={}", path(id), server.token), &[], None);
        assert_eq!((told.status, told.text().as_str()), (200, "done"), "{}", told.text());
        assert_eq!(told.header("content-type"), Some("text/html; charset=utf-8"));
    }
    let told = server.request("GET", &path(&metadata), &[("Accept", "application/json")], None).ok(200);
    assert_eq!(
        (&told["kind"], &told["state"], &told["folder"]),
        (&json!("transcribe"), &json!("done"), &json!("Inbound"))
    );
    assert_eq!(told["progress"], json!({"done": 1, "total": 1}));
    assert_eq!(server.get(&format!("/jobs/{id}")).ok(200)["kind"], "transcribe");
    let unknown = server.get(&path("5b0fffff-0000-4000-8000-000000000000"));
    assert_eq!(unknown.json()["detail"], "RequestId not found");
    assert_eq!(unknown.code(404), "not_found");
    assert_eq!(server.get(&path("")).code(400), "parameter_invalid");
    assert_eq!(server.get("/request/Nobody/status?requestid=x").json()["detail"], "Organization Nobody not found");
    assert_eq!(server.send("GET", &path(&id), &[], None).code(401), "token_missing");
    assert_eq!(server.get(&format!("/request/Acme-Sales/summary?requestid={id}")).status, 404);
    // A refused upload leaves nothing to ask for, and other jobs are no requests.
    send(&server, "bad.json", b"{");
    let jobs = server.get("/jobs?kind=transcribe").ok(200);
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2, "{jobs}");
    // What was brought another way is found by what it carries.
    server
        .put(
            "/transcripts/Acme/Acme-Sales/d?folder=Inbound&wait=search",
            &json!({"requestid": "R-7", "utterances": []}),
        )
        .ok(201);
    assert_eq!(server.get(&path("r-7")).text(), "done", "ids compare as they do in searches");
    server.kill();
    server.spawn();
    server.settle();
    assert_eq!(server.get(&path(&metadata)).text(), "done", "remembered over a crash");
    // Another folder's request is unknown to who sees one folder only; without rights it is refused.
    let other = json!({"name": "o", "company": "Acme", "org": "Acme-Sales", "folder": "Other", "rights": ["read"]});
    let none = json!({"name": "n", "company": "Acme", "org": "Acme-Sales", "rights": ["config"]});
    for (scope, status) in [(other, 404), (none, 403)] {
        let made = server.post("/tokens", &scope).ok(201);
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        assert_eq!(server.send("GET", &path(&id), &[("Authorization", bearer.as_str())], None).status, status);
    }
    server.post("/config", &json!({"Beta": {}})).ok(200);
    server.post("/config/Beta/orgs", &json!({"Acme-Sales": {}})).ok(200);
    assert_eq!(server.get(&path(&id)).code(409), "org_ambiguous");
    server.stop_and_verify();
}
