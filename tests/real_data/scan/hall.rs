//! An organisation's records with their turns cut into words once: each word a number in one vocabulary.
use super::turns;
use crate::world::Imported;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

pub struct Hall<'a> {
    pub vocabulary: Vec<String>,
    pub records: BTreeMap<&'a str, Record<'a>>,
}

pub struct Record<'a> {
    pub json: &'a Value,
    pub turns: Vec<Turn>,
    /// Each word of it once.
    pub words: BTreeSet<u32>,
    /// Seconds.
    pub duration: Option<f64>,
}

pub struct Turn {
    /// Folded.
    pub speaker: String,
    /// Seconds.
    pub start: Option<f64>,
    /// Numbers in the vocabulary.
    pub words: Vec<u32>,
}

impl<'a> Hall<'a> {
    pub fn of(org: &'a Imported) -> Self {
        let (mut vocabulary, mut numbers) = (Vec::new(), HashMap::<String, u32>::new());
        // Most words were met before, spelled just so: folding is the slow part.
        let mut number = |spelled: &str| {
            if let Some(number) = numbers.get(spelled) {
                return *number;
            }
            let word = folded(spelled);
            let number = *numbers.entry(word).or_insert_with_key(|word| {
                vocabulary.push(word.clone());
                u32::try_from(vocabulary.len() - 1).unwrap()
            });
            numbers.insert(spelled.to_owned(), number);
            number
        };
        let mut records = BTreeMap::new();
        for (tid, json) in &org.records {
            let starts = json["utterances"].as_array().into_iter().flatten().map(start);
            let cut = turns(json).zip(starts).map(|((speaker, text), start)| Turn {
                speaker: folded(speaker.trim()),
                start,
                words: text.unicode_words().map(&mut number).collect(),
            });
            let turns: Vec<Turn> = cut.collect();
            let words = turns.iter().flat_map(|turn| turn.words.iter().copied()).collect();
            records.insert(tid.as_str(), Record { json, turns, words, duration: json["audiosecs"].as_f64() });
        }
        Self { vocabulary, records }
    }
}

/// When a turn begins: by itself, else by the first of its words that has a time.
fn start(utterance: &Value) -> Option<f64> {
    let events = utterance["events"].as_array().into_iter().flatten();
    utterance["start"].as_f64().or_else(|| events.into_iter().find_map(|event| event["start"].as_f64()))
}

pub fn folded(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase().replace('ß', "ss").replace('ς', "σ")
}

/// The places of the words in a text, in characters.
pub fn places(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut byte, mut character) = (0, 0);
    for (at, word) in text.unicode_word_indices() {
        character += text[byte..at].chars().count();
        let long = word.chars().count();
        found.push((character, character + long));
        (byte, character) = (at + word.len(), character + long);
    }
    found
}
