//! `/search`: scope, freshness, resolution, the index, rows (contract section 6).
//!
//! The index says which transcripts match and in which order; rows are read from the database, so that they show values
//! as sent and the newest state. A row that has left the caller's scope since the index saw it is left out.
use super::answer::Asked;
use super::cursor::{Binding, Bookmark, Path, Place};
use super::freshness;
use super::zip::Export;
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::OrgId;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::SearchAnswer;
use crate::engine::world::World;
use crate::query::ast::Query;
use crate::query::request::{Format, Output, SearchRequest};
use crate::query::resolve::world::{Searched, World as Searching};
use crate::query::resolve::{Resolved, resolve};
use crate::query::resolved::SearchPage;
use crate::stores::error::{Kind, Store, StoreError};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// How often a search is made again because the configuration changed while it ran.
const RETRIES: u32 = 3;

/// Answers a search with rows, whole transcripts or their number.
///
/// # Errors
/// `not_found`, `right_missing`, `index_rebuilding`, `mark_unknown`, `cursor_unknown`, `not_yet_visible`, the resolver's,
/// or the stores'.
pub async fn search(core: &Arc<Core>, caller: &Caller, path: Path<'_>, request: SearchRequest) -> Result<SearchAnswer> {
    run(core, caller, path, request, |asked, page| asked.answer(page)).await
}

/// Answers a search with an archive of the transcripts found.
///
/// # Errors
/// As [`search`].
pub async fn export(core: &Arc<Core>, caller: &Caller, path: Path<'_>, request: SearchRequest) -> Result<Export> {
    let texts = request.texts;
    run(core, caller, path, request, move |asked, page| asked.export(page, texts)).await
}

/// Judges the request, asks the index and hands what it finds to `answer`.
async fn run<T: Send + 'static>(
    core: &Arc<Core>,
    caller: &Caller,
    path: Path<'_>,
    request: SearchRequest,
    answer: impl Fn(Asked, SearchPage) -> Result<T> + Send + 'static,
) -> Result<T> {
    let world = core.world.load_full();
    let orgs = org_ids(caller, &world, path)?;
    if !core.index_ready.load(Relaxed) {
        return Err(Error::refused(Code::IndexRebuilding, "the search index is being rebuilt; edits and reads work"));
    }
    let limit = Duration::from_millis(core.settings.limits.search_timeout_ms);
    let patience = request.timeout.unwrap_or(Duration::from_secs(5));
    if let Some(mark) = &request.after {
        freshness::after(core, mark, &orgs, patience).await?;
    }
    let budget = request.timeout.map_or(limit, |asked| asked.min(limit));
    let search = Search { place: Place::of(path), caller: caller.clone(), request, answer };
    let permits = enter(core, search.request.output, budget).await?;
    let at_once = core.at_once.answer(&search.request, budget, |moment| search.run(core, moment));
    if let Some(done) = at_once {
        core.counters.count(&core.counters.searches);
        return done;
    }
    aside(core, permits, move |core| search.run(&core, budget)).await
}

/// What a search holds while it runs.
struct Permits {
    _search: OwnedSemaphorePermit,
    _much: Option<OwnedSemaphorePermit>,
}

/// Waits until the search may run, at most `budget` at both doors.
async fn enter(core: &Core, output: Output, budget: Duration) -> Result<Permits> {
    let begun = Instant::now();
    let much = match output {
        Output::Details | Output::Zip => Some(core.bringing_much.enter(budget).await?),
        Output::Summary | Output::Count => None,
    };
    Ok(Permits { _search: core.searching.enter(budget.saturating_sub(begun.elapsed())).await?, _much: much })
}

/// A search as asked, and what is made of what the index finds.
struct Search<F> {
    place: Place,
    caller: Caller,
    request: SearchRequest,
    answer: F,
}

impl<T, F: Fn(Asked, SearchPage) -> Result<T>> Search<F> {
    fn run(&self, core: &Arc<Core>, budget: Duration) -> Result<T> {
        let (path, request) = (self.place.path(), &self.request);
        let mut tries = 0;
        loop {
            // The configuration of now, not of before the waiting: a field that was retyped meanwhile has left its former
            // values behind.
            let world = core.world.load_full();
            let caller = self.caller.clone();
            let binding = request.cursor.as_ref().map(|_| Binding::of(core.identity.epoch, &caller, path, request));
            let (resolved, now) = resume(core, &caller, &world, path, request, binding.as_ref())?;
            let (own, csv) = (core.clone(), request.format == Format::Csv);
            let page = core.stores.index.search(&resolved.search, budget);
            let page = page.map_err(|error| refused(core, error, &broad(request), budget))?;
            let asked = Asked { core: own, caller, world, resolved, output: request.output, csv, binding, now };
            if tries >= RETRIES || Arc::ptr_eq(&asked.world, &core.world.load()) {
                return (self.answer)(asked, page);
            }
            tries += 1;
        }
    }
}

/// Does a search's work on a thread that may block, once fewer than allowed run. Binding belongs to it: sixty
/// expressions in one query took 140 ms to compile, and meanwhile an async thread would have answered nobody.
///
/// # Errors
/// `overloaded` when too many wait, or `budget` passes first; the work's.
pub(in crate::engine) async fn admitted<T: Send + 'static>(
    core: &Arc<Core>,
    budget: Duration,
    work: impl FnOnce(Arc<Core>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let permits = enter(core, Output::Summary, budget).await?;
    aside(core, permits, work).await
}

