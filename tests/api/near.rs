//! Embeddings, and `near` in searches (contract sections 5 and 6).
use crate::support::Server;
use crate::support::server::{files, holds};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const FOLDER: &str = "/config/Acme/Acme-Sales/Inbound";
const SEARCH: &str = "/search/Acme/Acme-Sales";

fn gist(size: usize) -> Value {
    json!({"name": "gist", "type": "embedding", "size": size, "label": "Gist", "description": "of the first minute"})
}

/// Cosines with `[1,0,0]`: e1 1, e2 0.6, e3 0.6, e4 0, e5 -1; e6 has none, o1 lies where the field is not configured.
fn server() -> Server {
    let server = Server::acme();
    fill(&server);
    server
}

fn fill(server: &Server) {
    server.post(FOLDER, &json!({"custom_meta": ["queue", "note", gist(3)]})).ok(200);
    for (tid, queue, vector, said) in [
        ("e1", "billing", json!([2, 0, 0]), "hello there"),
        ("e3", "sales", json!([0.75, 0, -1]), "cancel my plan"),
        ("e2", "billing", json!("[3, 4, 0]"), "cancel it"),
        ("e4", "sales", json!([0, 1e-3, 0]), "hello"),
        ("e5", "sales", json!([-7, 0, 0]), "cancel"),
        ("e6", "billing", Value::Null, "nothing"),
    ] {
        server.bring(tid, &json!({"queue": queue, "gist": vector}), &[("client", said)]).ok(201);
    }
    let other = json!({"client_data": {"gist": [1, 0, 0]}, "utterances": []});
    server.put("/transcripts/Acme/Acme-Sales/o1?folder=Other", &other).ok(201);
    server.settle();
}

fn near(vector: &Value, k: usize) -> Value {
    json!({"field": "gist", "vector": vector, "k": k})
}

/// As a parameter of an address.
fn spelled(near: &Value) -> String {
    format!("near={}", utf8_percent_encode(&near.to_string(), NON_ALPHANUMERIC))
}

fn rows(answer: &Value) -> Vec<(&str, f64)> {
    let rows = answer["results"].as_array().expect("rows").iter();
    rows.map(|row| (row["tid"].as_str().unwrap(), row["score"].as_f64().unwrap())).collect()
}

fn ids(answer: &Value) -> Vec<&str> {
    rows(answer).into_iter().map(|(tid, _)| tid).collect()
}

#[test]
fn the_nearest_of_what_matches_come_first_with_their_likeness() {
    let mut server = server();
    let ask = |mut body: Value, near: Value| {
        body["near"] = near;
        server.post(SEARCH, &body).ok(200)
    };
    let along = json!([1, 0, 0]);
    let all = ask(json!({}), near(&along, 10));
    assert_eq!(rows(&all), [("e1", 1.0), ("e2", 0.6), ("e3", 0.6), ("e4", 0.0), ("e5", -1.0)]);
    assert_eq!((&all["total"], &all["unconfigured"]), (&json!(5), &json!({"gist": ["Other"]})));
    assert_eq!(all["results"][1]["gist"], "[3, 4, 0]", "values are shown as sent");
    assert_eq!(server.get(&format!("{SEARCH}?{}", spelled(&near(&along, 10)))).ok(200), all, "GET is POST");
    assert_eq!(ids(&ask(json!({}), near(&along, 2))), ["e1", "e2"], "of equals the lesser id");
    assert_eq!(ids(&ask(json!({}), json!({"field": "GIST", "vector": [0, 9, 0]}))).len(), 5, "ten unless it is said");
    // Words, conditions, folders, dates: the nearest are looked for in what they leave.
    let cancel = ask(json!({"q": "cancel"}), near(&along, 2));
    assert_eq!(rows(&cancel), [("e2", 0.6), ("e3", 0.6)], "the score is the likeness, words or not");
    assert_eq!(ids(&ask(json!({"terms.queue": "sales"}), near(&along, 1))), ["e3"]);
    assert_eq!(ids(&ask(json!({"q": "-queue:sales"}), near(&along, 9))), ["e1", "e2"]);
    assert_eq!(ids(&ask(json!({"tid": ["e4", "e5"]}), near(&along, 9))), ["e4", "e5"]);
    assert_eq!(ids(&ask(json!({"daterange": "20200101-20200102"}), near(&along, 9))), [""; 0]);
    // Everything beside the rows is about the nearest.
    let figures = ask(json!({"facets": ["queue"], "size": 0, "moments": 1}), near(&along, 3));
    let queues = json!([{"value": "billing", "count": 2}, {"value": "sales", "count": 1}]);
    assert_eq!((&figures["total"], &figures["facets"]["queue"]), (&json!(3), &queues));
    assert_eq!(ask(json!({"output": "count"}), near(&along, 3))["count"], 3);
    assert_eq!(ask(json!({"output": "details"}), near(&along, 2))["results"][0]["tid"], "e1");
    let sorted = ask(json!({"sort": "tid", "sortdir": "desc"}), near(&along, 3));
    assert_eq!(ids(&sorted), ["e3", "e2", "e1"]);
    assert_eq!(ids(&ask(json!({"sort": ["queue:asc", "score:asc"]}), near(&along, 4))), ["e2", "e1", "e4", "e3"]);
    assert_eq!(ids(&ask(json!({"offset": 1, "size": 2}), near(&along, 4))), ["e2", "e3"]);
    let csv = server.get(&format!("{SEARCH}?format=csv&fields=tid,score&{}", spelled(&near(&along, 2)))).text();
    assert_eq!(csv, "score,tid\r\n1,e1\r\n0.6,e2\r\n");
    // Pages.
    let (mut walked, mut cursor) = (Vec::new(), json!(""));
    while let Some(at) = cursor.as_str() {
        let page = ask(json!({"cursor": at, "size": 2}), near(&along, 5));
        walked.extend(ids(&page).into_iter().map(str::to_owned));
        cursor = page["cursor"].clone();
    }
    assert_eq!(walked, ["e1", "e2", "e3", "e4", "e5"]);
    // A value there or not.
    assert_eq!(server.ids("q=gist:*&sort=tid&sortdir=asc"), ["e1", "e2", "e3", "e4", "e5"]);
    assert_eq!(server.ids("q=-gist:*&sort=tid&sortdir=asc"), ["e6", "o1"]);
    server.stop_and_verify();
}

