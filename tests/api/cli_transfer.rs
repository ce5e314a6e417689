//! `export` in every form and `import` of it again; zips, folders and tables that others made.
use crate::support::Server;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const INTO: &str = "Acme/Acme-Sales/Inbound";

fn beside(server: &Server, name: &str) -> PathBuf {
    server.data().parent().unwrap().join(name)
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Twelve transcripts, some with odd ids, values and bodies.
fn filled() -> Server {
    let server = Server::acme();
    for n in 0..10 {
        let metadata = json!({"queue": if n % 2 == 0 { "billing" } else { "sales" }, "hold_time": n, "agentid": "A7", "free": [n, null]});
        server.bring(&format!("T{n}"), &metadata, &[("agent", "hello there"), ("client", "good morning")]).ok(201);
    }
    server
        .bring("odd%20%3F%25.%C3%A9", &json!({"queue": "-x", "note": "two\nlines, \"quoted\""}), &[("agent", "odd")])
        .ok(201);
    let body = b"{\n \"utterances\": [],\n \"tid\": \"lines\",\n \"extra\": {\"k\": 1.10}\n}\n";
    let headers = [("Content-Type", "application/json")];
    server.request("PUT", "/transcripts/Acme/Acme-Sales/lines?folder=Inbound", &headers, Some(body)).ok(201);
    server.settle();
    server
}

/// All transcripts, less when they were written.
fn transcripts(server: &Server) -> Vec<Value> {
    let mut tids = server.ids("fields=tid&size=1000");
    tids.sort();
    let whole = |tid: &String| {
        let tid = percent_encoding::utf8_percent_encode(tid, percent_encoding::NON_ALPHANUMERIC);
        let mut whole = server.get(&format!("/transcripts/Acme/Acme-Sales/{tid}")).ok(200);
        whole.as_object_mut().unwrap().remove("last_modified");
        whole
    };
    tids.iter().map(whole).collect()
}

#[test]
fn what_is_exported_in_any_form_is_the_same_when_it_is_imported() {
    let mut server = filled();
    let wanted = transcripts(&server);
    assert_eq!(wanted.len(), 12);
    let url = format!("http://{}", server.addr);
    for (name, over_the_wire) in
        [("a.zip", true), ("a", true), ("a.ndjson", true), ("b.zip", false), ("b", false), ("b.ndjson.gz", false)]
    {
        let to = text(&beside(&server, name));
        if !over_the_wire {
            server.stop();
        }
        let data = text(&server.data());
        let place = if over_the_wire { ["--url", &url] } else { ["--data", &data] };
        let (code, out, words) =
            server.command(&[&["export", "--from", INTO, "--to", &to, "--json"], &place[..]].concat());
        assert_eq!(code, 0, "{name}: {words}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["summary"]["transcripts"], 12, "{name}");
        let mut other = Server::acme();
        other.stop();
        let place = text(&other.data());
        let (code, _, words) = other.command(&["import", &to, "--into", INTO, "--data", &place]);
        assert!(code == 0 && words.contains("12 new"), "{name}: {words}");
        other.spawn();
        assert_eq!(transcripts(&other), wanted, "{name}");
        other.stop_and_verify();
    }
}

#[test]
fn an_export_takes_what_a_query_finds_and_only_metadata_if_asked() {
    let server = filled();
    let url = format!("http://{}", server.addr);
    let from = ["export", "--from", "Acme/Acme-Sales", "--query", "queue:billing", "--url", &url];
    let (code, out, words) = server.command(&[&from[..], &["--to", "-"]].concat());
    assert!(code == 0 && out.lines().count() == 5, "{words}");
    assert!(out.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["client_data"]["queue"] == "billing"));
    let (_, out, _) = server.command(&[&from[..], &["--to", "-", "--metadata-only"]].concat());
    assert!(out.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["queue"] == "billing"), "{out}");
    let zip = text(&beside(&server, "x.zip"));
    assert_eq!(server.command(&[&from[..], &["--to", &zip, "--metadata-only"]].concat()).0, 2);
    let (code, _, words) = server.command(&["export", "--from", "Acme/None", "--to", &zip, "--url", &url]);
    assert!(code == 1 && words.contains("Acme/None") && !Path::new(&zip).exists(), "{words}");
}

