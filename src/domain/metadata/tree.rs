//! JSON as a tree whose leaves keep their spelling; branches are opened only where a patch goes.
use crate::base::json::{depth, elements, members, push_string};
use serde_json::value::RawValue;
use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// One JSON value, opened or not.
#[derive(Clone, Debug)]
pub enum Node {
    /// An opened object.
    Object(Box<Branch<Arc<str>>>),
    /// An opened array.
    Array(Vec<Node>),
    /// Any value exactly as spelled.
    Leaf(Arc<RawValue>),
}

/// Nodes under distinct names, in order. Looking up, setting and taking away cost the same however many there are:
/// a name taken away leaves a gap, so that no other one moves.
#[derive(Clone, Debug)]
pub struct Branch<K> {
    entries: Vec<Option<(K, Node)>>,
    places: HashMap<K, usize>,
}

impl<K: Clone + Eq + Hash> Branch<K> {
    /// A branch with room for some names.
    pub fn with_capacity(names: usize) -> Self {
        Self { entries: Vec::with_capacity(names), places: HashMap::with_capacity(names) }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The node under a name.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<&Node>
    where
        K: Borrow<Q>,
    {
        let at = *self.places.get(name)?;
        self.entries.get(at)?.as_ref().map(|(_, node)| node)
    }

    /// The node under a name, to change it.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, name: &Q) -> Option<&mut Node>
    where
        K: Borrow<Q>,
    {
        let at = *self.places.get(name)?;
        self.entries.get_mut(at)?.as_mut().map(|(_, node)| node)
    }

    /// Sets a node; a new name goes to the end, a known one keeps place and spelling.
    pub fn set(&mut self, name: K, node: Node) {
        match self.get_mut(&name) {
            Some(known) => *known = node,
            None => {
                self.places.insert(name.clone(), self.entries.len());
                self.entries.push(Some((name, node)));
            }
        }
    }

    /// Takes a name away with its node.
    pub fn take<Q: Eq + Hash + ?Sized>(&mut self, name: &Q) -> Option<Node>
    where
        K: Borrow<Q>,
    {
        let at = self.places.remove(name)?;
        self.entries.get_mut(at)?.take().map(|(_, node)| node)
    }

    /// Names and nodes in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Node)> {
        self.entries.iter().flatten().map(|(name, node)| (name, node))
    }

    /// Names and nodes in order.
    pub fn into_entries(self) -> impl Iterator<Item = (K, Node)> {
        self.entries.into_iter().flatten()
    }
}

impl Node {
    /// A value as spelled.
    pub fn leaf(raw: &RawValue) -> Self {
        Self::Leaf(raw.to_owned().into())
    }

    /// Whether it is an object, opened or not.
    pub fn is_object(&self) -> bool {
        match self {
            Self::Object(_) => true,
            Self::Array(_) => false,
            Self::Leaf(raw) => raw.get().starts_with('{'),
        }
    }

    /// Opens an unopened object or array by one level; anything else stays as it is.
    ///
    /// # Errors
    /// When a member's name is no text (half a surrogate pair).
    pub fn open(&mut self) -> Result<(), serde_json::Error> {
        let Self::Leaf(raw) = self else { return Ok(()) };
        let opened = match raw.get().as_bytes().first() {
            Some(b'{') => Self::Object(Box::new(branch(raw)?)),
            Some(b'[') => Self::Array(elements(raw.get())?.into_iter().map(Self::leaf).collect()),
            _ => return Ok(()),
        };
        *self = opened;
        Ok(())
    }

    /// Appends it as JSON text: opened branches compact, leaves as spelled.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(raw) => out.push_str(raw.get()),
            Self::Array(nodes) => {
                out.push('[');
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    node.write(out);
                }
                out.push(']');
            }
            Self::Object(branch) => {
                out.push('{');
                for (at, (name, node)) in branch.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    push_string(out, name);
                    out.push(':');
                    node.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The whole as one value; an unopened one is handed on untouched.
    ///
    /// # Errors
    /// None in practice: what is written is JSON.
    pub fn into_raw(self) -> Result<Arc<RawValue>, serde_json::Error> {
        match self {
            Self::Leaf(raw) => Ok(raw),
            opened => opened.to_raw(),
        }
    }

    /// [`Node::into_raw`] of a node that stays.
    ///
    /// # Errors
    /// None in practice: what is written is JSON.
    pub fn to_raw(&self) -> Result<Arc<RawValue>, serde_json::Error> {
        if let Self::Leaf(raw) = self {
            return Ok(raw.clone());
        }
        let mut text = String::with_capacity(self.size());
        self.write(&mut text);
        RawValue::from_string(text).map(Arc::from)
    }

    /// About how many bytes it has as JSON text (names without their escapes).
    pub fn size(&self) -> usize {
        match self {
            Self::Leaf(raw) => raw.get().len(),
            Self::Array(nodes) => 2 + nodes.iter().map(|node| node.size() + 1).sum::<usize>(),
            Self::Object(branch) => 2 + branch.iter().map(|(name, node)| name.len() + node.size() + 4).sum::<usize>(),
        }
    }

    /// How deep arrays and objects are nested in it; a scalar has 0.
    pub fn depth(&self) -> usize {
        match self {
            Self::Leaf(raw) => depth(raw.get().as_bytes()),
            Self::Array(nodes) => 1 + nodes.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(branch) => 1 + branch.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
        }
    }
}

