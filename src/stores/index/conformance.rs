//! What every search index must do, as a list of functions. Each wants an index of its own, empty.
mod answers;
pub(crate) mod asking;
mod figures;
mod language;
mod near;
mod paging;
pub(crate) mod world;

use super::{IndexEntry, IndexWrite, SearchIndex, tid_digest};
use crate::domain::builtins::builtin;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FolderId, Key, OrgId};
use crate::domain::transcript::Role;
use crate::query::resolved::{Node, Phrase, SearchPage, Speaker, Target, Test, ValueTest, Word};
use asking::{BUDGET, built_in, by, field, fill, found, glob, not, one_of, queue, search, words};
use std::sync::Arc;
use world::{CALLED, HOLD, NOTE, everything, keyword, number, record, transcript, turns};

/// A promise and the function that proves it.
pub(crate) type Case = (&'static str, fn(&dyn SearchIndex));

/// All promises.
pub(crate) fn cases() -> Vec<Case> {
    let mut all = base();
    all.extend(language::CASES);
    all.extend(figures::CASES);
    all.extend(paging::CASES);
    all.extend(near::CASES);
    all
}

fn base() -> Vec<Case> {
    vec![
        ("an empty index finds nothing", empty),
        ("words, phrases and their speakers are found", said),
        ("AND, OR and NOT combine whole transcripts", combined),
        ("keywords are compared folded", keywords),
        ("numbers and instants are compared by size", ranges),
        ("texts are found by their words", texts),
        ("built-ins and folders are found", builtins),
        ("a field counts only where it is configured", only_folders),
        ("rows are ordered, missing values last", answers::orders),
        ("scores follow the one formula over the scope", answers::scores),
        ("pages are cut out of one order", answers::pages),
        ("facets count transcripts, not values", answers::facets),
        ("facets show numbers and instants", answers::facets_of_numbers),
        ("moments say where words stand", answers::moments),
        ("organisations and folders are walls", walls),
        ("the same or an older write changes nothing", idempotent),
        ("an edit replaces values and keeps words", edited),
        ("a new body replaces words", replaced),
        ("erased transcripts are gone", erased),
        ("entries are listed by key", entries),
    ]
}

fn empty(index: &dyn SearchIndex) {
    assert_eq!(search(index, Node::All), SearchPage::default());
    assert_eq!(index.entries().unwrap(), []);
    assert_eq!(index.figures().records, 0);
    assert_eq!(index.check().unwrap(), [] as [String; 0]);
}

fn said(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, words("cancel")), [1, 2, 4]);
    assert_eq!(found(index, words("cancel my plan")), [1, 4]);
    assert_eq!(found(index, words("there ça")), [] as [u32; 0], "phrases do not cross turns");
    assert_eq!(found(index, by(Speaker::Role(Role::Agent), "cancel")), [2]);
    assert_eq!(found(index, by(Speaker::Role(Role::Client), "cancel")), [1, 4], "folder 12 calls the client a user");
    assert_eq!(found(index, by(Speaker::Label("wizard".into()), "hello")), [4]);
    assert_eq!(found(index, by(Speaker::Label("nobody".into()), "hello")), [] as [u32; 0]);
    assert_eq!(found(index, words("nowhere")), [] as [u32; 0]);
}

fn combined(index: &dyn SearchIndex) {
    fill(index);
    let both = Node::And(vec![words("cancel"), words("hello")]);
    assert_eq!(found(index, both.clone()), [1, 4]);
    assert_eq!(found(index, Node::Or(vec![words("thanks"), words("hello")])), [1, 3, 4]);
    assert_eq!(found(index, not(words("cancel"))), [3, 5]);
    assert_eq!(found(index, not(both)), [2, 3, 5]);
    assert_eq!(found(index, Node::And(vec![words("cancel"), not(queue(one_of(&["billing"])))])), [2, 4]);
    assert_eq!(found(index, Node::And(vec![not(words("cancel")), not(words("thanks"))])), [5]);
    assert_eq!(found(index, Node::Or(vec![not(words("cancel")), queue(one_of(&["billing"]))])), [1, 3, 5]);
    assert_eq!(found(index, not(not(words("cancel")))), [1, 2, 4]);
    assert_eq!(found(index, Node::All), [1, 2, 3, 4, 5]);
    assert_eq!(found(index, Node::Nothing), [] as [u32; 0]);
    assert_eq!(found(index, Node::Or(vec![Node::Nothing, Node::All])), [1, 2, 3, 4, 5]);
}

