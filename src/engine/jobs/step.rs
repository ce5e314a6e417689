//! One step of a job of the lane: some rows taken, their transcripts found, edited in one wave, and the job's position
//! written with them.
use super::report::{self, RowError};
use super::work::{BulkEdit, Import, KEYS, RETRY, ROWS, What, Work};
use crate::base::json::Raw;
use crate::domain::fields::value::coerce;
use crate::domain::identity::{FieldName, Key, Tid};
use crate::domain::metadata::Edit;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::bulk::lines::{ATOMIC_EDITS, refusal};
use crate::engine::bulk::locking::{Locked, lock_all};
use crate::engine::bulk::wave::{Item, Wave};
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::imports::lookup::{Lookup, text};
use crate::engine::imports::staged::{Fault, Rows, StagedRow};
use crate::engine::intake::target::Target;
use crate::engine::intake::wave::{copy, not_alone};
use crate::engine::types::{IngestOptions, LineEdited, Precondition};
use crate::stores::database::Write;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Rows of one commit: ordinary edits that come meanwhile wait for so many at most.
const CHUNK: usize = 500;

/// What a job knows between its steps.
pub struct Running {
    caller: Caller,
    target: Target,
    /// For imports keyed by a field.
    lookup: Option<Lookup>,
    /// For edits by query.
    edit: Option<Arc<Edit>>,
}

/// One row with what is to be done, or why it cannot be.
struct Taken {
    row: u64,
    at: u64,
    /// The position after it.
    next: u64,
    key: Option<String>,
    values: Vec<(String, Raw)>,
    what: std::result::Result<Item, Vec<Fault>>,
}

impl Running {
    /// Prepares a job.
    ///
    /// # Errors
    /// `not_found` when its organisation is gone; the database's.
    pub fn new(core: &Core, work: &Work) -> Result<Self> {
        let caller = work.by.caller();
        let world = core.world.load_full();
        let (company, org) = world.org(work.org).ok_or_else(Error::absent)?;
        if work.folder.is_some_and(|folder| world.home(folder).is_none()) {
            return Err(Error::absent());
        }
        let target = Target {
            company: company.name.clone(),
            org_name: org.name.clone(),
            org: work.org,
            folder: work.folder,
            options: IngestOptions::default(),
        };
        let lookup = match &work.what {
            What::Import(import) if import.key != "tid" => {
                Some(Lookup::build(core, &caller, work.org, work.folder, &import.key)?)
            }
            _ => None,
        };
        let edit = match &work.what {
            What::BulkEdit(BulkEdit { set, unset }) => {
                let edit = Edit::changing(set.as_deref(), unset.as_deref(), core.settings.edit_rules())?;
                Some(Arc::new(edit))
            }
            _ => None,
        };
        Ok(Self { caller, target, lookup, edit })
    }

    /// Does some rows; the job as it stands then, durably, or `None` when there was nothing left.
    ///
    /// # Errors
    /// The stores': the step can be tried again.
    pub fn step(&self, core: &Arc<Core>, runtime: &Runtime, work: &Work) -> Result<Option<Work>> {
        let mut taken = match &work.what {
            What::Import(import) => self.staged(core, work, import)?,
            What::BulkEdit(_) => self.keys(core, work)?,
            What::Other => Vec::new(),
        };
        if taken.is_empty() {
            return Ok(None);
        }
        let (atomic, dry_run) = match &work.what {
            What::Import(import) => (import.atomic, import.dry_run),
            _ => (false, false),
        };
        let ids: Vec<Tid> =
            taken.iter().filter_map(|one| one.what.as_ref().ok().map(|item| item.tid.clone())).collect();
        let Locked { guards, mut failed } = runtime.block_on(lock_all(core, self.target.org, ids.iter()));
        for one in &mut taken {
            let refused = one.what.as_ref().ok().and_then(|item| failed.remove(&item.tid));
            if let Some(refused) = refused {
                one.what = Err(Fault::of(&refused, &one.values));
            }
        }
        let items: Vec<Item> = taken.iter().filter_map(|one| one.what.as_ref().ok().cloned()).collect();
        // Of a job that stands or falls as one nothing is written when a row fails before the wave.
        let fallen = atomic && items.len() < taken.len();
        let wave = Wave {
            core: core.clone(),
            caller: self.caller.clone(),
            target: self.target.clone(),
            items,
            whole: atomic,
            dry_run: dry_run || fallen,
        };
        let mut next = work.clone();
        let done = wave.run(guards, &mut |known| {
            next = after(core, work, &taken, known, fallen)?;
            Ok(vec![Write::PutJob(next.job())])
        })?;
        let mark = done.iter().rev().find_map(|one| one.as_ref().ok().map(|one: &LineEdited| &one.mark));
        if let Some(mark) = mark.filter(|mark| !mark.is_empty()) {
            next.mark.clone_from(mark);
        }
        Ok(Some(next))
    }

