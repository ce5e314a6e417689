//! Answers a resolved search over transcripts in memory: the oracle of the index, and the memory index's engine.
pub mod facets;
pub mod said;
pub mod values;

use super::resolved::{Hit, Node, ResolvedSearch, Said, SearchPage, SortBy};
use super::score::Statistics;
use crate::domain::fields::SpeakerMap;
use crate::domain::record::Record;
use crate::domain::transcript::Turn;
use said::Heard;
use std::cmp::Ordering;
use values::Value;

/// One transcript as a search sees it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Values.
    pub record: Record,
    /// Words.
    pub turns: Vec<Turn>,
}

/// A transcript in scope, with how often it says each scored term.
struct Candidate<'a> {
    document: &'a Document,
    frequencies: Vec<u32>,
    matches: bool,
    score: f64,
}

/// Answers the search by looking at every document: slow, plain, and right by inspection.
///
/// Where [`super::resolved`] leaves it open: of transcripts that share score and tid (in two organisations) the lesser
/// key comes first; a turn is a moment when a scored term stands in it.
pub fn search<'a>(documents: impl Iterator<Item = &'a Document>, search: &ResolvedSearch) -> SearchPage {
    let mut terms = Vec::new();
    scored_terms(&search.root, &mut terms);
    let mut candidates: Vec<Candidate<'a>> = documents
        .filter(|document| in_scope(&document.record, search))
        .map(|document| {
            let heard = hear(document, search);
            Candidate {
                document,
                frequencies: terms.iter().map(|term| heard.frequency(term)).collect(),
                matches: matches(&search.root, &document.record, &heard, search),
                score: 0.0,
            }
        })
        .collect();
    score(&mut candidates, terms.len());
    candidates.retain(|candidate| candidate.matches);
    let found: Vec<&Record> = candidates.iter().map(|candidate| &candidate.document.record).collect();
    let facets = search.facets.iter().map(|facet| facets::count(&found, facet, &search.folder_names)).collect();
    let total = found.len() as u64;
    let mut ranked: Vec<(Option<Value<'_>>, Candidate<'a>)> =
        candidates.into_iter().map(|one| (sort_value(&one.document.record, search), one)).collect();
    ranked.sort_by(|a, b| compare(a, b, search));
    let hits = ranked.into_iter().skip(search.offset).take(search.size).map(|(_, one)| Hit {
        key: one.document.record.key,
        score: one.score,
        moments: if search.moments == 0 || terms.is_empty() {
            Vec::new()
        } else {
            hear(one.document, search).moments(&terms, search.moments)
        },
    });
    SearchPage { total, hits: hits.collect(), facets, ..SearchPage::default() }
}

/// Every word clause that is not under a NOT, in order.
pub fn scored_terms<'n>(node: &'n Node, terms: &mut Vec<&'n Said>) {
    match node {
        Node::Said(said) => terms.push(said),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| scored_terms(part, terms)),
        Node::All | Node::Nothing | Node::Not(_) | Node::Values(_) => {}
    }
}

fn in_scope(record: &Record, search: &ResolvedSearch) -> bool {
    search.scope.orgs.contains(&record.org) && search.scope.folders.contains(&record.folder)
}

fn hear<'a>(document: &'a Document, search: &'a ResolvedSearch) -> Heard<'a> {
    static DEFAULT: SpeakerMap = SpeakerMap { agent: Vec::new(), client: Vec::new() };
    Heard::new(&document.turns, search.speakers.get(&document.record.folder).unwrap_or(&DEFAULT))
}

fn matches(node: &Node, record: &Record, heard: &Heard<'_>, search: &ResolvedSearch) -> bool {
    match node {
        Node::All => true,
        Node::Nothing => false,
        Node::And(parts) => parts.iter().all(|part| matches(part, record, heard, search)),
        Node::Or(parts) => parts.iter().any(|part| matches(part, record, heard, search)),
        Node::Not(inner) => !matches(inner, record, heard, search),
        Node::Said(said) => heard.frequency(said) > 0,
        Node::Values(test) => values::matches(record, test, &search.folder_names),
    }
}

/// Scores by the statistics of all candidates, that is of the scope.
fn score(candidates: &mut [Candidate<'_>], terms: usize) {
    let statistics = Statistics {
        transcripts: candidates.len() as u64,
        words: candidates.iter().map(|one| u64::from(one.document.record.words)).sum(),
    };
    let frequency = |one: &Candidate<'_>, term: usize| one.frequencies.get(term).copied().unwrap_or(0);
    for term in 0..terms {
        let matching = candidates.iter().filter(|one| frequency(one, term) > 0).count() as u64;
        let idf = statistics.idf(matching);
        for one in candidates.iter_mut() {
            let frequency = frequency(one, term);
            if frequency > 0 {
                one.score += statistics.part(idf, frequency, one.document.record.words);
            }
        }
    }
}

/// The value a transcript is ordered by: of several the one that comes first. Texts have no place in an order.
pub fn sort_value<'a>(record: &'a Record, search: &'a ResolvedSearch) -> Option<Value<'a>> {
    let key = search.order.first()?;
    let SortBy::Values(source) = &key.by else { return None };
    let own = values::values(record, *source.targets.first()?, &search.folder_names);
    let own = own.into_iter().filter(|value| !matches!(value, Value::Words(_)));
    if key.descending { own.max_by(Value::order) } else { own.min_by(Value::order) }
}

fn compare(
    (a_value, a): &(Option<Value<'_>>, Candidate<'_>),
    (b_value, b): &(Option<Value<'_>>, Candidate<'_>),
    search: &ResolvedSearch,
) -> Ordering {
    let key = search.order.first();
    let directed = |order: Ordering| if key.is_some_and(|key| key.descending) { order.reverse() } else { order };
    let asked = match key.map(|key| &key.by) {
        None => Ordering::Equal,
        Some(SortBy::Score) => directed(a.score.total_cmp(&b.score)),
        Some(SortBy::Values(_)) => match (a_value, b_value) {
            (Some(a), Some(b)) => directed(a.order(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        },
    };
    let (left, right) = (&a.document.record, &b.document.record);
    asked
        .then_with(|| b.score.total_cmp(&a.score))
        .then_with(|| left.tid.as_str().cmp(right.tid.as_str()))
        .then_with(|| left.key.cmp(&right.key))
}

#[cfg(test)]
mod tests;
