//! Looking at imports, trying failed rows again, removing what is over.
use super::staged::{Rows, line};
use crate::domain::access::Right;
use crate::domain::identity::{CompanyName, FieldName, OrgName};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::error::{Error, Result};
use crate::engine::jobs::account::{Counts, State};
use crate::engine::jobs::report::{RowError, hint};
use crate::engine::jobs::work::{By, ERRORS, Import, RETRY, ROWS, What, Work};
use crate::stores::database::Write;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Where an import is.
pub type OrgPath<'a> = (&'a CompanyName, &'a OrgName);

/// An import of the organisation that the caller may see, with its rows a second.
///
/// # Errors
/// `not_found`, `right_missing` but for `write` or `read`.
pub fn find(core: &Core, caller: &Caller, (company, org): OrgPath<'_>, id: &str) -> Result<(Work, Option<f64>)> {
    let world = core.world();
    caller.org(&world.catalogue, company, org)?;
    if !caller.may(Right::Write) {
        caller.demand(Right::Read)?;
    }
    let found = match core.board.get(id) {
        Some(found) => Some(found),
        None => core.stores.database.past_job(id)?.as_ref().and_then(Work::read_past).map(|work| (work, None)),
    };
    found.filter(|(work, _)| is_here(work, caller, (company, org))).ok_or_else(Error::absent)
}

fn is_here(work: &Work, caller: &Caller, (company, org): OrgPath<'_>) -> bool {
    matches!(work.what, What::Import(_))
        && work.account.company.as_ref() == Some(company)
        && work.account.org.as_ref() == Some(org)
        && work.account.is_seen(caller.scope())
}

/// Imports of the organisation, the newest first.
///
/// # Errors
/// As [`find`].
pub fn list(core: &Core, caller: &Caller, path: OrgPath<'_>, limit: usize) -> Result<Vec<Value>> {
    {
        let world = core.world();
        caller.org(&world.catalogue, path.0, path.1)?;
    }
    if !caller.may(Right::Write) {
        caller.demand(Right::Read)?;
    }
    let past = core.stores.database.past_jobs()?;
    let past = past.iter().filter(|past| past.kind == "import").filter_map(Work::read_past).map(|work| (work, None));
    let mut all: Vec<(Work, Option<f64>)> = core.board.all();
    let known: HashSet<String> = all.iter().map(|(work, _)| work.account.id.clone()).collect();
    all.extend(past.filter(|(work, _)| !known.contains(&work.account.id)));
    all.retain(|(work, _)| is_here(work, caller, path));
    all.sort_by(|(a, _), (b, _)| (b.account.created, &b.account.id).cmp(&(a.account.created, &a.account.id)));
    Ok(all.iter().take(limit).map(|(work, rate)| shown(work, *rate)).collect())
}

/// An import as it is answered.
pub fn shown(work: &Work, rate: Option<f64>) -> Value {
    let mut all = work.account.to_json(rate);
    let What::Import(import) = &work.what else { return all };
    let fields: Vec<&str> = import.fields.iter().map(|field| field.name.as_str()).collect();
    for (name, value) in [
        ("key", json!(import.key)),
        ("fields", json!(fields)),
        ("atomic", json!(import.atomic)),
        ("dry_run", json!(import.dry_run)),
        ("rows", json!(import.rows)),
    ] {
        if let Some(all) = all.as_object_mut() {
            all.insert(name.to_owned(), value);
        }
    }
    if let (Some(all), false) = (all.as_object_mut(), work.mark.is_empty()) {
        all.insert("mark".to_owned(), json!(work.mark));
    }
    all
}

/// Errors of rows from a byte of the list on, at most `limit`; where the next ones begin, if there are any. Values of
/// `pii` fields are masked without the right. Blocking.
///
/// # Errors
/// The staging folder's.
pub fn errors(core: &Core, caller: &Caller, work: &Work, from: u64, limit: usize) -> Result<(Vec<Value>, Option<u64>)> {
    if from >= work.errors_bytes {
        return Ok((Vec::new(), None));
    }
    let key = match &work.what {
        What::Import(import) => import.key.as_str(),
        _ => "tid",
    };
    let hidden = Hidden::of(core, caller, work);
    let mut rows = match Rows::open(core.staging()?, (&work.account.id, ERRORS), from, work.errors_bytes) {
        Ok(rows) => rows,
        // Removed some days after the end; the counts stay.
        Err(_) if work.account.state.is_over() => return Ok((Vec::new(), None)),
        Err(error) => return Err(error.into()),
    };
    let mut all = Vec::new();
    let mut next = None;
    while all.len() < limit {
        let Some((_, error, after)) = rows.next_row::<RowError>()? else { return Ok((all, None)) };
        all.push(hidden.shown(key, error));
        next = Some(after);
    }
    Ok((all, next.filter(|next| *next < work.errors_bytes)))
}

/// Fields whose values the caller may not see.
struct Hidden(HashSet<FieldName>);

impl Hidden {
    fn of(core: &Core, caller: &Caller, work: &Work) -> Self {
        if caller.may(Right::Pii) {
            return Self(HashSet::new());
        }
        let world = core.world();
        let configured = world.org(work.org).into_iter().flat_map(|(_, org)| org.fields.iter());
        let configured = configured.filter(|field| field.definition.pii).map(|field| field.name.clone());
        let declared = match &work.what {
            What::Import(import) => import.fields.as_slice(),
            _ => &[],
        };
        let declared = declared
            .iter()
            .filter(|field| field.definition.as_ref().is_some_and(|definition| definition.pii))
            .map(|field| FieldName::lenient(&field.name));
        Self(configured.chain(declared).collect())
    }

