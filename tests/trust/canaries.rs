//! Canaries: tokens, idempotency keys and personal data are planted wherever a client can put them, and looked for in
//! everything that leaves the server by another door: logs at every level, metrics, errors, exports, process arguments.
use super::support::{Answer, Server};
use serde_json::{Value, json};
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How every planted text begins.
const MARK: &str = "zqcanary";

static PLANTED: AtomicU64 = AtomicU64::new(0);

/// A new text to plant.
fn plant() -> String {
    format!("{MARK}{}", PLANTED.fetch_add(1, Relaxed))
}

struct House {
    server: Server,
    /// Everything but `pii`.
    plain: String,
    /// What was said where nothing planted may stand.
    said: Vec<(String, String)>,
}

const ORG: &str = "/transcripts/Acme/Acme-Sales";
const T1: &str = "/metadata/Acme/Acme-Sales/t1";

impl House {
    fn furnish(environment: &[(&str, &str)]) -> Self {
        let server = Server::with(environment);
        server.make_acme();
        let pii = |kind: &str| json!({"type": kind, "pii": true});
        let fields = json!({"ssn": pii("varchar"), "pin": pii("number"), "born": pii("datetime"), "memo": pii("text"),
            "ref": pii("uuid"), "page": pii("link"), "yes": pii("boolean"), "home.street": pii("varchar"),
            "mood": {"type": "enum", "pii": true, "values": ["good", "bad"]}});
        server.post("/config/Acme/Acme-Sales", &json!({"fields": fields})).ok(200);
        let listed = ["queue", "ssn", "pin", "born", "memo", "ref", "page", "yes", "home.street", "mood"];
        let folders =
            json!({"Inbound": {"custom_meta": listed}, "Lax": {"custom_meta": listed, "on_mismatch": "store"}});
        server.post("/config/Acme/Acme-Sales/folders", &folders).ok(200);
        let rights = ["read", "write", "config", "admin"];
        let made = server.post("/tokens", &json!({"name": "plain", "rights": rights})).ok(201);
        let plain = made["token"].as_str().unwrap().to_owned();
        let mut house = Self { server, plain, said: Vec::new() };
        for (tid, folder) in [("t1", "Inbound"), ("t2", "Lax")] {
            let data =
                json!({"queue": "a", "ssn": plant(), "memo": plant(), "home": {"street": plant(), "city": plant()}});
            let body = json!({"client_data": data, "utterances": [{"speaker": "agent", "text": "hello"}]});
            house.send("PUT", &format!("{ORG}/{tid}?folder={folder}"), &[], Some(body.to_string()), 201);
        }
        house.server.settle();
        house
    }

