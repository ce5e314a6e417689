//! Words: Unicode word boundaries (UAX 29), case folded, no stemming; Chinese, Japanese and Korean by the character,
//! so that any run of characters is found as a phrase (contract section 6).

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded.
    pub text: String,
    /// Byte where it begins in the text.
    pub from: usize,
    /// Byte after its end.
    pub to: usize,
}

/// Longest word kept, bytes folded; what is longer is cut (tantivy's bound is 65,526 within JSON fields).
pub const TOKEN_BYTES_MAX: usize = 1_024;

/// Calls `each` with every word of `text` in order. Positions are counted by the caller.
pub fn each_token(text: &str, each: impl FnMut(Token)) {
    let _ = (text, each);
    todo!()
}

/// All words of `text`.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    each_token(text, |token| all.push(token));
    all
}
