//! The edit of one transcript's metadata: PATCH, PUT, DELETE, dry run, receipt (contract section 4).
use super::committer::{Request, Then, Verdict};
use super::current::{self, Current, Kept};
use super::idempotency;
use super::locks::Guard;
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::catalogue::Folder;
use crate::domain::identity::{FieldName, FolderId, Mark, OrgId, Place, Revision, Tid};
use crate::domain::metadata::{Edit, Edited, Metadata};
use crate::domain::projection::{Projection, project};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::{EditAnswer, EditOptions, MetadataView, Precondition, Wait};
use crate::engine::world::{Home, World};
use crate::stores::database::Write;
use crate::stores::database::writes::Remember;
use crate::stores::database::writes::Stored;
use crate::stores::error::Kind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often an edit is computed again because the configuration moved under it.
const TRIES: usize = 8;

/// `GET /metadata/…`.
///
/// # Errors
/// `not_found`, `right_missing`, or the stores'.
pub async fn read(core: &Arc<Core>, caller: &Caller, place: &Place) -> Result<MetadataView> {
    let org = {
        let world = core.world();
        let org = caller.org(&world.catalogue, &place.company, &place.org)?;
        caller.demand(Right::Read)?;
        org.id
    };
    if core.cache.holds(org, &place.tid) {
        return looked_up(core, caller, org, place);
    }
    let (core, caller, place) = (core.clone(), caller.clone(), place.clone());
    loading(&core.clone(), move || looked_up(&core, &caller, org, &place)).await?
}

/// Lets `load` read from the stores on a thread that may block, when it is its turn.
async fn loading<T: Send + 'static>(core: &Core, load: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn = core.loading.clone().acquire_owned().await;
    blocking(move || {
        let _turn = turn;
        load()
    })
    .await
}

fn looked_up(core: &Core, caller: &Caller, org: OrgId, place: &Place) -> Result<MetadataView> {
    let (current, home) = visible(core, caller, &core.world.load_full(), org, place)?;
    Ok(view(&current, &home.folder))
}

/// Reads what the cache does not have on a thread that may block: metadata files have any size, and a cold disk any
/// patience. Called under the transcript's lock, so that it may be remembered.
///
/// # Errors
/// The stores'.
pub async fn warm(core: &Arc<Core>, caller: &Caller, org: OrgId, place: &Place) -> Result<()> {
    if core.cache.holds(org, &place.tid) {
        return Ok(());
    }
    let (core, caller, place) = (core.clone(), caller.clone(), place.clone());
    loading(&core.clone(), move || {
        let world = core.world.load_full();
        let seen = |folder| world.home(folder).is_some_and(|home| caller.sees_folder(&home.folder));
        if let Some(current) = stored(&core, org, &place, seen)? {
            core.cache.keep(Kept::of(&current));
        }
        Ok(())
    })
    .await?
}

/// The transcript, if it is there and the caller may see its folder.
///
/// # Errors
/// `not_found`, or the stores'.
pub fn visible(core: &Core, caller: &Caller, world: &World, org: OrgId, place: &Place) -> Result<(Arc<Current>, Home)> {
    let current = match core.cache.find(org, &place.tid) {
        Some(current) => current,
        None => {
            let seen = |folder| world.home(folder).is_some_and(|home| caller.sees_folder(&home.folder));
            Arc::new(stored(core, org, place, seen)?.ok_or_else(Error::absent)?)
        }
    };
    let home = world.home(current.folder).ok_or_else(Error::absent)?;
    if !caller.sees_folder(&home.folder) {
        return Err(Error::absent());
    }
    Ok((current, home.clone()))
}

/// The newest state in the stores. Of a transcript that is going with its folder the files may be gone already.
fn stored(core: &Core, org: OrgId, place: &Place, seen: impl Fn(FolderId) -> bool) -> Result<Option<Current>> {
    match current::load_if(&core.stores, org, place, seen) {
        Err(error) if error.kind == Kind::Corrupt && is_leaving(core, org, &place.tid)? => Ok(None),
        found => Ok(found?),
    }
}

/// Whether the transcript is gone, or goes with its folder by the configuration now in force.
fn is_leaving(core: &Core, org: OrgId, tid: &Tid) -> Result<bool> {
    let row = core.stores.database.load(org, tid)?;
    Ok(row.is_none_or(|row| core.world().home(row.folder).is_none()))
}

