//! RFC 6901 JSON pointers into metadata: the first token is a field's name, compared without case; deeper ones are exact.
use crate::domain::identity::FieldName;
use std::borrow::Cow;

/// A place in metadata.
#[derive(Clone, Debug)]
pub struct Pointer {
    /// As it was sent.
    pub text: String,
    /// What it names.
    pub target: Target,
}

/// What a pointer names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All metadata: the pointer `""`.
    Whole,
    /// A name's value (`inner` is empty) or something within it.
    Within {
        /// The name; it need not be one that edits may set.
        name: FieldName,
        /// Member names and array places on the way in.
        inner: Vec<String>,
    },
}

impl Pointer {
    /// Reads a pointer; `None` when it does not begin with `/` (and is not empty) or a `~` is not `~0` or `~1`.
    pub fn parse(text: String) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { text, target: Target::Whole });
        }
        let mut tokens = text.strip_prefix('/')?.split('/').map(unescape);
        let name = FieldName::lenient(&tokens.next()??);
        let inner = tokens.map(|token| token.map(Cow::into_owned)).collect::<Option<_>>()?;
        Some(Self { text, target: Target::Within { name, inner } })
    }

    /// The field it leads to or into.
    pub fn name(&self) -> Option<&FieldName> {
        match &self.target {
            Target::Whole => None,
            Target::Within { name, .. } => Some(name),
        }
    }

    /// Whether `other` lies within (and is not) what this names.
    pub fn holds(&self, other: &Self) -> bool {
        match (&self.target, &other.target) {
            (_, Target::Whole) => false,
            (Target::Whole, Target::Within { .. }) => true,
            (Target::Within { name, inner }, Target::Within { name: other, inner: deeper }) => {
                name == other && deeper.len() > inner.len() && deeper.starts_with(inner)
            }
        }
    }
}

fn unescape(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut parts = token.split('~');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix('0'), part.strip_prefix('1')) {
            (Some(rest), _) => ('~', rest),
            (_, Some(rest)) => ('/', rest),
            _ => return None,
        };
        out.push(sign);
        out.push_str(rest);
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Option<Vec<String>> {
        match Pointer::parse(text.to_owned())?.target {
            Target::Whole => Some(Vec::new()),
            Target::Within { name, inner } => Some([vec![name.shown().to_owned()], inner].concat()),
        }
    }

    #[test]
    fn the_examples_of_rfc_6901_hold() {
        for (text, expected) in [
            ("", vec![]),
            ("/foo", vec!["foo"]),
            ("/foo/0", vec!["foo", "0"]),
            ("/", vec![""]),
            ("/a~1b", vec!["a/b"]),
            ("/c%d", vec!["c%d"]),
            ("/k\"l", vec!["k\"l"]),
            ("/ ", vec![" "]),
            ("/m~0n", vec!["m~n"]),
            ("/~01/~10", vec!["~1", "/0"]),
            ("/a//b", vec!["a", "", "b"]),
        ] {
            assert_eq!(tokens(text).unwrap(), expected, "{text}");
        }
        for bad in ["foo", "/~", "/~2", "/a/b~", "#/a", " /a"] {
            assert_eq!(tokens(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pointer_holds_what_lies_deeper() {
        let at = |text: &str| Pointer::parse(text.to_owned()).unwrap();
        assert!(at("/A/b").holds(&at("/a/b/c")));
        assert!(at("").holds(&at("/a")));
        assert!(!at("/a/b").holds(&at("/a/b")));
        assert!(!at("/a/b").holds(&at("/a/bc")));
        assert!(!at("/a/b").holds(&at("/a/B/c")), "deeper names are exact");
        assert!(!at("/a").holds(&at("")));
    }
}
