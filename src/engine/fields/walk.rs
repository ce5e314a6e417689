//! Going through the newest metadata of folders, a page of rows at a time.
use crate::domain::access::Right;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::identity::{CompanyName, FieldName, Key, OrgName, Place};
use crate::domain::metadata::{Metadata, erase};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::edit::current;
use crate::engine::error::{Error, Result};
use crate::stores::database::Row;
use crate::stores::error::Kind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// Rows read at once.
const ROWS: usize = 500;
/// Transcripts that cannot be read of which the names are kept.
const NAMED: usize = 1_000;

/// An organisation, by name.
#[derive(Clone, Debug)]
pub struct At {
    /// The company.
    pub company: CompanyName,
    /// The organisation.
    pub org: OrgName,
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Transcripts looked at.
    pub most: Option<u64>,
    /// When it ends in any case.
    pub until: Option<Instant>,
}

/// What was gone through.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Transcripts there are.
    pub transcripts: u64,
    /// Those looked at.
    pub looked: u64,
    /// Ids of those whose metadata cannot be read.
    pub unread: Vec<String>,
}

impl At {
    /// The organisation, for who may change its schema.
    ///
    /// # Errors
    /// `not_found`; `right_missing` without `config`, and when the token reaches one folder only.
    pub fn reached(&self, core: &Core, caller: &Caller) -> Result<Arc<Org>> {
        let org = caller.org(&core.world().catalogue, &self.company, &self.org)?.clone();
        caller.demand(Right::Config)?;
        if caller.scope().folder.is_some() {
            let detail =
                "the schema belongs to the whole organisation; a token that reaches one folder can not change it";
            return Err(Error::refused(Code::RightMissing, detail));
        }
        Ok(org)
    }
}

/// Calls `each` with every transcript of the folders, oldest first, and its newest metadata. Blocking.
///
/// # Errors
/// The stores'; `shutting_down`.
pub fn walk(
    core: &Core,
    at: &At,
    folders: &[Arc<Folder>],
    bounds: Bounds,
    each: &mut dyn FnMut(&Folder, &Row, &Metadata),
) -> Result<Walked> {
    let mut walked = Walked::default();
    for folder in folders {
        walked.transcripts += core.stores.database.count(folder.id, 0)?.transcripts;
    }
    for folder in folders {
        let mut after: Option<Key> = None;
        loop {
            // No row was ever projected with version 0: these are all of the folder's.
            let keys = core.stores.database.behind(folder.id, 0, after, ROWS)?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            for row in core.stores.database.load_keys(&keys)?.into_iter().flatten() {
                let over = bounds.most.is_some_and(|most| walked.looked >= most)
                    || bounds.until.is_some_and(|until| Instant::now() >= until);
                if over {
                    return Ok(walked);
                }
                walked.looked += 1;
                let place = Place { company: at.company.clone(), org: at.org.clone(), tid: row.tid.clone() };
                match current::complete(&core.stores, &row, &place) {
                    Ok(Some(current)) => each(folder, &row, &current.metadata),
                    // It has moved on since, or is gone.
                    Ok(None) => {}
                    Err(error) if error.kind == Kind::Corrupt => {
                        if walked.unread.len() < NAMED {
                            walked.unread.push(row.tid.to_string());
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if core.closing() {
                return Err(Error::refused(Code::ShuttingDown, "the server is stopping"));
            }
        }
    }
    Ok(walked)
}

/// How many transcripts of the organisation have values under a name, store by store. Blocking.
///
/// # Errors
/// As [`walk`].
pub fn holding(core: &Core, at: &At, org: &Org, name: &FieldName) -> Result<Value> {
    // What the index has is noted beside other commits, a little at a time.
    core.committer.commit_blocking(Request::settling())?;
    let folders: Vec<Arc<Folder>> = org.folders.values().cloned().collect();
    let (mut database, mut index, mut archive) = (0_u64, 0_u64, 0_u64);
    let walked = walk(core, at, &folders, Bounds::default(), &mut |_, row, metadata| {
        let stored = stored(row, name);
        database += u64::from(stored);
        index += u64::from(stored && row.indexed.revision > 0);
        archive += u64::from(!erase::values(metadata, name).is_empty());
    })?;
    let mut told = json!({"transcripts": walked.transcripts, "database": database, "index": index, "archive": archive});
    if let (false, Some(told)) = (walked.unread.is_empty(), told.as_object_mut()) {
        told.insert("unread".to_owned(), walked.unread.len().into());
    }
    Ok(told)
}

/// Whether the row has a configured value under the name.
pub fn stored(row: &Row, name: &FieldName) -> bool {
    let members = crate::base::json::members(&row.values);
    members.is_ok_and(|members| members.0.iter().any(|(own, _)| FieldName::lenient(own) == *name))
}
