//! Erasing every value of a metadata field, in an organisation or a folder: asking for it, counting what it would
//! concern, seeing how far it is. The work is a job's ([`crate::engine::workers::erasing`]).
use super::erasures::{Entry, Erasing, OldBackup};
use crate::domain::access::Right;
use crate::domain::catalogue::{Folder, Org};
use crate::domain::identity::{CompanyName, FieldName, FolderName, OrgName, Place};
use crate::domain::metadata::erase;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::Request;
use crate::engine::edit::current;
use crate::engine::error::{Error, Result};
use crate::engine::workers::jobs::list::{FieldErasure, Task, job};
use crate::stores::archive::layout::{self, BODY};
use crate::stores::backups::{self, FILES};
use crate::stores::database::Write;
use crate::stores::error::Kind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::path::Path;
use std::sync::Arc;

/// Rows read at once.
const ROWS: usize = 500;

/// What is to be erased from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureScope {
    /// The company.
    pub company: CompanyName,
    /// The organisation.
    pub org: OrgName,
    /// Only this folder of it.
    pub folder: Option<FolderName>,
}

/// What an erasure would concern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The field, in the spelling asked for.
    pub field: String,
    /// Transcripts there are.
    pub transcripts: u64,
    /// Those that hold it.
    pub holding: u64,
    /// Those whose metadata cannot be read, company/org/tid.
    pub unread: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    field: String,
}

/// The field that a body `{"field": NAME}` names.
///
/// # Errors
/// `body_shape`.
pub fn asked(body: &str) -> std::result::Result<String, Refusal> {
    serde_json::from_str::<Asked>(body)
        .map(|asked| asked.field)
        .map_err(|error| Refusal::new(Code::BodyShape, format!("send {{\"field\": \"NAME\"}}: {error}")))
}

/// Begins to erase a field; durable on return. Any name may be given, also one that no edit could set.
///
/// # Errors
/// `not_found`; `right_missing` without `admin`, and for a whole organisation when the token reaches one folder of it.
pub async fn field(core: &Arc<Core>, caller: &Caller, scope: &ErasureScope, name: &str) -> Result<Erasing> {
    let (org, folder) = resolve(core, caller, scope)?;
    let task = Task::EraseField(FieldErasure {
        org: org.id,
        company: scope.company.clone(),
        org_name: scope.org.clone(),
        folder: folder.map(|folder| (folder.id, folder.name.clone())),
        field: name.to_owned(),
        after: None,
        looked: 0,
        erased: 0,
        unread: Vec::new(),
        walked: false,
    });
    let job = job(&task);
    core.committer.commit(Request::plain(vec![Write::PutJob(job.clone())])).await?;
    core.erasures.resumed(&job);
    core.jobs.add(job.clone());
    let begun = standing(core, caller, scope)?.into_iter().find(|erasing| erasing.job == job.id);
    begun.ok_or_else(Error::absent)
}

/// Erasures of the scope that run or are done, oldest first; of an organisation, those of its folders and of its
/// transcripts too. Where the backups lie is told to who may see the whole store.
///
/// # Errors
/// As [`field`].
pub fn standing(core: &Core, caller: &Caller, scope: &ErasureScope) -> Result<Vec<Erasing>> {
    let (org, folder) = resolve(core, caller, scope)?;
    let wanted = |entry: &Entry| folder.as_ref().is_none_or(|folder| entry.folder == Some(folder.id));
    let entries: Vec<Entry> = core.erasures.of(org.id).into_iter().filter(wanted).collect();
    let whole_store = caller.demand_everything(Right::Admin).is_ok();
    let done = entries.iter().any(|entry| !entry.erasing.running);
    let backups = if whole_store && done { Some(all_backups(&core.settings.backup.dir)?) } else { None };
    let mut all = Vec::with_capacity(entries.len());
    for Entry { folder, place, mut erasing, .. } in entries {
        if erasing.field.is_some() {
            let counted = org.folders.values().filter(|own| folder.is_none_or(|folder| own.id == folder));
            for own in counted {
                erasing.transcripts += core.stores.database.count(own.id, 0)?.transcripts;
            }
        }
        if let (Some(done), Some(backups)) = (&erasing.done, &backups) {
            let older = backups.iter().filter(|backup| backup.made.as_ref().is_none_or(|made| made <= done));
            let holding = older.filter(|backup| place.as_ref().is_none_or(|place| has(Path::new(&backup.dir), place)));
            erasing.backups = Some(holding.cloned().collect());
        }
        all.push(erasing);
    }
    Ok(all)
}

