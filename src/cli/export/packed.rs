//! A page of transcripts: a zip of `X.json` and `X.jsonmeta`, one pair after the other.
use crate::domain::transcript::Sidecar;
use crate::domain::transcript::sidecar::join;
use anyhow::{Context, Result, anyhow, bail};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use zip::{ZipArchive, ZipWriter};

/// The page.
pub struct Packed {
    zip: Option<ZipArchive<File>>,
    pairs: usize,
}

impl Packed {
    /// Opens what a place has written.
    ///
    /// # Errors
    /// When it is no such zip.
    pub fn open(mut file: File) -> Result<Self> {
        // A page without transcripts may come without a byte.
        if file.seek(SeekFrom::End(0))? == 0 {
            return Ok(Self { zip: None, pairs: 0 });
        }
        file.rewind()?;
        let zip = ZipArchive::new(file).context("the page that came is no whole zip")?;
        if zip.len() % 2 == 1 {
            bail!("the page that came holds a transcript without metadata");
        }
        Ok(Self { pairs: zip.len() / 2, zip: Some(zip) })
    }

    /// How many transcripts there are.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    fn zip(&mut self) -> Result<&mut ZipArchive<File>> {
        self.zip.as_mut().ok_or_else(|| anyhow!("an empty page was asked for a transcript"))
    }

    /// Copies both files of a transcript as they are packed.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn copy<W: Write + Seek>(&mut self, at: usize, into: &mut ZipWriter<W>) -> Result<()> {
        let zip = self.zip()?;
        into.raw_copy_file(zip.by_index_raw(2 * at)?)?;
        into.raw_copy_file(zip.by_index_raw(2 * at + 1)?)?;
        Ok(())
    }

    /// Both files of a transcript: their names, parts by `/`, and contents.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn files(&mut self, at: usize) -> Result<[(String, String); 2]> {
        Ok([self.file(2 * at)?, self.file(2 * at + 1)?])
    }

    fn file(&mut self, index: usize) -> Result<(String, String)> {
        let zip = self.zip()?;
        let name = zip.by_index_data(index)?.name()?.into_owned();
        let mut content = String::new();
        zip.by_index(index)?.read_to_string(&mut content).with_context(|| name.clone())?;
        Ok((name, content))
    }

    /// A transcript whole, on one line. Line breaks in JSON stand only between its parts, where a blank means the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn whole(&mut self, at: usize) -> Result<String> {
        let [(name, body), _] = self.files(at)?;
        let whole = join(&body, &self.sidecar(at)?, None).map_err(|why| anyhow!("{name} {why}"))?;
        Ok(if whole.contains(['\n', '\r']) { whole.replace(['\n', '\r'], " ") } else { whole })
    }

    /// The metadata of a transcript, with its id.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sidecar(&mut self, at: usize) -> Result<Sidecar> {
        let (name, content) = self.file(2 * at + 1)?;
        Sidecar::of_json(&content).map_err(|why| anyhow!("{name} {why}"))
    }
}
