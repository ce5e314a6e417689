//! `explain=TID`: why one transcript is found or is not, clause by clause (contract section 6).
//!
//! The verdict comes from the newest row and the archived turns, judged by the plain evaluation; the index is asked
//! beside it, and where the two differ the answer says why they may.
mod nearest;

use super::cursor::Path;
use super::freshness;
use super::run::{admitted, bind, broad, org_ids, refused, searched, searching};
use crate::domain::access::Right;
use crate::domain::builtins::builtin;
use crate::domain::fields::SpeakerMap;
use crate::domain::identity::{FieldId, OrgId, Place, Tid};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::transcript::{Turn, turns::turns};
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::current::facts;
use crate::engine::error::{Error, Result};
use crate::engine::workers::indexer::record;
use crate::engine::world::{Home, World};
use crate::query::evaluate::{Document, in_scope};
use crate::query::explain::answer::Explained;
use crate::query::explain::clauses::{clauses, fields};
use crate::query::explain::explain as judge;
use crate::query::explain::subject::Subject;
use crate::query::request::SearchRequest;
use crate::query::resolve::Resolved;
use crate::query::resolve::tree::conjunction;
use crate::query::resolve::world::Searched;
use crate::query::resolved::{Node, ResolvedSearch, Scope, Target, Test, ValueTest};
use crate::stores::database::Row;
use crate::stores::error::{Kind, Store, StoreError};
use nearest::{Nearness, nearness};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often is looked again when a transcript is replaced between the reading of its row and of its body.
const TRIES: usize = 20;
/// How long is waited between tries.
const PAUSE: Duration = Duration::from_millis(1);

/// Why a transcript is found or is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Which.
    pub tid: String,
    /// Its organisation.
    pub org: String,
    /// Its folder.
    pub folder: String,
    /// The revision judged.
    pub revision: u64,
    /// Whether its newest state lies in the scope and fulfils the search.
    pub matches: bool,
    /// Whether the index finds it; `null` while the index cannot be asked.
    pub found: Option<bool>,
    /// Why the two differ, or why the index was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Clause by clause.
    pub clauses: Explained,
    /// How near it is to the vector asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Nearness>,
    /// Whether it lies where is searched.
    pub scope: Within,
    /// Its folder.
    pub folder_state: FolderState,
}

/// Whether a transcript lies in the folders searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Within {
    /// Whether.
    pub within: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The folder of a transcript as the search sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FolderState {
    /// Names the search uses that the folder has configured.
    pub configured: Vec<String>,
    /// Names the search uses that it has not.
    pub unconfigured: Vec<String>,
    /// What a back-fill says of how far it is; else `OK`.
    pub status: String,
    /// Whether all values and words of the transcript are in the index.
    pub searchable: bool,
}

/// Answers `explain=TID` for a search, within the bounds of any other.
///
/// # Errors
/// `not_found` also for a transcript that is not there or hidden; `id_ambiguous` for an id that stands in several of
/// the organisations searched; else as [`super::run::search`], but for
/// `index_rebuilding`.
pub async fn ask(
    core: &Arc<Core>,
    caller: &Caller,
    path: Path<'_>,
    request: SearchRequest,
    tid: String,
) -> Result<Explanation> {
    let orgs = org_ids(caller, &core.world.load_full(), path)?;
    if let Some(mark) = &request.after {
        let patience = request.timeout.unwrap_or(Duration::from_secs(5));
        freshness::after(core, mark, &orgs, patience).await?;
    }
    let limit = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let (place, caller) = (super::cursor::Place::of(path), caller.clone());
    admitted(core, limit, move |core| {
        // The configuration of now, not of before the waiting: one that was answered before the mark is seen.
        let world = core.world.load_full();
        let resolved = bind(&core, &caller, &world, place.path(), &request)?;
        let asked = Asked { resolved: &resolved, request: &request, tid: &tid };
        explain(&core, &caller, &world, place.path(), asked)
    })
    .await
}

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The search as bound.
    pub resolved: &'a Resolved,
    /// The search as asked.
    pub request: &'a SearchRequest,
    /// The transcript.
    pub tid: &'a str,
}

