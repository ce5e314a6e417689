//! `get`, `set`, `unset`, `search` on a stopped folder and on a running server; `completions` and `man`.
use crate::support::Server;
use serde_json::{Value, json};

const CALL: &str = "Acme/Acme-Sales/R1";

/// Runs the same on both places.
fn on_both(mut test: impl FnMut(&Server, &[&str])) {
    let mut server = filled();
    let url = format!("http://{}", server.addr);
    test(&server, &["--url", &url]);
    server.stop_and_verify();
    let mut server = filled();
    server.stop();
    let data = server.data();
    test(&server, &["--data", data.to_str().unwrap()]);
    let (code, report) = server.verify(true);
    assert_eq!(code, 0, "{report}");
}

fn filled() -> Server {
    let server = Server::acme();
    let metadata = json!({"Queue": "billing", "hold_time": 72, "note": "two\nlines", "free": {"a": [1]}});
    server.bring("R1", &metadata, &[("agent", "hello there")]).ok(201);
    server.bring("R2", &json!({"queue": "sales"}), &[("client", "hello again")]).ok(201);
    server.bring("R3", &json!({"queue": "sales"}), &[("client", "goodbye")]).ok(201);
    server.settle();
    server
}

fn run(server: &Server, place: &[&str], args: &[&str]) -> (i32, String, String) {
    server.command(&[args, place].concat())
}

#[test]
fn metadata_is_shown_set_and_removed() {
    on_both(|server, place| {
        let (code, out, _) = run(server, place, &["get", CALL]);
        assert_eq!(code, 0);
        assert_eq!(out, "queue=billing\nhold_time:=72\nnote:=\"two\\nlines\"\nfree:={\"a\":[1]}\n");
        assert_eq!(run(server, place, &["get", CALL, "QUEUE"]).1, "billing\n");
        assert_eq!(run(server, place, &["get", CALL, "queue", "--json"]).1, "{\"queue\":\"billing\"}\n");
        let (code, out, words) = run(server, place, &["get", CALL, "queue", "nothing"]);
        assert!(code == 1 && out == "queue=billing\n" && words.contains("nothing"), "{code} {out} {words}");
        let (code, out, words) =
            run(server, place, &["set", CALL, "queue=a=b", "hold_time:=5", "free:=null", "extra=1", "--json"]);
        assert!(code == 0 && words.contains("extra"), "{words}");
        let after = json!({"queue": "a=b", "hold_time": 5, "note": "two\nlines", "extra": "1"});
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), after);
        let (code, _, words) = run(server, place, &["unset", CALL, "note", "EXTRA", "never"]);
        assert!(code == 0 && !words.contains("kept"), "{words}");
        assert_eq!(run(server, place, &["get", CALL, "--json"]).1, "{\"queue\":\"a=b\",\"hold_time\":5}\n");
    });
}

#[test]
fn edits_that_cannot_be_done_say_why() {
    on_both(|server, place| {
        for (args, code, words) in [
            (&["get", "Acme/Acme-Sales/none"][..], 1, "there is no transcript Acme/Acme-Sales/none"),
            (&["set", "Acme/Acme-Sales/none", "a=b"], 1, "there is no transcript"),
            (&["set", CALL, "hold_time=soon"], 1, "hold_time"),
            (&["set", CALL, "tid=x"], 1, "reserved"),
            (&["set", CALL, "queue=a", "QUEUE=b"], 1, "twice"),
            (&["set", CALL, "queue"], 2, "NAME=TEXT"),
            (&["set", CALL, "n:=x"], 2, "no JSON"),
            (&["get", "Acme/Acme-Sales"], 2, "COMPANY/ORG/ID"),
        ] {
            let (ended, out, told) = run(server, place, args);
            assert!(ended == code && out.is_empty() && told.contains(words), "{args:?}: {ended} {told}");
        }
    });
}

#[test]
fn searches_print_rows_counts_and_pages_and_end_as_grep_does() {
    on_both(|server, place| {
        let (code, out, words) = run(server, place, &["search", "Acme/Acme-Sales", "hello", "--fields", "tid,queue"]);
        assert_eq!(code, 0, "{words}");
        let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 2);
        let args =
            ["search", "Acme/Acme-Sales/Inbound", "queue:sales", "--fields", "tid,queue", "--sort", "tid", "--csv"];
        assert_eq!(run(server, place, &args).1.replace("\r\n", "\n"), "queue,tid\nsales,R2\nsales,R3\n");
        let all = [&args[..], &["--all", "--size", "1"]].concat();
        assert_eq!(run(server, place, &all).1.replace("\r\n", "\n"), "queue,tid\nsales,R2\nsales,R3\n");
        let (code, out, _) =
            run(server, place, &["search", "Acme", "--all", "--size", "1", "--fields", "tid", "--json"]);
        assert_eq!((code, out.lines().count()), (0, 3));
        assert_eq!(run(server, place, &["search", "Acme", "--count"]).1, "3\n");
        let (code, out, _) = run(server, place, &["search", "Acme", "nowhere", "--count"]);
        assert_eq!((code, out.as_str()), (1, "0\n"));
        assert_eq!(run(server, place, &["search", "Acme", "nowhere"]).0, 1);
        let (_, out, _) = run(server, place, &["search", "Acme/Acme-Sales", "--size", "0", "--param", "facets=queue"]);
        let summary: Value = serde_json::from_str(out.trim()).expect(&out);
        assert_eq!(summary["summary"]["facets"]["queue"][0], json!({"value": "sales", "count": 2}));
        let (code, _, words) = run(server, place, &["search", "Acme/Acme-Sales", "quue:x"]);
        assert!(code == 1 && words.contains("queue"), "{words}");
        assert_eq!(run(server, place, &["search", "a/b/c/d"]).0, 2);
    });
}

#[test]
fn completions_and_manual_pages_name_the_commands() {
    let server = Server::start();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, out, _) = server.command(&["completions", shell]);
        assert!(code == 0 && out.contains("export") && out.contains("query"), "{shell}");
    }
    assert_eq!(server.command(&["completions", "tcsh"]).0, 2);
    let (code, out, _) = server.command(&["man"]);
    assert!(code == 0 && out.starts_with(".ie") && out.contains("linernotes"), "{out}");
    let dir = server.data().parent().unwrap().join("man1");
    assert_eq!(server.command(&["man", "--dir", dir.to_str().unwrap()]).0, 0);
    assert!(dir.join("linernotes.1").is_file() && dir.join("linernotes-export.1").is_file());
}
