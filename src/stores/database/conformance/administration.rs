//! Cases about idempotency keys, configuration, tokens, jobs, identity, upkeep.
use super::samples::*;
use crate::domain::identity::{FolderId, Revision};
use crate::stores::database::rows::{ObjectKind, StoredObject, StoredToken};
use crate::stores::database::writes::{Remembered, Stored, Write};
use crate::stores::database::{Checkpoint, Database, Job, PastJob};

fn object(kind: ObjectKind, id: u32, name: &str) -> StoredObject {
    StoredObject { kind, id, parent: id / 10, name: name.into(), body: format!(r#"{{"shown":"{name}"}}"#) }
}

fn job(id: &str, body: &str) -> Job {
    Job { id: id.into(), kind: "delete_folder".into(), body: body.into() }
}

pub fn keys_are_remembered_until_they_expire(database: &dyn Database) {
    let first = Stored { idempotency: remember(1, 1_000), ..new(1, "one") };
    let second = Stored { idempotency: remember(2, 2_000), ..next(&first) };
    let third = Stored { idempotency: remember(3, 3_000), ..next_body(&second) };
    assert_eq!(database.replayed(&[1; 32], 0).unwrap(), None);
    stands(database, &[create(&first)]);
    stands(database, &[edit(&second), replace(&third)]);
    let known = |digest: u8, now| database.replayed(&[digest; 32], now).unwrap();
    assert_eq!(known(1, 999), Some(Remembered { body: [2; 32], revision: Revision(1), commit: 1 }));
    assert_eq!(known(2, 1_000), Some(Remembered { body: [3; 32], revision: Revision(2), commit: 2 }));
    assert_eq!(known(3, 2_999), Some(Remembered { body: [4; 32], revision: Revision(3), commit: 2 }));
    assert_eq!(known(1, 1_000), None);
    assert_eq!(known(3, 3_000), None);
    // An expired key may be used anew.
    let fourth = Stored { idempotency: remember(1, 9_000), ..next(&third) };
    stands(database, &[edit(&fourth)]);
    assert_eq!(known(1, 5_000), Some(Remembered { body: [2; 32], revision: Revision(4), commit: 3 }));
}

pub fn refused_writes_remember_nothing(database: &dyn Database) {
    let first = new(1, "one");
    stands(database, &[create(&first)]);
    let keyed = |digest, from: &Stored| Stored { idempotency: remember(digest, 1_000), ..from.clone() };
    let ahead = next(&next(&first));
    assert_eq!(outcome(database, create(&keyed(1, &new(2, "one")))), stale(1));
    assert_eq!(outcome(database, edit(&keyed(2, &ahead))), stale(1));
    assert_eq!(outcome(database, replace(&keyed(3, &ahead))), stale(1));
    for digest in 1..=3 {
        assert_eq!(database.replayed(&[digest; 32], 0).unwrap(), None);
    }
}

pub fn configuration_changes_in_one_piece(database: &dyn Database) {
    assert!(database.objects().unwrap().is_empty());
    let (folder, org) = (object(ObjectKind::Folder, 3, "Calls"), object(ObjectKind::Org, 2, "Acme-Main"));
    let company = object(ObjectKind::Company, 1, "Acme");
    let put = vec![folder.clone(), org.clone(), company.clone()];
    stands(database, &[Write::Configure { put, delete: vec![], last_object: 3, jobs: vec![] }]);
    assert_eq!(database.objects().unwrap(), vec![company.clone(), org.clone(), folder.clone()]);
    assert_eq!(database.identity().unwrap().last_object, 3);

    let renamed = StoredObject { name: "Acme-New".into(), parent: 1, body: "{}".into(), ..org };
    let change = Write::Configure {
        put: vec![renamed.clone()],
        delete: vec![(ObjectKind::Folder, 3), (ObjectKind::Folder, 77)],
        last_object: 2,
        jobs: vec![job("j1", "{}")],
    };
    stands(database, &[change.clone(), change]);
    assert_eq!(database.objects().unwrap(), vec![company, renamed]);
    assert_eq!(database.jobs().unwrap(), vec![job("j1", "{}")]);
    assert_eq!(database.identity().unwrap().last_object, 3);
}

pub fn tokens_come_and_go(database: &dyn Database) {
    let token = |id: &str, digest| StoredToken { id: id.into(), digest: [digest; 32], body: "{}".into() };
    stands(database, &[Write::PutToken(token("b", 1)), Write::PutToken(token("a", 2))]);
    assert_eq!(database.tokens().unwrap(), vec![token("a", 2), token("b", 1)]);
    stands(database, &[Write::PutToken(token("b", 3)), Write::DeleteToken("a".into())]);
    assert_eq!(database.tokens().unwrap(), vec![token("b", 3)]);
    stands(database, &[Write::DeleteToken("a".into())]);
}

pub fn ended_jobs_are_remembered(database: &dyn Database) {
    let past = |id: &str, kind: &str, finished: i64| PastJob {
        id: id.into(),
        kind: kind.into(),
        finished,
        body: format!("{{\"at\":{finished}}}"),
    };
    stands(database, &[Write::PutJob(job("p1", "{}"))]);
    stands(database, &[Write::EndJob(past("p1", "import", 5)), Write::EndJob(past("p2", "erase", 7))]);
    assert!(database.jobs().unwrap().is_empty());
    assert_eq!(database.past_jobs().unwrap(), vec![past("p2", "erase", 7), past("p1", "import", 5)]);
    stands(database, &[Write::EndJob(past("p1", "import", 9))]);
    assert_eq!(database.past_job("p1").unwrap(), Some(past("p1", "import", 9)));
    stands(database, &[Write::ForgetJob("p2".into()), Write::ForgetJob("never".into())]);
    assert_eq!(database.past_jobs().unwrap(), vec![past("p1", "import", 9)]);
    let many: Vec<Write> = (0..1_001).map(|n| Write::EndJob(past(&format!("e{n:04}"), "erase", 100 + n))).collect();
    stands(database, &many);
    assert_eq!(database.past_jobs().unwrap().len(), 1_001, "a thousand of each kind");
    assert_eq!(database.past_job("e0000").unwrap(), None, "the oldest of its kind goes");
}

pub fn jobs_come_and_go(database: &dyn Database) {
    stands(database, &[Write::PutJob(job("b", "1")), Write::PutJob(job("a", "2"))]);
    assert_eq!(database.jobs().unwrap(), vec![job("a", "2"), job("b", "1")]);
    stands(database, &[Write::PutJob(job("b", "3")), Write::DeleteJob("a".into())]);
    assert_eq!(database.jobs().unwrap(), vec![job("b", "3")]);
    stands(database, &[Write::DeleteJob("a".into()), Write::DeleteJob("b".into())]);
    assert!(database.jobs().unwrap().is_empty());
}

pub fn names_seen_are_told_once(database: &dyn Database) {
    let note = |folder, names: &[&str]| Write::Seen(FolderId(folder), names.iter().map(|n| (*n).to_owned()).collect());
    stands(database, &[note(3, &["queue", "żółć"]), note(4, &["queue"]), note(3, &["queue"])]);
    let seen = || {
        let mut all = database.seen().unwrap();
        all.sort();
        all
    };
    let told = |folder, name: &str| (FolderId(folder), name.to_owned());
    assert_eq!(seen(), [told(3, "queue"), told(3, "żółć"), told(4, "queue")]);
    let delete = vec![(ObjectKind::Folder, 3), (ObjectKind::Org, 4)];
    stands(database, &[Write::Configure { put: vec![], delete, last_object: 4, jobs: vec![] }]);
    assert_eq!(seen(), [told(4, "queue")]);
}

pub fn the_identity_stays(database: &dyn Database) {
    let before = database.identity().unwrap();
    assert!(before.epoch < 1 << 63);
    assert_ne!(before.secret, [0; 32]);
    assert_eq!((before.commit, before.last_key, before.last_object), (0, 0, 0));
    let batches: [&[Write]; 4] = [
        &[create(&new(1, "one")), create(&new(12, "two"))],
        &[create(&new(7, "three"))],
        &[erase(&new(12, "two"))],
        &[],
    ];
    let numbers = batches.map(|batch| database.commit(batch).unwrap().number);
    assert_eq!(numbers, [1, 2, 3, 4]);
    let after = database.identity().unwrap();
    assert_eq!((after.epoch, after.secret), (before.epoch, before.secret));
    assert_eq!((after.commit, after.last_key), (4, 12));
}

pub fn upkeep_finds_nothing_wrong(database: &dyn Database) {
    let first = new(1, "one");
    stands(
        database,
        &[create(&first), create(&new(2, "two")), settle(crate::stores::database::Sink::Archive, 1, 1, 0, 1)],
    );
    database.checkpoint(Checkpoint::Beside).unwrap();
    stands(database, &[edit(&next(&first))]);
    database.checkpoint(Checkpoint::Empty).unwrap();
    assert_eq!(database.log().in_use, 0);
    assert!(database.check().unwrap().is_empty());
    assert_eq!(row(database, "one").revision, Revision(2));
}
