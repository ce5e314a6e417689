//! Lines of a body that arrives in pieces. Pure: any cutting into pieces gives the same lines.

/// One line that is not blank, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the body, from 1; blank lines count.
    pub number: u64,
    /// What it holds.
    pub content: Content,
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// More bytes than allowed; they were not kept.
    TooLong,
}

/// Cuts a body into lines and holds at most one unfinished line.
#[derive(Debug)]
pub struct Splitter {
    longest: usize,
    number: u64,
    pending: Vec<u8>,
    skipping: bool,
}

impl Splitter {
    /// A splitter for lines of at most `longest` bytes.
    pub fn new(longest: usize) -> Self {
        Self { longest, number: 0, pending: Vec::new(), skipping: false }
    }

    /// Takes the next piece and hands every line that it completes to `each`.
    pub fn push(&mut self, piece: &[u8], mut each: impl FnMut(Line)) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            if let Some(line) = self.complete(head) {
                each(line);
            }
        }
        self.keep(rest);
    }

    /// The last line, when the body does not end in a line end.
    pub fn finish(&mut self) -> Option<Line> {
        if self.pending.is_empty() && !self.skipping {
            return None;
        }
        self.complete(&[])
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipping || self.pending.len() + bytes.len() > self.longest {
            self.skipping = true;
            self.pending = Vec::new();
        } else {
            self.pending.extend_from_slice(bytes);
        }
    }

    fn complete(&mut self, tail: &[u8]) -> Option<Line> {
        self.keep(tail);
        self.number += 1;
        let bytes = std::mem::take(&mut self.pending);
        let content = if std::mem::take(&mut self.skipping) { Content::TooLong } else { content(bytes)? };
        Some(Line { number: self.number, content })
    }
}

/// A blank line holds nothing.
fn content(mut bytes: Vec<u8>) -> Option<Content> {
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    Some(String::from_utf8(bytes).map_or(Content::NotUtf8, Content::Text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(body: &[u8], cuts: &[usize], longest: usize) -> Vec<Line> {
        let mut splitter = Splitter::new(longest);
        let mut lines = Vec::new();
        let mut rest = body;
        for cut in cuts {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            splitter.push(piece, |line| lines.push(line));
            rest = after;
        }
        splitter.push(rest, |line| lines.push(line));
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let text = |number, text: &str| Line { number, content: Content::Text(text.into()) };
        assert_eq!(split(b"a\r\n\n \t\nb\nc", &[], 10), [text(1, "a"), text(4, "b"), text(5, "c")]);
        assert_eq!(split(b"", &[], 10), []);
        assert_eq!(split(b"a\n", &[], 10), [text(1, "a")]);
    }

    #[test]
    fn bad_lines_stand_for_themselves() {
        let read = split(b"\xff\nlonger\nok\ntoo long", &[2, 3, 1], 5);
        let contents: Vec<_> = read.iter().map(|line| (line.number, &line.content)).collect();
        let ok = Content::Text("ok".into());
        assert_eq!(contents, [(1, &Content::NotUtf8), (2, &Content::TooLong), (3, &ok), (4, &Content::TooLong)]);
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_lines(
            body in proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'x'), any::<u8>()],
                0..200,
            ),
            cuts in proptest::collection::vec(0_usize..20, 0..40),
            longest in 0_usize..12,
        ) {
            prop_assert_eq!(split(&body, &cuts, longest), split(&body, &[], longest));
            let ones = vec![1; body.len()];
            prop_assert_eq!(split(&body, &ones, longest), split(&body, &[], longest));
        }
    }
}
