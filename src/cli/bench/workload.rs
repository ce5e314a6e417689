//! Generated transcripts, edits and searches: pure functions of a number, so that two runs do the same.
//!
//! Some 150 words in turns of 15, twelve metadata fields of about 350 bytes; words as unevenly frequent as in speech.
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// Different words.
const WORDS: u64 = 20_000;
/// Agents.
const AGENTS: u64 = 500;
const QUEUES: [&str; 8] = ["billing", "support", "sales", "retention", "technical", "claims", "returns", "fraud"];
const ENDS: [&str; 6] = ["resolved", "callback", "escalated", "voicemail", "abandoned", "transferred"];
const LANGUAGES: [&str; 5] = ["en", "en", "en", "es", "fr"];
const FIRST: [&str; 12] =
    ["Ada", "Bruno", "Chiara", "Dario", "Edith", "Felix", "Gemma", "Henrik", "Irene", "Jonas", "Karin", "Lukas"];
const LAST: [&str; 14] = [
    "Albrecht",
    "Bellini",
    "Castagno",
    "Dufresne",
    "Eklund",
    "Ferraro",
    "Gruber",
    "Holmberg",
    "Ibarra",
    "Jimenez",
    "Keller",
    "Lombard",
    "Marchetti",
    "Novotny",
];

/// The organisation's configuration: what each field is.
pub const FIELDS: &str = r#"{"hold_time":{"type":"number"},"transfers":{"type":"number"},"talk_time":{"type":"number"},
"call_datetime":{"type":"datetime"},"agent_name":{"type":"varchar","substring":true},"notes":{"type":"text"}}"#;
/// The folder's configured fields.
pub const NAMES: [&str; 12] = [
    "agent_id",
    "agent_name",
    "direction",
    "hold_time",
    "transfers",
    "queue",
    "client_phone",
    "call_datetime",
    "talk_time",
    "disposition",
    "notes",
    "language",
];

/// Searches, by the names issue and documentation give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// One word, the ten best.
    Word,
    /// Two words.
    Both,
    /// Two words side by side.
    Phrase,
    /// A value, a number's and a date's range, by date.
    Filter,
    /// Two facets of a word.
    Facets,
    /// A part of a name, by date.
    Part,
    /// A word, a value and a date's range, by date.
    Mixed,
}

impl Search {
    /// All, in order.
    pub const ALL: [Self; 7] =
        [Self::Word, Self::Both, Self::Phrase, Self::Filter, Self::Facets, Self::Part, Self::Mixed];

    /// Short name and what it is.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Word => ("S1", "one word, the ten best"),
            Self::Both => ("S2", "two words"),
            Self::Phrase => ("S3", "phrase"),
            Self::Filter => ("S4", "filter, ranges, by date"),
            Self::Facets => ("S5", "two facets of a word"),
            Self::Part => ("S6", "part of a name, by date"),
            Self::Mixed => ("S7", "word, field, range, by date"),
        }
    }

    /// The query string of the `n`th such search.
    pub fn query(self, n: u64, transcripts: u64) -> String {
        let mut dice = Dice::new(0x5EA2C4, n);
        match self {
            Self::Word => format!("q={}&sort=score&size=10", word(dice.rank(50, 2_000))),
            Self::Both => {
                let (a, b) = (dice.rank(20, 500), dice.rank(20, 500));
                format!("q={}+{}&sort=score&size=10", word(a), word(if a == b { b + 1 } else { b }))
            }
            Self::Phrase => {
                let spoken = spoken(dice.below(transcripts));
                let at = usize::try_from(dice.below(spoken.len() as u64 - 1)).unwrap_or(0);
                let pair: Vec<&str> = spoken.iter().skip(at).take(2).map(String::as_str).collect();
                format!("q=%22{}%22&sort=score&size=10", pair.join("+"))
            }
            Self::Filter => {
                let range = dice.range();
                format!("q=direction:inbound+hold_time:%3E60+call_datetime:{range}&sort=call_datetime&size=20")
            }
            Self::Facets => format!("q={}&size=0&facets=queue,disposition", word(dice.rank(50, 2_000))),
            Self::Part => {
                let last = dice.pick(&LAST).to_lowercase();
                let part: String = last.chars().skip(1).take(4).collect();
                format!("q=agent_name:*{part}*&sort=call_datetime&size=20")
            }
            Self::Mixed => {
                let (word, queue, range) = (word(dice.rank(50, 2_000)), dice.pick(&QUEUES), dice.range());
                format!("q={word}+queue:{queue}+call_datetime:{range}&sort=call_datetime&size=20")
            }
        }
    }
}

/// A small generator of numbers (splitmix64), the same on every machine.
struct Dice(u64);

impl Dice {
    fn new(kind: u64, n: u64) -> Self {
        let mut dice = Self(kind ^ n.wrapping_mul(0xD1B5_4A32_D192_ED03));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `most`; 0 when that is 0.
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(at).copied().unwrap_or_default()
    }

    /// A rank between two, the smaller the more often: as words are in speech.
    fn rank(&mut self, from: u64, to: u64) -> u64 {
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((from as f64) * (to as f64 / from as f64).powf(part)) as u64
    }

