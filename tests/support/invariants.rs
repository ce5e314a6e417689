//! The design's invariants as functions over the three stores. Each panics with what is wrong.
use linernotes::domain::identity::{CompanyName, Key, OrgName, Place, Revision, Tid};
use linernotes::stores::Stores;
use linernotes::stores::archive::Fate;
use linernotes::stores::database::{Row, Sink};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every row.
pub fn rows(stores: &Stores) -> Vec<Row> {
    stores.database.scan(None, None, usize::MAX).unwrap()
}

/// Where a transcript of that organisation lies.
pub fn place(company: &str, org: &str, tid: &str) -> Place {
    Place {
        company: CompanyName::parse(company).unwrap(),
        org: OrgName::parse(org).unwrap(),
        tid: Tid::parse(tid).unwrap(),
    }
}

/// Bodies that lie under their staged names.
pub fn staged(stores: &Stores) -> Vec<(Key, Revision)> {
    let mut found = Vec::new();
    let mut note = |key, revision| {
        found.push((key, revision));
        Fate::Keep
    };
    stores.archive.sweep(&mut note).unwrap();
    found
}

/// (4) Quiet: every store stands at the same revision, nothing is owed, no unarchived copies, no temporary files; and
/// index and archive hold nothing that the database does not.
pub fn quiet_means_level(stores: &Stores) {
    for sink in [Sink::Archive, Sink::Index] {
        let owed = stores.database.owed(sink, None, usize::MAX).unwrap();
        assert!(owed.is_empty(), "{sink:?} is owed {owed:?}");
    }
    let rows = rows(stores);
    for row in &rows {
        assert!(row.unarchived.is_none(), "{} keeps an unarchived copy", row.tid);
        assert_eq!(row.archived.revision, row.revision.0, "archive of {}", row.tid);
        assert_eq!(row.archived.words_revision, row.words_revision.0, "archived words of {}", row.tid);
        assert_eq!(row.indexed.revision, row.revision.0, "index of {}", row.tid);
        assert_eq!(row.indexed.schema_version, row.schema_version, "index schema of {}", row.tid);
    }
    let mut expected: Vec<_> =
        rows.iter().map(|r| (r.key, r.revision.0, r.schema_version, r.words_revision.0)).collect();
    let mut indexed: Vec<_> = (stores.index.entries().unwrap().into_iter())
        .map(|e| (e.key, e.revision, e.schema_version, e.words_revision))
        .collect();
    expected.sort();
    indexed.sort();
    assert_eq!(indexed, expected, "index entries (key, revision, schema version, words)");
    let mut archived = Vec::new();
    stores
        .archive
        .list(&mut |found| {
            let found = found.unwrap();
            assert!(found.body && found.metadata, "half a pair: {found:?}");
            archived.push(found.place.tid.as_str().to_owned());
        })
        .unwrap();
    let mut tids: Vec<String> = rows.iter().map(|row| row.tid.as_str().to_owned()).collect();
    archived.sort();
    tids.sort();
    assert_eq!(archived, tids, "transcripts in the archive and in the database");
    assert_eq!(staged(stores), [], "staged bodies");
}

/// (2) Every store equals what the accepted changes come to.
pub fn archive_holds(stores: &Stores, place: &Place, revision: u64, metadata: &Value, words: &str) {
    let file = stores.archive.metadata(place).unwrap().unwrap_or_else(|| panic!("no metadata file of {place}"));
    assert_eq!(file.revision.0, revision, "revision of {place} in the archive");
    let found: Value = serde_json::from_str(&file.metadata).unwrap();
    assert_eq!(&folded(&found), metadata, "metadata of {place} in the archive");
    let body = stores.archive.body(place, Key(0), Revision(0)).unwrap().unwrap_or_else(|| panic!("no body of {place}"));
    assert!(body.contains(words), "body of {place} is not the last one accepted: {body}");
}

/// (3) The database holds exactly the configured values that are present.
pub fn database_holds(row: &Row, values: &BTreeMap<String, Value>) {
    let found: Value = serde_json::from_str(&row.values).unwrap();
    let found: BTreeMap<String, Value> =
        found.as_object().unwrap().iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    assert_eq!(&found, values, "configured values of {} at revision {}", row.tid, row.revision.0);
}

/// (5) An older revision changes nothing in the archive.
pub fn older_is_a_no_op(stores: &Stores, place: &Place) {
    let file = stores.archive.metadata(place).unwrap().unwrap();
    if file.revision.0 > 0 {
        let mut older = file.clone();
        older.revision = Revision(file.revision.0 - 1);
        older.metadata = "{\"old\":true}".into();
        stores.archive.put_metadata(&[older]).unwrap();
        assert_eq!(stores.archive.metadata(place).unwrap(), Some(file), "an older revision was taken");
    }
}

/// Metadata with names in lower case: spelling is judged elsewhere.
pub fn folded(metadata: &Value) -> Value {
    let members = metadata.as_object().expect("metadata is an object");
    Value::Object(members.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect())
}
