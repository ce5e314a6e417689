//! `output=zip`: the transcripts found as files, in the convention of the archive and of V-Spark's uploads.
//!
//! `<folder>/<tid>.json` is the transcript as received less `client_data`, `.jsonmeta` beside it its metadata, `.txt` its
//! turns; `<org>/` stands before them when several organisations are searched. Names are spelled as the archive spells
//! them in file names, so that none leads out of the folder it is unpacked in. The file is written transcript by
//! transcript, as fast as it is taken: at no time is more than one in memory, and no thread waits for who reads slowly.
//!
//! *Decisions* where the contract is open: values of `pii` fields read `"***"` without the right, as in rows; a line of a
//! text is `[start] speaker: text`, the start in seconds, `?` for a speaker that has no name.
use super::masked;
use crate::base::digest::sha256_hex;
use crate::domain::catalogue::Folder;
use crate::domain::identity::{FolderId, OrgId, Place};
use crate::domain::refusal::Code;
use crate::domain::transcript::turns;
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::intake::read::{self, Parts};
use crate::stores::archive::MetadataFile;
use crate::stores::archive::layout::{BODY, METADATA, encode, metadata_text};
use crate::stores::error::{Kind, Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What of a transcript is packed, and how.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Whether organisations have folders of their own.
    pub several: bool,
    /// Whether texts are packed too.
    pub texts: bool,
    /// Whether values of fields marked `pii` are shown.
    pub pii: bool,
    /// The folders searched: what has left them since is left out.
    pub folders: HashSet<FolderId>,
}

/// A transcript to be packed.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its organisation.
    pub org: OrgId,
    /// Where it lies.
    pub place: Place,
    /// Bytes of its body when it was found.
    pub bytes: u64,
}

/// The archive of one answer, made piece by piece.
pub struct Export {
    core: Arc<Core>,
    caller: Caller,
    packing: Packing,
    left: std::vec::IntoIter<Packed>,
    /// None once the archive is complete.
    writer: Option<ZipWriter<StreamWriter<Buffer>>>,
    written: Buffer,
    /// Where the next page goes on.
    pub cursor: Option<String>,
}

/// Bytes written and not yet taken. An archive that is given up is ended in here by its writer, where nobody takes it:
/// what was handed out before has no end and is no archive.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Export {
    /// The archive of these transcripts, in this order.
    pub fn new(
        core: Arc<Core>,
        caller: Caller,
        packing: Packing,
        transcripts: Vec<Packed>,
        cursor: Option<String>,
    ) -> Self {
        let written = Buffer::default();
        let writer = Some(ZipWriter::new_stream(written.clone()));
        Self { core, caller, packing, left: transcripts.into_iter(), writer, written, cursor }
    }

    /// The next bytes, never none; `None` when the archive is complete.
    ///
    /// # Errors
    /// The stores'. What was handed out before is then no whole archive and must not be ended as if it were.
    pub async fn next(self) -> Result<Option<(Vec<u8>, Self)>> {
        let mut export = self;
        let bytes = export.left.as_slice().first().map_or(0, |next| next.bytes);
        let room = export.core.long_reads.weigh(bytes).await;
        blocking(move || {
            let _room = room;
            while export.step()? {
                let bytes = std::mem::take(&mut *export.written.0.lock());
                if !bytes.is_empty() {
                    return Ok(Some((bytes, export)));
                }
            }
            Ok(None)
        })
        .await?
    }

    /// Packs one transcript more, or ends the archive; whether there was something to do.
    fn step(&mut self) -> Result<bool> {
        let Some(mut writer) = self.writer.take() else { return Ok(false) };
        match self.left.next() {
            Some(next) => {
                self.pack(&mut writer, next.org, &next.place)?;
                self.writer = Some(writer);
            }
            None => drop(writer.finish().map_err(unwritten)?),
        }
        Ok(true)
    }

    fn pack(&self, writer: &mut ZipWriter<StreamWriter<Buffer>>, org: OrgId, place: &Place) -> Result<()> {
        let parts = match read::parts(&self.core, &self.caller, org, place) {
            Ok(parts) => parts,
            // Erased between the search and the reading.
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !self.packing.folders.contains(&parts.current.folder) {
            return Ok(());
        }
        let stem = self.packing.stem(place, &parts.home.folder);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(modified(parts.current.last_modified));
        let metadata = self.packing.metadata(place, &parts);
        let mut file = |ending: &str, content: &str| {
            writer.start_file(format!("{stem}.{ending}"), options).map_err(unwritten)?;
            writer.write_all(content.as_bytes()).map_err(|error| unwritten(error.into()))
        };
        file(BODY, &parts.body)?;
        file(METADATA, &metadata)?;
        if self.packing.texts {
            let corrupt = |error| {
                StoreError::new(Store::Archive, Kind::Corrupt, format!("the body of {place} is no transcript"), error)
            };
            file("txt", &text(&parts.body).map_err(corrupt)?)?;
        }
        Ok(())
    }
}

