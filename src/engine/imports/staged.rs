//! A row as it waits for its job: one JSON line, whatever it was sent as.
use crate::base::json::Raw;
use crate::domain::refusal::{Code, Refusal};
use crate::stores::error::{Kind, Result, Store, StoreError};
use crate::stores::staging::Staging;
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, Read as _};

/// One row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StagedRow {
    /// Its number, from 1, over all that were sent.
    pub row: u64,
    /// The value of the key, as JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Raw>,
    /// Name and value of the fields it brings.
    #[serde(default)]
    pub values: Vec<(String, Raw)>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<Fault>,
}

/// Why a row, or one of its values, is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// A refusal's code.
    pub code: String,
    /// In words.
    pub detail: String,
    /// Which field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Raw>,
}

impl Fault {
    /// Of the whole row.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code: code.text().to_owned(), detail: detail.into(), field: None, value: None }
    }

    /// The places of a refusal, each with the value that stands there.
    pub fn of(refusal: &Refusal, values: &[(String, Raw)]) -> Vec<Self> {
        if refusal.items.is_empty() {
            return vec![Self::new(refusal.code, refusal.detail.clone())];
        }
        let fault = |item: &crate::domain::refusal::Item| {
            let field = item.pointer.strip_prefix('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
            let value = field.as_ref().and_then(|field| values.iter().find(|(name, _)| name == field));
            let (code, value) = (item.code.text().to_owned(), value.map(|(_, raw)| raw.clone()));
            Self { code, detail: item.detail.clone(), field, value }
        };
        refusal.items.iter().map(fault).collect()
    }
}

/// Staged rows from a byte on.
pub struct Rows {
    reader: std::io::BufReader<std::io::Take<std::fs::File>>,
    at: u64,
}

impl Rows {
    /// The rows of a file from `from` to `to`.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn open(staging: &Staging, (job, file): (&str, &str), from: u64, to: u64) -> Result<Self> {
        Ok(Self { reader: staging.read(job, file, from, to)?, at: from })
    }

    /// The next row with the byte it begins at, and that after it.
    ///
    /// # Errors
    /// `Corrupt` when the file is not what was written.
    pub fn next_row<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<(u64, T, u64)>> {
        let mut line = Vec::new();
        let length = self.reader.read_until(b'\n', &mut line).map_err(damaged)?;
        if length == 0 {
            return Ok(None);
        }
        let at = self.at;
        self.at += length as u64;
        let row = serde_json::from_slice(&line).map_err(damaged)?;
        Ok(Some((at, row, self.at)))
    }

    /// The next eight bytes as a number.
    ///
    /// # Errors
    /// When the file breaks off within them.
    pub fn next_number(&mut self) -> Result<Option<u64>> {
        let mut bytes = [0; 8];
        if self.reader.fill_buf().map_err(damaged)?.is_empty() {
            return Ok(None);
        }
        self.reader.read_exact(&mut bytes).map_err(damaged)?;
        self.at += 8;
        Ok(Some(u64::from_le_bytes(bytes)))
    }
}

fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(Store::Staging, Kind::Corrupt, "read staged rows", error)
}

/// A value as one line of a staged file.
///
/// # Errors
/// None in practice: our own types can be written.
pub fn line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text =
        serde_json::to_vec(value).map_err(|error| StoreError::new(Store::Staging, Kind::Bug, "spell a row", error))?;
    text.push(b'\n');
    Ok(text)
}
