//! Simultaneous edits: all answer 200, in one order, none lost (contract section 3).
use crate::support::Server;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn simultaneous_edits_of_one_transcript_all_stand() {
    let mut server = Server::acme();
    server.bring("R1", &json!({}), &[]).ok(201);
    let revisions: BTreeSet<u64> = std::thread::scope(|scope| {
        let server = &server;
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                scope.spawn(move || {
                    (0..25)
                        .map(|n| {
                            let answer = server.patch("/metadata/Acme/Acme-Sales/R1", &json!({format!("w{writer}n{n}"): n}));
                            assert_eq!(answer.status, 200, "{}", answer.text());
                            answer.header("etag").unwrap().trim_matches('"').parse().unwrap()
                        })
                        .collect::<Vec<u64>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert_eq!(revisions, (2..=401).collect(), "each edit has a revision of its own, without gaps");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/R1").ok(200).as_object().map(serde_json::Map::len), Some(400));
    server.stop_and_verify();
}

#[test]
fn edits_of_different_transcripts_share_commits() {
    let server = Server::acme();
    for n in 0..32 {
        server.bring(&format!("t{n}"), &json!({}), &[]).ok(201);
    }
    let commits = || -> f64 {
        let metrics = server.get("/metrics").text();
        let line = metrics.lines().find(|l| l.starts_with("linernotes_commits_total")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let before = commits();
    std::thread::scope(|scope| {
        for writer in 0..32 {
            let server = &server;
            scope.spawn(move || {
                for n in 0..20 {
                    server.patch(&format!("/metadata/Acme/Acme-Sales/t{writer}"), &json!({"queue": n})).ok(200);
                }
            });
        }
    });
    let made = commits() - before;
    assert!(made < 640.0, "640 edits took {made} commits");
}
