//! A server with the seven organisations, filled by `linernotes import`, and the records as they were.
use crate::collections::{COLLECTIONS, Collection};
use crate::support::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// The records of one organisation by id.
pub struct Imported {
    pub collection: &'static Collection,
    pub records: BTreeMap<String, Value>,
}

pub struct World {
    pub server: Server,
    pub all: Vec<Imported>,
}

impl World {
    /// Configures everything through `/config`, imports into the stopped folder and then into the running server.
    pub fn import(folder: &Path) -> Self {
        let mut server =
            Server::with(&[("LINERNOTES_COMPAT__VSPARK_NAMES", "false"), ("LINERNOTES_LOG__LEVEL", "warn")]);
        for collection in COLLECTIONS {
            configure(&server, collection);
        }
        assert_eq!(server.stop(), Some(0));
        let scratch = tempfile::tempdir().unwrap();
        let mut all: Vec<Imported> = COLLECTIONS
            .iter()
            .filter(|c| c.stopped)
            .map(|c| bring(&server, c, folder, scratch.path(), &["--data", server.data().to_str().unwrap()]))
            .collect();
        server.spawn();
        let url = format!("http://{}", server.addr);
        let running = COLLECTIONS.iter().filter(|c| !c.stopped);
        all.extend(running.map(|c| bring(&server, c, folder, scratch.path(), &["--url", &url])));
        server.settle();
        Self { server, all }
    }

    pub fn of(&self, org: &str) -> &Imported {
        self.all.iter().find(|i| i.collection.org == org).unwrap()
    }

    /// `GET /transcripts/…` equals what was imported, `tid` and `last_modified` aside; member order does not count.
    pub fn every_transcript_reads_as_imported(&self) {
        for Imported { collection, records } in &self.all {
            for (tid, record) in records {
                let path = format!("/transcripts/{}/{}/{}", collection.company, collection.org, encoded(tid));
                let mut seen = self.server.get(&path).ok(200);
                let members = seen.as_object_mut().unwrap();
                assert_eq!(members.remove("tid"), Some(json!(tid)));
                assert!(members.remove("last_modified").is_some_and(|at| at.is_string()), "{tid}");
                assert!(seen == *record, "{tid} does not read as it was imported");
            }
        }
    }
}

fn configure(server: &Server, collection: &Collection) {
    let Collection { company, org, folder, timezone, .. } = *collection;
    server.post("/config", &json!({company: {}})).ok(200);
    server.post(&format!("/config/{company}/orgs"), &json!({org: {"timezone": timezone}})).ok(200);
    let body = collection.configuration();
    let path = format!("/config/{company}/{org}/folders");
    server.post(&path, &json!({folder: body})).ok(200);
    let shown = server.get(&format!("/config/{company}/{org}/{folder}")).ok(200);
    let name = |field: &Value| field.get("name").unwrap_or(field).clone();
    let names: Vec<Value> = body["custom_meta"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(shown["custom_meta"], json!(names), "plain names in the order given: {shown}");
}

fn bring(server: &Server, collection: &'static Collection, data: &Path, scratch: &Path, place: &[&str]) -> Imported {
    let lines = collection.lines(data);
    let records: BTreeMap<String, Value> = lines
        .iter()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            (record["requestid"].as_str().unwrap().to_owned(), record)
        })
        .collect();
    let file = collection.write(&lines, scratch);
    let into = collection.into();
    let mut args = vec!["import", file.to_str().unwrap(), "--into", &into, "--id", "requestid", "--json"];
    args.extend_from_slice(place);
    let begun = Instant::now();
    let (code, out, err) = server.command(&args);
    assert_eq!(code, 0, "{into}: {out}{err}");
    let summary: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let summary = &summary["summary"];
    let expected = (json!(records.len()), json!(lines.len() - records.len()), json!(0));
    assert_eq!(
        (&summary["created"], &summary["replaced"], &summary["failed"]),
        (&expected.0, &expected.1, &expected.2)
    );
    eprintln!("{into}: {} records {} in {:.1} s", records.len(), place[0], begun.elapsed().as_secs_f64());
    Imported { collection, records }
}

/// Percent-encoded, every byte that is not a letter, a digit or `-_.~`.
pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Without percent-encoding.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
