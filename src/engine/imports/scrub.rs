//! What is erased goes from staged rows too: from rows of imports that are over and were kept to be tried again, of those
//! that have not begun, from their errors, and from what is remembered of jobs. Lines are changed where they stand, so that
//! every place written down elsewhere still holds.
//!
//! *Decisions.* Imports that wait or run when an erasure is asked for come to their end first: until then the erasure is
//! not done. Rows that name transcripts by another field than `tid` cannot be told apart once the transcript is gone: with
//! a transcript of their organisation all rows and errors of such an import go, if it is over. A value that waits in an
//! import not begun yet was sent before the erasure, and goes with it.
use super::staged::{Rows, StagedRow};
use crate::base::causes::chain;
use crate::base::json::push_string;
use crate::domain::identity::{FieldName, FolderId, OrgId, Tid};
use crate::domain::metadata::Metadata;
use crate::domain::metadata::erase::without;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::Result;
use crate::engine::imports::lookup::text;
use crate::engine::jobs::account::State;
use crate::engine::jobs::report::RowError;
use crate::engine::jobs::work::{ERRORS, Import, KEYS, RETRY, ROWS, What, Work};
use crate::engine::workers::jobs::list::{Task, created};
use crate::stores::database::{Job, Write};
use crate::stores::staging::Staging;
use std::collections::{HashMap, HashSet};

/// What stands where something was erased, if there is room.
const ERASED: &str = "erased";

/// What is erased of an organisation.
#[derive(Default)]
struct Gone {
    /// Ids of transcripts.
    tids: HashSet<Tid>,
    /// Whether there are others, whose ids are not known any more.
    folders: bool,
    /// Names, and the folder they are erased in.
    fields: Vec<(FieldName, Option<FolderId>)>,
    /// When the last of it was asked for, microseconds.
    until: i64,
}

/// Which erasures have to wait for imports that were there before them.
#[derive(Default)]
pub struct Waiting {
    orgs: HashSet<OrgId>,
    /// Those of organisations that are gone.
    gone: bool,
}

impl Waiting {
    /// Whether the job does.
    pub fn holds(&self, task: &Task) -> bool {
        match task {
            Task::Erase { org, .. } | Task::EraseFolder { org, .. } => self.orgs.contains(org),
            Task::EraseField(field) => self.orgs.contains(&field.org),
            Task::DiscardOrg { .. } => self.gone,
        }
    }
}

/// Takes what the jobs erase out of everything staged. Blocking.
///
/// # Errors
/// The staging folder's, the database's.
pub fn scrub(core: &Core, jobs: &[(Job, Task)]) -> Result<Waiting> {
    let mut waiting = Waiting::default();
    let Ok(staging) = core.staging() else { return Ok(waiting) };
    let gone = gathered(jobs);
    let orgs_gone = jobs.iter().any(|(_, task)| matches!(task, Task::DiscardOrg { .. }));
    let past = core.stores.database.past_jobs()?;
    let past = past.iter().filter_map(Work::read_past).filter(|work| !matches!(work.what, What::Other));
    let board: Vec<Work> = core.board.all().into_iter().map(|(work, _)| work).collect();
    let known: HashSet<String> = board.iter().map(|work| work.account.id.clone()).collect();
    let past: Vec<Work> = past.filter(|work| !known.contains(&work.account.id)).collect();
    for work in board.iter().chain(&past) {
        let orphan = core.world().org(work.org).is_none();
        if orphan && (orgs_gone || gone.contains_key(&work.org)) {
            if orphaned(core, staging, work)? {
                waiting.gone = true;
                waiting.orgs.insert(work.org);
            }
            continue;
        }
        let Some(own) = gone.get(&work.org) else { continue };
        if one(core, staging, work, own)? {
            waiting.orgs.insert(work.org);
        }
    }
    let ids: HashSet<&String> = board.iter().chain(&past).map(|work| &work.account.id).collect();
    for id in staging.jobs()?.iter().filter(|id| !ids.contains(id)) {
        // Nobody's; one that was declared in this moment is on the board before it has files.
        if core.board.get(id).is_none() && core.stores.database.past_job(id)?.is_none() {
            staging.remove(id)?;
        }
    }
    Ok(waiting)
}

