//! Transcripts of both shapes, and the cutting of streams into them.
use super::{text, world};
use linernotes::base::json;
use linernotes::cli::import::records::{Item, Records};
use linernotes::cli::import::sources::unpacked;
use linernotes::domain::builtins::Builtins;
use linernotes::domain::fields::SpeakerMap;
use linernotes::domain::limits::Limits;
use linernotes::domain::transcript::read::{read, top_level_id, whole};
use linernotes::domain::transcript::turns::turns;
use linernotes::domain::words;
use linernotes::http::ndjson::{Line, Splitter};
use std::io::Cursor;

/// One transcript: what is kept is whole, reads as itself, and gives back what was sent.
pub fn transcript(data: &[u8]) {
    let text = text(data);
    let limits = Limits { json_depth: 24, metadata_names: 20, ..Limits::default() };
    let _ = top_level_id(&text, "tid");
    let Ok(received) = read(&text, &limits) else { return };
    assert!(json::members(&received.body).is_ok(), "the body kept is no object: {}", received.body);
    let again = read(&received.body, &limits).expect("the body kept is a transcript");
    assert_eq!((&again.facts, &again.turns, &again.body), (&received.facts, &received.turns, &received.body));
    assert!(again.client_data.is_none(), "metadata stays in the body");
    assert_eq!(turns(&received.body).expect("turns"), received.turns);
    let facts = serde_json::to_string(&received.facts).expect("facts are JSON");
    let kept: linernotes::domain::transcript::Facts = serde_json::from_str(&facts).expect("facts read back");
    assert_eq!(kept, received.facts);
    let metadata = received.client_data.clone().unwrap_or_default();
    let shown = whole(&received.body, &metadata.to_json(), "a\"b", "2026").expect("the whole");
    let members = json::members(&shown).unwrap_or_else(|error| panic!("{error}: {shown}")).0;
    for name in ["client_data", "tid", "last_modified"] {
        assert_eq!(members.iter().filter(|(own, _)| own == name).count(), 1, "{name} in {shown}");
    }
    if let Some(zone) = world::zone() {
        let builtins = Builtins::derive(&received.facts, &metadata, &zone, world::NOW);
        assert!(builtins.duration.is_none_or(f64::is_finite), "{:?}", builtins.duration);
        let text = serde_json::to_string(&builtins).expect("built-ins are JSON");
        assert_eq!(serde_json::from_str::<Builtins>(&text).expect("built-ins read back"), builtins);
    }
    for turn in &received.turns {
        let _ = turn.role_in(&SpeakerMap::default());
        let mut last = 0;
        for token in words::tokens(&turn.text) {
            assert!(last <= token.from && token.from < token.to, "words overlap");
            assert!(turn.text.get(token.from..token.to).is_some(), "a word is cut");
            assert!(!token.text.is_empty() && token.text.len() <= words::TOKEN_BYTES_MAX);
            last = token.to;
        }
    }
}

/// Lines of a body however it is cut, and records of a file; the first byte chooses.
pub fn lines(data: &[u8]) {
    let Some((how, body)) = data.split_first() else { return };
    let longest = usize::from(how >> 2).max(4);
    let cut = |piece: usize| {
        let mut splitter = Splitter::new(longest);
        let mut lines: Vec<Line> = Vec::new();
        body.chunks(piece).for_each(|piece| splitter.push(piece, |line| lines.push(line)));
        lines.extend(splitter.finish());
        lines
    };
    let whole = cut(body.len().max(1));
    assert_eq!(cut(1), whole, "the cutting shows");
    assert_eq!(cut(7), whole, "the cutting shows");
    let Ok(input) = unpacked(Box::new(Cursor::new(body.to_vec()))) else { return };
    let mut bytes = 0;
    for item in Records::new(input, how & 1 == 0, 1 << 12).take(10_000) {
        match item {
            Ok(Item::Record { text, .. }) => bytes = text.len(),
            Ok(Item::Broken { .. }) => {}
            Err(_) => break,
        }
        assert!(bytes <= 1 << 12, "longer than allowed");
    }
}
