//! Metadata while a JSON Patch works on it: one branch of field names; stored values are opened only on the way of an
//! operation that changes them.
use super::map::Metadata;
use super::pointer::{Pointer, Target};
use super::tree::{Branch, Node, child, place};
use crate::base::json::push_string;
use crate::domain::identity::FieldName;
use crate::domain::refusal::Refusal;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Bytes one patch may make the server move, compare and copy. A body of 1 MiB holds some 20,000 operations; without
/// a bound each could go over all metadata. At worst (values of a few bytes each) this is seconds of work.
const WORK_BYTES: usize = 256 << 20;

/// Why an operation can not be done.
#[derive(Debug)]
pub enum Fault {
    /// There is no such place.
    Missing,
    /// The patch as a whole costs too much.
    Costly,
    /// The result would be nested too deeply.
    Deep,
    /// A stored value on the way has a member whose name is no text, so that it can not be opened.
    Unreadable,
    /// The values differ.
    Different,
    /// Another rule.
    Refused(Refusal),
}

impl From<serde_json::Error> for Fault {
    fn from(_: serde_json::Error) -> Self {
        Self::Unreadable
    }
}

/// The work a patch may still do, in bytes.
#[derive(Debug)]
pub struct Work {
    left: usize,
    copies_left: usize,
    depth: usize,
}

impl Work {
    /// A patch's share; copies may not make more bytes than `copies`, results not be nested deeper than `depth`.
    pub fn new(copies: usize, depth: usize) -> Self {
        Self { left: WORK_BYTES, copies_left: copies, depth }
    }

    /// Takes some of it.
    ///
    /// # Errors
    /// [`Fault::Costly`] when there is not so much left.
    pub fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.left = self.left.checked_sub(bytes).ok_or(Fault::Costly)?;
        Ok(())
    }

    /// Takes the cost of a copy, which makes the metadata larger.
    ///
    /// # Errors
    /// [`Fault::Costly`] when the copies make too much.
    pub fn spend_copy(&mut self, bytes: usize) -> Result<(), Fault> {
        self.copies_left = self.copies_left.checked_sub(bytes).ok_or(Fault::Costly)?;
        self.spend(bytes)
    }

    /// Whether `node` may stand below `above` levels.
    fn check_depth(&mut self, above: usize, node: &Node) -> Result<(), Fault> {
        self.spend(node.size())?;
        if above + node.depth() > self.depth { Err(Fault::Deep) } else { Ok(()) }
    }
}

/// Metadata being patched.
#[derive(Debug)]
pub struct Document {
    names: Branch<FieldName>,
}

