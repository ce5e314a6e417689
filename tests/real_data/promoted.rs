//! Each collection as somebody brings it who has configured nothing: names are looked at, promoted, typed by retype, asked.
//! Every number is compared with a count of our own over the raw files, which uses nothing of the product.
use crate::collections::{COLLECTIONS, Collection};
use crate::support::Server;
use crate::world::encoded;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Fields of a collection that are retyped, those with the most values first.
const RETYPED: usize = 4;
/// Names that no field may have.
const RESERVED: &str = "_all,_id,agent,agent id,agent_v3,agentid,all,app_data,asr,audio_duration,audio_properties,\
    audiosecs,call_tag,caller,caller_v3,client,client_data,confidence,datetime,diarization_score,doc id,donedate,duration,\
    ended,file,filenamelowercase,gender,jm_version,model,nchannels,nsubs,performance_stats,recvdate,recvtz,request id,\
    requestid,sentiment,sentiment_scores,source,speakers,started,streamtags,tag,tid,transcript id,utterances,last_modified,\
    filename,folder,score,speaker,revision";

type Records = BTreeMap<String, Map<String, Value>>;

/// How a value stands to a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// It is none.
    Blank,
    Fit,
    Coerced,
    Misfit,
}

pub fn collections_are_typed_after_the_import(data: &Path) {
    let server = Server::with(&[("LINERNOTES_COMPAT__VSPARK_NAMES", "false"), ("LINERNOTES_LOG__LEVEL", "warn")]);
    let scratch = tempfile::tempdir().unwrap();
    for collection in COLLECTIONS {
        let begun = std::time::Instant::now();
        one(&server, collection, data, scratch.path());
        eprintln!("{}: looked at, promoted and typed in {:.1} s", collection.into(), begun.elapsed().as_secs_f64());
    }
    let mut server = server;
    server.stop_and_verify();
}

fn one(server: &Server, collection: &Collection, data: &Path, scratch: &Path) {
    let lines = collection.lines(data);
    let mut records = Records::new();
    for line in &lines {
        let record: Value = serde_json::from_str(line).unwrap();
        let held = record["client_data"].as_object().cloned().unwrap_or_default();
        records.insert(record["requestid"].as_str().unwrap().to_owned(), held);
    }
    let file = collection.write(&lines, scratch);
    let (into, url) = (collection.into(), format!("http://{}", server.addr));
    let import = ["import", file.to_str().unwrap(), "--into", &into, "--id", "requestid", "--create", "--url", &url];
    let (code, _, words) = server.command(&import);
    assert_eq!(code, 0, "{into}: {words}");
    let counted = names_are_told_as_they_stand(server, collection, &records);
    // Everything as plain values first, as V-Spark has it.
    let fields: Vec<Value> = counted.iter().map(|(name, _)| json!({"name": name, "type": "varchar"})).collect();
    let path = format!("/config/{into}/unconfigured");
    let promoted = server.post(&path, &json!({"fields": fields})).ok(200);
    assert_eq!(promoted["promoted"].as_array().unwrap().len(), fields.len(), "{into}");
    settled(server, collection);
    let told = server.get(&path).ok(200);
    let left = told["fields"].as_array().unwrap();
    assert!(left.iter().all(|own| own["type"].is_null() || !may_be_a_name(own["name"].as_str().unwrap())), "{told}");
    // Of each type the field with the most values first, then others.
    let of_type = |kind: &'static str| counted.iter().filter(move |(_, own)| own == kind);
    let kinds = ["number", "boolean", "datetime", "uuid", "link"];
    let first = kinds.into_iter().filter_map(|kind| of_type(kind).next());
    let rest = kinds.into_iter().flat_map(|kind| of_type(kind).skip(1));
    let typed: Vec<&(String, Value)> = first.chain(rest).take(RETYPED).collect();
    for (name, kind) in &typed {
        for kind in ["number", "boolean", "datetime"].into_iter().filter(|own| own != kind).take(1) {
            previewed(server, collection, &records, (name, kind));
        }
        let wanted = previewed(server, collection, &records, (name, kind.as_str().unwrap()));
        retyped(server, collection, &records, (name, kind.as_str().unwrap()), wanted);
    }
    // Those where some values fit and others do not: the latter stay in the archive.
    for kind in ["number", "datetime", "boolean"] {
        let mixed = |name: &str| {
            let all: Vec<Stands> = values(&records, name).iter().map(|(_, value)| stands(kind, value)).collect();
            all.contains(&Stands::Misfit) && all.iter().any(|own| matches!(own, Stands::Fit | Stands::Coerced))
        };
        if let Some((name, _)) = counted.iter().find(|(name, own)| own == "varchar" && mixed(name)) {
            let wanted = previewed(server, collection, &records, (name, kind));
            retyped(server, collection, &records, (name, kind), wanted);
        }
    }
    // One that stays as it is: its facets.
    let state = |name: &str| server.get(&field(collection, name)).ok(200)["type"].clone();
    if let Some((name, _)) = counted.iter().find(|(name, kind)| kind == "varchar" && state(name) == "varchar") {
        facets(server, collection, &records, name);
    }
}

