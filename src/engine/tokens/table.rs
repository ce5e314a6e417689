//! The tokens in force, found by their digest.
use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::domain::access::{Right, Scope};
use crate::domain::fields::datetime::parse_instant;
use crate::engine::access::Caller;
use crate::stores::database::StoredToken;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A token's properties, as stored and shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Properties {
    /// A name for people.
    pub name: String,
    /// What it reaches.
    #[serde(flatten)]
    pub scope: Scope,
    /// What it may.
    pub rights: Vec<Right>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339; never, when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires: Option<String>,
}

/// One token.
pub struct Entry {
    digest: [u8; 32],
    /// Who it makes its bearer.
    pub caller: Caller,
    /// As stored and shown.
    pub properties: Properties,
    /// Microseconds.
    expires: Option<i64>,
}

/// All tokens, by the beginning of their digest.
#[derive(Default)]
pub struct TokenTable {
    by_prefix: HashMap<[u8; 8], Vec<Entry>>,
    /// As the database holds them.
    pub stored: Vec<StoredToken>,
}

impl TokenTable {
    /// Reads stored tokens; one that cannot be read is left out and logged.
    pub fn new(stored: Vec<StoredToken>) -> Self {
        let mut by_prefix: HashMap<[u8; 8], Vec<Entry>> = HashMap::new();
        for token in &stored {
            match entry(token) {
                Ok(entry) => by_prefix.entry(prefix(&entry.digest)).or_default().push(entry),
                Err(error) => tracing::error!(token = %token.id, %error, "a stored token cannot be read"),
            }
        }
        Self { by_prefix, stored }
    }

    /// The caller behind a token. Whole digests are compared in constant time.
    pub fn find(&self, token: &str, now: Timestamp) -> Option<&Caller> {
        let asked = digest::sha256(token.as_bytes());
        let candidates = self.by_prefix.get(&prefix(&asked))?;
        let entry = candidates.iter().find(|entry| digest::equal(&entry.digest, &asked))?;
        entry.expires.is_none_or(|at| at > now.0).then_some(&entry.caller)
    }

    /// Whether the token of that id is known and has not expired. The owner of the data folder has none.
    pub fn lives(&self, id: &str, now: Timestamp) -> bool {
        let lives = |entry: &Entry| entry.caller.token_id() == id && entry.expires.is_none_or(|at| at > now.0);
        id == Caller::owner().token_id() || self.entries().any(lives)
    }

    /// All of them, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.by_prefix.values().flatten()
    }
}

fn prefix(digest: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest) {
        *to = *from;
    }
    first
}

fn entry(token: &StoredToken) -> std::result::Result<Entry, serde_json::Error> {
    let properties: Properties = serde_json::from_str(&token.body)?;
    let caller = Caller {
        token_id: token.id.as_str().into(),
        scope: properties.scope.clone(),
        rights: properties.rights.clone().into(),
    };
    let expires = properties.expires.as_deref().and_then(|text| parse_instant(text, &jiff::tz::TimeZone::UTC));
    Ok(Entry { digest: token.digest, caller, properties, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(id: &str, token: &str, body: &str) -> StoredToken {
        StoredToken { id: id.to_owned(), digest: digest::sha256(token.as_bytes()), body: body.to_owned() }
    }

    fn named(extra: &str) -> String {
        format!(r#"{{"name":"n","rights":["read"],"created":"2026-01-01T00:00:00Z"{extra}}}"#)
    }

    #[test]
    fn a_token_is_found_until_the_instant_it_expires() {
        let table = TokenTable::new(vec![
            stored("always", "a", &named("")),
            stored("once", "b", &named(r#","expires":"2026-01-01T00:00:01Z""#)),
        ]);
        let expiry = 1_767_225_601_000_000;
        let found = |token, now| table.find(token, Timestamp(now)).map(Caller::token_id);
        assert_eq!(found("b", expiry - 1), Some("once"));
        assert_eq!(found("b", expiry), None);
        assert_eq!(found("a", i64::MAX), Some("always"));
        assert_eq!(found("c", 0), None);
    }

    #[test]
    fn a_damaged_token_leaves_the_others_usable() {
        let table = TokenTable::new(vec![stored("bad", "a", "{"), stored("good", "b", &named(""))]);
        assert_eq!(table.entries().count(), 1);
        assert!(table.find("a", Timestamp(0)).is_none() && table.find("b", Timestamp(0)).is_some());
        assert_eq!(table.stored.len(), 2);
    }
}
