//! The library's view of [`crate::domain::words`]: the same words, numbered from 0.
use crate::domain::words;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name under which the tokenizer is registered at each open (registrations are not kept in the index).
pub const NAME: &str = "words";

/// Splits text as the domain does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words;

/// The words of one text.
#[derive(Debug, Default)]
pub struct WordStream {
    tokens: std::vec::IntoIter<words::Token>,
    position: usize,
    now: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { tokens: words::tokens(text).into_iter(), position: 0, now: Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.next() else { return false };
        self.now = Token {
            offset_from: token.from,
            offset_to: token.to,
            position: self.position,
            text: token.text,
            position_length: 1,
        };
        self.position += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.now
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.now
    }
}
