//! One wave of edits of different transcripts: computed under their locks, committed in one transaction.
//!
//! *Decision:* an edit that says what is there already makes no revision (a single PATCH does, as V-Spark's): the same
//! file twice changes nothing the second time, and says so.
use crate::base::clock::Timestamp;
use crate::domain::identity::{FolderId, Key, Place, Revision, Tid};
use crate::domain::metadata::tree::equal;
use crate::domain::metadata::{Edit, Edited, Metadata};
use crate::domain::projection::{Projection, project};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::committer::{Request, Then, Verdict};
use crate::engine::edit::current::{Current, Kept};
use crate::engine::edit::locks::Guard;
use crate::engine::edit::transcript::{check, visible};
use crate::engine::error::{Error, Result};
use crate::engine::intake::target::Target;
use crate::engine::intake::wave::{copy, gathered, not_alone};
use crate::engine::types::{LineEdited, Precondition};
use crate::engine::world::{Home, World};
use crate::stores::database::Write;
use crate::stores::database::writes::Stored;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How often a wave is computed again because the configuration moved under it.
const TRIES: usize = 8;

/// One edit of a wave.
#[derive(Clone, Debug)]
pub struct Item {
    /// Which transcript.
    pub tid: Tid,
    /// Only this incarnation of it.
    pub key: Option<Key>,
    /// What changes.
    pub edit: Arc<Edit>,
    /// `if_match`.
    pub precondition: Precondition,
}

/// Writes that stand or fall with the wave: made of what becomes of each item (whether it changes, or why it fails) when
/// that is known and nothing is committed yet. It may be asked again, when the configuration moved.
pub type Beside<'a> = dyn FnMut(&[std::result::Result<bool, &Error>]) -> Result<Vec<Write>> + 'a;

/// Edits of different transcripts, their locks held.
pub struct Wave {
    /// The engine.
    pub core: Arc<Core>,
    /// Who edits.
    pub caller: Caller,
    /// Where.
    pub target: Target,
    /// What.
    pub items: Vec<Item>,
    /// Whether it stands or falls as one.
    pub whole: bool,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// What an edit comes to.
enum Draft {
    /// Nothing changes.
    Same(LineEdited),
    /// A write.
    Write(Box<Written>),
}

struct Written {
    stored: Stored,
    expected: Revision,
    seen: Option<Write>,
    told: LineEdited,
}

impl Wave {
    /// Edits: one verdict per item, in order.
    ///
    /// # Errors
    /// What concerns all of them: `beside`'s, the stores'.
    pub fn run(self, guards: Vec<Guard>, beside: &mut Beside<'_>) -> Result<Vec<Result<LineEdited>>> {
        for _ in 0..TRIES {
            let world = self.core.world.load_full();
            let drafts: Vec<Result<Draft>> = self.items.iter().map(|item| self.draft(&world, item)).collect();
            let drafts = if self.whole && drafts.iter().any(Result::is_err) { none_of(drafts) } else { drafts };
            let known: Vec<_> =
                drafts.iter().map(|draft| draft.as_ref().map(|draft| matches!(draft, Draft::Write(_)))).collect();
            let riding = beside(&known)?;
            if let Some(done) = self.commit(drafts, riding)? {
                drop(guards);
                return Ok(done);
            }
        }
        Err(Error::refused(Code::Overloaded, "the configuration of the folder keeps changing"))
    }

    fn draft(&self, world: &World, item: &Item) -> Result<Draft> {
        let place = self.target.place(&item.tid);
        let (current, home) = visible(&self.core, &self.caller, world, self.target.org, &place)?;
        let elsewhere = self.target.folder.is_some_and(|only| only != current.folder);
        if elsewhere || item.key.is_some_and(|key| key != current.key) {
            return Err(Error::absent());
        }
        check(&item.precondition, current.revision)?;
        let edited = item.edit.apply(&current.metadata, self.core.settings.edit_rules())?;
        if says_the_same(&current.metadata, &edited) {
            return Ok(Draft::Same(LineEdited {
                tid: current.tid.clone(),
                changed: false,
                revision: current.revision,
                unindexed: Vec::new(),
                notes: Vec::new(),
                mark: String::new(),
            }));
        }
        let schema = &home.folder.schema;
        let projection = project(&edited.metadata, schema, self.core.settings.value_bounds());
        projection.refuse_misfits(schema, &edited.touched)?;
        Ok(Draft::Write(Box::new(self.written(&current, &home, edited, &projection))))
    }