/// Names that can be configured, as our list and our counts have them: the name, and the type the product suggests.
fn names_are_told_as_they_stand(server: &Server, collection: &Collection, records: &Records) -> Vec<(String, Value)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for record in records.values() {
        let mut own: Vec<String> = record.keys().map(|name| name.to_lowercase()).collect();
        own.sort();
        own.dedup();
        own.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
    }
    counts.retain(|name, _| !RESERVED.split(',').any(|reserved| reserved.trim() == name));
    let told = server.get(&format!("/config/{}/unconfigured?sample=all", collection.into())).ok(200);
    assert_eq!((&told["transcripts"], &told["complete"]), (&json!(records.len()), &json!(true)));
    let fields = told["fields"].as_array().unwrap();
    let seen: BTreeMap<String, u64> = fields
        .iter()
        .map(|f| (f["name"].as_str().unwrap().to_lowercase(), f["transcripts"].as_u64().unwrap()))
        .collect();
    assert_eq!(seen, counts, "{}", collection.into());
    let org = server.get(&format!("/config/{}/{}/unconfigured?sample=all", collection.company, collection.org)).ok(200);
    assert_eq!(org["fields"].as_array().unwrap().len(), fields.len());
    assert_eq!(org["fields"][0]["folders"][collection.folder], org["fields"][0]["transcripts"]);
    let mut all = Vec::new();
    for field in fields {
        let (name, kind) = (field["name"].as_str().unwrap(), &field["type"]);
        // What is suggested takes every value.
        if let Some(kind) =
            kind.as_str().filter(|kind| ["number", "boolean", "datetime", "uuid", "link"].contains(kind))
        {
            for (tid, value) in values(records, name) {
                assert_ne!(stands(kind, value), Stands::Misfit, "{tid}: {name} {value} is said to be {kind}");
            }
        }
        if !kind.is_null() && may_be_a_name(name) {
            all.push((name.to_owned(), kind.clone()));
        }
    }
    all
}

