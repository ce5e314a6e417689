//! The signs beside words: `^ $`, distances, edits, times.
use crate::query::ast::Letter;
use crate::query::lexer::Fault;
use crate::query::pattern::fuzzy::EDITS_MAX;
use crate::query::resolved::{Arrangement, Edge, When};

/// The greatest distance.
pub const DISTANCE_MAX: u32 = 10_000;
/// The latest time, seconds.
pub const SECONDS_MAX: f64 = 1e9;

/// What `~4` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// A distance between words: behind or inside quotes.
    Distance,
    /// Edits of a word: behind a bare one.
    Edits,
    /// Nothing: behind an expression.
    None,
}

/// What signs say, each with the character where it stands.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// `^`
    pub first: Option<usize>,
    /// `$`
    pub last: Option<usize>,
    /// `~4`, `~t`
    pub how: Option<(usize, Arrangement)>,
    /// `~`, `~1`
    pub edits: Option<(usize, u8)>,
    /// `~s<30` …
    pub when: Vec<(usize, When)>,
}

impl Signs {
    /// Takes `^` off the front and `$` off the back.
    pub fn anchors<'l>(&mut self, letters: &'l [Letter]) -> &'l [Letter] {
        let mut letters = trimmed(letters);
        if let Some((first, rest)) = letters.split_first().filter(|(first, _)| first.is_sign('^')) {
            self.first = Some(first.at);
            letters = rest;
        }
        if let Some((last, rest)) = letters.split_last().filter(|(last, _)| last.is_sign('$')) {
            self.last = Some(last.at);
            letters = rest;
        }
        letters
    }

    /// Of those that speak of turns the one that stands first, and its sign.
    pub fn earliest(&self) -> Option<(usize, char)> {
        let first = self.first.map(|at| (at, '^'));
        let last = self.last.map(|at| (at, '$'));
        let how = self.how.map(|(at, _)| (at, '~'));
        let when = self.when.first().map(|(at, _)| (*at, '~'));
        [first, last, how, when].into_iter().flatten().min()
    }

    /// Reads signs, one after the other, with or without blanks.
    ///
    /// # Errors
    /// At the character that is none.
    pub fn read(&mut self, letters: &[Letter], nearness: Nearness) -> Result<(), Fault> {
        let mut tail = Tail { letters: trimmed(letters), at: 0 };
        while let Some(sign) = tail.next() {
            match sign {
                letter if letter.is_sign('$') => self.last = Some(letter.at),
                letter if letter.is_sign('~') => self.after_tilde(letter.at, &mut tail, nearness)?,
                letter if letter.is.is_whitespace() => {}
                letter => {
                    let detail = "expected the end or another sign: signs such as `~4` stand last; write `\\~` for the \
                                  sign itself";
                    return Err(Fault::new(letter.at, detail));
                }
            }
        }
        Ok(())
    }

    fn after_tilde(&mut self, at: usize, tail: &mut Tail<'_>, nearness: Nearness) -> Result<(), Fault> {
        if nearness == Nearness::Edits && tail.peek().is_none_or(|next| next.is_sign('~') || next.is_sign('$')) {
            return self.set_edits(at, EDITS_MAX);
        }
        tail.skip_blanks();
        match tail.peek() {
            Some(next) if next.is_sign('t') => {
                tail.next();
                self.set_how(at, Arrangement::SameTurn, nearness)
            }
            Some(next) if next.is_sign('s') || next.is_sign('e') => {
                tail.next();
                self.when.push((at, tail.when(if next.is == 's' { Edge::Start } else { Edge::End })?));
                Ok(())
            }
            Some(next) if !next.literal && next.is.is_ascii_digit() => {
                let number: u32 = tail.digits().parse().unwrap_or(u32::MAX);
                match nearness {
                    Nearness::Edits => match u8::try_from(number).ok().filter(|edits| *edits <= EDITS_MAX) {
                        Some(edits) => self.set_edits(at, edits),
                        None => Err(Fault::new(
                            next.at,
                            format!(
                                "words may differ by at most {EDITS_MAX} letters; for a distance quote the words, as in \
                                 `\"close account\"~4`"
                            ),
                        )),
                    },
                    _ if number > DISTANCE_MAX => {
                        Err(Fault::new(next.at, format!("distances go up to {DISTANCE_MAX}")))
                    }
                    _ => self.set_how(at, Arrangement::Within(number), nearness),
                }
            }
            _ => Err(Fault::new(
                tail.place(at + 1),
                "expected after `~` a number, `t`, or a time such as `s<30` or `e>30`; write `\\~` for the sign itself",
            )),
        }
    }

    fn set_how(&mut self, at: usize, how: Arrangement, nearness: Nearness) -> Result<(), Fault> {
        if nearness == Nearness::None {
            return Err(Fault::new(at, "an expression is one word: only times such as `~s<30` go with it"));
        }
        match self.how.replace((at, how)) {
            None => Ok(()),
            Some(_) => Err(Fault::new(at, "a phrase has only one `~t` or distance")),
        }
    }

    fn set_edits(&mut self, at: usize, edits: u8) -> Result<(), Fault> {
        match self.edits.replace((at, edits)) {
            None => Ok(()),
            Some(_) => Err(Fault::new(at, "a word has only one `~` for similar words")),
        }
    }
}

