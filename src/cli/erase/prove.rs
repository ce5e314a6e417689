//! Proof by search: the values that were there before are looked for in every byte of the data folder afterwards.
//!
//! A value may stand elsewhere with good right: in the words, in another field, in a transcript that was not erased.
//! What is alive in the archive (and what the formats of the files hold anyway) tells which ones do; of these no search
//! can tell whose they are, so they are counted and not proven. All others must not be found in any file.
use crate::base::fold::fold;
use crate::domain::identity::{FieldName, Place};
use crate::domain::metadata::{Metadata, erase};
use crate::engine::upkeep::ErasureScope;
use crate::stores::archive::layout;
use aho_corasick::AhoCorasick;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Values shorter than this are found everywhere.
const LEAST: usize = 6;
/// Bytes of a value that are looked for in one piece; longer ones are looked for in several, wherever they were cut.
const PIECE: usize = 48;
/// Bytes from the beginning of one piece to that of the next.
const STRIDE: usize = 1_000;
/// Values that are remembered.
const VALUES_MAX: usize = 50_000;
/// Bytes read at once.
const BUFFER: usize = 1 << 20;
/// Words that the database's file holds in any case.
const FORMAT: [&str; 5] = [
    include_str!("../../stores/database/sqlite/sql/schema_1.sql"),
    include_str!("../../stores/database/sqlite/sql/schema_2.sql"),
    include_str!("../../stores/database/sqlite/sql/schema_3.sql"),
    include_str!("../../stores/database/sqlite/sql/schema_4.sql"),
    include_str!("../../stores/database/sqlite/sql/schema_5.sql"),
];

/// What is erased: told apart from what stays.
pub enum Subject {
    /// A field of a scope.
    Field(ErasureScope, String),
    /// Transcripts.
    Transcripts(Vec<Place>),
}

/// Values that will have to be gone.
#[derive(Default)]
pub struct Values {
    all: HashSet<String>,
    short: u64,
    left_out: u64,
}

/// What the search came to. Values themselves are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Files searched.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Different values looked for.
    pub values: u64,
    /// Values too short to be looked for.
    pub short: u64,
    /// Values beyond as many as can be remembered.
    pub left_out: u64,
    /// Values that stand elsewhere with good right, so that nothing is proven of them.
    pub elsewhere: u64,
    /// Files that hold what must be gone.
    pub found: Vec<FoundIn>,
}

/// A file that holds what must be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FoundIn {
    /// Within the data folder.
    pub file: String,
    /// How many of the values.
    pub values: u64,
}

impl Values {
    /// Takes every text and number of a JSON value.
    pub fn take(&mut self, json: &str) {
        if let Ok(value) = serde_json::from_str::<Value>(json) {
            self.leaves(&value);
        }
    }