fn keywords(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, queue(one_of(&["billing"]))), [1, 3]);
    assert_eq!(found(index, queue(one_of(&["billing", "sales"]))), [1, 2, 3]);
    assert_eq!(found(index, queue(one_of(&["bill"]))), [] as [u32; 0]);
    assert_eq!(found(index, queue(Test::Like(glob("*ill*")))), [1, 3]);
    assert_eq!(found(index, queue(Test::Like(glob("s?l*")))), [2, 3]);
    assert_eq!(found(index, queue(Test::Like(glob("*g")))), [1, 3]);
    assert_eq!(found(index, queue(Test::Like(glob("*é*")))), [3]);
    let between = |low: Option<(&str, bool)>, high: Option<(&str, bool)>| {
        let end = |end: Option<(&str, bool)>| end.map(|(value, inclusive)| (value.to_owned(), inclusive));
        queue(Test::Between(end(low), end(high)))
    };
    assert_eq!(found(index, between(Some(("billing", false)), None)), [2, 3]);
    assert_eq!(found(index, between(Some(("billing", true)), Some(("sales", false)))), [1, 3]);
    assert_eq!(found(index, between(None, Some(("billing", true)))), [1, 3]);
    assert_eq!(found(index, queue(Test::Exists)), [1, 2, 3]);
    assert_eq!(found(index, not(queue(Test::Exists))), [4, 5]);
}

fn ranges(index: &dyn SearchIndex) {
    fill(index);
    let hold = |low, high| field(HOLD, Storage::Number, Test::Numbers(low, high));
    assert_eq!(found(index, hold(Some((60.0, false)), None)), [2]);
    assert_eq!(found(index, hold(Some((60.0, true)), None)), [1, 2]);
    assert_eq!(found(index, hold(Some((-5.5, true)), Some((60.0, false)))), [3]);
    assert_eq!(found(index, hold(Some((60.0, true)), Some((60.0, true)))), [1]);
    assert_eq!(found(index, hold(Some((7.0, true)), Some((3.0, true)))), [] as [u32; 0]);
    assert_eq!(found(index, field(HOLD, Storage::Number, Test::Exists)), [1, 2, 3]);
    let called = |low, high| field(CALLED, Storage::Instant, Test::Instants(low, high));
    assert_eq!(found(index, called(Some(1_000), None)), [1, 2]);
    assert_eq!(found(index, called(Some(1_001), Some(2_000))), [2]);
    assert_eq!(found(index, called(None, Some(999))), [] as [u32; 0]);
    assert_eq!(found(index, called(None, None)), [1, 2]);
    assert_eq!(found(index, field(CALLED, Storage::Instant, Test::Exists)), [1, 2]);
    assert_eq!(found(index, built_in("datetime", Test::Instants(Some(2_000_000), Some(3_000_000)))), [2, 3]);
    assert_eq!(found(index, built_in("last_modified", Test::Instants(None, Some(2)))), [1, 2]);
    assert_eq!(found(index, built_in("duration", Test::Numbers(Some((20.0, true)), None))), [2, 3]);
    assert_eq!(found(index, built_in("agent_clarity", Test::Numbers(None, Some((0.5, true))))), [1]);
}

fn texts(index: &dyn SearchIndex) {
    fill(index);
    let note = |test| field(NOTE, Storage::Words, test);
    let like = |pattern: &str| Test::Words(Phrase { words: vec![Word::Like(glob(pattern))], ..Phrase::exact([""]) });
    let phrase = |text: &str| note(Test::Words(Phrase::exact(text.split(' '))));
    assert_eq!(found(index, phrase("call")), [1, 2]);
    assert_eq!(found(index, phrase("call back")), [1]);
    assert_eq!(found(index, phrase("back soon")), [] as [u32; 0], "phrases do not cross elements of a list");
    assert_eq!(found(index, note(like("so?n"))), [1]);
    assert_eq!(found(index, note(like("*all"))), [1, 2]);
    assert_eq!(found(index, note(like("*l b*"))), [] as [u32; 0]);
    assert_eq!(found(index, note(Test::Exists)), [1, 2]);
}

