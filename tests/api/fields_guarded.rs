//! Fields over time, with two administrators at once: `If-Match` and what differs; names of a whole organisation; who uses
//! the options of an enum.
use crate::support::{Answer, Server};
use serde_json::{Value, json};

const ORG: &str = "/config/Acme/Acme-Sales";

fn field(name: &str) -> String {
    format!("{ORG}/fields/{name}")
}

fn guarded(server: &Server, method: &str, path: &str, tag: &str, body: Option<&Value>) -> Answer {
    let text = body.map(ToString::to_string);
    let headers = [("If-Match", tag), ("Content-Type", "application/json")];
    server.request(method, path, &headers, text.as_deref().map(str::as_bytes))
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("an ETag: {}", answer.text())).to_owned()
}

/// What a refusal says differs: pointer and detail.
#[track_caller]
fn differences(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.json();
    assert_eq!((answer.status, &problem["code"]), (412, &json!("revision_mismatch")), "{problem}");
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|item| (text(item, "pointer"), text(item, "detail"))).collect()
}

fn said(pointer: &str, detail: &str) -> (String, String) {
    (pointer.to_owned(), detail.to_owned())
}

fn bring(server: &Server, folder: &str, count: usize, of: impl Fn(usize) -> Value) {
    let line =
        |n: usize| json!({"tid": format!("{folder}{n:04}"), "client_data": of(n), "utterances": []}).to_string() + "\n";
    let lines: String = (0..count).map(line).collect();
    server.request("POST", &format!("/transcripts/Acme/Acme-Sales?folder={folder}"), &[], Some(lines.as_bytes()));
    server.settle();
}

#[test]
fn the_second_of_two_administrators_is_told_what_the_field_is_now() {
    let mut server = Server::acme();
    bring(&server, "Inbound", 3, |n| json!({"queue": n}));
    let first = tag(&server.get(&field("queue")));
    assert_eq!(guarded(&server, "GET", &field("queue"), "\"x\"", None).status, 200);
    let unchanged = server.request("GET", &field("queue"), &[("If-None-Match", &first)], None);
    assert_eq!(unchanged.status, 304);
    let label = json!({"label": "Queue", "type": "string"});
    let done = guarded(&server, "POST", &field("queue"), &first, Some(&label));
    let second = tag(&done);
    assert_ne!(first, second);
    assert_eq!(second, tag(&server.get(&field("queue"))), "the answer has the tag that a read has");
    // The second one made up its mind on what was there before.
    let late = guarded(&server, "POST", &field("queue"), &first, Some(&json!({"label": "Line", "type": "string"})));
    assert_eq!(differences(&late), [said("/label", "is \"Queue\" now")]);
    let plan = guarded(&server, "POST", &format!("{}?dry_run=true", field("queue")), &first, Some(&label));
    assert_eq!(plan.status, 412);
    let deletion = guarded(&server, "DELETE", &field("queue"), &first, None);
    let told = differences(&deletion);
    assert!(told.contains(&said("/label", "is \"Queue\" now")), "{told:?}");
    assert!(told.contains(&said("/folders", "is [\"Inbound\"] now")), "{told:?}");
    // A list that somebody puts it on is a change of it.
    server.post(&format!("{ORG}/Other"), &json!({"custom_meta": ["queue"]})).ok(200);
    assert_eq!(guarded(&server, "DELETE", &format!("{}?hard=true", field("queue")), &second, None).status, 412);
    let third = tag(&server.get(&field("queue")));
    guarded(&server, "DELETE", &field("queue"), &third, None).ok(200);
    let gone = guarded(&server, "POST", &field("queue"), &third, Some(&label));
    assert!(differences(&gone).iter().any(|(pointer, _)| pointer == "/label" || pointer == "/type"), "{}", gone.text());
    let restore = format!("{}/restore", field("queue"));
    assert_eq!(guarded(&server, "POST", &restore, &third, None).status, 412, "that was the tag of the living field");
    let deleted = tag(&server.get(&format!("{}?include_deleted=true", field("queue"))));
    let back = guarded(&server, "POST", &restore, &deleted, None);
    assert_eq!(tag(&back), tag(&server.get(&field("queue"))));
    let nobody = guarded(&server, "POST", &field("nobody"), &third, Some(&label));
    assert_eq!(differences(&nobody), [said("", "is not there now")]);
    assert_eq!(server.get(&field("nobody")).status, 404);
    let all = tag(&server.get(&format!("{ORG}/fields")));
    server.post(&field("queue"), &json!({"description": "which"})).ok(200);
    assert_ne!(all, tag(&server.get(&format!("{ORG}/fields"))));
    server.settle();
    server.stop_and_verify();
}

#[test]
fn a_deletion_that_comes_too_late_is_told_what_is_there() {
    let server = Server::acme();
    let folder = format!("{ORG}/Inbound");
    let first = tag(&server.get(&folder));
    server.post(&folder, &json!({"mode": "paused"})).ok(200);
    let told = differences(&guarded(&server, "DELETE", &folder, &first, None));
    assert!(told.contains(&said("/mode", "is \"paused\" now")), "{told:?}");
    assert_eq!(server.get(&folder).status, 200);
    guarded(&server, "DELETE", &folder, &tag(&server.get(&folder)), None).ok(200);
}