    fn leaves(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.keep(text.trim().to_owned()),
            Value::Number(number) => self.keep(number.to_string()),
            Value::Array(elements) => elements.iter().for_each(|element| self.leaves(element)),
            Value::Object(members) => members.values().for_each(|member| self.leaves(member)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn keep(&mut self, text: String) {
        if text.len() < LEAST {
            self.short += 1;
        } else if self.all.len() < VALUES_MAX {
            self.all.insert(text);
        } else if !self.all.contains(&text) {
            self.left_out += 1;
        }
    }

    /// Searches the folder. Nobody may have it open.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn prove(&self, dir: &Path, subject: &Subject, beside: &str) -> Result<Proof> {
        let mut proof =
            Proof { values: self.all.len() as u64, short: self.short, left_out: self.left_out, ..Proof::default() };
        let patterns: Vec<(usize, Vec<u8>)> = self
            .all
            .iter()
            .enumerate()
            .flat_map(|(at, text)| forms(text).into_iter().map(move |form| (at, form)))
            .collect();
        let owners: Vec<usize> = patterns.iter().map(|(at, _)| *at).collect();
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(patterns.iter().map(|(_, form)| form))
            .context("cannot search for so many values")?;
        let mut found = Found { search: &search, owners: &owners };
        let mut elsewhere: BTreeSet<usize> = BTreeSet::new();
        for text in FORMAT.into_iter().chain([beside]) {
            found.within(text.as_bytes(), &mut elsewhere);
        }
        let mut suspects: Vec<(String, BTreeSet<usize>)> = Vec::new();
        let mut files = Vec::new();
        below(dir, &mut files)?;
        files.sort();
        for file in files {
            let mut here = BTreeSet::new();
            proof.bytes += found.in_file(&file, &mut here)?;
            proof.files += 1;
            let own = file.strip_prefix(dir).unwrap_or(&file);
            if here.is_empty() {
                continue;
            }
            match judge(own, &file, subject) {
                Judged::Alive => elsewhere.extend(here),
                Judged::Erased => {
                    proof.found.push(FoundIn { file: own.display().to_string(), values: here.len() as u64 })
                }
                Judged::Unknown => suspects.push((own.display().to_string(), here)),
            }
        }
        for (file, here) in suspects {
            let values = here.difference(&elsewhere).count() as u64;
            if values > 0 {
                proof.found.push(FoundIn { file, values });
            }
        }
        proof.elsewhere = elsewhere.len() as u64;
        Ok(proof)
    }
}

/// What a hit in a file means.
enum Judged {
    /// It stands there with good right.
    Alive,
    /// It should be gone.
    Erased,
    /// It depends on whether it stands elsewhere.
    Unknown,
}

/// Only files of the archive tell what they hold.
fn judge(own: &Path, file: &Path, subject: &Subject) -> Judged {
    let parts: Vec<String> = own.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let name = parts.last().map_or("", String::as_str);
    if parts.first().is_none_or(|first| first != "archive") {
        return Judged::Unknown;
    }
    if parts.len() == 2 && name == layout::CATALOGUE {
        return Judged::Alive;
    }
    if parts.iter().any(|part| part.starts_with('.') && part != layout::FULL_NAME) {
        return Judged::Unknown;
    }
    let org = |company: &str, org: &str| {
        parts.get(1).is_some_and(|own| *own == layout::encode(company))
            && parts.get(2).is_some_and(|own| *own == layout::encode(org))
    };
    match subject {
        Subject::Transcripts(places) => {
            let its = |place: &Place| {
                let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                org(place.company.as_str(), place.org.as_str()) && stem == layout::encode(place.tid.as_str())
            };
            if places.iter().any(its) { Judged::Erased } else { Judged::Alive }
        }
        Subject::Field(scope, field) => {
            let metadata = name.ends_with(".jsonmeta") && org(scope.company.as_str(), scope.org.as_str());
            if metadata && still_holds(file, scope, field) { Judged::Erased } else { Judged::Alive }
        }
    }
}

/// Whether a metadata file of the scope still has the field; one that cannot be read may have it.
fn still_holds(file: &Path, scope: &ErasureScope, field: &str) -> bool {
    let read = || -> Option<bool> {
        let text = fs::read_to_string(file).ok()?;
        let written: Value = serde_json::from_str(&text).ok()?;
        let folder = written.get("folder")?.as_str()?;
        if scope.folder.as_ref().is_some_and(|own| own.as_str() != folder) {
            return Some(false);
        }
        let metadata = Metadata::lenient(&written.get("metadata")?.to_string()).ok()?;
        Some(!erase::values(&metadata, &FieldName::lenient(field)).is_empty())
    };
    read().unwrap_or(true)
}

struct Found<'a> {
    search: &'a AhoCorasick,
    owners: &'a [usize],
}

impl Found<'_> {
    fn within(&mut self, bytes: &[u8], here: &mut BTreeSet<usize>) {
        for hit in self.search.find_overlapping_iter(bytes) {
            here.extend(self.owners.get(hit.pattern().as_usize()));
        }
    }

    /// Searches a file piece by piece, no value lost between two; how many bytes it has.
    fn in_file(&mut self, path: &Path, here: &mut BTreeSet<usize>) -> Result<u64> {
        let failed = || format!("cannot search {}", path.display());
        let mut file = File::open(path).with_context(failed)?;
        let mut buffer: Vec<u8> = Vec::with_capacity(BUFFER + 8 * PIECE);
        let mut bytes = 0;
        loop {
            // The longest form of a piece, all of it escaped, may begin in the piece before.
            let kept = buffer.len().saturating_sub(8 * PIECE);
            buffer.drain(..kept);
            let read = file.by_ref().take(BUFFER as u64).read_to_end(&mut buffer).with_context(failed)?;
            if read == 0 {
                return Ok(bytes);
            }
            bytes += read as u64;
            self.within(&buffer, here);
        }
    }
}

