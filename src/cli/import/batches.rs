//! Transcripts gathered into batches by a thread that reads ahead.
use super::records::{Item, Records};
use super::sources::{self, Kind, Source};
use crate::base::json::{push_string, quoted};
use crate::cli::place::FolderPath;
use crate::domain::limits::Limits;
use crate::domain::transcript::read::{top_level_id, with};
use crate::domain::transcript::sidecar::{self, Sidecar};
use crate::engine::intake::package::{Content, Package, Sent};
use crate::engine::intake::upload::id_of_name;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Transcripts in one batch at most.
const RECORDS_MAX: usize = 500;
/// Bytes in one batch at most, unless a single transcript has more.
const BYTES_MAX: usize = 8 << 20;
/// Batches read ahead.
const AHEAD: usize = 2;
/// Bytes of one transcript at most. Above every configurable bound: the place judges, this only keeps memory bounded.
const TRANSCRIPT_BYTES_MAX: usize = 1 << 30;

/// Where a transcript stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// The file as it was named.
    pub file: Arc<str>,
    /// From 1.
    pub line: u64,
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Input that never became a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub place: FileLine,
    /// The code the server would give.
    pub code: String,
    /// In words.
    pub detail: String,
}

/// What is stored in one go.
#[derive(Debug, Default)]
pub struct Batch {
    /// Transcripts in order.
    pub records: Vec<(FileLine, String)>,
    /// Metadata files of transcripts that are there: their names and contents.
    pub updates: Vec<(FileLine, String, String)>,
    /// What stood between them.
    pub broken: Vec<Broken>,
    /// Bytes of the inputs read when the batch was full.
    pub bytes_read: u64,
    bytes: usize,
}

/// Starts reading; the batches in order.
///
/// # Errors
/// When no thread can be started.
pub fn read_behind(sources: Vec<Source>, into: FolderPath, id_key: Option<String>) -> io::Result<Receiver<Batch>> {
    let (sender, receiver) = bounded(AHEAD);
    let reader = move || {
        let mut gathering = Gathering { batch: Batch::default(), read: Arc::default(), sender, into, id_key };
        for source in &sources {
            // The other side went away: it has failed and said so.
            if gathering.source(source).is_none() {
                return;
            }
        }
        let _ = gathering.flush();
    };
    std::thread::Builder::new().name(String::from("import-reader")).spawn(reader)?;
    Ok(receiver)
}

struct Gathering {
    batch: Batch,
    read: Arc<AtomicU64>,
    sender: Sender<Batch>,
    into: FolderPath,
    id_key: Option<String>,
}

impl Gathering {
    /// Reads one input to its end; `None` when nobody takes batches any more.
    fn source(&mut self, source: &Source) -> Option<()> {
        let file: Arc<str> = source.path.display().to_string().into();
        match source.kind {
            Kind::Transcripts => {}
            Kind::Zip => return self.zip(source, &file),
            Kind::Metadata => return self.metadata(source, &file),
        }
        let input = match sources::open(source, &self.read) {
            Ok(input) => input,
            Err(error) => return self.unreadable(&file, 1, &error),
        };
        let mut records = Records::new(input, source.by_line, TRANSCRIPT_BYTES_MAX);
        while let Some(item) = records.next() {
            match item {
                Ok(Item::Record { line, text }) => {
                    let place = FileLine { file: Arc::clone(&file), line };
                    match &source.sidecar {
                        Some(beside) => self.joined(place, &text, beside)?,
                        None => self.record(place, text)?,
                    }
                }
                Ok(Item::Broken { line, code, detail }) => {
                    self.broken(FileLine { file: Arc::clone(&file), line }, code, detail)?;
                }
                Err(error) => return self.unreadable(&file, records.line(), &error),
            }
        }
        Some(())
    }

    /// A zip, file by file: each fails alone.
    fn zip(&mut self, source: &Source, file: &Arc<str>) -> Option<()> {
        let limits =
            Limits { upload_unpacked_bytes: u64::MAX, transcript_bytes: TRANSCRIPT_BYTES_MAX, ..Limits::default() };
        let opened = File::open(&source.path).map_err(|error| error.to_string());
        let opened =
            opened.and_then(|zip| Package::open_with(file, zip, &limits, usize::MAX).map_err(|refusal| refusal.detail));
        let mut package = match opened {
            Ok(package) => package,
            Err(detail) => {
                return self.broken(FileLine { file: Arc::clone(file), line: 1 }, "upload_invalid", detail);
            }
        };
        for at in 0..package.len() {
            match package.read(at) {
                Ok(sent) => {
                    let place = FileLine { file: format!("{file}/{}", sent.name).into(), line: 1 };
                    self.unpacked(place, sent)?;
                }
                Err(refusal) => {
                    let place = FileLine { file: Arc::clone(file), line: 1 };
                    self.broken(place, refusal.code.text(), refusal.detail)?;
                }
            }
        }
        self.read.fetch_add(source.bytes, Ordering::Relaxed);
        Some(())
    }

    fn unpacked(&mut self, place: FileLine, sent: Sent) -> Option<()> {
        match sent.content {
            Content::Transcript(text) => {
                let text = self.named(text, &sent.stem);
                self.record(place, text)
            }
            Content::Metadata(sidecar) => {
                let mut content = format!("{{\"metadata\":{}", sidecar.metadata);
                if let Some(tid) = &sidecar.tid {
                    content.push_str(",\"tid\":");
                    push_string(&mut content, tid);
                }
                content.push('}');
                self.update(place, format!("{}.jsonmeta", sent.stem), content)
            }
        }
    }

