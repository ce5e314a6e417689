//! Where a transcript's files stand and what the metadata file looks like (contract section 2). Pure.
use super::MetadataFile;
use crate::base::digest::{hex, sha256, sha256_hex};
use crate::base::json::push_string;
use crate::domain::identity::{CompanyName, FolderName, Key, OrgName, Place, Revision, Tid};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Ending of a body.
pub const BODY: &str = "json";
/// Ending of a metadata file.
pub const METADATA: &str = "jsonmeta";
/// The file in a company's or organisation's folder that holds its name when the folder's own name is cut.
pub const FULL_NAME: &str = ".name";
/// The file in the archive's own folder that tells what companies, organisations and folders there are.
pub const CATALOGUE: &str = ".catalogue.json";
/// Bytes of an encoded name that a file name keeps.
const NAME_BYTES_MAX: usize = 200;
/// Stands between a cut name and its sum. It is no safe character, so no name that is not cut has it.
const CUT: char = '~';

/// What a file of the archive must not look like: the caller can tell it from a failed read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt(pub String);

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Corrupt {}

/// `name` as a file name: letters and digits of ASCII, `-`, `_` and `.` as they are (a leading `.` not), all else
/// percent-encoded; over 200 bytes cut, with the beginning of its SHA-256.
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && at > 0) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    if out.len() > NAME_BYTES_MAX {
        // No escape is cut in two: a `%` among the last two bytes kept begins one that goes beyond.
        let end = (NAME_BYTES_MAX - 2..NAME_BYTES_MAX).find(|at| out.as_bytes().get(*at) == Some(&b'%'));
        out.truncate(end.unwrap_or(NAME_BYTES_MAX));
        out.push(CUT);
        out.push_str(sha256_hex(name.as_bytes()).get(..32).unwrap_or_default());
    }
    out
}

/// Whether a file name was cut, so that it does not tell the whole name.
pub fn is_cut(encoded: &str) -> bool {
    encoded.contains(CUT)
}

/// The name that [`encode`] gave this file name; none when it was cut or is not of our making.
pub fn decode(encoded: &str) -> Option<String> {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(encoded).collect();
    String::from_utf8(bytes).ok().filter(|name| encode(name) == encoded)
}

/// The folder within an organisation's that holds a transcript: two hex digits.
pub fn shard(tid: &str) -> String {
    hex(sha256(tid.as_bytes()).get(..1).unwrap_or_default())
}

/// An organisation's folder.
pub fn org_dir(root: &Path, company: &CompanyName, org: &OrgName) -> PathBuf {
    root.join(encode(company.as_str())).join(encode(org.as_str()))
}

/// The folder of a transcript's files.
pub fn shard_dir(root: &Path, place: &Place) -> PathBuf {
    org_dir(root, &place.company, &place.org).join(shard(place.tid.as_str()))
}

/// A transcript's file with that ending.
pub fn path(root: &Path, place: &Place, ending: &str) -> PathBuf {
    shard_dir(root, place).join(format!("{}.{ending}", encode(place.tid.as_str())))
}

/// The name of a staged body.
pub fn staged(key: Key, words_revision: Revision) -> String {
    format!("{}-{}.{BODY}", key.0, words_revision.0)
}

/// What [`staged`] was given.
pub fn parse_staged(name: &str) -> Option<(Key, Revision)> {
    let (key, revision) = name.strip_suffix(".json")?.split_once('-')?;
    let read = (Key(key.parse().ok()?), Revision(revision.parse().ok()?));
    (staged(read.0, read.1) == name).then_some(read)
}

/// A metadata file's content.
pub fn metadata_text(file: &MetadataFile) -> String {
    let metadata = file.metadata.trim();
    let mut out = String::with_capacity(metadata.len() + 600);
    out.push_str("{\"metadata\":");
    out.push_str(metadata);
    out.push_str(",\"tid\":");
    push_string(&mut out, file.place.tid.as_str());
    out.push_str(",\"folder\":");
    push_string(&mut out, file.folder.as_str());
    let _ = write!(
        out,
        ",\"revision\":{},\"words_revision\":{},\"last_modified\":",
        file.revision.0, file.words_revision.0
    );
    push_string(&mut out, &file.last_modified);
    out.push_str(",\"sha256\":{\"json\":");
    push_string(&mut out, &file.body_sha256);
    out.push_str(",\"metadata\":");
    push_string(&mut out, &sha256_hex(metadata.as_bytes()));
    out.push_str("}}");
    out
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
    tid: Tid,
    folder: FolderName,
    revision: Revision,
    words_revision: Revision,
    last_modified: String,
    sha256: Sums,
}

#[derive(Deserialize)]
struct Sums {
    json: String,
    metadata: String,
}

