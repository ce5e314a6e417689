//! The files of `import --metadata`: named or standard input, packed or not, as lying on disk to be read twice. What a file
//! is its name says, with or without `.gz`; of standard input its first byte does.
use super::sources;
use crate::cli::output::Usage;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Bytes in which the first one that is no blank is looked for.
const LOOK: u64 = 64 << 10;

/// How rows stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table with a header.
    Csv,
    /// One JSON object a line.
    Lines,
    /// JSON of any shape.
    Json,
}

/// One file of rows, ready to be read and sent.
#[derive(Debug)]
pub struct Sheet {
    /// As it is named to people.
    pub name: String,
    /// How rows stand in it.
    pub form: Form,
    path: PathBuf,
    /// Its content, where it had to be unpacked or came from standard input.
    unpacked: Option<NamedTempFile>,
}

impl Sheet {
    /// Where the rows lie, unpacked.
    pub fn path(&self) -> &Path {
        self.unpacked.as_ref().map_or(&self.path, NamedTempFile::path)
    }

    /// Makes a file ready; what is packed, or comes from standard input, is written to a file for the time of the import.
    ///
    /// # Errors
    /// When it cannot be read, or its name is not that of a table; when there is no room for temporary files.
    pub fn open(file: &Path) -> Result<Self> {
        let shown = file.display().to_string();
        let told = form(file)?;
        let input: Box<dyn Read> = if told.is_none() {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(file).context(shown.clone())?)
        };
        Self::of(file, told, input).context(shown)
    }

    fn of(file: &Path, told: Option<Form>, input: Box<dyn Read>) -> Result<Self> {
        let (packed, mut content) = sources::opened(input)?;
        let unpacked = if packed || told.is_none() {
            let mut own = NamedTempFile::new().context("a temporary file for the rows")?;
            io::copy(&mut content, &mut own)?;
            Some(own)
        } else {
            None
        };
        let form = match (told, &unpacked) {
            (Some(form), _) => form,
            (None, Some(own)) => seen(own.reopen()?)?,
            (None, None) => Form::Csv,
        };
        let name = if told.is_none() { "standard input".to_owned() } else { file.display().to_string() };
        Ok(Self { name, form, path: file.to_owned(), unpacked })
    }
}

/// What the name says; `None` for standard input.
///
/// # Errors
/// When it is not the name of a table.
pub fn form(file: &Path) -> Result<Option<Form>> {
    if file.as_os_str() == "-" {
        return Ok(None);
    }
    let name = sources::plain_name(file);
    let ends = |all: &[&str]| all.iter().any(|end| name.ends_with(end));
    Ok(Some(match () {
        () if ends(&[".csv", ".tsv"]) => Form::Csv,
        () if ends(&[".ndjson", ".jsonl"]) => Form::Lines,
        () if ends(&[".json"]) => Form::Json,
        () => {
            let what = "a table of metadata is .csv, .tsv, .ndjson or .json, each also .gz, or - for standard input";
            bail!(Usage(format!("{}: {what}", file.display())))
        }
    }))
}

/// An object or a list is JSON, anything else the header of a table.
fn seen(content: impl Read) -> Result<Form> {
    let mut first = Vec::new();
    content.take(LOOK).read_to_end(&mut first)?;
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first).trim_ascii_start();
    Ok(if matches!(first.first(), Some(b'{' | b'[')) { Form::Json } else { Form::Csv })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{Cursor, Write};

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn names_say_what_a_file_is_packed_or_not() {
        for (name, wanted) in
            [("a.CSV", Form::Csv), ("b.tsv.gz", Form::Csv), ("c.jsonl.gz", Form::Lines), ("d.json", Form::Json)]
        {
            assert_eq!(form(Path::new(name)).unwrap(), Some(wanted), "{name}");
        }
        assert_eq!(form(Path::new("-")).unwrap(), None);
        assert!(form(Path::new("a.txt.gz")).unwrap_err().downcast_ref::<Usage>().is_some());
    }

    #[test]
    fn standard_input_is_known_by_how_it_begins_and_unpacked() {
        for (content, wanted) in [
            (b"tid,queue\na,1\n".to_vec(), Form::Csv),
            ("\u{feff} \n[{\"tid\":\"a\"}]".as_bytes().to_vec(), Form::Json),
            (packed("{\"tid\":\"a\"}\n"), Form::Json),
            (packed("tid;queue\n"), Form::Csv),
            (Vec::new(), Form::Csv),
        ] {
            let sheet = Sheet::of(Path::new("-"), None, Box::new(Cursor::new(content.clone()))).unwrap();
            assert_eq!((sheet.form, sheet.name.as_str()), (wanted, "standard input"), "{content:?}");
            let read = std::fs::read(sheet.path()).unwrap();
            assert!(!read.starts_with(&[0x1f, 0x8b]) && read.is_empty() == content.is_empty());
        }
    }
}
