//! Rows of imports that wait or were kept: erased with what they hold, backed up and gone on with, verified.
use super::path;
use crate::support::server::files;
use crate::support::{Answer, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const IMPORTS: &str = "/imports/Acme/Acme-Sales";

fn rows(server: &Server, id: &str, more: bool, csv: &str) -> Answer {
    let path = format!("{IMPORTS}/{id}/rows?more={more}");
    server.request("PUT", &path, &[("Content-Type", "text/csv")], Some(csv.as_bytes()))
}

/// Declares an import and stages its rows; waits for its end unless more are to come.
#[track_caller]
fn import(server: &Server, declaration: &Value, more: bool, csv: &str) -> String {
    let id = server.post(IMPORTS, declaration).ok(201)["id"].as_str().unwrap().to_owned();
    let sent = rows(server, &id, more, csv);
    assert!(sent.status < 300, "{}", sent.text());
    if !more {
        over(server, &id);
    }
    id
}

#[track_caller]
fn over(server: &Server, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let job = server.get(&format!("/jobs/{id}")).ok(200);
        if ["done", "failed", "cancelled"].iter().any(|state| job["state"] == *state) {
            return server.get(&format!("{IMPORTS}/{id}")).ok(200);
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{job}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Waits for the end of a job.
#[track_caller]
fn job_done(server: &Server, id: &str) {
    let begun = Instant::now();
    while server.get(&format!("/jobs/{id}")).ok(200)["state"] != "done" {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", server.log());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Waits until nothing is erased any more.
fn erased(server: &Server) {
    let begun = Instant::now();
    while server.get("/erase/Acme/Acme-Sales").ok(200).to_string().contains("\"running\":true") {
        assert!(begun.elapsed() < Duration::from_secs(90));
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Files of the data folder that hold a text.
fn holding(server: &Server, text: &str) -> Vec<PathBuf> {
    let holds =
        |file: &PathBuf| std::fs::read(file).is_ok_and(|bytes| memchr::memmem::find(&bytes, text.as_bytes()).is_some());
    files(&server.data()).into_iter().filter(holds).collect()
}

fn filled() -> Server {
    let server = Server::acme();
    for n in 0..4 {
        server.bring(&format!("T{n}"), &json!({"queue": format!("q{n}"), "ssn": "x"}), &[("agent", "hello")]).ok(201);
    }
    server.settle();
    server
}

#[test]
fn what_is_erased_goes_from_rows_that_wait_or_failed_too() {
    let mut server = filled();
    let two = json!({"fields": ["ssn", "address", {"name": "hold_time", "type": "number"}], "folder": "Inbound"});
    let table = "tid,ssn,address,hold_time\nT0,Zqssn0000W,\"plain\",many\nZqnobody1W,Zqssn0001W,,1\nT2,Zqssn0002W,,2\n";
    let failed = import(&server, &two, false, table);
    let open = import(&server, &two, true, "tid,ssn\nT0,Zqssn0003W\nZqnobody1W,Zqssn0004W\nT3,Zqssn0005W\n");
    let keyed = json!({"key": "queue", "fields": ["note"]});
    let keyed = import(&server, &keyed, false, "queue,note\nq1,Zqnote001W\nZqqueue1W,Zqnote002W\n");
    // An edit of many, whose value would be remembered with its job.
    let edit = json!({"query": "tid:T1", "set": {"ssn": "Zqssn0006W"}});
    let preview = server.post("/metadata/Acme/Acme-Sales", &edit).ok(200);
    let confirmed = json!({"query": "tid:T1", "set": {"ssn": "Zqssn0006W"}, "confirm": preview["confirm"]});
    let begun = server.post("/metadata/Acme/Acme-Sales", &confirmed).ok(202);
    let begun = begun["id"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    job_done(&server, &begun);
    for n in 0..7 {
        assert!(!holding(&server, &format!("Zqssn000{n}W")).is_empty(), "{n} is staged");
    }
    server.post("/erase/Acme/Acme-Sales", &json!({"field": "SSN"})).ok(202);
    erased(&server);
    for n in 0..7 {
        assert_eq!(holding(&server, &format!("Zqssn000{n}W")), [] as [PathBuf; 0], "ssn {n}");
    }
    assert!(!holding(&server, "Zqnobody1W").is_empty(), "other values stay");
    // The rest of the rows can still be tried again, and taken.
    let errors = server.get(&format!("{IMPORTS}/{failed}")).ok(200)["errors"]["rows"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 2, "{errors}");
    server.bring("Zqnobody1W", &json!({}), &[]).ok(201);
    server.request("POST", &format!("{IMPORTS}/{failed}/retry"), &[], None).ok(202);
    assert_eq!(over(&server, &failed)["counts"], json!({"changed": 2, "unchanged": 0, "failed": 1}));
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/Zqnobody1W").ok(200), json!({"hold_time": "1"}));
    // A transcript: its id goes from rows and errors, and what its rows said.
    let gone = server.delete("/transcripts/Acme/Acme-Sales/Zqnobody1W").ok(200);
    job_done(&server, gone["job"].as_str().unwrap());
    assert_eq!(holding(&server, "Zqnobody1W"), [] as [PathBuf; 0]);
    // Rows that name transcripts by another field went with it: nobody can tell which they meant.
    for text in ["Zqqueue1W", "Zqnote002W"] {
        assert_eq!(holding(&server, text), [] as [PathBuf; 0], "{text}");
    }
    assert_eq!(server.request("POST", &format!("{IMPORTS}/{keyed}/retry"), &[], None).code(409), "rows_missing");
    rows(&server, &open, false, "tid,ssn\nT1,new\n").ok(202);
    let ended = over(&server, &open);
    assert_eq!(ended["counts"]["failed"], 1, "the row without its transcript: {ended}");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["ssn"], "new");
    server.settle();
    server.stop_and_verify();
}

#[test]
fn imports_of_an_organisation_that_is_gone_go_with_it() {
    let mut server = filled();
    let declaration = json!({"fields": ["queue"]});
    import(&server, &declaration, true, "tid,queue\nT1,Zqwait001W\n");
    import(&server, &declaration, false, "tid,queue\nZqnobody2W,Zqfail001W\n");
    server.delete("/config/Acme/Acme-Sales?multi=true&tree=true").ok(200);
    let begun = Instant::now();
    while ["Zqwait001W", "Zqfail001W", "Zqnobody2W"].iter().any(|text| !holding(&server, text).is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", server.log());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    server.stop_and_verify();
}

#[test]
fn a_backup_holds_rows_and_a_restore_goes_on_with_them() {
    let mut server = filled();
    let declaration = json!({"fields": ["queue", {"name": "hold_time", "type": "number"}], "folder": "Inbound"});
    let failed = import(&server, &declaration, false, "tid,queue,hold_time\nT0,new,many\nT1,new,1\n");
    let open = import(&server, &declaration, true, "tid,queue\nT2,late\n");
    let many: String = (0..3_000).map(|n| format!("T{},r{n},{n}\n", n % 4)).collect();
    let going = import(&server, &declaration, true, &format!("tid,queue,hold_time\n{many}"));
    rows(&server, &going, false, "tid,queue\nT3,last\n").ok(202);
    // While it runs.
    server.kill();
    let to = server.data().parent().unwrap().join("backups");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (code, out, words) = server.command(&["backup", &text(&to), "--json", "--data", &path(&server)]);
    assert_eq!(code, 0, "{out}{words}");
    let other = server.data().parent().unwrap().join("other");
    let (code, _, words) = server.command(&["restore", &text(&to), "--data", &text(&other)]);
    assert_eq!(code, 0, "{words}");
    std::fs::copy(server.data().join("root.token"), other.join("root.token")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(other.join("imports")), mode(other.join("imports").join(&failed).join("rows"))),
            (0o700, 0o600)
        );
    }
    let mut other = Server::at(&other);
    let ended = over(&other, &going);
    assert_eq!((&ended["state"], &ended["counts"]["failed"]), (&json!("done"), &json!(0)), "{ended}");
    assert_eq!(other.get("/metadata/Acme/Acme-Sales/T3").ok(200)["queue"], "last");
    let told = other.get(&format!("{IMPORTS}/{failed}")).ok(200);
    assert_eq!(
        (&told["errors"]["rows"][0]["code"], &told["errors"]["rows"][0]["value"]),
        (&json!("type_mismatch"), &json!("many"))
    );
    other.post("/config/Acme/Acme-Sales/Inbound", &json!({"on_mismatch": "store"})).ok(200);
    other.request("POST", &format!("{IMPORTS}/{failed}/retry"), &[], None).ok(202);
    assert_eq!(over(&other, &failed)["counts"]["failed"], 0);
    rows(&other, &open, false, "tid,queue\nT1,later\n").ok(202);
    assert_eq!(over(&other, &open)["counts"]["changed"], 2);
    assert_eq!(other.get("/metadata/Acme/Acme-Sales/T2").ok(200)["queue"], "late");
    other.settle();
    other.stop_and_verify();
}

#[test]
fn verify_names_staged_rows_that_are_missing_or_damaged() {
    let mut server = filled();
    let declaration = json!({"fields": ["queue"]});
    let missing = import(&server, &declaration, true, "tid,queue\nT1,a\n");
    let short = import(&server, &declaration, true, "tid,queue\nT1,a\nT2,b\n");
    let torn = import(&server, &declaration, true, "tid,queue\nT1,a\nT2,b\n");
    server.settle();
    server.stop();
    assert_eq!(server.verify(true).0, 0);
    let file = |id: &str| server.data().join("imports").join(id).join("rows");
    std::fs::remove_file(file(&missing)).unwrap();
    let whole = std::fs::read(file(&short)).unwrap();
    std::fs::write(file(&short), &whole[..whole.len() - 3]).unwrap();
    let mut bytes = std::fs::read(file(&torn)).unwrap();
    bytes[0] = b'x';
    std::fs::write(file(&torn), bytes).unwrap();
    let told = |deep: bool| -> Vec<(String, String)> {
        let (code, report) = server.verify(deep);
        assert_eq!(code, 1, "{report}");
        let text = |own: &Value, name: &str| own[name].as_str().unwrap().to_owned();
        let all = report["differences"].as_array().unwrap().iter();
        all.filter(|own| own["store"] == "staging").map(|own| (text(own, "transcript"), text(own, "kind"))).collect()
    };
    let said = |id: &str, kind: &str| (format!("imports/{id}"), kind.to_owned());
    let mut wanted = vec![said(&missing, "missing"), said(&short, "damaged")];
    wanted.sort();
    assert_eq!(told(false), wanted);
    wanted.push(said(&torn, "damaged"));
    wanted.sort();
    assert_eq!(told(true), wanted);
    server.spawn();
    // The job that needs them says so in words, and the others are not held up.
    rows(&server, &torn, false, "tid,queue\nT3,c\n").ok(202);
    let ended = over(&server, &torn);
    assert!(ended["state"] == "failed" && ended["reason"].as_str().unwrap().contains("send them again"), "{ended}");
    assert!(rows(&server, &missing, false, "tid,queue\nT3,c\n").status >= 400);
}
