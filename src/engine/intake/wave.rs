//! One wave of transcripts with different ids: bodies are staged durably in one flush, rows committed in one
//! transaction, bodies given their names, and only then the locks go (contract section 2: an acknowledged body is never
//! overwritten by an unacknowledged one).
use super::target::Target;
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::domain::identity::{FieldName, FolderId, Key, Place, Revision, Tid};
use crate::domain::metadata::{Metadata, erase, merge_patch};
use crate::domain::projection::{Projection, project};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::Received;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::{self, Current, Kept};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::{check, derive};
use crate::engine::error::{Error, Result, stop_if_fatal};
use crate::engine::types::{Ingested, MetadataMode, Precondition};
use crate::engine::world::{Home, World};
use crate::stores::archive::StagedBody;
use crate::stores::database::Write;
use crate::stores::database::writes::Stored;
use crate::stores::error::Kind;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How often a wave is computed again because the configuration moved under it.
const TRIES: usize = 8;

/// One transcript of a wave.
pub struct Item {
    /// Its place among the lines.
    pub at: usize,
    /// Its id.
    pub tid: Tid,
    /// What was received.
    pub received: Received,
    /// `If-Match`.
    pub precondition: Precondition,
}

/// What was brought in, and the key and commit to wait for.
pub type Done = (Ingested, Option<(Key, u64)>);

/// Transcripts with different ids, their locks held.
pub struct Wave {
    core: Arc<Core>,
    caller: Caller,
    target: Target,
    items: Vec<Item>,
    whole: bool,
}

/// What stands under an id.
enum Before {
    /// Nothing.
    Absent,
    /// A transcript of a folder that the caller does not see.
    Hidden,
    /// A transcript.
    Stands(Box<Current>),
}

/// One transcript ready to be committed.
struct Draft {
    stored: Stored,
    expected: Option<Revision>,
    before: Option<(Key, Revision)>,
    seen: Option<Write>,
    unindexed: Vec<String>,
    notes: Vec<String>,
}

impl Wave {
    /// A wave; with `whole` it stands or falls as one.
    pub fn new(core: Arc<Core>, caller: Caller, target: Target, items: Vec<Item>, whole: bool) -> Self {
        Self { core, caller, target, items, whole }
    }

    /// Stores the wave: one verdict per item, in order.
    pub fn run(self, guards: Vec<Guard>) -> Vec<Result<Done>> {
        let mut staged = HashSet::new();
        let done = self.attempts(&mut staged);
        // What is still here was not accepted.
        self.discard(staged);
        drop(guards);
        done
    }

    fn attempts(&self, staged: &mut HashSet<(Key, Revision)>) -> Vec<Result<Done>> {
        let mut drafts = self.drafts();
        for _ in 0..TRIES {
            if self.whole && drafts.iter().any(std::result::Result::is_err) {
                return self.none_of(drafts);
            }
            if let Err(error) = self.stage(&drafts, staged) {
                return self.all_failed(&error);
            }
            // From before the commit until the bodies have their names.
            let landing = self.core.landing.read();
            match self.commit(&drafts) {
                Ok(Some((commit, verdicts))) => return self.publish(drafts, staged, (commit, &verdicts)),
                Ok(None) => drop(landing),
                Err(error) => return self.all_failed(&error),
            }
            drafts = self.redraft(drafts);
        }
        self.all_failed(&Error::refused(Code::Overloaded, "the configuration keeps changing"))
    }

    fn drafts(&self) -> Vec<Result<Draft>> {
        let world = self.core.world.load_full();
        self.items.iter().map(|item| self.draft(&world, item, None)).collect()
    }

    /// Computes again under the configuration now in force. New transcripts keep the keys given; the key of a row that
    /// made way meanwhile is never used again.
    fn redraft(&self, drafts: Vec<Result<Draft>>) -> Vec<Result<Draft>> {
        let world = self.core.world.load_full();
        let again = |(item, draft): (&Item, Result<Draft>)| match draft {
            Ok(draft) => self.draft(&world, item, draft.before.is_none().then_some(draft.stored.key)),
            Err(error) => Err(error),
        };
        self.items.iter().zip(drafts).map(again).collect()
    }