/// Reads a metadata file of an organisation and checks the sum of its metadata.
///
/// # Errors
/// When it has not the shape of one, or the sum is wrong.
pub fn read_metadata(company: &CompanyName, org: &OrgName, text: &str) -> Result<MetadataFile, Corrupt> {
    let written: Written<'_> =
        serde_json::from_str(text).map_err(|error| Corrupt(format!("not a metadata file: {error}")))?;
    let metadata = written.metadata.get();
    if !metadata.starts_with('{') {
        return Err(Corrupt("the metadata is not an object".to_owned()));
    }
    if sha256_hex(metadata.as_bytes()) != written.sha256.metadata {
        return Err(Corrupt("the metadata does not have the sum written beside it".to_owned()));
    }
    Ok(MetadataFile {
        place: Place { company: company.clone(), org: org.clone(), tid: written.tid },
        metadata: metadata.into(),
        folder: written.folder,
        revision: written.revision,
        words_revision: written.words_revision,
        last_modified: written.last_modified,
        body_sha256: written.sha256.json,
    })
}

/// The transcript that a metadata file says it is of; its sum is not checked.
pub fn tid_within(text: &str) -> Option<Tid> {
    #[derive(Deserialize)]
    struct Named {
        tid: Tid,
    }
    serde_json::from_str::<Named>(text).ok().map(|named| named.tid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file() -> MetadataFile {
        MetadataFile {
            place: Place {
                company: CompanyName::parse("Acme").unwrap(),
                org: OrgName::parse("Acme-Sales").unwrap(),
                tid: Tid::parse("a\"1").unwrap(),
            },
            metadata: r#"{"b":1.10,"a":{"x" : null}}"#.into(),
            folder: FolderName::parse("In Bound").unwrap(),
            revision: Revision(7),
            words_revision: Revision(2),
            last_modified: "2026-01-01T00:00:00.000000Z".into(),
            body_sha256: sha256_hex(b"{}"),
        }
    }

    #[test]
    fn a_metadata_file_has_the_documented_shape() {
        let text = metadata_text(&file());
        let expected = format!(
            r#"{{"metadata":{{"b":1.10,"a":{{"x" : null}}}},"tid":"a\"1","folder":"In Bound","revision":7,"words_revision":2,"last_modified":"2026-01-01T00:00:00.000000Z","sha256":{{"json":"{}","metadata":"{}"}}}}"#,
            sha256_hex(b"{}"),
            sha256_hex(file().metadata.as_bytes())
        );
        assert_eq!(text, expected);
        let place = file().place;
        assert_eq!(read_metadata(&place.company, &place.org, &text).unwrap(), file());
        assert_eq!(tid_within(&text).unwrap(), place.tid);
    }

    #[test]
    fn an_altered_metadata_file_is_told() {
        let place = file().place;
        let read = |text: &str| read_metadata(&place.company, &place.org, text);
        let text = metadata_text(&file());
        assert!(read(&text.replace("1.10", "1.1")).unwrap_err().0.contains("sum"));
        assert!(read(text.get(..40).unwrap()).is_err());
        assert!(read(&text.replace("\"folder\"", "\"f\"")).is_err());
        assert!(read(&text.replace(r#"{"b":1.10,"a":{"x" : null}}"#, "[]")).is_err());
    }

    #[test]
    fn unsafe_names_are_encoded_and_long_ones_cut() {
        assert_eq!(encode("a-B_9.x"), "a-B_9.x");
        assert_eq!(encode(".a b/~é"), "%2Ea%20b%2F%7E%C3%A9");
        assert_eq!(encode(&"x".repeat(200)), "x".repeat(200));
        let long = "x".repeat(199) + "é";
        assert_eq!(encode(&long), format!("{}~{}", "x".repeat(199), &sha256_hex(long.as_bytes())[..32]));
        assert!(is_cut(&encode(&long)) && decode(&encode(&long)).is_none());
        for foreign in ["lost+found", "a%20b%2f", "%FF", "", "%41"] {
            assert!(foreign.is_empty() || decode(foreign).is_none(), "{foreign}");
        }
        assert_eq!(shard("tid").len(), 2);
    }

    #[test]
    fn staged_names_are_read_back() {
        assert_eq!(parse_staged(&staged(Key(7), Revision(9))), Some((Key(7), Revision(9))));
        for other in ["7-9", "07-9.json", "7-+9.json", "m5.tmp", "-.json"] {
            assert_eq!(parse_staged(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_a_safe_file_name_and_is_read_back(name in "(?s).{1,60}") {
            let encoded = encode(&name);
            prop_assert!(encoded.len() <= 233 && !encoded.starts_with('.'));
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.%~".contains(&b)));
            prop_assert!(is_cut(&encoded) || decode(&encoded) == Some(name));
        }
    }
}
