//! Paging by cursor while the world moves on.
use crate::support::Server;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Transcripts `t000`… with `queue` and `hold_time` that many share.
fn filled(count: usize) -> Server {
    let server = Server::acme();
    bring(&server, 0..count);
    server
}

fn bring(server: &Server, numbers: std::ops::Range<usize>) {
    let lines: Vec<String> = numbers
        .map(|n| {
            let data = json!({"queue": format!("q{}", n % 3), "hold_time": n % 7, "datetime": format!("2026-01-{:02} 10:00:00", n % 28 + 1)});
            let text = format!("please cancel {}", "cancel ".repeat(n % 5));
            json!({"tid": format!("t{n:03}"), "client_data": data, "utterances": [{"speaker": "client", "text": text}]}).to_string()
        })
        .collect();
    let body = lines.join("\n");
    let headers = [("Content-Type", "application/x-ndjson")];
    let path = "/transcripts/Acme/Acme-Sales?folder=Inbound&wait=search";
    assert_eq!(server.request("POST", path, &headers, Some(body.as_bytes())).status, 200);
}

fn tids(page: &Value) -> Vec<String> {
    page["results"].as_array().unwrap().iter().map(|row| row["tid"].as_str().unwrap().to_owned()).collect()
}

fn page(server: &Server, query: &str, cursor: &str) -> Value {
    server.get(&format!("/search/Acme/Acme-Sales?{query}&cursor={cursor}")).ok(200)
}

/// Walks all pages; `between` runs after each.
fn walk(server: &Server, query: &str, mut between: impl FnMut(usize)) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for at in 0.. {
        let found = page(server, query, &cursor);
        all.extend(tids(&found));
        match found.get("cursor") {
            Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
            None => return all,
        }
        assert!(at < 500, "the walk never ends");
        between(at);
    }
    all
}

#[test]
fn pages_by_cursor_are_the_pages_by_offset() {
    let server = filled(50);
    for query in [
        "q=*",
        "q=cancel&sort=score",
        "q=cancel&sort=score&sortdir=asc",
        "sort=queue:asc,hold_time:desc,score",
        "sort=hold_time&sortdir=asc",
        "sort=tid&sortdir=asc",
        "q=queue:q1&sort=duration",
    ] {
        let whole = server.find(&format!("{query}&size=1000"));
        assert_eq!(walk(&server, &format!("{query}&size=7"), |_| ()), tids(&whole), "{query}");
        assert!(whole.get("cursor").is_none());
    }
    let all = page(&server, "size=50", "");
    assert!(all.get("cursor").is_none(), "no rows follow: {all}");
    assert_eq!(page(&server, "q=nothingsaid", "").get("cursor"), None);
}

#[test]
fn size_columns_and_figures_may_change_from_page_to_page() {
    let server = filled(20);
    let first = page(&server, "size=3&facets=queue&fields=tid,queue", "");
    let second = page(&server, "size=5&fields=tid&moments=1", first["cursor"].as_str().unwrap());
    assert_eq!((second["results"].as_array().unwrap().len(), &second["total"]), (5, &json!(20)));
    assert_eq!([tids(&first), tids(&second)].concat(), tids(&page(&server, "size=8", "")));
    let body = json!({"size": 2, "cursor": second["cursor"]});
    let third = server.post("/search/Acme/Acme-Sales", &body).ok(200);
    assert_eq!(tids(&third), tids(&server.find("offset=8&size=2")));
    let csv = server.get("/search/Acme/Acme-Sales?format=csv&size=4&cursor=");
    let next = csv.header("linernotes-cursor").unwrap().to_owned();
    assert_eq!(tids(&page(&server, "size=1", &next)), tids(&server.find("offset=4&size=1")));
    let details = server.get("/search/Acme/Acme-Sales?output=details&size=4&cursor=").ok(200);
    assert!(details["cursor"].is_string());
}