    fn draft(&self, world: &World, item: &Item, key: Option<Key>) -> Result<Draft> {
        let place = self.target.place(&item.tid);
        let (before, hidden) = match self.before(world, &place)? {
            Before::Absent => (None, false),
            Before::Hidden => (None, true),
            Before::Stands(before) => (Some(*before), false),
        };
        if let Some(before) = &before {
            check(&item.precondition, before.revision)?;
        } else if item.precondition != Precondition::None {
            return Err(Error::refused(Code::RevisionMismatch, "there is no such transcript yet"));
        }
        let folder = self.folder(before.as_ref())?;
        if hidden {
            // Judged last: up to here a hidden transcript and an unknown one are refused alike.
            return Err(Error::absent());
        }
        let home = world.home(folder).ok_or_else(Error::absent)?;
        let metadata = self.metadata(before.as_ref(), &item.received)?;
        let limit = self.core.settings.limits.metadata_names;
        if metadata.len() > limit {
            return Err(Error::refused(
                Code::TooManyFields,
                format!("{} metadata names; allowed are {limit}", metadata.len()),
            ));
        }
        let (metadata, barred) = without_barred(metadata, &home.folder.schema.barred);
        let projection = project(&metadata, &home.folder.schema, self.core.settings.value_bounds());
        let mut draft = self.assemble(item, before, home, (metadata, projection), key)?;
        let kept_out =
            barred.iter().map(|name| format!("the name {:?} is barred: its value is kept out", name.shown()));
        draft.notes.extend(kept_out);
        Ok(draft)
    }

    fn assemble(
        &self,
        item: &Item,
        before: Option<Current>,
        home: &Home,
        (metadata, projection): (Metadata, Projection),
        key: Option<Key>,
    ) -> Result<Draft> {
        let now = self.core.clock.now().0;
        let revision = match &before {
            Some(before) => before.revision.0 + 1,
            None => self.core.stores.database.tombstone(self.target.org, &item.tid)?.map_or(1, |last| last + 1),
        };
        let ingested = before.as_ref().map_or(now, |b| b.ingested);
        let facts = current::text(&item.received.facts)?;
        let builtins = derive(&facts, &metadata, home, ingested)?;
        let key = before.as_ref().map(|b| b.key).or(key).unwrap_or_else(|| self.core.take_key());
        let notes = notes(&projection, &item.received.twice);
        let seen = self.core.seen.news(home.folder.id, projection.unconfigured.iter());
        let unindexed = projection.unindexed().map(|name| name.shown().to_owned()).collect();
        let stored = Stored {
            key,
            org: self.target.org,
            folder: home.folder.id,
            tid: item.tid.clone(),
            revision: Revision(revision),
            words_revision: Revision(revision),
            schema_version: home.folder.schema.version,
            last_modified: now.max(before.as_ref().map_or(0, |b| b.last_modified + 1)),
            ingested,
            facts,
            builtins,
            values: projection.values_json().into(),
            metadata: metadata.to_json().into(),
            idempotency: None,
        };
        let expected = before.as_ref().map(|b| b.revision);
        let before = before.map(|b| (b.key, b.words_revision));
        Ok(Draft { stored, expected, before, seen, unindexed, notes })
    }

    /// The transcript as it stands, if it is there. A row of a folder that is being
    /// deleted makes way first.
    fn before(&self, world: &World, place: &Place) -> Result<Before> {
        let Some(found) = self.newest(place)? else { return Ok(Before::Absent) };
        match world.home(found.folder) {
            Some(home) if self.caller.sees_folder(&home.folder) => Ok(Before::Stands(Box::new(found))),
            // `None`: the folder went since the row was read, and the commit will say so.
            Some(_) | None => Ok(Before::Hidden),
        }
    }

    /// The newest state; a row of a folder that is going is cleared away.
    fn newest(&self, place: &Place) -> Result<Option<Current>> {
        let (core, org) = (&self.core, self.target.org);
        let mut again = true;
        loop {
            let Some(row) = core.stores.database.load(org, &place.tid)? else { return Ok(None) };
            if core.world().home(row.folder).is_none() {
                super::erase::clear(core, &row, place)?;
                return Ok(None);
            }
            match current::load(&core.stores, org, place) {
                // Its files may have gone with its folder in this moment: look at the folder again.
                Err(error) if error.kind == Kind::Corrupt && again => again = false,
                found => return Ok(found?),
            }
        }
    }

