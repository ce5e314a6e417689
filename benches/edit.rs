//! What one edit costs, piece by piece: reading and applying it, seeing it through the folder's fields, the query parser,
//! coercion, and commits of 1, 16 and 64 edits on SQLite. `cargo bench --bench edit`.

#![allow(missing_docs, reason = "the macros of criterion make functions without")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that meets the unexpected fails with its place named"
)]
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use linernotes::domain::fields::value::{ValueBounds, coerce};
use linernotes::domain::fields::{ConfiguredField, Definition, FieldType, FolderSchema, OnMismatch};
use linernotes::domain::identity::field_name::NameRules;
use linernotes::domain::identity::{FieldId, FieldName, FolderId, Key, OrgId, Revision, Tid};
use linernotes::domain::limits::Limits;
use linernotes::domain::metadata::edit::EditRules;
use linernotes::domain::metadata::{Edit, Metadata};
use linernotes::domain::projection::project;
use linernotes::query::parser;
use linernotes::stores::database::sqlite::SqliteDatabase;
use linernotes::stores::database::writes::{Stored, Write};
use linernotes::stores::database::{Checkpoint, Database};
use std::hint::black_box;
use std::sync::Arc;

const METADATA: &str = r#"{"agent_id":"A00042","agent_name":"Marisol Okonkwo","direction":"inbound","hold_time":61.5,
"transfers":1,"queue":"billing","client_phone":"+12345678901","call_datetime":"2026-03-04T05:06:07Z","talk_time":183.25,
"disposition":"resolved","notes":"asked for the invoice of last month and was sent a copy","language":"en"}"#;
const EDIT: &[u8] = br#"{"disposition":"callback","transfers":2,"notes":"will be called back on Thursday"}"#;

fn schema() -> FolderSchema {
    let kinds = [
        ("hold_time", FieldType::Number),
        ("transfers", FieldType::Number),
        ("talk_time", FieldType::Number),
        ("call_datetime", FieldType::Datetime),
        ("notes", FieldType::Text),
        ("agent_name", FieldType::Varchar),
        ("direction", FieldType::Varchar),
        ("queue", FieldType::Varchar),
        ("disposition", FieldType::Varchar),
        ("language", FieldType::Varchar),
    ];
    let field = |(at, (name, kind)): (usize, (&str, FieldType))| {
        let id = FieldId(u32::try_from(at).unwrap());
        Arc::new(ConfiguredField::new(id, FieldName::lenient(name), Definition::of(kind)))
    };
    let fields = kinds.into_iter().enumerate().map(field).collect();
    FolderSchema::new(FolderId(1), 1, jiff::tz::TimeZone::UTC, OnMismatch::default(), fields)
}

fn bounds(limits: &Limits) -> ValueBounds {
    ValueBounds { value_bytes: limits.indexed_value_bytes, text_bytes: limits.indexed_text_bytes }
}

fn edit(c: &mut Criterion) {
    let (limits, schema) = (Limits::default(), schema());
    let rules = EditRules { limits: &limits, names: NameRules::VSpark, dash_to_hash: false };
    c.bench_function("metadata read", |b| b.iter(|| Metadata::lenient(black_box(METADATA)).unwrap()));
    c.bench_function("edit read", |b| b.iter(|| Edit::read_flat(black_box(EDIT), rules).unwrap()));
    let (metadata, edit) = (Metadata::lenient(METADATA).unwrap(), Edit::read_flat(EDIT, rules).unwrap());
    c.bench_function("edit applied", |b| b.iter(|| edit.apply(black_box(&metadata), rules).unwrap()));
    c.bench_function("projection", |b| b.iter(|| project(black_box(&metadata), &schema, bounds(&limits))));
    c.bench_function("edit, all of it", |b| {
        b.iter(|| {
            let metadata = Metadata::lenient(black_box(METADATA)).unwrap();
            let edited = Edit::read_flat(black_box(EDIT), rules).unwrap().apply(&metadata, rules).unwrap();
            let projection = project(&edited.metadata, &schema, bounds(&limits));
            (projection.values_json(), edited.metadata.to_json())
        });
    });
    for (name, value) in [("hold_time", "61.5"), ("call_datetime", "\"2026-03-04 05:06\""), ("queue", "\"Billing\"")] {
        let field = schema.field(&FieldName::lenient(name)).unwrap();
        let raw = serde_json::value::RawValue::from_string(value.to_owned()).unwrap();
        c.bench_function(&format!("coercion of {name}"), |b| {
            b.iter(|| coerce(&field.definition, black_box(&raw), &schema.zone, bounds(&limits)).unwrap());
        });
    }
}

fn queries(c: &mut Criterion) {
    let limits = Limits::default();
    for (name, text) in [
        ("a word", "invoice"),
        ("a phrase and a field", r#""cancel my account" disposition:callback"#),
        (
            "everything",
            r#"(agent:"late fee"~5 OR refund*) -queue:sales hold_time:[60 TO 300] call_datetime:>=2026-01-01"#,
        ),
    ] {
        c.bench_function(&format!("query, {name}"), |b| b.iter(|| parser::parse(black_box(text), &limits).unwrap()));
    }
}

const ROWS: u32 = 20_000;

fn row(key: u32) -> Stored {
    Stored {
        key: Key(key),
        org: OrgId(1),
        folder: FolderId(1),
        tid: Tid::parse(&format!("t{key}")).unwrap(),
        revision: Revision(1),
        words_revision: Revision(1),
        schema_version: 1,
        last_modified: i64::from(key),
        ingested: i64::from(key),
        facts: format!(r#"{{"note":"{}"}}"#, "x".repeat(200)).into(),
        builtins: format!(r#"{{"note":"{}"}}"#, "x".repeat(200)).into(),
        values: METADATA.into(),
        metadata: METADATA.into(),
        idempotency: None,
    }
}

fn commits(c: &mut Criterion) {
    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap().join("target")).unwrap();
    let database = SqliteDatabase::open(&folder.path().join("main.db")).unwrap();
    let mut rows: Vec<Arc<Stored>> = (1..=ROWS).map(|key| Arc::new(row(key))).collect();
    for chunk in rows.chunks(1_000) {
        database.commit(&chunk.iter().cloned().map(Write::Create).collect::<Vec<_>>()).unwrap();
    }
    database.checkpoint(Checkpoint::Empty).unwrap();
    let mut at = 0;
    let mut group = c.benchmark_group("commit");
    for size in [1_usize, 16, 64] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("{size} edits"), |b| {
            b.iter_batched(
                || {
                    let next = |_| {
                        at = (at + 7_919) % rows.len();
                        let expected = rows[at].revision;
                        let stored = Stored { revision: Revision(expected.0 + 1), ..Stored::clone(&rows[at]) };
                        rows[at] = Arc::new(stored);
                        Write::Edit(rows[at].clone(), expected)
                    };
                    (0..size).map(next).collect::<Vec<_>>()
                },
                |writes| database.commit(&writes).unwrap(),
                BatchSize::PerIteration,
            );
        });
        database.checkpoint(Checkpoint::Empty).unwrap();
    }
    group.finish();
}

criterion_group!(benches, edit, queries, commits);
criterion_main!(benches);