fn trimmed(letters: &[Letter]) -> &[Letter] {
    let blank = |letter: &Letter| letter.is.is_whitespace();
    let from = letters.iter().position(|letter| !blank(letter)).unwrap_or(letters.len());
    let to = letters.iter().rposition(|letter| !blank(letter)).map_or(from, |last| last + 1);
    letters.get(from..to).unwrap_or_default()
}

struct Tail<'l> {
    letters: &'l [Letter],
    at: usize,
}

impl<'l> Tail<'l> {
    fn peek(&self) -> Option<&'l Letter> {
        self.letters.get(self.at)
    }

    fn next(&mut self) -> Option<&'l Letter> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|letter| letter.is.is_whitespace()) {
            self.at += 1;
        }
    }

    /// Where the next character stands; at the end, behind the last.
    fn place(&self, empty: usize) -> usize {
        match (self.peek(), self.letters.last()) {
            (Some(next), _) => next.at,
            (None, Some(last)) => last.after(),
            (None, None) => empty,
        }
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(letter) = self.peek().filter(|letter| !letter.literal && letter.is.is_ascii_digit()) {
            digits.push(letter.is);
            self.at += 1;
        }
        digits
    }

    /// `<30`, `>2.5`
    fn when(&mut self, from: Edge) -> Result<When, Fault> {
        self.skip_blanks();
        let within = match self.peek() {
            Some(next) if next.is_sign('<') => true,
            Some(next) if next.is_sign('>') => false,
            _ => return Err(Fault::new(self.place(0), "expected `<` or `>` and seconds, as in `~s<30`")),
        };
        self.at += 1;
        self.skip_blanks();
        let at = self.place(0);
        let mut number = self.digits();
        if number.is_empty() {
            return Err(Fault::new(at, "expected seconds, as in `~s<30` or `~e<2.5`"));
        }
        if self.peek().is_some_and(|letter| letter.is_sign('.')) {
            self.at += 1;
            let decimals = self.digits();
            if decimals.is_empty() {
                return Err(Fault::new(self.place(at), "expected a digit after the `.`"));
            }
            number = format!("{number}.{decimals}");
        }
        let seconds = number.parse::<f64>().ok().filter(|seconds| *seconds <= SECONDS_MAX);
        let too_late = || Fault::new(at, format!("times go up to {SECONDS_MAX} seconds"));
        Ok(When { from, within, seconds: seconds.ok_or_else(too_late)? })
    }
}