/// Explains. Blocking: it reads a body of any size and asks the index.
///
/// # Errors
/// As [`ask`].
pub fn explain(core: &Core, caller: &Caller, world: &World, path: Path<'_>, asked: Asked<'_>) -> Result<Explanation> {
    let Asked { resolved, request, tid } = asked;
    let searched = searched(caller, world, path)?;
    caller.demand(Right::Read)?;
    let (row, home, turns) = newest(core, caller, world, &searched, tid)?;
    let record = record(&row, &home.folder, facts(&row.facts)?.words, core)?;
    let document = Document { record, turns };
    let search = knowing(&resolved.search, &home);
    let nothing_seen = HashSet::new();
    let searching = searching(core, caller, &searched, &nothing_seen);
    let clause = clauses(request, &searching, core.clock.now())?;
    let folder = &home.folder;
    let behind = row.schema_version < folder.schema.version;
    let running = core.backfills.status(folder.id);
    let pending = running.as_deref().or(behind.then_some("waits for its values to be indexed"));
    let masked = masked(&home, caller);
    let subject = Subject { document: &document, search: &search, zone: &home.org.zone, masked: &masked, pending };
    let clauses = judge(&clause, subject);
    let within = in_scope(&document.record, &search);
    let mut matches = within && clauses.matched;
    let near = match &request.near {
        Some(asked) => nearness(core, &search, &document.record, (asked, matches), &broad(request))?,
        None => None,
    };
    let found = match &near {
        Some((near, among)) => {
            matches &= *among;
            core.index_ready.load(Relaxed).then_some(near.rank.is_some())
        }
        None => found(core, &search, &row, &broad(request))?,
    };
    let near = near.map(|(near, _)| near);
    let owed = !core.index.has(row.key, u64::MAX);
    let aside = core.index.set_aside().into_iter().find(|(key, _)| *key == row.key).map(|(_, why)| why);
    let (configured, unconfigured): (Vec<_>, Vec<_>) =
        fields(request, &searching).into_iter().partition(|name| folder.schema.field(name).is_some());
    let shown = |names: Vec<crate::domain::identity::FieldName>| {
        names.into_iter().map(|name| name.shown().to_owned()).collect::<Vec<_>>()
    };
    let scope = Within {
        within,
        why: (!within).then(|| format!("the transcript lies in folder {}, which is not searched", folder.name)),
    };
    let folder_state = FolderState {
        configured: shown(configured),
        unconfigured: shown(unconfigured),
        status: running.clone().unwrap_or_else(|| "OK".to_owned()),
        searchable: found.is_some() && !owed && aside.is_none() && !behind,
    };
    Ok(Explanation {
        tid: row.tid.as_str().to_owned(),
        org: home.org.name.to_string(),
        folder: folder.name.to_string(),
        revision: row.revision.0,
        matches,
        found,
        note: note(found, matches, owed, aside, pending),
        clauses,
        near,
        scope,
        folder_state,
    })
}

/// Why index and verdict differ; nothing when they do not.
fn note(
    found: Option<bool>,
    matches: bool,
    owed: bool,
    aside: Option<String>,
    pending: Option<&str>,
) -> Option<String> {
    let text = match (found, aside, pending) {
        (None, ..) => "the search index is being rebuilt".to_owned(),
        (Some(found), ..) if found == matches => return None,
        _ if owed => "the index has not seen the newest write of this transcript yet".to_owned(),
        (_, Some(why), _) => format!("the transcript could not be indexed: {why}"),
        (_, _, Some(pending)) => format!("the folder {pending}"),
        _ => "the transcript changed while it was explained, or the index differs from the database".to_owned(),
    };
    Some(text)
}

