//! Transcripts to try a database with, and short ways to write them.
use crate::domain::identity::{FolderId, Key, OrgId, Revision, Tid};
use crate::stores::database::writes::{Outcome, Remember, Stored, Write};
use crate::stores::database::{Database, Job, Row, Sink};
use std::sync::Arc;

/// The organisation of the samples.
pub const ORG: OrgId = OrgId(7);
/// Another one.
pub const OTHER: OrgId = OrgId(8);
/// The folder of the samples.
pub const FOLDER: FolderId = FolderId(21);
/// Another one.
pub const ELSEWHERE: FolderId = FolderId(22);

/// An id.
pub fn tid(text: &str) -> Tid {
    Tid::parse(text).unwrap()
}

/// A transcript at revision 1, schema version 1.
pub fn new(key: u32, id: &str) -> Stored {
    Stored {
        key: Key(key),
        org: ORG,
        folder: FOLDER,
        tid: tid(id),
        revision: Revision(1),
        words_revision: Revision(1),
        schema_version: 1,
        last_modified: 1_000_000 + i64::from(key),
        ingested: 1_000_000 + i64::from(key),
        facts: r#"{"turns":3}"#.into(),
        builtins: r#"{"agent":"é"}"#.into(),
        values: r#"{"a":1}"#.into(),
        metadata: format!(r#"{{"a":1,"of":"{id}","at":1}}"#).into(),
        idempotency: None,
    }
}

/// The next revision of a transcript, by an edit.
pub fn next(from: &Stored) -> Stored {
    let revision = from.revision.0 + 1;
    Stored {
        revision: Revision(revision),
        last_modified: from.last_modified + 1,
        builtins: format!(r#"{{"agent":"{revision}"}}"#).into(),
        values: format!(r#"{{"a":{revision}}}"#).into(),
        metadata: format!(r#"{{"a":{revision},"of":"{}"}}"#, from.tid).into(),
        idempotency: None,
        ..from.clone()
    }
}

/// The next revision of a transcript, by a new body.
pub fn next_body(from: &Stored) -> Stored {
    let next = next(from);
    Stored { words_revision: next.revision, facts: format!(r#"{{"turns":{}}}"#, next.revision.0).into(), ..next }
}

/// An idempotency key.
pub fn remember(digest: u8, until: i64) -> Option<Remember> {
    Some(Remember { digest: [digest; 32], body: [digest + 1; 32], until })
}

/// A new transcript.
pub fn create(new: &Stored) -> Write {
    Write::Create(Arc::new(new.clone()))
}

/// An edit of the revision before `new`.
pub fn edit(new: &Stored) -> Write {
    Write::Edit(Arc::new(new.clone()), Revision(new.revision.0 - 1))
}

/// A new body over the revision before `new`.
pub fn replace(new: &Stored) -> Write {
    Write::Replace(Arc::new(new.clone()), Revision(new.revision.0 - 1))
}

/// The end of a transcript.
pub fn erase(last: &Stored) -> Write {
    let job = Some(Job { id: format!("erase-{}", last.key.0), kind: "erase".into(), body: "{}".into() });
    Write::Erase { key: last.key, org: last.org, tid: last.tid.clone(), expected: last.revision, job }
}

/// A back-fill of a row as it stands.
pub fn reproject(of: &Stored, schema_version: u64) -> Write {
    Write::Reproject {
        key: of.key,
        expected: of.revision,
        schema_version,
        builtins: format!(r#"{{"agent":"v{schema_version}"}}"#).into(),
        values: format!(r#"{{"v":{schema_version}}}"#).into(),
        whole: false,
    }
}

/// A sink has pushed a revision.
pub fn settle(sink: Sink, key: u32, revision: u64, schema_version: u64, words: u64) -> Write {
    let (revision, words_revision) = (Revision(revision), Revision(words));
    Write::Settle { sink, key: Key(key), revision, schema_version, words_revision }
}

/// Commits writes that all stand.
pub fn stands(database: &dyn Database, writes: &[Write]) {
    let committed = database.commit(writes).unwrap();
    assert_eq!(committed.outcomes, vec![Outcome::Done; writes.len()]);
}

/// Commits one write; what became of it.
pub fn outcome(database: &dyn Database, write: Write) -> Outcome {
    let committed = database.commit(&[write]).unwrap();
    assert_eq!(committed.outcomes.len(), 1);
    committed.outcomes.into_iter().next().unwrap()
}

/// The refusal of a write whose row stands at `revision`.
pub fn stale(revision: u64) -> Outcome {
    Outcome::Stale(Some(Revision(revision)))
}

/// The row of a sample.
pub fn row(database: &dyn Database, id: &str) -> Row {
    database.load(ORG, &tid(id)).unwrap().unwrap()
}

/// Keys owed to a sink.
pub fn owed(database: &dyn Database, sink: Sink) -> Vec<u32> {
    database.owed(sink, None, 1_000).unwrap().iter().map(|row| row.key.0).collect()
}
