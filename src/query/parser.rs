//! The language of `q`: words, phrases, `AND OR NOT - ( )`, `name:value`, patterns and ranges (contract section 6).
//! What signs within words mean, [`super::phrase`] and [`super::resolve::condition`] decide.
//!
//! `NOT` and `-` bind tightest, then `AND` (also unwritten, between two clauses), then `OR`. A bare word that falls
//! into several words (`e-mail`, a run of Chinese) is a phrase. In `name:( … )` every part is a value of `name`;
//! there `-` excludes, so a negative number is quoted.
use super::ast::{End, FieldTest, Named, Query, Written};
use super::lexer::{Fault, Keyword, Scanner};
use super::resolved::Speaker;
use crate::domain::identity::FieldName;
use crate::domain::limits::Limits;
use crate::domain::refusal::{Code, Refusal};

/// How deep `(`, `NOT` and `-` may nest: everything that walks a query recurses at most so deep.
pub const DEPTH_MAX: usize = 64;

/// Reads a query. Nothing but blanks is everything.
///
/// # Errors
/// `query_invalid` with the character where it goes wrong; `query_too_large`.
pub fn parse(text: &str, limits: &Limits) -> Result<Query, Refusal> {
    if text.len() > limits.query_bytes {
        let detail = format!("the query has {} bytes; at most {} are allowed", text.len(), limits.query_bytes);
        return Err(Refusal::at(Code::QueryTooLarge, "q", detail));
    }
    read(text, limits.query_clauses).map_err(Fault::refusal)
}

fn read(text: &str, clauses_max: usize) -> Result<Query, Fault> {
    let mut parser = Parser { scan: Scanner::new(text), clauses: 0, clauses_max, depth: 0 };
    parser.scan.skip_blanks();
    if parser.scan.peek().is_none() {
        return Ok(Query::All);
    }
    let query = parser.any(None)?;
    match parser.scan.peek() {
        None => Ok(query),
        Some(_) => Err(Fault::new(parser.scan.at(), "no `(` was opened for this `)`")),
    }
}

/// The name that the values of a group belong to.
#[derive(Clone)]
struct Name {
    name: FieldName,
    at: usize,
}

struct Parser {
    scan: Scanner,
    clauses: usize,
    clauses_max: usize,
    depth: usize,
}

impl Parser {
    /// `a OR b …`
    fn any(&mut self, name: Option<&Name>) -> Result<Query, Fault> {
        let mut parts = vec![self.all(name)?];
        while self.scan.keyword() == Some(Keyword::Or) {
            self.take_keyword(Keyword::Or);
            parts.push(self.all(name)?);
        }
        Ok(Query::joined(parts, Query::Or))
    }

    /// `a AND b …`, `a b …`
    fn all(&mut self, name: Option<&Name>) -> Result<Query, Fault> {
        let mut parts = vec![self.operand(name)?];
        loop {
            self.scan.skip_blanks();
            match (self.scan.peek(), self.scan.keyword()) {
                (None | Some(')'), _) | (_, Some(Keyword::Or)) => return Ok(Query::joined(parts, Query::And)),
                (_, Some(Keyword::And)) => {
                    self.take_keyword(Keyword::And);
                    parts.push(self.operand(name)?);
                }
                _ => parts.push(self.operand(name)?),
            }
        }
    }

