//! `POST /metadata/{company}/{org}`: edits by query.
use super::{counts, fill, folder_scope, over, path, token, with_token};
use crate::support::Server;
use serde_json::{Value, json};

fn ask(server: &Server, query: &Value, set: &Value, confirm: Option<&Value>) -> crate::support::Answer {
    let mut body = json!({"query": query, "set": set});
    if let Some(confirm) = confirm {
        body["confirm"] = confirm.clone();
    }
    server.post(&path("metadata"), &body)
}

#[test]
fn a_preview_is_confirmed_and_its_job_edits_exactly_that_set() {
    let server = Server::acme();
    fill(&server, 30);
    let (query, set) = (json!("queue:q1"), json!({"queue": "done", "vip": true}));
    let preview = ask(&server, &query, &set, None).ok(200);
    assert_eq!((&preview["count"], &preview["misfits"]), (&json!(15), &json!([])), "{preview}");
    let sample = &preview["samples"][0];
    assert_eq!((&sample["before"], &sample["after"]["queue"]), (&json!({"queue": "q1"}), &json!("done")), "{preview}");
    let begun = ask(&server, &query, &set, Some(&preview["confirm"]));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let id = begun.header("linernotes-job").expect("a job").to_owned();
    let job = over(&server, &id);
    assert_eq!((counts(&job), &job["kind"]), ((15, 0, 0), &json!("bulk_edit")), "{job}");
    server.settle();
    assert_eq!(server.find("terms.queue=done&size=0")["total"], 15);
    assert_eq!(server.find("q=vip:true&size=0")["total"], 15);
}

#[test]
fn a_set_that_moved_is_refused_with_the_new_preview() {
    let server = Server::acme();
    fill(&server, 4);
    let (query, set) = (json!({"terms.queue": "q1"}), json!({"queue": "done"}));
    let first = ask(&server, &query, &set, None).ok(200);
    server.patch("/metadata/Acme/Acme-Sales/t0", &json!({"queue": "q1"})).ok(200);
    let moved = ask(&server, &query, &set, Some(&first["confirm"]));
    assert_eq!(moved.status, 409, "{}", moved.text());
    let moved = moved.json();
    assert_eq!((&moved["code"], &moved["preview"]["count"]), (&json!("confirm_mismatch"), &json!(3)));
    assert!(moved["request_id"].is_string(), "{moved}");
    let begun = ask(&server, &query, &set, Some(&moved["preview"]["confirm"])).ok(202);
    assert_eq!(counts(&over(&server, begun["id"].as_str().unwrap())), (3, 0, 0));
    // One that is edited meanwhile and still matches is of the set.
    let same = ask(&server, &json!("*"), &json!({"n": 1}), None).ok(200);
    server.patch("/metadata/Acme/Acme-Sales/t0", &json!({"other": 1})).ok(200);
    ask(&server, &json!("*"), &json!({"n": 1}), Some(&same["confirm"])).ok(202);
}

#[test]
fn tokens_go_with_one_edit_of_one_caller() {
    let server = Server::acme();
    fill(&server, 2);
    let (query, set) = (json!("*"), json!({"queue": "x"}));
    let confirm = ask(&server, &query, &set, None).ok(200)["confirm"].clone();
    for (query, set) in [(json!("queue:q1"), set.clone()), (query.clone(), json!({"queue": "y"}))] {
        assert_eq!(ask(&server, &query, &set, Some(&confirm)).code(400), "confirm_unknown");
    }
    let other = token(&server, &folder_scope("Inbound", &["read", "write"]));
    let body = json!({"query": query, "set": set, "confirm": confirm});
    assert_eq!(with_token(&server, &other, "POST", &path("metadata"), &body).code(400), "confirm_unknown");
    assert_eq!(ask(&server, &query, &set, Some(&json!("AAAA"))).code(400), "confirm_unknown");
    assert_eq!(ask(&server, &query, &json!({"tid": 1}), None).code(422), "name_reserved");
    assert_eq!(server.post(&path("metadata"), &json!({"query": "*"})).code(400), "body_shape");
    assert_eq!(server.post(&path("metadata"), &json!({"set": {"a": 1}})).code(400), "body_shape");
    assert_eq!(ask(&server, &json!("nosuch:1"), &set, None).code(400), "field_unknown");
    let blind = token(&server, &folder_scope("Other", &["read", "write"]));
    let body = json!({"query": "*", "set": {"queue": "x"}});
    assert_eq!(with_token(&server, &blind, "POST", &path("metadata"), &body).ok(200)["count"], 0);
}

#[test]
fn misfits_are_counted_folder_by_folder() {
    let server = Server::acme();
    fill(&server, 3);
    server.put("/transcripts/Acme/Acme-Sales/o?folder=Other", &json!({"utterances": []})).ok(201);
    let set = json!({"hold_time": "soon"});
    let preview = ask(&server, &json!("*"), &set, None).ok(200);
    assert_eq!(preview["count"], 4);
    let misfits = preview["misfits"].as_array().expect("misfits");
    assert_eq!(misfits.len(), 1, "{preview}");
    assert_eq!(
        (&misfits[0]["folder"], &misfits[0]["count"], &misfits[0]["refused"]),
        (&json!("Inbound"), &json!(3), &json!(true))
    );
    let begun = ask(&server, &json!("*"), &set, Some(&preview["confirm"])).ok(202);
    let job = over(&server, begun["id"].as_str().unwrap());
    assert_eq!((counts(&job), &job["errors"]["by_code"]), ((1, 0, 3), &json!({"type_mismatch": 3})), "{job}");
}

#[test]
fn what_shapes_an_answer_is_refused_in_the_query_of_an_edit() {
    let server = Server::acme();
    fill(&server, 2);
    for (name, value) in [("size", json!(1)), ("output", json!("count")), ("explain", json!("t0"))] {
        let answer = server.post(&path("metadata"), &json!({"query": {"q": "*", name: value}, "set": {"queue": "x"}}));
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("/query/{name}"));
        assert_eq!(answer.code(400), "parameter_invalid");
    }
    let answer = server.post(&path("metadata"), &json!({"query": {"after": "made up"}, "set": {"queue": "x"}}));
    assert_eq!(answer.code(400), "mark_unknown");
}
