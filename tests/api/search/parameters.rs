//! Built-in parameters, dates, POST as GET, refusals.
use super::server;
use crate::support::Server;
use serde_json::{Value, json};

/// Transcripts as V-Spark's recogniser gives them, with `app_data`.
fn voci() -> Server {
    let server = Server::acme();
    let bring = |tid: &str, source: &str, app: Value, secs: f64| {
        let body = json!({"source": source, "requestid": format!("R-{tid}"), "audiosecs": secs, "app_data": app,
            "utterances": [{"start": 0.0, "metadata": {"channel": 0}, "events": [{"word": "hello"}]}]});
        server.put(&format!("/transcripts/Acme/Acme-Sales/{tid}?folder=Inbound"), &body).ok(201);
    };
    bring(
        "v1",
        "one.wav",
        json!({"agentid": "2207", "agent_clarity": "0.84", "agent_emotion": "Positive",
        "agent_gender": "Female", "client_clarity": "0.4", "client_emotion": "Worsening", "client_gender": "Male",
        "overall_emotion": "Improving", "diarization": 0.9, "overtalk": 0.1, "silence": "0.3", "datetime": "2026-01-10 09:00:00",
        "scorecard": {"Call Drivers": {"Billing": {"score": 1, "subcategories": {"Late fee": {"score": 0.5, "subcategories": {}}}}}}}),
        60.0,
    );
    bring(
        "v2",
        "Two.WAV",
        json!({"agentid": "99", "agent_clarity": 0.6, "agent_emotion": "Negative",
        "agent_gender": "Male", "client_clarity": 0.9, "diarization": 2, "overtalk": 0.5, "silence": 0, "datetime": "2026-01-11 23:30:00",
        "scorecard": {"call drivers": {"billing": {"score": 0.3, "subcategories": {"late FEE": {"score": 0, "subcategories": {}}}}}}}),
        300.0,
    );
    bring("v3", "three.wav", json!({"datetime": "2026-01-12 09:00:00"}), 10.0);
    server
}

#[test]
fn built_in_values_are_compared_by_their_type() {
    let server = voci();
    for (query, ids) in [
        ("agent_clarity=0.6-1.0", vec!["v2", "v1"]),
        ("agent_clarity=0.61-", vec!["v1"]),
        ("agent_clarity=-0.6", vec!["v2"]),
        ("client_clarity=0.4", vec!["v1"]),
        ("agent_emotion=positive", vec!["v1"]),
        ("client_emotion=Worsening", vec!["v1"]),
        ("overall_emotion=IMPROVING", vec!["v1"]),
        ("agent_gender=female", vec!["v1"]),
        ("client_gender=Male", vec!["v1"]),
        ("diarization=0-1", vec!["v1"]),
        ("diarization=2", vec!["v2"]),
        ("overtalk=0.2-0.9", vec!["v2"]),
        ("silence=0", vec!["v2"]),
        ("silence=0.1-", vec!["v1"]),
        ("requestid=r-V1", vec!["v1"]),
        ("filename=two.wav", vec!["v2"]),
        ("terms.filename=one.wav", vec!["v1"]),
        ("folder=Inbound&agentid=99", vec!["v2"]),
        ("terms.folder=Other", vec![]),
        ("duration=60-300", vec!["v2", "v1"]),
        ("duration=-59.9", vec!["v3"]),
        ("terms.duration=10", vec!["v3"]),
        ("tid=v3,v1", vec!["v3", "v1"]),
        ("agent_gender=Male&duration=-100", vec![]),
    ] {
        assert_eq!(server.ids(query), ids, "{query}");
    }
    for query in ["agent_clarity=high", "duration=1-x", "silence=0.1-0.2-0.3"] {
        assert_eq!(server.get(&format!("/search/Acme/Acme-Sales?{query}")).code(400), "parameter_invalid", "{query}");
    }
}

