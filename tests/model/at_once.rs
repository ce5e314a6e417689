//! Several clients at once on few transcripts, while folders change, back-fills run and transcripts move.
use crate::house::{House, PATIENCE, code, place, transcript};
use crate::invariants;
use crate::plain::{Change, Folder, Plain};
use crate::random::Random;
use crate::sequence::read;
use linernotes::engine::types::{EditOptions, MetadataMode, Wait};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const CLIENTS: usize = 6;
const EDITS: usize = 60;
const TIDS: [&str; 3] = ["t0", "t1", "t2"];

/// What one client saw of one transcript: revision → what it wrote.
type Seen = Vec<(&'static str, u64)>;

/// Every client writes names of its own, counting up, and one name that all share.
async fn client(house: Arc<House>, number: usize, seed: u64) -> Seen {
    let mut random = Random(seed * 1_000 + number as u64);
    let mut seen = Seen::new();
    for count in 0..EDITS {
        let tid = *random.pick(&TIDS);
        let place = place(tid);
        let all = json!({format!("own{number}{tid}"): count, "queue": format!("q{}", random.below(3))});
        let change = Change::Flat(all.as_object().unwrap().clone());
        let wait = *random.pick(&[Wait::Commit, Wait::Commit, Wait::Commit, Wait::Search, Wait::Archive]);
        let options = EditOptions { wait, timeout: PATIENCE, ..Default::default() };
        let edit = read(&house.engine, &change).unwrap();
        let answer = house.engine.edit(&house.owner, &place, edit, options).await.unwrap();
        assert_eq!(answer.pending, None);
        seen.push((tid, answer.view.revision.0));
        let now = house.engine.read_metadata(&house.owner, &place).await.unwrap();
        assert!(now.revision >= answer.view.revision, "a read went back");
        let mine: Value = serde_json::from_str(&now.metadata).unwrap();
        assert_eq!(mine[&format!("own{number}{tid}")], count, "an answered edit was lost");
    }
    seen
}

/// Moves transcripts between folders with new words, and reads them whole.
async fn mover(house: Arc<House>, seed: u64) -> Seen {
    let mut random = Random(seed * 77);
    let mut seen = Seen::new();
    for count in 0..EDITS / 2 {
        let tid = *random.pick(&TIDS);
        let folder = *random.pick(&["A", "B"]);
        let text = transcript(&format!("word{count}"), Some(&json!({"words": count})));
        let done = house.put(tid, Some(folder), Some(MetadataMode::Merge), &text).await.unwrap();
        seen.push((tid, done.revision.0));
        let whole = house.engine.read_transcript(&house.owner, &place(tid)).await.unwrap();
        let whole: Value = serde_json::from_str(&whole.json).unwrap();
        let word = format!("word{}", whole["client_data"]["words"]);
        assert_eq!(whole["utterances"][0]["text"], word, "words and metadata are not of one moment");
    }
    seen
}

/// Changes folders all the time; the last state is known.
async fn configurer(house: Arc<House>, seed: u64) {
    let mut random = Random(seed * 99);
    for count in 0..30 {
        let folder = *random.pick(&["A", "B"]);
        let fields: Vec<&str> =
            ["queue", "words", "own0t0", "own1t1"].into_iter().filter(|_| count < 28 && random.once_in(2)).collect();
        let body = json!({folder: {"custom_meta": fields}}).to_string();
        house.configure("Acme/Acme-Sales/folders", &body).await.unwrap();
        tokio::task::yield_now().await;
    }
    let last = r#"{"A":{"custom_meta":["queue","own0t0"]},"B":{"custom_meta":["words","own1t1"]}}"#;
    house.configure("Acme/Acme-Sales/folders", last).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_when_many_edit_few_transcripts_while_folders_change() {
    for seed in crate::seeds(4) {
        let house = Arc::new(House::furnished().await);
        for tid in TIDS {
            house.put(tid, Some("A"), None, &transcript("word0", Some(&json!({"words": 0})))).await.unwrap();
        }
        let mut clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(client(house.clone(), n, seed))).collect();
        clients.push(tokio::spawn(mover(house.clone(), seed)));
        let configuring = tokio::spawn(configurer(house.clone(), seed));
        let mut revisions: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for client in clients {
            for (tid, revision) in client.await.unwrap() {
                revisions.entry(tid).or_default().push(revision);
            }
        }
        configuring.await.unwrap();
        house.quiet().await;
        invariants::quiet_means_level(&house.stores);
        for row in invariants::rows(&house.stores) {
            let tid = row.tid.as_str();
            let mut all = revisions.remove(tid).unwrap_or_default();
            all.sort_unstable();
            assert!(all.iter().copied().eq(2..=row.revision.0), "seed {seed}: revisions of {tid} have gaps: {all:?}");
            database_holds_what_is_configured(&house, &row).await;
        }
        assert_eq!(house.engine.verify(true).await.unwrap().differences, [], "seed {seed}");
        assert!(house.engine.drain(PATIENCE).await);
    }
}

async fn database_holds_what_is_configured(house: &House, row: &linernotes::stores::database::Row) {
    let place = place(row.tid.as_str());
    let file = house.stores.archive.metadata(&place).unwrap().unwrap();
    let metadata: Map<String, Value> = serde_json::from_str(&file.metadata).unwrap();
    let folder = |fields: [&str; 2]| Folder { fields: fields.map(str::to_owned).into(), stores_misfits: false };
    let folders = [("A", folder(["queue", "own0t0"])), ("B", folder(["words", "own1t1"]))];
    let plain = Plain { folders: folders.map(|(n, f)| (n.to_owned(), f)).into(), ..Default::default() };
    let doc = crate::plain::Doc {
        folder: file.folder.as_str().to_owned(),
        revision: file.revision.0,
        metadata,
        word: String::new(),
    };
    invariants::database_holds(row, &plain.values(&doc));
    assert_eq!(code(&house.engine.read_metadata(&house.owner, &place).await), "ok");
}

/// The same ids brought in, erased and brought in anew by several at once, folders deleted and made anew between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_agree_after_erasures_and_deletions_in_the_middle_of_everything() {
    for seed in crate::seeds(6) {
        let house = Arc::new(House::furnished().await);
        let tasks: Vec<_> = (0..5)
            .map(|n| {
                let house = house.clone();
                tokio::spawn(async move {
                    let mut random = Random(seed * 31 + n);
                    for _ in 0..60 {
                        churn(&house, &mut random).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        house.quiet().await;
        invariants::quiet_means_level(&house.stores);
        for row in invariants::rows(&house.stores) {
            let read = house.engine.read_transcript(&house.owner, &place(row.tid.as_str())).await.unwrap();
            let whole: Value = serde_json::from_str(&read.json).unwrap();
            assert_eq!(whole["utterances"][0]["text"], whole["client_data"]["word"], "seed {seed}: {}", row.tid);
        }
        assert_eq!(house.engine.verify(true).await.unwrap().differences, [], "seed {seed}");
        assert!(house.engine.drain(PATIENCE).await);
    }
}

async fn churn(house: &House, random: &mut Random) {
    let tid = *random.pick(&TIDS);
    let folder = *random.pick(&["A", "B"]);
    match random.below(20) {
        0..9 => {
            let word = format!("w{}", random.next());
            let text = transcript(&word, Some(&json!({"word": word, "queue": "x"})));
            let answer = house.put(tid, Some(folder), None, &text).await;
            assert!(["ok", "not_found"].contains(&code(&answer)), "{answer:?}");
        }
        9..13 => {
            let answer = house.engine.erase(&house.owner, &place(tid), Default::default()).await;
            assert!(["ok", "not_found"].contains(&code(&answer)), "{answer:?}");
        }
        13..17 => {
            let change = Change::Flat(json!({"queue": random.below(9)}).as_object().unwrap().clone());
            let edit = read(&house.engine, &change).unwrap();
            let answer = house.engine.edit(&house.owner, &place(tid), edit, EditOptions::default()).await;
            assert!(["ok", "not_found"].contains(&code(&answer)), "{answer:?}");
        }
        17 => {
            let read = house.engine.read_transcript(&house.owner, &place(tid)).await;
            assert!(["ok", "not_found"].contains(&code(&read)), "{read:?}");
        }
        18 => {
            let _raced = house.delete(&format!("Acme/Acme-Sales/{folder}")).await;
            let fields = if random.once_in(2) { "[\"queue\"]" } else { "[]" };
            let body = format!("{{\"{folder}\":{{\"custom_meta\":{fields}}}}}");
            let _raced = house.configure("Acme/Acme-Sales/folders", &body).await;
        }
        _ => {
            let body = format!("{{\"{folder}\":{{\"custom_meta\":[\"queue\",\"f{}\"]}}}}", random.below(5));
            let _raced = house.configure("Acme/Acme-Sales/folders", &body).await;
        }
    }
    if random.once_in(60) {
        let _raced = house.delete("Acme/Acme-Sales").await;
        let org = r#"{"Acme-Sales":{}}"#;
        let _raced = house.configure("Acme/orgs", org).await;
        let _raced = house.configure("Acme/Acme-Sales/folders", r#"{"A":{},"B":{}}"#).await;
    }
}
