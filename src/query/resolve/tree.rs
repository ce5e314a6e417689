//! Joining resolved conditions, with what is always or never true taken out.
use crate::query::resolved::{Node, Test, ValueTest};

/// Not it.
pub fn negation(inner: Node) -> Node {
    match inner {
        Node::All => Node::Nothing,
        Node::Nothing => Node::All,
        other => Node::Not(Box::new(other)),
    }
}

/// All of them.
pub fn conjunction(parts: Vec<Node>) -> Node {
    if parts.contains(&Node::Nothing) {
        return Node::Nothing;
    }
    let mut parts: Vec<Node> = parts.into_iter().filter(|part| *part != Node::All).collect();
    match parts.len() {
        0 => Node::All,
        1 => parts.swap_remove(0),
        _ => Node::And(parts),
    }
}

/// Any of them. `All` stays beside words: they rank what it finds. Values of one field become one test.
pub fn disjunction(parts: Vec<Node>) -> Node {
    let mut kept: Vec<Node> = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::Nothing => {}
            Node::Values(ValueTest { target, only_folders, test: Test::OneOf(values) }) => {
                let same = kept.iter_mut().find_map(|node| match node {
                    Node::Values(ValueTest { target: t, only_folders: f, test: Test::OneOf(v) })
                        if *t == target && *f == only_folders =>
                    {
                        Some(v)
                    }
                    _ => None,
                });
                match same {
                    Some(known) => known.extend(values),
                    None => kept.push(Node::Values(ValueTest { target, only_folders, test: Test::OneOf(values) })),
                }
            }
            other => kept.push(other),
        }
    }
    match kept.len() {
        0 => Node::Nothing,
        1 => kept.swap_remove(0),
        _ => Node::Or(kept),
    }
}