#[test]
fn what_near_cannot_mean_is_refused_with_why() {
    let server = server();
    let refused = |near: Value| {
        let answer = server.post(SEARCH, &json!({"near": near}));
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{problem}");
        (problem["code"].as_str().unwrap().to_owned(), problem["detail"].as_str().unwrap().to_owned())
    };
    for (near, code, why) in [
        (
            json!({"field": "gist", "vector": [1, 2]}),
            "parameter_invalid",
            "an embedding of 3 numbers; the vector has 2",
        ),
        (json!({"field": "queue", "vector": [1, 2]}), "parameter_invalid", "\"queue\" is a varchar field"),
        (json!({"field": "datetime", "vector": [1, 2]}), "parameter_invalid", "is a built-in"),
        (json!({"field": "gisst", "vector": [1, 2]}), "field_unknown", "perhaps \"gist\""),
        (json!({"field": "gist", "vector": [0, 0, 0]}), "parameter_invalid", "without direction"),
        (json!({"field": "gist", "vector": [1, 0, 0], "k": 10_001}), "parameter_invalid", "from 1 to 10000"),
        (json!({"field": "gist", "vector": [1, 0, "x"]}), "parameter_invalid", "no number"),
        (json!({"field": "gist", "vector": [1, 0, 0], "metric": "l2"}), "parameter_invalid", "field, vector, k"),
        (json!([1, 2]), "parameter_invalid", "is an object"),
    ] {
        let (got, detail) = refused(near.clone());
        assert!(got == code && detail.contains(why), "{near}: {got} {detail}");
    }
    for (query, why) in [
        ("q=gist:1", "compared by direction"),
        ("q=gist:%3E1", "compared by direction"),
        ("sort=gist", "near orders by likeness"),
        ("facets=gist", "near orders by likeness"),
        ("stats=gist", "near orders by likeness"),
    ] {
        let problem = server.get(&format!("{SEARCH}?{query}")).json();
        assert!(problem["detail"].as_str().unwrap().contains(why), "{query}: {problem}");
    }
    let elsewhere = server.post(&format!("{SEARCH}/Other"), &json!({"near": near(&json!([1, 0, 0]), 3)}));
    assert_eq!(elsewhere.code(400), "field_not_configured");
    // Who may not see personal data may not feel for it either.
    server.post("/config/Acme/Acme-Sales/fields/gist", &json!({"pii": true})).ok(200);
    let made = server.post("/tokens", &json!({"name": "plain", "rights": ["read"], "company": "Acme"})).ok(201);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = json!({"near": near(&json!([1, 0, 0]), 3)}).to_string();
    let answer = server.send("POST", SEARCH, &headers, Some(body.as_bytes()));
    assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("right_missing")));
}