fn all_backups(dir: &Path) -> Result<Vec<OldBackup>> {
    if dir.as_os_str().is_empty() || !dir.exists() {
        return Ok(Vec::new());
    }
    let told = backups::below(dir)?.into_iter();
    Ok(told
        .map(|(dir, about)| OldBackup { dir: dir.display().to_string(), made: about.map(|about| about.made) })
        .collect())
}

/// Whether a backup has a transcript's body; one whose list cannot be read may have it.
fn has(backup: &Path, place: &Place) -> bool {
    let path = layout::path(Path::new(""), place, BODY);
    let line = format!("\"path\":\"{}\"", path.display());
    std::fs::read_to_string(backup.join(FILES)).map_or(true, |list| list.contains(&line))
}

/// Counts the transcripts that hold a field. Reads all metadata of the scope. Blocking.
///
/// # Errors
/// As [`field`]; the stores'.
pub fn count(core: &Core, caller: &Caller, scope: &ErasureScope, name: &str) -> Result<Counted> {
    let mut counted = Counted { field: name.to_owned(), ..Counted::default() };
    let mut holding = 0;
    walk(core, caller, scope, name, &mut counted, &mut |values| holding += u64::from(!values.is_empty()))?;
    counted.holding = holding;
    Ok(counted)
}

/// Calls `each` with the values that every transcript of the scope has of a field, for whoever proves afterwards that
/// they are gone. Blocking.
///
/// # Errors
/// As [`count`].
pub fn values(
    core: &Core,
    caller: &Caller,
    scope: &ErasureScope,
    name: &str,
    each: &mut dyn FnMut(&[Arc<RawValue>]),
) -> Result<Counted> {
    let mut counted = Counted { field: name.to_owned(), ..Counted::default() };
    walk(core, caller, scope, name, &mut counted, each)?;
    Ok(counted)
}

fn walk(
    core: &Core,
    caller: &Caller,
    scope: &ErasureScope,
    name: &str,
    counted: &mut Counted,
    each: &mut dyn FnMut(&[Arc<RawValue>]),
) -> Result<()> {
    let (org, folder) = resolve(core, caller, scope)?;
    let name = FieldName::lenient(name);
    let mut after = None;
    loop {
        let rows = core.stores.database.scan(Some(org.id), after, ROWS)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.key);
        for row in rows.iter().filter(|row| folder.as_ref().is_none_or(|folder| folder.id == row.folder)) {
            let place = Place { company: scope.company.clone(), org: scope.org.clone(), tid: row.tid.clone() };
            counted.transcripts += 1;
            match current::complete(&core.stores, row, &place) {
                Ok(Some(current)) => each(&erase::values(&current.metadata, &name)),
                // It has moved on since, or is gone.
                Ok(None) => {}
                Err(error) if error.kind == Kind::Corrupt => counted.unread.push(place.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The scope, if the caller may see it and erase in it.
fn resolve(core: &Core, caller: &Caller, scope: &ErasureScope) -> Result<(Arc<Org>, Option<Arc<Folder>>)> {
    let world = core.world();
    let org = caller.org(&world.catalogue, &scope.company, &scope.org)?;
    let folder = scope.folder.as_ref().map(|name| caller.folder(org, name)).transpose()?.cloned();
    caller.demand(Right::Admin)?;
    if folder.is_none() && caller.scope().folder.is_some() {
        return Err(Error::refused(Code::RightMissing, "this concerns the whole organisation: name the folder"));
    }
    Ok((org.clone(), folder))
}
