//! `/search`: scope, freshness, resolution, the index, rows (contract section 6).
//!
//! The index says which transcripts match and in which order; rows are read from the database, so that they show values
//! as sent and the newest state. A row that has left the caller's scope since the index saw it is left out.
use super::cursor::{Binding, Bookmark, Path, Place};
use super::freshness;
use super::masked;
use super::rows::{Form, Setting};
use super::zip::{Export, Packed, Packing};
use crate::base::causes::chain;
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::{self, FolderId, OrgId};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::access::Caller;
use crate::engine::blocking::blocking;
use crate::engine::core::Core;
use crate::engine::edit::current::facts;
use crate::engine::error::{Error, Result};
use crate::engine::intake::read;
use crate::engine::types::{ResultRow, SearchAnswer};
use crate::engine::world::{Home, World};
use crate::query::ast::Query;
use crate::query::facets;
use crate::query::figures;
use crate::query::request::{Format, Output, SearchRequest};
use crate::query::resolve::world::{Searched, World as Searching};
use crate::query::resolve::{Resolved, resolve};
use crate::query::resolved::{Hit, Position, SearchPage};
use crate::stores::database::Row;
use crate::stores::error::{Kind, Store, StoreError};
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
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
    let permit = core.searching.enter(budget).await?;
    let at_once = core.at_once.answer(&search.request, budget, |moment| search.run(core, moment));
    if let Some(done) = at_once {
        core.counters.count(&core.counters.searches);
        return done;
    }
    aside(core, permit, move |core| search.run(&core, budget)).await
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
            let broad = broad(request);
            let asked = Asked { core: own, caller, world, resolved, output: request.output, broad, csv, binding, now };
            let page = asked.page(budget)?;
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
    let permit = core.searching.enter(budget).await?;
    aside(core, permit, work).await
}

