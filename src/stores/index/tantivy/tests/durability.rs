//! Writes: what replaces what, what survives, what is thrown away.
use super::support::*;
use crate::domain::identity::{Key, OrgId};
use crate::query::resolved::{Node, SortKey};
use crate::stores::error::Kind;
use crate::stores::index::tantivy::TantivyIndex;
use crate::stores::index::{IndexEntry, IndexWrite, Opened, SearchIndex, tid_digest};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn edits_replace_values_and_keep_the_words() {
    let mut bench = Bench::with(vec![call(1).queue(&["old"]).says("agent", "hello"), call(2).says("agent", "hello")]);
    let edited = call(1).revised().queue(&["new"]);
    bench.apply(vec![edited.clone().edit()]);
    let queue = |text: &str| value(QUEUE, crate::query::resolved::Test::OneOf(vec![text.to_owned()]));
    assert_eq!(bench.matching(queue("old")), [0u32; 0]);
    assert_eq!(bench.matching(Node::And(vec![queue("new"), said("hello")])), [1]);
    // Older states, and the same again, change nothing.
    bench.apply(vec![call(1).queue(&["old"]).edit(), edited.clone().edit()]);
    assert_eq!(bench.matching(queue("new")), [1]);
    assert_eq!(bench.index.figures().records, 2);
    // A later schema version of the same revision does.
    let mut again = edited.queue(&["newer"]);
    again.record.schema_version += 1;
    bench.apply(vec![again.edit()]);
    assert_eq!(bench.matching(queue("newer")), [1]);
}

#[test]
fn what_a_failed_commit_left_behind_is_in_nobodys_way() {
    let mut bench = Bench::new();
    bench.apply(vec![call(1).says("agent", "one").whole(), call(2).says("agent", "two").whole()]);
    let records = bench.dir.path().join("index/records");
    let names = std::fs::read_dir(&records).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let segment = names.filter_map(|name| name.strip_suffix(".store").map(str::to_owned)).next().unwrap();
    // The list of deleted documents under each name that the next commit may give it.
    for stamp in 1..100 {
        std::fs::write(records.join(format!("{segment}.{stamp}.del")), "torn").unwrap();
    }
    let mut bench = bench.reopen(7, 1);
    bench.apply(vec![call(1).revised().queue(&["new"]).edit()]);
    assert_eq!(bench.matching(Node::All), [1, 2]);
    assert_eq!(bench.index.figures().records, 2);
}

#[test]
fn the_last_of_several_writes_of_a_batch_counts() {
    let mut bench = Bench::new();
    let first = call(1).says("agent", "one").queue(&["a"]);
    let second = first.clone().reworded().says("agent", "two").queue(&["b"]);
    let third = second.clone().revised().queue(&["c"]);
    bench.apply(vec![first.whole(), second.whole(), third.edit(), call(2).says("agent", "x").whole()]);
    assert_eq!((bench.matching(said("one")), bench.matching(said("two"))), (vec![], vec![1]));
    bench.apply(vec![IndexWrite::Erase(Key(2), OrgId(1)), call(3).whole()]);
    assert_eq!(bench.matching(Node::All), [1, 3]);
}

#[test]
fn new_words_replace_the_old_and_moves_change_the_folder() {
    let first = call(1).says("agent", "old words here").says("client", "yes");
    let mut bench = Bench::with(vec![first.clone(), call(2).says("agent", "old")]);
    let again = first.reworded().says("agent", "new words").place(1, 11);
    bench.apply(vec![again.whole()]);
    assert_eq!(bench.matching(said("old")), [2]);
    assert_eq!(bench.matching(said("words")), [1]);
    let tid = tid_digest("T0001");
    let own =
        IndexEntry { key: Key(1), org: OrgId(1), tid, revision: 2, schema_version: 1, words_revision: 2, turns: 1 };
    assert_eq!(bench.index.entries().unwrap()[0], own);
    let mut asked = search(Node::All);
    asked.scope.folders.remove(0);
    assert_eq!(bench.keys(&asked), [1]);
}

#[test]
fn erased_transcripts_are_gone_and_purged() {
    let mut bench = Bench::with(vec![call(1).says("agent", "secret"), call(2).says("agent", "secret plan")]);
    bench.apply(vec![IndexWrite::Erase(Key(1), OrgId(1)), IndexWrite::Erase(Key(77), OrgId(1))]);
    assert_eq!(bench.matching(said("secret")), [2]);
    assert_eq!(bench.matching(Node::All), [2]);
    bench.apply(vec![IndexWrite::Erase(Key(1), OrgId(1))]);
    bench.index.purge().unwrap();
    assert_eq!(bench.matching(said("secret")), [2]);
    assert_eq!(bench.index.figures().turns, 1);
    assert_eq!(bench.index.check().unwrap(), Vec::<String>::new());
    bench.apply(vec![call(3).says("agent", "secret").whole()]);
    assert_eq!(bench.matching(said("secret")), [2, 3]);
}

#[test]
fn everything_is_there_after_reopening() {
    let mut bench = Bench::with((1..30).map(|key| call(key).says("agent", "hello").queue(&["a"])).collect());
    bench.apply(vec![IndexWrite::Erase(Key(5), OrgId(1)), call(6).revised().queue(&["b"]).edit()]);
    let (before, entries) = (bench.page(&search(said("hello"))), bench.index.entries().unwrap());
    let mut bench = bench.reopen(7, 30);
    assert_eq!(bench.index.opened(), Opened::Current);
    assert_eq!(bench.page(&search(said("hello"))), before);
    assert_eq!(bench.index.entries().unwrap(), entries);
    bench.apply(vec![call(31).says("agent", "hello").whole()]);
    assert_eq!(bench.page(&search(said("hello"))).total, before.total + 1);
}