fn may_be_a_name(name: &str) -> bool {
    name.trim() == name && (1..=256).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

fn values<'r>(records: &'r Records, name: &str) -> Vec<(&'r str, &'r Value)> {
    let folded = name.to_lowercase();
    let of = |record: &'r Map<String, Value>| record.iter().find(|(own, _)| own.to_lowercase() == folded);
    records.iter().filter_map(|(tid, record)| Some((tid.as_str(), of(record)?.1))).collect()
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn stands(kind: &str, value: &Value) -> Stands {
    let each: Vec<Stands> =
        elements(value).iter().map(|own| alone(kind, own)).filter(|own| *own != Stands::Blank).collect();
    match () {
        () if each.is_empty() => Stands::Blank,
        () if each.contains(&Stands::Misfit) => Stands::Misfit,
        () if each.contains(&Stands::Coerced) => Stands::Coerced,
        () => Stands::Fit,
    }
}

fn alone(kind: &str, value: &Value) -> Stands {
    let text = match value {
        Value::Null => return Stands::Blank,
        Value::String(text) if text.trim().is_empty() => return Stands::Blank,
        Value::String(text) => text.trim(),
        Value::Number(_) if kind == "number" => return Stands::Fit,
        Value::Bool(_) if kind == "boolean" => return Stands::Fit,
        _ => return Stands::Misfit,
    };
    let (fits, native) = match kind {
        "number" => (number(text).is_some(), false),
        "boolean" => (["true", "false"].contains(&text.to_lowercase().as_str()), false),
        "uuid" => (is_uuid(text), true),
        "link" => (text.starts_with("http://") || text.starts_with("https://"), true),
        _ => (is_moment(text), true),
    };
    match (fits, native) {
        (false, _) => Stands::Misfit,
        (true, true) => Stands::Fit,
        (true, false) => Stands::Coerced,
    }
}

fn number(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    // A code such as 0314 is none: its zero would be lost.
    let digits = text.trim_start_matches('-').as_bytes();
    if digits.first() == Some(&b'0') && digits.get(1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    text.parse().ok().filter(|_| text.chars().all(plain) && text.contains(|c: char| c.is_ascii_digit()))
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    (lengths == [8, 4, 4, 4, 12] || lengths == [32]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// `YYYY-MM-DD`, alone or with a time.
fn is_moment(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|own| own.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(5, 7), part(8, 10)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let date = text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-'
        && (1..=12).contains(&month)
        && (1..=days[month as usize - 1]).contains(&day);
    date && (text.len() == 10
        || (matches!(text.as_bytes()[10], b' ' | b'T') && part(11, 13).is_some_and(|hour| hour < 24)))
}

/// Asks what a retype would come to and compares it: how many values would fit.
fn previewed(server: &Server, collection: &Collection, records: &Records, (name, kind): (&str, &str)) -> u64 {
    let mut wanted = [0_u64; 3];
    for (_, value) in values(records, name) {
        match stands(kind, value) {
            Stands::Blank => {}
            Stands::Fit => wanted[0] += 1,
            Stands::Coerced => wanted[1] += 1,
            Stands::Misfit => wanted[2] += 1,
        }
    }
    let told = server.post(&format!("{}?dry_run=true", field(collection, name)), &json!({"type": kind})).ok(200);
    let told_counts = ["fit", "coerced", "misfit"].map(|count| told[count].as_u64().unwrap());
    assert_eq!(told_counts, wanted, "{} {name:?} as {kind}: {}", collection.into(), told["samples"]);
    for (count, which) in told_counts.iter().zip(["fit", "coerced", "misfit"]) {
        let samples = told["samples"][which].as_array().unwrap();
        assert_eq!(samples.len() as u64, (*count).min(10), "{told}");
        assert!(samples.iter().all(|own| records.contains_key(own["tid"].as_str().unwrap())), "{told}");
    }
    eprintln!("{} {name:?} as {kind}: {wanted:?} fit, fit after coercion, do not", collection.into());
    wanted[0] + wanted[1]
}

fn field(collection: &Collection, name: &str) -> String {
    format!("/config/{}/{}/fields/{}", collection.company, collection.org, encoded(name))
}

/// Waits until nothing runs in the folder.
fn settled(server: &Server, collection: &Collection) {
    let begun = std::time::Instant::now();
    while server.get(&format!("/config/{}", collection.into())).ok(200)["status"] != "OK" {
        assert!(begun.elapsed().as_secs() < 300, "{}", server.log());
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    server.settle();
}

fn count(server: &Server, collection: &Collection, q: &str) -> u64 {
    let path = format!("/search/{}/{}", collection.company, collection.org);
    server.post(&path, &json!({"q": q, "output": "count"})).ok(200)["count"].as_u64().unwrap()
}

/// Retypes and asks: how many have a value, one of them, a part of them.
fn retyped(server: &Server, collection: &Collection, records: &Records, (name, kind): (&str, &str), wanted: u64) {
    server.post(&field(collection, name), &json!({"type": kind})).ok(200);
    settled(server, collection);
    let state = server.get(&field(collection, name)).ok(200);
    assert_eq!((&state["type"], &state["state"]), (&json!(kind), &json!("ok")));
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    let about = format!("{} {name:?} as {kind}", collection.into());
    assert_eq!(count(server, collection, &format!("{quoted}:*")), wanted, "{about}");
    let held: Vec<&Value> = values(records, name)
        .into_iter()
        .map(|(_, value)| value)
        .filter(|value| matches!(stands(kind, value), Stands::Fit | Stands::Coerced))
        .collect();
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_lowercase());
    let having = |test: &dyn Fn(&str) -> bool| {
        held.iter()
            .filter(|value| elements(value).iter().any(|own| alone(kind, own) != Stands::Blank && test(&plain(own))))
            .count() as u64
    };
    let Some(some) =
        held.get(held.len() / 2).and_then(|value| elements(value).iter().find(|own| alone(kind, own) != Stands::Blank))
    else {
        return;
    };
    let some = plain(some);
    if kind == "uuid" || kind == "link" {
        let equal = having(&|own| own == some);
        assert_eq!(count(server, collection, &format!("{quoted}:\"{some}\"")), equal, "{about}: {some}");
        return;
    }
    if kind == "datetime" {
        // A day is the whole day; a date as written compares as text does.
        let day = &some[..10];
        let (equal, from) = (having(&|own| own.starts_with(day)), having(&|own| own >= day));
        assert_eq!(count(server, collection, &format!("{quoted}:{day}")), equal, "{about}: on {day}");
        assert_eq!(count(server, collection, &format!("{quoted}:[{day} TO *]")), from, "{about}: from {day}");
        return;
    }
    if kind == "boolean" {
        let answer = faceted(server, collection, &quoted);
        for word in ["true", "false"] {
            let own = having(&|text| text == word);
            assert_eq!(count(server, collection, &format!("{quoted}:{word}")), own, "{about}: {word}");
            assert_eq!(answer.get(word).copied().unwrap_or(0), own, "{about}: {answer:?}");
        }
        return;
    }
    let read = |text: &str| number(text).unwrap();
    let middle = read(&some);
    let equal = having(&|text| read(text) == middle);
    assert_eq!(count(server, collection, &format!("{quoted}:{some}")), equal, "{about}: {some}");
    assert_eq!(
        count(server, collection, &format!("{quoted}:[{some} TO *]")),
        having(&|t| read(t) >= middle),
        "{about}"
    );
    assert_eq!(count(server, collection, &format!("{quoted}:<{some}")), having(&|t| read(t) < middle), "{about}");
    let all: Vec<f64> = held
        .iter()
        .flat_map(|value| elements(value))
        .filter(|own| alone(kind, own) != Stands::Blank)
        .map(|own| read(&plain(own)))
        .collect();
    let path = format!("/search/{}/{}", collection.company, collection.org);
    let stats = server.post(&path, &json!({"stats": [quoted], "size": 0})).ok(200);
    let own = stats["stats"].as_object().unwrap().values().next().unwrap().clone();
    let (least, most) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(*n), b.max(*n)));
    assert_eq!((own["min"].as_f64(), own["max"].as_f64()), (Some(least), Some(most)), "{about}: {own}");
    let sum: f64 = all.iter().sum();
    assert!((own["sum"].as_f64().unwrap() - sum).abs() <= sum.abs() * 1e-9, "{about}: {own} {sum}");
}

/// Facets of a field: counts by value, in lower case.
fn faceted(server: &Server, collection: &Collection, quoted: &str) -> BTreeMap<String, u64> {
    let path = format!("/search/{}/{}", collection.company, collection.org);
    let answer = server.post(&path, &json!({"facets": [format!("{quoted}:1000")], "size": 0})).ok(200);
    let lines = answer["facets"].as_object().unwrap().values().next().unwrap().as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
    lines.iter().map(|line| (text(&line["value"]), line["count"].as_u64().unwrap())).collect()
}

fn facets(server: &Server, collection: &Collection, records: &Records, name: &str) {
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for (_, value) in values(records, name) {
        // A list counts when each of its elements does.
        if elements(value).iter().any(|own| own.is_object() || own.is_array()) {
            continue;
        }
        let text = |own: &Value| own.as_str().map_or_else(|| own.to_string(), |text| text.trim().to_lowercase());
        let mut own: Vec<String> =
            elements(value).iter().filter(|own| !own.is_null()).map(text).filter(|text| !text.is_empty()).collect();
        own.sort();
        own.dedup();
        own.into_iter().for_each(|text| *wanted.entry(text).or_default() += 1);
    }
    let told: BTreeMap<String, u64> =
        faceted(server, collection, &quoted).into_iter().map(|(text, count)| (text.trim().to_owned(), count)).collect();
    if wanted.len() <= 1_000 {
        assert_eq!(told, wanted, "{} {name:?}", collection.into());
    }
}