fn gathered(jobs: &[(Job, Task)]) -> HashMap<OrgId, Gone> {
    let mut all: HashMap<OrgId, Gone> = HashMap::new();
    for (job, task) in jobs {
        let org = match task {
            Task::Erase { org, .. } | Task::EraseFolder { org, .. } => *org,
            Task::EraseField(field) => field.org,
            Task::DiscardOrg { .. } => continue,
        };
        let own = all.entry(org).or_default();
        own.until = own.until.max(created(job));
        match task {
            Task::Erase { tid, .. } => drop(own.tids.insert(tid.clone())),
            Task::EraseFolder { .. } => own.folders = true,
            Task::EraseField(field) => {
                own.fields.push((FieldName::lenient(&field.field), field.folder.as_ref().map(|(id, _)| *id)));
            }
            Task::DiscardOrg { .. } => {}
        }
    }
    all
}

/// A job of an organisation that is gone; whether it has to end first.
fn orphaned(core: &Core, staging: &Staging, work: &Work) -> Result<bool> {
    let id = work.account.id.as_str();
    if !work.account.state.is_over() {
        core.board.cancel(id);
        return Ok(true);
    }
    let Some(_busy) = core.board.busy(id) else { return Ok(true) };
    staging.remove(id)?;
    forget_keys(core, work, &|_| true)?;
    Ok(false)
}

/// A job of an organisation of which something is erased; whether it has to end first.
fn one(core: &Core, staging: &Staging, work: &Work, gone: &Gone) -> Result<bool> {
    let id = work.account.id.as_str();
    match work.account.state {
        State::Queued | State::Running => return Ok(work.account.created <= gone.until),
        State::Open | State::Done | State::Failed | State::Cancelled => {}
    }
    let Some(_busy) = core.board.busy(id) else { return Ok(true) };
    let other_key = |import: &Import| import.key != "tid";
    let transcripts = gone.folders || !gone.tids.is_empty();
    let of_key = |import: &Import| {
        let key = FieldName::lenient(&import.key);
        gone.fields.iter().any(|(name, _)| *name == key)
    };
    let mut all_keys = false;
    if let What::Import(import) = &work.what {
        let over = work.account.state.is_over();
        all_keys = over && (of_key(import) || (transcripts && other_key(import)));
        if over && transcripts && other_key(import) {
            for file in [ROWS, RETRY, ERRORS, KEYS] {
                staging.remove_file(id, file)?;
            }
        } else {
            let scrubbing = Scrubbing { core, work, import, gone };
            staging.rewrite(id, ROWS, import.rows_bytes, &mut |line| scrubbing.row(line))?;
            staging.rewrite(id, ERRORS, work.errors_bytes, &mut |line| scrubbing.error(line))?;
        }
        if over {
            staging.remove_file(id, super::take::UPLOAD)?;
        }
    }
    if work.account.state.is_over() {
        forget_keys(core, work, &|key| all_keys || gone.is_gone(core, work.org, key))?;
    }
    Ok(false)
}

/// What is remembered of a job names no transcript, and no value of a key, that is gone.
fn forget_keys(core: &Core, work: &Work, is_gone: &dyn Fn(&str) -> bool) -> Result<()> {
    let mut next = work.clone();
    for sample in &mut next.account.samples {
        if sample.tid.as_deref().is_some_and(is_gone) {
            sample.tid = None;
        }
    }
    if next.account.samples != work.account.samples {
        core.committer.commit_blocking(Request::plain(vec![Write::EndJob(next.past())]))?;
    }
    Ok(())
}

impl Gone {
    /// Whether an id is that of a transcript that is erased.
    fn is_gone(&self, core: &Core, org: OrgId, tid: &str) -> bool {
        let Ok(tid) = Tid::parse(tid) else { return false };
        // Of a folder nobody knows the ids any more: one that is nobody's may have been there.
        self.tids.contains(&tid) || (self.folders && matches!(core.stores.database.load(org, &tid), Ok(None)))
    }
}

