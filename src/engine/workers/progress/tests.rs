//! What is owed, claimed, settled, given back, set aside.
use super::*;

const ORG: OrgId = OrgId(1);

#[tokio::test]
async fn marks_wait_for_all_of_their_org() {
    let progress = Arc::new(Progress::default());
    progress.owe(Key(1), ORG, 5);
    progress.owe(Key(2), OrgId(2), 6);
    assert!(!progress.has_all(ORG, 5) && progress.has_all(ORG, 4) && progress.has_all(OrgId(3), 9));
    let claim = progress.claim(1);
    progress.owe(Key(1), ORG, 7);
    claim.settle_all();
    assert!(progress.has_all(ORG, 5) && !progress.has_all(ORG, 7) && !progress.has(Key(1), 7));
    progress.claim(9).settle_all();
    assert!(progress.is_empty() && progress.until(Duration::ZERO, |p| p.has_all(ORG, 7)).await);
}

#[test]
fn a_dropped_claim_goes_back_and_failures_are_set_aside() {
    let progress = Arc::new(Progress::default());
    progress.owe(Key(1), ORG, 1);
    drop(progress.claim(1));
    for _ in 0..ATTEMPTS_MAX {
        let mut claim = progress.claim(1);
        assert_eq!(claim.keys(), [Key(1)]);
        claim.fail(Key(1), Failure::Own, "no");
    }
    assert!(progress.is_empty() && progress.has_all(ORG, 1));
    assert_eq!(progress.set_aside(), [(Key(1), "no".to_owned())]);
    progress.owe(Key(1), ORG, 2);
    assert!(progress.set_aside().is_empty() && progress.len() == 1);
}

#[test]
fn what_may_be_the_stores_failure_counts_only_when_others_succeed() {
    let progress = Arc::new(Progress::default());
    progress.owe(Key(1), ORG, 1);
    let fail = || progress.claim(1).fail(Key(1), Failure::Passing, "no space");
    (0..100).for_each(|_| fail());
    assert!(progress.len() == 1 && progress.set_aside().is_empty());
    for key in 0..ATTEMPTS_MAX {
        progress.owe(Key(2 + key), ORG, 1);
        let mut claim = progress.claim(2);
        claim.settle(&[Key(2 + key)]);
        drop(claim);
        fail();
    }
    assert!(progress.is_empty() && progress.set_aside().len() == 1);
}

#[test]
fn what_is_owed_again_while_it_is_pushed_is_pushed_again_whatever_its_commit() {
    let progress = Arc::new(Progress::default());
    progress.owe(Key(1), ORG, 5);
    let claim = progress.claim(1);
    assert!(progress.has(Key(1), 4));
    progress.owe(Key(1), ORG, 0);
    // Whoever waits for an erasure must not go on while a push that began before it is under way.
    assert!(!progress.has(Key(1), 0) && !progress.has_all(ORG, 0));
    claim.settle_all();
    assert!(!progress.has(Key(1), 0) && progress.len() == 1);
    progress.claim(1).settle_all();
    assert!(progress.has(Key(1), 0) && progress.has_everything(9));
}

#[test]
fn who_removes_files_waits_for_pushes_that_run() {
    let progress = Arc::new(Progress::default());
    progress.owe(Key(1), ORG, 1);
    let claim = progress.claim(1);
    progress.forget(Key(1));
    progress.until_pushed(Some(&[Key(2)]));
    let waits = progress.clone();
    let waiting = std::thread::spawn(move || waits.until_pushed(None));
    assert!(!waiting.is_finished());
    drop(claim);
    waiting.join().unwrap();
}
