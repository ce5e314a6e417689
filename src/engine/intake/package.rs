//! An upload taken apart: one transcript, one metadata file, or a zip of both in V-Spark's convention, where `X.json` is
//! a transcript and `X.jsonmeta` or `X.xml` beside it its metadata (contract section 7). Files are paired by their path
//! without the ending; a metadata file alone belongs to a transcript that was sent before.
//!
//! What a zip claims is not believed: bytes are counted as they are unpacked, and stop at their bound; the list of its
//! files is counted before it is read.
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::Sidecar;
use crate::domain::transcript::sidecar::join;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;

/// Files a zip may hold.
const FILES_MAX: usize = 50_000;
/// How far from its end the end record of a zip may begin: its own length and the longest comment.
const END_BYTES: u64 = 22 + 65_535;
/// First bytes of a zip.
const ZIP_MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// Endings of recordings that people send to a server like this one.
const AUDIO: [&str; 14] =
    ["wav", "mp3", "m4a", "mp4", "ogg", "opus", "flac", "aac", "amr", "au", "gsm", "vox", "wma", "webm"];

/// What was sent.
pub struct Package {
    source: Source,
    parts: Vec<Part>,
    limits: Limits,
    unpacked: u64,
}

enum Source {
    Plain(File),
    Zip(Box<ZipArchive<File>>),
}

/// A transcript, its metadata, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Part {
    body: Option<Member>,
    sidecar: Option<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    index: usize,
}

/// One transcript or metadata file as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The file that is named when something is wrong with it.
    pub name: String,
    /// The name both files share, without folders and ending.
    pub stem: String,
    /// What it is.
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A transcript; its metadata, when that came beside it, is its `client_data`.
    Transcript(String),
    /// Metadata of a transcript that is there already.
    Metadata(Sidecar),
}

fn refused(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::UploadInvalid, detail)
}

impl Package {
    /// Opens what was sent under the name. Blocking.
    ///
    /// # Errors
    /// `upload_invalid`: a zip that cannot be read, or holds what is neither transcript nor metadata.
    pub fn open(name: &str, file: File, limits: &Limits) -> Result<Self, Refusal> {
        Self::open_with(name, file, limits, FILES_MAX)
    }

    /// The same for at most this many files: for who reads a zip of his own.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(name: &str, mut file: File, limits: &Limits, files_max: usize) -> Result<Self, Refusal> {
        let mut first = Vec::with_capacity(4);
        file.rewind().and_then(|()| file.by_ref().take(4).read_to_end(&mut first)).map_err(|e| unreadable(name, &e))?;
        let (source, parts) = if ZIP_MAGIC.contains(&first.as_slice()) {
            let zip = open_zip(name, file, files_max)?;
            let parts = parts_of(&zip)?;
            (Source::Zip(Box::new(zip)), parts)
        } else {
            (Source::Plain(file), vec![pair([(name.to_owned(), 0)])?.into_values().next().unwrap_or_default()])
        };
        if parts.is_empty() {
            return Err(refused(format!("{name} holds no transcript and no metadata")));
        }
        Ok(Self { source, parts, limits: limits.clone(), unpacked: 0 })
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none; never, once opened.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Forgets how much was unpacked: the parts are to be read once more.
    pub fn again(&mut self) {
        self.unpacked = 0;
    }

    /// Reads a part. Blocking.
    ///
    /// # Errors
    /// `upload_invalid`, `json_invalid`, `body_too_large`, each with the file's name.
    pub fn read(&mut self, at: usize) -> Result<Sent, Refusal> {
        let Part { body, sidecar } = self.parts.get(at).cloned().unwrap_or_default();
        let beside = sidecar.map(|member| self.sidecar(&member).map(|read| (member, read))).transpose()?;
        let Some(body) = body else {
            let (member, read) = beside.ok_or_else(|| refused("nothing was sent"))?;
            return Ok(Sent {
                stem: stem(&member.name).to_owned(),
                name: member.name,
                content: Content::Metadata(read),
            });
        };
        let text = self.text(&body)?;
        let content = match beside {
            Some((_, sidecar)) => {
                Content::Transcript(join(&text, &sidecar, None).map_err(|why| refused(format!("{} {why}", body.name)))?)
            }
            None if is_metadata(&text) => {
                Content::Metadata(Sidecar::of_json(&text).map_err(|why| refused(format!("{} {why}", body.name)))?)
            }
            None => Content::Transcript(text),
        };
        Ok(Sent { stem: stem(&body.name).to_owned(), name: body.name, content })
    }

    fn sidecar(&mut self, member: &Member) -> Result<Sidecar, Refusal> {
        let text = self.text(member)?;
        let read = if ending(&member.name) == "xml" { Sidecar::of_xml(&text) } else { Sidecar::of_json(&text) };
        read.map_err(|why| refused(format!("{} {why}", member.name)))
    }

