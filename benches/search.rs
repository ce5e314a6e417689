//! The operators of searches, each alone, over 100,000 transcripts of 120 words in the process: what a page of the index
//! costs without the request around it and without its rows. `LINERNOTES_BENCH_TRANSCRIPTS` asks for another number.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a bench that meets the unexpected fails with its place named, and tells what it found"
)]
use criterion::{Criterion, criterion_group, criterion_main};
use linernotes::base::fold::fold_value;
use linernotes::domain::builtins::{Builtins, builtin};
use linernotes::domain::fields::TypedValue;
use linernotes::domain::fields::definition::Storage;
use linernotes::domain::identity::{FieldId, FolderId, Key, OrgId, Revision, Tid};
use linernotes::domain::record::Record;
use linernotes::domain::transcript::{Role, Turn};
use linernotes::query::glob::Glob;
use linernotes::query::pattern::Pattern;
use linernotes::query::resolved::{
    FacetAsked, Node, ResolvedSearch, Said, Scope, SortKey, Source, Speaker, Target, Test, ValueTest,
};
use linernotes::stores::index::tantivy::TantivyIndex;
use linernotes::stores::index::{IndexWrite, SearchIndex as _};
use std::hint::black_box;
use std::time::Duration;

const TRANSCRIPTS: u32 = 100_000;
const TURNS: u32 = 8;
const WORDS_A_TURN: u32 = 15;
/// Different words, by how often they are said (Zipf).
const VOCABULARY: f64 = 60_000.0;
const DAY: i64 = 86_400_000_000;
const QUEUE: Target = Target::Field(FieldId(1), Storage::Keyword);
const AGENT: Target = Target::Field(FieldId(2), Storage::Keyword);
const HOLD: Target = Target::Field(FieldId(3), Storage::Number);
const BUDGET: Duration = Duration::from_secs(60);

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.unit() * f64::from(bound)) as u32
    }

    fn turn(&mut self, no: u32) -> Turn {
        let words: Vec<String> = (0..WORDS_A_TURN).map(|_| word(VOCABULARY.powf(self.unit()) as u32)).collect();
        let role = if no.is_multiple_of(2) { Role::Agent } else { Role::Client };
        Turn { no, text: words.join(" "), speaker: None, channel: None, start: Some(f64::from(no)), end: None, role }
    }
}

/// The word of a rank.
fn word(rank: u32) -> String {
    format!("w{rank}")
}

/// Transcripts come in the order of their keys and are of any day of a year.
fn transcript(key: u32, random: &mut Random) -> IndexWrite {
    let keyword = |text: String| vec![TypedValue::Keyword { folded: fold_value(&text), shown: text }];
    let values = [
        (QUEUE, keyword(format!("Queue {}", random.below(12)))),
        (AGENT, keyword(format!("Agent {:03} Smith", random.below(500)))),
        (HOLD, vec![TypedValue::Number(f64::from(random.below(300)))]),
    ];
    let field = |(target, typed)| match target {
        Target::Field(id, _) => Some((id, typed)),
        _ => None,
    };
    let record = Record {
        key: Key(key),
        org: OrgId(1),
        folder: FolderId(11),
        tid: Tid::parse(&format!("t{key:07}")).expect("an id"),
        revision: Revision(1),
        schema_version: 1,
        words_revision: Revision(1),
        last_modified: i64::from(key),
        builtins: Builtins { datetime: (random.unit() * 365.0 * DAY as f64) as i64, ..Builtins::default() },
        values: values.into_iter().filter_map(field).collect(),
        words: TURNS * WORDS_A_TURN,
    };
    IndexWrite::Whole(Box::new(record), (0..TURNS).map(|no| random.turn(no)).collect())
}

fn filled(dir: &std::path::Path, transcripts: u32) -> TantivyIndex {
    let index = TantivyIndex::open(dir, 1, 0).expect("an index");
    let mut random = Random(42);
    for (from, batch) in (1..=transcripts).step_by(2_000).zip(1..) {
        let until = transcripts.min(from + 1_999);
        index.apply((from..=until).map(|key| transcript(key, &mut random)).collect(), batch).expect("written");
    }
    index
}

fn said(words: &[u32]) -> Node {
    Node::Said(Said::exact(Speaker::Anyone, words.iter().map(|rank| word(*rank))))
}

fn value(target: Target, test: Test) -> Node {
    Node::Values(ValueTest { target, only_folders: None, test })
}

/// From a day on, so many days.
fn days(from: i64, days: i64) -> Node {
    value(datetime(), Test::Instants(Some(from * DAY), Some((from + days) * DAY)))
}

fn datetime() -> Target {
    Target::Builtin(builtin("datetime").expect("a built-in"))
}

/// The first 20, newest first.
fn newest(root: Node) -> ResolvedSearch {
    let scope = Scope { orgs: vec![OrgId(1)], folders: vec![FolderId(11)] };
    ResolvedSearch { size: 20, ..ResolvedSearch::new(scope, root) }
}

/// The first 10 by score.
fn best(root: Node) -> ResolvedSearch {
    ResolvedSearch { order: vec![SortKey::score(true)], size: 10, ..newest(root) }
}

fn operators(c: &mut Criterion) {
    let asked = std::env::var("LINERNOTES_BENCH_TRANSCRIPTS").ok().and_then(|text| text.parse().ok());
    let transcripts = asked.unwrap_or(TRANSCRIPTS);
    let dir = tempfile::tempdir().expect("a folder");
    let index = filled(dir.path(), transcripts);
    eprintln!("{transcripts} transcripts, {} segments of records", index.figures().record_segments);
    let mut bench = |name: &str, search: ResolvedSearch| {
        let total = index.search(&search, BUDGET).expect("found").total;
        let name = format!("{name}: {total}");
        c.bench_function(&name, |b| b.iter(|| black_box(index.search(&search, BUDGET).expect("found"))));
    };
    let long = || value(HOLD, Test::Numbers(Some((60.0, false)), None));
    let queue = || value(QUEUE, Test::OneOf(vec!["queue 7".to_owned()]));
    let facet = |target| FacetAsked { source: Source::of(target), size: 10, prefix: None };
    bench("a frequent word", best(said(&[60])));
    bench("a rare word", best(said(&[3_000])));
    bench("two words", best(Node::And(vec![said(&[60]), said(&[200])])));
    bench("a phrase", best(said(&[3, 5])));
    bench("filter and range, a week", newest(Node::And(vec![queue(), long(), days(100, 7)])));
    bench("filter and range, two months", newest(Node::And(vec![queue(), long(), days(100, 60)])));
    bench(
        "facets of a word",
        ResolvedSearch { facets: vec![facet(QUEUE), facet(AGENT)], size: 0, ..best(said(&[60])) },
    );
    let pattern = Pattern::Glob(Glob::new("*42 sm*".chars().map(|letter| (letter, false))));
    bench("a substring", newest(value(AGENT, Test::Like(pattern))));
    bench("a word, a field and a range", newest(Node::And(vec![said(&[60]), queue(), days(100, 60)])));
}

criterion_group! {
    name = search;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = operators
}
criterion_main!(search);