    /// One thing to find, or not to find.
    fn operand(&mut self, name: Option<&Name>) -> Result<Query, Fault> {
        self.scan.skip_blanks();
        let at = self.scan.at();
        match (self.scan.peek(), self.scan.keyword()) {
            (None | Some(')'), _) => Err(Fault::new(at, "expected something to find")),
            (_, Some(Keyword::Not)) => {
                self.take_keyword(Keyword::Not);
                self.deeper(at, |parser| parser.operand(name)).map(negated)
            }
            (_, Some(keyword)) => Err(Fault::new(
                at,
                format!("expected something to find before {}; quote the word itself", keyword.text()),
            )),
            (Some('-'), _) => {
                self.scan.take('-');
                if self.scan.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Err(Fault::new(self.scan.at(), "expected something to exclude right after `-`"));
                }
                self.deeper(at, |parser| parser.operand(name)).map(negated)
            }
            (Some('('), _) => self.group(name),
            _ => match name {
                Some(name) => self.value(name),
                None => self.clause(),
            },
        }
    }

    fn group(&mut self, name: Option<&Name>) -> Result<Query, Fault> {
        let at = self.scan.at();
        self.scan.take('(');
        let inner = self.deeper(at, |parser| parser.any(name))?;
        if !self.scan.take(')') {
            return Err(Fault::new(self.scan.at(), format!("expected `)` for the `(` at character {at}")));
        }
        Ok(inner)
    }

    /// A word, a phrase, an expression, or `name:…`.
    fn clause(&mut self) -> Result<Query, Fault> {
        let at = self.scan.at();
        if self.scan.peek() == Some('"') {
            let mut text = self.scan.quoted()?;
            if self.scan.take(':') {
                return self.named(&text.value(), at);
            }
            text.signs = self.scan.signs()?;
            return self.said(text);
        }
        if self.scan.peek() == Some('/') {
            let expression = self.expression("write `\\/` for a slash within it")?;
            return self.said(expression);
        }
        let bare = self.scan.bare(|c| matches!(c, '(' | ')' | '"' | ':'))?;
        if self.scan.take(':') {
            return self.named(&bare.value(), at);
        }
        if bare.ends_with('.') && self.scan.peek() == Some('"') {
            let back = self.scan.at();
            let rest = self.scan.quoted()?;
            if self.scan.take(':') {
                return self.named(&(bare.value() + &rest.value()), at);
            }
            self.scan.go(back);
        }
        if bare.is("*") {
            self.count(at)?;
            return Ok(Query::All);
        }
        self.said(bare.written())
    }

    fn said(&mut self, text: Written) -> Result<Query, Fault> {
        self.count(text.at)?;
        Ok(Query::Said(Speaker::Anyone, text))
    }

    /// What follows `name:`.
    fn named(&mut self, name: &str, at: usize) -> Result<Query, Fault> {
        if name.is_empty() {
            return Err(Fault::new(at, "expected a name before `:`"));
        }
        let name = Name { name: FieldName::lenient(name), at };
        if self.scan.peek() == Some('(') {
            return self.group(Some(&name));
        }
        self.value(&name)
    }

    fn value(&mut self, name: &Name) -> Result<Query, Fault> {
        let test_at = self.scan.at();
        self.count(test_at)?;
        let test = match self.scan.peek() {
            Some('[' | '{') => self.range()?,
            Some('<' | '>') => self.comparison(name)?,
            Some('"') => {
                let mut text = self.scan.quoted()?;
                text.signs = self.scan.signs()?;
                FieldTest::Equals(text)
            }
            Some('/') => FieldTest::Equals(self.expression("a value that begins with `/` is quoted")?),
            _ => self.bare_value(name)?,
        };
        Ok(Query::Named(Named { name: name.name.clone(), at: name.at, test_at, test }))
    }

    /// `/…/` with what follows it: nothing but its signs, so that no slash within it goes unseen. The error `advises`.
    fn expression(&mut self, advises: &str) -> Result<Written, Fault> {
        let mut expression = self.scan.regex()?;
        expression.signs = self.scan.signs()?;
        match self.scan.peek() {
            Some(next) if !next.is_whitespace() && next != ')' => {
                let detail = format!("expected a blank after the regular expression; {advises}");
                Err(Fault::new(self.scan.at(), detail))
            }
            _ => Ok(expression),
        }
    }

    fn bare_value(&mut self, name: &Name) -> Result<FieldTest, Fault> {
        let bare = self.scan.bare(|c| matches!(c, '(' | ')' | '"'))?;
        if bare.is_empty() {
            return Err(self.no_value(name));
        }
        if matches!(self.scan.peek(), Some('(' | '"')) {
            return Err(Fault::new(self.scan.at(), "a value that holds `(` or `\"` is quoted as a whole"));
        }
        Ok(if bare.is("*") { FieldTest::Exists } else { FieldTest::Equals(bare.written()) })
    }

    /// `>60`, `>=60`, `<60`, `<=60`
    fn comparison(&mut self, name: &Name) -> Result<FieldTest, Fault> {
        let above = self.scan.take('>') || !self.scan.take('<');
        let inclusive = self.scan.take('=');
        let value = if self.scan.peek() == Some('"') {
            self.scan.quoted()?.value()
        } else {
            let bare = self.scan.bare(|c| matches!(c, '(' | ')' | '"'))?;
            if bare.is_empty() {
                return Err(self.no_value(name));
            }
            bare.value()
        };
        let end = Some(End { value, inclusive });
        Ok(if above { FieldTest::Range { low: end, high: None } } else { FieldTest::Range { low: None, high: end } })
    }

    /// `[a TO b}`
    fn range(&mut self) -> Result<FieldTest, Fault> {
        let opened = self.scan.at();
        let low_inclusive = self.scan.take('[') || !self.scan.take('{');
        let low = self.end(opened)?;
        self.scan.skip_blanks();
        let at = self.scan.at();
        if !self.scan.bare(|c| matches!(c, ']' | '}'))?.is("TO") {
            return Err(Fault::new(at, "expected TO, as in `[30 TO 90]`"));
        }
        let high = self.end(opened)?;
        self.scan.skip_blanks();
        let high_inclusive = self.scan.take(']');
        if !high_inclusive && !self.scan.take('}') {
            return Err(Fault::new(
                self.scan.at(),
                format!("expected `]` or `}}` for the range at character {opened}"),
            ));
        }
        Ok(FieldTest::Range {
            low: low.map(|value| End { value, inclusive: low_inclusive }),
            high: high.map(|value| End { value, inclusive: high_inclusive }),
        })
    }

    fn end(&mut self, opened: usize) -> Result<Option<String>, Fault> {
        self.scan.skip_blanks();
        if self.scan.peek() == Some('"') {
            return Ok(Some(self.scan.quoted()?.value()));
        }
        let bare = self.scan.bare(|c| matches!(c, ']' | '}'))?;
        if bare.is_empty() {
            let detail = format!("expected an end of the range at character {opened}; `*` is an open end");
            return Err(Fault::new(self.scan.at(), detail));
        }
        Ok(if bare.is("*") { None } else { Some(bare.value()) })
    }

    fn no_value(&self, name: &Name) -> Fault {
        Fault::new(self.scan.at(), format!("expected a value after {:?}", self.scan.since(name.at)))
    }

    fn take_keyword(&mut self, keyword: Keyword) {
        self.scan.go(self.scan.at() + keyword.text().len());
    }

    fn count(&mut self, at: usize) -> Result<(), Fault> {
        self.clauses += 1;
        if self.clauses > self.clauses_max {
            let detail = format!("the query has more than {} clauses", self.clauses_max);
            return Err(Fault { at, code: Code::QueryTooLarge, detail });
        }
        Ok(())
    }

    fn deeper<T>(&mut self, at: usize, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == DEPTH_MAX {
            let detail = format!("the query nests deeper than {DEPTH_MAX} levels");
            return Err(Fault { at, code: Code::QueryTooLarge, detail });
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

fn negated(inner: Query) -> Query {
    Query::Not(Box::new(inner))
}

#[cfg(test)]
mod tests;
