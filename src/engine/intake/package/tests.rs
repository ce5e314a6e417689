//! Uploads taken apart: pairs, bounds, and what is refused by name.
use super::*;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn zipped(files: &[(&str, &str)]) -> File {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    file(&writer.finish().unwrap().into_inner())
}

fn all(package: Result<Package, Refusal>) -> Result<Vec<Sent>, Refusal> {
    let mut package = package?;
    (0..package.len()).map(|at| package.read(at)).collect()
}

fn of_zip(files: &[(&str, &str)]) -> Result<Vec<Sent>, Refusal> {
    all(Package::open("up.zip", zipped(files), &Limits::default()))
}

fn of_plain(name: &str, content: &[u8]) -> Result<Vec<Sent>, Refusal> {
    all(Package::open(name, file(content), &Limits::default()))
}

#[test]
fn a_zip_pairs_transcripts_with_their_metadata() {
    let sent = of_zip(&[
        ("calls/a.json", r#"{"utterances":[]}"#),
        ("calls/b.xml", "<metadata><queue>x</queue></metadata>"),
        ("calls/a.jsonmeta", r#"{"metadata":{"queue":"q"},"tid":"t1"}"#),
        ("calls/b.json", "{}"),
        ("other/a.json", "{}"),
        ("later.jsonmeta", r#"{"metadata":{"n":1}}"#),
        ("audio.json", r#"{"metadata":{"n":2}}"#),
        ("__MACOSX/calls/a.json", "rubbish"),
        ("calls/.DS_Store", "rubbish"),
        ("calls/a.txt", "words"),
    ])
    .unwrap();
    let seen: Vec<_> = sent
        .iter()
        .map(|sent| match &sent.content {
            Content::Transcript(text) => (sent.name.as_str(), sent.stem.as_str(), text.as_str()),
            Content::Metadata(sidecar) => (sent.name.as_str(), sent.stem.as_str(), sidecar.metadata.as_str()),
        })
        .collect();
    let wanted = [
        ("audio.json", "audio", r#"{"n":2}"#),
        ("calls/a.json", "a", r#"{"tid":"t1","utterances":[],"client_data":{"queue":"q"}}"#),
        ("calls/b.json", "b", r#"{"client_data":{"queue":"x"}}"#),
        ("later.jsonmeta", "later", r#"{"n":1}"#),
        ("other/a.json", "a", "{}"),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn one_file_alone_is_taken_too() {
    let sent = of_plain("call.7.json", b"{}").unwrap();
    assert_eq!((sent[0].stem.as_str(), &sent[0].content), ("call.7", &Content::Transcript("{}".to_owned())));
    let sent = of_plain("call7.jsonmeta", br#"{"metadata":{}}"#).unwrap();
    assert!(matches!(&sent[0].content, Content::Metadata(sidecar) if sidecar.metadata == "{}"));
}

#[test]
fn what_is_no_transcript_is_refused_by_name() {
    for (refusal, word) in [
        (of_plain("call.wav", b"RIFF"), "no speech recogniser"),
        (of_plain("notes.pdf", b"%PDF"), "neither a transcript"),
        (of_plain("noending", b"{}"), "neither a transcript"),
        (of_plain("a.json", b"\xff\xfe"), "not UTF-8"),
        (of_plain("a.zip", b"PK\x03\x04rubbish"), "no zip"),
        (of_zip(&[]), "no transcript and no metadata"),
        (of_zip(&[("a.json", "{}"), ("b.mp3", "x")]), "b.mp3 is audio"),
        (of_zip(&[("a.jsonmeta", "{}"), ("a.xml", "x")]), "same transcript"),
        (of_zip(&[("a.json", "{}"), ("a.xml", "<x/>")]), "a.xml begins with <x>"),
        (of_zip(&[("inner.zip", "PK")]), "inner.zip"),
    ] {
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.code, Code::UploadInvalid);
        assert!(refusal.detail.contains(word), "{word}: {refusal}");
    }
}

#[test]
fn what_a_zip_unpacks_to_is_counted_as_it_comes() {
    let limits = Limits { transcript_bytes: 2_000, upload_unpacked_bytes: 5_000, ..Limits::default() };
    let big = " ".repeat(1_900) + "{}";
    let names = ["a.json", "b.json", "c.json"];
    let three: Vec<(&str, &str)> = names.iter().map(|name| (*name, big.as_str())).collect();
    let refused = all(Package::open("up.zip", zipped(&three), &limits)).unwrap_err();
    assert!(refused.code == Code::BodyTooLarge && refused.detail.contains("together"), "{refused}");
    let mut two = Package::open("up.zip", zipped(&three[..2]), &limits).unwrap();
    for _ in 0..2 {
        assert!((0..two.len()).all(|at| two.read(at).is_ok()));
        two.again();
    }
    let bomb = " ".repeat(20 << 20);
    let refused = all(Package::open("up.zip", zipped(&[("a.json", &bomb)]), &limits)).unwrap_err();
    assert!(refused.detail.contains("limits.transcript_bytes"), "{refused}");
}

#[test]
fn a_list_of_files_that_claims_too_much_is_not_read() {
    let mut bytes = Vec::new();
    let mut zip = zipped(&[("a.json", "{}")]);
    zip.rewind().unwrap();
    zip.read_to_end(&mut bytes).unwrap();
    let end = memchr::memmem::rfind(&bytes, b"PK\x05\x06").unwrap();
    bytes[end + 10..end + 12].copy_from_slice(&[0xff, 0xff]);
    let refused = all(Package::open("up.zip", file(&bytes), &Limits::default())).unwrap_err();
    assert!(refused.detail.contains("50000"), "{refused}");
}