#[test]
fn no_unchanged_row_is_skipped_or_repeated_while_others_change() {
    let server = filled(90);
    for query in ["sort=queue:asc,hold_time:desc&size=8", "q=cancel&sort=score&size=8", "sort=datetime&size=8"] {
        let before = tids(&server.find(&format!("{query}&size=1000").replace("size=8&", "")));
        let mut moved = HashMap::new();
        let walked = walk(&server, query, |at| {
            // Rows before and behind the place reached change their values, go, come.
            for n in [at * 2, 89 - at * 2] {
                let tid = format!("t{n:03}");
                let edit = json!({"queue": format!("q{}", (n + at) % 4), "hold_time": at});
                server.patch(&format!("/metadata/Acme/Acme-Sales/{tid}?wait=search"), &edit).ok(200);
                moved.insert(tid, ());
            }
            let erased = format!("t{:03}", 30 + at);
            let answer = server.delete(&format!("/transcripts/Acme/Acme-Sales/{erased}"));
            assert!(answer.status == 200 || answer.status == 404);
            moved.insert(erased, ());
            bring(&server, 200 + at * 3..203 + at * 3);
        });
        let mut seen = HashMap::new();
        for tid in &walked {
            *seen.entry(tid.clone()).or_insert(0) += 1;
        }
        let unchanged: Vec<&String> =
            before.iter().filter(|tid| !moved.contains_key(*tid) && tid.as_str() < "t200").collect();
        assert!(unchanged.len() > 20);
        for tid in &unchanged {
            assert_eq!(seen.get(*tid), Some(&1), "{tid} in {query}: {walked:?}");
        }
        let kept: Vec<&String> = walked.iter().filter(|tid| unchanged.contains(tid)).collect();
        assert_eq!(kept, unchanged, "in their order");
    }
}

#[test]
fn cursors_survive_a_restart_and_nothing_else() {
    let mut server = filled(12);
    let cursor = page(&server, "q=cancel&size=5", "")["cursor"].as_str().unwrap().to_owned();
    let refused = |server: &Server, path: &str, cursor: &str| {
        let answer = server.get(&format!("/search/{path}&cursor={cursor}"));
        let (status, text) = (answer.status, answer.json());
        assert_eq!(
            (status, &text["code"], &text["errors"][0]["pointer"]),
            (400, &json!("cursor_unknown"), &json!("cursor"))
        );
        text["detail"].as_str().unwrap().to_owned()
    };
    let own = "Acme/Acme-Sales?q=cancel&size=5";
    let mut sentences = Vec::new();
    for at in [0, 7, cursor.len() / 2, cursor.len() - 2] {
        let mut altered = cursor.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        sentences.push(refused(&server, own, &String::from_utf8(altered).unwrap()));
    }
    sentences.push(refused(&server, own, "00"));
    sentences.push(refused(&server, own, &cursor[..cursor.len() - 4]));
    sentences.push(refused(&server, "Acme/Acme-Sales?q=please&size=5", &cursor));
    sentences.push(refused(&server, "Acme/Acme-Sales?q=cancel&size=5&sortdir=asc", &cursor));
    sentences.push(refused(&server, "Acme/Acme-Sales?q=cancel&size=5&tid=t001", &cursor));
    sentences.push(refused(&server, "Acme/Acme-Sales/Inbound?q=cancel&size=5", &cursor));
    sentences.push(refused(&server, "Acme?q=cancel&size=5", &cursor));
    let made = server
        .post("/tokens", &json!({"name": "other", "rights": ["read", "write", "config", "admin", "pii"]}))
        .ok(201);
    let root = std::mem::replace(&mut server.token, made["token"].as_str().unwrap().to_owned());
    sentences.push(refused(&server, own, &cursor));
    server.token = root;
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "whatever is wrong, one sentence: {sentences:?}");

    let rest = page(&server, "q=cancel&size=5", &cursor);
    server.stop();
    server.spawn();
    server.settle();
    assert_eq!(tids(&page(&server, "q=cancel&size=5", &cursor)), tids(&rest));

    let other = filled(12);
    refused(&other, own, &cursor);
}

#[test]
fn a_cursor_shows_nothing_of_the_row_it_ends_at() {
    let server = filled(5);
    let cursor = page(&server, "sort=tid&sortdir=asc&size=2", "")["cursor"].as_str().unwrap().to_owned();
    assert!(!cursor.contains("t001") && !cursor.contains(&hex("t001")));
    assert_ne!(page(&server, "sort=tid&sortdir=asc&size=2", "")["cursor"], cursor, "no two are alike");
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn cursors_and_what_does_not_go_with_them() {
    let server = Server::acme();
    for query in ["cursor=&offset=1", "cursor=&size=0", "cursor=&output=count"] {
        let answer = server.get(&format!("/search/Acme/Acme-Sales?{query}"));
        assert_eq!(answer.json()["errors"][0]["pointer"], "cursor", "{query}");
        assert_eq!(answer.code(400), "parameter_invalid");
    }
    assert_eq!(server.find("cursor=&offset=0")["results"], json!([]));
}
