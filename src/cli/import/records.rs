//! Cutting a stream of bytes into transcripts, each with the line it begins on. Pure: nothing is parsed beyond brackets
//! and quotes; what is between them the engine judges.
//!
//! One transcript a line, or JSON values of any shape: one object, several after each other, or one array of them. When
//! the name does not say, the first line decides: if it is a whole object, lines are meant.
use memchr::memchr;
use std::io::{self, BufRead, Cursor, Read};

/// One transcript, or why none could be cut out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Its text.
    Record {
        /// The line it begins on, from 1.
        line: u64,
        /// JSON, as far as brackets tell.
        text: String,
    },
    /// It cannot be read.
    Broken {
        /// The line it begins on, from 1.
        line: u64,
        /// The code the server would give.
        code: &'static str,
        /// In words.
        detail: String,
    },
}

/// The transcripts of one input.
pub struct Records {
    input: Box<dyn BufRead>,
    shape: Shape,
    line: u64,
    bytes_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Unknown,
    Lines,
    /// Values after each other.
    Values,
    /// Inside an array.
    Array,
    Ended,
}

/// How a bounded read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Nothing,
    Whole,
    TooLong,
    Torn,
}

impl Records {
    /// Reads `input`; `by_line` when one transcript a line is known to be meant. A transcript has at most `bytes_max`.
    pub fn new(input: Box<dyn BufRead>, by_line: bool, bytes_max: usize) -> Self {
        let shape = if by_line { Shape::Lines } else { Shape::Unknown };
        Self { input, shape, line: 1, bytes_max }
    }

    /// The line reached, for words about a failed read.
    pub fn line(&self) -> u64 {
        self.line
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.input.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Skips blanks; the byte that follows.
    fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        if self.line == 1 {
            self.skip_byte_order_mark()?;
        }
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.input.consume(1);
        }
        Ok(None)
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        if self.peek()? == MARK.first().copied() && self.input.fill_buf()?.starts_with(MARK) {
            self.input.consume(MARK.len());
        }
        Ok(())
    }

    fn next_item(&mut self) -> io::Result<Option<Item>> {
        while self.shape != Shape::Ended {
            let Some(byte) = self.skip_blanks()? else {
                let open = self.shape == Shape::Array;
                self.shape = Shape::Ended;
                return Ok(open.then(|| self.broken(self.line, "json_invalid", "the file ends inside its array")));
            };
            match self.shape {
                Shape::Unknown if byte == b'[' => self.step_to(Shape::Array),
                Shape::Unknown => self.look_at_first_line()?,
                Shape::Lines => return self.next_line().map(Some),
                Shape::Array if byte == b',' => self.step_to(Shape::Array),
                // What follows the array is judged like a file of values; another array is none.
                Shape::Array if byte == b']' => self.step_to(Shape::Values),
                Shape::Array | Shape::Values if byte == b'{' => return self.next_value().map(Some),
                Shape::Array | Shape::Values | Shape::Ended => {
                    self.shape = Shape::Ended;
                    let found = char::from(byte);
                    let words = format!("expected a transcript, found {found:?}; the rest of the file is not read");
                    return Ok(Some(self.broken(self.line, "json_invalid", &words)));
                }
            }
        }
        Ok(None)
    }

    /// Takes the byte seen and goes on in another shape.
    fn step_to(&mut self, shape: Shape) {
        self.input.consume(1);
        self.shape = shape;
    }

    /// Decides between lines and values; what was read for it is read again.
    fn look_at_first_line(&mut self) -> io::Result<()> {
        let mut first = Vec::new();
        let cut = self.read_line(&mut first)?;
        let whole = cut == Cut::Whole && serde_json::from_slice::<serde::de::IgnoredAny>(&first).is_ok();
        self.shape = if whole { Shape::Lines } else { Shape::Values };
        let rest = std::mem::replace(&mut self.input, Box::new(io::empty()));
        self.input = Box::new(Cursor::new(first).chain(rest));
        Ok(())
    }

    /// Reads up to and with the line's end, at most `bytes_max` bytes; the line count is left alone.
    fn read_line(&mut self, into: &mut Vec<u8>) -> io::Result<Cut> {
        while into.len() <= self.bytes_max {
            let room = self.bytes_max + 1 - into.len();
            self.peek()?;
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(if into.is_empty() { Cut::Nothing } else { Cut::Whole });
            }
            let end = memchr(b'\n', buffer).map(|at| at + 1);
            let taken = end.unwrap_or(buffer.len()).min(room);
            let ended = end == Some(taken);
            into.extend(buffer.iter().take(taken));
            self.input.consume(taken);
            if ended {
                return Ok(Cut::Whole);
            }
        }
        Ok(Cut::TooLong)
    }

    fn next_line(&mut self) -> io::Result<Item> {
        let line = self.line;
        let mut bytes = Vec::new();
        if self.read_line(&mut bytes)? == Cut::TooLong {
            self.skip_line()?;
            self.line += 1;
            return Ok(self.too_long(line));
        }
        self.line += 1;
        while bytes.last().is_some_and(u8::is_ascii_whitespace) {
            bytes.pop();
        }
        Ok(self.record(line, bytes))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        while self.peek()?.is_some() {
            let buffer = self.input.fill_buf()?;
            let end = memchr(b'\n', buffer).map(|at| at + 1);
            let taken = end.unwrap_or(buffer.len());
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Reads one object up to its closing bracket.
    fn next_value(&mut self) -> io::Result<Item> {
        let line = self.line;
        let mut bytes = Vec::new();
        match self.read_balanced(&mut bytes)? {
            Cut::Whole => Ok(self.record(line, bytes)),
            Cut::TooLong => Ok(self.too_long(line)),
            Cut::Nothing | Cut::Torn => {
                self.shape = Shape::Ended;
                Ok(self.broken(line, "json_invalid", "the file ends inside the transcript that begins here"))
            }
        }
    }

    fn read_balanced(&mut self, into: &mut Vec<u8>) -> io::Result<Cut> {
        let (mut depth, mut quoted, mut escaped, mut too_long) = (0_usize, false, false, false);
        while self.peek()?.is_some() {
            let buffer = self.input.fill_buf()?;
            let (mut taken, mut closed) = (0, false);
            for &byte in buffer {
                taken += 1;
                self.line += u64::from(byte == b'\n');
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => {
                        depth -= 1;
                        closed = depth == 0;
                    }
                    _ => {}
                }
                if closed {
                    break;
                }
            }
            too_long |= into.len() + taken > self.bytes_max;
            if !too_long {
                into.extend(buffer.iter().take(taken));
            }
            self.input.consume(taken);
            if closed {
                return Ok(if too_long { Cut::TooLong } else { Cut::Whole });
            }
        }
        Ok(Cut::Torn)
    }

    fn record(&self, line: u64, bytes: Vec<u8>) -> Item {
        match String::from_utf8(bytes) {
            Ok(text) => Item::Record { line, text },
            Err(_) => self.broken(line, "json_invalid", "is not UTF-8"),
        }
    }

    fn too_long(&self, line: u64) -> Item {
        let words = format!("is longer than {} bytes", self.bytes_max);
        self.broken(line, "body_too_large", &words)
    }

    fn broken(&self, line: u64, code: &'static str, detail: &str) -> Item {
        Item::Broken { line, code, detail: detail.to_owned() }
    }
}

impl Iterator for Records {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_item().transpose()
    }
}

#[cfg(test)]
mod tests;
