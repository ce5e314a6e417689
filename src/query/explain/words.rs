//! Which turns hold what was asked for, or what is in the way.
use super::answer::{By, TOLD_MAX, short};
use crate::domain::transcript::{Role, Turn};
use crate::query::evaluate::Document;
use crate::query::evaluate::said::Heard;
use crate::query::glob::Piece;
use crate::query::pattern::Pattern;
use crate::query::resolved::{Arrangement, Edge, Phrase, Said, Speaker, When, Word};

/// The most pieces of one turn that are told.
const PIECES_MAX: usize = 10;

/// The first turns that match.
pub fn by(said: &Said, heard: &Heard<'_>) -> Vec<By> {
    let turns = heard.matching(said).take(TOLD_MAX);
    turns.map(|(turn, places)| told(turn, &places.spans)).collect()
}

fn told(turn: &Turn, spans: &[(usize, usize)]) -> By {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some(last) if *from < last.1 => last.1 = last.1.max(*to),
            _ => joined.push((*from, *to)),
        }
    }
    let pieces = joined.iter().take(PIECES_MAX);
    By::Turn {
        turn: turn.no,
        speaker: turn.speaker.clone(),
        start: turn.start,
        text: pieces.map(|(from, to)| short(turn.text.get(*from..*to).unwrap_or_default())).collect(),
    }
}

/// Why no turn matches: the first of time, speaker, place in the turn, arrangement, words that is in the way.
pub fn why(said: &Said, heard: &Heard<'_>, document: &Document) -> String {
    let asked = |by: &Speaker, phrase: Phrase| Said { by: by.clone(), phrase, when: Vec::new() };
    let turn_of = |said: &Said| heard.matching(said).next().map(|(turn, _)| turn);
    let phrase = &said.phrase;
    if let Some(turn) = turn_of(&asked(&said.by, phrase.clone())) {
        return at_another_time(&said.when, turn, document.record.builtins.duration);
    }
    let who = speaker(&said.by);
    if said.by != Speaker::Anyone {
        if let Some(turn) = turn_of(&asked(&Speaker::Anyone, phrase.clone())) {
            return format!("no turn of {who} holds it; said by others in turn {}", turn.no);
        }
        if !document.turns.is_empty() && turn_of(&asked(&said.by, anything())).is_none() {
            return format!("no turn is one of {who}");
        }
    }
    let free = Phrase { first: false, last: false, ..phrase.clone() };
    if let Some(turn) = turn_of(&asked(&said.by, free.clone())) {
        let place = match (phrase.first, phrase.last) {
            (true, true) => "from its first word to its last",
            (true, false) => "at its beginning",
            _ => "at its end",
        };
        return format!("it stands in turn {}, but not {place}", turn.no);
    }
    let loose = Phrase { how: Arrangement::SameTurn, ..free };
    if let Some(turn) = turn_of(&asked(&said.by, loose)) {
        let how = match phrase.how {
            Arrangement::Within(others) => format!("with at most {others} other words between"),
            _ => "side by side in this order".to_owned(),
        };
        return format!("the words stand in turn {}, but not {how}", turn.no);
    }
    missing(said, heard)
}

/// One word that matches all.
fn anything() -> Phrase {
    let any = crate::query::glob::Glob { pieces: vec![Piece::Any] };
    Phrase { words: vec![Word::Like(Pattern::Glob(any))], ..Phrase::exact([""]) }
}

fn missing(said: &Said, heard: &Heard<'_>) -> String {
    let turns = |by: &Speaker, word: &Word| {
        let phrase = Phrase { words: vec![word.clone()], ..Phrase::exact([""]) };
        let alone = Said { by: by.clone(), phrase, when: Vec::new() };
        heard.matching(&alone).map(|(turn, _)| turn.no).next()
    };
    let absent: Vec<&Word> = said.phrase.words.iter().filter(|word| turns(&said.by, word).is_none()).collect();
    if absent.is_empty() {
        let distinct = said.phrase.words.len() > 1;
        let how = if distinct {
            "the words stand in different turns, or one word would have to serve twice"
        } else {
            "it does not stand there"
        };
        return how.to_owned();
    }
    let shown: Vec<String> = absent.iter().take(TOLD_MAX).map(|one| word(one)).collect();
    let whose = match &said.by {
        Speaker::Anyone => "no turn".to_owned(),
        by => format!("no turn of {}", speaker(by)),
    };
    let others = absent.iter().find_map(|word| turns(&Speaker::Anyone, word)).filter(|_| said.by != Speaker::Anyone);
    let others = others.map_or(String::new(), |turn| format!("; said by others in turn {turn}"));
    format!("{whose} holds {}{others}", shown.join(" or "))
}

fn at_another_time(when: &[When], turn: &Turn, duration: Option<f64>) -> String {
    let no = turn.no;
    let Some(failed) = when.iter().find(|when| !when.holds(turn.start, duration)) else {
        return format!("it stands in turn {no}, which begins at another time");
    };
    let Some(start) = turn.start else { return format!("it stands in turn {no}, whose start is not known") };
    let seconds = failed.seconds;
    match (failed.from, duration) {
        (Edge::Start, _) => {
            let not = if failed.within { "not within" } else { "within" };
            format!("turn {no} starts at {} s, {not} the first {seconds} s", rounded(start))
        }
        (Edge::End, None) => "the duration is not known, so nothing is counted from the end".to_owned(),
        (Edge::End, Some(duration)) => {
            let not = if failed.within { "not within" } else { "within" };
            format!("turn {no} starts {} s before the end, {not} the last {seconds} s", rounded(duration - start))
        }
    }
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0 + 0.0
}

fn speaker(by: &Speaker) -> String {
    match by {
        Speaker::Anyone => "anyone".to_owned(),
        Speaker::Role(Role::Agent) => "the agent".to_owned(),
        Speaker::Role(Role::Client) => "the client".to_owned(),
        Speaker::Role(Role::Unknown) => "a speaker of unknown role".to_owned(),
        Speaker::Label(label) => format!("the speaker {label:?}"),
    }
}

/// A word as it is asked for.
fn word(word: &Word) -> String {
    match word {
        Word::Exact(word) => format!("{:?}", short(word)),
        Word::Like(pattern) => short(&pattern.to_string()),
    }
}