#[test]
fn an_embedding_that_does_not_fit_is_refused_or_kept_as_other_values_are() {
    let server = server();
    let edit = |value: Value| server.patch("/metadata/Acme/Acme-Sales/e1", &json!({"gist": value}));
    for (value, why) in [
        (json!([1, 2]), "it has 2 numbers"),
        (json!([0, 0, 0]), "has no direction"),
        (json!([1, 2, "x"]), "no number"),
        (json!([1, 2, 1e300]), "too large"),
        (json!(7), "no list of numbers"),
        (json!({"a": 1}), "no list of numbers"),
    ] {
        let answer = edit(value.clone());
        let problem = answer.json();
        assert_eq!((answer.status, &problem["code"]), (422, &json!("type_mismatch")), "{value}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(why), "{value}: {problem}");
    }
    server.post(FOLDER, &json!({"on_mismatch": "store"})).ok(200);
    let kept = server.patch("/metadata/Acme/Acme-Sales/e1?receipt=true", &json!({"gist": [1, 2]})).ok(200);
    assert_eq!(kept["fields"]["gist"]["database"], "coercion_failed", "{kept}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/e1").ok(200)["gist"], json!([1, 2]), "passed through");
    server.settle();
    let along = json!({"near": near(&json!([1, 0, 0]), 9)});
    assert_eq!(ids(&server.post(SEARCH, &along).ok(200)), ["e2", "e3", "e4", "e5"]);
    // An edit moves it, null takes it away.
    edit(json!([5, 0.001, 0])).ok(200);
    server.patch("/metadata/Acme/Acme-Sales/e2", &json!({"gist": null})).ok(200);
    server.settle();
    assert_eq!(ids(&server.post(SEARCH, &along).ok(200)), ["e1", "e3", "e4", "e5"]);
}

#[test]
fn explain_tells_likeness_and_rank_or_why_not() {
    let server = server();
    let explain = |tid: &str, k: usize, q: &str| {
        let body = json!({"explain": tid, "q": q, "near": near(&json!([1, 0, 0]), k)});
        server.post(SEARCH, &body).ok(200)
    };
    let first = explain("e1", 3, "");
    assert_eq!(first["near"], json!({"field": "gist", "k": 3, "similarity": 1.0, "rank": 1}));
    assert_eq!((&first["matches"], &first["found"]), (&json!(true), &json!(true)));
    assert_eq!(explain("e3", 3, "")["near"]["rank"], 3);
    assert_eq!(explain("e3", 3, "")["folder_state"]["configured"], json!(["gist"]));
    for (tid, q, why) in [
        ("e4", "", "less like the vector than the 3 nearest: the last of them has 0.6"),
        ("e6", "", "no embedding here"),
        ("o1", "", "configured for the folder"),
        ("e1", "cancel", "does not fulfil the rest"),
    ] {
        let told = explain(tid, 3, q);
        assert!(told["near"]["why"].as_str().is_some_and(|told| told.contains(why)), "{tid}: {told}");
        assert_eq!((&told["matches"], &told["found"]), (&json!(false), &json!(false)), "{tid}");
        assert!(told["near"].get("rank").is_none() && told.get("note").is_none(), "{tid}: {told}");
    }
}

/// Several hundred directions in a plane.
fn direction(n: usize) -> Value {
    let angle = n as f64 * 0.01;
    json!([angle.cos(), angle.sin(), 0.25])
}

#[test]
fn the_same_are_nearest_after_a_rebuild_and_without_room_in_memory() {
    let mut server = server();
    let line = |n: usize| {
        let data = json!({"gist": direction(n), "queue": format!("q{}", n % 3)});
        json!({"tid": format!("n{n:04}"), "client_data": data, "utterances": []}).to_string() + "\n"
    };
    for part in 0..3 {
        let lines: String = (part * 200..part * 200 + 200).map(line).collect();
        server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound", &[], Some(lines.as_bytes()));
        server.settle();
    }
    for n in (0..600).step_by(7) {
        server.patch(&format!("/metadata/Acme/Acme-Sales/n{n:04}"), &json!({"gist": direction(n + 1_000)})).ok(200);
    }
    server.settle();
    let body = json!({"near": near(&direction(300), 25), "q": "-queue:q1", "facets": "queue"});
    let all = server.post(SEARCH, &body).ok(200);
    assert_eq!(ids(&all)[..3], ["n0300", "n0299", "n0302"], "{:?}", ids(&all));
    server.set("LINERNOTES_WORKERS__VECTOR_BYTES", "0");
    server.stop();
    server.spawn();
    server.settle();
    assert_eq!(server.post(SEARCH, &body).ok(200), all);
    server.stop();
    std::fs::remove_dir_all(server.data().join("index")).unwrap();
    server.spawn();
    server.settle();
    assert_eq!(server.post(SEARCH, &body).ok(200), all);
    server.stop_and_verify();
}

