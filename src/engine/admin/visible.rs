//! Which objects a path speaks of, of those the caller may see. What is hidden is as if absent.
use super::path::{ConfigPath, Subject};
use crate::domain::access::Right;
use crate::domain::catalogue::{Catalogue, Company, Folder, Org};
use crate::engine::access::Caller;
use crate::engine::error::{Error, Result};
use serde_json::{Map, Value};

/// An object of the configuration, with what it is in.
#[derive(Clone, Copy)]
pub enum Object<'c> {
    /// A company.
    Company(&'c Company),
    /// An organisation.
    Org(&'c Company, &'c Org),
    /// A folder.
    Folder(&'c Company, &'c Org, &'c Folder),
    /// An application, as given.
    App(&'c Company, &'c Org, &'c Map<String, Value>),
    /// A user, as given.
    User(&'c Company, &'c Map<String, Value>),
}

/// One place in the JSON of a path.
pub struct Entry<'c> {
    /// Names from the company down.
    pub keys: Vec<&'c str>,
    /// What is there; `None` for a level above the objects the path speaks of.
    pub object: Option<Object<'c>>,
}

/// Everything a path speaks of, in the order of names.
///
/// # Errors
/// `not_found` when a name of the path is not there or may not be seen.
pub fn entries<'c>(catalogue: &'c Catalogue, caller: &Caller, path: &ConfigPath) -> Result<Vec<Entry<'c>>> {
    let subject = path.subject();
    let named = |company: &Company| path.company.as_ref().is_none_or(|name| *name == company.name);
    let mut found = Vec::new();
    for company in catalogue.companies.values().filter(|company| named(company)) {
        if !caller.scope().sees_company(&company.name) {
            continue;
        }
        let keys = vec![company.name.as_str()];
        let object = (subject == Subject::Company).then_some(Object::Company(company));
        found.push(Entry { keys, object });
        match subject {
            Subject::Company => {}
            Subject::User => users(company, caller, path, &mut found),
            Subject::Org | Subject::Folder | Subject::App => orgs(company, caller, path, &mut found),
        }
    }
    let depth = path.names().len();
    if depth > 0 && !found.iter().any(|entry| entry.keys.len() >= depth) {
        return Err(Error::absent());
    }
    Ok(found)
}

fn orgs<'c>(company: &'c Company, caller: &Caller, path: &ConfigPath, found: &mut Vec<Entry<'c>>) {
    let named = |org: &Org| path.org.as_ref().is_none_or(|name| *name == org.name);
    for org in company.orgs.values().filter(|org| named(org)) {
        if !caller.scope().sees_org(&company.name, &org.name) {
            continue;
        }
        let keys = vec![company.name.as_str(), org.name.as_str()];
        let object = (path.subject() == Subject::Org).then_some(Object::Org(company, org));
        found.push(Entry { keys, object });
        match path.subject() {
            Subject::Folder => folders(company, org, caller, path, found),
            Subject::App => apps(company, org, caller, path, found),
            _ => {}
        }
    }
}

fn folders<'c>(company: &'c Company, org: &'c Org, caller: &Caller, path: &ConfigPath, found: &mut Vec<Entry<'c>>) {
    let named = |folder: &Folder| path.folder.as_ref().is_none_or(|name| *name == folder.name);
    for folder in org.folders.values().filter(|folder| named(folder) && caller.sees_folder(folder)) {
        let keys = vec![company.name.as_str(), org.name.as_str(), folder.name.as_str()];
        found.push(Entry { keys, object: Some(Object::Folder(company, org, folder)) });
    }
}

/// Applications name the folders they serve: a caller that reaches one folder does not see them.
fn apps<'c>(company: &'c Company, org: &'c Org, caller: &Caller, path: &ConfigPath, found: &mut Vec<Entry<'c>>) {
    if caller.scope().folder.is_some() {
        return;
    }
    for (name, app) in org.apps.iter().filter(|(name, _)| path.item.as_ref().is_none_or(|item| item == *name)) {
        let keys = vec![company.name.as_str(), org.name.as_str(), name.as_str()];
        found.push(Entry { keys, object: Some(Object::App(company, org, app)) });
    }
}

/// Users belong to the whole company: a caller that reaches one organisation does not see them.
fn users<'c>(company: &'c Company, caller: &Caller, path: &ConfigPath, found: &mut Vec<Entry<'c>>) {
    if caller.scope().org.is_some() {
        return;
    }
    for (name, user) in company.users.iter().filter(|(name, _)| path.item.as_ref().is_none_or(|item| item == *name)) {
        let keys = vec![company.name.as_str(), name.as_str()];
        found.push(Entry { keys, object: Some(Object::User(company, user)) });
    }
}

/// Demands what reading configuration needs: `read`, or `config`.
///
/// # Errors
/// `right_missing`.
pub fn demand_sight(caller: &Caller) -> Result<()> {
    if caller.may(Right::Config) { Ok(()) } else { caller.demand(Right::Read) }
}