    fn shown(&self, key: &str, error: RowError) -> Value {
        let hides = |name: &str| self.0.contains(&FieldName::lenient(name));
        let masked = error.fault.field.as_deref().is_some_and(hides);
        let mut all = json!({"row": error.row, "field": error.fault.field, "code": error.fault.code});
        let value = error.fault.value.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let named = if hides(key) { error.key.map(|_| "***".to_owned()) } else { error.key };
        // What is wrong may spell the value out; of a hidden key, too.
        let detail = if masked || hides(key) { "***".to_owned() } else { error.fault.detail };
        if let Some(all) = all.as_object_mut() {
            all.insert("tid".to_owned(), json!(named));
            all.insert("value".to_owned(), if masked { json!("***") } else { json!(value) });
            all.insert("detail".to_owned(), json!(detail));
            all.insert("hint".to_owned(), json!(hint(&error.fault.code)));
        }
        all
    }
}

/// Errors by number instead of byte: `size` of them after the first `offset`. Blocking.
///
/// # Errors
/// As [`errors`].
pub fn page(core: &Core, caller: &Caller, work: &Work, offset: usize, size: usize) -> Result<Vec<Value>> {
    const PIECE: usize = 1_000;
    let (mut from, mut left) = (0, offset);
    while left > 0 {
        let (passed, next) = errors(core, caller, work, from, left.min(PIECE))?;
        let Some(next) = next else { return Ok(Vec::new()) };
        (from, left) = (next, left - passed.len());
    }
    Ok(errors(core, caller, work, from, size)?.0)
}

/// `POST …/{id}/retry`: the rows that failed are tried again; of an import that was stopped, all rows (those that are
/// done already change nothing).
///
/// # Errors
/// `import_state` while it is not over or nothing failed; `rows_missing` when its rows are gone.
pub async fn retry(core: &Arc<Core>, caller: &Caller, path: OrgPath<'_>, id: &str) -> Result<Work> {
    let (work, _) = find(core, caller, path, id)?;
    caller.demand(Right::Write)?;
    let (core, by, id) = (core.clone(), By::of(caller), id.to_owned());
    blocking(move || again(&core, work, by, &id)).await?
}

fn again(core: &Core, mut work: Work, by: By, id: &str) -> Result<Work> {
    let state = |detail: &str| Err(Error::refused(Code::ImportState, detail));
    if !work.account.state.is_over() {
        return state("the import is not over yet");
    }
    let What::Import(import) = &work.what else { return Err(Error::absent()) };
    let stopped = work.account.state != State::Done && !import.retry;
    let failed = work.account.counts.unwrap_or_default().failed;
    if !stopped && failed == 0 {
        return state("no row failed: there is nothing to try again");
    }
    let _busy = core.board.busy(id).ok_or_else(|| Error::refused(Code::ImportState, "it is being tried again"))?;
    let total = if stopped { import.rows } else { failures(core, &work, import)? };
    let What::Import(import) = &mut work.what else { return Err(Error::absent()) };
    import.retry = !stopped;
    let account = &mut work.account;
    let done = if stopped { Counts::default() } else { Counts { failed: 0, ..account.counts.unwrap_or_default() } };
    (account.state, account.counts, account.done, account.total) = (State::Queued, Some(done), 0, total);
    (account.started, account.finished, account.reason) = (None, None, None);
    account.errors.clear();
    account.samples.clear();
    (work.by, work.position, work.errors_bytes) = (by, 0, 0);
    let writes = vec![Write::ForgetJob(id.to_owned()), Write::PutJob(work.job())];
    core.committer.commit_blocking(Request::plain(writes))?;
    core.board.put(work.clone());
    Ok(work)
}

/// Writes down which rows failed; how many.
fn failures(core: &Core, work: &Work, import: &Import) -> Result<u64> {
    let staging = core.staging()?;
    let id = work.account.id.as_str();
    let gone = |_| Error::refused(Code::RowsMissing, "its rows were removed some days after it ended; send them again");
    staging.read(id, ROWS, 0, import.rows_bytes).map_err(gone)?;
    let mut errors = Rows::open(staging, (id, ERRORS), 0, work.errors_bytes).map_err(gone)?;
    let mut numbers = staging.append(id, RETRY, 0)?;
    let (mut last, mut count) = (None, 0);
    while let Some((_, error, _)) = errors.next_row::<RowError>()? {
        if last != Some(error.row) {
            last = Some(error.row);
            count += 1;
            numbers.push(&error.row.to_le_bytes())?;
            numbers.push(&error.at.to_le_bytes())?;
        }
    }
    numbers.finish()?;
    Ok(count)
}

/// `DELETE …/{id}`: an import that is over, or never began, goes with its rows.
///
/// # Errors
/// `import_state` while it waits or runs: cancel it first.
pub async fn remove(core: &Arc<Core>, caller: &Caller, path: OrgPath<'_>, id: &str) -> Result<()> {
    let (work, _) = find(core, caller, path, id)?;
    caller.demand(Right::Write)?;
    if matches!(work.account.state, State::Queued | State::Running) {
        return Err(Error::refused(Code::ImportState, "the import waits or runs: cancel it first"));
    }
    let (core, id) = (core.clone(), id.to_owned());
    blocking(move || {
        let busy = core.board.busy(&id);
        let _busy = busy.ok_or_else(|| Error::refused(Code::ImportState, "rows of this import are being taken"))?;
        let writes = vec![Write::DeleteJob(id.clone()), Write::ForgetJob(id.clone())];
        core.committer.commit_blocking(Request::plain(writes))?;
        core.board.remove(&id);
        Ok(core.staging()?.remove(&id)?)
    })
    .await?
}

/// An error as one line of a list.
///
/// # Errors
/// None in practice.
pub fn spelled(error: &Value) -> Result<Vec<u8>> {
    Ok(line(error)?)
}