#[test]
fn a_table_of_metadata_goes_out_and_comes_in_again() {
    let mut server = filled();
    let url = format!("http://{}", server.addr);
    let table = beside(&server, "m.csv");
    let to = text(&table);
    let (code, _, words) = server.command(&["export", "--from", INTO, "--to", &to, "--url", &url]);
    assert_eq!(code, 0, "{words}");
    let mut read = String::new();
    std::fs::File::open(&table).unwrap().read_to_string(&mut read).unwrap();
    assert!(read.lines().count() >= 13 && read.contains("\"two\nlines, \"\"quoted\"\"\""), "{read}");
    let import = |server: &Server, file: &str, more: &[&str], place: &[&str]| {
        server.command(&[&["import", file, "--metadata", "--into", INTO], more, place].concat())
    };
    // The second time nothing is new; `agentid` is left alone.
    let (code, _, words) = import(&server, &to, &[], &["--url", &url]);
    assert!(code == 0 && words.contains("agentid") && words.contains(" 0 failed"), "{words}");
    let (code, _, words) = import(&server, &to, &[], &["--url", &url]);
    assert!(code == 0 && words.contains("0 changed"), "{words}");
    // As lines values keep their types: these are the ones that are there.
    let before = transcripts(&server);
    let lines = text(&beside(&server, "m.ndjson"));
    let export = ["export", "--from", INTO, "--metadata-only", "--to", &lines, "--url", &url];
    assert_eq!(server.command(&export).0, 0);
    assert_eq!(import(&server, &lines, &[], &["--url", &url]).0, 0);
    let (code, _, words) = import(&server, &lines, &["--atomic"], &["--url", &url]);
    assert!(code == 0 && words.contains("0 changed"), "{words}");
    assert_eq!(transcripts(&server), before);
    let odd = beside(&server, "odd.csv");
    std::fs::write(&odd, "Call Id;hold_time;queue\nT1;7;new\nT2;long;new\nnone;1;new\n").unwrap();
    let odd = text(&odd);
    let map = ["--map", "Call Id:tid"];
    let (code, _, words) = import(&server, &odd, &[&map[..], &["--dry-run"]].concat(), &["--url", &url]);
    assert!(
        code == 1 && words.contains("row 2") && words.contains("type_mismatch") && words.contains("row 3"),
        "{words}"
    );
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["queue"], "sales");
    server.stop();
    let data = text(&server.data());
    let (code, out, _) = import(&server, &odd, &[&map[..], &["--json"]].concat(), &["--data", &data]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, &lines[0]["code"], &lines[0]["row"]), (1, &json!("type_mismatch"), &json!(2)), "{out}");
    assert_eq!(lines.last().unwrap()["summary"]["counts"], json!({"changed": 1, "unchanged": 0, "failed": 2}));
    assert_eq!(import(&server, &odd, &[], &["--data", &data]).0, 1, "a table without its key");
    assert_eq!(import(&server, "x.txt", &[], &["--data", &data]).0, 2);
    server.spawn();
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["queue"], "new");
    server.stop_and_verify();
}

