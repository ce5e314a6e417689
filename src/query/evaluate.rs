//! Answers a resolved search over transcripts in memory: the oracle of the index, and the memory index's engine.
pub mod facets;
pub mod figures;
pub mod near;
pub mod order;
pub mod places;
pub mod said;
pub mod values;

use super::resolved::{Hit, Near, Node, Position, ResolvedSearch, Said, SearchPage};
use super::score::Statistics;
use crate::domain::fields::SpeakerMap;
use crate::domain::record::Record;
use crate::domain::transcript::Turn;
use order::Place;
use said::Heard;

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

impl Candidate<'_> {
    fn frequency(&self, term: usize) -> u32 {
        self.frequencies.get(term).copied().unwrap_or(0)
    }
}

/// Answers the search by looking at every document: slow, plain, and right by inspection. Nothing here counts what
/// patterns stand for.
///
/// Where [`super::resolved`] leaves it open: a turn is a moment when a scored term stands in it; a page without rows has
/// no end that another could follow.
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
                matches: holds(&search.root, &document.record, &heard, search),
                score: 0.0,
            }
        })
        .collect();
    let (statistics, matching) = weights(&candidates, terms.len(), search.after.as_ref());
    score(&mut candidates, statistics, &matching);
    candidates.retain(|candidate| candidate.matches);
    if let Some(asked) = &search.near {
        keep_nearest(&mut candidates, asked);
    }
    let found: Vec<&Record> = candidates.iter().map(|candidate| &candidate.document.record).collect();
    let names = &search.folder_names;
    let mut page = SearchPage {
        total: found.len() as u64,
        facets: search.facets.iter().map(|facet| facets::count(&found, facet, names)).collect(),
        stats: search.stats.iter().map(|source| figures::stats(&found, source, names)).collect(),
        histograms: search.histograms.iter().map(|asked| figures::histogram(&found, asked, names)).collect(),
        ..SearchPage::default()
    };
    let mut rows: Vec<(Place<'_>, &Document)> = candidates
        .iter()
        .map(|one| (Place::of(&one.document.record, one.score, search), one.document))
        .filter(|(place, _)| {
            search.after.as_ref().is_none_or(|after| place.order(&Place::at(after), &search.order).is_gt())
        })
        .collect();
    rows.sort_by(|(a, _), (b, _)| a.order(b, &search.order));
    let mut rows = rows.into_iter().skip(search.offset);
    let shown: Vec<(Place<'_>, &Document)> = rows.by_ref().take(search.size).collect();
    if search.paging && rows.next().is_some() {
        page.next = shown.last().map(|(last, _)| last.position(statistics, &matching));
    }
    page.hits = shown.into_iter().map(|(place, document)| hit(&place, document, &terms, search)).collect();
    page
}

fn hit(place: &Place<'_>, document: &Document, terms: &[&Said], search: &ResolvedSearch) -> Hit {
    let moments = match search.moments {
        0 => Vec::new(),
        most => hear(document, search).moments(terms, most),
    };
    Hit { key: document.record.key, score: place.score, moments }
}

/// Leaves the nearest; their likeness becomes their score.
fn keep_nearest(candidates: &mut Vec<Candidate<'_>>, asked: &Near) {
    candidates.retain_mut(|one| match near::likeness(&one.document.record, asked) {
        Some(likeness) => {
            one.score = likeness;
            true
        }
        None => false,
    });
    candidates.sort_by(|a, b| {
        let (own, other) = (&a.document.record, &b.document.record);
        let by_likeness = b.score.total_cmp(&a.score);
        by_likeness.then_with(|| own.tid.as_str().cmp(other.tid.as_str())).then_with(|| own.key.cmp(&other.key))
    });
    candidates.truncate(asked.k);
}

/// Whether one transcript, taken to be in scope, fulfils a condition of the search.
pub fn fulfils(document: &Document, node: &Node, search: &ResolvedSearch) -> bool {
    holds(node, &document.record, &hear(document, search), search)
}

/// Every word clause that is not under a NOT, in order.
pub fn scored_terms<'n>(node: &'n Node, terms: &mut Vec<&'n Said>) {
    match node {
        Node::Said(said) => terms.push(said),
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| scored_terms(part, terms)),
        Node::All | Node::Nothing | Node::Not(_) | Node::Values(_) => {}
    }
}

/// Whether a record lies in the scope of a search.
pub fn in_scope(record: &Record, search: &ResolvedSearch) -> bool {
    search.scope.orgs.contains(&record.org) && search.scope.folders.contains(&record.folder)
}

/// The words of a transcript, by the speakers of its folder.
pub fn hear<'a>(document: &'a Document, search: &'a ResolvedSearch) -> Heard<'a> {
    static DEFAULT: SpeakerMap = SpeakerMap { agent: Vec::new(), client: Vec::new() };
    Heard::new(
        &document.turns,
        document.record.builtins.duration,
        search.speakers.get(&document.record.folder).unwrap_or(&DEFAULT),
    )
}

/// Whether a transcript, taken to be in scope, fulfils a condition; its words were heard before.
pub fn holds(node: &Node, record: &Record, heard: &Heard<'_>, search: &ResolvedSearch) -> bool {
    match node {
        Node::All => true,
        Node::Nothing => false,
        Node::And(parts) => parts.iter().all(|part| holds(part, record, heard, search)),
        Node::Or(parts) => parts.iter().any(|part| holds(part, record, heard, search)),
        Node::Not(inner) => !holds(inner, record, heard, search),
        Node::Said(said) => heard.frequency(said) > 0,
        Node::Values(test) => values::matches(record, test, &search.folder_names),
    }
}

/// The statistics of all candidates, that is of the scope, and for each term how many have it; from the second page on
/// those of the first.
fn weights(candidates: &[Candidate<'_>], terms: usize, after: Option<&Position>) -> (Statistics, Vec<u64>) {
    if let Some(position) = after {
        return (position.statistics, position.matching.clone());
    }
    let statistics = Statistics {
        transcripts: candidates.len() as u64,
        words: candidates.iter().map(|one| u64::from(one.document.record.words)).sum(),
    };
    let matching = |term: usize| candidates.iter().filter(|one| one.frequency(term) > 0).count() as u64;
    (statistics, (0..terms).map(matching).collect())
}

fn score(candidates: &mut [Candidate<'_>], statistics: Statistics, matching: &[u64]) {
    for (term, matching) in matching.iter().enumerate() {
        let idf = statistics.idf(*matching);
        for one in candidates.iter_mut() {
            let frequency = one.frequency(term);
            if frequency > 0 {
                one.score += statistics.part(idf, frequency, one.document.record.words);
            }
        }
    }
}

#[cfg(test)]
mod tests;
