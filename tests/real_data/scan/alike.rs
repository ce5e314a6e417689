//! What one word of a phrase stands for: itself, a pattern with `*` and `?`, an expression, a word nearly so.
use regex::Regex;

pub enum Alike {
    Word(String),
    /// `*` any characters, `?` one.
    Pattern(Vec<char>),
    /// The whole word.
    Expression(Regex),
    /// At most so many edits away.
    Edits(Vec<char>, usize),
}

impl Alike {
    /// `word`, `w*rd?`, `/expression/`, `word~1`: the words are folded already.
    pub fn read(text: &str) -> Self {
        if let Some(expression) = text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) {
            return Self::Expression(Regex::new(&format!("^(?:{expression})$")).unwrap());
        }
        if let Some((word, edits)) = text.split_once('~') {
            return Self::Edits(word.chars().collect(), edits.parse().unwrap());
        }
        if text.contains(['*', '?']) {
            return Self::Pattern(text.chars().collect());
        }
        Self::Word(text.to_owned())
    }

    pub fn is(&self, word: &str) -> bool {
        match self {
            Self::Word(own) => own == word,
            Self::Pattern(pattern) => like(pattern, &word.chars().collect::<Vec<_>>()),
            Self::Expression(expression) => expression.is_match(word),
            Self::Edits(own, most) => {
                // Most words of a vocabulary are far too long or too short.
                word.chars().count().abs_diff(own.len()) <= *most
                    && edits(own, &word.chars().collect::<Vec<_>>()) <= *most
            }
        }
    }
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some(('*', rest)), _) => (0..=text.len()).any(|taken| like(rest, &text[taken..])),
        (Some(_), None) => false,
        (Some((sign, pattern)), Some((letter, text))) => (*sign == '?' || sign == letter) && like(pattern, text),
    }
}

/// How many letters must be put in, left out, replaced or swapped with the next one; none is touched twice.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
                let best = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                if swapped { best.min(table[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    table[from.len()][to.len()]
}

/// The same over a whole value: case and outer blanks do not count.
pub fn whole(test: &str, value: &str) -> bool {
    Alike::read(test).is(&value.trim().to_lowercase())
}
