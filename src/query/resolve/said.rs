//! Conditions on what is said, bound to whoever says it.
use super::world::Origin;
use crate::domain::refusal::Refusal;
use crate::query::ast::{FieldTest, Named, Written};
use crate::query::glob::Glob;
use crate::query::lexer::Fault;
use crate::query::pattern::Pattern;
use crate::query::phrase;
use crate::query::resolved::{Arrangement, Node, Phrase, Said, Speaker, Word};

/// `"cancel plan"~4`
///
/// # Errors
/// As [`phrase::read`].
pub fn node(by: Speaker, text: &Written, origin: Origin<'_>) -> Result<Node, Refusal> {
    match phrase::read(text) {
        Ok((phrase, when)) => Ok(Node::Said(Said { by, phrase, when })),
        Err(fault) => Err(refused(fault, origin)),
    }
}

/// `agent:"cancel plan"~4`, `agent:*`
///
/// # Errors
/// As [`node`]; for ranges.
pub fn of_speaker(by: Speaker, named: &Named, origin: Origin<'_>) -> Result<Node, Refusal> {
    match &named.test {
        FieldTest::Equals(text) => node(by, text, origin),
        FieldTest::Exists => Ok(Node::Said(Said { by, phrase: any_word(), when: Vec::new() })),
        FieldTest::Range { .. } => {
            let detail =
                format!("\"{}:\" takes a word, a phrase or an expression; ranges do not go with speakers", named.name);
            Err(origin.refusal(origin.invalid(), named.test_at, detail))
        }
    }
}

/// Any one word.
fn any_word() -> Phrase {
    let any = Word::Like(Pattern::Glob(Glob::new([('*', false)])));
    Phrase { words: vec![any], how: Arrangement::Adjacent, first: false, last: false }
}

fn refused(fault: Fault, origin: Origin<'_>) -> Refusal {
    match origin {
        Origin::Query => fault.refusal(),
        Origin::Parameter(name) => fault.refusal_in(name),
    }
}
