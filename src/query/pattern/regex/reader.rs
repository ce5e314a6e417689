//! Lucene's syntax of regular expressions, translated to that of the `regex` crate, over folded text.
use super::numbers::{self, DIGITS_MAX};
use crate::base::fold::fold;
use ::regex::escape;

/// How deep `(` may nest.
const DEPTH_MAX: usize = 32;
/// How often something may be repeated by numbers.
const REPEAT_MAX: u32 = 1_000;

/// What is wrong, and at which character.
type Wrong = (usize, String);

/// One expression of an alternative; `&` joins several.
pub struct Part {
    /// Whether it is excluded.
    pub negated: bool,
    /// Translated, not anchored.
    pub expression: String,
    /// What every match begins with, folded; empty when that is not known.
    pub prefix: String,
}

/// Reads an expression: any of these alternatives, of which all parts hold. Never empty.
///
/// # Errors
/// In words, with the character.
pub fn alternatives(source: &str) -> Result<Vec<Vec<Part>>, Wrong> {
    let mut reader = Reader { letters: source.chars().collect(), at: 0, depth: 0 };
    let mut all = vec![reader.alternative()?];
    while reader.take('|') {
        all.push(reader.alternative()?);
    }
    match reader.peek() {
        None => Ok(all),
        Some(_) => reader.wrong("no `(` was opened for this `)`; write `\\)` for the sign itself"),
    }
}

/// Something that can be repeated.
struct Item {
    expression: String,
    /// The folded text it stands for, when it is just that.
    literal: Option<String>,
}

impl Item {
    fn any_of(expression: impl Into<String>) -> Self {
        Self { expression: expression.into(), literal: None }
    }

    fn literal(folded: String) -> Self {
        Self { expression: escape(&folded), literal: Some(folded) }
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn take(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        self.at += usize::from(found);
        found
    }

    fn wrong<T>(&self, why: &str) -> Result<T, Wrong> {
        Err((self.at, why.to_owned()))
    }

    /// `a&~(b)`
    fn alternative(&mut self) -> Result<Vec<Part>, Wrong> {
        let mut parts = vec![self.part()?];
        while self.take('&') {
            parts.push(self.part()?);
        }
        Ok(parts)
    }

    fn part(&mut self) -> Result<Part, Wrong> {
        let (from, mut negated) = (self.at, false);
        while self.take('~') {
            negated = !negated;
        }
        if self.at == from {
            return self.run(true);
        }
        if matches!(self.peek(), None | Some('|' | '&' | ')')) {
            return self.wrong("expected something to exclude after `~`");
        }
        let Item { expression, literal } = self.atom()?;
        match self.peek() {
            None | Some('|' | '&' | ')') => Ok(Part { negated, expression, prefix: literal.unwrap_or_default() }),
            Some(_) => self.wrong("`~` excludes a whole alternative: write `~(…)`, or `\\~` for the sign itself"),
        }
    }

    /// Things one after the other.
    fn run(&mut self, outermost: bool) -> Result<Part, Wrong> {
        let (mut expression, mut prefix, mut open) = (String::new(), String::new(), true);
        let from = self.at;
        loop {
            match self.peek() {
                None | Some('|' | ')') => break,
                Some('&') if outermost => break,
                Some(sign @ ('&' | '~')) => {
                    let why =
                        format!("`{sign}` goes with whole alternatives only; write `\\{sign}` for the sign itself");
                    return Err((self.at, why));
                }
                Some(_) => {}
            }
            let item = self.atom()?;
            let mut repeated = item.expression;
            let (mut once, before) = (true, self.at);
            while let Some((quantifier, least)) = self.quantifier()? {
                once &= least > 0;
                repeated = format!("(?:{repeated}){quantifier}");
            }
            expression.push_str(&repeated);
            match item.literal {
                Some(literal) if open && once => prefix.push_str(&literal),
                _ => open = false,
            }
            open &= self.at == before;
        }
        if self.at == from {
            return self.wrong("expected something to match");
        }
        Ok(Part { negated: false, expression, prefix })
    }

    /// `?`, `*`, `+`, `{2}`, `{2,}`, `{2,4}`, with the least number of times.
    fn quantifier(&mut self) -> Result<Option<(String, u32)>, Wrong> {
        let from = self.at;
        match self.peek() {
            Some(sign @ ('?' | '*' | '+')) => {
                self.at += 1;
                Ok(Some((sign.to_string(), u32::from(sign == '+'))))
            }
            Some('{') => {
                self.at += 1;
                let least = self.times()?;
                let most = match self.take(',') {
                    false => Some(least),
                    true if self.peek() == Some('}') => None,
                    true => Some(self.times()?),
                };
                if !self.take('}') {
                    return self.wrong("expected `}`, as in `{2,4}`");
                }
                if most.is_some_and(|most| most < least) {
                    return Err((from, "the second number is less than the first".to_owned()));
                }
                let most = most.map_or_else(String::new, |most| most.to_string());
                Ok(Some((format!("{{{least},{most}}}"), least)))
            }
            _ => Ok(None),
        }
    }

    fn times(&mut self) -> Result<u32, Wrong> {
        let from = self.at;
        let digits = self.digits();
        if digits.is_empty() {
            return self.wrong("expected a number of times, as in `{2,4}`; write `\\{` for the sign itself");
        }
        let times = digits.parse().ok().filter(|times| *times <= REPEAT_MAX);
        times.ok_or_else(|| (from, format!("at most {REPEAT_MAX} times")))
    }

    fn digits(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|letter| letter.is_ascii_digit()) {
            self.at += 1;
        }
        self.letters.get(from..self.at).unwrap_or_default().iter().collect()
    }