fn view(current: &Current, folder: &Folder) -> MetadataView {
    MetadataView {
        metadata: current.shown(folder),
        revision: current.revision,
        last_modified: Timestamp(current.last_modified),
    }
}

/// Edits one transcript.
///
/// # Cancellation
/// A dropped call may or may not have edited: the write, once queued, stands with its lock held.
///
/// # Errors
/// Refusals of contract section 4, or the stores'.
pub async fn edit(
    core: &Arc<Core>,
    caller: &Caller,
    place: &Place,
    edit: &Edit,
    options: &EditOptions,
) -> Result<EditAnswer> {
    let org = {
        let world = core.world();
        let org = caller.org(&world.catalogue, &place.company, &place.org)?;
        caller.demand(Right::Write)?;
        org.id
    };
    let mut guard = core.locks.lock(org, &place.tid).await?;
    for _ in 0..TRIES {
        warm(core, caller, org, place).await?;
        let attempt = Attempt { core, caller, place, org, options };
        match attempt.compute(edit)? {
            Computed::Answer(answer) => return Ok(*answer),
            Computed::Write(draft) => match attempt.commit(*draft, guard).await? {
                Some(answer) => return Ok(answer),
                None => guard = core.locks.lock(org, &place.tid).await?,
            },
        }
    }
    Err(Error::refused(Code::Overloaded, "the configuration of the folder keeps changing"))
}

struct Attempt<'a> {
    core: &'a Arc<Core>,
    caller: &'a Caller,
    place: &'a Place,
    org: OrgId,
    options: &'a EditOptions,
}

enum Computed {
    Answer(Box<EditAnswer>),
    Write(Box<Draft>),
}

/// A write ready for the committer, and what its answer will say.
struct Draft {
    stored: Stored,
    expected: Revision,
    /// Names not seen in this folder before.
    seen: Option<Write>,
    answer: EditAnswer,
}

impl Attempt<'_> {
    /// Everything but the commit: pure but for reading the newest state. Called under the lock.
    fn compute(&self, edit: &Edit) -> Result<Computed> {
        let core = self.core;
        let world = core.world();
        let (current, home) = visible(core, self.caller, &world, self.org, self.place)?;
        let remember = match &self.options.idempotency {
            Some(key) => {
                let remember = idempotency::remember(self.caller, key, core.clock.now());
                if let Some(answer) = self.replay(&remember, &current, &home.folder)? {
                    return Ok(Computed::Answer(Box::new(answer)));
                }
                Some(remember)
            }
            None => None,
        };
        check(&self.options.precondition, current.revision)?;
        let edited = edit.apply(&current.metadata, core.settings.edit_rules())?;
        let folder = &home.folder;
        let projection = project(&edited.metadata, &folder.schema, core.settings.value_bounds());
        projection.refuse_misfits(&folder.schema, &edited.touched)?;
        let draft = self.draft(&current, &home, edited, projection, remember)?;
        if self.options.dry_run {
            return Ok(Computed::Answer(Box::new(draft.answer)));
        }
        Ok(Computed::Write(Box::new(draft)))
    }

    fn draft(
        &self,
        current: &Current,
        home: &Home,
        edited: Edited,
        projection: Projection,
        idempotency: Option<Remember>,
    ) -> Result<Draft> {
        let folder = &home.folder;
        let builtins = rederived(current, &edited, home)?;
        let (unindexed, fields) = told(&edited, &projection, folder);
        let seen = self.core.seen.news(folder.id, projection.unconfigured.iter());
        let stored = current.edited(&self.core.clock, (folder, &projection), &edited.metadata, builtins, idempotency);
        let answer = EditAnswer {
            view: MetadataView {
                metadata: current::shown(&edited.metadata, folder),
                revision: stored.revision,
                last_modified: Timestamp(stored.last_modified),
            },
            mark: String::new(),
            unindexed,
            fields,
            replayed: None,
            pending: None,
        };
        Ok(Draft { stored, expected: current.revision, seen, answer })
    }

    /// Commits; `None` when it has to be computed again.
    async fn commit(&self, draft: Draft, guard: Guard) -> Result<Option<EditAnswer>> {
        let core = self.core;
        let key = draft.stored.key;
        let kept = Kept::stored(&draft.stored);
        let write = Write::Edit(Arc::new(draft.stored), draft.expected);
        let mut request = Request::one(write, Then::Keep(kept), guard);
        request.writes.extend(draft.seen.map(|seen| (seen, Then::Nothing)));
        let committed = core.committer.commit(request).await?;
        match committed.verdicts.first() {
            Some(Verdict::Done) => {}
            Some(Verdict::Stale(_)) => {
                // Another process, or a cache entry that is not the newest: never trust it again.
                core.cache.forget(self.org, &self.place.tid);
                return Ok(None);
            }
            Some(Verdict::Reconfigured) | None => return Ok(None),
        }
        core.counters.edits.fetch_add(1, Relaxed);
        let mut answer = draft.answer;
        answer.mark = core.mark(committed.commit);
        answer.pending = core.wait(key, committed.commit, self.options.wait, self.options.timeout).await;
        Ok(Some(answer))
    }

    fn replay(&self, remember: &Remember, current: &Current, folder: &Folder) -> Result<Option<EditAnswer>> {
        let now = self.core.clock.now().0;
        let Some(known) = self.core.stores.database.replayed(&remember.digest, now)? else { return Ok(None) };
        if known.body != remember.body {
            return Err(Error::refused(
                Code::IdempotencyMismatch,
                "the Idempotency-Key was used with another body in the last 24 hours",
            ));
        }
        Ok(Some(EditAnswer {
            view: view(current, folder),
            mark: self.core.mark(known.commit),
            unindexed: Vec::new(),
            fields: Vec::new(),
            replayed: Some(known.revision),
            pending: None,
        }))
    }
}