fn builtins(index: &dyn SearchIndex) {
    fill(index);
    assert_eq!(found(index, built_in("tid", one_of(&["t1", "t3", "x"]))), [1]);
    assert_eq!(found(index, built_in("agentid", one_of(&["smith"]))), [1, 2]);
    assert_eq!(found(index, built_in("filename", Test::Like(glob("*.wav")))), [1]);
    assert_eq!(found(index, built_in("requestid", Test::Exists)), [2]);
    assert_eq!(found(index, built_in("agent_gender", one_of(&["female"]))), [1]);
    assert_eq!(found(index, built_in("agent_gender", Test::Exists)), [1]);
    assert_eq!(found(index, built_in("folder", Test::Folders(vec![FolderId(12)]))), [4]);
    assert_eq!(found(index, built_in("folder", Test::Folders(Vec::new()))), [] as [u32; 0]);
    assert_eq!(found(index, not(built_in("folder", Test::Folders(vec![FolderId(11), FolderId(12)])))), [5]);
}

fn only_folders(index: &dyn SearchIndex) {
    fill(index);
    let only = |folders: &[u32], test| {
        let only_folders: Option<Arc<[FolderId]>> = Some(folders.iter().map(|id| FolderId(*id)).collect());
        Node::Values(ValueTest { target: Target::Builtin(builtin("duration").unwrap()), only_folders, test })
    };
    assert_eq!(found(index, only(&[11], Test::Exists)), [1, 2, 3]);
    assert_eq!(found(index, only(&[12], Test::Exists)), [4]);
    assert_eq!(found(index, not(only(&[11], Test::Exists))), [4, 5]);
    assert_eq!(found(index, only(&[], Test::Exists)), [] as [u32; 0]);
    assert_eq!(found(index, only(&[11, 21], Test::Numbers(None, Some((10.0, true))))), [1]);
}

fn walls(index: &dyn SearchIndex) {
    fill(index);
    let within = |orgs: &[u32], folders: &[u32], root: Node| {
        let mut search = everything(root);
        search.scope.orgs = orgs.iter().map(|id| OrgId(*id)).collect();
        search.scope.folders = folders.iter().map(|id| FolderId(*id)).collect();
        let page = index.search(&search, BUDGET).unwrap();
        let mut keys: Vec<(u32, f64)> = page.hits.iter().map(|hit| (hit.key.0, hit.score)).collect();
        keys.sort_by_key(|(key, _)| *key);
        keys
    };
    let keys = |orgs: &[u32], folders: &[u32], root| {
        within(orgs, folders, root).into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&[1], &[11, 12], Node::All), [1, 2, 3, 4]);
    assert_eq!(keys(&[1], &[12], Node::All), [4]);
    assert_eq!(keys(&[2], &[21], not(words("cancel"))), [5]);
    assert_eq!(keys(&[1], &[21], Node::All), [] as [u32; 0]);
    assert_eq!(keys(&[], &[], Node::All), [] as [u32; 0]);
    // What others say leaves no trace in the score.
    let alone = within(&[1], &[12], words("cancel"));
    let statistics = crate::query::score::Statistics { transcripts: 1, words: 6 };
    assert!((alone[0].1 - statistics.part(statistics.idf(1), 1, 6)).abs() < 1e-9);
}

fn idempotent(index: &dyn SearchIndex) {
    fill(index);
    let before = (search(index, words("cancel")), index.entries().unwrap());
    fill(index);
    let older = transcript(1, 1, 11, "t1", &[("client", "nothing")]);
    let mut record = record(2, 1, 11, "t2", 5);
    record.revision.0 = 0;
    index.apply(vec![older, IndexWrite::Record(Box::new(record))], 2).unwrap();
    assert_eq!((search(index, words("cancel")), index.entries().unwrap()), before);
    assert_eq!(found(index, words("nothing")), [] as [u32; 0]);
    index.apply(Vec::new(), 3).unwrap();
}