/// The permit goes with the work: a caller that leaves does not make room for one search more than allowed.
async fn aside<T: Send + 'static>(
    core: &Arc<Core>,
    permit: OwnedSemaphorePermit,
    work: impl FnOnce(Arc<Core>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let own = core.clone();
    let done = blocking(move || {
        let _permit = permit;
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

struct Asked {
    core: Arc<Core>,
    caller: Caller,
    world: Arc<World>,
    resolved: Resolved,
    output: Output,
    /// The parameter to blame for what is too broad.
    broad: String,
    /// Whether the answer is a table.
    csv: bool,
    /// When pages are walked by cursor.
    binding: Option<Binding>,
    /// What `now` means.
    now: Timestamp,
}

impl Asked {
    fn page(&self, budget: Duration) -> Result<SearchPage> {
        let found = self.core.stores.index.search(&self.resolved.search, budget);
        found.map_err(|error| refused(&self.core, error, &self.broad, budget))
    }

    fn answer(self, page: SearchPage) -> Result<SearchAnswer> {
        let SearchPage { total, hits, facets, stats, histograms, next } = page;
        let search = &self.resolved.search;
        let mut answer = SearchAnswer {
            total,
            offset: search.offset,
            size: search.size,
            cursor: self.cursor(next)?,
            facets: facets::answer(&self.resolved.facets, facets),
            stats: figures::stats(&self.resolved.stats, &stats),
            histograms: figures::histograms(&self.resolved.histograms, histograms),
            unconfigured: self.resolved.unconfigured.clone(),
            warnings: self.warnings(),
            columns: if self.csv { self.resolved.columns.headers() } else { Vec::new() },
            ..SearchAnswer::default()
        };
        match self.output {
            Output::Count | Output::Zip => {}
            Output::Summary => answer.rows = self.rows(hits)?,
            Output::Details => answer.details = self.details(&hits)?,
        }
        Ok(answer)
    }

    fn export(self, page: SearchPage, texts: bool) -> Result<Export> {
        let cursor = self.cursor(page.next)?;
        let mut transcripts = Vec::with_capacity(page.hits.len());
        for row in self.found(&page.hits)?.into_iter().flatten() {
            if let Some(home) = self.world.home(row.folder) {
                let bytes = facts(&row.facts)?.body_bytes;
                transcripts.push(Packed { org: row.org, place: place(home, &row), bytes });
            }
        }
        let scope = &self.resolved.search.scope;
        let packing = Packing {
            several: scope.orgs.len() > 1,
            texts,
            pii: self.caller.may(Right::Pii),
            folders: scope.folders.iter().copied().collect(),
        };
        Ok(Export::new(self.core, self.caller, packing, transcripts, cursor))
    }

    /// Where the next page goes on, as it is sent.
    fn cursor(&self, next: Option<Position>) -> Result<Option<String>> {
        let (Some(binding), Some(position)) = (&self.binding, next) else { return Ok(None) };
        let bookmark = Bookmark { now: self.now.0, position };
        let sealed = bookmark.seal(&self.core.identity.secret, binding);
        Ok(Some(sealed.map_err(|e| StoreError::new(Store::Index, Kind::Bug, "a cursor cannot be written", e))?))
    }

    fn warnings(&self) -> Vec<String> {
        let scope = &self.resolved.search.scope;
        let running = scope.folders.iter().filter_map(|id| {
            let status = self.core.backfills.status(*id)?;
            let home = self.world.home(*id)?;
            Some(format!("folder {}: {status}; fields being indexed are not complete yet", home.folder.name))
        });
        running.chain(self.resolved.warnings.iter().cloned()).collect()
    }

    /// The rows of the page from the database, in the order of the hits.
    fn found(&self, hits: &[Hit]) -> Result<Vec<Option<Row>>> {
        let keys: Vec<_> = hits.iter().map(|hit| hit.key).collect();
        let folders: HashSet<_> = self.resolved.search.scope.folders.iter().copied().collect();
        let rows = self.core.stores.database.load_keys(&keys)?;
        Ok(rows.into_iter().map(|row| row.filter(|row| folders.contains(&row.folder))).collect())
    }

    fn rows(&self, hits: Vec<Hit>) -> Result<Vec<ResultRow>> {
        let found = self.found(&hits)?;
        let moments = self.resolved.search.moments > 0;
        let pii = self.caller.may(Right::Pii);
        let mut forms: HashMap<FolderId, Form<'_>> = HashMap::new();
        let mut rows = Vec::with_capacity(hits.len());
        for (hit, row) in hits.into_iter().zip(found) {
            let Some(row) = row else { continue };
            let form = match forms.entry(row.folder) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let Some(home) = self.world.home(row.folder) else { continue };
                    let setting = Setting { org: &home.org, folder: &home.folder, pii };
                    place.insert(Form::new(setting, &self.resolved.columns))
                }
            };
            rows.push(form.row(&row, hit.score, moments.then_some(hit.moments)).map_err(damaged)?);
        }
        Ok(rows)
    }

    /// Whole transcripts, the newest state of each; what has left the folders searched since is left out.
    fn details(&self, hits: &[Hit]) -> Result<Vec<String>> {
        let pii = self.caller.may(Right::Pii);
        let folders: HashSet<_> = self.resolved.search.scope.folders.iter().copied().collect();
        let mut details = Vec::with_capacity(hits.len());
        let rows: Vec<Row> = self.found(hits)?.into_iter().flatten().collect();
        read::refuse_too_much(&rows)?;
        for row in rows {
            let Some(home) = self.world.home(row.folder) else { continue };
            let place = place(home, &row);
            match read::parts(&self.core, &self.caller, row.org, &place) {
                Ok(parts) if folders.contains(&parts.current.folder) => {
                    let shown = masked::shown(&parts.current, &parts.home.folder, pii);
                    details.push(read::joined(&parts, &shown, &place)?.json);
                }
                Ok(_) => {}
                // Erased between the search and the reading.
                Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(details)
    }
}

fn place(home: &Home, row: &Row) -> identity::Place {
    identity::Place { company: home.company.name.clone(), org: home.org.name.clone(), tid: row.tid.clone() }
}

fn damaged(error: serde_json::Error) -> StoreError {
    StoreError::new(Store::Database, Kind::Corrupt, "JSON of a row", error)
}
