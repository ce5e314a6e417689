//! `explain` of `near`: how like the vector a transcript is, and its place among the nearest.
use crate::domain::record::Record;
use crate::engine::core::Core;
use crate::engine::error::Result;
use crate::engine::search::run::refused;
use crate::query::evaluate::near::likeness;
use crate::query::request::near::NearChoice;
use crate::query::resolved::{ResolvedSearch, SortKey};
use serde::Serialize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How near a transcript is to the vector asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearness {
    /// The field as asked.
    pub field: String,
    /// How many were asked for.
    pub k: usize,
    /// The cosine of its newest embedding with the vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// Its place among the nearest that the index finds: 1 is the nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// Why it is not among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How near it is, and whether it belongs to the nearest; nothing when `near` is not asked for. `fulfils` says whether the
/// transcript fulfils everything else.
///
/// # Errors
/// The index's.
pub fn nearness(
    core: &Core,
    search: &ResolvedSearch,
    record: &Record,
    (asked, fulfils): (&NearChoice, bool),
    broad: &str,
) -> Result<Option<(Nearness, bool)>> {
    let Some(near) = &search.near else { return Ok(None) };
    let similarity = likeness(record, near);
    let mut told = Nearness { field: asked.field.clone(), k: near.k, similarity, rank: None, why: None };
    // Without the index nobody knows the others.
    let mut among = similarity.is_some();
    let mut least = None;
    if core.index_ready.load(Relaxed) {
        let nearest = ResolvedSearch {
            order: vec![SortKey::score(true)],
            offset: 0,
            size: near.k,
            after: None,
            paging: false,
            facets: Vec::new(),
            stats: Vec::new(),
            histograms: Vec::new(),
            moments: 0,
            ..search.clone()
        };
        let budget = Duration::from_millis(core.settings.limits.search_timeout_ms);
        let page = core.stores.index.search(&nearest, budget).map_err(|error| refused(core, error, broad, budget))?;
        told.rank = page.hits.iter().position(|hit| hit.key == record.key).map(|place| place + 1);
        least = page.hits.last().map(|hit| hit.score).filter(|_| page.hits.len() >= near.k);
        among &= told.rank.is_some() || least.is_none_or(|least| similarity.is_some_and(|own| own > least));
    }
    let here = near.only_folders.as_ref().is_none_or(|only| only.contains(&record.folder));
    told.why = match (told.rank, similarity, least) {
        (Some(_), ..) => None,
        (None, None, _) if here => Some("the field has no embedding here".to_owned()),
        (None, None, _) => Some("no such embedding is configured for the folder".to_owned()),
        _ if !fulfils => Some("it does not fulfil the rest of the search".to_owned()),
        (None, Some(_), Some(least)) if !among => {
            Some(format!("it is less like the vector than the {} nearest: the last of them has {least}", near.k))
        }
        _ => None,
    };
    Ok(Some((told, among)))
}