/// How a value may be spelled in a file: as it is, folded as it is compared, and as JSON escapes it; long ones in
/// pieces.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let escaped = |ascii: bool| -> String {
        let mut out = String::new();
        for character in text.chars() {
            match character {
                '"' | '\\' => out.extend(['\\', character]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                _ if (character as u32) < 0x20 || (ascii && !character.is_ascii()) => {
                    let mut units = [0; 2];
                    character.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
                }
                _ => out.push(character),
            }
        }
        out
    };
    let spelled: BTreeSet<String> = [text.to_owned(), fold(text), escaped(false), escaped(true)].into();
    let mut all = BTreeSet::new();
    for form in spelled {
        let bytes = form.as_bytes();
        let last = bytes.len().saturating_sub(PIECE);
        for begin in (0..last).step_by(STRIDE).chain([last]) {
            all.extend(bytes.get(begin..(begin + PIECE).min(bytes.len())).map(<[u8]>::to_vec));
        }
    }
    all.into_iter().collect()
}

fn below(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => below(&path, found)?,
            Ok(about) if about.is_file() => found.push(path),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::{CompanyName, OrgName};

    fn subject() -> Subject {
        let (company, org) = (CompanyName::parse("Acme").unwrap(), OrgName::parse("Sales").unwrap());
        Subject::Field(ErasureScope { company, org, folder: None }, "secret".to_owned())
    }

    fn written(dir: &Path, file: &str, content: &str) {
        let path = dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn what_is_left_is_named_and_what_stands_elsewhere_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let mut values = Values::default();
        values.take(r#"["Müller-Öztürk","Berlin-Mitte",1234567,"kurz",{"x":"say \"so\" now"}]"#);
        values.take(&format!("\"{}\"", "longer and longer ".repeat(300)));
        written(dir.path(), "archive/Acme/Sales/8e/a.json", r#"{"text":"in BERLIN-MITTE"}"#);
        written(dir.path(), "archive/Acme/Sales/8e/a.jsonmeta", r#"{"metadata":{"other":1},"folder":"In"}"#);
        written(dir.path(), "index/x.store", "berlin-mitte 77");
        written(dir.path(), "main.db", "nothing");
        let proof = values.prove(dir.path(), &subject(), "").unwrap();
        assert_eq!((proof.values, proof.short, proof.elsewhere, proof.found.len()), (5, 1, 1, 0), "{proof:?}");
        for (file, content) in [
            ("main.db", "x m\\u00fcller-\\u00d6zt\\u00fcrk"),
            ("main.db", "say \\\"so\\\" now"),
            ("main.db.damaged-1", "…1234567…"),
            ("archive/.lost+found/y", "er and longer longer and longer longer and longer longer and longer longer"),
        ] {
            let before = fs::read_to_string(dir.path().join(file)).unwrap_or_default();
            written(dir.path(), file, content);
            let proof = values.prove(dir.path(), &subject(), "").unwrap();
            assert_eq!(proof.found.len(), 1, "{file} {content} {proof:?}");
            written(dir.path(), file, &before);
        }
        written(dir.path(), "archive/.lost+found/y", &"longer and longer ".repeat(100));
        assert_eq!(values.prove(dir.path(), &subject(), "").unwrap().found.len(), 1);
        written(dir.path(), "archive/Acme/Sales/8e/a.jsonmeta", r#"{"metadata":{"SECRET":1234567},"folder":"In"}"#);
        assert_eq!(values.prove(dir.path(), &subject(), "").unwrap().found.len(), 2);
    }

    #[test]
    fn no_value_is_lost_between_two_pieces_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut values = Values::default();
        values.take("\"ZqborderxW\"");
        for at in [BUFFER - 9, BUFFER - 5, BUFFER, 2 * BUFFER - 3] {
            let content = format!("{}ZqborderxW{}", "x".repeat(at), "y".repeat(50));
            written(dir.path(), "main.db", &content);
            assert_eq!(values.prove(dir.path(), &subject(), "").unwrap().found.len(), 1, "{at}");
        }
    }
}
