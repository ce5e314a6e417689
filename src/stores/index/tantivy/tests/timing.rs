//! How long searches for words take: not a test, but figures to look at.
//! `cargo test --release timing -- --ignored --nocapture`; `LINERNOTES_TEST_TRANSCRIPTS` says how many transcripts.
use super::phrases::{adjacent, node};
use super::support::*;
use crate::query::resolved::{Arrangement, Node, SortKey};
use crate::stores::index::SearchIndex;
use std::time::{Duration, Instant};

const TRANSCRIPTS: usize = 20_000;
const WORDS: usize = 150;
const VOCABULARY: f64 = 60_000.0;

/// A word by its rank in the language: syllables, so that beginnings and ends are shared as in real words.
fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ca", "no", "ri", "tel", "mo", "ing", "be", "sta", "lu", "ment", "pro", "de", "an", "er", "ti", "con", "su",
        "ab", "ly", "go",
    ];
    let mut rest = rank;
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
        if rest == 0 {
            return word;
        }
    }
}

struct Language(u64);

impl Language {
    /// Zipf: the rank's logarithm is even.
    fn next(&mut self) -> String {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let part = (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        word(VOCABULARY.powf(part) as usize)
    }
}

#[test]
#[ignore = "figures to look at"]
fn times_of_searches_for_words() {
    let transcripts = std::env::var("LINERNOTES_TEST_TRANSCRIPTS").ok().and_then(|text| text.parse().ok());
    let transcripts: usize = transcripts.unwrap_or(TRANSCRIPTS);
    let (mut bench, mut language) = (Bench::new(), Language(0x9E37_79B9_7F4A_7C15));
    for batch in 0..transcripts.div_ceil(1_000) {
        let calls = (batch * 1_000..transcripts.min((batch + 1) * 1_000)).map(|number| {
            let mut call = call(u32::try_from(number + 1).unwrap());
            call = call.tid(&format!("T{number:07}"));
            for turn in 0..10 {
                let text: Vec<String> = (0..WORDS / 10).map(|_| language.next()).collect();
                call = call.says(if turn % 2 == 0 { "agent" } else { "client" }, &text.join(" "));
            }
            call.record.builtins.duration = Some(20.0);
            call.whole()
        });
        bench.apply(calls.collect());
    }
    let (common, middle, rare) = (word(2), word(150), word(4_000));
    let side = |text: String| adjacent(&text);
    let searches: Vec<(String, Node)> = vec![
        (common.clone(), side(common.clone())),
        (middle.clone(), side(middle.clone())),
        (rare.clone(), side(rare.clone())),
        ("two words".into(), Node::And(vec![side(common.clone()), side(middle.clone())])),
        ("phrase, common".into(), side(format!("{} {}", word(1), word(2)))),
        ("phrase, three".into(), side(format!("{} {} {}", word(1), word(3), word(2)))),
        ("~t, common".into(), node(&format!("{} {}", word(1), word(2)), Arrangement::SameTurn)),
        ("~t, the same twice".into(), node(&format!("{common} {common}"), Arrangement::SameTurn)),
        ("~4, common".into(), node(&format!("{} {}", word(1), word(2)), Arrangement::Within(4))),
        ("pattern tel*".into(), side("telmo*".into())),
        ("pattern *ment".into(), side("*lument".into())),
        ("pattern ?e?".into(), side("??lu??".into())),
        ("phrase with pattern".into(), side(format!("{common} tel* {}", word(1)))),
        ("~4 with patterns".into(), node("tel* con*", Arrangement::Within(4))),
        ("~t with overlapping patterns".into(), node("tel* *tel", Arrangement::SameTurn)),
        ("regex".into(), side("/(tel|con)mo.*/".into())),
        ("regex from anywhere".into(), side("/.*telmo.*/".into())),
        ("fuzzy 1".into(), side(format!("{rare}~1"))),
        ("fuzzy 2".into(), side(format!("{rare}~2"))),
        ("first, common".into(), side(format!("^{common}"))),
        ("last, phrase".into(), side(format!("{} {}$", word(1), word(2)))),
        ("any word".into(), side("*".into())),
    ];
    println!("{} segments of turns", bench.index.state.shown.load().turns.len());
    for (name, root) in searches {
        let mut asked = search(root);
        (asked.order, asked.size, asked.moments) = (vec![SortKey::score(true)], 10, 3);
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..15 {
            let begin = Instant::now();
            total = bench.index.search(&asked, Duration::from_secs(60)).map(|page| page.total).unwrap_or(0);
            times.push(begin.elapsed());
        }
        let first = times[0];
        times.sort();
        println!("{name:<32} {total:>8} found {:>9.3?} usually, {first:>9.3?} at first", times[7]);
    }
}