#[test]
fn scores_of_applications_are_asked_for_by_category_and_level() {
    let server = voci();
    let app = "app.name=call%20DRIVERS";
    for (query, ids) in [
        ("app.Billing=All", vec!["v2", "v1"]),
        ("app.billing=high", vec!["v1"]),
        ("app.Billing=Low", vec!["v2"]),
        ("app.Billing=Medium", vec!["v1"]),
        ("app.Billing=None", vec![]),
        ("app.Billing.Late%20fee=NONE", vec!["v2"]),
        ("app.Billing.Late%20fee=Medium", vec!["v1"]),
        ("app.Billing=All&app.Billing.Late%20fee=All", vec!["v1"]),
        ("app.Other=All", vec![]),
        ("app.Billing=All&agent_gender=Male", vec!["v2"]),
    ] {
        assert_eq!(server.ids(&format!("{app}&{query}")), ids, "{query}");
    }
    assert!(server.ids("app.name=Other&app.Billing=All").is_empty());
    let body = json!({"app.name": "Call Drivers", "app.Billing": "High", "fields": "tid"});
    assert_eq!(server.post("/search/Acme/Acme-Sales", &body).ok(200)["total"], 1);
}

#[test]
fn an_explanation_goes_with_every_parameter() {
    let server = voci();
    server.settle();
    let explained = |query: &str| server.get(&format!("/search/Acme/Acme-Sales?{query}")).ok(200);
    let found = explained("explain=v1&q=hello&agent_gender=Female&app.name=Call%20Drivers&app.Billing=High");
    assert_eq!((&found["tid"], &found["matches"], &found["found"]), (&json!("v1"), &json!(true), &json!(true)));
    assert_eq!(found["clauses"]["clauses"].as_array().map(Vec::len), Some(3), "{found}");
    let other = explained("explain=v2&app.name=Call%20Drivers&app.Billing=High");
    assert_eq!((&other["matches"], &other["found"]), (&json!(false), &json!(false)), "{other}");
    let body = json!({"explain": "v2", "app.name": "Call Drivers", "app.Billing": "High"});
    assert_eq!(server.post("/search/Acme/Acme-Sales", &body).ok(200), other);
    assert_eq!(server.get("/search/Acme/Acme-Sales?explain=nope").code(404), "not_found");
    assert_eq!(server.get("/search/Acme/Acme-Sales?explain=v1&format=csv").code(400), "parameter_invalid");
}

#[test]
fn date_ranges_are_days_of_the_organisation_and_never_fail() {
    let server = voci();
    for (query, ids) in [
        ("daterange=20260110-20260110", vec!["v1"]),
        ("daterange=20260112-20260112", vec!["v3", "v2"]),
        ("daterange=20260112003000-20260112003000", vec!["v2"]),
        ("daterange=20260111-", vec!["v3", "v2"]),
        ("daterange=-20260111", vec!["v1"]),
        ("daterange=-", vec!["v3", "v2", "v1"]),
        ("daterange=20260131-20260101", vec![]),
        ("daterange=20261399-", vec![]),
        ("daterange=yesterday", vec![]),
        ("daterange=20260110", vec![]),
        ("modified=20200101-", vec!["v3", "v2", "v1"]),
        ("modified=-20200101", vec![]),
        ("modified=soon", vec![]),
    ] {
        assert_eq!(server.ids(query), ids, "{query}");
    }
}