    /// Sends with the plain token. A read or edit by id that succeeds shows what it is asked for; of all else what is
    /// said is kept.
    fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
        status: u16,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.plain);
        let mut all = vec![("Authorization", bearer.as_str())];
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            all.push(("Content-Type", "application/json"));
        }
        all.extend_from_slice(headers);
        let answer = self.server.send(method, path, &all, body.as_ref().map(|body| body.as_bytes()));
        assert!(
            status == 0 || answer.status == status,
            "{method} {path} {body:?}: {} {}",
            answer.status,
            answer.text()
        );
        let by_id = answer.status < 300 && path.starts_with("/metadata");
        if by_id && path.contains("receipt") {
            self.said.push((format!("{method} {path}"), answer.json()["fields"].to_string()));
        } else if !(by_id || answer.status < 300 && path.starts_with("/config")) {
            // (What V-Spark calls a key of a folder is kept and shown.)
            self.keep(format!("{method} {path} {body:?}"), &answer);
        }
        answer
    }

    fn keep(&mut self, asked: String, answer: &Answer) {
        let mut text = format!("{} {:?} {}", answer.status, answer.headers, String::from_utf8_lossy(&answer.body));
        if answer.header("content-type") == Some("application/zip") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&answer.body)).expect("a whole archive");
            for at in 0..archive.len() {
                archive.by_index(at).unwrap().read_to_string(&mut text).unwrap();
            }
        }
        self.said.push((asked, text));
    }

    /// Values that do not fit, JSON that breaks off: the words of the refusal may not repeat them.
    fn misfits(&mut self) {
        const JSON: &[(&str, &str)] = &[("Accept", "application/json")];
        let c = plant;
        let bodies = [
            json!({"pin": c()}),
            json!({"born": c()}),
            json!({"yes": c()}),
            json!({"ref": c()}),
            json!({"page": c()}),
            json!({"mood": c()}),
            json!({"ssn": {"a": c()}}),
            json!({"pin": [1, c()]}),
            json!({"born": {"x": c()}}),
            json!({"memo": {"a": c()}}),
            json!({"ssn": c().repeat(900)}),
            json!({"home": {"street": {"x": c()}}}),
            json!({"mood": ["good", "bad"]}),
        ];
        for body in bodies {
            for headers in [JSON, &[]] {
                let status = if headers.is_empty() { 400 } else { 422 };
                self.send("PATCH", T1, headers, Some(body.to_string()), status);
            }
            self.send("PUT", T1, JSON, Some(body.to_string()), 422);
            self.send(
                "PATCH",
                "/metadata/Acme/Acme-Sales/t2?receipt=true&dry_run=true",
                JSON,
                Some(body.to_string()),
                0,
            );
            let whole = json!({"tid": "n1", "client_data": body, "utterances": []}).to_string();
            self.send("PUT", &format!("{ORG}/n1?folder=Inbound"), JSON, Some(whole.clone()), 0);
            self.send(
                "POST",
                &format!("{ORG}?folder=Inbound"),
                JSON,
                Some(format!("{whole}\n{}\n", &whole[..whole.len() - 3])),
                200,
            );
        }
        let merge = [("Accept", "application/json"), ("Content-Type", "application/merge-patch+json")];
        let steps = [("Accept", "application/json"), ("Content-Type", "application/json-patch+json")];
        self.send("PATCH", T1, &merge, Some(json!({"pin": c()}).to_string()), 422);
        for (op, path) in
            [("test", "/ssn"), ("test", "/home/street"), ("add", "/pin"), ("replace", "/born"), ("fly", "/ssn")]
        {
            self.send("PATCH", T1, &steps, Some(json!([{"op": op, "path": path, "value": c()}]).to_string()), 0);
        }
        for broken in [
            "{\"ssn\":\"X\"",
            "{\"ssn\":X}",
            "[\"X\"",
            "{\"ssn\":\"X\",\"SSN\":\"X\"}",
            "\"X\"",
            "{\"ssn\":\"X\"}}",
            "{\"ssn\":\"\\uX\"}",
        ] {
            let body = broken.replace('X', &c());
            for (method, path) in [
                ("PATCH", T1),
                ("PUT", T1),
                ("DELETE", T1),
                ("PUT", "/transcripts/Acme/Acme-Sales/n2?folder=Inbound"),
                ("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound&atomic=true"),
                ("POST", "/search/Acme/Acme-Sales"),
                ("POST", "/config/Acme/Acme-Sales/Inbound"),
                ("POST", "/tokens"),
                ("POST", "/backup"),
            ] {
                // Only in metadata is it a field: elsewhere it is a key like any other.
                if broken.contains("SSN") && !path.starts_with("/metadata") {
                    continue;
                }
                // What is no JSON object at all may be called by its kind, never by its text.
                self.send(method, path, JSON, Some(body.clone()), 0);
            }
        }
    }

    /// Conditions, patterns, order and figures of personal fields.
    fn searches(&mut self) {
        let known: Value = self.server.get(T1).ok(200);
        let ssn = known["ssn"].as_str().unwrap().to_owned();
        for (query, status) in [
            ("q=ssn:K", 200),
            ("terms.ssn=K&output=details", 200),
            ("q=ssn:K&output=zip&zipfiles=text", 200),
            ("q=ssn:K&format=csv", 200),
            ("output=details", 200),
            ("output=zip", 200),
            ("format=csv&fields=meta", 200),
            ("q=ssn:*", 200),
            ("moments=3&q=hello", 200),
            ("output=count&q=ssn:K", 200),
            ("q=ssn:X*", 403),
            ("q=ssn:*X*", 403),
            ("q=ssn:%2FX.*%2F", 403),
            ("q=ssn:X~1", 403),
            ("q=ssn:%22X%22~1", 403),
            ("q=ssn:%5BX%20TO%20*%5D", 403),
            ("q=pin:%3E1", 403),
            ("q=born:%5B2000%20TO%20*%5D", 403),
            ("q=memo:X*", 403),
            ("q=-ssn:X*", 403),
            ("sort=ssn", 403),
            ("facets=ssn:5:X*", 403),
            ("stats=ssn", 403),
            ("q=ssn:X*&explain=t1", 403),
            ("q=pin:X", 400),
            ("q=born:X", 400),
            ("q=yes:X", 400),
            ("q=ref:X", 400),
            ("terms.pin=X", 400),
            ("terms.born=X", 400),
            ("q=pin:X&explain=t1", 400),
            ("q=mood:X", 200),
            ("histogram=pin:1", 403),
        ] {
            let path = format!("/search/Acme/Acme-Sales?{}", query.replace('K', &ssn).replace('X', &plant()));
            let answer = self.send("GET", &path, &[], None, status);
            if query.contains('K') && query.contains("count") {
                assert_eq!(answer.json()["count"], 1, "a value that one knows is found");
            }
        }
        for body in ["{\"q\":\"pin:X\"}", "{\"terms.pin\":[\"X\"]}", "{\"q\":\"ssn:X*\"}", "{\"q\":\"ssn:X"] {
            self.send("POST", "/search/Acme/Acme-Sales", &[], Some(body.replace('X', &plant())), 0);
        }
    }

    /// Tokens that open something, that do not and that no longer do, in every place a client puts them.
    fn tokens(&mut self) -> Vec<String> {
        let made = self.server.post("/tokens", &json!({"name": "gone", "rights": ["read"]})).ok(201);
        let gone = made["token"].as_str().unwrap().to_owned();
        self.server.delete(&format!("/tokens/{}", made["id"].as_str().unwrap()));
        let all = vec![self.server.token.clone(), self.plain.clone(), gone, format!("ln_{}", plant()), plant()];
        for token in &all {
            let bearer = format!("Bearer {token}");
            for path in
                ["/list", T1, "/nowhere", "/search/Acme/Acme-Sales?q=%22", "/livez", "/metrics", "/search/Acme?nope=1"]
            {
                let joint = if path.contains('?') { '&' } else { '?' };
                let in_query = format!("{path}{joint}token={token}");
                let quiet = path == T1;
                for (path, headers) in [
                    (path, vec![("Authorization", bearer.as_str()), ("Idempotency-Key", token)]),
                    (&in_query, vec![("Accept", "application/json")]),
                    (&in_query, vec![("Authorization", bearer.as_str())]),
                    (path, vec![("Authorization", token.as_str())]),
                ] {
                    let answer = self.server.send("GET", path, &headers, None);
                    if !(quiet && answer.status == 200) {
                        self.keep(format!("GET {path}"), &answer);
                    }
                }
            }
            for (method, kind, body) in [
                ("POST", "application/x-www-form-urlencoded", format!("token={token}&file=x")),
                ("PATCH", "application/json", format!("{{\"token\":\"{token}\"")),
                (
                    "POST",
                    "multipart/form-data; boundary=b",
                    format!("--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--b--\r\n"),
                ),
            ] {
                for path in ["/transcribe/Acme-Sales/Inbound", "/tokens", T1] {
                    let answer = self.server.send(method, path, &[("Content-Type", kind)], Some(body.as_bytes()));
                    self.keep(format!("{method} {path}"), &answer);
                }
            }
        }
        let key = plant();
        for body in [r#"{"queue":"k"}"#, r#"{"queue":"l"}"#, "{"] {
            self.send("PATCH", T1, &[("Idempotency-Key", &key)], Some(body.to_owned()), 0);
        }
        self.send("PATCH", T1, &[("Idempotency-Key", &plant().repeat(40))], Some("{}".to_owned()), 400);
        self.send("PATCH", T1, &[("If-Match", &plant())], Some("{}".to_owned()), 0);
        self.send("GET", "/search/Acme/Acme-Sales?sort=x", &[("Cookie", &plant()), ("X-Request-Id", "a b")], None, 400);
        all
    }
}