    fn written(&self, current: &Current, home: &Home, edited: Edited, projection: &Projection) -> Written {
        let folder = &home.folder;
        let touched = |name: &&crate::domain::identity::FieldName| edited.touched.contains(name);
        let unindexed = projection.unindexed().filter(touched).map(|name| name.shown().to_owned()).collect();
        let notes = projection
            .misfits
            .iter()
            .filter(|misfit| edited.touched.contains(&misfit.name))
            .map(|misfit| format!("field {:?}: {}; kept in the archive only", misfit.name.shown(), misfit.detail))
            .collect();
        // No name that built-ins come from can be edited one by one.
        let builtins = current.builtins.clone();
        let stored = current.edited(&self.core.clock, (folder, projection), &edited.metadata, builtins, None);
        let seen = self.core.seen.news(folder.id, projection.unconfigured.iter());
        let told = LineEdited {
            tid: current.tid.clone(),
            changed: true,
            revision: stored.revision,
            unindexed,
            notes,
            mark: String::new(),
        };
        Written { stored, expected: current.revision, seen, told }
    }

    /// Commits what could be drafted; `None` when the configuration moved.
    fn commit(&self, drafts: Vec<Result<Draft>>, riding: Vec<Write>) -> Result<Option<Vec<Result<LineEdited>>>> {
        let mut writes: Vec<(Write, Then)> = Vec::with_capacity(drafts.len() + riding.len());
        let mut seen = Vec::new();
        let mut told = Vec::with_capacity(drafts.len());
        for draft in drafts {
            told.push(match draft {
                Ok(Draft::Write(written)) if !self.dry_run => {
                    let Written { stored, expected, seen: news, told } = *written;
                    let kept = Kept::stored(&stored);
                    seen.extend(news);
                    writes.push((Write::Edit(Arc::new(stored), expected), Then::Keep(kept)));
                    Ok((told, true))
                }
                Ok(Draft::Write(written)) => Ok((written.told, false)),
                Ok(Draft::Same(told)) => Ok((told, false)),
                Err(error) => Err(error),
            });
        }
        let edits = writes.len();
        // Last, so that the verdicts of the edits come first.
        writes.extend(gathered(seen.iter()).into_iter().chain(riding).map(|write| (write, Then::Nothing)));
        if writes.is_empty() {
            return Ok(Some(told.into_iter().map(|told| told.map(|(told, _)| told)).collect()));
        }
        let answer = self.core.committer.commit_blocking(Request::many(writes, Vec::new()))?;
        if answer.verdicts.contains(&Verdict::Reconfigured) {
            return Ok(None);
        }
        self.core.counters.edits.fetch_add(edits as u64, Relaxed);
        let mark = self.core.mark(answer.commit);
        let mut verdicts = answer.verdicts.iter();
        Ok(Some(told.into_iter().map(|told| self.judged(told, &mut verdicts, &mark)).collect()))
    }

    fn judged<'v>(
        &self,
        told: Result<(LineEdited, bool)>,
        verdicts: &mut impl Iterator<Item = &'v Verdict>,
        mark: &str,
    ) -> Result<LineEdited> {
        let (told, wrote) = told?;
        if !wrote {
            return Ok(told);
        }
        if verdicts.next() == Some(&Verdict::Done) {
            return Ok(LineEdited { mark: mark.to_owned(), ..told });
        }
        self.core.cache.forget(self.target.org, &told.tid);
        Err(Error::refused(Code::Overloaded, "the transcript changed meanwhile; try again"))
    }
}

/// Whether nothing that the edit names is another afterwards.
fn says_the_same(before: &Metadata, edited: &Edited) -> bool {
    edited.touched.iter().all(|name| match (before.get(name), edited.metadata.get(name)) {
        (None, None) => true,
        (Some(before), Some(after)) => Arc::ptr_eq(before, after) || equal(before, after),
        (None, Some(_)) | (Some(_), None) => false,
    })
}

fn none_of(drafts: Vec<Result<Draft>>) -> Vec<Result<Draft>> {
    drafts.into_iter().map(|draft| draft.and_then(|_| Err(not_alone().into()))).collect()
}

/// One failure told to several.
pub fn to_all(error: &Error, count: usize) -> Vec<Result<LineEdited>> {
    (0..count).map(|_| Err(copy(error))).collect()
}

/// Where a transcript of a folder lies, by names.
pub fn place_of(world: &World, folder: FolderId, tid: &Tid) -> Option<Place> {
    let home = world.home(folder)?;
    Some(Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: tid.clone() })
}

/// Now, in microseconds.
pub fn now(core: &Core) -> i64 {
    let Timestamp(now) = core.clock.now();
    now
}