#[test]
fn names_of_a_whole_organisation_are_told_by_folder_within_what_a_token_sees() {
    let server = Server::acme();
    bring(&server, "Inbound", 4, |n| json!({"queue": "a", "rating": n, "mood": "glad"}));
    bring(&server, "Other", 3, |_| json!({"rating": "high", "queue": "b"}));
    let path = format!("{ORG}/unconfigured");
    let told = server.get(&path).ok(200);
    assert_eq!(
        (&told["org"], &told["transcripts"], &told["complete"]),
        (&json!("Acme-Sales"), &json!(7), &json!(true))
    );
    assert_eq!(told["folders"]["Inbound"], json!({"transcripts": 4, "looked": 4}));
    let fields: Vec<(&str, &Value, &Value)> = told["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), &f["type"], &f["folders"]))
        .collect();
    let (varchar, both) = (json!("varchar"), json!({"Inbound": 4, "Other": 3}));
    let (inbound, other) = (json!({"Inbound": 4}), json!({"Other": 3}));
    assert_eq!(fields, [("rating", &varchar, &both), ("mood", &varchar, &inbound), ("queue", &varchar, &other)]);
    let part = server.get(&format!("{path}?sample=1")).ok(200);
    assert_eq!((&part["looked"], &part["complete"]), (&json!(2), &json!(false)), "so many of each folder");
    let scope = json!({"name": "f", "company": "Acme", "org": "Acme-Sales", "folder": "Other", "rights": ["read"]});
    let token = server.post("/tokens", &scope).ok(201);
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let told = server.send("GET", &path, &[("Authorization", &bearer)], None).ok(200);
    assert!(!told.to_string().contains("Inbound") && !told.to_string().contains("mood"), "{told}");
    assert_eq!(told["fields"][0]["transcripts"], 3, "{told}");
    assert_eq!(server.get("/config/Acme/Nobody/unconfigured").code(404), "not_found");
    assert_eq!(server.get(&format!("{path}?sample=x")).code(400), "parameter_invalid");
    assert_eq!(server.post(&format!("{ORG}/folders"), &json!({"unconfigured": {}})).code(422), "name_invalid");
    assert_eq!(server.post(&path, &json!({})).status, 405);
}

#[test]
fn whoever_changes_options_is_told_who_uses_them() {
    let mut server = Server::acme();
    let options = ["good", "bad", "badly"];
    server.post(&field("grade"), &json!({"type": "enum", "values": options})).ok(200);
    server.post(&format!("{ORG}/Inbound"), &json!({"custom_meta": ["grade"]})).ok(200);
    bring(&server, "Inbound", 9, |n| json!({"grade": if n == 8 { "BADLY" } else { options[n % 3] }}));
    let dry = format!("{}?dry_run=true", field("grade"));
    let used = |told: &Value| {
        let one = |o: &Value| {
            (
                o["value"].as_str().unwrap().to_owned(),
                o["state"].as_str().unwrap().to_owned(),
                o["transcripts"].as_u64().unwrap(),
            )
        };
        told["options"].as_array().unwrap_or_else(|| panic!("{told}")).iter().map(one).collect::<Vec<_>>()
    };
    let line = |value: &str, state: &str, count| (value.to_owned(), state.to_owned(), count);
    let renamed = json!({"rename": {"bad": "poor"}, "retire": ["badly"]});
    let plan = server.post(&dry, &renamed).ok(200);
    let wanted = [line("good", "current", 3), line("poor", "current", 3), line("badly", "retired", 3)];
    assert_eq!((used(&plan), &plan["former"]), (wanted.to_vec(), &json!({"bad": 3})), "{plan}");
    assert_eq!((&plan["values"], &plan["stored"]), (&json!(["good", "poor"]), &json!(9)), "{plan}");
    let plan = server.post(&dry, &json!({"values": ["good", "bad"]})).ok(200);
    let dropped = [line("good", "current", 3), line("bad", "current", 3), line("badly", "dropped", 3)];
    assert_eq!((used(&plan), &plan["misfit"]), (dropped.to_vec(), &json!(3)), "{plan}");
    let done = server.post(&field("grade"), &renamed).ok(200);
    assert_eq!((used(&done["usage"]), &done["usage"]["former"]), (wanted.to_vec(), &json!({"bad": 3})), "{done}");
    server.settle();
    // Who still says it the former way is counted until the values are sent anew.
    server.patch("/metadata/Acme/Acme-Sales/Inbound0001", &json!({"grade": "poor"})).ok(200);
    server.settle();
    let told = server.get(&format!("{}?usage=true", field("grade"))).ok(200);
    assert_eq!((used(&told["usage"]), &told["usage"]["former"]), (wanted.to_vec(), &json!({"bad": 2})), "{told}");
    assert_eq!(server.find("facets=grade&size=0")["facets"]["grade"].as_array().unwrap().len(), 3);
    server.stop_and_verify();
}
