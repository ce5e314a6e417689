//! The plain scan that answers are checked against: it reads the records and nothing of the server.
pub mod alike;
pub mod figures;
pub mod hall;
pub mod said;
pub mod test;

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

/// The elements of a metadata value as text; numbers and booleans as JSON spells them.
pub fn values(record: &Value, name: &str) -> Vec<String> {
    fn spelled(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()).filter(|t| !t.trim().is_empty()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        }
    }
    let mut found = Vec::new();
    named(&record["client_data"], name, &mut found);
    found.into_iter().filter_map(spelled).collect()
}

/// What stands under a name, lists spread. A name with dots may lead into objects.
fn named<'a>(object: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match (object, object.get(name), name.split_once('.')) {
        (Value::Array(list), ..) => list.iter().for_each(|element| named(element, name, found)),
        (_, Some(Value::Array(list)), _) => found.extend(list),
        (_, Some(value), _) => found.push(value),
        (_, None, Some((outer, inner))) => {
            if let Some(object) = object.get(outer) {
                named(object, inner, found);
            }
        }
        (_, None, None) => {}
    }
}

/// Whether one of the elements is this value; case and outer blanks do not count.
pub fn is(record: &Value, name: &str, value: &str) -> bool {
    values(record, name).iter().any(|v| v.trim().to_lowercase() == value.to_lowercase())
}

/// Whether one of the elements holds this text; case does not count.
pub fn holds(record: &Value, name: &str, text: &str) -> bool {
    values(record, name).iter().any(|v| v.to_lowercase().contains(&text.to_lowercase()))
}

/// The numbers among the elements.
pub fn numbers(record: &Value, name: &str) -> Vec<f64> {
    values(record, name).iter().filter_map(|v| v.trim().parse().ok()).collect()
}

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Whether the words stand in the text, one right after the other.
pub fn has_phrase(text: &str, phrase: &str) -> bool {
    let phrase = words(phrase);
    // Most texts lack a word altogether; cutting them into words is the slow part.
    let lower = text.to_lowercase();
    if !phrase.iter().all(|word| lower.contains(word.as_str())) {
        return false;
    }
    let text = words(text);
    text.windows(phrase.len()).any(|window| window == phrase)
}

/// Whether a metadata text holds the words, one right after the other.
pub fn writes(record: &Value, name: &str, phrase: &str) -> bool {
    values(record, name).iter().any(|v| has_phrase(v, phrase))
}

/// The turns: label and text.
pub fn turns(record: &Value) -> impl Iterator<Item = (&str, String)> {
    record["utterances"].as_array().into_iter().flatten().map(|utterance| {
        let speaker = utterance["speaker"].as_str().or(utterance["metadata"]["speaker"].as_str());
        let text = match utterance["text"].as_str() {
            Some(text) => text.to_owned(),
            None => {
                let events = utterance["events"].as_array().map(Vec::as_slice).unwrap_or_default();
                events.iter().filter_map(|e| e["word"].as_str()).collect::<Vec<_>>().join(" ")
            }
        };
        (speaker.unwrap_or(""), text)
    })
}

/// Whether a turn holds the words, one right after the other.
pub fn said(record: &Value, phrase: &str) -> bool {
    turns(record).any(|(_, text)| has_phrase(&text, phrase))
}

/// Whether a turn of this speaker holds them.
pub fn said_by(record: &Value, speaker: &str, phrase: &str) -> bool {
    turns(record).any(|(label, text)| label == speaker && has_phrase(&text, phrase))
}

/// Whether a turn holds the characters: for scripts without blanks.
pub fn written(record: &Value, characters: &str) -> bool {
    turns(record).any(|(_, text)| text.contains(characters))
}