    fn atom(&mut self) -> Result<Item, Wrong> {
        let from = self.at;
        match self.next() {
            None => self.wrong("expected something to match"),
            Some('.') => Ok(Item::any_of(".")),
            Some('@') => Ok(Item::any_of("(?:.*)")),
            Some('#') => Ok(Item::any_of("[^\\s\\S]")),
            Some('"') => self.quoted(from),
            Some('(') => self.group(from),
            Some('[') => self.class(from),
            Some('<') => self.interval(from),
            Some(sign @ ('?' | '*' | '+' | '{')) => {
                Err((from, format!("there is nothing to repeat before `{sign}`; write `\\{sign}` for the sign itself")))
            }
            Some('\\') => Ok(Item::literal(fold(&self.escaped(from)?.to_string()))),
            Some(letter) => Ok(Item::literal(fold(&letter.to_string()))),
        }
    }

    fn escaped(&mut self, from: usize) -> Result<char, Wrong> {
        match self.next() {
            None => Err((from, "nothing follows the `\\`".to_owned())),
            Some(letter) if letter.is_ascii_alphanumeric() => {
                let why = match letter {
                    'd' => "; write `[0-9]` for a digit",
                    'w' => "; write `[a-z0-9]` or so for letters",
                    _ => "",
                };
                Err((from, format!("`\\{letter}` has no meaning here{why}")))
            }
            Some(letter) => Ok(letter),
        }
    }

    fn quoted(&mut self, from: usize) -> Result<Item, Wrong> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(Item::literal(fold(&text))),
                Some(letter) => text.push(letter),
                None => {
                    return Err((from, "the quotes opened here are not closed; write `\\\"` for the sign".to_owned()));
                }
            }
        }
    }

    fn group(&mut self, from: usize) -> Result<Item, Wrong> {
        if self.take(')') {
            return Ok(Item::any_of("(?:)"));
        }
        if self.depth == DEPTH_MAX {
            return Err((from, format!("the expression nests deeper than {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let mut alternatives = vec![self.run(false)?.expression];
        while self.take('|') {
            alternatives.push(self.run(false)?.expression);
        }
        self.depth -= 1;
        if !self.take(')') {
            return Err((self.at, format!("expected `)` for the `(` at character {from}")));
        }
        Ok(Item::any_of(format!("(?:{})", alternatives.join("|"))))
    }

    /// `[a-z_]`, `[^0-9]`. Members are compared without regard to case; one that folds to several letters (`ß`) is an
    /// alternative beside the class.
    fn class(&mut self, from: usize) -> Result<Item, Wrong> {
        let negated = self.take('^');
        let (mut members, mut longer) = (String::new(), Vec::new());
        let first = self.at;
        loop {
            match self.peek() {
                None => return Err((from, "the `[` opened here is not closed; write `\\[` for the sign".to_owned())),
                Some(']') if self.at > first => break,
                Some(_) => {}
            }
            let at = self.at;
            let low = self.member()?;
            let ranged = self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|next| *next != ']');
            if ranged {
                self.at += 1;
                let high = self.member()?;
                if low > high {
                    return Err((at, format!("the range from `{low}` to `{high}` is empty")));
                }
                members.push_str(&format!("{}-{}", escape(&low.to_string()), escape(&high.to_string())));
                continue;
            }
            let folded = fold(&low.to_string());
            if folded.chars().count() == 1 {
                members.push_str(&escape(&folded));
            } else {
                longer.push(escape(&folded));
            }
        }
        self.at += 1;
        let class = match (negated, members.is_empty()) {
            (false, true) => None,
            (false, false) => Some(format!("(?i:[{members}])")),
            // What folds to several letters is never one letter of a folded word.
            (true, true) => Some(".".to_owned()),
            (true, false) => Some(format!("(?i:[^{members}])")),
        };
        let longer = if negated { Vec::new() } else { longer };
        let alternatives: Vec<String> = class.into_iter().chain(longer).collect();
        Ok(Item::any_of(format!("(?:{})", alternatives.join("|"))))
    }

    fn member(&mut self) -> Result<char, Wrong> {
        let from = self.at;
        match self.next() {
            Some('\\') => self.escaped(from),
            Some(letter) => Ok(letter),
            None => self.wrong("expected a character"),
        }
    }

    /// `<1-12>`
    fn interval(&mut self, from: usize) -> Result<Item, Wrong> {
        let low = self.digits();
        let dash = self.take('-');
        let high = self.digits();
        if low.is_empty() || !dash || high.is_empty() || !self.take('>') {
            return self.wrong("expected numbers, as in `<1-12>`; write `\\<` for the sign itself");
        }
        if low.len().max(high.len()) > DIGITS_MAX {
            return Err((from, format!("numbers have at most {DIGITS_MAX} digits")));
        }
        Ok(Item::any_of(numbers::between(&low, &high)))
    }
}
