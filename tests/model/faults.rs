//! Stores that fail now and then: what was refused changed nothing, what was answered stands, the sinks catch up.
use crate::house::{House, PATIENCE, code, place, transcript};
use crate::invariants;
use crate::plain::Change;
use crate::random::Random;
use crate::sequence::read;
use linernotes::engine::types::EditOptions;
use linernotes::stores::error::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const KINDS: [Kind; 2] = [Kind::Unavailable, Kind::OutOfSpace];

async fn edit(house: &House, tid: &str, color: &str) -> &'static str {
    let change = Change::Flat(json!({"color": color}).as_object().unwrap().clone());
    let edit = read(&house.engine, &change).unwrap();
    code(&house.engine.edit(&house.owner, &place(tid), edit, EditOptions::default()).await)
}

async fn color(house: &House, tid: &str) -> (u64, Value) {
    let view = house.engine.read_metadata(&house.owner, &place(tid)).await.unwrap();
    let metadata: Value = serde_json::from_str(&view.metadata).unwrap();
    (view.revision.0, metadata["color"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_whose_commit_fails_changes_nothing_and_the_next_one_stands() {
    for kind in KINDS {
        let house = House::furnished().await;
        house.put("t", Some("A"), None, &transcript("x", None)).await.unwrap();
        house.quiet().await;
        house.faults.fail("database.commit", 0, 1, kind);
        assert_eq!(edit(&house, "t", "red").await, "store");
        assert_eq!(color(&house, "t").await, (1, Value::Null));
        assert_eq!(edit(&house, "t", "teal").await, "ok");
        house.quiet().await;
        assert_eq!(color(&house, "t").await, (2, json!("teal")));
        invariants::quiet_means_level(&house.stores);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transcript_refused_leaves_no_staged_body() {
    for (call, kind) in [("archive.stage", Kind::OutOfSpace), ("database.commit", Kind::Unavailable)] {
        let house = House::furnished().await;
        house.quiet().await;
        house.faults.fail(call, 0, 1, kind);
        let refused = house.put("t", Some("A"), None, &transcript("x", None)).await;
        assert_eq!(code(&refused), "store", "{call}");
        assert_eq!(invariants::staged(&house.stores), [], "{call}");
        assert!(house.engine.read_metadata(&house.owner, &place("t")).await.is_err());
        assert_eq!(house.put("t", Some("A"), None, &transcript("x", None)).await.unwrap().revision.0, 1);
        house.quiet().await;
        invariants::quiet_means_level(&house.stores);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_staged_body_that_could_not_be_discarded_is_swept_at_the_next_start() {
    let mut house = House::furnished().await;
    house.faults.fail("archive.discard", 0, 1, Kind::Unavailable);
    house.faults.fail("archive.stage", 0, 1, Kind::Unavailable);
    house.put("t", Some("A"), None, &transcript("x", None)).await.unwrap_err();
    house.faults.fail("archive.discard", 0, 1, Kind::Unavailable);
    house.faults.fail("database.commit", 0, 1, Kind::Unavailable);
    house.put("t", Some("A"), None, &transcript("x", None)).await.unwrap_err();
    assert_eq!(invariants::staged(&house.stores).len(), 1);
    house.crash().await;
    assert_eq!(invariants::staged(&house.stores), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_did_not_get_its_name_is_read_replaced_and_archived() {
    let house = House::furnished().await;
    house.faults.fail("archive.publish", 0, 3, Kind::Unavailable);
    for word in ["one", "two", "three"] {
        house.put("t", Some("A"), None, &transcript(word, None)).await.unwrap();
        let view = house.engine.read_transcript(&house.owner, &place("t")).await.unwrap();
        assert!(view.json.contains(word), "{}", view.json);
    }
    house.quiet().await;
    invariants::quiet_means_level(&house.stores);
    invariants::archive_holds(&house.stores, &place("t"), 3, &json!({}), "three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_a_sink_sets_nothing_aside_and_is_caught_up_with() {
    for call in ["index.apply", "archive.put_metadata", "database.load_some"] {
        let house = House::furnished().await;
        house.faults.fail(call, 0, 14, Kind::OutOfSpace);
        for n in 0..8 {
            house.put(&format!("t{n}"), Some("A"), None, &transcript("x", None)).await.unwrap();
            assert_eq!(edit(&house, &format!("t{n}"), "teal").await, "ok");
        }
        house.quiet().await;
        invariants::quiet_means_level(&house.stores);
        assert_eq!(house.find("x").await.unwrap().len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_transcript_that_cannot_be_pushed_is_set_aside_and_blocks_nobody() {
    let house = House::furnished().await;
    house.put("lost", Some("A"), None, &transcript("x", None)).await.unwrap();
    house.quiet().await;
    let mut house = house;
    // Its body is gone, and so is the index: it cannot be made anew for this one.
    house.stores.archive.erase(&[place("lost")]).unwrap();
    house.lose_index();
    house.restart().await;
    for n in 0..5 {
        house.put(&format!("t{n}"), Some("A"), None, &transcript("x", None)).await.unwrap();
    }
    assert!(house.engine.level(PATIENCE).await);
    assert_eq!(house.engine.figures().quarantined, 1);
    assert_eq!(house.find("x").await.unwrap().len(), 5, "searches are answered again");
    assert!(house.engine.drain(PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_while_the_index_fails_takes_no_longer_than_its_patience_and_loses_nothing() {
    let mut house = House::furnished().await;
    house.quiet().await;
    house.faults.fail("index.apply", 0, usize::MAX, Kind::Unavailable);
    house.put("t", Some("A"), None, &transcript("x", Some(&json!({"color": "teal"})))).await.unwrap();
    house.configure("Acme/Acme-Sales/folders", r#"{"A":{"custom_meta":["color"]}}"#).await.unwrap();
    house.put("u", Some("A"), None, &transcript("x", None)).await.unwrap();
    house.engine.erase(&house.owner, &place("u"), Default::default()).await.unwrap();
    let begun = std::time::Instant::now();
    assert!(!house.engine.drain(Duration::from_millis(50)).await);
    assert!(begun.elapsed() < Duration::from_secs(20), "the end took {:?}", begun.elapsed());
    house.crash().await;
    house.quiet().await;
    assert_eq!(house.find("color:teal").await.unwrap().len(), 1);
    invariants::quiet_means_level(&house.stores);
}

/// Calls of all kinds fail at random: answers decide what must be there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_of_failures_every_answer_keeps_its_word() {
    for seed in crate::seeds(6) {
        let mut house = House::furnished().await;
        let mut random = Random(seed);
        // What may stand: revision and colour of each transcript.
        let mut stands: BTreeMap<String, (u64, Value)> = BTreeMap::new();
        for round in 0..3 {
            house.faults.storm(seed * 10 + round, 12);
            for count in 0..40 {
                let tid = format!("t{}", random.below(5));
                let now = format!("c{round}-{count}");
                let known = stands.get(&tid).map_or(0, |(revision, _)| *revision);
                if known == 0 || random.once_in(4) {
                    let text = transcript(&now, Some(&json!({"color": now})));
                    if house.put(&tid, Some("A"), None, &text).await.is_ok() {
                        stands.insert(tid, (known + 1, json!(now)));
                    }
                } else if edit(&house, &tid, &now).await == "ok" {
                    stands.insert(tid, (known + 1, json!(now)));
                }
            }
            assert!(house.faults.failed() > 0);
            house.faults.calm();
            // A start sweeps refused bodies that could not be discarded.
            if random.once_in(2) {
                house.crash().await;
            } else {
                house.restart().await;
            }
            house.quiet().await;
            invariants::quiet_means_level(&house.stores);
            for (tid, (revision, last)) in &stands {
                assert_eq!(color(&house, tid).await, (*revision, last.clone()), "seed {seed}: {tid}");
            }
            assert_eq!(invariants::rows(&house.stores).len(), stands.len());
        }
        assert_eq!(house.engine.verify(true).await.unwrap().differences, [], "seed {seed}");
        assert!(house.engine.drain(PATIENCE).await);
    }
}
