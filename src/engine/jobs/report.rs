//! Errors of rows, one JSON line each in the job's folder: written down before the commit that counts them.
use super::account::Sample;
use super::work::{ERRORS, Work};
use crate::base::json::Raw;
use crate::engine::imports::staged::{Fault, line};
use crate::stores::error::Result;
use crate::stores::staging::Staging;
use serde::{Deserialize, Serialize};

/// One error of one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowError {
    /// The row's number, from 1.
    pub row: u64,
    /// Where it stands among the staged rows: its byte.
    pub at: u64,
    /// What it names: an id, or the value of the key field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub fault: FlatFault,
}

/// A fault beside the members of its row. (Values are spelled as text: what is flattened cannot hold raw JSON.)
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlatFault {
    /// A refusal's code.
    pub code: String,
    /// In words.
    pub detail: String,
    /// Which field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// Its value: JSON, as text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
}

impl From<Fault> for FlatFault {
    fn from(fault: Fault) -> Self {
        let value = fault.value.map(|raw: Raw| raw.get().to_owned());
        Self { code: fault.code, detail: fault.detail, field: fault.field, value }
    }
}

/// Writes errors down and counts them in `work`, which must then be committed.
///
/// # Errors
/// The staging folder's.
pub fn note(staging: &Staging, work: &mut Work, errors: Vec<RowError>) -> Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    let mut file = staging.append(&work.account.id, ERRORS, work.errors_bytes)?;
    let mut last = None;
    for error in errors {
        file.push(&line(&error)?)?;
        if last != Some(error.row) {
            last = Some(error.row);
            let RowError { row, key, fault, .. } = error;
            work.account.count_error(Sample { row, tid: key, field: fault.field, code: fault.code });
        }
    }
    work.errors_bytes = file.finish()?;
    Ok(())
}

/// What to do about an error.
pub fn hint(code: &str) -> &'static str {
    match code {
        "type_mismatch" => "send a value of the field's type, or configure the field or `on_mismatch` otherwise",
        "not_found" => "bring the transcript first, or mend the id",
        "key_unknown" => "mend the value, or key the rows by `tid`",
        "key_ambiguous" => "key the rows by `tid`: the value does not tell the transcripts apart",
        "key_missing" => "give the row its key",
        "row_shape" => "mend the row and send it again",
        "field_not_declared" => "declare the field with the import, or leave it out of the rows",
        "too_many_fields" => "remove names the transcript does not need",
        "atomic_failed" => "mend the other rows, then retry",
        "lock_timeout" | "overloaded" => "retry",
        _ => "",
    }
}