/// Built-ins change with an edit only when it touches one of the names they come from (only PUT can).
fn rederived(current: &Current, edited: &Edited, home: &Home) -> Result<Arc<str>> {
    const SOURCES: [&str; 3] = ["agentid", "datetime", "duration"];
    if !edited.touched.iter().any(|name| SOURCES.contains(&name.folded())) {
        return Ok(current.builtins.clone());
    }
    derive(&current.facts, &edited.metadata, home, current.ingested)
}

/// Built-ins as JSON.
///
/// # Errors
/// `Corrupt` when the facts cannot be read.
pub fn derive(facts: &str, metadata: &Metadata, home: &Home, ingested: i64) -> Result<Arc<str>> {
    let facts = current::facts(facts)?;
    let builtins = crate::domain::builtins::Builtins::derive(&facts, metadata, &home.org.zone, Timestamp(ingested));
    Ok(current::text(&builtins)?)
}

type Told = (Vec<String>, Vec<crate::domain::receipt::FieldOutcome>);

/// What the answer says of the names touched: those of which nothing is indexed, and the receipt.
fn told(edited: &Edited, projection: &Projection, folder: &Folder) -> Told {
    let unindexed = |name: &&FieldName| folder.schema.field(name).is_none() && !projection.holds(name);
    let unindexed = edited.touched.iter().filter(unindexed).map(|name| name.shown().to_owned()).collect();
    (unindexed, projection.outcomes(&edited.metadata, &folder.schema, &edited.touched))
}

/// Judges `If-Match` against the revision.
///
/// # Errors
/// `revision_mismatch`.
pub fn check(precondition: &Precondition, revision: Revision) -> std::result::Result<(), Refusal> {
    match precondition {
        Precondition::None | Precondition::Any => Ok(()),
        Precondition::Revisions(wanted) if wanted.contains(&revision.0) => Ok(()),
        Precondition::Revisions(_) => Err(Refusal::new(
            Code::RevisionMismatch,
            format!("the transcript is at revision {}, not at the one named by If-Match", revision.0),
        )),
    }
}

impl Core {
    /// The mark of a commit, signed.
    pub fn mark(&self, commit: u64) -> String {
        // The edits of a group share it, and are answered one after the other.
        let mut last = self.last_mark.lock();
        if last.0 != commit || last.1.is_empty() {
            *last = (commit, Mark { epoch: self.identity.epoch, commit }.sign(&self.identity.secret));
        }
        last.1.clone()
    }

    /// Holds an answer back until the sink has the commit; what is still pending when the time is over.
    pub async fn wait(
        &self,
        key: crate::domain::identity::Key,
        commit: u64,
        wait: Wait,
        timeout: Duration,
    ) -> Option<&'static str> {
        let (progress, pending) = match wait {
            Wait::Commit => return None,
            Wait::Archive => (&self.archive, "archive"),
            Wait::Search => (&self.index, "search"),
        };
        (!progress.until(timeout, |p| p.has(key, commit)).await).then_some(pending)
    }
}
