//! `/search`: contract section 6.
mod archives;
mod figures;
mod paging;
mod parameters;

use crate::support::Server;
use serde_json::{Value, json};

fn server() -> Server {
    let server = Server::acme();
    let bring = |tid: &str, data: Value, turns: &[(&str, &str)]| server.bring(tid, &data, turns).ok(201);
    bring(
        "a1",
        json!({"queue": "Billing", "hold_time": 30, "called": "2026-01-05", "vip": true, "note": "wants a refund", "datetime": "2026-01-05 10:00:00"}),
        &[("agent", "Good morning, how can I help?"), ("client", "I want to cancel my plan")],
    );
    bring(
        "a2",
        json!({"queue": "billing", "hold_time": "90.5", "called": "2026-02-01T10:00:00Z", "vip": false, "datetime": "2026-01-06 10:00:00"}),
        &[("agent", "Cancel? my goodness"), ("client", "plan B it is, cancel cancel")],
    );
    bring(
        "a3",
        json!({"queue": ["Sales", "support"], "hold_time": 60, "note": "refund the customer", "datetime": "2026-01-07 10:00:00"}),
        &[("agent", "Hello"), ("client", "a new laptop please")],
    );
    bring("a4", json!({"direction": "Smithson", "datetime": "2026-01-08 10:00:00"}), &[("Dr X", "take two tablets")]);
    server.put("/transcripts/Acme/Acme-Sales/o1?folder=Other", &json!({"client_data": {"datetime": "2026-01-09 10:00:00"}, "utterances": [{"speaker": "agent", "text": "cancel nothing"}]})).ok(201);
    server
}

#[test]
fn words_phrases_speakers_and_booleans() {
    let server = server();
    for (query, ids) in [
        ("", vec!["o1", "a4", "a3", "a2", "a1"]),
        ("q=*", vec!["o1", "a4", "a3", "a2", "a1"]),
        ("q=cancel%20plan", vec!["a2", "a1"]),
        ("q=CANCEL+Plan", vec!["a2", "a1"]),
        ("q=%22cancel%20my%20plan%22", vec!["a1"]),
        ("q=%22goodness%20plan%22", vec![]),
        ("q=laptop%20OR%20tablets", vec!["a4", "a3"]),
        ("q=cancel%20-plan", vec!["o1"]),
        ("q=cancel%20NOT%20plan", vec!["o1"]),
        ("q=(laptop%20OR%20cancel)%20-goodness", vec!["o1", "a3", "a1"]),
        ("q=client:cancel", vec!["a2", "a1"]),
        ("q=agent:cancel", vec!["o1", "a2"]),
        ("q=agent:%22my%20goodness%22", vec!["a2"]),
        ("q=%22speaker.Dr%20X%22:tablets", vec!["a4"]),
        ("q=speaker.agent:hello", vec!["a3"]),
        ("q=-cancel", vec!["a4", "a3"]),
        ("q=nothingsaid", vec![]),
    ] {
        assert_eq!(server.ids(query), ids, "{query}");
    }
}

