//! Which files are read, and their bytes: counted as they lie on disk, unpacked on the way.
use anyhow::{Result, bail};
use flate2::bufread::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 256 << 10;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As it is named to the person; `-` is standard input.
    pub path: PathBuf,
    /// Bytes on disk; 0 when not known.
    pub bytes: u64,
    /// Whether the name says one transcript a line.
    pub by_line: bool,
    /// `X.jsonmeta` or `X.xml` beside `X.json`.
    pub sidecar: Option<PathBuf>,
    /// What it holds.
    pub kind: Kind,
}

/// What an input holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Transcripts, one or many.
    #[default]
    Transcripts,
    /// A zip in V-Spark's layout.
    Zip,
    /// Metadata of a transcript that is there.
    Metadata,
}

/// The files the arguments mean: folders are walked, in the order of names.
///
/// # Errors
/// All that cannot be read, at once, before anything is stored.
pub fn expand(files: &[PathBuf]) -> Result<Vec<Source>> {
    let (mut sources, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        if file.as_os_str() == "-" {
            let kind = Kind::Transcripts;
            sources.push(Source { path: file.clone(), bytes: 0, by_line: false, sidecar: None, kind });
            continue;
        }
        match fs::metadata(file) {
            Ok(data) if data.is_dir() => {
                let before = sources.len();
                walk(file, &mut sources, &mut wrong);
                if sources.len() == before && wrong.is_empty() {
                    wrong.push(format!("{}: holds no .json, .ndjson, .zip or metadata file", file.display()));
                }
            }
            Ok(data) => sources.push(source(file, data.len())),
            Err(error) => wrong.push(format!("{}: {error}", file.display())),
        }
    }
    if !wrong.is_empty() {
        bail!("nothing was imported:\n  {}", wrong.join("\n  "));
    }
    Ok(sources)
}

fn walk(folder: &Path, sources: &mut Vec<Source>, wrong: &mut Vec<String>) {
    let listed = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries = match listed {
        Ok(entries) => entries,
        Err(error) => return wrong.push(format!("{}: {error}", folder.display())),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match fs::metadata(&path) {
            // What begins with a dot is nobody's transcript: `.lost+found` of an archive.
            Ok(data) if data.is_dir() && is_hidden(&path) => {}
            Ok(data) if data.is_dir() => walk(&path, sources, wrong),
            Ok(data) if is_input(&path) => sources.push(source(&path, data.len())),
            Ok(_) => {}
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
        }
    }
}

/// The name in lower case, without `.gz`.
pub fn plain_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.strip_suffix(".gz").map(str::to_owned).unwrap_or(name)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn is_input(path: &Path) -> bool {
    let name = plain_name(path);
    if is_hidden(path) {
        return false;
    }
    if [".json", ".ndjson", ".jsonl", ".zip"].iter().any(|end| name.ends_with(end)) {
        return true;
    }
    // Beside its transcript it is read with it.
    is_metadata(&name) && !path.with_extension("json").is_file()
}

fn is_metadata(name: &str) -> bool {
    [".jsonmeta", ".xml"].iter().any(|end| name.ends_with(end))
}

fn source(path: &Path, bytes: u64) -> Source {
    let name = plain_name(path);
    let by_line = name.ends_with(".ndjson") || name.ends_with(".jsonl");
    let beside = |end: &str| Some(path.with_extension(end)).filter(|beside| beside.is_file());
    let sidecar =
        path.extension().filter(|end| *end == "json").and_then(|_| beside("jsonmeta").or_else(|| beside("xml")));
    let kind = match () {
        () if name.ends_with(".zip") => Kind::Zip,
        () if is_metadata(&name) => Kind::Metadata,
        () => Kind::Transcripts,
    };
    Source { path: path.to_owned(), bytes, by_line, sidecar, kind }
}

/// Bytes of all inputs, if all are known.
pub fn total_bytes(sources: &[Source]) -> Option<u64> {
    let known = sources.iter().all(|source| source.path.as_os_str() != "-");
    known.then(|| sources.iter().map(|source| source.bytes).sum())
}

/// Opens an input. What is read from the disk is added to `read`; gzip is told by its first bytes, not by the name.
///
/// # Errors
/// When it cannot be opened.
pub fn open(source: &Source, read: &Arc<AtomicU64>) -> io::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> =
        if source.path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(&source.path)?) };
    unpacked(Box::new(Counted { inner: raw, count: Arc::clone(read) }))
}

/// A reader of what `raw` holds, unpacked if it is gzip.
///
/// # Errors
/// When its first bytes cannot be read.
pub fn unpacked(raw: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
    Ok(opened(raw)?.1)
}

/// The same, and whether it is gzip.
///
/// # Errors
/// When its first bytes cannot be read.
pub fn opened(mut raw: Box<dyn Read>) -> io::Result<(bool, Box<dyn BufRead>)> {
    let mut first = Vec::with_capacity(GZIP_MAGIC.len());
    raw.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut first)?;
    let packed = first == GZIP_MAGIC;
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(first).chain(raw));
    if packed {
        return Ok((true, Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(whole)))));
    }
    Ok((false, Box::new(whole)))
}

struct Counted {
    inner: Box<dyn Read>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn gzip_is_unpacked_also_in_several_pieces() {
        let pack = |text: &str| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(text.as_bytes()).unwrap();
            packer.finish().unwrap()
        };
        let packed = [pack("{\"a\":1}\n"), pack("{\"b\":2}\n")].concat();
        let mut text = String::new();
        unpacked(Box::new(Cursor::new(packed))).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn plain_and_empty_inputs_pass_through() {
        for text in ["", "{", "{}", "{\"a\":1}"] {
            let mut out = String::new();
            unpacked(Box::new(Cursor::new(text))).unwrap().read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn folders_are_walked_and_sidecars_found() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in ["z.ndjson.gz", "b/3.json", "b/3.jsonmeta", "b/notes.txt", ".hidden.json", "a.JSON"] {
            fs::write(at(name), "{}").unwrap();
        }
        let found = expand(&[dir.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(|s| s.path.strip_prefix(dir.path()).unwrap().to_owned()).collect();
        assert_eq!(names, [Path::new("a.JSON"), Path::new("b/3.json"), Path::new("z.ndjson.gz")]);
        assert_eq!(found[1].sidecar, Some(at("b/3.jsonmeta")));
        assert!(found[2].by_line && !found[0].by_line);
        assert_eq!(total_bytes(&found), Some(6));
    }

    #[test]
    fn metadata_stands_alone_only_without_its_transcript() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".lost+found")).unwrap();
        for name in ["a.json", "a.xml", "b.jsonmeta", "c.xml", "d.zip", "e.wav", ".lost+found/f.json"] {
            fs::write(dir.path().join(name), "{}").unwrap();
        }
        let found = expand(&[dir.path().to_owned()]).unwrap();
        let kinds: Vec<Kind> = found.iter().map(|source| source.kind).collect();
        assert_eq!(kinds, [Kind::Transcripts, Kind::Metadata, Kind::Metadata, Kind::Zip]);
        assert_eq!(found[0].sidecar, Some(dir.path().join("a.xml")));
    }

    #[test]
    fn all_missing_files_are_named_at_once() {
        let refused = expand(&[PathBuf::from("/none/a.json"), PathBuf::from("/none/b.json")]).unwrap_err().to_string();
        assert!(refused.contains("a.json") && refused.contains("b.json"), "{refused}");
    }
}
