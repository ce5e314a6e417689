//! The nearest of 100,000 embeddings of 384 numbers: all of them, one in a hundred, and from disk without room in memory.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a bench that meets the unexpected fails with its place named, and tells what it found"
)]
use criterion::{Criterion, criterion_group, criterion_main};
use linernotes::base::fold::fold_value;
use linernotes::domain::builtins::Builtins;
use linernotes::domain::fields::TypedValue;
use linernotes::domain::fields::definition::Storage;
use linernotes::domain::identity::{FieldId, FolderId, Key, OrgId, Revision, Tid};
use linernotes::domain::record::Record;
use linernotes::query::resolved::{Near, Node, ResolvedSearch, Scope, SortKey, Target, Test, ValueTest};
use linernotes::stores::index::tantivy::TantivyIndex;
use linernotes::stores::index::{IndexWrite, SearchIndex as _};
use std::hint::black_box;
use std::time::{Duration, Instant};

const TRANSCRIPTS: u32 = 100_000;
const SIZE: usize = 384;
const GIST: FieldId = FieldId(1);
const QUEUE: FieldId = FieldId(2);
const BUDGET: Duration = Duration::from_secs(60);

/// Marsaglia's xorshift; sums of four are nearly normal.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    /// Around one of a hundred subjects, as embeddings of talk are.
    fn vector(&mut self, subject: u32) -> Vec<f32> {
        let mut own = Random(u64::from(subject) * 7_919 + 1);
        let mut normal = || (0..4).map(|_| self.unit()).sum::<f32>();
        (0..SIZE).map(|_| own.unit() * 1.5 + normal()).collect()
    }
}

fn record(key: u32, random: &mut Random) -> Record {
    let queue = format!("queue {}", key % 100);
    let queue = TypedValue::Keyword { folded: fold_value(&queue), shown: queue };
    Record {
        key: Key(key),
        org: OrgId(1),
        folder: FolderId(11),
        tid: Tid::parse(&format!("t{key:06}")).expect("an id"),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: i64::from(key),
        builtins: Builtins { datetime: i64::from(key) * 1_000_000, ..Builtins::default() },
        values: vec![(GIST, vec![TypedValue::Vector(random.vector(key % 97).into())]), (QUEUE, vec![queue])],
        words: 0,
    }
}

fn asked(root: Node, k: usize, vector: &[f32]) -> ResolvedSearch {
    let scope = Scope { orgs: vec![OrgId(1)], folders: vec![FolderId(11)] };
    let near = Near { fields: vec![GIST], only_folders: None, vector: vector.into(), k };
    ResolvedSearch { near: Some(near), order: vec![SortKey::score(true)], size: 10, ..ResolvedSearch::new(scope, root) }
}

fn nearest(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder");
    let index = TantivyIndex::open(dir.path(), 1, 0).expect("an index");
    let mut random = Random(42);
    for (from, batch) in (1..=TRANSCRIPTS).step_by(2_000).zip(1..) {
        let writes = (from..from + 2_000).map(|key| IndexWrite::Whole(Box::new(record(key, &mut random)), Vec::new()));
        index.apply(writes.collect(), batch).expect("written");
    }
    let vector = random.vector(5);
    let one_queue = Node::Values(ValueTest {
        target: Target::Field(QUEUE, Storage::Keyword),
        only_folders: None,
        test: Test::OneOf(vec!["queue 7".to_owned()]),
    });
    let begun = Instant::now();
    index.search(&asked(Node::All, 10, &vector), BUDGET).expect("found");
    let segments = index.figures().record_segments;
    eprintln!("first search, which reads them all: {:?}; {segments} segments", begun.elapsed());
    eprintln!("memory of all values asked for: {} MB", index.figures().value_bytes >> 20);
    let mut bench = |name: &str, search: ResolvedSearch| {
        c.bench_function(name, |b| b.iter(|| black_box(index.search(&search, BUDGET).expect("found"))));
    };
    bench("near, 10 of 100,000", asked(Node::All, 10, &vector));
    bench("near, 100 of 100,000", asked(Node::All, 100, &vector));
    bench("near, 10,000 of 100,000", asked(Node::All, 10_000, &vector));
    bench("near, 10 of the 1,000 of a queue", asked(one_queue, 10, &vector));
    drop(index);
    let index = TantivyIndex::open(dir.path(), 1, 0).expect("the index");
    index.keep_vectors(0);
    let search = asked(Node::All, 10, &vector);
    c.bench_function("near, 10 of 100,000, without room in memory", |b| {
        b.iter(|| black_box(index.search(&search, BUDGET).expect("found")));
    });
}

criterion_group! {
    name = near;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4));
    targets = nearest
}
criterion_main!(near);