/// An import being gone through.
struct Scrubbing<'a> {
    core: &'a Core,
    work: &'a Work,
    import: &'a Import,
    gone: &'a Gone,
}

impl Scrubbing<'_> {
    /// What a staged row becomes.
    fn row(&self, line: &[u8]) -> Option<Vec<u8>> {
        let row: StagedRow = serde_json::from_slice(line).ok()?;
        let key = row.key.as_deref().map(text);
        if self.names_gone(key.as_deref()) {
            return spelled(&StagedRow { row: row.row, ..StagedRow::default() });
        }
        let mut less = row.clone();
        for (name, folder) in &self.gone.fields {
            if !self.lies_in(key.as_deref(), *folder) {
                continue;
            }
            if *name == FieldName::lenient(&self.import.key) {
                less.key = None;
            }
            less.values = without_field(&less.values, name);
            if let Some(fault) = &mut less.fault
                && fault.field.as_deref().is_none_or(|field| concerns(field, name))
            {
                fault.value = None;
                fault.detail = erased(&fault.detail);
            }
        }
        let changed = less.key.is_some() != row.key.is_some()
            || less.values.len() != row.values.len()
            || less.values.iter().zip(&row.values).any(|(a, b)| a.1.get() != b.1.get())
            || less.fault.as_ref().map(|fault| &fault.detail) != row.fault.as_ref().map(|fault| &fault.detail);
        if changed { spelled(&less) } else { None }
    }

    /// What an error becomes.
    fn error(&self, line: &[u8]) -> Option<Vec<u8>> {
        let mut error: RowError = serde_json::from_slice(line).ok()?;
        let whole = self.names_gone(error.key.as_deref());
        let fields = self.gone.fields.iter().filter(|(_, folder)| self.lies_in(error.key.as_deref(), *folder));
        let names: Vec<&FieldName> = fields.map(|(name, _)| name).collect();
        let of_key = names.iter().any(|name| **name == FieldName::lenient(&self.import.key));
        let field = error.fault.field.as_deref();
        let of_field = names.iter().any(|name| field.is_none_or(|field| concerns(field, name)));
        if !(whole || of_key || of_field) {
            return None;
        }
        if whole || of_key {
            error.key = None;
        }
        error.fault.value = None;
        error.fault.detail = erased(&error.fault.detail);
        spelled(&error)
    }

    /// Whether the key is the id of a transcript that is gone.
    fn names_gone(&self, key: Option<&str>) -> bool {
        let of_tid = key.filter(|_| self.import.key == "tid");
        of_tid.is_some_and(|tid| self.gone.is_gone(self.core, self.work.org, tid))
    }

    /// Whether a row may be about a transcript of the folder.
    fn lies_in(&self, key: Option<&str>, folder: Option<FolderId>) -> bool {
        let Some(folder) = folder else { return true };
        if self.work.folder.is_some_and(|own| own != folder) {
            return false;
        }
        let tid = key.filter(|_| self.import.key == "tid").and_then(|key| Tid::parse(key).ok());
        let row = tid.and_then(|tid| self.core.stores.database.load(self.work.org, &tid).ok().flatten());
        row.is_none_or(|row| row.folder == folder)
    }
}

/// Whether a value of `field` may hold what is erased under `name`.
fn concerns(field: &str, name: &FieldName) -> bool {
    let field = FieldName::lenient(field);
    let inner = name.folded().strip_prefix(field.folded()).is_some_and(|rest| rest.starts_with('.'));
    inner || field == *name
}