/// Sixteen numbers, whose bytes in an index are letters.
fn lettered() -> (Value, String) {
    let letters: Vec<String> = (0..16u8).map(|n| format!("z{}qB", char::from(b'a' + n))).collect();
    let number = |text: &String| f64::from(f32::from_le_bytes(text.as_bytes().try_into().unwrap()));
    (letters.iter().map(number).collect(), letters.concat())
}

#[test]
fn a_field_of_embeddings_is_guessed_promoted_resized_deleted_restored_and_erased() {
    let mut server = Server::acme();
    let (planted, bytes) = lettered();
    server.bring("v1", &json!({"gist": planted}), &[]).ok(201);
    server.bring("v2", &json!({"gist": vec![0.5; 16]}), &[]).ok(201);
    server.settle();
    let seen = server.get(&format!("{FOLDER}/unconfigured")).ok(200);
    let told = &seen["fields"][0];
    assert_eq!((&told["name"], &told["type"], &told["size"]), (&json!("gist"), &json!("embedding"), &json!(16)));
    let promoted = server.post(&format!("{FOLDER}/unconfigured"), &json!({"fields": ["gist"]})).ok(200);
    assert_eq!(promoted["promoted"], json!([{"name": "gist", "type": "embedding"}]));
    server.settle();
    assert_eq!(
        server.get("/config/Acme/Acme-Sales").ok(200)["fields"]["gist"],
        json!({"type": "embedding", "size": 16})
    );
    let body = json!({"near": near(&planted, 1)});
    assert_eq!(ids(&server.post(SEARCH, &body).ok(200)), ["v1"]);
    let holding = || files(&server.data().join("index")).iter().filter(|file| holds(file, &bytes)).count();
    assert!(holding() > 0, "the search below means something");
    // A plain change of the size is refused, as one of the type is; retyping tells what fits and does it.
    let field = "/config/Acme/Acme-Sales/fields/gist";
    let resize = json!({"fields": {"gist": {"size": 2}}});
    assert_eq!(server.post("/config/Acme/Acme-Sales", &resize).code(422), "config_invalid");
    let two = json!({"type": "embedding", "size": 2});
    let preview = server.post(&format!("{field}?dry_run=true"), &two).ok(200);
    assert_eq!((&preview["does"], &preview["misfit"], &preview["fit"]), (&json!("retype"), &json!(2), &json!(0)));
    server.post(field, &two).ok(200);
    server.settle();
    server.patch("/metadata/Acme/Acme-Sales/v2", &json!({"gist": [1, 1]})).ok(200);
    server.settle();
    assert_eq!(server.post(SEARCH, &body).code(400), "parameter_invalid", "the size is another now");
    assert_eq!(ids(&server.post(SEARCH, &json!({"near": near(&json!([1, 0]), 9)})).ok(200)), ["v2"]);
    server.post(field, &json!({"type": "embedding", "size": 16})).ok(200);
    server.settle();
    assert_eq!(ids(&server.post(SEARCH, &body).ok(200)), ["v1"]);
    // Softly away and back.
    server.delete(field).ok(200);
    server.settle();
    assert_eq!(server.post(SEARCH, &body).status, 400);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/v1").ok(200)["gist"], planted);
    server.request("POST", &format!("{field}/restore"), &[], None).ok(200);
    server.settle();
    assert_eq!(ids(&server.post(SEARCH, &body).ok(200)), ["v1"]);
    // And for good, to the last byte.
    server.delete(&format!("{field}?hard=true")).ok(202);
    let begun = std::time::Instant::now();
    while server.get("/jobs").ok(200).to_string().contains("\"running\"") {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    server.settle();
    assert!(server.get("/metadata/Acme/Acme-Sales/v1").ok(200).get("gist").is_none());
    let holding = || files(&server.data().join("index")).iter().filter(|file| holds(file, &bytes)).count();
    while holding() > 0 {
        assert!(begun.elapsed().as_secs() < 60, "the bytes stay in the index");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    server.stop_and_verify();
}