/// The newest row with its home and the turns of the body it names.
fn newest(
    core: &Core,
    caller: &Caller,
    world: &World,
    searched: &[Searched<'_>],
    tid: &str,
) -> Result<(Row, Home, Vec<Turn>)> {
    // What cannot be an id is none that is there.
    let tid = Tid::parse(tid).map_err(|_| Error::absent())?;
    let orgs: Vec<OrgId> = searched.iter().map(|one| one.org.id).collect();
    for tries in 0..TRIES {
        if tries > 0 {
            std::thread::sleep(PAUSE);
        }
        let mut visible = Vec::new();
        for org in &orgs {
            let row = core.stores.database.load(*org, &tid)?;
            let home = row.as_ref().and_then(|row| world.home(row.folder));
            if let (Some(row), Some(home)) = (row, home.filter(|home| caller.sees_folder(&home.folder))) {
                visible.push((row, home.clone()));
            }
        }
        if visible.len() > 1 {
            return Err(ambiguous(&visible));
        }
        let (row, home) = visible.pop().ok_or_else(Error::absent)?;
        let place = Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: tid.clone() };
        // Without it the body was replaced or erased between the two reads: look again.
        if let Some(body) = core.stores.archive.body(&place, row.key, row.words_revision)? {
            let damaged = |e| StoreError::new(Store::Archive, Kind::Corrupt, format!("the body of {place}"), e);
            let turns = turns(&body).map_err(damaged)?;
            return Ok((row, home, turns));
        }
    }
    Err(StoreError::plain(Store::Archive, Kind::Corrupt, format!("the body of {tid} is missing")).into())
}

/// The refusal of an id that stands in several organisations, which it names.
fn ambiguous(visible: &[(Row, Home)]) -> Error {
    const NAMED: usize = 10;
    let names: Vec<&str> = visible.iter().take(NAMED).map(|(_, home)| home.org.name.as_str()).collect();
    let more = visible.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let detail = format!("the id stands in several organisations ({}{more}); search one of them", names.join(", "));
    Refusal::at(Code::IdAmbiguous, "explain", detail).into()
}

/// The search, knowing the transcript's folder too where that is not among those searched.
fn knowing(search: &ResolvedSearch, home: &Home) -> ResolvedSearch {
    let mut search = search.clone();
    let folder = &home.folder;
    if !search.scope.folders.contains(&folder.id) {
        Arc::make_mut(&mut search.folder_names).insert(folder.id, folder.name.clone());
        let speakers: &SpeakerMap = &folder.speakers;
        if !speakers.is_empty() {
            Arc::make_mut(&mut search.speakers).insert(folder.id, speakers.clone());
        }
    }
    search
}

/// The fields whose values the caller may not see.
fn masked(home: &Home, caller: &Caller) -> HashSet<FieldId> {
    if caller.may(Right::Pii) {
        return HashSet::new();
    }
    home.folder.schema.fields.iter().filter(|field| field.definition.pii).map(|field| field.id).collect()
}

/// Whether the index finds it; `None` while it is being rebuilt.
fn found(core: &Core, search: &ResolvedSearch, row: &Row, broad: &str) -> Result<Option<bool>> {
    if !core.index_ready.load(Relaxed) {
        return Ok(None);
    }
    let Some(tid) = builtin("tid") else { return Ok(None) };
    let own = Node::Values(ValueTest {
        target: Target::Builtin(tid),
        only_folders: None,
        test: Test::OneOf(vec![row.tid.as_str().to_owned()]),
    });
    let scope = Scope { orgs: vec![row.org], folders: search.scope.folders.clone() };
    let asked = ResolvedSearch {
        size: 2,
        expansions: search.expansions,
        speakers: search.speakers.clone(),
        folder_names: search.folder_names.clone(),
        ..ResolvedSearch::new(scope, conjunction(vec![search.root.clone(), own]))
    };
    let budget = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let page = core.stores.index.search(&asked, budget).map_err(|error| refused(core, error, broad, budget))?;
    Ok(Some(page.hits.iter().any(|hit| hit.key == row.key)))
}

#[cfg(test)]
mod tests;
