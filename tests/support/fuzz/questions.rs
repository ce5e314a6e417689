//! What is asked: `q`, the parameters of `/search`, expressions; answered in memory and by the index.
use super::world::{DOCUMENTS, NOW, searching, zone};
use super::{parted, text};
use linernotes::domain::limits::Limits;
use linernotes::http::parameters::Parameters;
use linernotes::query::evaluate;
use linernotes::query::explain::clauses::clauses;
use linernotes::query::explain::explain;
use linernotes::query::explain::subject::Subject;
use linernotes::query::parser::parse;
use linernotes::query::pattern::fuzzy::Fuzzy;
use linernotes::query::pattern::regex::WholeRegex;
use linernotes::query::plain;
use linernotes::query::render::render;
use linernotes::query::request::SearchRequest;
use linernotes::query::resolve::{Resolved, resolve};
use linernotes::query::resolved::{SearchPage, Speaker};
use linernotes::stores::index::tantivy::TantivyIndex;
use linernotes::stores::index::{IndexWrite, SearchIndex};
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

/// A query: read, printed, read again, resolved, evaluated, explained.
pub fn query(data: &[u8]) {
    let limits = Limits::default();
    let text = text(data);
    let Ok(query) = parse(&text, &limits) else { return };
    assert!(query.clauses() <= limits.query_clauses, "more clauses than allowed");
    let printed = render(&query);
    if printed.len() <= limits.query_bytes {
        let again = parse(&printed, &limits).unwrap_or_else(|refusal| panic!("{printed:?} is refused: {refusal}"));
        assert_eq!(render(&again), printed, "{text:?} is printed differently the second time");
    }
    if let Ok(request) = SearchRequest::from_pairs(vec![("q".to_owned(), text.into_owned())], &limits) {
        answered(&request, &limits);
    }
}

/// All parameters, as they stand in an address, or as a JSON body.
pub fn request(data: &[u8]) {
    let limits = Limits::default();
    if let Some(request) = asked(data, &limits) {
        answered(&request, &limits);
    }
}

fn asked(data: &[u8], limits: &Limits) -> Option<SearchRequest> {
    let text = text(data);
    if text.starts_with('{') {
        return SearchRequest::from_json(&text, limits).ok();
    }
    SearchRequest::from_pairs(Parameters::read(&text).ok()?.into_pairs(), limits).ok()
}

fn resolved(request: &SearchRequest, limits: &Limits) -> Option<Resolved> {
    searching(limits, |world| resolve(request, world, NOW).ok())?
}

fn answered(request: &SearchRequest, limits: &Limits) {
    let Some(resolved) = resolved(request, limits) else { return };
    let page = evaluate::search(DOCUMENTS.iter(), &resolved.search);
    assert!(page.total <= DOCUMENTS.len() as u64);
    assert!(page.hits.len() <= resolved.search.size);
    assert!(page.hits.iter().all(|hit| hit.score.is_finite()), "a score that is no number");
    let Some(Ok(clause)) = searching(limits, |world| clauses(request, world, NOW)) else { return };
    let (Some(zone), masked) = (zone(), HashSet::new()) else { return };
    let mut matching = 0;
    for document in DOCUMENTS.iter() {
        let subject = Subject { document, search: &resolved.search, zone: &zone, masked: &masked, pending: None };
        let explained = explain(&clause, subject);
        let fulfils = evaluate::fulfils(document, &resolved.search.root, &resolved.search);
        assert_eq!(explained.matched, fulfils, "explained otherwise than found: {request:?}");
        matching += u64::from(fulfils);
    }
    assert_eq!(page.total, matching, "found and counted differ");
}

/// The index with the same transcripts, in a folder that goes with the process.
static INDEX: LazyLock<(TantivyIndex, tempfile::TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let index = TantivyIndex::open(folder.path(), 1, 0).expect("an index");
    for (batch, document) in (1..).zip(DOCUMENTS.iter()) {
        let write = IndexWrite::Whole(Box::new(document.record.clone()), document.turns.clone());
        index.apply(vec![write], batch).expect("a batch");
    }
    (index, folder)
});

/// The same parameters: the index answers as the plain evaluation does.
pub fn index(data: &[u8]) {
    let limits = Limits { query_expansions: 1_000_000, ..Limits::default() };
    let Some(request) = asked(data, &limits) else { return };
    let Some(resolved) = resolved(&request, &limits) else { return };
    let expected = evaluate::search(DOCUMENTS.iter(), &resolved.search);
    match INDEX.0.search(&resolved.search, Duration::from_secs(5)) {
        Ok(page) => agree(&page, &expected),
        Err(error) => panic!("the index fails: {error}: {request:?}"),
    }
}

fn agree(page: &SearchPage, expected: &SearchPage) {
    assert_eq!(page.total, expected.total, "totals");
    assert_eq!(page.hits.len(), expected.hits.len(), "rows");
    for (own, other) in page.hits.iter().zip(&expected.hits) {
        let near = (own.score - other.score).abs() <= 1e-9 * other.score.abs().max(1.0);
        assert!(near, "scores: {} and {}", own.score, other.score);
        // Of equal scores either may come first.
        if own.key == other.key {
            assert_eq!(own.moments, other.moments, "moments");
        } else {
            assert!(other.score != 0.0, "rows stand elsewhere");
        }
    }
    assert_eq!(page.histograms, expected.histograms, "histograms");
    let counts = |page: &SearchPage| -> Vec<Vec<u64>> {
        page.facets.iter().map(|list| list.iter().map(|one| one.count).collect()).collect()
    };
    assert_eq!(counts(page), counts(expected), "facets");
}

/// `terms.all`, `regex.all`, and expressions against words: the first line is what is asked, then come words.
pub fn words(data: &[u8]) {
    let (first, rest) = parted(data);
    let (expression, words) = (text(first), text(rest));
    let _ = plain::parse(&expression, &Speaker::Anyone, 64);
    let _ = render(&plain::expression(&expression, &Speaker::Anyone));
    match WholeRegex::parse(&expression) {
        Ok(regex) => {
            for word in words.lines().take(20) {
                assert!(
                    !regex.matches(word) || word.starts_with(regex.prefix()),
                    "a match without the prefix: {word:?}"
                );
            }
        }
        Err((at, _)) => assert!(at <= expression.chars().count(), "a place beyond the end"),
    }
    let fuzzy = Fuzzy::new(expression.as_ref(), first.len() as u8 % 3);
    words.lines().take(20).for_each(|word| {
        let _ = fuzzy.matches(word);
    });
    if !expression.is_empty() && expression.chars().count() < 200 {
        assert!(fuzzy.matches(&expression), "a word is near itself");
    }
}