#[test]
fn fields_compare_by_their_type() {
    let server = server();
    for (query, ids) in [
        ("q=queue:billing", vec!["a2", "a1"]),
        ("q=queue:%22%20BILLING%20%22", vec!["a2", "a1"]),
        ("q=queue:bill", vec![]),
        ("q=queue:support", vec!["a3"]),
        ("q=queue:(sales%20OR%20billing)", vec!["a3", "a2", "a1"]),
        ("q=queue:*uppor*", vec!["a3"]),
        ("q=direction:*smi*", vec!["a4"]),
        ("q=direction:smith*", vec!["a4"]),
        ("q=hold_time:%3E60", vec!["a2"]),
        ("q=hold_time:%3E=60", vec!["a3", "a2"]),
        ("q=hold_time:%5B30%20TO%2090%7D", vec!["a3", "a1"]),
        ("q=hold_time:90.50", vec!["a2"]),
        ("q=vip:true", vec!["a1"]),
        ("q=called:2026-01-05", vec!["a1"]),
        ("q=called:%5B2026-01-05%20TO%20*%5D", vec!["a2", "a1"]),
        ("q=datetime:%5B2026-01-06%20TO%202026-01-07%5D", vec!["a3", "a2"]),
        ("q=note:refund", vec!["a3", "a1"]),
        ("q=note:%22a%20refund%22", vec!["a1"]),
        ("q=note:*", vec!["a3", "a1"]),
        ("q=-queue:*", vec!["o1", "a4"]),
        ("q=cancel%20queue:billing%20hold_time:%3C50", vec!["a1"]),
        ("terms.queue=Billing", vec!["a2", "a1"]),
        ("tid=a1,a3,zz", vec!["a3", "a1"]),
        ("folder=Other", vec!["o1"]),
        ("q=QUEUE:billing%20OR%20folder:Other", vec!["o1", "a2", "a1"]),
    ] {
        assert_eq!(server.ids(query), ids, "{query}");
    }
}

#[test]
fn unconfigured_fields_are_answered_as_the_contract_says() {
    let server = server();
    let everywhere = server.get("/search/Acme/Acme-Sales?q=shoe:9");
    assert_eq!(everywhere.status, 400);
    assert!(everywhere.json()["code"] == "field_unknown" || everywhere.json()["code"] == "field_not_configured");
    assert_eq!(server.get("/search/Acme/Acme-Sales/Other?q=queue:a").code(400), "field_not_configured");
    let some = server.find("q=queue:billing");
    assert_eq!(some["unconfigured"], json!({"queue": ["Other"]}));
    let count = server.find("q=-queue:billing&output=count");
    assert_eq!((&count["count"], &count["unconfigured"]), (&json!(3), &json!({"queue": ["Other"]})));
}

#[test]
fn rows_pages_sorts_and_columns() {
    let server = server();
    let all = server.find("fields=tid,queue,hold_time");
    assert_eq!((&all["total"], &all["offset"], &all["size"]), (&json!(5), &json!(0), &json!(100)));
    assert_eq!(all["results"][2]["queue"], json!(["Sales", "support"]), "values as sent");
    assert_eq!(all["results"][3]["hold_time"], "90.5");
    assert!(all["results"][0].get("queue").is_none(), "unset fields are left out");
    assert_eq!(server.ids("sort=hold_time&sortdir=asc"), ["a1", "a3", "a2", "a4", "o1"], "missing last, ties by tid");
    assert_eq!(server.ids("sort=hold_time&sortdir=desc"), ["a2", "a3", "a1", "a4", "o1"]);
    assert_eq!(server.ids("sort=tid&sortdir=desc&size=2&offset=1"), ["a4", "a3"]);
    assert_eq!(server.find("size=0")["results"], json!([]));
    let scored = server.find("q=cancel&sort=score");
    let scores: Vec<f64> = scored["results"].as_array().unwrap().iter().map(|r| r["score"].as_f64().unwrap()).collect();
    assert!(scores.windows(2).all(|w| w[0] >= w[1]) && scores[2] > 0.0, "{scored}");
    assert_eq!(scored["results"][0]["tid"], "a2", "said three times");
    let dropped = server.find("q=laptop&fields=voci,-duration")["results"][0].clone();
    assert!(
        dropped.get("datetime").is_some() && dropped.get("duration").is_none() && dropped.get("queue").is_none(),
        "{dropped}"
    );
    let details = server.find("q=laptop&output=details");
    assert_eq!(details["results"][0]["utterances"][1]["text"], "a new laptop please");
    assert_eq!(server.get("/search/Acme/Acme-Sales?output=bogus").json()["detail"], "Invalid output option");
}