#[test]
fn post_gives_the_same_rows_in_the_same_order_as_get() {
    let server = server();
    server.settle();
    for (query, body) in [
        ("", json!({})),
        ("q=cancel&sort=score", json!({"q": "cancel", "sort": "score"})),
        ("sort=queue:asc,hold_time&sortdir=asc", json!({"sort": ["queue:asc", "hold_time"], "sortdir": "asc"})),
        ("fields=tid,-queue&size=2&offset=1", json!({"fields": ["tid", "-queue"], "size": 2, "offset": "1"})),
        ("tid=a1,a3", json!({"tid": ["a1", "a3"]})),
        ("duration=5-&folder=Inbound", json!({"duration": "5-", "folder": "Inbound"})),
        ("terms.queue=billing&output=count", json!({"terms.queue": "billing", "output": "count"})),
        ("facets=queue:2,vip&size=0", json!({"facets": ["queue:2", "vip"], "size": 0})),
        ("stats=hold_time&histogram=datetime:1d", json!({"stats": ["hold_time"], "histogram": ["datetime:1d"]})),
        ("daterange=20260106-20260107", json!({"daterange": "20260106-20260107", "cursor": null})),
        ("q=cancel&output=details", json!({"q": "cancel", "output": "details"})),
        ("q=cancel&moments=1", json!({"q": "cancel", "moments": 1})),
        ("terms.vip=true", json!({"terms.vip": true})),
        ("terms.hold_time=60", json!({"terms.hold_time": 60})),
    ] {
        let get = server.get(&format!("/search/Acme/Acme-Sales?{query}")).ok(200);
        assert_eq!(server.post("/search/Acme/Acme-Sales", &body).ok(200), get, "{query}");
    }
    let get = server.get("/search/Acme/Acme-Sales?format=csv&sort=tid").text();
    assert_eq!(server.post("/search/Acme/Acme-Sales", &json!({"format": "csv", "sort": "tid"})).text(), get);
    let post = |body: Value| server.post("/search/Acme/Acme-Sales", &body).code(400);
    assert_eq!(post(json!({"q": {"a": 1}})), "body_shape");
    assert_eq!(post(json!({"q": ["a"]})), "parameter_invalid");
    assert_eq!(post(json!([])), "body_shape");
    assert_eq!(post(json!({"near": {"field": "e", "vector": [1], "k": 3}})), "field_unknown");
}

#[test]
fn unknown_parameters_are_refused_with_near_names() {
    let server = Server::acme();
    for (query, code, why) in [
        ("sorts=tid", "parameter_unknown", "did you mean \"sort\""),
        ("histograms=a:1", "parameter_unknown", "did you mean \"histogram\""),
        ("cursors=", "parameter_unknown", "did you mean \"cursor\""),
        ("agent_gendr=Male", "parameter_unknown", "did you mean \"agent_gender\""),
        ("queue=x", "parameter_unknown", "terms.NAME=value"),
        ("near=x", "parameter_invalid", "is an object"),
        ("nears=x", "parameter_unknown", "did you mean \"near\""),
        ("q=a&q=b", "parameter_invalid", "given twice"),
        ("app.Billing=High", "parameter_invalid", "needs `app.name`"),
        ("app.name=x", "parameter_invalid", "needs a category"),
        ("app.name=x&app.y=huge", "parameter_invalid", "All, High, Medium, Low, None"),
        ("size=1001", "parameter_invalid", "from 0 to 1000"),
    ] {
        let answer = server.get(&format!("/search/Acme/Acme-Sales?{query}"));
        let problem = answer.json();
        assert_eq!((answer.status, problem["code"].as_str().unwrap()), (400, code), "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{query}: {problem}");
    }
}