impl Packing {
    /// The path of a transcript's files, without their endings.
    fn stem(&self, place: &Place, folder: &Folder) -> String {
        let stem = format!("{}/{}", encode(folder.name.as_str()), encode(place.tid.as_str()));
        if self.several { format!("{}/{stem}", encode(place.org.as_str())) } else { stem }
    }

    /// The metadata file, as the archive writes it.
    fn metadata(&self, place: &Place, parts: &Parts) -> String {
        let Parts { current, home, body } = parts;
        metadata_text(&MetadataFile {
            place: place.clone(),
            metadata: masked::shown(current, &home.folder, self.pii).into(),
            folder: home.folder.name.clone(),
            revision: current.revision,
            words_revision: current.words_revision,
            last_modified: crate::base::clock::Timestamp(current.last_modified).rfc3339(),
            body_sha256: sha256_hex(body.as_bytes()),
        })
    }
}

/// The turns, a line each.
fn text(body: &str) -> std::result::Result<String, serde_json::Error> {
    let mut out = String::with_capacity(body.len() / 4);
    for turn in turns::turns(body)? {
        if let Some(start) = turn.start.filter(|start| start.is_finite()) {
            let _ = write!(out, "[{start}] ");
        }
        let _ = match (&turn.speaker, turn.channel) {
            (Some(speaker), _) => write!(out, "{}: ", line(speaker)),
            (None, Some(channel)) => write!(out, "channel {channel}: "),
            (None, None) => write!(out, "?: "),
        };
        out.push_str(&line(&turn.text));
        out.push('\n');
    }
    Ok(out)
}

/// Text without line ends.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// UTC; the earliest a file may have for times it cannot tell.
fn modified(micros: i64) -> DateTime {
    let read = jiff::Timestamp::from_microsecond(micros).ok().and_then(|instant| {
        let at = instant.to_zoned(jiff::tz::TimeZone::UTC);
        let small = |part: i8| u8::try_from(part).ok();
        DateTime::from_date_and_time(
            u16::try_from(at.year()).ok()?,
            small(at.month())?,
            small(at.day())?,
            small(at.hour())?,
            small(at.minute())?,
            small(at.second())?,
        )
        .ok()
    });
    read.unwrap_or_default()
}

fn unwritten(error: zip::result::ZipError) -> Error {
    StoreError::new(Store::Archive, Kind::Bug, "packing transcripts", error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_a_line_of_text() {
        let body = r#"{"utterances":[{"start":0.5,"speaker":"Agent","text":"Good\n morning"},
            {"start":12,"channel":1,"text":"hi"},{"text":"x"}]}"#;
        assert_eq!(text(body).unwrap(), "[0.5] Agent: Good morning\n[12] channel 1: hi\n?: x\n");
        assert!(text("[]").is_err());
        assert_eq!(text("{}").unwrap(), "");
    }

    #[test]
    fn files_have_the_time_of_the_last_change() {
        let at = "2026-01-31T10:20:30Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let time = modified(at);
        assert_eq!((time.year(), time.month(), time.day(), time.hour(), time.minute()), (2026, 1, 31, 10, 20));
        assert_eq!(modified(i64::MIN), DateTime::default());
        assert_eq!(modified(0), DateTime::default(), "before 1980");
    }

    #[test]
    fn an_archive_given_up_has_no_end() {
        let buffer = Buffer::default();
        let mut writer = ZipWriter::new_stream(buffer.clone());
        writer.start_file("a", SimpleFileOptions::default()).unwrap();
        let handed_out = std::mem::take(&mut *buffer.0.lock());
        drop(writer);
        assert!(!handed_out.is_empty());
        assert!(zip::ZipArchive::new(std::io::Cursor::new(handed_out)).is_err());
    }
}