    /// The next rows of an import: of different transcripts, for edits of one must follow each other.
    fn staged(&self, core: &Core, work: &Work, import: &Import) -> Result<Vec<Taken>> {
        let limit = if import.atomic { ATOMIC_EDITS } else { CHUNK };
        let mut rows: Vec<(u64, StagedRow, u64)> = Vec::new();
        let staging = core.staging()?;
        let job = work.account.id.as_str();
        if import.retry {
            let records = work.position * 16;
            let mut numbers = Rows::open(staging, (job, RETRY), records, work.account.total * 16)?;
            while rows.len() < limit {
                let (Some(_row), Some(at)) = (numbers.next_number()?, numbers.next_number()?) else { break };
                let read = Rows::open(staging, (job, ROWS), at, import.rows_bytes)?.next_row::<StagedRow>()?;
                let Some((at, row, _)) = read else { break };
                let next = work.position + rows.len() as u64 + 1;
                rows.push((at, row, next));
            }
        } else {
            let mut read = Rows::open(staging, (job, ROWS), work.position, import.rows_bytes)?;
            while rows.len() < limit {
                let Some(row) = read.next_row::<StagedRow>()? else { break };
                rows.push(row);
            }
        }
        let mut taken = self.resolved(core, rows, import)?;
        let mut ids = HashSet::new();
        let mut twice = |one: &Taken| one.what.as_ref().is_ok_and(|item| !ids.insert(item.tid.clone()));
        if import.atomic {
            for one in &mut taken {
                if !twice(one) {
                    continue;
                }
                let detail = "the transcript stands in another row of this atomic import too";
                one.what = Err(vec![Fault::new(Code::RowShape, detail)]);
            }
        } else {
            let end = taken.iter().position(twice).unwrap_or(taken.len());
            taken.truncate(end);
        }
        Ok(taken)
    }

    /// Finds the transcripts of rows.
    fn resolved(&self, core: &Core, rows: Vec<(u64, StagedRow, u64)>, import: &Import) -> Result<Vec<Taken>> {
        let found: Vec<std::result::Result<Key, Fault>> = match &self.lookup {
            None => Vec::new(),
            Some(lookup) => rows
                .iter()
                .map(|(_, row, _)| match &row.key {
                    Some(raw) => lookup.find(raw),
                    None => Err(Fault::new(Code::KeyMissing, "the row has no key")),
                })
                .collect(),
        };
        let keys: Vec<Key> = found.iter().filter_map(|found| found.as_ref().ok().copied()).collect();
        let mut loaded = core.stores.database.load_keys(&keys)?.into_iter();
        let mut found = found.into_iter();
        let mut taken = Vec::with_capacity(rows.len());
        for (at, row, next) in rows {
            let place = match (&self.lookup, &row.key) {
                (Some(lookup), raw) => match found.next() {
                    Some(Ok(key)) => {
                        let standing = loaded.next().flatten();
                        let raw = raw.as_deref().ok_or_else(Error::absent)?;
                        lookup.confirm(standing.as_ref(), raw).map(|tid| (tid, Some(key)))
                    }
                    Some(Err(fault)) => Err(fault),
                    None => Err(Fault::new(Code::KeyMissing, "the row has no key")),
                },
                (None, Some(raw)) => match Tid::parse(&text(raw)) {
                    Ok(tid) => Ok((tid, None)),
                    Err(refusal) => Err(Fault::new(refusal.code, refusal.detail)),
                },
                (None, None) => Err(Fault::new(Code::KeyMissing, "the row has no tid")),
            };
            taken.push(self.taken(core, import, (at, row, next), place));
        }
        Ok(taken)
    }