fn without_field(
    values: &[(String, crate::base::json::Raw)],
    name: &FieldName,
) -> Vec<(String, crate::base::json::Raw)> {
    let mut left = Vec::with_capacity(values.len());
    for (own, raw) in values {
        if !concerns(own, name) {
            left.push((own.clone(), raw.clone()));
            continue;
        }
        let mut object = String::from("{");
        push_string(&mut object, own);
        object.push(':');
        object.push_str(raw.get());
        object.push('}');
        let less = Metadata::lenient(&object).ok().and_then(|metadata| without(&metadata, name));
        let kept = less.as_ref().and_then(|less| less.iter().next());
        if let Some((_, raw)) = kept.filter(|(_, less)| less.get().len() <= raw.get().len()) {
            left.push((own.clone(), raw.as_ref().to_owned()));
        }
    }
    left
}

fn erased(detail: &str) -> String {
    if detail.len() >= ERASED.len() { ERASED.to_owned() } else { String::new() }
}

fn spelled(value: &impl serde::Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(value).ok()
}

/// What of the staged files is not as the database says: the job, what is wrong (`missing`, `damaged`, `extra`), and that in
/// words. `deep` reads every row. Blocking.
///
/// # Errors
/// When the folder, or the database, cannot be read at all.
pub fn check(core: &Core, deep: bool) -> crate::stores::error::Result<Vec<(String, &'static str, String)>> {
    let mut found = Vec::new();
    let Some(staging) = &core.staging else { return Ok(found) };
    let mut unknown: HashSet<String> = staging.jobs()?.into_iter().collect();
    let past = core.stores.database.past_jobs()?;
    let board = core.board.all().into_iter().map(|(work, _)| work);
    for work in board.chain(past.iter().filter_map(Work::read_past)) {
        let id = work.account.id.as_str();
        unknown.remove(id);
        let over = work.account.state.is_over();
        let files: Vec<(&str, u64)> = match &work.what {
            What::Import(import) => vec![(ROWS, import.rows_bytes), (ERRORS, work.errors_bytes)],
            What::BulkEdit(_) => vec![(KEYS, work.account.total * 8), (ERRORS, work.errors_bytes)],
            What::Other => continue,
        };
        for (file, bytes) in files.into_iter().filter(|(_, bytes)| *bytes > 0) {
            match staging.length(id, file)? {
                None if over => {}
                None => found.push((id.to_owned(), "missing", format!("the file {file} of a job that is not over"))),
                Some(length) if length < bytes => {
                    let words = format!("the file {file} has {length} bytes; {bytes} were acknowledged");
                    found.push((id.to_owned(), "damaged", words));
                }
                Some(_) if deep && file != KEYS => {
                    found.extend(unreadable(staging, id, file, bytes).map(|words| (id.to_owned(), "damaged", words)))
                }
                Some(_) => {}
            }
        }
    }
    let strays = unknown.into_iter().filter(|id| core.board.get(id).is_none());
    found.extend(strays.map(|id| (id, "extra", "files of no job; they go within minutes".to_owned())));
    Ok(found)
}

/// Why the lines of a file cannot all be read.
fn unreadable(staging: &Staging, id: &str, file: &str, bytes: u64) -> Option<String> {
    let read = || -> crate::stores::error::Result<()> {
        let mut rows = Rows::open(staging, (id, file), 0, bytes)?;
        while rows.next_row::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(())
    };
    read().err().map(|error| format!("the file {file}: {}", chain(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn a_field_goes_whole_or_from_inside_of_objects() {
        let raw = |text: &str| -> crate::base::json::Raw { RawValue::from_string(text.to_owned()).unwrap() };
        let values = [
            ("Address".to_owned(), raw(r#"{"city":"Bonn","zip":1}"#)),
            ("address.city".to_owned(), raw("\"Ulm\"")),
            ("queue".to_owned(), raw("1")),
        ];
        let left = |name: &str| {
            let left = without_field(&values, &FieldName::lenient(name));
            left.iter().map(|(name, raw)| format!("{name}={}", raw.get())).collect::<Vec<_>>()
        };
        assert_eq!(left("ADDRESS"), ["address.city=\"Ulm\"", "queue=1"]);
        assert_eq!(left("address.city"), ["Address={\"zip\":1}", "queue=1"]);
        assert_eq!(left("none").len(), 3);
    }
}
