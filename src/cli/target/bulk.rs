//! Bulk work: metadata files of transcripts that are there, and imports of tables. On both places.
use super::Verdict;
use super::folder::StoppedFolder;
use super::remote::{Asked, Remote, Sent, org_path, problem, read, segment};
use crate::cli::place::FolderPath;
use crate::engine::Error;
use crate::engine::imports::rows::Format;
use crate::engine::imports::show::shown;
use crate::engine::imports::take::Manner;
use crate::engine::types::Upload;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use ureq::http::Method;

/// Errors of rows read at once.
const PIECE: usize = 500;

/// Rows to send.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    /// Their file.
    pub file: &'a Path,
    /// Whether it is a table with a header; else JSON.
    pub csv: bool,
    /// Columns, and the names meant.
    pub map: Vec<(String, String)>,
}

/// The calls of bulk work.
pub trait Bulk {
    /// Joins a metadata file, by its name and content, to the transcript it belongs to.
    ///
    /// # Errors
    /// When the place cannot be reached, or fails as a whole.
    fn update(&mut self, path: &FolderPath, name: &str, content: &str) -> Result<Verdict>;

    /// Declares an import; how it stands.
    ///
    /// # Errors
    /// When the place refuses.
    fn declare(&mut self, path: &FolderPath, declaration: &Value) -> Result<Value>;

