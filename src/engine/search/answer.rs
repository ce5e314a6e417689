//! What a search answers: rows, whole transcripts or an archive, made of what the index found.
use super::cursor::{Binding, Bookmark};
use super::masked;
use super::rows::{Form, Setting};
use super::zip::{Export, Packed, Packing};
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::identity::{self, FolderId, OrgId};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::edit::current::facts;
use crate::engine::error::{Error, Result};
use crate::engine::intake::read::{self, Together};
use crate::engine::types::{ResultRow, SearchAnswer};
use crate::engine::world::{Home, World};
use crate::query::facets;
use crate::query::figures;
use crate::query::request::Output;
use crate::query::resolve::Resolved;
use crate::query::resolved::{Hit, Position, SearchPage};
use crate::stores::database::Row;
use crate::stores::error::{Kind, Store, StoreError};
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;

/// Bytes of rows that a page has in memory at a time, beside what it shows of them.
const ROWS_BYTES: usize = 16 << 20;

/// A search that was judged: what makes an answer of what the index finds.
pub(super) struct Asked {
    pub core: Arc<Core>,
    pub caller: Caller,
    pub world: Arc<World>,
    pub resolved: Resolved,
    pub output: Output,
    /// Whether the answer is a table.
    pub csv: bool,
    /// When pages are walked by cursor.
    pub binding: Option<Binding>,
    /// What `now` means.
    pub now: Timestamp,
}

impl Asked {
    pub fn answer(self, page: SearchPage) -> Result<SearchAnswer> {
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
            Output::Details => answer.details = self.details(hits)?,
        }
        Ok(answer)
    }

    pub fn export(self, page: SearchPage, texts: bool) -> Result<Export> {
        let cursor = self.cursor(page.next)?;
        let mut transcripts = Vec::with_capacity(page.hits.len());
        self.each_found(page.hits, |_, row| {
            if let Some(home) = self.world.home(row.folder) {
                let bytes = facts(&row.facts)?.body_bytes;
                transcripts.push(Packed { org: row.org, place: place(home, &row), bytes });
            }
            Ok(())
        })?;
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

    /// Hands the rows of the page, as the database has them, to `each`, in the order of the hits. One read where rows are
    /// of the usual length; of long ones some are in memory at a time.
    fn each_found(&self, hits: Vec<Hit>, mut each: impl FnMut(Hit, Row) -> Result<()>) -> Result<()> {
        let keys: Vec<_> = hits.iter().map(|hit| hit.key).collect();
        let folders: HashSet<_> = self.resolved.search.scope.folders.iter().copied().collect();
        let (mut left, mut hits) = (keys.as_slice(), hits.into_iter());
        while !left.is_empty() {
            let rows = self.core.stores.database.load_some(left, ROWS_BYTES)?;
            left = left.get(rows.len()..).unwrap_or_default();
            for (row, hit) in rows.into_iter().zip(&mut hits) {
                if let Some(row) = row.filter(|row| folders.contains(&row.folder)) {
                    each(hit, row)?;
                }
            }
        }
        Ok(())
    }

    fn rows(&self, hits: Vec<Hit>) -> Result<Vec<ResultRow>> {
        let moments = self.resolved.search.moments > 0;
        let pii = self.caller.may(Right::Pii);
        let mut forms: HashMap<FolderId, Form<'_>> = HashMap::new();
        let mut rows: Vec<ResultRow> = Vec::with_capacity(hits.len());
        let mut together = Together::default();
        self.each_found(hits, |hit, row| {
            let form = match forms.entry(row.folder) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let Some(home) = self.world.home(row.folder) else { return Ok(()) };
                    let setting = Setting { org: &home.org, folder: &home.folder, pii };
                    place.insert(Form::new(setting, &self.resolved.columns))
                }
            };
            let row = form.row(&row, hit.score, moments.then_some(hit.moments)).map_err(damaged)?;
            together.add(row.members.len() as u64, "fewer `fields`")?;
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Whole transcripts, the newest state of each; what has left the folders searched since is left out.
    fn details(&self, hits: Vec<Hit>) -> Result<Vec<String>> {
        let pii = self.caller.may(Right::Pii);
        let folders: HashSet<_> = self.resolved.search.scope.folders.iter().copied().collect();
        let mut found: Vec<(OrgId, identity::Place)> = Vec::with_capacity(hits.len());
        let mut together = Together::default();
        self.each_found(hits, |_, row| {
            let Some(home) = self.world.home(row.folder) else { return Ok(()) };
            together.add(facts(&row.facts)?.body_bytes, "an archive with `output=zip`")?;
            found.push((row.org, place(home, &row)));
            Ok(())
        })?;
        let mut details = Vec::with_capacity(found.len());
        for (org, place) in found {
            match read::parts(&self.core, &self.caller, org, &place) {
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
