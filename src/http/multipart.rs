//! Multipart forms: small fields into memory, one file into a file without a name, each within its bound.
use super::body::{IDLE, cut};
use super::error::Failure;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::types::Upload;
use crate::engine::{Engine, Error};
use crate::stores::error::{Store, StoreError};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use std::fs::File;
use std::io::{self, Write as _};

/// Bytes gathered before they are written.
const PIECE: usize = 1 << 20;
/// Fields a form may have.
const FIELDS_MAX: usize = 32;
/// Bytes of a field that is no file.
const FIELD_BYTES: usize = 8 << 10;

/// One field of a form.
pub enum Part {
    /// A small one: name and value.
    Value(String, String),
    /// The file.
    File(Upload),
}

/// A form that is read field by field.
pub struct Form {
    multipart: Multipart,
    fields: usize,
}

impl Form {
    /// The form of a request.
    pub fn new(multipart: Multipart) -> Self {
        Self { multipart, fields: 0 }
    }

    /// The next field; the one called `file` goes to the disk, of at most so many bytes.
    ///
    /// # Errors
    /// `body_shape`, `body_too_large`, [`Failure::BodyCut`], or the disk's.
    pub async fn next(&mut self, engine: &Engine, file_bytes: u64) -> Result<Option<Part>, Failure> {
        let Some(field) = timed(self.multipart.next()).await? else { return Ok(None) };
        self.fields += 1;
        if self.fields > FIELDS_MAX {
            return Err(Failure::refused(Code::BodyShape, format!("the form has more than {FIELDS_MAX} fields")));
        }
        let mut field = field.map_err(broken)?;
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let value = String::from_utf8(value(&mut field, &name).await?)
                .map_err(|_| Refusal::at(Code::BodyShape, name.clone(), format!("the field {name:?} is not UTF-8")))?;
            return Ok(Some(Part::Value(name, value)));
        }
        let disposition = field.content_disposition();
        let file_name = disposition.and_then(|head| head.get_filename()).unwrap_or_default().to_owned();
        let file = spool(&mut field, engine, file_bytes).await?;
        Ok(Some(Part::File(Upload { name: file_name, file })))
    }
}

async fn timed<T>(next: impl Future<Output = T>) -> Result<T, Failure> {
    let late = |_| Failure::BodyCut(format!("nothing arrived for {} seconds", IDLE.as_secs()));
    tokio::time::timeout(IDLE, next).await.map_err(late)
}

fn broken(error: MultipartError) -> Failure {
    match error {
        MultipartError::Payload(error) => cut(&error),
        MultipartError::Incomplete => Failure::BodyCut("the form ended too early".to_owned()),
        other => Failure::refused(Code::BodyShape, format!("the body is no form that can be read: {other}")),
    }
}

async fn chunk(field: &mut Field) -> Result<Option<Bytes>, Failure> {
    timed(field.next()).await?.transpose().map_err(broken)
}

async fn value(field: &mut Field, name: &str) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    while let Some(bytes) = chunk(field).await? {
        if all.len() + bytes.len() > FIELD_BYTES {
            let detail = format!("the field {name:?} is longer than {FIELD_BYTES} bytes");
            return Err(Refusal::at(Code::BodyTooLarge, name, detail).into());
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}

/// Writes the field to the disk as it comes.
async fn spool(field: &mut Field, engine: &Engine, most: u64) -> Result<File, Failure> {
    let own = engine.clone();
    let mut file = written(move || own.spool()).await?;
    let (mut piece, mut length) = (Vec::new(), 0_u64);
    loop {
        let bytes = chunk(field).await?;
        let ended = bytes.is_none();
        piece.extend_from_slice(&bytes.unwrap_or_default());
        if length + piece.len() as u64 > most {
            let detail = format!("the file is larger than the {most} bytes allowed here (`limits.upload_bytes`)");
            return Err(Failure::refused(Code::BodyTooLarge, detail));
        }
        if piece.len() >= PIECE || ended && !piece.is_empty() {
            length += piece.len() as u64;
            let full = std::mem::take(&mut piece);
            file = written(move || file.write_all(&full).map(|()| file)).await?;
        }
        if ended {
            return Ok(file);
        }
    }
}

async fn written(work: impl FnOnce() -> io::Result<File> + Send + 'static) -> Result<File, Failure> {
    let done = crate::engine::blocking::blocking(work).await?;
    done.map_err(|error| Error::Store(StoreError::io(Store::Archive, "keep an upload", error)).into())
}
