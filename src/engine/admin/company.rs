//! A company and its users: made, changed, shown.
use super::check::{Shape, below, invalid, overlay as lay, same_company};
use super::secrets::without_passwords;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_hex;
use crate::domain::catalogue::Company;
use crate::domain::identity::{CompanyId, CompanyName};
use crate::engine::error::Result;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Keys no body changes; they are ignored when what was read is sent back.
const READ_ONLY: [&str; 3] = ["uuid", "created", "status"];
const KNOWN: [(&str, Shape); 3] = [("name", Shape::Text), ("limithours", Shape::Number), ("retention", Shape::Days)];
const COLLECTIONS: [&str; 4] = ["orgs", "folders", "apps", "users"];

/// A new company with every default; `-1` means without limit.
pub fn new(id: CompanyId, name: &CompanyName, now: Timestamp) -> Company {
    let mut settings = Map::new();
    settings.insert("uuid".into(), identifier(id, name, now).into());
    settings.insert("name".into(), name.as_str().into());
    settings.insert("created".into(), day(now).into());
    settings.insert("limithours".into(), json!(-1));
    settings.insert("retention".into(), json!(-1));
    Company { id, name: name.clone(), settings, users: BTreeMap::new(), orgs: BTreeMap::new(), version: 1 }
}

/// 32 hex digits, as V-Spark's companies have. Ids are never given twice in one store; the time tells stores apart.
fn identifier(id: CompanyId, name: &CompanyName, now: Timestamp) -> String {
    let mut digits = sha256_hex(format!("company {} {name} {}", id.0, now.0).as_bytes());
    digits.truncate(32);
    digits
}

/// The day of an instant in UTC, `YYYY-MM-DD`.
pub fn day(now: Timestamp) -> String {
    now.rfc3339().chars().take(10).collect()
}

/// Lays a body over the company's settings.
///
/// # Errors
/// `config_invalid` at the key.
pub fn overlay(company: &mut Company, body: &Map<String, Value>, pointer: &str) -> Result<()> {
    for (key, value) in body {
        refuse_misplaced(company, key, value, &below(pointer, key))?;
    }
    lay(&mut company.settings, body, &KNOWN, &READ_ONLY, pointer)
}

/// Unknown keys are kept, so a level too many or too few in the JSON would vanish into the settings: tell it here.
fn refuse_misplaced(company: &Company, key: &str, value: &Value, pointer: &str) -> Result<()> {
    let name = company.name.as_str();
    if COLLECTIONS.contains(&key) {
        return Err(invalid(
            pointer,
            format!("{key:?} are no setting of a company; post them to /config/{name}/{key}"),
        ));
    }
    if !value.is_object() {
        return Ok(());
    }
    if key == name {
        return Err(invalid(pointer, format!("{key:?} stands twice: levels named in the path drop out of the JSON")));
    }
    let child = company.orgs.keys().any(|org| org.as_str() == key) || value.as_object().is_some_and(is_organisation);
    if child || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')) {
        let detail = format!("{key:?} looks like an organisation; post organisations to /config/{name}/orgs");
        return Err(invalid(pointer, detail));
    }
    Ok(())
}

/// Whether a body says what only an organisation or a folder in it says.
fn is_organisation(members: &Map<String, Value>) -> bool {
    let own = ["timezone", "fields"].iter().any(|word| members.contains_key(*word));
    own || members.values().any(|folder| folder.get("custom_meta").is_some())
}

/// As `GET` shows it.
pub fn shown(company: &Company, status: String) -> Map<String, Value> {
    let mut shown = company.settings.clone();
    shown.insert("status".into(), status.into());
    shown
}

/// Makes or changes a user: what is sent replaces, what is left out stays; members of `auth` likewise. Passwords are
/// not kept.
///
/// # Errors
/// `config_invalid` at the key.
pub fn put_user(company: &mut Company, user: &str, body: &Map<String, Value>, pointer: &str) -> Result<()> {
    const USER: [(&str, Shape); 4] =
        [("name", Shape::Text), ("email", Shape::Text), ("auth", Shape::Object), ("permissions", Shape::Object)];
    const HANDLED: [&str; 4] = ["company", "created", "status", "auth"];
    same_company(body, company.name.as_str(), pointer)?;
    let mut settings = company.users.get(user).cloned().unwrap_or_else(|| {
        let mut fresh = Map::new();
        fresh.insert("name".into(), user.into());
        fresh.insert("company".into(), company.name.as_str().into());
        fresh
    });
    let sent = without_passwords(body);
    lay(&mut settings, &sent, &USER, &HANDLED, pointer)?;
    if let Some(auth) = sent.get("auth") {
        let pointer = below(pointer, "auth");
        let mut merged = settings.get("auth").and_then(Value::as_object).cloned().unwrap_or_default();
        lay(&mut merged, super::check::object(auth, &pointer)?, &[], &[], &pointer)?;
        settings.insert("auth".into(), Value::Object(merged));
    }
    company.users.insert(user.to_owned(), settings);
    Ok(())
}
