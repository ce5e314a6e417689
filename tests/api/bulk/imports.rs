//! `/imports`: declared, filled, applied, looked at.
use super::{counts, declare, fill, folder_scope, import, over, path, send, token, with_token};
use crate::support::Server;
use serde_json::{Value, json};

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

fn meta(server: &Server, tid: &str) -> Value {
    server.get(&format!("/metadata/Acme/Acme-Sales/{tid}")).ok(200)
}

#[test]
fn good_rows_apply_although_others_fail_and_the_errors_say_where_and_what_to_do() {
    let server = Server::acme();
    fill(&server, 4);
    let rows =
        "tid;hold_time;Queue;colour\nt0;12,5;billing;red\nt1;5;\"two\nlines\";\nnobody;1;x;\nt2;6;;\n;1;x;\nt3;7\n";
    let done =
        import(&server, &json!({"name": "crm", "fields": ["queue", "hold_time"]}), CSV, &format!("\u{feff}{rows}"));
    assert_eq!((counts(&done), &done["state"], &done["rows"]), ((2, 0, 4), &json!("done"), &json!(6)), "{done}");
    let told: Vec<_> = done["errors"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["row"].as_u64().unwrap(), e["code"].as_str().unwrap(), e["field"].as_str(), e["value"].clone()))
        .collect();
    let expected = [
        (1, "type_mismatch", Some("hold_time"), json!("12,5")),
        (3, "not_found", None, Value::Null),
        (5, "key_missing", None, Value::Null),
        (6, "row_shape", None, Value::Null),
    ];
    assert_eq!(told, expected, "{done}");
    assert!(done["errors"]["rows"][0]["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    assert_eq!(meta(&server, "t1"), json!({"queue": "two\nlines", "contract": "C-1", "hold_time": "5"}));
    assert_eq!(meta(&server, "t2")["queue"], "q0", "an empty cell changes nothing");
    server.settle();
    assert_eq!(server.ids("q=hold_time:%3E5"), ["t2"]);
    let path = format!("{}/{}", path("imports"), done["id"].as_str().unwrap());
    let table = server.get(&format!("{path}/errors?format=csv"));
    assert!(table.text().starts_with("row,tid,field,code,value,detail,hint\r\n1,t0,hold_time,type_mismatch,\"12,5\","));
    assert_eq!(server.get(&format!("{path}/errors")).text().lines().count(), 4);
    let page = server.get(&format!("{path}?offset=1&size=2")).ok(200);
    assert_eq!(page["errors"]["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["errors"]["rows"][0]["row"], 3);
    let list = server.get(&super::path("imports")).ok(200);
    assert_eq!(list["imports"][0]["name"], "crm");
}

#[test]
fn the_same_file_twice_changes_nothing_and_failed_rows_are_tried_again() {
    let server = Server::acme();
    fill(&server, 3);
    let declaration = json!({"fields": ["queue"]});
    let rows = r#"[{"tid":"t0","value":"a"},{"tid":"t1","queue":"b"},{"tid":"late","value":"c"}]"#;
    let first = import(&server, &declaration, JSON, rows);
    assert_eq!(counts(&first), (2, 0, 1), "{first}");
    assert_eq!(counts(&import(&server, &declaration, JSON, rows)), (0, 2, 1), "unchanged rows are told");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t0").header("etag"), Some("\"2\""), "and make no revision");
    server.bring("late", &json!({}), &[]).ok(201);
    let id = first["id"].as_str().unwrap();
    let retried = server.post(&format!("{}/{id}/retry", path("imports")), &json!({}));
    assert_eq!(retried.status, 202, "{}", retried.text());
    let job = over(&server, id);
    assert_eq!((counts(&job), &job["progress"]), ((3, 0, 0), &json!({"done": 1, "total": 1})), "{job}");
    assert_eq!(meta(&server, "late"), json!({"queue": "c"}));
    assert_eq!(server.post(&format!("{}/{id}/retry", path("imports")), &json!({})).code(409), "import_state");
    let again = send(&server, "PUT", &format!("{}/{id}/rows", path("imports")), JSON, "[]");
    assert_eq!(again.code(409), "import_state");
}

#[test]
fn rows_come_in_several_bodies_and_columns_are_mapped() {
    let server = Server::acme();
    fill(&server, 3);
    let id = declare(&server, &json!({"fields": ["queue", "note"]}));
    let put = |query: &str, kind: &str, body: &str| {
        send(&server, "PUT", &format!("{}/{id}/rows?{query}", path("imports")), kind, body)
    };
    let taken = put("more=true&map=Call%20Id:tid,Team:queue", CSV, "Call Id\tTeam\textra\nt0\tx\ty\n").ok(200);
    assert_eq!((&taken["taken"], &taken["ignored"], &taken["state"]), (&json!(1), &json!(["extra"]), &json!("open")));
    assert_eq!(put("", CSV, "Call Id,Team\nt0,x\n").code(400), "row_shape");
    assert_eq!(put("map=Nope:tid", CSV, "tid,queue\n").code(400), "parameter_invalid");
    assert_eq!(put("", JSON, "[{\"tid\":\"t1\"").code(400), "json_invalid");
    assert_eq!(put("", "text/plain", "x").code(415), "media_type_unsupported");
    let lines = "{\"tid\":\"t1\",\"note\":\"n\"}\n{\"tid\":\"t1\",\"queue\":\"again\"}\n{\"tid\":\"t2\",\"zip\":1}\n";
    let taken = put("", "application/x-ndjson", lines).ok(202);
    assert_eq!((&taken["taken"], &taken["rows"]), (&json!(3), &json!(4)));
    let job = over(&server, &id);
    assert_eq!((counts(&job), &job["errors"]["by_code"]), ((3, 0, 1), &json!({"field_not_declared": 1})), "{job}");
    assert_eq!(meta(&server, "t1"), json!({"queue": "again", "contract": "C-1", "note": "n"}), "both, in their order");
}

#[test]
fn any_field_with_one_transcript_a_value_can_be_the_key() {
    let server = Server::acme();
    fill(&server, 6);
    let bad = server.post(&path("imports"), &json!({"key": "contract", "fields": ["note"]}));
    assert_eq!(bad.code(400), "field_not_configured");
    let names = ["queue", "direction", "hold_time", "note", "called", "vip", "contract"];
    server.post("/config/Acme/Acme-Sales/folders", &json!({"Inbound": {"custom_meta": names}})).ok(200);
    server.settle();
    let rows = "contract,note\n\" c-3 \",three\nC-9,none\nC-4,four\n";
    let done = import(&server, &json!({"key": "contract", "fields": ["note"]}), CSV, rows);
    assert_eq!((counts(&done), &done["errors"]["by_code"]), ((2, 0, 1), &json!({"key_unknown": 1})), "{done}");
    assert_eq!(meta(&server, "t3")["note"], "three", "compared as a varchar compares");
    let done = import(&server, &json!({"key": "queue", "fields": ["note"]}), CSV, "queue,note\nq0,x\n");
    assert_eq!(done["errors"]["by_code"], json!({"key_ambiguous": 1}), "{done}");
    assert_eq!(
        server.post(&path("imports"), &json!({"key": "queue", "fields": ["Queue"]})).code(400),
        "duplicate_field"
    );
}

#[test]
fn atomic_and_dry_imports_change_nothing_when_they_must_not() {
    let server = Server::acme();
    fill(&server, 3);
    let rows = "tid,hold_time\nt0,1\nt1,soon\nt2,3\n";
    let atomic = import(&server, &json!({"fields": ["hold_time"], "atomic": true}), CSV, rows);
    assert_eq!(counts(&atomic), (0, 0, 3), "{atomic}");
    assert_eq!(atomic["errors"]["by_code"], json!({"atomic_failed": 2, "type_mismatch": 1}));
    let unknown = import(&server, &json!({"fields": ["hold_time"], "atomic": true}), CSV, "tid,hold_time\nt0,1\n,2\n");
    assert_eq!(unknown["errors"]["by_code"], json!({"atomic_failed": 1, "key_missing": 1}), "{unknown}");
    let field = json!({"name": "grade", "type": "number"});
    let dry = import(&server, &json!({"fields": [field], "dry_run": true}), CSV, "tid,grade\nt0,1\nt1,soon\n");
    assert_eq!((counts(&dry), &dry["errors"]["by_code"]), ((1, 0, 1), &json!({"type_mismatch": 1})), "{dry}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t0").header("etag"), Some("\"1\""));
    assert!(!server.get("/config/Acme/Acme-Sales").ok(200).to_string().contains("grade"));
    let whole = import(&server, &json!({"fields": ["hold_time"], "atomic": true}), CSV, "tid,hold_time\nt0,1\nt1,2\n");
    assert_eq!(counts(&whole), (2, 0, 0), "{whole}");
}

