//! Tokens: made, listed, revoked, recognised (contract section 3). Only digests are kept.
pub mod table;

use super::access::Caller;
use super::core::Core;
use super::edit::committer::Request;
use super::error::{Error, Result};
use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::base::json::misshape;
use crate::domain::access::{Right, Scope};
use crate::domain::catalogue::Catalogue;
use crate::domain::fields::datetime::parse_instant;
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::stores::database::{StoredToken, Write};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use table::{Properties, TokenTable};

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

/// Makes the root token when the store has none. `hand_over` gets it first and must make it durable: a crash in between
/// then leaves a token that is not known yet and is replaced at the next start, never a store whose token nobody has.
///
/// # Errors
/// The store's; `hand_over`'s comes back as it is, in the inner result.
pub async fn ensure_root<E>(
    core: &Core,
    hand_over: impl FnOnce(&str) -> std::result::Result<(), E>,
) -> Result<std::result::Result<Option<String>, E>> {
    if !core.tokens.load().stored.is_empty() {
        return Ok(Ok(None));
    }
    let token = draw();
    let _one_at_a_time = core.configuring.lock().await;
    if let Err(error) = hand_over(&token) {
        return Ok(Err(error));
    }
    let properties = Properties {
        name: "root".to_owned(),
        scope: Scope::default(),
        rights: Right::ALL.to_vec(),
        created: core.clock.now().rfc3339(),
        expires: None,
    };
    store(core, &token, &properties).await?;
    Ok(Ok(Some(token)))
}

/// `POST /tokens`.
///
/// # Errors
/// `right_missing`, `not_found` for a scope the maker does not see, `body_shape`, `parameter_invalid`.
pub async fn make(core: &Core, caller: &Caller, body: Value) -> Result<Value> {
    caller.demand(Right::Admin)?;
    let _one_at_a_time = core.configuring.lock().await;
    let asked: Asked = serde_json::from_value(body).map_err(|e| {
        Refusal::new(Code::BodyShape, format!("a token is made from {{\"name\",\"rights\",…}}: {}", misshape(&e)))
    })?;
    let scope = scope(core, caller, &asked)?;
    let lacking: Vec<&str> = asked.rights.iter().filter(|right| !caller.may(**right)).map(|r| r.text()).collect();
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        return Err(Error::refused(
            Code::RightMissing,
            format!("a token grants at most what its maker holds; lacking: {lacking}"),
        ));
    }
    let expires = asked.expires.as_deref().map(|text| expiry(core, text)).transpose()?;
    let mut rights = asked.rights;
    rights.sort();
    rights.dedup();
    let properties = Properties { name: asked.name, scope, rights, created: core.clock.now().rfc3339(), expires };
    let token = draw();
    let id = store(core, &token, &properties).await?;
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
    let scope = Scope { company: asked.company.clone(), org: asked.org.clone(), folder: asked.folder.clone() };
    let complete =
        |missing| Error::from(Refusal::at(Code::ParameterInvalid, missing, "a narrower level needs the wider one"));
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

/// A new token.
fn draw() -> String {
    format!("ln_{}", digest::hex(&digest::random()))
}

/// Makes a token known; its id comes back. Called while no other configuration can come: what a token reaches must not
/// go between the judgement and the commit.
async fn store(core: &Core, token: &str, properties: &Properties) -> Result<String> {
    let id = format!("tok_{}", digest::hex(digest::random().get(..8).unwrap_or_default()));
    let body = serde_json::to_string(properties)
        .map_err(|e| Refusal::new(Code::BodyShape, format!("the token cannot be written: {e}")))?;
    let stored = StoredToken { id: id.clone(), digest: digest::sha256(token.as_bytes()), body };
    core.committer.commit(Request::plain(vec![Write::PutToken(stored.clone())])).await?;
    let mut all = core.tokens.load().stored.clone();
    all.push(stored);
    core.tokens.store(Arc::new(TokenTable::new(all)));
    Ok(id)
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
    forget(core, &[id.to_owned()]);
    Ok(())
}

/// The tokens to revoke when `next` comes in force: what they were made for is deleted by it, or was before and
/// something new takes its name, which must stay hidden from them.
pub fn orphaned(core: &Core, next: &Catalogue) -> Vec<String> {
    let world = core.world();
    let table = core.tokens.load();
    let gone = |scope: &Scope| reaches(&world.catalogue, scope) != reaches(next, scope);
    let orphans = table.entries().filter(|entry| gone(&entry.properties.scope));
    orphans.map(|entry| entry.caller.token_id().to_owned()).collect()
}

/// Whether what the scope names is there.
fn reaches(catalogue: &Catalogue, scope: &Scope) -> bool {
    let Some(company) = &scope.company else { return true };
    let Some(org) = &scope.org else { return catalogue.company(company).is_some() };
    let Some(found) = catalogue.org(company, org) else { return false };
    scope.folder.as_ref().is_none_or(|folder| found.folders.contains_key(folder))
}

/// Forgets tokens whose deletion stands. Called while no other configuration can come.
pub fn forget(core: &Core, ids: &[String]) {
    if ids.is_empty() {
        return;
    }
    let left = core.tokens.load().stored.iter().filter(|token| !ids.contains(&token.id)).cloned().collect();
    core.tokens.store(Arc::new(TokenTable::new(left)));
}