/// The permits go with the work: a caller that leaves does not make room for one search more than allowed.
async fn aside<T: Send + 'static>(
    core: &Arc<Core>,
    permits: Permits,
    work: impl FnOnce(Arc<Core>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let own = core.clone();
    let done = blocking(move || {
        let _permits = permits;
        work(own)
    })
    .await?;
    core.counters.count(&core.counters.searches);
    done
}

/// The organisations a path names, for who may read there.
pub(super) fn org_ids(caller: &Caller, world: &World, (company, org, folder): Path<'_>) -> Result<Vec<OrgId>> {
    let searched = searched(caller, world, (company, org, folder))?;
    caller.demand(Right::Read)?;
    Ok(searched.iter().map(|one| one.org.id).collect())
}

/// The organisations and folders a path names, cut to what the caller sees.
pub(super) fn searched<'w>(
    caller: &Caller,
    world: &'w World,
    (company, org, folder): Path<'_>,
) -> Result<Vec<Searched<'w>>> {
    let found = caller.company(&world.catalogue, company)?;
    let orgs = match org {
        Some(org) => vec![caller.org(&world.catalogue, company, org)?],
        None => found.orgs.values().filter(|org| caller.scope().sees_org(company, &org.name)).collect(),
    };
    orgs.into_iter()
        .map(|org| {
            let folders = match folder {
                Some(folder) => vec![&**caller.folder(org, folder)?],
                None => org.folders.values().map(|f| &**f).filter(|f| caller.sees_folder(f)).collect(),
            };
            Ok(Searched { company: found, org, folders })
        })
        .collect()
}

/// The configuration as a search of the caller sees it.
pub(super) fn searching<'a>(
    core: &'a Core,
    caller: &Caller,
    searched: &'a [Searched<'a>],
    seen: &'a HashSet<String>,
) -> Searching<'a> {
    let schema = caller.scope().folder.is_none();
    Searching { searched, limits: &core.settings.limits, seen, pii: caller.may(Right::Pii), schema }
}

/// Binds a request to the configuration, and to now.
pub(in crate::engine) fn bind(
    core: &Core,
    caller: &Caller,
    world: &World,
    path: Path<'_>,
    request: &SearchRequest,
) -> Result<Resolved> {
    bind_at(core, caller, world, path, request, core.clock.now())
}

/// Binds a request to the configuration and, on later pages, to where the last one ended; with the time `now` means.
fn resume(
    core: &Core,
    caller: &Caller,
    world: &World,
    path: Path<'_>,
    request: &SearchRequest,
    binding: Option<&Binding>,
) -> Result<(Resolved, Timestamp)> {
    let bookmark = match (&request.cursor, binding) {
        (Some(text), Some(binding)) if !text.is_empty() => Some(Bookmark::open(text, &core.identity.secret, binding)?),
        _ => None,
    };
    let now = bookmark.as_ref().map_or_else(|| core.clock.now(), Bookmark::now);
    let mut resolved = bind_at(core, caller, world, path, request, now)?;
    if let Some(bookmark) = bookmark {
        bookmark.fits(&resolved.search.order)?;
        resolved.search.after = Some(bookmark.position);
    }
    resolved.search.paging = request.cursor.is_some();
    Ok((resolved, now))
}

fn bind_at(
    core: &Core,
    caller: &Caller,
    world: &World,
    path: Path<'_>,
    request: &SearchRequest,
    now: Timestamp,
) -> Result<Resolved> {
    let searched = searched(caller, world, path)?;
    let none = HashSet::new();
    let searching = searching(core, caller, &searched, &none);
    let resolved = resolve(request, &searching, now).or_else(|refusal| {
        if refusal.code != Code::FieldUnknown {
            return Err(refusal);
        }
        // Only now are the names seen gathered: they tell what is not configured from what nobody ever sent.
        let seen = core.seen.of(searching.folders().map(|(_, folder)| folder.id));
        resolve(request, &Searching { seen: &seen, ..searching }, now)
    });
    let mut resolved = resolved?;
    if request.output == Output::Count {
        resolved.search.size = 0;
    }
    Ok(resolved)
}

/// The parameter whose patterns may stand for too many words: the index knows them only as what is searched.
pub(in crate::engine) fn broad(request: &SearchRequest) -> String {
    match (&request.query, request.conditions.first()) {
        (Query::All, Some(condition)) => condition.parameter.clone(),
        _ => "q".to_owned(),
    }
}

/// What the caller is told when the index does not answer; `broad` is from [`broad`].
pub(in crate::engine) fn refused(core: &Core, error: StoreError, broad: &str, budget: Duration) -> Error {
    core.doubt_index(&error);
    match error.kind {
        Kind::Corrupt if error.store == Store::Index => {
            tracing::error!(error = %chain(&error), "the search index is damaged");
            Error::refused(Code::IndexRebuilding, "the search index is damaged and is made again; edits and reads work")
        }
        Kind::TooExpensive => {
            let detail = format!("the search was cut off after {} ms; narrow it", budget.as_millis());
            Refusal::new(Code::SearchTooSlow, detail).into()
        }
        Kind::TooBroad => {
            let pointer = if error.operation.starts_with("a histogram") { "histogram" } else { broad };
            Refusal::at(Code::QueryTooLarge, pointer, error.operation.clone()).into()
        }
        _ => error.into(),
    }
}