    /// One to eight weeks of the year, as a query has them.
    fn range(&mut self) -> String {
        let (from, days) = (self.below(300), 7 + self.below(53));
        let range = format!("[{} TO {}]", date(from, 0), date(from + days, 0));
        utf8_percent_encode(&range, NON_ALPHANUMERIC).to_string()
    }

    fn words(&mut self, count: u64) -> Vec<String> {
        (0..count).map(|_| word(self.rank(1, WORDS))).collect()
    }
}

/// The word of a rank: syllables, so that no two are the same and common ones are short.
fn word(rank: u64) -> String {
    const ONSETS: [&str; 16] = ["b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"];
    const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
    let (mut left, mut text) = (rank + 80, String::new());
    while left > 0 {
        let (onset, vowel) = (left % 16, left / 16 % 5);
        text.push_str(ONSETS.get(usize::try_from(onset).unwrap_or(0)).copied().unwrap_or_default());
        text.push_str(VOWELS.get(usize::try_from(vowel).unwrap_or(0)).copied().unwrap_or_default());
        left /= 80;
    }
    text
}

/// A day of 2026 and a second of it.
fn date(day: u64, second: u64) -> String {
    let day = i64::try_from(day.min(364)).unwrap_or(0);
    let seconds = 1_767_225_600 + day * 86_400 + i64::try_from(second % 86_400).unwrap_or(0);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::from("2026-01-01"), |at| at.to_string())
}

/// The id of the `n`th transcript.
pub fn id(n: u64) -> String {
    format!("bench-{n:08}")
}

fn spoken(n: u64) -> Vec<String> {
    let mut dice = Dice::new(0x0077_04D5, n);
    let count = 120 + dice.below(61);
    dice.words(count)
}

/// The `n`th transcript, one line of NDJSON.
pub fn transcript(n: u64) -> String {
    let words = spoken(n);
    let turns: Vec<Value> = words
        .chunks(15)
        .enumerate()
        .map(|(at, words)| {
            let speaker = if at % 2 == 0 { "agent" } else { "client" };
            let start = at as f64 * 6.0;
            json!({"start": start, "end": start + 5.5, "speaker": speaker, "text": words.join(" ")})
        })
        .collect();
    let mut dice = Dice::new(0x4E7A, n);
    let agent = dice.below(AGENTS);
    let name = format!("{} {}", Dice::new(1, agent).pick(&FIRST), Dice::new(2, agent).pick(&LAST));
    let (day, second, notes) = (dice.below(365), dice.below(86_400), 8 + dice.below(13));
    let at = date(day, second);
    let metadata = json!({
        "agent_id": format!("A{agent:05}"), "agent_name": name,
        "direction": if dice.below(10) < 7 { "inbound" } else { "outbound" },
        "hold_time": dice.below(3_000) as f64 / 10.0, "transfers": dice.below(4), "queue": dice.pick(&QUEUES),
        "client_phone": format!("+1{}", 2_000_000_000 + dice.below(7_000_000_000)), "call_datetime": at,
        "talk_time": dice.below(60_000) as f64 / 100.0, "disposition": dice.pick(&ENDS),
        "notes": dice.words(notes).join(" "), "language": dice.pick(&LANGUAGES),
    });
    json!({"tid": id(n), "app_data": {"datetime": at}, "client_data": metadata, "utterances": turns}).to_string()
}

/// The `n`th edit: the transcript's number and a body with one to three fields.
pub fn edit(n: u64, transcripts: u64) -> (u64, String) {
    let mut dice = Dice::new(0xED17, n);
    let (transcript, most) = (dice.below(transcripts), 1 + dice.below(3));
    let mut fields = Map::new();
    for _ in 0..most {
        let (name, value) = match dice.below(6) {
            0 => ("hold_time", json!(dice.below(9_000) as f64 / 10.0)),
            1 => ("disposition", json!(dice.pick(&ENDS))),
            2 => ("queue", json!(dice.pick(&QUEUES))),
            3 => ("notes", json!(dice.words(12).join(" "))),
            4 => ("transfers", json!(dice.below(6))),
            _ => ("talk_time", json!(dice.below(200_000) as f64 / 100.0)),
        };
        fields.insert(name.to_owned(), value);
    }
    (transcript, Value::Object(fields).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_differ_and_common_ones_are_short() {
        let all: HashSet<String> = (0..WORDS).map(word).collect();
        assert_eq!(all.len() as u64, WORDS);
        assert!(word(0).len() < word(WORDS - 1).len());
    }

    #[test]
    fn transcripts_and_edits_are_json_and_the_same_each_time() {
        for n in [0, 1, 77_777] {
            let read: Value = serde_json::from_str(&transcript(n)).unwrap();
            assert_eq!(read["tid"], id(n));
            assert!(NAMES.iter().all(|name| !read["client_data"][name].is_null()), "{read}");
            assert_eq!(transcript(n), transcript(n));
            let (transcript, body) = edit(n, 20_000);
            let fields: Map<String, Value> = serde_json::from_str(&body).unwrap();
            assert!(transcript < 20_000 && (1..=3).contains(&fields.len()), "{body}");
        }
        assert!(serde_json::from_str::<Value>(FIELDS).is_ok());
    }

    #[test]
    fn searches_are_query_strings() {
        for search in Search::ALL {
            for n in 0..50 {
                let query = search.query(n, 1_000);
                assert!(query.starts_with("q=") && !query.contains(' '), "{query}");
            }
        }
    }
}