#[test]
fn a_foreign_or_older_index_starts_empty() {
    let bench = Bench::with(vec![call(1).says("agent", "hello"), call(2)]);
    let bench = bench.reopen(7, 2);
    assert_eq!(bench.index.opened(), Opened::Current);
    let mut bench = bench.reopen(7, 3);
    assert_eq!((bench.index.opened(), bench.matching(Node::All)), (Opened::Empty, vec![]));
    bench.apply(vec![call(1).whole()]);
    let bench = bench.reopen(8, 0);
    assert_eq!((bench.index.opened(), bench.index.figures().records), (Opened::Empty, 0));
    let mut bench = bench.reopen(8, 0);
    assert_eq!(bench.index.opened(), Opened::Empty);
    bench.apply(vec![]);
    assert_eq!(bench.reopen(8, 1).index.opened(), Opened::Current);
}

#[test]
fn a_damaged_index_starts_empty() {
    let damages: [fn(&std::path::Path); 5] = [
        |dir| std::fs::write(dir.join("records/meta.json"), "{ torn").unwrap(),
        |dir| std::fs::write(dir.join("turns/meta.json"), "").unwrap(),
        |dir| std::fs::remove_file(dir.join("records/meta.json")).unwrap(),
        |dir| std::fs::remove_dir_all(dir.join("turns")).unwrap(),
        |dir| {
            for file in std::fs::read_dir(dir.join("records")).unwrap().flatten() {
                if file.path().extension().is_some_and(|own| own == "fast") {
                    std::fs::write(file.path(), "short").unwrap();
                }
            }
        },
    ];
    for damage in damages {
        let Bench { dir, index, .. } = Bench::with(vec![call(1).says("agent", "hello"), call(2)]);
        drop(index);
        damage(&dir.path().join("index"));
        let index = TantivyIndex::open(&dir.path().join("index"), 7, 0).unwrap();
        assert_eq!((index.opened(), index.figures().records), (Opened::Empty, 0));
        index.apply(vec![call(1).says("agent", "hello").whole()], 1).unwrap();
        drop(index);
        assert_eq!(TantivyIndex::open(&dir.path().join("index"), 7, 1).unwrap().opened(), Opened::Current);
    }
}

#[test]
fn checking_names_damaged_files() {
    let bench = Bench::with(vec![call(1).says("agent", "hello")]);
    assert_eq!(bench.index.check().unwrap(), Vec::<String>::new());
    let turns = bench.dir.path().join("index/turns");
    let store =
        std::fs::read_dir(turns).unwrap().flatten().find(|f| f.path().extension().is_some_and(|e| e == "store"));
    let path = store.unwrap().path();
    let third = std::fs::read(&path).unwrap()[3];
    // In place: as a disk rots beneath an index that is open.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[third ^ 0xFF], 3).unwrap();
    assert_eq!(bench.index.check().unwrap().len(), 1);
    assert_eq!(bench.reopen(7, 1).index.opened(), Opened::Empty, "one whose sums are wrong is not opened");
}

#[test]
fn searches_see_whole_batches() {
    let dir = tempfile::tempdir().unwrap();
    let index = Arc::new(TantivyIndex::open(dir.path(), 1, 0).unwrap());
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (index, done) = (index.clone(), done.clone());
            std::thread::spawn(move || {
                let asked = search(said("hello"));
                while !done.load(Ordering::SeqCst) {
                    // Each batch brings two and edits both: never one without the other, never a value without words.
                    let page = index.search(&asked, Duration::from_secs(10)).unwrap();
                    assert_eq!(page.total % 2, 0);
                    let all = index.search(&search(Node::All), Duration::from_secs(10)).unwrap();
                    assert_eq!(all.total % 2, 0);
                    assert_eq!(index.search(&search(not(said("hello"))), Duration::from_secs(10)).unwrap().total, 0);
                }
            })
        })
        .collect();
    for batch in 0..12u32 {
        let pair = [batch * 2, batch * 2 + 1].map(|key| call(key).says("agent", "hello"));
        index.apply(pair.clone().map(Call::whole).to_vec(), u64::from(batch) * 2 + 1).unwrap();
        index.apply(pair.map(|call| call.revised().edit()).to_vec(), u64::from(batch) * 2 + 2).unwrap();
    }
    done.store(true, Ordering::SeqCst);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    assert_eq!(index.figures().records, 24);
}

#[test]
fn a_search_without_time_is_cut_off() {
    let bench = Bench::with(vec![call(1).says("agent", "hello")]);
    let mut asked = search(said("hello"));
    asked.order = vec![SortKey::score(asked.order[0].descending)];
    let error = bench.index.search(&asked, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind, Kind::TooExpensive);
}

#[test]
fn an_index_of_an_older_format_is_made_again() {
    let bench = Bench::with(vec![call(1).says("agent", "hello")]);
    let meta = bench.dir.path().join("index").join("records").join("meta.json");
    let Bench { dir, index, .. } = bench;
    drop(index);
    let text = std::fs::read_to_string(&meta).unwrap();
    let older = text.replace("\\\"format\\\":2", "\\\"format\\\":1");
    assert_ne!(text, older);
    std::fs::write(&meta, older).unwrap();
    let index = TantivyIndex::open(&dir.path().join("index"), 7, 0).unwrap();
    assert_eq!((index.opened(), index.figures().records), (Opened::Empty, 0));
    index.apply(vec![call(1).says("agent", "hello").whole()], 1).unwrap();
    assert_eq!(index.figures().records, 1);
}
