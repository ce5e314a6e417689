//! Automata to walk a term dictionary with: they say which beginnings of words cannot lead to a match. Bounded in size.
use crate::query::pattern::fuzzy::{EDITS_MAX, Fuzzy};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA as Lazy};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};
use std::cell::RefCell;
use std::sync::OnceLock;
use tantivy_fst::Automaton;

/// Longer words are compared one by one: the automaton takes some 70 KB a letter.
const LETTERS_MAX: usize = 32;
/// Bytes an expression may take compiled.
const COMPILED_MAX: usize = 1 << 20;
/// Bytes of states an expression may reach; beyond, nothing is skipped any more.
const STATES_MAX: usize = 4 << 20;

/// An automaton over the words behind the same bytes.
pub struct Under<'a, A> {
    /// Those bytes.
    pub head: &'a [u8],
    /// The automaton.
    pub inner: &'a A,
}

/// Where a walk stands.
#[derive(Clone)]
pub enum At<S> {
    /// So many bytes of the head are read.
    Head(usize),
    /// Within the word.
    Word(S),
    /// Nothing can match.
    Nowhere,
}

/// What steps through the bytes of words.
pub trait Steps {
    /// Where it stands.
    type State: Clone;
    /// Before the first byte.
    fn begin(&self) -> Self::State;
    /// After one more; `None` when nothing can match any more.
    fn step(&self, state: &Self::State, byte: u8) -> Option<Self::State>;
    /// Whether the word may end here.
    fn ends(&self, state: &Self::State) -> bool;
}

impl<A: Steps> Automaton for Under<'_, A> {
    type State = At<A::State>;

    fn start(&self) -> Self::State {
        if self.head.is_empty() { At::Word(self.inner.begin()) } else { At::Head(0) }
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, At::Word(state) if self.inner.ends(state))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        !matches!(state, At::Nowhere)
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            At::Head(read) if self.head.get(*read) != Some(&byte) => At::Nowhere,
            At::Head(read) if read + 1 == self.head.len() => At::Word(self.inner.begin()),
            At::Head(read) => At::Head(read + 1),
            At::Word(state) => self.inner.step(state, byte).map_or(At::Nowhere, At::Word),
            At::Nowhere => At::Nowhere,
        }
    }
}

/// Words near a word.
pub struct Near(DFA);

impl Near {
    /// `None` for words too long for it.
    pub fn new(fuzzy: &Fuzzy) -> Option<Self> {
        static BUILDERS: [OnceLock<LevenshteinAutomatonBuilder>; EDITS_MAX as usize + 1] =
            [const { OnceLock::new() }; EDITS_MAX as usize + 1];
        let builder = BUILDERS.get(usize::from(fuzzy.edits()))?;
        if fuzzy.word().chars().nth(LETTERS_MAX).is_some() {
            return None;
        }
        let builder = builder.get_or_init(|| LevenshteinAutomatonBuilder::new(fuzzy.edits(), true));
        Some(Self(builder.build_dfa(fuzzy.word())))
    }
}

impl Steps for Near {
    type State = u32;

    fn begin(&self) -> u32 {
        self.0.initial_state()
    }

    fn step(&self, state: &u32, byte: u8) -> Option<u32> {
        Some(self.0.transition(*state, byte)).filter(|next| *next != SINK_STATE)
    }

    fn ends(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }
}

/// Words an expression matches. Its states are made when they are reached.
pub struct Stepped {
    dfa: Lazy,
    cache: RefCell<Cache>,
    begin: LazyStateID,
}

impl Stepped {
    /// `None` when the expression grows too large.
    pub fn new(expression: &str) -> Option<Self> {
        let config = Lazy::config()
            .match_kind(MatchKind::All)
            .cache_capacity(STATES_MAX)
            // States are kept by number, so they may not be thrown away: full means full.
            .minimum_cache_clear_count(Some(0));
        let dfa = Lazy::builder()
            .configure(config)
            .syntax(syntax::Config::new().dot_matches_new_line(true))
            .thompson(thompson::Config::new().nfa_size_limit(Some(COMPILED_MAX)))
            .build(expression)
            .ok()?;
        let mut cache = dfa.create_cache();
        let begin = dfa.start_state(&mut cache, &start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Self { dfa, cache: RefCell::new(cache), begin })
    }
}

impl Steps for Stepped {
    /// `None`: unknown, anything may match.
    type State = Option<LazyStateID>;

    fn begin(&self) -> Self::State {
        Some(self.begin)
    }

    fn step(&self, state: &Self::State, byte: u8) -> Option<Self::State> {
        let Some(state) = state else { return Some(None) };
        match self.dfa.next_state(&mut self.cache.borrow_mut(), *state, byte) {
            Ok(next) if next.is_dead() => None,
            Ok(next) if next.is_quit() => Some(None),
            Ok(next) => Some(Some(next)),
            Err(_) => Some(None),
        }
    }

    fn ends(&self, state: &Self::State) -> bool {
        let Some(state) = state else { return true };
        match self.dfa.next_eoi_state(&mut self.cache.borrow_mut(), *state) {
            Ok(end) => end.is_match() || end.is_quit(),
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::pattern::regex::WholeRegex;
    use proptest::prelude::*;

    fn leads_to<A: Steps>(automaton: &A, word: &str) -> bool {
        let walked = word.bytes().try_fold(automaton.begin(), |state, byte| automaton.step(&state, byte));
        walked.is_some_and(|state| automaton.ends(&state))
    }

    #[test]
    fn an_expression_that_reaches_too_many_states_skips_nothing() {
        let regex = WholeRegex::parse("(a|b)*a(a|b){18}").unwrap();
        let stepped = Stepped::new(regex.expression().unwrap()).unwrap();
        let mut numbers = 1u64;
        for _ in 0..20_000 {
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let word: String = (20..60).map(|bit| if numbers >> bit & 1 == 1 { 'a' } else { 'b' }).collect();
            assert!(!regex.matches(&word) || leads_to(&stepped, &word));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn near_words_are_those_of_the_definition(word in "[abé]{0,6}", other in "[abé]{0,8}", edits in 0u8..3) {
            let fuzzy = Fuzzy::new(word, edits);
            prop_assert_eq!(leads_to(&Near::new(&fuzzy).unwrap(), &other), fuzzy.matches(&other));
        }

        #[test]
        fn an_expression_leads_to_what_it_matches(source in "[ab.?é]{1,5}", word in "[abé]{0,6}") {
            if let Ok(regex) = WholeRegex::parse(&source) {
                let stepped = Stepped::new(regex.expression().unwrap()).unwrap();
                prop_assert_eq!(leads_to(&stepped, &word), regex.matches(&word));
            }
        }
    }
}
