//! What stands in one commit.
use super::*;
use crate::domain::identity::Key;
use crate::domain::identity::Revision;
use crate::engine::edit::current::Cache;
use crate::engine::seen::Seen;
use crate::stores::database::memory::MemoryDatabase;
use crate::stores::database::{Job, Sink};
use arc_swap::ArcSwap;

fn worker() -> Worker {
    let shared = Shared {
        database: Arc::new(MemoryDatabase::new()),
        world: Arc::new(ArcSwap::from_pointee(World::new(Default::default()))),
        cache: Arc::new(Cache::new(1 << 20)),
        index: Arc::default(),
        archive: Arc::default(),
        seen: Arc::new(Seen::new(Vec::new())),
        counters: Arc::default(),
    };
    Worker::new(shared, 100, Arc::default())
}

fn settle(key: u32) -> Write {
    let (sink, revision) = (Sink::Index, Revision(1));
    Write::Settle { sink, key: Key(key), revision, schema_version: 1, words_revision: revision }
}

fn note(id: &str) -> Request {
    let job = Job { id: id.to_owned(), kind: "erase".to_owned(), body: String::new() };
    Request::plain(vec![Write::PutJob(job)])
}

#[test]
fn who_edits_one_after_the_other_commits_alone_and_nobody_else_does() {
    let mut worker = worker();
    let calm = |worker: &mut Worker| (0..CALM).all(|at| worker.commit(vec![note(&at.to_string())]));
    assert!(!worker.takes_alone(&note("a")), "nothing is known yet");
    assert!(calm(&mut worker) && worker.takes_alone(&note("a")));
    assert!(!worker.takes_alone(&Request::settling()));
    assert!(!worker.takes_alone(&Request::many(vec![], vec![])));
    worker.commit(vec![note("a"), note("b")]);
    assert!(!worker.takes_alone(&note("a")), "others write, too");
    assert!(calm(&mut worker));
    worker.closed = true;
    assert!(!worker.takes_alone(&note("a")), "the server stops");
}

#[test]
fn a_few_settles_ride_beside_writes_and_all_where_somebody_waits_for_them() {
    let mut worker = worker();
    (0..100).for_each(|key| worker.lazy.lock().add(settle(key)));
    assert!(worker.commit(vec![note("a")]));
    assert_eq!(worker.lazy.lock().len(), 100 - SETTLES_BESIDE);
    // Beside the writes of others, too: what is forgotten next must not be settled later.
    assert!(worker.commit(vec![note("b"), Request::settling(), note("c")]));
    assert!(worker.lazy.lock().is_empty());
    assert_eq!(worker.shared.database.jobs().unwrap().len(), 3);
}