    /// Metadata alone: the place knows which transcript it belongs to.
    fn metadata(&mut self, source: &Source, file: &Arc<str>) -> Option<()> {
        let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let place = FileLine { file: Arc::clone(file), line: 1 };
        match std::fs::read_to_string(&source.path) {
            Ok(content) => {
                self.read.fetch_add(source.bytes, Ordering::Relaxed);
                self.update(place, name, content)
            }
            Err(error) => self.unreadable(file, 1, &error),
        }
    }

    fn update(&mut self, place: FileLine, name: String, content: String) -> Option<()> {
        self.batch.bytes += content.len();
        self.batch.updates.push((place, name, content));
        if self.batch.updates.len() >= RECORDS_MAX || self.batch.bytes > BYTES_MAX { self.flush() } else { Some(()) }
    }

    /// A transcript whose file is named after it: without an id it gets the one its name stands for, so that metadata
    /// that comes later finds it.
    fn named(&self, text: String, stem: &str) -> String {
        if self.id_key.is_some() || top_level_id(&text, "tid").is_some() {
            return text;
        }
        let id = id_of_name((&self.into.company, &self.into.org, &self.into.folder), stem);
        // What is no object is judged, in words, where transcripts are read.
        with(&text, &[("tid", quoted(&id).as_str())]).unwrap_or(text)
    }

    fn joined(&mut self, place: FileLine, text: &str, beside: &Path) -> Option<()> {
        let ending = beside.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let read = |content: &str| if ending == "xml" { Sidecar::of_xml(content) } else { Sidecar::of_json(content) };
        let whole = std::fs::read_to_string(beside)
            .map_err(|error| format!("the .{ending} beside it: {error}"))
            .and_then(|content| read(&content).map_err(|why| format!("the .{ending} beside it {why}")))
            .and_then(|sidecar| sidecar::join(text, &sidecar, self.id_key.as_deref()));
        let stem = beside.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        match whole.map(|whole| self.named(whole, &stem)) {
            Ok(whole) => self.record(place, whole),
            Err(detail) => self.broken(place, "json_invalid", detail),
        }
    }

    fn record(&mut self, place: FileLine, text: String) -> Option<()> {
        if self.batch.bytes + text.len() > BYTES_MAX {
            self.flush()?;
        }
        self.batch.bytes += text.len();
        self.batch.records.push((place, text));
        if self.batch.records.len() >= RECORDS_MAX { self.flush() } else { Some(()) }
    }

    fn broken(&mut self, place: FileLine, code: &str, detail: String) -> Option<()> {
        self.batch.broken.push(Broken { place, code: code.to_owned(), detail });
        if self.batch.broken.len() >= RECORDS_MAX { self.flush() } else { Some(()) }
    }

    fn unreadable(&mut self, file: &Arc<str>, line: u64, error: &io::Error) -> Option<()> {
        let place = FileLine { file: Arc::clone(file), line };
        self.broken(place, "file_unreadable", format!("the file cannot be read on: {error}"))
    }

    fn flush(&mut self) -> Option<()> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.bytes_read = self.read.load(Ordering::Relaxed);
        self.sender.send(batch).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn read(files: &[PathBuf]) -> Vec<Batch> {
        read_behind(sources::expand(files).unwrap(), "A/B/C".parse().unwrap(), None).unwrap().into_iter().collect()
    }

    #[test]
    fn batches_are_bounded_and_keep_order_and_places() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.ndjson");
        let text: String = (0..1_200).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        std::fs::write(&file, &text).unwrap();
        let batches = read(std::slice::from_ref(&file));
        assert_eq!(batches.iter().map(|batch| batch.records.len()).collect::<Vec<_>>(), [500, 500, 200]);
        let all: Vec<_> = batches.iter().flat_map(|batch| &batch.records).collect();
        assert!(
            all.iter().zip(0..).all(|((place, text), n)| { place.line == n + 1 && *text == format!("{{\"n\":{n}}}") })
        );
        assert_eq!(batches.last().unwrap().bytes_read, text.len() as u64);
    }

    #[test]
    fn a_damaged_file_is_named_and_the_next_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (bad, good) = (dir.path().join("bad.json.gz"), dir.path().join("good.json"));
        std::fs::write(&bad, [0x1f, 0x8b, 8, 0, 1, 2, 3]).unwrap();
        std::fs::write(&good, "{}").unwrap();
        let batches = read(&[bad, good]);
        assert_eq!(batches[0].broken[0].code, "file_unreadable");
        assert!(batches[0].broken[0].place.to_string().ends_with("bad.json.gz:1"));
        assert_eq!(batches[0].records.len(), 1);
    }

    #[test]
    fn a_transcript_and_its_sidecar_are_one() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("7.json"), "{\n\"utterances\":[]}").unwrap();
        std::fs::write(dir.path().join("7.jsonmeta"), r#"{"metadata":{"q":1},"tid":"7"}"#).unwrap();
        let batches = read(&[dir.path().to_owned()]);
        assert_eq!(batches[0].records[0].1, r#"{"tid":"7","utterances":[],"client_data":{"q":1}}"#);
    }
}
