//! From the tree to the set of matching transcripts.
//!
//! *Decision:* a clause over words is always walked whole, never only within the candidates of the others: its score
//! needs how many transcripts of the scope match it, and a walk of a word in half of 100,000 transcripts is 0.4 ms.
use super::conjunction;
use super::context::Context;
use super::matches::Matches;
use super::source::is_folder;
use super::values::Condition;
use crate::query::resolved::{Node, Test};
use crate::stores::error::Result;
use crate::stores::index::tantivy::bits::Bits;
use std::collections::HashSet;

/// A set relative to the scope; what is beyond the scope may be in it.
enum Set {
    Nothing,
    All,
    These(Bits),
}

/// What matches in scope.
pub fn matching<'s>(context: &Context<'s>) -> Result<Matches<'s>> {
    if let Some(docs) = by_values(context)? {
        return Ok(Matches::of_docs(context.snapshot, docs));
    }
    let keys = match evaluate(context, &context.search.root)? {
        Set::Nothing => Bits::default(),
        Set::All => context.scope().clone(),
        Set::These(mut keys) => {
            keys.keep(context.scope());
            keys
        }
    };
    Ok(Matches::of_keys(context.snapshot, keys))
}

/// The documents that match by slot, where conditions over values and folders decide alone.
fn by_values(context: &Context<'_>) -> Result<Option<Vec<Bits>>> {
    let Context { snapshot, search, deadline, .. } = context;
    let nodes = match &search.root {
        Node::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    let mut folders: HashSet<u32> = snapshot.folders_in(&search.scope).collect();
    let mut conditions = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Node::Values(test) = node else { return Ok(None) };
        if let Some(only) = &test.only_folders {
            folders.retain(|folder| only.iter().any(|own| own.0 == *folder));
        }
        match &test.test {
            Test::Folders(own) => folders.retain(|folder| own.iter().any(|own| own.0 == *folder)),
            _ if is_folder(test.target) => return Ok(None),
            _ => conditions.push(test),
        }
    }
    if conditions.is_empty() || snapshot.live != snapshot.there {
        return Ok(None);
    }
    let look_up = |test| Condition::new(snapshot, search, test, deadline);
    let conditions = conditions.into_iter().map(look_up).collect::<Result<Vec<_>>>()?;
    let mut docs = conjunction::documents(context, &conditions.iter().collect::<Vec<_>>())?;
    if folders.len() < snapshot.folders.len() {
        for (docs, segment) in docs.iter_mut().zip(&snapshot.records) {
            let Some(segment) = segment else { continue };
            if !segment.cache.are_folders_at_hand() {
                deadline.before_reading()?;
            }
            segment.keep_in(&folders, docs)?;
        }
    }
    Ok(Some(docs))
}

fn evaluate(context: &Context<'_>, node: &Node) -> Result<Set> {
    context.deadline.check()?;
    Ok(match node {
        Node::All => Set::All,
        Node::Nothing => Set::Nothing,
        Node::And(nodes) => and(context, nodes)?,
        Node::Or(nodes) => or(context, nodes)?,
        Node::Not(node) => match evaluate(context, node)? {
            Set::Nothing => Set::All,
            Set::All => Set::Nothing,
            Set::These(keys) => {
                let mut others = context.scope().clone();
                others.drop_all(&keys);
                Set::These(others)
            }
        },
        Node::Said(said) => match context.clause_of(said).map(|at| context.found(at)).transpose()?.flatten() {
            Some(found) => Set::These(found.keys.clone()),
            None => Set::Nothing,
        },
        Node::Values(test) => {
            let condition = Condition::new(context.snapshot, context.search, test, &context.deadline)?;
            Set::These(conjunction::matching(context, &[condition])?)
        }
    })
}

fn or(context: &Context<'_>, nodes: &[Node]) -> Result<Set> {
    let mut any: Option<Bits> = None;
    for node in nodes {
        match (evaluate(context, node)?, &mut any) {
            (Set::All, _) => return Ok(Set::All),
            (Set::Nothing, _) => {}
            (Set::These(keys), Some(any)) => any.add(&keys),
            (Set::These(keys), None) => any = Some(keys),
        }
    }
    Ok(any.map_or(Set::Nothing, Set::These))
}

/// Values first, all conditions at once; then words; what is left out last.
fn and(context: &Context<'_>, nodes: &[Node]) -> Result<Set> {
    let (mut conditions, mut others, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for node in nodes {
        match node {
            Node::All => {}
            Node::Nothing => return Ok(Set::Nothing),
            Node::Values(test) => {
                conditions.push(Condition::new(context.snapshot, context.search, test, &context.deadline)?);
            }
            Node::Not(node) => without.push(node.as_ref()),
            other => others.push(other),
        }
    }
    let mut kept: Option<Bits> = None;
    if !conditions.is_empty() {
        let keys = conjunction::matching(context, &conditions)?;
        if keys.is_empty() {
            return Ok(Set::Nothing);
        }
        kept = Some(keys);
    }
    for node in others {
        match (evaluate(context, node)?, &mut kept) {
            (Set::All, _) => {}
            (Set::Nothing, _) => return Ok(Set::Nothing),
            (Set::These(keys), Some(kept)) => kept.keep(&keys),
            (Set::These(keys), None) => kept = Some(keys),
        }
        if kept.as_ref().is_some_and(Bits::is_empty) {
            return Ok(Set::Nothing);
        }
    }
    for node in without {
        match evaluate(context, node)? {
            Set::Nothing => {}
            Set::All => return Ok(Set::Nothing),
            Set::These(keys) => kept.get_or_insert_with(|| context.scope().clone()).drop_all(&keys),
        }
    }
    Ok(kept.map_or(Set::All, Set::These))
}