fn edited(index: &dyn SearchIndex) {
    fill(index);
    let mut edit = record(1, 1, 11, "t1", 9);
    edit.revision.0 = 2;
    edit.values = vec![keyword("Sales"), number(1.0)];
    index.apply(vec![IndexWrite::Record(Box::new(edit.clone()))], 2).unwrap();
    assert_eq!(found(index, queue(one_of(&["sales"]))), [1, 2]);
    assert_eq!(found(index, queue(one_of(&["billing"]))), [3]);
    assert_eq!(found(index, words("cancel my plan")), [1, 4]);
    assert_eq!(found(index, field(NOTE, Storage::Words, Test::Exists)), [2]);
    // The same revision under a newer schema.
    edit.schema_version = 2;
    edit.folder = FolderId(12);
    edit.values = Vec::new();
    index.apply(vec![IndexWrite::Record(Box::new(edit))], 3).unwrap();
    assert_eq!(found(index, queue(Test::Exists)), [2, 3]);
    assert_eq!(found(index, built_in("folder", Test::Folders(vec![FolderId(12)]))), [1, 4]);
}

fn replaced(index: &dyn SearchIndex) {
    fill(index);
    let mut record = record(1, 1, 11, "t1", 2);
    record.revision.0 = 2;
    record.words_revision.0 = 2;
    let body = turns(&[("client", "good morning")]);
    index.apply(vec![IndexWrite::Whole(Box::new(record.clone()), body)], 2).unwrap();
    assert_eq!(found(index, words("cancel")), [2, 4]);
    assert_eq!(found(index, words("good morning")), [1]);
    assert_eq!(found(index, queue(one_of(&["billing"]))), [3]);
    assert_eq!(index.entries().unwrap()[0].turns, 1);
    // Without a word at all it is still a transcript.
    record.revision.0 = 3;
    record.words_revision.0 = 3;
    record.words = 0;
    index.apply(vec![IndexWrite::Whole(Box::new(record), Vec::new())], 3).unwrap();
    assert_eq!(found(index, Node::All), [1, 2, 3, 4, 5]);
    assert_eq!(found(index, not(words("cancel"))), [1, 3, 5]);
    assert_eq!(index.figures().records, 5);
}

fn erased(index: &dyn SearchIndex) {
    fill(index);
    index.apply(vec![IndexWrite::Erase(Key(1), OrgId(1)), IndexWrite::Erase(Key(99), OrgId(1))], 2).unwrap();
    assert_eq!(found(index, Node::All), [2, 3, 4, 5]);
    assert_eq!(found(index, words("cancel")), [2, 4]);
    assert_eq!(found(index, queue(Test::Exists)), [2, 3]);
    index.purge().unwrap();
    assert_eq!(found(index, Node::All), [2, 3, 4, 5]);
    assert_eq!(index.entries().unwrap().len(), 4);
    // The id made anew has a new key.
    index.apply(vec![transcript(7, 1, 11, "t1", &[("agent", "cancel again")])], 3).unwrap();
    assert_eq!(found(index, words("cancel")), [2, 4, 7]);
    assert_eq!(index.figures().records, 5);
}

fn entries(index: &dyn SearchIndex) {
    fill(index);
    let entry = |key, org, tid, turns| IndexEntry {
        key: Key(key),
        org: OrgId(org),
        tid: tid_digest(tid),
        revision: 1,
        schema_version: 1,
        words_revision: 1,
        turns,
    };
    let all =
        [entry(1, 1, "t1", 3), entry(2, 1, "t2", 1), entry(3, 1, "T3", 1), entry(4, 1, "t4", 2), entry(5, 2, "a", 1)];
    assert_eq!(index.entries().unwrap(), all);
    let figures = index.figures();
    assert_eq!((figures.records, figures.turns), (5, 8));
}