#[test]
fn a_company_is_searched_in_one_merged_order() {
    let server = server();
    server.post("/config/Acme/orgs", &json!({"Acme-West": {"timezone": "UTC"}})).ok(200);
    server.post("/config/Acme/Acme-West/folders", &json!({"Desk": {"custom_meta": ["Queue", "@ref"]}})).ok(200);
    let put = |tid: &str, at: &str| {
        let body = json!({"client_data": {"queue": "West", "@ref": "=1", "datetime": at}, "utterances": []});
        server.put(&format!("/transcripts/Acme/Acme-West/{tid}?folder=Desk"), &body).ok(201);
    };
    put("w1", "2026-01-06 12:00:00");
    put("a1", "2026-01-05 10:00:00");
    server.settle();
    let rows = server.get("/search/Acme?sort=datetime:asc,tid").ok(200);
    let ids: Vec<&str> = rows["results"].as_array().unwrap().iter().map(|row| row["tid"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a1", "a1", "a2", "w1", "a3", "a4", "o1"]);
    let sorted = server.get("/search/Acme?sort=queue:desc&size=2&q=queue:*").ok(200);
    let queues: Vec<&Value> = sorted["results"].as_array().unwrap().iter().map(|row| &row["queue"]).collect();
    assert_eq!(queues, ["West", "West"], "fields of both organisations are ordered as one");
    let csv = server.get("/search/Acme?format=csv&tid=w1").text();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(header[0], "'@ref");
    let mut sorted: Vec<String> = header.iter().map(|name| name.trim_start_matches('\'').to_lowercase()).collect();
    let shown = sorted.clone();
    sorted.sort();
    assert_eq!(shown, sorted, "alphabetical, each name once");
    assert_eq!(shown.iter().filter(|name| *name == "queue").count(), 1);
    assert!(csv.lines().nth(1).unwrap().starts_with("'=1,"), "{csv}");
}

#[test]
fn patterns_that_stand_for_too_much_are_refused_in_words() {
    let server = Server::with(&[("LINERNOTES_LIMITS__QUERY_EXPANSIONS", "2")]);
    server.make_acme();
    server.bring("x1", &json!({}), &[("agent", "cancel cancels cancelled")]).ok(201);
    server.settle();
    let answer = server.get("/search/Acme/Acme-Sales?q=cancel*");
    assert!(answer.json()["detail"].as_str().unwrap().contains("more than 2 words"), "{}", answer.text());
    assert_eq!(answer.json()["errors"][0]["pointer"], "q");
    let other = server.get("/search/Acme/Acme-Sales?terms.all=cancel*");
    assert_eq!(other.json()["errors"][0]["pointer"], "terms.all");
    assert_eq!(answer.code(400), "query_too_large");
    assert_eq!(server.ids("q=cancell*"), ["x1"]);
}

#[test]
fn a_page_of_transcripts_that_are_long_together_is_refused_and_one_alone_is_not() {
    let server = Server::acme();
    let long = json!({"utterances": [{"text": "hello"}], "kept": "k".repeat(23 << 20)});
    for tid in ["a", "b", "c"] {
        server.put(&format!("/transcripts/Acme/Acme-Sales/{tid}?folder=Inbound"), &long).ok(201);
    }
    server.settle();
    let refused = server.get("/search/Acme/Acme-Sales?q=hello&output=details");
    assert_eq!(refused.json()["errors"][0]["pointer"], "size");
    assert_eq!(refused.code(400), "parameter_invalid");
    let two = server.get("/search/Acme/Acme-Sales?q=hello&output=details&size=2").ok(200);
    assert_eq!((&two["total"], two["results"].as_array().map(Vec::len)), (&json!(3), Some(2)));
}

#[test]
fn a_page_of_rows_that_are_long_together_is_refused_and_shorter_ones_are_not() {
    let server = Server::acme();
    let note = "k".repeat(1_000_000);
    for at in 0..70 {
        let long = json!({"utterances": [{"text": "hello"}], "client_data": {"note": note}});
        server.put(&format!("/transcripts/Acme/Acme-Sales/long{at}?folder=Inbound"), &long).ok(201);
    }
    server.settle();
    let refused = server.get("/search/Acme/Acme-Sales?q=hello");
    assert_eq!(refused.json()["errors"][0]["pointer"], "size");
    assert_eq!(refused.code(400), "parameter_invalid");
    for (parameters, shown) in [("size=60", 60), ("fields=tid", 70), ("fields=-note", 70)] {
        let page = server.get(&format!("/search/Acme/Acme-Sales?q=hello&{parameters}")).ok(200);
        assert_eq!(page["total"], 70);
        assert_eq!(page["results"].as_array().map(Vec::len), Some(shown), "{parameters}");
    }
}