    fn text(&mut self, member: &Member) -> Result<String, Refusal> {
        let left = self.limits.upload_unpacked_bytes.saturating_sub(self.unpacked);
        let each = self.limits.transcript_bytes as u64;
        let most = left.min(each);
        let mut bytes = Vec::new();
        let read = match &mut self.source {
            Source::Plain(file) => file.rewind().and_then(|()| file.take(most + 1).read_to_end(&mut bytes)),
            Source::Zip(zip) => {
                let file = zip.by_index(member.index).map_err(|e| refused(format!("{}: {e}", member.name)))?;
                file.take(most + 1).read_to_end(&mut bytes)
            }
        };
        read.map_err(|error| unreadable(&member.name, &error))?;
        self.unpacked += bytes.len() as u64;
        if bytes.len() as u64 > most {
            let (bound, key) = match each <= left {
                true => (each, "limits.transcript_bytes"),
                false => (self.limits.upload_unpacked_bytes, "limits.upload_unpacked_bytes"),
            };
            let what = if each <= left { "" } else { ", all files together" };
            let detail = format!("{} is too large: allowed are {bound} bytes unpacked{what} (`{key}`)", member.name);
            return Err(Refusal::new(Code::BodyTooLarge, detail));
        }
        String::from_utf8(bytes).map_err(|_| {
            let detail = match audio(&member.name) {
                Some(refusal) => return refusal,
                None => format!("{} is not UTF-8 text", member.name),
            };
            refused(detail)
        })
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Refusal {
    refused(format!("{name} cannot be read: {error}"))
}

/// The list of files is read into memory as a whole: how long it says to be is looked at first.
fn open_zip(name: &str, mut file: File, files_max: usize) -> Result<ZipArchive<File>, Refusal> {
    let mut tail = Vec::new();
    let length = file.seek(SeekFrom::End(0)).map_err(|e| unreadable(name, &e))?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))
        .and_then(|_| file.by_ref().take(END_BYTES).read_to_end(&mut tail))
        .map_err(|e| unreadable(name, &e))?;
    let ends = memchr::memmem::find_iter(&tail, b"PK\x05\x06");
    let files = ends.filter_map(|at| tail.get(at + 10..at + 12)).map(|two| two.iter().rev());
    let most = files.map(|two| two.fold(0, |sum, byte| sum << 8 | usize::from(*byte))).max().unwrap_or(0);
    if most > files_max {
        return Err(refused(format!("{name} holds more than {files_max} files; send it in parts")));
    }
    file.rewind().map_err(|e| unreadable(name, &e))?;
    let zip = ZipArchive::new(file).map_err(|e| refused(format!("{name} is no zip that can be read: {e}")))?;
    if zip.len() > files_max {
        return Err(refused(format!("{name} holds more than {files_max} files; send it in parts")));
    }
    if zip.has_duplicate_names() {
        return Err(refused(format!("{name} holds two files of the same name")));
    }
    Ok(zip)
}

fn parts_of(zip: &ZipArchive<File>) -> Result<Vec<Part>, Refusal> {
    let mut files = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(|e| refused(format!("file {index} of the zip: {e}")))?;
        let name = entry.name().map_err(|e| refused(format!("the name of file {index} of the zip: {e}")))?.into_owned();
        if entry.encrypted() {
            return Err(refused(format!("{name} is encrypted")));
        }
        if !entry.is_dir() && !passed_over(&name) {
            files.push((name, index));
        }
    }
    Ok(pair(files)?.into_values().collect())
}

/// What packing programs add, and the texts our own zips hold.
fn passed_over(name: &str) -> bool {
    let hidden = name.split(['/', '\\']).any(|part| part.starts_with('.') || part == "__MACOSX");
    hidden
        || matches!(ending(name).as_str(), "txt" | "md")
        || name.ends_with("Thumbs.db")
        || name.ends_with("desktop.ini")
}

/// Puts transcripts and their metadata together.
fn pair(files: impl IntoIterator<Item = (String, usize)>) -> Result<BTreeMap<String, Part>, Refusal> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for (name, index) in files {
        if let Some(refusal) = audio(&name) {
            return Err(refusal);
        }
        let ending = ending(&name);
        let key = name.get(..name.len() - ending.len()).unwrap_or_default().to_owned();
        let part = parts.entry(key).or_default();
        let place = match ending.as_str() {
            "json" => &mut part.body,
            "jsonmeta" | "xml" => &mut part.sidecar,
            _ => {
                return Err(refused(format!(
                    "{name} is neither a transcript (.json) nor metadata (.jsonmeta, .xml), nor a zip of them"
                )));
            }
        };
        if let Some(other) = place {
            return Err(refused(format!("{name} and {} are metadata of the same transcript", other.name)));
        }
        *place = Some(Member { name, index });
    }
    Ok(parts)
}

fn audio(name: &str) -> Option<Refusal> {
    AUDIO.contains(&ending(name).as_str()).then(|| {
        refused(format!("{name} is audio: there is no speech recogniser here; send the JSON transcript it became"))
    })
}

/// Whether a `.json` file is metadata in V-Spark's form for recordings: nothing but `metadata`.
fn is_metadata(text: &str) -> bool {
    let members = crate::base::json::members(text.strip_prefix('\u{feff}').unwrap_or(text));
    members.is_ok_and(
        |members| matches!(members.0.as_slice(), [(name, value)] if name == "metadata" && value.get().starts_with('{')),
    )
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// The ending in lower case, without its dot; empty for a name without.
fn ending(path: &str) -> String {
    file_name(path).rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// A file's name without folders and ending.
fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests;
