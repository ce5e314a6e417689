//! What the parts of one search share: the state searched, the scope, the clauses over words and what they match.
use super::deadline::Deadline;
use super::said::{Asked, Clause, Found, Spoken};
use crate::query::resolved::{Node, ResolvedSearch, Said, SortBy};
use crate::query::score::Statistics;
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use crate::stores::index::tantivy::snapshot::Snapshot;
use std::cell::OnceCell;
use std::collections::HashMap;

/// One search.
pub struct Context<'a> {
    /// The state searched.
    pub snapshot: &'a Snapshot,
    /// What is asked.
    pub search: &'a ResolvedSearch,
    /// Its time.
    pub deadline: Deadline,
    /// Figures over the transcripts in scope.
    pub statistics: Statistics,
    /// The clauses over words, each once.
    pub clauses: Vec<Clause<'a>>,
    /// Those that count for scores, by their place in `clauses`, as often as they stand in the tree.
    pub scored: Vec<usize>,
    /// Where the nearest to a vector are asked for: the scores of those found.
    pub likeness: Option<HashMap<u32, f64>>,
    scope: OnceCell<Bits>,
    found: Vec<OnceCell<Found>>,
}

impl<'a> Context<'a> {
    /// Looks up the clauses.
    pub fn new(snapshot: &'a Snapshot, search: &'a ResolvedSearch, deadline: Deadline) -> Result<Self> {
        let statistics = snapshot.statistics(&search.scope);
        // Further pages keep those of the first.
        let statistics = search.after.as_ref().map_or(statistics, |after| after.statistics);
        let mut said: Vec<(&Said, bool)> = Vec::new();
        collect(&search.root, true, &mut said);
        let (mut clauses, mut scored): (Vec<Clause<'a>>, Vec<usize>) = (Vec::new(), Vec::new());
        for (said, counts) in said {
            let at = match clauses.iter().position(|clause| clause.said == said) {
                Some(at) => at,
                None => {
                    clauses.push(Clause::new(snapshot, search, said, &deadline)?);
                    clauses.len() - 1
                }
            };
            if counts {
                scored.push(at);
            }
        }
        let found = clauses.iter().map(|_| OnceCell::new()).collect();
        let scope = OnceCell::new();
        Ok(Self { snapshot, search, deadline, statistics, clauses, scored, likeness: None, scope, found })
    }

    /// The transcripts in scope, gathered when first asked for: where values and folders alone decide, nobody does.
    pub fn scope(&self) -> &Bits {
        self.scope.get_or_init(|| self.snapshot.in_scope(&self.search.scope))
    }

    /// Whether rows are ordered by score before anything else.
    pub fn by_score(&self) -> bool {
        matches!(self.search.order.first(), Some(key) if key.by == SortBy::Score)
    }

    /// Which clause this is.
    pub fn clause_of(&self, said: &Said) -> Option<usize> {
        self.clauses.iter().position(|clause| clause.said == said)
    }

    /// What a clause matches; walked when first asked for.
    pub fn found(&self, clause: usize) -> Result<Option<&Found>> {
        let (Some(cell), Some(own)) = (self.found.get(clause), self.clauses.get(clause)) else { return Ok(None) };
        if cell.get().is_none() {
            let counts = self.by_score() && self.search.size > 0 && self.scored.contains(&clause);
            let _ = cell.set(own.find(&self.asked(), counts)?);
        }
        Ok(cell.get())
    }

    /// The turns of these transcripts that a clause matches; `each` gets the position in `keys`.
    pub fn in_transcripts(&self, clause: usize, keys: &[u32], each: impl FnMut(usize, Spoken<'a>)) -> Result<()> {
        let Some(own) = self.clauses.get(clause) else { return Ok(()) };
        let found = self.found.get(clause).and_then(OnceCell::get);
        own.in_transcripts(&self.asked(), keys, found, each)
    }

    /// What a clause matches, each with the occurrences; walked anew.
    pub fn counted(&self, clause: usize) -> Result<Option<Found>> {
        self.clauses.get(clause).map(|own| own.find(&self.asked(), true)).transpose()
    }

    fn asked(&self) -> Asked<'_> {
        let Self { snapshot, search, deadline, .. } = self;
        Asked { snapshot, search, scope: self.scope(), deadline }
    }
}

/// The clauses over words, in order, and whether each counts for scores: those under a NOT do not.
fn collect<'a>(node: &'a Node, counts: bool, into: &mut Vec<(&'a Said, bool)>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| collect(node, counts, into)),
        Node::Not(node) => collect(node, false, into),
        Node::Said(said) => into.push((said, counts)),
        Node::All | Node::Nothing | Node::Values(_) => {}
    }
}
