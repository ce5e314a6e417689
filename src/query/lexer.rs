//! Reads a query character by character: quoted text, bare runs, keywords. What a run means, the parser decides.
use super::ast::{Letter, Written};
use crate::domain::refusal::{Code, Refusal};

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Character, from 0; at most the length of the query.
    pub at: usize,
    /// What kind of wrong.
    pub code: Code,
    /// In words, without the place.
    pub detail: String,
}

impl Fault {
    /// A query that is not understood.
    pub fn new(at: usize, detail: impl Into<String>) -> Self {
        Self { at, code: Code::QueryInvalid, detail: detail.into() }
    }

    /// As it is answered, of `q`.
    pub fn refusal(self) -> Refusal {
        Refusal::at(self.code, "q", format!("at character {}: {}", self.at, self.detail))
    }

    /// As it is answered, of another parameter.
    pub fn refusal_in(self, parameter: &str) -> Refusal {
        let code = if self.code == Code::QueryInvalid { Code::ParameterInvalid } else { self.code };
        let detail = format!("the parameter {parameter:?}: at character {}: {}", self.at, self.detail);
        Refusal::at(code, parameter, detail)
    }
}

/// The two-way and one-way words of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `NOT`
    Not,
}

impl Keyword {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Keyword::And => "AND",
            Keyword::Or => "OR",
            Keyword::Not => "NOT",
        }
    }
}

/// A run of characters without quotes.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Where it begins.
    pub at: usize,
    letters: Vec<Letter>,
}

impl Bare {
    /// Whether nothing stood there.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Whether it is this text, nothing of it escaped.
    pub fn is(&self, text: &str) -> bool {
        self.letters.iter().all(|letter| !letter.literal) && self.letters.iter().map(|l| l.is).eq(text.chars())
    }

    /// Whether it ends with this character, not escaped.
    pub fn ends_with(&self, letter: char) -> bool {
        self.letters.last().is_some_and(|last| last.is_sign(letter))
    }

    /// The characters without escapes.
    pub fn value(&self) -> String {
        self.letters.iter().map(|letter| letter.is).collect()
    }

    /// As words or a value.
    pub fn written(self) -> Written {
        Written { at: self.at, letters: self.letters, ..Written::default() }
    }
}

/// A place in a query.
#[derive(Clone, Debug)]
pub struct Scanner {
    letters: Vec<char>,
    at: usize,
}

impl Scanner {
    /// At the beginning of `text`.
    pub fn new(text: &str) -> Self {
        Self { letters: text.chars().collect(), at: 0 }
    }

    /// Where it stands.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes (back) to a place.
    pub fn go(&mut self, at: usize) {
        self.at = at.min(self.letters.len());
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    /// Takes the next character if it is this one.
    pub fn take(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        self.at += usize::from(found);
        found
    }

    /// Passes over blanks.
    pub fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// The query from `from` to here, as written.
    pub fn since(&self, from: usize) -> String {
        self.letters.get(from..self.at).unwrap_or_default().iter().collect()
    }

    /// The keyword that stands here, if one does; it is not taken.
    pub fn keyword(&self) -> Option<Keyword> {
        [Keyword::And, Keyword::Or, Keyword::Not].into_iter().find(|keyword| {
            let end = self.at + keyword.text().len();
            let ends = self.letters.get(end).is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
            ends && self.letters.get(self.at..end).is_some_and(|own| own.iter().copied().eq(keyword.text().chars()))
        })
    }

    /// Takes the quoted text that begins here.
    ///
    /// # Errors
    /// When the quotes are not closed.
    pub fn quoted(&mut self) -> Result<Written, Fault> {
        let at = self.at;
        self.at += 1;
        let mut letters = Vec::new();
        while let Some(is) = self.peek() {
            let here = self.at;
            self.at += 1;
            match is {
                '"' => return Ok(Written { at, letters, quoted: true, ..Written::default() }),
                '\\' => match self.peek() {
                    Some(is) => {
                        letters.push(Letter { is, literal: true, at: here });
                        self.at += 1;
                    }
                    None => return Err(Fault::new(here, "nothing follows the `\\`")),
                },
                _ => letters.push(Letter { is, literal: false, at: here }),
            }
        }
        Err(Fault::new(at, "the quotes opened here are not closed"))
    }

    /// Takes the expression between slashes that begins here, escapes and all.
    ///
    /// # Errors
    /// When there is no second slash.
    pub fn regex(&mut self) -> Result<Written, Fault> {
        let at = self.at;
        self.at += 1;
        let mut letters = Vec::new();
        while let Some(is) = self.peek() {
            if is == '/' {
                self.at += 1;
                return Ok(Written { at, letters, regex: true, ..Written::default() });
            }
            // Whatever follows a `\` does not end it.
            let taken = if is == '\\' { 2 } else { 1 };
            for _ in 0..taken {
                if let Some(is) = self.peek() {
                    letters.push(Letter { is, literal: false, at: self.at });
                    self.at += 1;
                }
            }
        }
        Err(Fault::new(at, "the regular expression opened here is not closed; write `\\/` for the sign itself"))
    }

    /// Takes the signs that follow a closing quote or slash without a blank.
    ///
    /// # Errors
    /// As [`Self::bare`].
    pub fn signs(&mut self) -> Result<Vec<Letter>, Fault> {
        match self.peek() {
            Some('~') => Ok(self.bare(|c| matches!(c, '(' | ')' | '"'))?.letters),
            _ => Ok(Vec::new()),
        }
    }

    /// Takes characters up to a blank or one that `stops`.
    ///
    /// # Errors
    /// When it ends in `\`.
    pub fn bare(&mut self, stops: impl Fn(char) -> bool) -> Result<Bare, Fault> {
        let at = self.at;
        let mut letters = Vec::new();
        while let Some(letter) = self.peek() {
            if letter == '\\' {
                let Some(escaped) = self.letters.get(self.at + 1) else {
                    return Err(Fault::new(self.at, "nothing follows the `\\`"));
                };
                letters.push(Letter { is: *escaped, literal: true, at: self.at });
                self.at += 2;
                continue;
            }
            if letter.is_whitespace() || stops(letter) {
                break;
            }
            letters.push(Letter { is: letter, literal: false, at: self.at });
            self.at += 1;
        }
        Ok(Bare { at, letters })
    }
}