    fn taken(
        &self,
        core: &Core,
        import: &Import,
        (at, row, next): (u64, StagedRow, u64),
        place: std::result::Result<(Tid, Option<Key>), Fault>,
    ) -> Taken {
        let key = row.key.as_deref().map(text);
        let what = match (row.fault, place) {
            (Some(fault), _) | (None, Err(fault)) => Err(vec![fault]),
            (None, Ok((tid, key))) => {
                let faults = if import.dry_run { self.misfits(core, import, &row.values) } else { Vec::new() };
                let changes = row.values.iter().map(|(name, raw)| (FieldName::lenient(name), raw.clone())).collect();
                let edit = Arc::new(Edit::of(changes));
                let item = Item { tid, key, edit, precondition: Precondition::None };
                if faults.is_empty() { Ok(item) } else { Err(faults) }
            }
        };
        Taken { row: row.row, at, next, key, values: row.values, what }
    }

    /// Values that do not fit the definitions the import declares: a dry run configures nothing, so no folder would
    /// tell.
    fn misfits(&self, core: &Core, import: &Import, values: &[(String, Raw)]) -> Vec<Fault> {
        let world = core.world();
        let Some((_, org)) = world.org(self.target.org) else { return Vec::new() };
        let bounds = core.settings.value_bounds();
        let misfit = |(name, raw): &(String, Raw)| {
            let declared = import.fields.iter().find(|field| field.name == *name)?.definition.as_ref()?;
            let misfit = coerce(declared, raw, &org.zone, bounds).err()?;
            Some(Fault {
                code: Code::TypeMismatch.text().to_owned(),
                detail: format!("field {name:?}: {}", misfit.detail),
                field: Some(name.clone()),
                value: Some(raw.clone()),
            })
        };
        values.iter().filter_map(misfit).collect()
    }

    /// The next transcripts of an edit by query.
    fn keys(&self, core: &Core, work: &Work) -> Result<Vec<Taken>> {
        let (from, to) = (work.position * 8, work.account.total * 8);
        let mut numbers = Rows::open(core.staging()?, (&work.account.id, KEYS), from, to)?;
        let mut keys = Vec::new();
        while keys.len() < CHUNK {
            let Some(key) = numbers.next_number()? else { break };
            keys.push(Key(u32::try_from(key).unwrap_or(u32::MAX)));
        }
        let Some(edit) = &self.edit else { return Ok(Vec::new()) };
        let rows = core.stores.database.load_keys(&keys)?;
        let taken = keys.into_iter().zip(rows).zip(work.position..).map(|((key, row), at)| {
            let tid = row.map(|row| row.tid);
            let told = tid.as_ref().map(|tid| tid.as_str().to_owned());
            let what = match tid {
                Some(tid) => Ok(Item { tid, key: Some(key), edit: edit.clone(), precondition: Precondition::None }),
                None => Err(vec![Fault::new(Code::NotFound, "the transcript is gone")]),
            };
            Taken { row: at + 1, at, next: at + 1, key: told, values: Vec::new(), what }
        });
        Ok(taken.collect())
    }
}

/// The job after its rows, errors written down.
fn after(
    core: &Core,
    work: &Work,
    taken: &[Taken],
    known: &[std::result::Result<bool, &Error>],
    fallen: bool,
) -> Result<Work> {
    let mut next = work.clone();
    let mut counts = next.account.counts.unwrap_or_default();
    let mut errors = Vec::new();
    let mut known = known.iter();
    for one in taken {
        let faults = match &one.what {
            Err(faults) => faults.clone(),
            Ok(_) => match known.next() {
                Some(Ok(_)) if fallen => Fault::of(&not_alone(), &[]),
                Some(Ok(changed)) => {
                    *(if *changed { &mut counts.changed } else { &mut counts.unchanged }) += 1;
                    continue;
                }
                Some(Err(error)) => Fault::of(&refusal(copy(error)), &one.values),
                None => Fault::of(&Refusal::new(Code::Overloaded, "the row was not decided"), &[]),
            },
        };
        counts.failed += 1;
        errors.extend(faults.into_iter().map(|fault| RowError {
            row: one.row,
            at: one.at,
            key: one.key.clone(),
            fault: fault.into(),
        }));
    }
    report::note(core.staging()?, &mut next, errors)?;
    next.account.counts = Some(counts);
    next.account.done += taken.len() as u64;
    next.position = taken.last().map_or(next.position, |last| last.next);
    Ok(next)
}