/// A value in the document, on the way of a reader that opens nothing.
enum View<'a> {
    Node(&'a Node),
    Raw(&'a RawValue),
}

impl Document {
    /// All of `metadata`, nothing opened.
    pub fn of(metadata: &Metadata) -> Self {
        let mut names = Branch::with_capacity(metadata.len());
        for (name, value) in metadata.iter() {
            names.set(name.clone(), Node::Leaf(value.clone()));
        }
        Self { names }
    }

    /// As metadata; values that were not opened are the very same.
    ///
    /// # Errors
    /// None in practice: what is written is JSON.
    pub fn to_metadata(&self) -> Result<Metadata, Fault> {
        let entries: Result<Vec<_>, Fault> =
            self.names.iter().map(|(name, node)| Ok((name.clone(), node.to_raw()?))).collect();
        Ok(Metadata::from_distinct(entries?))
    }

    /// The value at a pointer; of the whole when it is `""`.
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Costly`], [`Fault::Unreadable`].
    pub fn value(&self, pointer: &Pointer, work: &mut Work) -> Result<Arc<RawValue>, Fault> {
        let Target::Within { name, inner } = &pointer.target else { return self.whole(work) };
        let mut view = View::Node(self.names.get(name).ok_or(Fault::Missing)?);
        for token in inner {
            let next = match view {
                View::Node(Node::Object(branch)) => branch.get(token.as_str()).map(View::Node),
                View::Node(Node::Array(nodes)) => place(token).and_then(|at| nodes.get(at)).map(View::Node),
                View::Node(Node::Leaf(raw)) => look(raw, token, work)?.map(View::Raw),
                View::Raw(raw) => look(raw, token, work)?.map(View::Raw),
            };
            view = next.ok_or(Fault::Missing)?;
        }
        match view {
            View::Node(node) => {
                work.spend(node.size())?;
                Ok(node.to_raw()?)
            }
            View::Raw(raw) => {
                work.spend(raw.get().len())?;
                Ok(raw.to_owned().into())
            }
        }
    }

    fn whole(&self, work: &mut Work) -> Result<Arc<RawValue>, Fault> {
        let mut text = String::from("{");
        for (at, (name, node)) in self.names.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            push_string(&mut text, name.shown());
            text.push(':');
            work.spend(node.size())?;
            node.write(&mut text);
        }
        text.push('}');
        Ok(RawValue::from_string(text)?.into())
    }

    /// RFC 6902 `add`: sets a member, or inserts an element (`-` stands for the end).
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Costly`], [`Fault::Deep`], [`Fault::Unreadable`].
    pub fn add(&mut self, pointer: &Pointer, node: Node, work: &mut Work) -> Result<(), Fault> {
        let Target::Within { name, inner } = &pointer.target else { return Err(Fault::Missing) };
        work.check_depth(1 + inner.len(), &node)?;
        let Some((last, way)) = inner.split_last() else {
            self.names.set(name.clone(), node);
            return Ok(());
        };
        match self.opened(name, way, work)? {
            Node::Object(branch) => branch.set(last.as_str().into(), node),
            Node::Array(nodes) => {
                let at = if last == "-" { nodes.len() } else { place(last).ok_or(Fault::Missing)? };
                let moved = nodes.len().checked_sub(at).ok_or(Fault::Missing)?;
                work.spend(moved * size_of::<Node>())?;
                nodes.insert(at, node);
            }
            Node::Leaf(_) => return Err(Fault::Missing),
        }
        Ok(())
    }

    /// RFC 6902 `replace`: what is there gets another value.
    ///
    /// # Errors
    /// As [`Document::add`].
    pub fn replace(&mut self, pointer: &Pointer, node: Node, work: &mut Work) -> Result<(), Fault> {
        let Target::Within { name, inner } = &pointer.target else { return Err(Fault::Missing) };
        work.check_depth(1 + inner.len(), &node)?;
        let known = match inner.split_last() {
            None => self.names.get_mut(name),
            Some((last, way)) => step(self.opened(name, way, work)?, last),
        };
        *known.ok_or(Fault::Missing)? = node;
        Ok(())
    }

    /// RFC 6902 `remove`: takes away what is there.
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Costly`], [`Fault::Unreadable`].
    pub fn take(&mut self, pointer: &Pointer, work: &mut Work) -> Result<Node, Fault> {
        let Target::Within { name, inner } = &pointer.target else { return Err(Fault::Missing) };
        let taken = match inner.split_last() {
            None => self.names.take(name),
            Some((last, way)) => match self.opened(name, way, work)? {
                Node::Object(branch) => branch.take(last.as_str()),
                Node::Array(nodes) => match place(last) {
                    Some(at) if at < nodes.len() => {
                        work.spend((nodes.len() - at) * size_of::<Node>())?;
                        Some(nodes.remove(at))
                    }
                    _ => None,
                },
                Node::Leaf(_) => None,
            },
        };
        taken.ok_or(Fault::Missing)
    }

    /// The container at the end of the way, opened, as all on the way are.
    fn opened(&mut self, name: &FieldName, way: &[String], work: &mut Work) -> Result<&mut Node, Fault> {
        let mut node = self.names.get_mut(name).ok_or(Fault::Missing)?;
        open(node, work)?;
        for token in way {
            node = step(node, token).ok_or(Fault::Missing)?;
            open(node, work)?;
        }
        Ok(node)
    }
}

fn look<'a>(raw: &'a RawValue, token: &str, work: &mut Work) -> Result<Option<&'a RawValue>, Fault> {
    work.spend(raw.get().len())?;
    Ok(child(raw, token)?)
}

fn open(node: &mut Node, work: &mut Work) -> Result<(), Fault> {
    if let Node::Leaf(raw) = node {
        work.spend(raw.get().len())?;
    }
    Ok(node.open()?)
}

fn step<'a>(node: &'a mut Node, token: &str) -> Option<&'a mut Node> {
    match node {
        Node::Object(branch) => branch.get_mut(token),
        Node::Array(nodes) => nodes.get_mut(place(token)?),
        Node::Leaf(_) => None,
    }
}
