//! An organisation and its applications: made, changed, shown.
use super::check::{Shape, below, invalid, object, overlay as lay, same_company, text};
use super::company::day;
use super::fields;
use crate::base::clock::Timestamp;
use crate::domain::catalogue::Org;
use crate::domain::identity::{CompanyName, FieldName, OrgId, OrgName};
use crate::domain::refusal::{Code, Refusal};
use crate::engine::error::{Error, Result};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const HANDLED: [&str; 5] = ["company", "created", "status", "timezone", "fields"];
const KNOWN: [(&str, Shape); 2] = [("name", Shape::Text), ("retention", Shape::Days)];
const COLLECTIONS: [&str; 4] = ["orgs", "folders", "apps", "users"];
/// What tells a folder that was posted one level too high.
const OF_FOLDERS: [&str; 5] = ["custom_meta", "on_mismatch", "speakers", "audiotype", "mode"];

/// A new organisation with every default; it shows the part of its name after the company's.
pub fn new(id: OrgId, company: &CompanyName, name: &OrgName, now: Timestamp) -> Org {
    let short = name.as_str().strip_prefix(company.as_str()).and_then(|rest| rest.strip_prefix('-'));
    let mut settings = Map::new();
    settings.insert("name".into(), short.filter(|s| !s.is_empty()).unwrap_or(name.as_str()).into());
    settings.insert("created".into(), day(now).into());
    settings.insert("retention".into(), json!(-1));
    Org {
        id,
        name: name.clone(),
        settings,
        timezone: "UTC".to_owned(),
        zone: TimeZone::UTC,
        fields: Vec::new(),
        apps: BTreeMap::new(),
        deleted: Vec::new(),
        barred: Arc::default(),
        folders: BTreeMap::new(),
        version: 1,
    }
}

/// What a change of an organisation needs to know besides its body.
pub struct Rules<'a> {
    /// The company it is in.
    pub company: &'a CompanyName,
    /// What holds for its fields.
    pub fields: fields::Rules,
    /// Whether it holds transcripts, which fixes its time zone.
    pub holds_transcripts: &'a dyn Fn(&Org) -> bool,
}

/// Lays a body over the organisation; `next` is the counter of numbers, for new fields.
///
/// # Errors
/// `config_invalid` at the key, `timezone_fixed`, and those of [`fields::overlay`].
pub fn overlay(
    org: &mut Org,
    body: &Map<String, Value>,
    pointer: &str,
    rules: &Rules<'_>,
    next: &mut u32,
) -> Result<()> {
    for (key, value) in body {
        refuse_misplaced(org, rules.company, key, value, &below(pointer, key))?;
    }
    same_company(body, rules.company.as_str(), pointer)?;
    if let Some(sent) = body.get("timezone") {
        set_timezone(org, sent, &below(pointer, "timezone"), rules.holds_transcripts)?;
    }
    if let Some(sent) = body.get("fields") {
        let pointer = below(pointer, "fields");
        fields::overlay(org, object(sent, &pointer)?, &pointer, rules.fields, next)?;
    }
    lay(&mut org.settings, body, &KNOWN, &HANDLED, pointer)
}

fn refuse_misplaced(org: &Org, company: &CompanyName, key: &str, value: &Value, pointer: &str) -> Result<()> {
    let place = format!("/config/{company}/{}", org.name);
    if COLLECTIONS.contains(&key) {
        return Err(invalid(
            pointer,
            format!(
                "{key:?} are no setting of an organisation; they have a path of their own, such as {place}/folders"
            ),
        ));
    }
    let Some(members) = value.as_object().filter(|_| key != "fields") else { return Ok(()) };
    if key == org.name.as_str() {
        return Err(invalid(pointer, format!("{key:?} stands twice: levels named in the path drop out of the JSON")));
    }
    let child = org.folders.keys().any(|folder| folder.as_str() == key);
    if child || OF_FOLDERS.iter().any(|word| members.contains_key(*word)) {
        return Err(invalid(pointer, format!("{key:?} looks like a folder; post folders to {place}/folders")));
    }
    Ok(())
}

fn set_timezone(org: &mut Org, sent: &Value, pointer: &str, fixed: &dyn Fn(&Org) -> bool) -> Result<()> {
    let sent = text(sent, pointer)?;
    let (name, zone) = timezone(sent).ok_or_else(|| {
        invalid(
            pointer,
            format!("there is no time zone {sent:?}; use a name of the tz database, such as \"Europe/Berlin\""),
        )
    })?;
    if name == org.timezone {
        return Ok(());
    }
    if fixed(org) {
        let detail = format!(
            "the time zone of {:?} stays {:?} while the organisation holds transcripts: their times were read in it",
            org.name.as_str(),
            org.timezone
        );
        return Err(Error::Refused(Refusal::at(Code::TimezoneFixed, pointer, detail)));
    }
    org.timezone = name;
    org.zone = zone;
    Ok(())
}

/// The time zone of that name, and the name as the tz database spells it.
pub fn timezone(name: &str) -> Option<(String, TimeZone)> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())?;
    Some((zone.iana_name().unwrap_or(name).to_owned(), zone))
}

/// As `GET` shows it; `sees` says which fields of the schema may be shown.
pub fn shown(
    org: &Org,
    company: &CompanyName,
    status: String,
    sees: &dyn Fn(&FieldName) -> bool,
) -> Result<Map<String, Value>> {
    let mut shown = Map::new();
    shown.insert("company".into(), company.as_str().into());
    shown.extend(org.settings.iter().map(|(key, value)| (key.clone(), value.clone())));
    shown.insert("status".into(), status.into());
    shown.insert("timezone".into(), org.timezone.as_str().into());
    shown.insert("fields".into(), Value::Object(fields::shown(org, sees)?));
    Ok(shown)
}

/// Makes or changes an application: what is sent replaces, what is left out stays.
///
/// # Errors
/// `config_invalid` at the key.
pub fn put_app(org: &mut Org, app: &str, body: &Map<String, Value>, pointer: &str, now: Timestamp) -> Result<()> {
    const APP: [(&str, Shape); 2] = [("folders", Shape::Texts), ("template", Shape::Text)];
    let mut settings = org.apps.get(app).cloned().unwrap_or_else(|| {
        let mut fresh = Map::new();
        fresh.insert("created".into(), day(now).into());
        fresh.insert("defaultscoretype".into(), "Hit/Miss".into());
        fresh.insert("enabled".into(), "on".into());
        fresh.insert("folders".into(), json!([]));
        fresh
    });
    lay(&mut settings, body, &APP, &["created", "status"], pointer)?;
    org.apps.insert(app.to_owned(), settings);
    Ok(())
}
