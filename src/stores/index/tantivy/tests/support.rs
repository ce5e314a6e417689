//! Small transcripts and searches for the tests.
use crate::base::fold;
use crate::domain::builtins::{self, Builtins};
use crate::domain::fields::TypedValue;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::{FieldId, FolderId, FolderName, Key, OrgId, Revision, Tid};
use crate::domain::record::Record;
use crate::domain::transcript::{Role, Turn};
use crate::domain::words;
use crate::query::resolved::{
    FacetAsked, Node, ResolvedSearch, Said, Scope, SearchPage, SortKey, Source, Speaker, Target, Test, ValueTest,
};
use crate::stores::index::tantivy::TantivyIndex;
use crate::stores::index::{IndexWrite, SearchIndex};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub const QUEUE: Target = Target::Field(FieldId(1), Storage::Keyword);
pub const HOLD: Target = Target::Field(FieldId(2), Storage::Number);
pub const DUE: Target = Target::Field(FieldId(3), Storage::Instant);
pub const NOTE: Target = Target::Field(FieldId(4), Storage::Words);

pub fn builtin(name: &str) -> Target {
    Target::Builtin(builtins::builtin(name).unwrap())
}

/// A transcript under construction: organisation 1, folder 10 unless said otherwise.
#[derive(Clone)]
pub struct Call {
    pub record: Record,
    pub turns: Vec<Turn>,
}

pub fn call(key: u32) -> Call {
    let record = Record {
        key: Key(key),
        org: OrgId(1),
        folder: FolderId(10),
        tid: Tid::parse(&format!("T{key:04}")).unwrap(),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: 1_000 + i64::from(key),
        builtins: Builtins { datetime: i64::from(key) * 1_000_000, ..Builtins::default() },
        values: Vec::new(),
        words: 0,
    };
    Call { record, turns: Vec::new() }
}

impl Call {
    pub fn place(mut self, org: u32, folder: u32) -> Self {
        (self.record.org, self.record.folder) = (OrgId(org), FolderId(folder));
        self
    }

    pub fn tid(mut self, tid: &str) -> Self {
        self.record.tid = Tid::parse(tid).unwrap();
        self
    }

    pub fn at(mut self, datetime: i64) -> Self {
        self.record.builtins.datetime = datetime;
        self
    }

    pub fn says(mut self, label: &str, text: &str) -> Self {
        let no = self.turns.len() as u32;
        let role = match label {
            "agent" => Role::Agent,
            "client" => Role::Client,
            _ => Role::Unknown,
        };
        self.record.words += words::tokens(text).len() as u32;
        self.turns.push(Turn {
            no,
            text: text.to_owned(),
            speaker: Some(label.to_owned()),
            channel: Some(i64::from(no % 2)),
            start: Some(f64::from(no) * 2.0),
            end: None,
            role,
        });
        self
    }

    fn with(mut self, target: Target, typed: Vec<TypedValue>) -> Self {
        let Target::Field(id, _) = target else { panic!("a field") };
        self.record.values.retain(|(own, _)| *own != id);
        self.record.values.push((id, typed));
        self
    }

    pub fn queue(self, values: &[&str]) -> Self {
        let keyword = |text: &&str| TypedValue::Keyword { shown: (*text).to_owned(), folded: fold::fold_value(text) };
        self.with(QUEUE, values.iter().map(keyword).collect())
    }

    pub fn hold(self, values: &[f64]) -> Self {
        self.with(HOLD, values.iter().map(|value| TypedValue::Number(*value)).collect())
    }

    pub fn due(self, value: i64) -> Self {
        self.with(DUE, vec![TypedValue::Instant(value)])
    }

    pub fn note(self, values: &[&str]) -> Self {
        self.with(NOTE, values.iter().map(|text| TypedValue::Words((*text).to_owned())).collect())
    }

    pub fn revised(mut self) -> Self {
        self.record.revision.0 += 1;
        self
    }

    pub fn reworded(mut self) -> Self {
        self.record.revision.0 += 1;
        self.record.words_revision = self.record.revision;
        self.record.words = 0;
        self.turns.clear();
        self
    }

    pub fn whole(self) -> IndexWrite {
        IndexWrite::Whole(Box::new(self.record), self.turns)
    }

    pub fn edit(self) -> IndexWrite {
        IndexWrite::Record(Box::new(self.record))
    }
}

/// An index in a scratch directory.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub index: TantivyIndex,
    batch: u64,
}

impl Bench {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let index = TantivyIndex::open(&dir.path().join("index"), 7, 0).unwrap();
        Self { dir, index, batch: 0 }
    }

    pub fn apply(&mut self, writes: Vec<IndexWrite>) {
        self.batch += 1;
        self.index.apply(writes, self.batch).unwrap();
    }

    /// One batch, and so one segment, per call.
    pub fn with(calls: Vec<Call>) -> Self {
        let mut bench = Self::new();
        calls.into_iter().for_each(|call| bench.apply(vec![call.whole()]));
        bench
    }

    pub fn reopen(self, epoch: u64, settled: u64) -> Self {
        let Self { dir, index, batch } = self;
        drop(index);
        let index = TantivyIndex::open(&dir.path().join("index"), epoch, settled).unwrap();
        Self { dir, index, batch }
    }

    pub fn page(&self, search: &ResolvedSearch) -> SearchPage {
        self.index.search(search, Duration::from_secs(10)).unwrap()
    }

    /// The keys that match, in the order asked.
    pub fn keys(&self, search: &ResolvedSearch) -> Vec<u32> {
        let page = self.page(search);
        let keys: Vec<u32> = page.hits.iter().map(|hit| hit.key.0).collect();
        if search.offset == 0 && keys.len() < search.size {
            assert_eq!(page.total, keys.len() as u64);
        }
        keys
    }

    /// The keys that match, by key.
    pub fn matching(&self, root: Node) -> Vec<u32> {
        let mut keys = self.keys(&search(root));
        keys.sort_unstable();
        keys
    }
}

/// A search of organisation 1, folders 10 and 11, by datetime ascending.
pub fn search(root: Node) -> ResolvedSearch {
    let scope = Scope { orgs: vec![OrgId(1)], folders: vec![FolderId(10), FolderId(11)] };
    ResolvedSearch {
        order: vec![SortKey::value(builtin("datetime"), false)],
        folder_names: Arc::new(HashMap::from([
            (FolderId(10), FolderName::parse("Inbound").unwrap()),
            (FolderId(11), FolderName::parse("Archive").unwrap()),
        ])),
        ..ResolvedSearch::new(scope, root)
    }
}

pub fn said(words: &str) -> Node {
    said_by(Speaker::Anyone, words)
}

pub fn said_by(by: Speaker, words: &str) -> Node {
    Node::Said(Said::exact(by, words.split(' ')))
}

pub fn value(target: Target, test: Test) -> Node {
    Node::Values(ValueTest { target, only_folders: None, test })
}

pub fn not(node: Node) -> Node {
    Node::Not(Box::new(node))
}

pub fn facet(target: Target, size: usize) -> FacetAsked {
    FacetAsked { source: Source::of(target), size, prefix: None }
}