/// The members of an object; of two that share a name the later counts, at the place of the first.
///
/// # Errors
/// When `object` is no object, or a name is no text (half a surrogate pair).
pub fn branch(object: &RawValue) -> Result<Branch<Arc<str>>, serde_json::Error> {
    let members = members(object.get())?.0;
    let mut branch = Branch::with_capacity(members.len());
    for (name, value) in members {
        branch.set(name.into(), Node::leaf(value));
    }
    Ok(branch)
}

/// Whether two values are equal as RFC 6902 section 4.6 has it: numbers by value whatever their spelling (and however
/// many digits), strings by their characters, arrays by order, objects without. Recurses as deep as both are nested.
pub fn equal(a: &RawValue, b: &RawValue) -> bool {
    let (a_text, b_text) = (a.get(), b.get());
    if a_text == b_text {
        return true;
    }
    match (a_text.as_bytes().first(), b_text.as_bytes().first()) {
        (Some(b'"'), Some(b'"')) => match (string(a_text), string(b_text)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(a_text), elements(b_text)) {
            (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| equal(a, b)),
            _ => false,
        },
        (Some(b'{'), Some(b'{')) => match (borrowed(a), borrowed(b)) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
            }
            _ => false,
        },
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => {
            matches!((Decimal::read(a_text), Decimal::read(b_text)), (Some(a), Some(b)) if a == b)
        }
        _ => false,
    }
}

fn string(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

fn borrowed(object: &RawValue) -> Option<HashMap<Cow<'_, str>, &RawValue>> {
    Some(members(object.get()).ok()?.0.into_iter().collect())
}

/// A JSON number as sign, significant digits and a power of ten: exact where a double is not.
#[derive(PartialEq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` when the exponent is beyond all measure; such numbers are equal only when spelled alike.
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let dropped = i64::try_from(significant.len() - digits.len()).ok()?;
        let places = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.checked_add(dropped)?.checked_sub(places)?;
        Some(Self { negative, digits: digits.to_owned(), exponent })
    }
}

/// The value under a member's name or an element's place in an unopened value; `None` when there is none.
///
/// # Errors
/// When a member's name is no text (half a surrogate pair).
pub fn child<'a>(of: &'a RawValue, token: &str) -> Result<Option<&'a RawValue>, serde_json::Error> {
    Ok(match of.get().as_bytes().first() {
        Some(b'{') => members(of.get())?.0.into_iter().rev().find(|(name, _)| name == token).map(|(_, value)| value),
        Some(b'[') => match place(token) {
            Some(at) => elements(of.get())?.get(at).copied(),
            None => None,
        },
        _ => None,
    })
}

/// An array's index as RFC 6901 spells it: digits without a leading zero.
pub fn place(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
    if plain { token.parse().ok() } else { None }
}

/// JSON `null`.
pub fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::raw_from;
    use proptest::prelude::*;

    fn raw(text: &str) -> Arc<RawValue> {
        raw_from(text).unwrap().into()
    }

    fn same(a: &str, b: &str) -> bool {
        let (forth, back) = (equal(&raw(a), &raw(b)), equal(&raw(b), &raw(a)));
        assert_eq!(forth, back, "{a} {b}");
        forth
    }

    #[test]
    fn numbers_are_equal_by_value() {
        for (a, b) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("100", "1E2"),
            ("0", "-0.000e7"),
            ("-1.50", "-15e-1"),
            ("1e400", "10e399"),
            ("12345678901234567890.0", "12345678901234567890"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [("1", "-1"), ("12345678901234567890", "12345678901234567891"), ("1", r#""1""#), ("0", "false")] {
            assert!(!same(a, b), "{a} {b}");
        }
        assert!(!same("1e99999999999999999999", "2e99999999999999999999"));
    }

    #[test]
    fn strings_are_equal_by_characters_and_objects_without_order() {
        assert!(same(r#""\u00e9\/""#, r#""é/""#));
        assert!(same(r#"{"a":[1,{}],"b":null}"#, r#"{ "b" : null, "\u0061" : [1.0, { }] }"#));
        assert!(!same("[1,2]", "[2,1]"));
        assert!(!same(r#"{"a":1}"#, r#"{"A":1}"#), "deeper names are exact");
        assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
        assert!(!same("null", "0"));
        assert!(same(r#""\ud800""#, r#""\ud800""#));
    }

    #[test]
    fn an_opened_branch_keeps_its_leaves_as_spelled() {
        let mut node = Node::Leaf(raw(r#"{ "b" : 1.10, "a": [ 1, {"x" : 1e400} ], "b2":"\u00e9" }"#));
        node.open().unwrap();
        let Node::Object(branch) = &mut node else { panic!("no object") };
        branch.get_mut("a").unwrap().open().unwrap();
        branch.set("b".into(), Node::Leaf(raw("2.0")));
        branch.set("c".into(), Node::Leaf(raw("true")));
        assert!(branch.take("b2").is_some());
        assert!(branch.take("b2").is_none());
        assert_eq!((branch.len(), node.depth()), (3, 3));
        assert_eq!(node.into_raw().unwrap().get(), r#"{"b":2.0,"a":[1,{"x" : 1e400}],"c":true}"#);
    }

    #[test]
    fn places_are_digits_without_leading_zero() {
        assert_eq!(place("0"), Some(0));
        assert_eq!(place("10"), Some(10));
        for bad in ["", "-", "01", "+1", "-1", "1.0", "a", "99999999999999999999999"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn numbers_equal_themselves_in_another_spelling(whole in -9_999_999_i64..9_999_999, zeros in 0_usize..6) {
            let shifted = format!("{whole}{}e-{zeros}", "0".repeat(zeros));
            prop_assert!(whole == 0 || same(&whole.to_string(), &shifted));
        }
    }
}
