//! Short ways to ask an index.
use super::world::{QUEUE, everything, writes};
use crate::domain::builtins::builtin;
use crate::domain::fields::definition::Storage;
use crate::domain::identity::FieldId;
use crate::query::glob::Glob;
use crate::query::pattern::Pattern;
use crate::query::pattern::fuzzy::Fuzzy;
use crate::query::pattern::regex::WholeRegex;
use crate::query::resolved::{Node, Said, SearchPage, Speaker, Target, Test, ValueTest};
use crate::stores::index::SearchIndex;
use std::time::Duration;

pub(crate) const BUDGET: Duration = Duration::from_secs(30);

pub(crate) fn search(index: &dyn SearchIndex, root: Node) -> SearchPage {
    index.search(&everything(root), BUDGET).unwrap()
}

/// The keys found, ascending; the total must agree.
pub(crate) fn found(index: &dyn SearchIndex, root: Node) -> Vec<u32> {
    let page = search(index, root);
    let mut keys: Vec<u32> = page.hits.iter().map(|hit| hit.key.0).collect();
    keys.sort_unstable();
    assert_eq!(page.total, keys.len() as u64);
    keys
}

pub(crate) fn words(text: &str) -> Node {
    by(Speaker::Anyone, text)
}

pub(crate) fn by(by: Speaker, text: &str) -> Node {
    Node::Said(Said::exact(by, text.split(' ')))
}

pub(crate) fn not(node: Node) -> Node {
    Node::Not(Box::new(node))
}

pub(crate) fn field(id: FieldId, storage: Storage, test: Test) -> Node {
    Node::Values(ValueTest { target: Target::Field(id, storage), only_folders: None, test })
}

pub(crate) fn queue(test: Test) -> Node {
    field(QUEUE, Storage::Keyword, test)
}

pub(crate) fn built_in(name: &str, test: Test) -> Node {
    Node::Values(ValueTest { target: Target::Builtin(builtin(name).unwrap()), only_folders: None, test })
}

pub(crate) fn one_of(options: &[&str]) -> Test {
    Test::OneOf(options.iter().map(|option| (*option).to_owned()).collect())
}

pub(crate) fn glob(pattern: &str) -> Pattern {
    Pattern::Glob(Glob::new(pattern.chars().map(|letter| (letter, false))))
}

pub(crate) fn fill(index: &dyn SearchIndex) {
    index.apply(writes(), 1).unwrap();
}

pub(crate) fn regex(source: &str) -> Pattern {
    Pattern::Regex(WholeRegex::parse(source).unwrap())
}

pub(crate) fn fuzzy(word: &str, edits: u8) -> Pattern {
    Pattern::Fuzzy(Fuzzy::new(word, edits))
}
