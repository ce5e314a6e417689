//! What a change that came too late would have met: the answer 412 names each setting it sends that is not so (any more),
//! with the value that is there. Only what the caller is shown is compared.
use super::check::below;
use super::secrets::is_credential;
use crate::domain::refusal::{Code, Item};
use serde_json::Value;

/// Differences that are named.
const MOST: usize = 50;
/// Characters of a value that are shown.
const SHOWN: usize = 300;

/// Whether an `If-Match` names the tag.
pub fn is_same(wanted: &str, etag: &str) -> bool {
    wanted == "*" || wanted.split(',').any(|tag| tag.trim().trim_matches('"') == etag)
}

/// All there is now, setting by setting: for changes that send none.
pub fn all(now: &Value) -> Vec<Item> {
    let none = match now {
        Value::Object(members) => members.keys().map(|key| (key.clone(), Value::Null)).collect(),
        _ => serde_json::Map::new(),
    };
    items(now, &Value::Object(none))
}

/// The places of `sent` where `now` has another value.
pub fn items(now: &Value, sent: &Value) -> Vec<Item> {
    let mut items = Vec::new();
    compare(Some(now), sent, "", &mut items);
    items
}

fn compare(now: Option<&Value>, sent: &Value, pointer: &str, items: &mut Vec<Item>) {
    if items.len() >= MOST || now == Some(sent) {
        return;
    }
    if let (Some(Value::Object(own)), Value::Object(members)) = (now, sent) {
        for (name, value) in members.iter().filter(|(name, _)| !is_credential(name) || own.contains_key(*name)) {
            compare(own.get(name), value, &below(pointer, name), items);
        }
        return;
    }
    let detail = match now {
        None => "is not there now".to_owned(),
        Some(now) => {
            let text = now.to_string();
            let short: String = text.chars().take(SHOWN).collect();
            format!("is {short}{} now", if short.len() < text.len() { "…" } else { "" })
        }
    };
    items.push(Item { pointer: pointer.to_owned(), code: Code::RevisionMismatch, detail });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_sent_and_differs_is_named() {
        let now = json!({"In": {"mode": "active", "custom_meta": ["a", "b"], "callback": {"posturl": "x"}}});
        let sent = json!({"In": {"mode": "active", "custom_meta": ["a"], "callback": {"secret": "s"}}, "New": {}});
        let told: Vec<(String, String)> = items(&now, &sent).into_iter().map(|i| (i.pointer, i.detail)).collect();
        let item = |pointer: &str, detail: &str| (pointer.to_owned(), detail.to_owned());
        assert_eq!(told, [item("/In/custom_meta", "is [\"a\",\"b\"] now"), item("/New", "is not there now")]);
        let told: Vec<String> = all(&now["In"]).into_iter().map(|item| item.pointer).collect();
        assert_eq!(told, ["/mode", "/custom_meta", "/callback"], "who deletes is told all there is");
    }
}