    fn folder(&self, before: Option<&Current>) -> Result<FolderId> {
        self.target.folder.or(before.map(|b| b.folder)).ok_or_else(|| {
            let detail = "a new transcript needs a folder: add ?folder=NAME";
            Refusal::at(Code::FolderRequired, "folder", detail).into()
        })
    }

    fn metadata(&self, before: Option<&Current>, received: &Received) -> Result<Metadata> {
        let stored = before.map(|b| &b.metadata);
        let sent = received.client_data.as_ref();
        Ok(match (self.target.options.metadata, stored, sent) {
            (Some(MetadataMode::Keep), Some(stored), _) => stored.clone(),
            (Some(MetadataMode::Merge), Some(stored), Some(sent)) => merge_patch::merge_all(stored, sent)
                .map_err(|e| Error::refused(Code::JsonInvalid, format!("client_data cannot be merged: {e}")))?,
            (None | Some(MetadataMode::Merge), Some(stored), None) => stored.clone(),
            (_, _, Some(sent)) => sent.clone(),
            (_, _, None) => Metadata::default(),
        })
    }

    /// Makes the bodies durable that are not yet; `staged` holds what may lie there, whatever comes.
    fn stage(&self, drafts: &[Result<Draft>], staged: &mut HashSet<(Key, Revision)>) -> Result<()> {
        let bodies: Vec<StagedBody> = self
            .items
            .iter()
            .zip(drafts)
            .filter_map(|(item, draft)| draft.as_ref().ok().map(|draft| (item, draft)))
            .filter(|(_, draft)| staged.insert((draft.stored.key, draft.stored.words_revision)))
            .map(|(item, draft)| StagedBody {
                place: self.target.place(&item.tid),
                key: draft.stored.key,
                words_revision: draft.stored.words_revision,
                body: Arc::from(item.received.body.as_str()),
            })
            .collect();
        if bodies.is_empty() {
            return Ok(());
        }
        Ok(self.core.stores.archive.stage(&bodies).inspect_err(stop_if_fatal)?)
    }

    /// Commits what could be drafted; `None` when the configuration moved.
    fn commit(&self, drafts: &[Result<Draft>]) -> Result<Option<(u64, Vec<Verdict>)>> {
        let mut writes: Vec<(Write, Then)> = drafts.iter().filter_map(|d| d.as_ref().ok()).map(write).collect();
        if writes.is_empty() {
            return Ok(Some((0, Vec::new())));
        }
        // Last, so that the verdicts of the transcripts come first.
        writes.extend(seen(drafts).map(|seen| (seen, Then::Nothing)));
        let answer = self.core.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        if answer.verdicts.contains(&Verdict::Reconfigured) {
            return Ok(None);
        }
        Ok(Some((answer.commit, answer.verdicts)))
    }

    fn publish(
        &self,
        drafts: Vec<Result<Draft>>,
        staged: &mut HashSet<(Key, Revision)>,
        (commit, verdicts): (u64, &[Verdict]),
    ) -> Vec<Result<Done>> {
        let mut verdicts = verdicts.iter();
        let mut publish = Vec::new();
        let mut replaced = Vec::new();
        let mut done = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let draft = match draft {
                Ok(draft) => draft,
                Err(error) => {
                    done.push(Err(error));
                    continue;
                }
            };
            let (key, words) = (draft.stored.key, draft.stored.words_revision);
            if verdicts.next() == Some(&Verdict::Done) {
                staged.remove(&(key, words));
                publish.push((self.target.place(&draft.stored.tid), key, words));
                replaced.extend(draft.before);
                done.push(Ok(self.told(draft, commit)));
            } else {
                self.core.cache.forget(self.target.org, &draft.stored.tid);
                done.push(Err(Error::refused(Code::Overloaded, "the transcript changed meanwhile; try again")));
            }
        }
        // An older body that never got its name goes first: it must not take it from the newer one. A failure loses
        // nothing: the staged name is read until the archiver or the next start renames it.
        let archive = &self.core.stores.archive;
        if let Err(error) = archive.discard(&replaced).and_then(|()| archive.publish(&publish)) {
            stop_if_fatal(&error);
            tracing::warn!(error = %error, "bodies wait under their staged names");
        }
        done
    }

    fn told(&self, draft: Draft, commit: u64) -> Done {
        self.core.counters.ingested.fetch_add(1, Relaxed);
        let ingested = Ingested {
            tid: draft.stored.tid.clone(),
            created: draft.expected.is_none(),
            revision: draft.stored.revision,
            last_modified: Timestamp(draft.stored.last_modified),
            mark: self.core.mark(commit),
            unindexed: draft.unindexed,
            notes: draft.notes,
            pending: None,
        };
        (ingested, Some((draft.stored.key, commit)))
    }

    fn discard(&self, staged: HashSet<(Key, Revision)>) {
        if staged.is_empty() {
            return;
        }
        let staged: Vec<(Key, Revision)> = staged.into_iter().collect();
        if let Err(error) = self.core.stores.archive.discard(&staged) {
            tracing::warn!(error = %error, "staged bodies are left for the next start");
        }
    }

    fn none_of(&self, drafts: Vec<Result<Draft>>) -> Vec<Result<Done>> {
        let refused = |draft: Result<Draft>| match draft {
            Ok(_) => Err(Error::Refused(not_alone())),
            Err(error) => Err(error),
        };
        drafts.into_iter().map(refused).collect()
    }

    fn all_failed(&self, error: &Error) -> Vec<Result<Done>> {
        self.items.iter().map(|_| Err(copy(error))).collect()
    }
}