    /// Sends the rows of an import, which begins with them; how it stands.
    ///
    /// # Errors
    /// When the file cannot be read, or the place refuses.
    fn rows(&mut self, path: &FolderPath, id: &str, rows: &Rows<'_>) -> Result<Value>;

    /// How an import stands.
    ///
    /// # Errors
    /// When the place refuses.
    fn import(&mut self, path: &FolderPath, id: &str) -> Result<Value>;

    /// Calls `each` with every error of an import.
    ///
    /// # Errors
    /// When the place refuses; `each`'s.
    fn import_errors(&mut self, path: &FolderPath, id: &str, each: &mut dyn FnMut(&Value) -> Result<()>) -> Result<()>;
}

impl Bulk for StoppedFolder {
    fn update(&mut self, path: &FolderPath, name: &str, content: &str) -> Result<Verdict> {
        let engine = self.app.engine();
        let mut file = engine.spool()?;
        file.write_all(content.as_bytes())?;
        let upload = Upload { name: name.to_owned(), file };
        match self.runtime.block_on(engine.upload(&self.owner, &path.org, &path.folder, upload)) {
            Ok(_) => Ok(Verdict::Stored { created: false, unindexed: Vec::new() }),
            Err(Error::Refused(refusal)) => {
                Ok(Verdict::Refused { tid: None, code: refusal.code.text().to_owned(), detail: refusal.detail })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn declare(&mut self, path: &FolderPath, declaration: &Value) -> Result<Value> {
        let (desk, body) = (self.app.engine().desk(), declaration.to_string());
        let declared = desk.declare_import(&self.owner, (&path.company, &path.org), &body);
        Ok(self.runtime.block_on(declared)?)
    }

    fn rows(&mut self, path: &FolderPath, id: &str, rows: &Rows<'_>) -> Result<Value> {
        let mut file = File::open(rows.file).with_context(|| rows.file.display().to_string())?;
        let desk = self.app.engine().desk();
        let format = if rows.csv { Format::Csv } else { Format::Json };
        let manner = Manner { format, map: rows.map.clone(), more: false };
        self.runtime.block_on(async {
            let mut upload = desk.begin_rows(&self.owner, (&path.company, &path.org), id).await?;
            let mut piece = vec![0; 256 << 10];
            loop {
                let length = file.read(&mut piece).with_context(|| rows.file.display().to_string())?;
                match piece.get(..length) {
                    Some(bytes) if !bytes.is_empty() => upload.push(bytes).await?,
                    _ => break,
                }
            }
            let taken = upload.finish(manner).await?;
            let mut told = shown(&taken.work, None);
            if let Some(told) = told.as_object_mut() {
                told.insert("ignored".to_owned(), json!(taken.ignored));
            }
            Ok(told)
        })
    }

    fn import(&mut self, path: &FolderPath, id: &str) -> Result<Value> {
        let desk = self.app.engine().desk();
        Ok(self.runtime.block_on(desk.read_import(&self.owner, (&path.company, &path.org), id, (0, 0)))?)
    }

    fn import_errors(&mut self, path: &FolderPath, id: &str, each: &mut dyn FnMut(&Value) -> Result<()>) -> Result<()> {
        let desk = self.app.engine().desk();
        let mut from = Some(0);
        while let Some(at) = from {
            let read = desk.import_errors(&self.owner, (&path.company, &path.org), id, (at, PIECE));
            let (errors, next) = self.runtime.block_on(read)?;
            errors.iter().try_for_each(&mut *each)?;
            from = next;
        }
        Ok(())
    }
}

/// The boundary of a form with one file in it that `content` does not hold.
fn boundary(content: &str) -> String {
    (0_u32..).map(|n| format!("linernotes-{n}")).find(|one| !content.contains(one.as_str())).unwrap_or_default()
}

impl Remote {
    fn import_path(path: &FolderPath, rest: &str) -> String {
        format!("/imports/{}{rest}", org_path(path))
    }
}

impl Bulk for Remote {
    fn update(&mut self, path: &FolderPath, name: &str, content: &str) -> Result<Verdict> {
        let at = format!("/transcribe/{}/{}", segment(path.org.as_str()), segment(path.folder.as_str()));
        let edge = boundary(content);
        let name = name.replace(['"', '\r', '\n'], "_");
        let body = format!(
            "--{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--{edge}--\r\n"
        );
        let content_type = format!("multipart/form-data; boundary={edge}");
        let asked = Asked { method: &Method::POST, path: &at, content_type: &content_type, if_match: None };
        let answer = read(self.response(asked, Sent::Text(&body))?)?;
        match answer.status {
            200..=299 => Ok(Verdict::Stored { created: false, unindexed: Vec::new() }),
            400 | 404 | 409 | 413 | 422 => {
                let parsed: Value = serde_json::from_str(&answer.body).unwrap_or_default();
                let code = parsed.get("code").and_then(Value::as_str).unwrap_or("upload_invalid").to_owned();
                Ok(Verdict::Refused { tid: None, code, detail: problem(&answer.body) })
            }
            status => Err(self.refused(status, &answer.body)),
        }
    }

    fn declare(&mut self, path: &FolderPath, declaration: &Value) -> Result<Value> {
        self.ask(&Method::POST, &Self::import_path(path, ""), Some(declaration))
    }

    fn rows(&mut self, path: &FolderPath, id: &str, rows: &Rows<'_>) -> Result<Value> {
        let map: Vec<String> = rows.map.iter().map(|(column, field)| format!("{column}:{field}")).collect();
        let map = if map.is_empty() { String::new() } else { format!("?map={}", segment(&map.join(","))) };
        let at = Self::import_path(path, &format!("/{}/rows{map}", segment(id)));
        let content_type = if rows.csv { "text/csv" } else { "application/x-ndjson" };
        let asked = Asked { method: &Method::PUT, path: &at, content_type, if_match: None };
        let answer = self.must(self.found(asked, Sent::File(rows.file))?.map(|answer| json!(answer.body)), &at)?;
        serde_json::from_str(answer.as_str().unwrap_or_default()).context("the answer is no JSON")
    }

    fn import(&mut self, path: &FolderPath, id: &str) -> Result<Value> {
        self.ask(&Method::GET, &Self::import_path(path, &format!("/{}?size=0", segment(id))), None)
    }

    fn import_errors(&mut self, path: &FolderPath, id: &str, each: &mut dyn FnMut(&Value) -> Result<()>) -> Result<()> {
        let at = Self::import_path(path, &format!("/{}/errors?format=ndjson", segment(id)));
        let asked = Asked { method: &Method::GET, path: &at, content_type: "", if_match: None };
        let Some(answer) = self.found(asked, Sent::Nothing)? else { return Ok(()) };
        for line in answer.body.lines().filter(|line| !line.is_empty()) {
            each(&serde_json::from_str(line).context("the answer is no NDJSON")?)?;
        }
        Ok(())
    }
}