#[test]
fn tables_come_packed_and_from_standard_input_too() {
    let mut server = filled();
    let url = format!("http://{}", server.addr);
    let pack = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let queue = |server: &Server| server.get("/metadata/Acme/Acme-Sales/T1").ok(200)["queue"].clone();
    let import = |server: &Server, file: &str, more: &[&str], input: &[u8]| {
        let place = ["--metadata", "--into", INTO, "--url", &url];
        server.command_reading(&[&["import", file], &place[..], more].concat(), input)
    };
    for (name, content) in [
        ("a.csv.gz", "Id,queue\nT1,one\n"),
        ("b.ndjson.gz", "{\"tid\":\"T1\",\"queue\":\"two\",\"folder\":\"x\"}\n"),
        ("c.json.gz", "[{\"tid\":\"T1\",\n\"queue\":\"three\"}]"),
    ] {
        let file = beside(&server, name);
        std::fs::write(&file, pack(content)).unwrap();
        let map: &[&str] = if name.contains("csv") { &["--map", "Id:tid"] } else { &[] };
        let (code, _, words) = import(&server, &text(&file), map, b"");
        assert!(code == 0 && words.contains("1 changed"), "{name}: {words}");
    }
    assert_eq!(queue(&server), "three");
    for (input, wanted) in [
        (b"tid;queue\nT1;four\n".to_vec(), "four"),
        (b"{\"tid\":\"T1\",\"queue\":\"five\"}\n{\"tid\":\"T2\",\"queue\":\"x\"}\n".to_vec(), "five"),
        (pack("tid,queue\nT1,six\n"), "six"),
    ] {
        let (code, _, words) = import(&server, "-", &[], &input);
        assert!(code == 0 && words.contains("standard input"), "{words}");
        assert_eq!(queue(&server), wanted);
    }
    let (code, out, _) = import(&server, "-", &["--json"], b"tid,queue\nnobody,x\n");
    let error: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!((code, &error["file"], &error["code"]), (1, &json!("standard input"), &json!("not_found")), "{out}");
    assert_eq!(import(&server, "-", &["--map", "a:tid"], b"{}").0, 2, "JSON has no columns");
    assert_eq!(import(&server, "-", &[], b"").0, 1, "nothing came");
    let unreadable = beside(&server, "d.csv.gz");
    std::fs::write(&unreadable, &pack("tid,queue\nT1,seven\n")[..20]).unwrap();
    let (code, _, words) = import(&server, &text(&unreadable), &[], b"");
    assert!(code == 1 && words.contains("d.csv.gz"), "{words}");
    server.stop_and_verify();
}

#[test]
fn zips_and_folders_as_v_spark_takes_them_are_imported_and_metadata_alone_updates() {
    for over_the_wire in [true, false] {
        let mut server = Server::acme();
        let folder = beside(&server, "calls");
        std::fs::create_dir(&folder).unwrap();
        let call = r#"{"utterances":[{"speaker":"agent","text":"hello"}]}"#;
        std::fs::write(folder.join("c1.json"), call).unwrap();
        std::fs::write(folder.join("c1.xml"), "<metadata><queue>billing</queue></metadata>").unwrap();
        let zip = beside(&server, "calls.zip");
        let mut writer = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
        let members =
            [("c2.json", call), ("c2.jsonmeta", r#"{"metadata":{"queue":"zipped"}}"#), ("c3.json", "no JSON")];
        for (name, content) in members {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        let later = beside(&server, "later");
        std::fs::create_dir(&later).unwrap();
        std::fs::write(later.join("c1.jsonmeta"), r#"{"metadata":{"queue":"later","agentid":"A9"}}"#).unwrap();
        std::fs::write(later.join("c2.xml"), "<metadata><direction>out</direction></metadata>").unwrap();
        std::fs::write(later.join("c9.jsonmeta"), r#"{"metadata":{"queue":"nobody"}}"#).unwrap();
        let url = format!("http://{}", server.addr);
        let data = text(&server.data());
        if !over_the_wire {
            server.stop();
        }
        let place = if over_the_wire { ["--url", &url] } else { ["--data", &data] };
        let import = |paths: &[&Path]| {
            let paths: Vec<String> = paths.iter().map(|path| text(path)).collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            server.command(&[&["import", "--into", INTO], &paths[..], &place].concat())
        };
        let (code, _, words) = import(&[&folder, &zip]);
        assert!(
            code == 1 && words.contains("2 new") && words.contains("calls.zip") && words.contains("c3.json"),
            "{words}"
        );
        let (code, _, words) = import(&[&folder, &zip]);
        assert!(code == 1 && words.contains("0 new, 2 replaced"), "the same names are the same transcripts: {words}");
        let (code, _, words) = import(&[&later]);
        assert!(code == 1 && words.contains("2 replaced") && words.contains("c9.jsonmeta"), "{words}");
        if !over_the_wire {
            server.spawn();
        }
        server.settle();
        let found = server.find("q=queue:later+agentid:A9");
        assert_eq!(found["total"], 1, "{found}");
        assert_eq!(server.find("q=queue:zipped+direction:out")["total"], 1);
        server.stop_and_verify();
    }
}
