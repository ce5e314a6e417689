//! A job of the lane as it stands in the database: what it is to do, for whom, and how far it has come. Its position is
//! written in the same commit as the edits it stands for.
use super::account::Account;
use crate::base::json::Raw;
use crate::domain::access::{Right, Scope};
use crate::domain::fields::Definition;
use crate::domain::identity::{FolderId, OrgId};
use crate::engine::access::Caller;
use crate::stores::database::{Job, PastJob};
use serde::{Deserialize, Serialize};

/// The file of staged rows.
pub const ROWS: &str = "rows";
/// The file of rows to be tried again.
pub const RETRY: &str = "retry";
/// The file of errors.
pub const ERRORS: &str = "errors";
/// The file of keys of an edit by query.
pub const KEYS: &str = "keys";

/// Who started a job. It goes on with that token's rights, as long as the token lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct By {
    /// The token's id.
    pub token: String,
    /// What it reaches.
    pub scope: Scope,
    /// What it may.
    pub rights: Vec<Right>,
}

impl By {
    /// Of a caller.
    pub fn of(caller: &Caller) -> Self {
        Self { token: caller.token_id.to_string(), scope: caller.scope.clone(), rights: caller.rights.to_vec() }
    }

    /// The caller again.
    pub fn caller(&self) -> Caller {
        Caller {
            token_id: self.token.as_str().into(),
            scope: self.scope.clone(),
            rights: self.rights.as_slice().into(),
        }
    }
}

/// A field that an import brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its definition, when the import brought one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub definition: Option<Definition>,
}

/// What an import is to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Import {
    /// `tid`, or the field that says which transcript a row is about.
    pub key: String,
    /// The fields that rows may bring.
    pub fields: Vec<Declared>,
    /// All or nothing.
    pub atomic: bool,
    /// Nothing is changed.
    pub dry_run: bool,
    /// Rows taken.
    pub rows: u64,
    /// Bytes of [`ROWS`] that count.
    pub rows_bytes: u64,
    /// Whether [`RETRY`] says which rows are done, not all of them.
    pub retry: bool,
}

/// What an edit by query is to do; nothing once it is over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BulkEdit {
    /// `set`, as sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub set: Option<Raw>,
    /// `unset`, as sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unset: Option<Raw>,
}

/// What a job of the lane does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Something that another worker does; only its account is kept.
    #[default]
    Other,
    /// Rows of an import.
    Import(Import),
    /// One edit of a set of transcripts.
    BulkEdit(BulkEdit),
}

/// A job of the lane, or how one ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Work {
    /// What is told of it.
    pub account: Account,
    /// Who started it.
    #[serde(default)]
    pub by: By,
    /// Its organisation.
    #[serde(default)]
    pub org: OrgId,
    /// The folder it keeps to.
    #[serde(default)]
    pub folder: Option<FolderId>,
    /// What it does.
    #[serde(default)]
    pub what: What,
    /// Where it goes on: a byte of [`ROWS`], else a number of records of [`RETRY`] or [`KEYS`].
    #[serde(default)]
    pub position: u64,
    /// Bytes of [`ERRORS`] that count.
    #[serde(default)]
    pub errors_bytes: u64,
    /// Freshness mark of its last write.
    #[serde(default)]
    pub mark: String,
}

impl Work {
    /// As the database keeps it while it is not over.
    pub fn job(&self) -> Job {
        Job { id: self.account.id.clone(), kind: self.account.kind.clone(), body: self.text() }
    }

    /// As the database keeps it afterwards.
    pub fn past(&self) -> PastJob {
        PastJob {
            id: self.account.id.clone(),
            kind: self.account.kind.clone(),
            finished: self.account.finished.unwrap_or(0),
            body: self.text(),
        }
    }

    fn text(&self) -> String {
        // Our own types can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a job of the lane back; `None` for those of other workers.
    pub fn read(job: &Job) -> Option<Self> {
        if !matches!(job.kind.as_str(), "import" | "bulk_edit") {
            return None;
        }
        serde_json::from_str(&job.body).ok()
    }

    /// Reads how a job ended.
    pub fn read_past(past: &PastJob) -> Option<Self> {
        serde_json::from_str(&past.body).ok()
    }
}