fn write(draft: &Draft) -> (Write, Then) {
    let stored = Arc::new(draft.stored.clone());
    let write = match draft.expected {
        None => Write::Create(stored),
        Some(expected) => Write::Replace(stored, expected),
    };
    (write, Then::Keep(Kept::stored(&draft.stored)))
}

/// Why a good transcript of a wave that stands or falls as one was not stored.
pub fn not_alone() -> Refusal {
    Refusal::new(Code::AtomicFailed, "another line of the atomic request failed")
}

/// Names not seen before, once for each folder.
fn seen(drafts: &[Result<Draft>]) -> impl Iterator<Item = Write> {
    gathered(drafts.iter().filter_map(|d| d.as_ref().ok()?.seen.as_ref())).into_iter()
}

/// One [`Write::Seen`] for each folder, of many.
pub fn gathered<'w>(seen: impl Iterator<Item = &'w Write>) -> Vec<Write> {
    let mut folders: HashMap<FolderId, BTreeSet<&str>> = HashMap::new();
    for write in seen {
        if let Write::Seen(folder, names) = write {
            folders.entry(*folder).or_default().extend(names.iter().map(String::as_str));
        }
    }
    let write = |(folder, names): (FolderId, BTreeSet<&str>)| {
        Write::Seen(folder, names.into_iter().map(str::to_owned).collect())
    };
    folders.into_iter().map(write).collect()
}

/// What a person should know of a transcript that was taken all the same.
fn notes(projection: &Projection, twice: &[String]) -> Vec<String> {
    let misfits = projection
        .misfits
        .iter()
        .map(|misfit| format!("field {:?}: {}; kept in the archive only", misfit.name.shown(), misfit.detail));
    let reserved = projection
        .unconfigured
        .iter()
        .filter(|name| crate::domain::fields::reserved::is_reserved(name))
        .map(|name: &FieldName| format!("{:?} is a reserved name: kept untouched, not indexed", name.shown()));
    let twice = twice.iter().map(|name| {
        format!("{name:?} stands twice (names that differ only in case are one field): only the later value is kept")
    });
    misfits.chain(reserved).chain(twice).collect()
}

/// Metadata less what stands under barred names, itself or inside objects; and the names that held something.
fn without_barred(mut metadata: Metadata, barred: &BTreeSet<FieldName>) -> (Metadata, Vec<FieldName>) {
    let mut held = Vec::new();
    for name in barred {
        if let Some(less) = erase::without(&metadata, name) {
            metadata = less;
            held.push(name.clone());
        }
    }
    (metadata, held)
}

/// One failure told to every transcript of the wave.
pub fn copy(error: &Error) -> Error {
    match error {
        Error::Refused(refusal) => Error::Refused(Refusal::clone(refusal)),
        Error::Store(error) => Error::Store(crate::stores::StoreError::plain(error.store, error.kind, chain(error))),
    }
}