#[test]
fn new_fields_are_configured_first_by_who_may() {
    let server = Server::acme();
    fill(&server, 2);
    let field = json!({"name": "grade", "type": "number", "pii": true});
    let writer = token(&server, &folder_scope("Inbound", &["read", "write"]));
    let body = json!({"fields": [field], "folder": "Inbound"});
    assert_eq!(with_token(&server, &writer, "POST", &path("imports"), &body).code(403), "right_missing");
    let done = import(&server, &body, CSV, "tid,value\nt0,7\nt1,soon\n");
    assert_eq!(counts(&done), (1, 0, 1), "{done}");
    server.settle();
    assert_eq!(server.ids("q=grade:7"), ["t0"]);
    let other = server.get("/config/Acme/Acme-Sales/Other").ok(200);
    assert!(!other.to_string().contains("grade"), "only the folder named lists it: {other}");
    let shown = |token: &str| {
        let path = format!("{}/{}", path("imports"), done["id"].as_str().unwrap());
        with_token(&server, token, "GET", &path, &json!({})).ok(200)["errors"]["rows"][0].clone()
    };
    assert_eq!(shown(&server.token)["value"], "soon");
    let masked = shown(&writer);
    assert_eq!((&masked["value"], &masked["detail"]), (&json!("***"), &json!("***")), "{masked}");
    let retyped = json!({"fields": [{"name": "grade", "type": "text"}]});
    assert_eq!(server.post(&path("imports"), &retyped).code(422), "config_invalid");
    assert_eq!(server.post(&path("imports"), &json!({"fields": []})).code(400), "body_shape");
    assert_eq!(server.post(&path("imports"), &json!({"fields": ["tid"]})).code(422), "name_reserved");
    assert_eq!(server.post(&path("imports"), &json!({"fields": ["a", "A"]})).code(400), "duplicate_field");
    assert_eq!(server.post(&path("imports"), &json!({"fields": ["a"], "folder": "None"})).code(404), "not_found");
    assert_eq!(server.post(&path("imports"), &json!({"fields": ["a"], "x": 1})).code(400), "body_shape");
}
