//! What is taken in and never shown again: credentials in a folder's `callback`, passwords of users.
use serde_json::{Map, Value};

const CREDENTIALS: [&str; 11] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "credential",
    "aws_id",
    "apikey",
    "api_key",
    "access_key",
    "private_key",
];

/// Whether the key of a `callback` names a credential: who logs in, and with what.
pub fn is_credential(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("user") || is_password(&key)
}

fn is_password(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "pass" || CREDENTIALS.iter().any(|word| key.contains(word))
}

/// Removes passwords from a user as sent: nobody logs in with them here, so they are not even kept.
pub fn without_passwords(user: &Map<String, Value>) -> Map<String, Value> {
    let kept = user.iter().filter(|(key, _)| !is_password(key));
    kept.map(|(key, value)| match value.as_object() {
        // Below `permissions` keys are names of companies and organisations, which may be called anything.
        Some(auth) if key == "auth" => (key.clone(), Value::Object(without_passwords(auth))),
        _ => (key.clone(), value.clone()),
    })
    .collect()
}

/// Parts a `callback` as sent: what may be shown, and its credentials in the same nesting. A URL with a user in it is
/// shown without that user and kept whole among the credentials.
pub fn part(sent: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut shown, mut hidden) = (Map::new(), Map::new());
    for (key, value) in sent {
        if is_credential(key) {
            hidden.insert(key.clone(), value.clone());
            continue;
        }
        let open = match value {
            Value::Object(members) => {
                let (open, closed) = part(members);
                if !closed.is_empty() {
                    hidden.insert(key.clone(), Value::Object(closed));
                }
                Value::Object(open)
            }
            Value::String(text) => match without_user(text) {
                Some(open) => {
                    hidden.insert(key.clone(), value.clone());
                    Value::String(open)
                }
                None => value.clone(),
            },
            other => other.clone(),
        };
        shown.insert(key.clone(), open);
    }
    (shown, hidden)
}

/// The credentials after a change: those sent replace, `null` removes, those not sent stay, for they could not be
/// read and sent back. The user of a URL goes when the URL shown has changed.
pub fn renew(
    kept: &Map<String, Value>,
    sent: Map<String, Value>,
    shown_before: &Map<String, Value>,
    shown_now: &Map<String, Value>,
) -> Map<String, Value> {
    let mut renewed: Map<String, Value> = kept
        .iter()
        .filter(|(key, value)| is_credential(key) || value.is_object() || shown_before.get(*key) == shown_now.get(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in sent {
        match (renewed.get(&key), value) {
            (_, Value::Null) => {
                renewed.shift_remove(&key);
            }
            (Some(Value::Object(old)), Value::Object(new)) => {
                let none = Map::new();
                let before = shown_before.get(&key).and_then(Value::as_object).unwrap_or(&none);
                let now = shown_now.get(&key).and_then(Value::as_object).unwrap_or(&none);
                let merged = renew(old, new, before, now);
                renewed.insert(key, Value::Object(merged));
            }
            (_, value) => {
                renewed.insert(key, value);
            }
        }
    }
    renewed
}

/// `scheme://user:password@host/…` without `user:password@`; `None` when there is none.
fn without_user(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (_, host) = authority.rsplit_once('@')?;
    Some(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn credentials_part_from_what_is_shown() {
        let sent = map(json!({
            "posturl": "sftp://pat:pw@host/in@x", "sendaudio": "no", "aws_id": "A", "aws_secret": "B",
            "s3": {"AccessToken": "C", "region": "eu"}, "username": "pat"
        }));
        let (shown, hidden) = part(&sent);
        assert_eq!(
            Value::Object(shown),
            json!({"posturl": "sftp://host/in@x", "sendaudio": "no", "s3": {"region": "eu"}})
        );
        assert_eq!(
            Value::Object(hidden),
            json!({"posturl": "sftp://pat:pw@host/in@x", "aws_id": "A", "aws_secret": "B",
                   "s3": {"AccessToken": "C"}, "username": "pat"})
        );
    }

    #[test]
    fn credentials_not_sent_stay_and_null_removes() {
        let (before, kept) = part(&map(json!({"posturl": "sftp://u:p@h/", "aws_id": "A", "password": "B"})));
        let (now, sent) = part(&map(json!({"posturl": "sftp://h/", "aws_id": null})));
        assert_eq!(
            Value::Object(renew(&kept, sent, &before, &now)),
            json!({"posturl": "sftp://u:p@h/", "password": "B"})
        );
        let (elsewhere, sent) = part(&map(json!({"posturl": "sftp://other/"})));
        assert_eq!(
            Value::Object(renew(&kept, sent, &before, &elsewhere)),
            json!({"aws_id": "A", "password": "B"}),
            "another address does not inherit the user of the old one"
        );
    }

    #[test]
    fn users_lose_their_passwords_only() {
        let user = map(json!({"name": "Pat", "auth": {"method": "standard", "password": "x"},
            "permissions": {"TokenTraders": {"all": ["read"]}}}));
        assert_eq!(
            Value::Object(without_passwords(&user)),
            json!({"name": "Pat", "auth": {"method": "standard"},
                   "permissions": {"TokenTraders": {"all": ["read"]}}})
        );
    }
}
