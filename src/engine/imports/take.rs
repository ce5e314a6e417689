//! Taking the rows of an import: the body is written to disk as it comes, then read row by row and staged; its job
//! begins when the last rows are there.
use super::header::Shape;
use super::json::Each;
use super::rows::Format;
use super::staged::{StagedRow, line};
use super::{csv, json};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::blocking::blocking;
use crate::engine::bulk::lines::ATOMIC_EDITS;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result};
use crate::engine::jobs::account::State;
use crate::engine::jobs::board::Busy;
use crate::engine::jobs::work::{Import, ROWS, What, Work};
use crate::stores::database::Write;
use crate::stores::staging::Appender;
use std::sync::Arc;

/// Rows of one import.
pub const ROWS_MAX: u64 = 1_000_000;
/// Bytes of one body of rows.
pub const UPLOAD_BYTES: u64 = 2 << 30;
/// Bytes gathered before they are written.
const PIECE: usize = 1 << 20;
/// The file a body is written to as it comes.
pub const UPLOAD: &str = "upload";

/// How a body of rows is read.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What it is.
    pub format: Format,
    /// Columns and the names meant.
    pub map: Vec<(String, String)>,
    /// Whether more rows follow before the job begins.
    pub more: bool,
}

/// What was taken.
#[derive(Clone, Debug)]
pub struct TakenRows {
    /// The import as it stands.
    pub work: Work,
    /// Rows of this body.
    pub rows: u64,
    /// Columns that were left alone.
    pub ignored: Vec<String>,
}

/// A body of rows on its way; dropped, nothing of it counts.
pub struct Upload {
    core: Arc<Core>,
    work: Work,
    file: Option<Appender>,
    piece: Vec<u8>,
    _busy: Busy,
}

impl Upload {
    /// Begins to take rows for an import that waits for them.
    ///
    /// # Errors
    /// `import_state` when it does not, or rows are being taken already.
    pub async fn begin(core: &Arc<Core>, id: &str) -> Result<Self> {
        let busy = core.board.busy(id).ok_or_else(|| {
            Error::refused(Code::ImportState, "rows of this import are being taken by another request")
        })?;
        let work = core.board.get(id).map(|(work, _)| work).filter(|work| work.account.state == State::Open);
        let Some(work) = work else {
            let detail = "the import takes no more rows: it has begun; make another one";
            return Err(Error::refused(Code::ImportState, detail));
        };
        let shared = core.clone();
        let job = work.account.id.clone();
        let open = move || -> Result<Appender> {
            let staging = shared.staging()?;
            staging.make(&job)?;
            Ok(staging.append(&job, UPLOAD, 0)?)
        };
        let file = blocking(open).await??;
        Ok(Self { core: core.clone(), work, file: Some(file), piece: Vec::new(), _busy: busy })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `body_too_large`; the disk's.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() < PIECE {
            return Ok(());
        }
        self.write().await
    }

    async fn write(&mut self) -> Result<()> {
        let piece = std::mem::take(&mut self.piece);
        let Some(mut file) = self.file.take() else { return Err(Error::absent()) };
        if file.length() + piece.len() as u64 > UPLOAD_BYTES {
            let detail = format!("one body of rows has at most {UPLOAD_BYTES} bytes; send several, `more=true`");
            return Err(Error::refused(Code::BodyTooLarge, detail));
        }
        let write = move || -> Result<Appender> {
            file.push(&piece)?;
            Ok(file)
        };
        self.file = Some(blocking(write).await??);
        Ok(())
    }

    /// Stages the rows; without `more` the job begins.
    ///
    /// # Errors
    /// What concerns all rows: a header, an array, their number; the disk's. No row counts then.
    pub async fn finish(mut self, manner: Manner) -> Result<TakenRows> {
        self.write().await?;
        let Some(file) = self.file.take() else { return Err(Error::absent()) };
        blocking(move || self.stage(file, &manner)).await?
    }

    fn stage(self, file: Appender, manner: &Manner) -> Result<TakenRows> {
        let staged = self.staged(file, manner);
        // The rows are in their own file now, or nowhere.
        if let Err(error) = self.core.staging()?.remove_file(&self.work.account.id, UPLOAD) {
            tracing::warn!(error = %error, "an upload is left to be removed with its import");
        }
        staged
    }

    fn staged(&self, file: Appender, manner: &Manner) -> Result<TakenRows> {
        let (core, mut work) = (&self.core, self.work.clone());
        let What::Import(import) = &mut work.what else { return Err(Error::absent()) };
        let staging = core.staging()?;
        let id = work.account.id.clone();
        let length = file.finish()?;
        let upload = staging.read(&id, UPLOAD, 0, length)?;
        let mut rows = staging.append(&id, ROWS, import.rows_bytes)?;
        let before = import.rows;
        let mut ignored = Vec::new();
        let (shape, limits) = (Shape::of(import), &core.settings.limits);
        let mut taken = 0;
        let most = if import.atomic { ATOMIC_EDITS as u64 } else { ROWS_MAX };
        let mut take = |row: StagedRow| -> Result<()> {
            taken += 1;
            if before + taken > most {
                return Err(too_many(import, most));
            }
            Ok(rows.push(&line(&row)?)?)
        };
        let each: &mut Each<'_> = &mut take;
        match manner.format {
            Format::Json => json::read(upload, &shape, limits, before + 1, each)?,
            Format::Csv => ignored = csv::read(upload, &shape, (limits, &manner.map), before + 1, each)?,
        }
        if before + taken == 0 && !manner.more {
            return Err(Error::refused(Code::BodyEmpty, "there are no rows"));
        }
        let rows_bytes = rows.finish()?;
        let What::Import(import) = &mut work.what else { return Err(Error::absent()) };
        import.rows = before + taken;
        import.rows_bytes = rows_bytes;
        work.account.total = import.rows;
        if !manner.more {
            work.account.state = State::Queued;
        }
        core.committer.commit_blocking(Request::plain(vec![Write::PutJob(work.job())]))?;
        core.board.put(work.clone());
        Ok(TakenRows { work, rows: taken, ignored })
    }
}

fn too_many(import: &Import, most: u64) -> Error {
    let kind = if import.atomic { "an atomic import" } else { "an import" };
    Refusal::new(Code::TooManyRows, format!("{kind} has at most {most} rows; make several")).into()
}
