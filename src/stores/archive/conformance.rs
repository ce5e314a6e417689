//! What every archive must do: run on each backend.
use super::{Archive, Fate, Found, MetadataFile, StagedBody};
use crate::base::digest::sha256_hex;
use crate::domain::identity::{CompanyName, FolderName, Key, OrgName, Place, Revision, Tid};
use crate::stores::error::Kind;

/// One promise: a sentence, and a function that panics when an (empty) archive breaks it.
pub type Case = (&'static str, fn(&dyn Archive));

/// All promises.
pub fn cases() -> Vec<Case> {
    vec![
        ("a staged body is read before and after it is published", staged_bodies_are_read),
        ("publishing again is harmless, publishing nothing is an error", publishing_again_is_harmless),
        ("a new body stands beside the old one until it is published", a_new_body_waits),
        ("discarded bodies are gone, published ones are not", discarding_drops_staged_bodies_only),
        ("metadata come back as they were put", metadata_come_back),
        ("an older revision never replaces a newer one", older_metadata_stay_away),
        ("a large batch is put and listed", large_batches),
        ("erased transcripts are gone, erasing again is harmless", erasing),
        ("every transcript is listed, whatever its names", listing),
        ("a sweep settles what a crash left", sweeping),
        ("a discarded organisation is gone, others stay", discarding_an_organisation),
        ("empty batches do nothing", empty_batches),
    ]
}

/// A place by its names.
pub fn place(company: &str, org: &str, tid: &str) -> Place {
    Place {
        company: CompanyName::parse(company).unwrap(),
        org: OrgName::parse(org).unwrap(),
        tid: Tid::parse(tid).unwrap(),
    }
}

/// A place in one organisation.
pub fn at(tid: &str) -> Place {
    place("Acme", "Acme-Sales", tid)
}

/// A body on its way in.
pub fn staged(place: &Place, key: u32, words_revision: u64, body: &str) -> StagedBody {
    StagedBody { place: place.clone(), key: Key(key), words_revision: Revision(words_revision), body: body.into() }
}

/// A metadata file.
pub fn metadata(place: &Place, revision: u64, metadata: &str) -> MetadataFile {
    MetadataFile {
        place: place.clone(),
        metadata: metadata.into(),
        folder: FolderName::parse("In \"Bound\" é").unwrap(),
        revision: Revision(revision),
        words_revision: Revision(1),
        last_modified: "2026-01-01T00:00:00.000000Z".to_owned(),
        body_sha256: sha256_hex(b"{}"),
    }
}

/// Stages and publishes a body, and puts metadata.
pub fn store(archive: &dyn Archive, place: &Place, key: u32) {
    archive.stage(&[staged(place, key, 1, "{}")]).unwrap();
    archive.publish(&[(place.clone(), Key(key), Revision(1))]).unwrap();
    archive.put_metadata(&[metadata(place, 1, "{}")]).unwrap();
}

fn body(archive: &dyn Archive, place: &Place, key: u32, words_revision: u64) -> Option<String> {
    archive.body(place, Key(key), Revision(words_revision)).unwrap()
}

/// All that is listed, sorted.
pub fn listed(archive: &dyn Archive) -> Vec<Found> {
    let mut all = Vec::new();
    archive.list(&mut |found| all.push(found.unwrap())).unwrap();
    all.sort_by_key(|found| found.place.to_string());
    all
}

fn staged_bodies_are_read(archive: &dyn Archive) {
    let place = at("t");
    assert_eq!(body(archive, &place, 1, 1), None);
    archive.stage(&[staged(&place, 1, 1, "{\"é\": 1.10}\n")]).unwrap();
    assert_eq!(body(archive, &place, 1, 1).as_deref(), Some("{\"é\": 1.10}\n"));
    assert!(listed(archive).is_empty());
    archive.publish(&[(place.clone(), Key(1), Revision(1))]).unwrap();
    assert_eq!(body(archive, &place, 1, 1).as_deref(), Some("{\"é\": 1.10}\n"));
    assert_eq!(listed(archive), [Found { place, body: true, metadata: false }]);
}

fn publishing_again_is_harmless(archive: &dyn Archive) {
    let bodies = [(at("t"), Key(1), Revision(1))];
    assert_eq!(archive.publish(&bodies).unwrap_err().kind, Kind::Corrupt);
    archive.stage(&[staged(&at("t"), 1, 1, "[]"), staged(&at("t"), 1, 1, "{}")]).unwrap();
    archive.publish(&bodies).unwrap();
    archive.publish(&bodies).unwrap();
    assert_eq!(body(archive, &at("t"), 1, 1).as_deref(), Some("{}"));
}

fn a_new_body_waits(archive: &dyn Archive) {
    let place = at("t");
    store(archive, &place, 1);
    archive.stage(&[staged(&place, 1, 2, "[2]"), staged(&place, 1, 3, "[3]")]).unwrap();
    assert_eq!(body(archive, &place, 1, 1).as_deref(), Some("{}"));
    assert_eq!(body(archive, &place, 1, 2).as_deref(), Some("[2]"));
    archive.publish(&[(place.clone(), Key(1), Revision(2)), (place.clone(), Key(1), Revision(3))]).unwrap();
    assert_eq!(body(archive, &place, 1, 3).as_deref(), Some("[3]"));
    assert_eq!(body(archive, &place, 1, 1).as_deref(), Some("[3]"));
}

fn discarding_drops_staged_bodies_only(archive: &dyn Archive) {
    let place = at("t");
    store(archive, &place, 1);
    archive.stage(&[staged(&place, 1, 2, "[2]")]).unwrap();
    for _ in 0..2 {
        archive.discard(&[(Key(1), Revision(1)), (Key(1), Revision(2)), (Key(9), Revision(9))]).unwrap();
        assert_eq!(body(archive, &place, 1, 2).as_deref(), Some("{}"));
    }
}

fn metadata_come_back(archive: &dyn Archive) {
    let place = at("t\"é");
    assert_eq!(archive.metadata(&place).unwrap(), None);
    let file = metadata(&place, 3, r#"{"b" : 1.10,"A":{"x":[null, 1e400]},"é":"\ud83d"}"#);
    archive.put_metadata(std::slice::from_ref(&file)).unwrap();
    assert_eq!(archive.metadata(&place).unwrap(), Some(file));
    let spaced = metadata(&place, 4, " {}\n");
    archive.put_metadata(&[spaced]).unwrap();
    assert_eq!(archive.metadata(&place).unwrap(), Some(metadata(&place, 4, "{}")));
    assert_eq!(listed(archive), [Found { place, body: false, metadata: true }]);
}

fn older_metadata_stay_away(archive: &dyn Archive) {
    let place = at("t");
    let revision = || archive.metadata(&place).unwrap().unwrap().revision.0;
    archive.put_metadata(&[metadata(&place, 5, "{}"), metadata(&place, 4, "{}")]).unwrap();
    assert_eq!(revision(), 5);
    archive.put_metadata(&[metadata(&place, 3, "{}")]).unwrap();
    assert_eq!(revision(), 5);
    archive.put_metadata(&[metadata(&place, 5, r#"{"a":1}"#)]).unwrap();
    assert_eq!(archive.metadata(&place).unwrap().unwrap().metadata.as_ref(), r#"{"a":1}"#);
    archive.put_metadata(&[metadata(&place, 6, "{}"), metadata(&place, 7, "{}")]).unwrap();
    assert_eq!(revision(), 7);
}

fn large_batches(archive: &dyn Archive) {
    let places: Vec<Place> = (0..300).map(|n| at(&format!("t{n}"))).collect();
    let bodies: Vec<StagedBody> = places.iter().zip(0..).map(|(place, key)| staged(place, key, 1, "{}")).collect();
    archive.stage(&bodies).unwrap();
    let published: Vec<_> = bodies.iter().map(|b| (b.place.clone(), b.key, b.words_revision)).collect();
    archive.publish(&published).unwrap();
    archive.put_metadata(&places.iter().map(|place| metadata(place, 2, "{}")).collect::<Vec<_>>()).unwrap();
    let found = listed(archive);
    assert_eq!(found.len(), 300);
    assert!(found.iter().all(|one| one.body && one.metadata));
    archive.erase(&places).unwrap();
    assert!(listed(archive).is_empty());
}

fn erasing(archive: &dyn Archive) {
    store(archive, &at("a"), 1);
    store(archive, &at("b"), 2);
    for _ in 0..2 {
        archive.erase(&[at("a"), at("never"), place("No", "One", "x")]).unwrap();
        assert_eq!(body(archive, &at("a"), 1, 1), None);
        assert_eq!(archive.metadata(&at("a")).unwrap(), None);
        assert_eq!(listed(archive), [Found { place: at("b"), body: true, metadata: true }]);
    }
    store(archive, &at("a"), 3);
    assert_eq!(listed(archive).len(), 2);
}

fn listing(archive: &dyn Archive) {
    let (long, wide) = ("x".repeat(256), "é".repeat(100));
    let mut places = vec![
        place("Acme", "Acme-Sales", &long),
        place("Acme", "Acme Sales", "a.json"),
        place("Acme", "Acme-Sales", "a"),
        place(&wide, &wide, &"電".repeat(256)),
        place(&wide, &"ö".repeat(100), "..."),
        place("a%20b", ".x", "50% ~ <\"?*:|\\>"),
        place("Zürich", "🙂", " 3 "),
        place("CON", "nul.txt", ".staging"),
    ];
    for (one, key) in places.iter().zip(1..) {
        store(archive, one, key);
    }
    places.sort_by_key(Place::to_string);
    let expected: Vec<Found> = places.into_iter().map(|place| Found { place, body: true, metadata: true }).collect();
    assert_eq!(listed(archive), expected);
}

fn sweeping(archive: &dyn Archive) {
    store(archive, &at("a"), 1);
    let bodies = [staged(&at("a"), 1, 2, "[2]"), staged(&at("b"), 2, 1, "[]"), staged(&at("c"), 3, 1, "[]")];
    archive.stage(&bodies).unwrap();
    for expected in [3, 0] {
        let mut asked = 0;
        archive
            .sweep(&mut |key, words_revision| {
                asked += 1;
                match (key.0, words_revision.0) {
                    (1, 2) => Fate::Publish(at("a")),
                    (2, 1) => Fate::Publish(place("New", "New-Org", "b")),
                    _ => Fate::Discard,
                }
            })
            .unwrap();
        assert_eq!(asked, expected);
        assert_eq!(body(archive, &at("a"), 1, 2).as_deref(), Some("[2]"));
        assert_eq!(body(archive, &at("c"), 3, 1), None);
        assert_eq!(listed(archive).len(), 2);
    }
}

fn discarding_an_organisation(archive: &dyn Archive) {
    let (gone, near) = (place("Acme", "Gone", "a"), place("Other", "Gone", "a"));
    for (one, key) in [&gone, &place("Acme", "Gone", "b"), &near, &at("a")].into_iter().zip(1..) {
        store(archive, one, key);
    }
    for _ in 0..2 {
        archive.discard_org(&gone.company, &gone.org).unwrap();
        assert_eq!(archive.metadata(&gone).unwrap(), None);
        assert_eq!(body(archive, &gone, 1, 1), None);
        let left: Vec<Place> = listed(archive).into_iter().map(|found| found.place).collect();
        assert_eq!(left, [at("a"), near.clone()]);
    }
    store(archive, &gone, 9);
    assert_eq!(listed(archive).len(), 3);
}

fn empty_batches(archive: &dyn Archive) {
    archive.stage(&[]).unwrap();
    archive.publish(&[]).unwrap();
    archive.discard(&[]).unwrap();
    archive.put_metadata(&[]).unwrap();
    archive.erase(&[]).unwrap();
    assert!(listed(archive).is_empty());
}
