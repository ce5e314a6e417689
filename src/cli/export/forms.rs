//! The forms an export has: a folder, a zip, lines, a table. A file gets its name when it is complete.
use super::packed::Packed;
use super::table::{self, Table};
use crate::cli::args::Export;
use anyhow::{Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use zip::ZipWriter;

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// Takes transcripts one after the other.
pub trait Form {
    /// Takes one of a page.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn take(&mut self, page: &mut Packed, at: usize) -> Result<()>;

    /// Ends what is written.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The form that the name asks for.
///
/// # Errors
/// When it cannot be written to.
pub fn open(export: &Export) -> Result<Box<dyn Form>> {
    let name = export.to.to_string_lossy().to_lowercase();
    let ends = |end: &str| name.ends_with(end);
    let metadata = export.metadata_only;
    if name == "-" {
        let out: Box<dyn Write> = Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()));
        return Ok(Box::new(Lines { out: Output::Plain(out), metadata, file: None }));
    }
    if ends(".ndjson.gz") || ends(".jsonl.gz") {
        let (file, out) = Unnamed::create(&export.to)?;
        let out = Output::Packed(GzEncoder::new(out, Compression::default()));
        return Ok(Box::new(Lines { out, metadata, file: Some(file) }));
    }
    if ends(".ndjson") || ends(".jsonl") {
        let (file, out) = Unnamed::create(&export.to)?;
        return Ok(Box::new(Lines { out: Output::Plain(Box::new(out)), metadata, file: Some(file) }));
    }
    if ends(".csv") {
        let (file, out) = Unnamed::create(&export.to)?;
        return Ok(Box::new(Rows { table: Table::new()?, out, file }));
    }
    if ends(".zip") {
        let (file, out) = Unnamed::create(&export.to)?;
        return Ok(Box::new(Zip { zip: ZipWriter::new(out), file }));
    }
    if export.to.is_file() {
        bail!("it is a file; a folder, or a name that ends in .zip, .ndjson, .ndjson.gz or .csv is wanted");
    }
    fs::create_dir_all(&export.to)?;
    Ok(Box::new(Folder(export.to.clone())))
}

/// A file that ends in `.part` until it is complete.
struct Unnamed {
    part: PathBuf,
    name: PathBuf,
}

impl Unnamed {
    fn create(name: &Path) -> Result<(Self, BufWriter<File>)> {
        if name.is_dir() {
            bail!("it is a folder");
        }
        let mut part = name.as_os_str().to_owned();
        part.push(".part");
        let file = Self { part: part.into(), name: name.to_owned() };
        let out = BufWriter::with_capacity(BUFFER_BYTES, File::create(&file.part)?);
        Ok((file, out))
    }

    fn complete(self, out: BufWriter<File>) -> Result<()> {
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(fs::rename(self.part, self.name)?)
    }
}

enum Output {
    Plain(Box<dyn Write>),
    Packed(GzEncoder<BufWriter<File>>),
}

/// Transcripts, or metadata, one a line.
struct Lines {
    out: Output,
    metadata: bool,
    file: Option<Unnamed>,
}

impl Form for Lines {
    fn take(&mut self, page: &mut Packed, at: usize) -> Result<()> {
        let line = if self.metadata { table::row(&page.sidecar(at)?)? } else { page.whole(at)? };
        match &mut self.out {
            Output::Plain(out) => writeln!(out, "{line}")?,
            Output::Packed(out) => writeln!(out, "{line}")?,
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        match self.out {
            Output::Plain(mut out) => {
                out.flush()?;
                drop(out);
            }
            Output::Packed(out) => out.finish()?.flush()?,
        }
        match self.file {
            Some(file) => {
                File::open(&file.part)?.sync_all()?;
                Ok(fs::rename(file.part, file.name)?)
            }
            None => Ok(()),
        }
    }
}

/// A table of metadata.
struct Rows {
    table: Table,
    out: BufWriter<File>,
    file: Unnamed,
}

impl Form for Rows {
    fn take(&mut self, page: &mut Packed, at: usize) -> Result<()> {
        self.table.take(&page.sidecar(at)?)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { table, mut out, file } = *self;
        table.write(&mut out)?;
        file.complete(out)
    }
}

struct Zip {
    zip: ZipWriter<BufWriter<File>>,
    file: Unnamed,
}

impl Form for Zip {
    fn take(&mut self, page: &mut Packed, at: usize) -> Result<()> {
        page.copy(at, &mut self.zip)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let out = self.zip.finish()?;
        self.file.complete(out)
    }
}

/// Files below a folder.
struct Folder(PathBuf);

impl Form for Folder {
    fn take(&mut self, page: &mut Packed, at: usize) -> Result<()> {
        for (name, content) in page.files(at)? {
            let path = below(&self.0, &name)?;
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, content)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// A name of a zip as a path below a folder, and nowhere else.
fn below(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.components().all(|part| matches!(part, Component::Normal(_))) && !name.contains('\\') {
        return Ok(folder.join(path));
    }
    bail!("{name:?} leads out of the folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(below(Path::new("/x"), "In/a%2F.json").unwrap(), Path::new("/x/In/a%2F.json"));
        for bad in ["../a", "/etc/a", "a/../../b", "a\\b"] {
            assert!(below(Path::new("/x"), bad).is_err(), "{bad}");
        }
    }
}
