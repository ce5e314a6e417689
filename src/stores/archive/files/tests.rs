//! The archive as files: the promises of every archive, and what stands on disk.
use super::super::conformance::{self, at, listed, metadata, place, staged, store};
use super::*;
use crate::base::digest::sha256_hex;

fn scratch() -> (tempfile::TempDir, FilesArchive) {
    let dir = tempfile::tempdir().unwrap();
    let archive = FilesArchive::open(dir.path().join("archive")).unwrap();
    (dir, archive)
}

/// Every file below `dir`, relative to it, sorted.
fn files_below(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    all.sort();
    all
}

#[test]
fn files_keep_the_promises_of_an_archive() {
    for (name, case) in conformance::cases() {
        eprintln!("{name}");
        let (dir, archive) = scratch();
        case(&archive);
        let left = files_below(&dir.path().join("archive/.staging"));
        assert!(left.iter().all(|name| layout::parse_staged(name).is_some()), "{left:?}");
        assert!(files_below(&dir.path().join("archive/.trash")).is_empty());
    }
}

#[test]
fn what_was_stored_is_there_when_opened_again() {
    let (dir, archive) = scratch();
    store(&archive, &at("a"), 1);
    archive.stage(&[staged(&at("b"), 2, 1, "[]")]).unwrap();
    drop(archive);
    let again = FilesArchive::open(dir.path().join("archive")).unwrap();
    assert_eq!(listed(&again).len(), 1);
    assert_eq!(again.body(&at("b"), Key(2), Revision(1)).unwrap().as_deref(), Some("[]"));
}

#[test]
fn a_transcript_is_a_pair_of_files_readable_without_us() {
    let (dir, archive) = scratch();
    store(&archive, &place("Acme", "Acme Sales", "call 7"), 1);
    let stem = format!("Acme/Acme%20Sales/{}/call%207", &sha256_hex(b"call 7")[..2]);
    let root = dir.path().join("archive");
    assert_eq!(files_below(&root), [format!("{stem}.json"), format!("{stem}.jsonmeta")]);
    assert_eq!(fs::read_to_string(root.join(format!("{stem}.json"))).unwrap(), "{}");
    let text = fs::read_to_string(root.join(format!("{stem}.jsonmeta"))).unwrap();
    assert!(text.starts_with(r#"{"metadata":{},"tid":"call 7","folder":"#), "{text}");
}

#[test]
fn a_damaged_file_is_told_and_can_be_put_again() {
    let (_dir, archive) = scratch();
    store(&archive, &at("a"), 1);
    store(&archive, &at("b"), 2);
    let path = |tid: &str, ending: &str| layout::path(&archive.root, &at(tid), ending);
    fs::write(path("a", METADATA), "{\"metadata\":").unwrap();
    assert_eq!(archive.metadata(&at("a")).unwrap_err().kind, Kind::Corrupt);
    archive.put_metadata(&[metadata(&at("a"), 1, "{}")]).unwrap();
    assert!(archive.metadata(&at("a")).unwrap().is_some());
    fs::copy(path("b", METADATA), path("a", METADATA)).unwrap();
    assert_eq!(archive.metadata(&at("a")).unwrap_err().kind, Kind::Corrupt);
    fs::write(path("a", BODY), b"\xff").unwrap();
    assert_eq!(archive.body(&at("a"), Key(1), Revision(1)).unwrap_err().kind, Kind::Corrupt);
}

#[test]
fn a_sweep_removes_what_crashes_left() {
    let (dir, archive) = scratch();
    let root = dir.path().join("archive");
    store(&archive, &at("a"), 1);
    fs::write(root.join(".staging/9.tmp"), "x").unwrap();
    fs::create_dir_all(root.join(".trash/x/Gone/00")).unwrap();
    fs::write(root.join(".trash/x/Gone/00/a.json"), "x").unwrap();
    archive.sweep(&mut |_, _| Fate::Discard).unwrap();
    assert_eq!(files_below(&root).len(), 2);
    assert_eq!(fs::read_dir(root.join(".trash")).unwrap().count(), 0);
}

#[test]
fn foreign_files_are_errors_of_their_own() {
    let (dir, archive) = scratch();
    let root = dir.path().join("archive");
    store(&archive, &at("a"), 1);
    let shard = layout::shard_dir(&archive.root, &at("a"));
    fs::create_dir(root.join("lost+found")).unwrap();
    fs::write(root.join("Acme/notes.txt"), "x").unwrap();
    fs::write(shard.join("notes.txt"), "x").unwrap();
    fs::write(shard.join("elsewhere.json"), "x").unwrap();
    fs::write(shard.join(layout::encode(&"x".repeat(250)) + ".json"), "x").unwrap();
    let (mut good, mut bad) = (0, 0);
    archive.list(&mut |found| if found.is_ok() { good += 1 } else { bad += 1 }).unwrap();
    assert_eq!((good, bad), (1, 5));
}

#[test]
fn folders_made_are_flushed_once() {
    let (_dir, archive) = scratch();
    archive.stage(&[staged(&at("a"), 1, 1, "{}")]).unwrap();
    archive.publish(&[(at("a"), Key(1), Revision(1))]).unwrap();
    assert_eq!(archive.unflushed.lock().dirs.len(), 3);
    archive.put_metadata(&[metadata(&at("a"), 1, "{}")]).unwrap();
    assert!(archive.unflushed.lock().dirs.is_empty());
}

#[test]
fn threads_do_not_hinder_each_other() {
    let (_dir, archive) = scratch();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let archive = &archive;
            scope.spawn(move || {
                for n in 0..10 {
                    store(archive, &at(&format!("{thread}-{n}")), thread * 100 + n);
                }
            });
        }
    });
    assert_eq!(listed(&archive).len(), 40);
}

#[test]
fn two_that_publish_one_body_in_a_new_folder_do_not_hinder_each_other() {
    let (_dir, archive) = scratch();
    for n in 0..64 {
        let at = place("Acme", &format!("Acme-{n}"), "a");
        archive.stage(&[staged(&at, n + 1, 1, "{}")]).unwrap();
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    archive.publish(&[(at.clone(), Key(n + 1), Revision(1))]).unwrap();
                });
            }
        });
        assert_eq!(archive.body(&at, Key(n + 1), Revision(1)).unwrap().as_deref(), Some("{}"));
    }
}

#[test]
fn a_failed_flush_is_fatal_and_a_full_disk_is_told() {
    let failure = |flush, kind| Failure { path: PathBuf::from("x"), flush, source: io::Error::from(kind) };
    assert_eq!(failed(failure(true, ErrorKind::StorageFull)).kind, Kind::Fatal);
    assert_eq!(failed(failure(false, ErrorKind::StorageFull)).kind, Kind::OutOfSpace);
    assert_eq!(failed(failure(false, ErrorKind::PermissionDenied)).kind, Kind::Unavailable);
}

#[test]
fn two_who_give_the_same_bodies_their_names_at_once_both_succeed() {
    let (_dir, archive) = scratch();
    let bodies: Vec<StagedBody> = (0..300).map(|n| staged(&at(&format!("t{n}")), n + 1, 1, "{}")).collect();
    archive.stage(&bodies).unwrap();
    let names: Vec<(Place, Key, Revision)> =
        bodies.iter().map(|b| (b.place.clone(), b.key, b.words_revision)).collect();
    std::thread::scope(|both| {
        let other = both.spawn(|| archive.publish(&names));
        archive.publish(&names).unwrap();
        other.join().unwrap().unwrap();
    });
    assert_eq!(listed(&archive).len(), 300);
}
