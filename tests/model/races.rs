//! Races that once were lost, each held open at the port where it hurts.
use crate::house::{House, PATIENCE, code, place, transcript};
use crate::invariants;
use linernotes::stores::error::Kind;
use serde_json::{Value, json};
use std::sync::Arc;

async fn metadata(house: &House, tid: &str) -> Value {
    serde_json::from_str(&house.engine.read_metadata(&house.owner, &place(tid)).await.unwrap().metadata).unwrap()
}

fn marked(mark: &str) -> String {
    transcript(mark, Some(&json!({"mark": mark})))
}

/// Waits at a port from a thread of its own.
async fn reached(held: &Arc<crate::faulty::Held>) {
    let held = held.clone();
    tokio::task::spawn_blocking(move || held.reached()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_archiver_writes_no_file_of_a_transcript_erased_meanwhile() {
    let house = Arc::new(House::furnished().await);
    let held = Arc::new(house.faults.hold("archive.put_metadata"));
    house.put("t", Some("A"), None, &marked("one")).await.unwrap();
    reached(&held).await;
    let erasing = house.clone();
    let erasing = tokio::spawn(async move {
        erasing.engine.erase(&erasing.owner, &place("t"), Default::default()).await.unwrap();
    });
    while house.engine.read_metadata(&house.owner, &place("t")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(held);
    erasing.await.unwrap();
    house.quiet().await;
    invariants::quiet_means_level(&house.stores);
    assert_eq!(house.stores.archive.metadata(&place("t")).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_organisation_made_anew_shows_nothing_of_the_old_one() {
    let house = Arc::new(House::furnished().await);
    for mark in ["old one", "old two", "old three"] {
        house.put("t", Some("A"), None, &marked(mark)).await.unwrap();
    }
    house.quiet().await;
    let held = Arc::new(house.faults.hold("archive.put_metadata"));
    house.put("t", Some("A"), None, &marked("old four")).await.unwrap();
    reached(&held).await;
    let deleting = house.clone();
    let deleting = tokio::spawn(async move { deleting.delete("Acme/Acme-Sales").await.unwrap() });
    while house.engine.read_metadata(&house.owner, &place("t")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(held);
    deleting.await.unwrap();
    house.furnish().await;
    house.put("t", Some("A"), None, &marked("new")).await.unwrap();
    house.quiet().await;
    assert_eq!(metadata(&house, "t").await["mark"], "new");
    invariants::quiet_means_level(&house.stores);
    assert_eq!(house.engine.verify(true).await.unwrap().differences, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_of_a_deleted_organisation_go_even_if_the_archive_failed_then() {
    let mut house = House::furnished().await;
    for mark in ["old one", "old two"] {
        house.put("t", Some("A"), None, &marked(mark)).await.unwrap();
    }
    house.quiet().await;
    house.faults.fail("archive.discard_org", 0, 3, Kind::Unavailable);
    house.delete("Acme/Acme-Sales").await.unwrap();
    // Not before the old files are gone.
    let mut tries = 0;
    while code(&house.configure("Acme/orgs", r#"{"Acme-Sales":{}}"#).await) != "ok" {
        tries += 1;
        assert!(tries < 5);
    }
    house.furnish().await;
    house.put("t", Some("A"), None, &marked("new")).await.unwrap();
    house.quiet().await;
    assert_eq!(metadata(&house, "t").await["mark"], "new");
    house.restart().await;
    assert_eq!(metadata(&house, "t").await["mark"], "new");
    house.quiet().await;
    invariants::quiet_means_level(&house.stores);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_erasure_that_comes_late_leaves_the_files_of_a_new_organisation_alone() {
    let house = House::furnished().await;
    house.put("t", Some("A"), None, &marked("old")).await.unwrap();
    house.quiet().await;
    // The erasure's job finds the archive failing until everything has been made anew.
    house.faults.fail("archive.erase", 0, usize::MAX, Kind::Unavailable);
    house.engine.erase(&house.owner, &place("t"), Default::default()).await.unwrap();
    house.delete("Acme/Acme-Sales").await.unwrap();
    house.furnish().await;
    house.put("t", Some("A"), None, &marked("new")).await.unwrap();
    house.faults.calm();
    house.quiet().await;
    assert_eq!(metadata(&house, "t").await["mark"], "new");
    invariants::quiet_means_level(&house.stores);
    assert_eq!(house.engine.verify(true).await.unwrap().differences, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folders_deletion_leaves_a_transcript_alone_that_was_brought_in_anew_meanwhile() {
    let house = Arc::new(House::furnished().await);
    house.put("t", Some("A"), None, &marked("old")).await.unwrap();
    house.quiet().await;
    let held = Arc::new(house.faults.hold("database.behind"));
    house.delete("Acme/Acme-Sales/A").await.unwrap();
    reached(&held).await;
    house.put("t", Some("B"), None, &marked("new")).await.unwrap();
    drop(held);
    house.quiet().await;
    assert_eq!(metadata(&house, "t").await["mark"], "new");
    invariants::quiet_means_level(&house.stores);
    assert_eq!(house.engine.read_metadata(&house.owner, &place("t")).await.unwrap().revision.0, 2);
}

/// The job of an erasure waits for the index; a push that began before it must not be taken for the one it waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_erasure_is_not_done_while_an_earlier_push_is_under_way() {
    let house = Arc::new(House::furnished().await);
    let held = Arc::new(house.faults.hold("index.apply"));
    house.put("t", Some("A"), None, &marked("one")).await.unwrap();
    reached(&held).await;
    let erasing = house.clone();
    let erasing = tokio::spawn(async move {
        erasing.engine.erase(&erasing.owner, &place("t"), Default::default()).await.unwrap();
    });
    while house.stores.database.jobs().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    // Long enough for the job to have asked: it would end at once.
    for _ in 0..50 {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
        assert_eq!(house.stores.database.jobs().unwrap().len(), 1, "the job is done before the index is");
    }
    drop(held);
    erasing.await.unwrap();
    house.quiet().await;
    invariants::quiet_means_level(&house.stores);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_index_forgets_a_deleted_folder_also_when_the_process_dies_between() {
    let mut house = House::furnished().await;
    house.put("t", Some("A"), None, &marked("gone")).await.unwrap();
    house.quiet().await;
    house.faults.fail("index.apply", 0, usize::MAX, Kind::Unavailable);
    house.delete("Acme/Acme-Sales/A").await.unwrap();
    house.crash().await;
    house.quiet().await;
    invariants::quiet_means_level(&house.stores);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_back_fill_begun_while_another_one_ends_is_not_lost() {
    let house = Arc::new(House::furnished().await);
    house.put("t", Some("A"), None, &transcript("x", Some(&json!({"queue": "q", "color": "teal"})))).await.unwrap();
    house.quiet().await;
    let held = Arc::new(house.faults.hold("index.apply"));
    let folders = "Acme/Acme-Sales/folders";
    house.configure(folders, r#"{"A":{"custom_meta":["queue"]}}"#).await.unwrap();
    reached(&held).await;
    // The first one waits for the index only; the second one finds its place taken.
    house.configure(folders, r#"{"A":{"custom_meta":["color"]}}"#).await.unwrap();
    drop(held);
    house.quiet().await;
    assert_eq!(house.find("color:teal").await.unwrap().len(), 1);
    invariants::quiet_means_level(&house.stores);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_atomic_request_stays_whole_when_its_folder_goes_meanwhile() {
    let house = Arc::new(House::furnished().await);
    house.put("known", Some("B"), None, &marked("old")).await.unwrap();
    house.put("gone", Some("A"), None, &marked("old")).await.unwrap();
    house.quiet().await;
    let held = Arc::new(house.faults.hold("archive.stage"));
    let bringing = house.clone();
    let bringing = tokio::spawn(async move {
        let line = |tid: &str| format!("{{\"tid\":\"{tid}\",\"utterances\":[]}}");
        let options = crate::house::ingest(None, None);
        let lines = vec![line("known"), line("gone")];
        let (company, org) = (crate::house::company(), crate::house::org());
        bringing.engine.ingest_atomic(&bringing.owner, &company, &org, &options, lines).await.unwrap()
    });
    reached(&held).await;
    house.delete("Acme/Acme-Sales/A").await.unwrap();
    drop(held);
    let verdicts = bringing.await.unwrap();
    assert!(verdicts.iter().all(Result::is_err), "half an atomic request: {verdicts:?}");
    house.quiet().await;
    assert_eq!(metadata(&house, "known").await["mark"], "old");
    invariants::quiet_means_level(&house.stores);
    assert!(house.engine.drain(PATIENCE).await);
}
