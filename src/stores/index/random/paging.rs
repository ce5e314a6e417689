//! Walking through whole results page by page, with and without edits in between.
use super::compare::{agree, beside_rows, close};
use super::corpus::Model;
use super::{BUDGET, Random};
use crate::domain::identity::Key;
use crate::query::evaluate;
use crate::query::evaluate::order::sort_values;
use crate::query::resolved::{Position, ResolvedSearch, SearchPage, SortKey, SortValue};
use crate::stores::index::SearchIndex;
use std::collections::{BTreeMap, BTreeSet};

/// No walk here is that long.
const PAGES_MAX: usize = 2_000;

fn page(index: &dyn SearchIndex, search: &ResolvedSearch, after: Option<Position>) -> Result<SearchPage, String> {
    let search = ResolvedSearch { after, ..search.clone() };
    index.search(&search, BUDGET).map_err(|error| format!("{error:?}"))
}

/// While nothing changes, all pages together are the whole result.
pub(super) fn quiet(index: &dyn SearchIndex, search: &ResolvedSearch, model: &Model) -> Result<(), String> {
    let whole = ResolvedSearch { size: usize::MAX, ..search.clone() };
    let expected = evaluate::search(model.documents.values(), &whole);
    let mut walked = SearchPage::default();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let one = page(index, search, after)?;
        beside_rows(&one, &expected)?;
        if one.next.is_some() && one.hits.len() != search.size {
            return Err("a page that another follows is not full".to_owned());
        }
        walked.hits.extend(one.hits);
        walked.total = one.total;
        match one.next {
            Some(next) => after = Some(next),
            None => return agree(&walked, &expected, &whole, &model.documents),
        }
    }
    Err("the walk has no end".to_owned())
}

/// What orders a row: its values and its score, the latter with the statistics of the first page.
type Place = (Vec<Option<SortValue>>, f64);

/// What is known of one transcript along the walk.
#[derive(Default)]
struct Watched {
    /// Where it stood when the first page was asked for.
    begun: Option<Place>,
    /// Whether it stood there whenever a page was asked for.
    stayed: bool,
    /// How often it was shown.
    shown: usize,
}

/// While edits go on, what keeps its place is shown once, and scores stay those of the first page's statistics.
pub(super) fn disturbed(
    index: &dyn SearchIndex,
    search: &ResolvedSearch,
    model: &mut Model,
    random: &mut Random,
) -> Result<(), String> {
    let mut watched: BTreeMap<Key, Watched> = BTreeMap::new();
    let mut after: Option<Position> = None;
    for number in 0..PAGES_MAX {
        let places = places(search, model, after.as_ref());
        if number == 0 {
            let begun =
                |(key, place): (&Key, &Place)| (*key, Watched { begun: Some(place.clone()), stayed: true, shown: 0 });
            watched = places.iter().map(begun).collect();
        }
        for (key, one) in &mut watched {
            let stays = match (places.get(key), &one.begun) {
                (Some(now), Some(begun)) => now.0 == begun.0 && close(now.1, begun.1),
                _ => false,
            };
            one.stayed &= stays;
        }
        let one = page(index, search, after.clone())?;
        if one.total != places.len() as u64 {
            return Err(format!("page {number}: {} found instead of {}", one.total, places.len()));
        }
        let mut on_page = BTreeSet::new();
        for hit in &one.hits {
            let Some(place) = places.get(&hit.key) else {
                return Err(format!("page {number}: {:?} does not match", hit.key));
            };
            if !close(place.1, hit.score) {
                return Err(format!(
                    "page {number}: the score of {:?} is {} instead of {}",
                    hit.key, hit.score, place.1
                ));
            }
            if !on_page.insert(hit.key) {
                return Err(format!("page {number}: {:?} stands there twice", hit.key));
            }
            watched.entry(hit.key).or_default().shown += 1;
        }
        match one.next {
            Some(next) => after = Some(next),
            None => return watched.iter().try_for_each(shown_once),
        }
        // Now and then nothing happens.
        if random.chance(2) {
            let changes = model.changes(random, 3);
            index.apply(changes, model.batch()).map_err(|error| format!("{error:?}"))?;
        }
        if random.chance(20) && number > 20 {
            return Ok(());
        }
    }
    Err("the walk has no end".to_owned())
}

fn shown_once((key, one): (&Key, &Watched)) -> Result<(), String> {
    match (one.stayed, one.shown) {
        (true, 0) => Err(format!("{key:?} is skipped")),
        (true, times @ 2..) => Err(format!("{key:?} is shown {times} times")),
        _ => Ok(()),
    }
}

/// Where every match stands now, scored with the statistics the walk keeps.
fn places(search: &ResolvedSearch, model: &Model, after: Option<&Position>) -> BTreeMap<Key, Place> {
    // A position before all rows.
    let before = after.map(|kept| Position {
        values: vec![None],
        score: f64::INFINITY,
        tid: String::new(),
        key: 0,
        ..kept.clone()
    });
    let whole = ResolvedSearch { order: vec![SortKey::score(true)], size: usize::MAX, after: before, ..search.clone() };
    let found = evaluate::search(model.documents.values(), &whole);
    let place = |key: Key| sort_values(&model.documents[&key].record, search);
    found.hits.into_iter().map(|hit| (hit.key, (place(hit.key), hit.score))).collect()
}
