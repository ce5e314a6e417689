//! What must stay as it was: of everything outside home, and of what a stranger sees when others are busy.
use super::super::support::client;
use super::world::{Names, Token, World};
use super::{all_text, probes};
use serde_json::{Value, json};

/// Revisions, contents and configuration of all that lies outside home.
pub fn others(world: &World) -> Vec<String> {
    let server = &world.server;
    let mut all = Vec::new();
    for names in &world.spots[1..] {
        let Names { company, org, folder, tid, .. } = names;
        for path in [
            format!("/metadata/{company}/{org}/{tid}"),
            format!("/transcripts/{company}/{org}/{tid}"),
            format!("/config/{company}/{org}/{folder}"),
            format!("/search/{company}/{org}/{folder}?output=details"),
            format!("/config/{company}/users"),
            format!("/config/{company}/{org}/apps"),
            format!("/list/{company}"),
        ] {
            let answer = server.get(&path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            all.push(format!("{path} {:?} {}", answer.header("etag"), answer.text()));
        }
        let tokens = server.get("/tokens").text();
        assert!(tokens.contains(&names.token), "the token of {folder} is still there");
    }
    all
}

/// Everything a token is told when it reads at home.
fn told(world: &World, token: &Token) -> Vec<String> {
    let bearer = format!("Bearer {}", token.text.as_deref().unwrap_or_default());
    let home = &world.spots[0];
    let reads = super::all_templates().into_iter().filter(|one| one.does == probes::Does::Reads && one.method == "GET");
    reads
        // Counters of the whole server move; the seal of a cursor is new each time.
        .filter(|one| {
            !one.path.contains("metrics")
                && !one.path.contains("sysinfo")
                && !one.path.contains("cursor=&")
                && !one.path.contains("reindex")
        })
        .map(|one| {
            let path = home.parts().iter().fold(one.path, |text, (place, name)| text.replace(place, name));
            let headers = [("X-Request-Id", "probe"), ("Authorization", bearer.as_str())];
            let mut answer = client::send(&world.server.addr, "GET", &path, &headers, None).unwrap();
            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
            answer.headers.sort();
            format!("{path} {} {}", answer.status, all_text(&answer))
        })
        .collect()
}

/// Others edit, bring in, erase, configure.
fn bustle(world: &World, at: usize) {
    let server = &world.server;
    let Names { company, org, folder, tid, field, word, value, .. } = &world.spots[at];
    for n in 0..30 {
        let data = json!({"queue": value, "amount": n, field.as_str(): word, "new": n});
        let turns = json!([{"start": 0, "end": 2, "speaker": "agent", "text": format!("hello hello {word}")}]);
        let body = json!({"client_data": data, "utterances": turns});
        server.put(&format!("/transcripts/{company}/{org}/busy{n}?folder={folder}"), &body).ok(201);
    }
    server.patch(&format!("/metadata/{company}/{org}/{tid}"), &json!({"amount": 99, "odd": 1})).ok(200);
    server.delete(&format!("/transcripts/{company}/{org}/busy3")).ok(200);
    let path = format!("/config/{company}/{org}/{folder}");
    let mut listed = server.get(&path).ok(200)["custom_meta"].clone();
    listed.as_array_mut().unwrap().push(Value::from("new"));
    server.post(&path, &json!({"custom_meta": listed, "asroptions": {"model": "busy"}})).ok(200);
    server
        .post("/tokens", &json!({"name": "busy", "company": company, "org": org, "folder": folder, "rights": ["read"]}))
        .ok(201);
    server.settle();
}

#[test]
fn what_others_do_changes_no_byte_of_any_answer() {
    let world = World::build();
    // From the farthest to the nearest neighbour: fewer tokens are strangers to it each time.
    for (at, strangers) in
        [(3, ["company+", "org+", "folder+"].as_slice()), (2, &["org+", "folder+"]), (1, &["folder+"])]
    {
        let all = || {
            let own = world.tokens.iter().filter(|token| strangers.iter().any(|label| token.label.starts_with(label)));
            own.flat_map(|token| told(&world, token).into_iter().map(|text| format!("{}: {text}", token.label)))
        };
        let before: Vec<String> = all().collect();
        bustle(&world, at);
        for (before, after) in before.into_iter().zip(all()) {
            assert_eq!(before, after);
        }
    }
}