#[test]
fn csv_has_every_configured_column_and_is_safe_in_spreadsheets() {
    let server = server();
    server.patch("/metadata/Acme/Acme-Sales/a4", &json!({"queue": "=1+1"})).ok(200);
    server.settle();
    let answer = server.get("/search/Acme/Acme-Sales?q=tablets&format=csv");
    assert!(answer.header("content-type").is_some_and(|t| t.starts_with("text/csv")));
    let text = answer.text();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let mut sorted = header.clone();
    sorted.sort_unstable();
    assert_eq!(header, sorted, "alphabetical");
    for name in ["queue", "hold_time", "vip", "called", "note", "direction", "tid", "datetime"] {
        assert!(header.contains(&name), "{name} in {header:?}");
    }
    assert!(text.contains("'=1+1"), "{text}");
    assert_eq!(server.get("/search/Acme/Acme-Sales?output=count&format=csv").status, 400);
}

#[test]
fn post_equals_get() {
    let server = server();
    let get = server.find("q=cancel&sort=hold_time&sortdir=asc&fields=tid,queue&facets=queue");
    let post = server.post("/search/Acme/Acme-Sales", &json!({"q": "cancel", "sort": "hold_time", "sortdir": "asc", "fields": ["tid", "queue"], "facets": "queue"})).ok(200);
    assert_eq!(get, post);
    assert_eq!(server.post("/search/Acme/Acme-Sales", &json!({"colour": 1})).code(400), "parameter_unknown");
}

#[test]
fn facets_count_transcripts_and_show_the_most_frequent_spelling() {
    let server = server();
    server.bring("a5", &json!({"queue": ["billing", "BILLING"]}), &[]).ok(201);
    let facets = server.find("facets=queue,vip:1,folder,hold_time")["facets"].clone();
    assert_eq!(facets["queue"][0], json!({"value": "billing", "count": 3}), "{facets}");
    assert_eq!(facets["queue"].as_array().map(Vec::len), Some(3));
    assert_eq!(facets["folder"][0], json!({"value": "Inbound", "count": 5}));
    assert_eq!(facets["vip"].as_array().map(Vec::len), Some(1));
    assert_eq!(facets["hold_time"].as_array().map(Vec::len), Some(3));
    let words = server.find("q=cancel&size=0&facets=queue")["facets"].clone();
    assert_eq!(
        words["queue"],
        json!([{"value": "Billing", "count": 2}]),
        "of two spellings equally frequent the least"
    );
}

#[test]
fn moments_lead_to_the_second_of_the_call() {
    let server = server();
    let row = server.find("q=%22to%20cancel%20my%22&moments=3&fields=tid")["results"][0].clone();
    let moment = &row["moments"][0];
    assert_eq!(
        (&moment["turn"], &moment["speaker"], &moment["start"], &moment["text"]),
        (&json!(1), &json!("client"), &json!(5.0), &json!("I want to cancel my plan")),
        "{row}"
    );
    assert_eq!(moment["spans"], json!([[7, 19]]));
}

#[test]
fn a_search_after_a_mark_sees_the_write() {
    let server = server();
    for n in 0..20 {
        let answer = server.patch("/metadata/Acme/Acme-Sales/a1", &json!({"direction": format!("d{n}")}));
        let mark = answer.header("linernotes-mark").unwrap().to_owned();
        let found = server.get(&format!("/search/Acme/Acme-Sales?q=direction:d{n}&after={mark}")).ok(200);
        assert_eq!(found["total"], 1, "{n}");
    }
    assert_eq!(server.get("/search/Acme/Acme-Sales?after=00").code(400), "mark_unknown");
}

#[test]
fn roles_follow_the_folders_speakers() {
    let server = server();
    assert!(server.ids("q=agent:tablets").is_empty());
    server
        .post("/config/Acme/Acme-Sales/Inbound", &json!({"speakers": {"agent": ["dr x"], "client": ["client"]}}))
        .ok(200);
    assert_eq!(server.ids("q=agent:tablets"), ["a4"]);
    assert!(!server.ids("q=agent:hello").contains(&"a3".to_owned()));
}
