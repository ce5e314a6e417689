//! The 28 odd real records: everything survives as it came (see `tests/fixtures/README.md` for sources and licences).
use crate::support::Server;
use serde_json::{Value, json};

const ODD: &str = include_str!("../fixtures/odd-cases.ndjson");

fn records() -> Vec<Value> {
    ODD.lines().filter(|l| !l.trim().is_empty()).map(|l| serde_json::from_str(l).expect("a fixture is JSON")).collect()
}

fn server() -> Server {
    let server = Server::with(&[("LINERNOTES_COMPAT__VSPARK_NAMES", "false")]);
    server.make_acme();
    server.post("/config/Acme/Acme-Sales/Inbound", &json!({"on_mismatch": "store", "custom_meta": [
        {"name": "bank_balance.PIN", "type": "varchar"}, {"name": "DialogueID", "type": "number"}, {"name": "date", "type": "datetime"},
        {"name": "tags", "type": "varchar"}, {"name": "File Length (seconds)", "type": "number"}, {"name": "note", "type": "text"},
        {"name": "...find you a suitable ride?", "type": "boolean"}, {"name": "scenario_id", "type": "varchar"}, {"name": "name", "type": "varchar"}]})).ok(200);
    server
}

#[test]
fn every_odd_record_comes_back_as_it_was() {
    let mut server = server();
    let answer = server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound&id=requestid", &[], Some(ODD.as_bytes()));
    let verdicts: Vec<Value> = answer.text().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let failed: Vec<_> = verdicts.iter().filter(|v| v["status"] == "failed").collect();
    assert!(failed.is_empty(), "{failed:?}");
    for record in records() {
        let tid = record["requestid"].as_str().unwrap();
        let mut seen = server.get(&format!("/transcripts/Acme/Acme-Sales/{tid}")).ok(200);
        let members = seen.as_object_mut().unwrap();
        members.remove("tid");
        members.remove("last_modified");
        assert_eq!(seen, record, "{tid}");
    }
    let distinct: std::collections::HashSet<String> = records().iter().map(|r| r["requestid"].to_string()).collect();
    assert_eq!(server.find("size=0")["total"], distinct.len());
    server.stop_and_verify();
}

#[test]
fn odd_values_are_found() {
    let server = server();
    server.request("POST", "/transcripts/Acme/Acme-Sales?folder=Inbound&id=requestid", &[], Some(ODD.as_bytes()));
    let has = |query: &str, tid: &str| assert!(server.ids(query).iter().any(|t| t == tid), "{query} finds {tid}");
    let chinese = records().into_iter().find(|r| r["requestid"].as_str().unwrap().ends_with("accumulators.zh")).unwrap();
    let text = chinese["utterances"].as_array().unwrap().iter().filter_map(|u| u["text"].as_str()).collect::<String>();
    let run: Vec<char> = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
    let word = text.char_indices().find_map(|(at, c)| {
        let two: Vec<char> = text[at..].chars().take(2).collect();
        (run.contains(&c) && two.len() == 2 && two.iter().all(|c| ('\u{4e00}'..='\u{9fff}').contains(c))).then(|| two.into_iter().collect::<String>())
    });
    let encoded: String = word.unwrap().bytes().map(|b| format!("%{b:02X}")).collect();
    has(&format!("q={encoded}"), chinese["requestid"].as_str().unwrap());
    let leading_zero = records().into_iter().find(|r| r["requestid"] == "star-3829").unwrap();
    if let Some(pin) = leading_zero["client_data"]["bank_balance.PIN"].as_str() {
        has(&format!("q=%22bank_balance.PIN%22:%22{pin}%22"), "star-3829");
    }
}