fn look(format: &str, level: &str) {
    let mut house = House::furnish(&[("LINERNOTES_LOG__FORMAT", format), ("LINERNOTES_LOG__LEVEL", level)]);
    house.misfits();
    house.server.settle();
    house.searches();
    let tokens = house.tokens();
    let metrics = house.server.get("/metrics").text();
    house.said.push(("/metrics".to_owned(), metrics));
    let config = house.server.command(&["config", "show"]);
    house.said.push(("config show".to_owned(), format!("{config:?}")));
    if let Ok(arguments) = std::fs::read(format!("/proc/{}/cmdline", house.server.pid())) {
        house.said.push(("process arguments".to_owned(), String::from_utf8_lossy(&arguments).into_owned()));
    }
    house.server.settle();
    assert_eq!(house.server.stop(), Some(0));
    let log = house.server.log();
    assert!(log.lines().count() > 300, "the log was written: {} lines", log.lines().count());
    for line in log.lines() {
        house.said.push(("log".to_owned(), line.to_owned()));
    }
    let own_words = |text: &str| text.contains(MARK) || tokens.iter().any(|token| text.contains(token));
    let found: Vec<String> = house
        .said
        .iter()
        .filter(|(_, text)| own_words(text))
        .map(|(asked, text)| format!("{asked}\n  {text}"))
        .collect();
    assert!(
        found.is_empty(),
        "{} of {} tell, the first:\n{}",
        found.len(),
        house.said.len(),
        found[..found.len().min(12)].join("\n")
    );
    eprintln!(
        "canaries ({format}, {level}): {} planted, {} texts looked through",
        PLANTED.load(Relaxed),
        house.said.len()
    );
}

#[test]
fn nothing_planted_is_found_in_json_logs_metrics_errors_and_exports() {
    look("json", "trace");
}

#[test]
fn nothing_planted_is_found_in_text_logs() {
    look("text", "trace");
}
