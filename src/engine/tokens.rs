//! Tokens: made, listed, revoked, recognised (contract section 3). Only digests are kept.
use super::access::Caller;
use super::core::Core;
use super::edit::committer::Request;
use super::error::{Error, Result};
use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::domain::access::{Right, Scope};
use crate::domain::fields::datetime::parse_instant;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::stores::database::{StoredToken, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

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

struct Entry {
    digest: [u8; 32],
    caller: Caller,
    properties: Properties,
    expires: Option<i64>,
}

/// All tokens, by the beginning of their digest.
#[derive(Default)]
pub struct TokenTable {
    by_prefix: HashMap<[u8; 8], Vec<Entry>>,
    stored: Vec<StoredToken>,
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
    fn find(&self, token: &str, now: Timestamp) -> Option<&Caller> {
        let asked = digest::sha256(token.as_bytes());
        let candidates = self.by_prefix.get(&prefix(&asked))?;
        let entry = candidates.iter().find(|entry| digest::equal(&entry.digest, &asked))?;
        entry.expires.is_none_or(|at| at > now.0).then_some(&entry.caller)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    name: String,
    company: Option<CompanyName>,
    org: Option<OrgName>,
    folder: Option<FolderName>,
    rights: Vec<Right>,
    expires: Option<String>,
}

/// Token text to caller.
///
/// # Errors
/// `token_missing`, `token_unknown`.
pub fn authenticate(core: &Core, token: Option<&str>) -> Result<Caller> {
    let Some(token) = token else {
        return Err(Error::refused(
            Code::TokenMissing,
            "send a token: `Authorization: Bearer TOKEN`, or the parameter `token`",
        ));
    };
    let table = core.tokens.load();
    let found = table.find(token, core.clock.now()).cloned();
    found.ok_or_else(|| Error::refused(Code::TokenUnknown, "the token is not known, has expired or was revoked"))
}

/// Makes the root token when the store has none.
///
/// # Errors
/// The store's.
pub async fn ensure_root(core: &Core) -> Result<Option<String>> {
    if !core.tokens.load().stored.is_empty() {
        return Ok(None);
    }
    let properties = Properties {
        name: "root".to_owned(),
        scope: Scope::default(),
        rights: Right::ALL.to_vec(),
        created: core.clock.now().rfc3339(),
        expires: None,
    };
    let (token, _) = store(core, &properties).await?;
    Ok(Some(token))
}

/// `POST /tokens`.
///
/// # Errors
/// `right_missing`, `not_found` for a scope the maker does not see, `body_shape`, `parameter_invalid`.
pub async fn make(core: &Core, caller: &Caller, body: Value) -> Result<Value> {
    caller.demand(Right::Admin)?;
    let asked: Asked = serde_json::from_value(body)
        .map_err(|e| Refusal::new(Code::BodyShape, format!("a token is made from {{\"name\",\"rights\",…}}: {e}")))?;
    let scope = scope(core, caller, &asked)?;
    let lacking: Vec<&str> = asked.rights.iter().filter(|right| !caller.may(**right)).map(|r| r.text()).collect();
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        return Err(Error::refused(Code::RightMissing, format!("a token grants at most what its maker holds; lacking: {lacking}")));
    }
    let expires = asked.expires.as_deref().map(|text| expiry(core, text)).transpose()?;
    let mut rights = asked.rights;
    rights.sort();
    rights.dedup();
    let properties =
        Properties { name: asked.name, scope, rights, created: core.clock.now().rfc3339(), expires };
    let (token, id) = store(core, &properties).await?;
    let mut shown = shown(&id, &properties);
    if let Some(members) = shown.as_object_mut() {
        members.insert("token".to_owned(), Value::String(token));
    }
    Ok(shown)
}

fn expiry(core: &Core, text: &str) -> std::result::Result<String, Refusal> {
    let refused = |why| Refusal::at(Code::ParameterInvalid, "/expires", format!("`expires` {why}"));
    let at = parse_instant(text, &jiff::tz::TimeZone::UTC).ok_or_else(|| refused("is not an instant"))?;
    if at <= core.clock.now().0 {
        return Err(refused("lies in the past"));
    }
    Ok(Timestamp(at).rfc3339())
}

/// The scope asked for, cut to what the maker sees and what exists.
fn scope(core: &Core, caller: &Caller, asked: &Asked) -> Result<Scope> {
    let scope =
        Scope { company: asked.company.clone(), org: asked.org.clone(), folder: asked.folder.clone() };
    let complete = |missing| Error::from(Refusal::at(Code::ParameterInvalid, missing, "a narrower level needs the wider one"));
    let world = core.world();
    match (&scope.company, &scope.org, &scope.folder) {
        (None, None, None) => {}
        (Some(company), None, None) => drop(caller.company(&world.catalogue, company)?),
        (Some(company), Some(org), folder) => {
            let found = caller.org(&world.catalogue, company, org)?;
            if let Some(folder) = folder {
                caller.folder(found, folder)?;
            }
        }
        (None, Some(_), _) | (None, None, Some(_)) => return Err(complete("/company")),
        (Some(_), None, Some(_)) => return Err(complete("/org")),
    }
    if !caller.scope().covers(&scope) {
        return Err(Error::refused(Code::RightMissing, "a token reaches at most what its maker reaches"));
    }
    Ok(scope)
}

async fn store(core: &Core, properties: &Properties) -> Result<(String, String)> {
    let token = format!("ln_{}", digest::hex(&digest::random()));
    let id = format!("tok_{}", digest::hex(digest::random().get(..8).unwrap_or_default()));
    let body = serde_json::to_string(properties)
        .map_err(|e| Refusal::new(Code::BodyShape, format!("the token cannot be written: {e}")))?;
    let stored = StoredToken { id: id.clone(), digest: digest::sha256(token.as_bytes()), body };
    let _one_at_a_time = core.configuring.lock().await;
    core.committer.commit(Request::plain(vec![Write::PutToken(stored.clone())])).await?;
    let mut all = core.tokens.load().stored.clone();
    all.push(stored);
    core.tokens.store(Arc::new(TokenTable::new(all)));
    Ok((token, id))
}

fn shown(id: &str, properties: &Properties) -> Value {
    let mut value = json!(properties);
    if let Some(members) = value.as_object_mut() {
        members.shift_insert(0, "id".to_owned(), Value::String(id.to_owned()));
    }
    value
}

/// `GET /tokens`.
///
/// # Errors
/// `right_missing`.
pub fn list(core: &Core, caller: &Caller) -> Result<Value> {
    caller.demand(Right::Admin)?;
    let table = core.tokens.load();
    let mut seen: Vec<(&str, Value)> = table
        .entries()
        .filter(|entry| caller.scope().covers(&entry.properties.scope))
        .map(|entry| (entry.caller.token_id(), shown(entry.caller.token_id(), &entry.properties)))
        .collect();
    seen.sort_by(|a, b| a.0.cmp(b.0));
    Ok(Value::Array(seen.into_iter().map(|(_, value)| value).collect()))
}

/// `DELETE /tokens/{id}`: works at once.
///
/// # Errors
/// `right_missing`, `not_found`.
pub async fn revoke(core: &Core, caller: &Caller, id: &str) -> Result<()> {
    caller.demand(Right::Admin)?;
    let _one_at_a_time = core.configuring.lock().await;
    let table = core.tokens.load_full();
    let found = table.entries().find(|entry| entry.caller.token_id() == id);
    if !found.is_some_and(|entry| caller.scope().covers(&entry.properties.scope)) {
        return Err(Error::absent());
    }
    core.committer.commit(Request::plain(vec![Write::DeleteToken(id.to_owned())])).await?;
    let left = table.stored.iter().filter(|token| token.id != id).cloned().collect();
    core.tokens.store(Arc::new(TokenTable::new(left)));
    Ok(())
}
