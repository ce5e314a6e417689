//! `POST /config/…`: what exists is updated, what does not is created, what is not named stays.
use super::check::{below, invalid, object, placed};
use super::path::{ConfigPath, Subject};
use super::settle::settle;
use super::show::{self, Statuses};
use super::visible::{Entry, entries};
use super::{body, company, fields, folder, org, plan};
use crate::base::clock::Timestamp;
use crate::domain::access::Right;
use crate::domain::catalogue::{Catalogue, Company, Org, take_number};
use crate::domain::identity::field_name::NameRules;
use crate::domain::identity::{CompanyId, CompanyName, FolderId, FolderName, OrgId, OrgName};
use crate::domain::limits::Limits;
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::error::{Error, Result};
use crate::stores::database::rows::StoredObject;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a change needs to know of the rest of the engine.
pub struct Context<'a> {
    /// Now: the day new objects were created.
    pub now: Timestamp,
    /// Bounds of the body.
    pub limits: &'a Limits,
    /// Which names fields may have.
    pub names: NameRules,
    /// Whether an organisation holds transcripts (one that was never stored holds none).
    pub holds_transcripts: &'a dyn Fn(&Org) -> bool,
    /// What runs in folders, for the answer.
    pub statuses: &'a Statuses<'a>,
}

impl Context<'_> {
    /// A folder may list as many fields as a transcript may have names.
    fn fields(&self) -> fields::Rules {
        fields::Rules { names: self.names, most: self.limits.metadata_names }
    }
}

/// A change that is allowed: to be stored in one write, then shown.
#[derive(Debug)]
pub struct Change {
    /// The configuration after it.
    pub catalogue: Catalogue,
    /// Objects to store.
    pub put: Vec<StoredObject>,
    /// The greatest number given so far.
    pub last_object: u32,
    /// The objects named, as `GET` shows them.
    pub answer: Value,
    /// The entity tag a `GET` of the path answers after it.
    pub etag: String,
    /// What it does, for `?dry_run=true`.
    pub plan: Value,
    /// Folders whose schema version was raised: their transcripts are behind.
    pub reprojected: Vec<FolderId>,
    /// Whether anything differs; if not, there is nothing to store.
    pub changed: bool,
}

/// Works out what a body posted to a path changes.
///
/// # Errors
/// `not_found` for names of the path that are missing or hidden and for what the caller may not create;
/// `right_missing`; those of [`body::read`]; `config_invalid` and the codes of names and fields, with their place.
pub fn change(
    catalogue: &Catalogue,
    caller: &Caller,
    path: &ConfigPath,
    body: &str,
    context: &Context<'_>,
) -> Result<Change> {
    let above = path.names().len() - usize::from(path.is_single());
    find_parents(catalogue, caller, path)?;
    caller.demand(Right::Config)?;
    let body = body::read(body, context.limits)?;
    let mut leaves = Vec::new();
    let named: Vec<String> = path.names().into_iter().map(str::to_owned).collect();
    gather(&body, named, String::new(), path.subject(), &mut leaves)?;
    let mut draft = Draft { catalogue: catalogue.clone(), caller, context, above };
    for leaf in &leaves {
        draft.put(path.subject(), leaf)?;
    }
    let mut next = draft.catalogue;
    let settled = settle(catalogue, &mut next)?;
    // What the organisation shares is not shown to who reaches one folder: whether a name is known elsewhere is not told.
    let mut steps = settled.steps;
    steps.retain(|step| step.subject != Subject::Org || caller.scope().folder.is_none());
    let places: Vec<String> = settled.reprojected.iter().map(|(_, place)| place.clone()).collect();
    let found = entries(&next, caller, path)?;
    let etag = show::etag(&found, caller)?;
    let answered: Vec<Entry<'_>> = found
        .into_iter()
        .filter(|entry| leaves.iter().any(|leaf| leaf.body.is_some() && leaf.keys == entry.keys))
        .collect();
    let answer = show::nested(&answered, path.names().len(), caller, context.statuses)?;
    Ok(Change {
        answer,
        etag,
        plan: plan::plan(&steps, &places),
        reprojected: settled.reprojected.into_iter().map(|(id, _)| id).collect(),
        changed: !settled.put.is_empty(),
        put: settled.put,
        last_object: next.last_id(),
        catalogue: next,
    })
}

/// The levels a path names above its objects must be there.
fn find_parents(catalogue: &Catalogue, caller: &Caller, path: &ConfigPath) -> Result<()> {
    let (Some(company), false) = (&path.company, path.subject() == Subject::Company) else { return Ok(()) };
    caller.company(catalogue, company)?;
    match &path.org {
        Some(org) if path.subject() != Subject::Org => caller.org(catalogue, company, org).map(drop),
        _ => Ok(()),
    }
}

/// One object of a body, or a level above objects that holds none (`body` is `None`).
struct Leaf<'b> {
    keys: Vec<String>,
    pointer: String,
    body: Option<&'b Map<String, Value>>,
}

fn gather<'b>(
    value: &'b Value,
    keys: Vec<String>,
    pointer: String,
    subject: Subject,
    leaves: &mut Vec<Leaf<'b>>,
) -> Result<()> {
    let members = object(value, &pointer)?;
    if keys.len() == subject.levels() {
        leaves.push(Leaf { keys, pointer, body: Some(members) });
        return Ok(());
    }
    if members.is_empty() {
        leaves.push(Leaf { keys, pointer, body: None });
        return Ok(());
    }
    for (key, value) in members {
        let deeper = keys.iter().cloned().chain([key.clone()]).collect();
        gather(value, deeper, below(&pointer, key), subject, leaves)?;
    }
    Ok(())
}

/// The names that lead to a leaf, valid as names.
struct Names {
    company: CompanyName,
    org: Option<OrgName>,
}

struct Draft<'a> {
    catalogue: Catalogue,
    caller: &'a Caller,
    context: &'a Context<'a>,
    /// How many levels above the objects the path names: those were found.
    above: usize,
}

impl Draft<'_> {
    fn put(&mut self, subject: Subject, leaf: &Leaf<'_>) -> Result<()> {
        let Some(names) = self.parents(subject, leaf)? else { return Ok(()) };
        let (Some(body), Some(last)) = (leaf.body, leaf.keys.last()) else { return Ok(()) };
        match (subject, names.org) {
            (Subject::Company, _) => self.put_company(&names.company, body, &leaf.pointer),
            (Subject::Org, Some(org)) => self.put_org(&names.company, &org, body, &leaf.pointer),
            (Subject::User, _) => {
                placed(FolderName::parse(last), &leaf.pointer)?;
                self.inside(self.caller.scope.org.is_none())?;
                let company = self.company_mut(&names.company)?;
                company::put_user(company, last, body, &leaf.pointer)
            }
            (Subject::App, Some(org)) => {
                placed(FolderName::parse(last), &leaf.pointer)?;
                self.inside(self.caller.scope.folder.is_none())?;
                let now = self.context.now;
                let (org, _) = self.org_mut(&names.company, &org)?;
                org::put_app(org, last, body, &leaf.pointer, now)
            }
            (Subject::Folder, Some(org)) => {
                let folder = placed(FolderName::parse(last), &leaf.pointer)?;
                self.put_folder((&names.company, &org), &folder, body, &leaf.pointer)
            }
            _ => Ok(()),
        }
    }

    /// Reads a leaf's names and demands the levels above it that the body names; `None` for an empty body.
    fn parents(&self, subject: Subject, leaf: &Leaf<'_>) -> Result<Option<Names>> {
        let Some(first) = leaf.keys.first() else { return Ok(None) };
        let company = placed(CompanyName::parse(first), &self.pointer(leaf, 1))?;
        if self.above < 1 && subject != Subject::Company && self.caller.company(&self.catalogue, &company).is_err() {
            let detail = format!("there is no company {first:?} to put it in; create the company first");
            return Err(invalid(self.pointer(leaf, 1), detail));
        }
        let second = leaf.keys.get(1).filter(|_| matches!(subject, Subject::Org | Subject::Folder | Subject::App));
        let Some(second) = second else { return Ok(Some(Names { company, org: None })) };
        let org = placed(OrgName::parse(second), &self.pointer(leaf, 2))?;
        if self.above < 2 && subject != Subject::Org && self.caller.org(&self.catalogue, &company, &org).is_err() {
            let detail = format!("company {first:?} has no organisation {second:?} to put it in; create it first");
            return Err(invalid(self.pointer(leaf, 2), detail));
        }
        Ok(Some(Names { company, org: Some(org) }))
    }

    /// Where in the body the leaf's name of that level stands.
    fn pointer(&self, leaf: &Leaf<'_>, level: usize) -> String {
        let depth = leaf.pointer.matches('/').count();
        let extra = leaf.keys.len().saturating_sub(level);
        let tokens = leaf.pointer.split('/').skip(1).take(depth.saturating_sub(extra));
        tokens.fold(String::new(), |pointer, token| pointer + "/" + token)
    }

    /// What lies outside the caller's scope is as if it were not there.
    fn inside(&self, inside: bool) -> Result<()> {
        if inside { Ok(()) } else { Err(Error::absent()) }
    }

    /// What holds the caller's scope may be seen, but not changed.
    fn reaches(&self, reaches: bool, what: &str) -> Result<()> {
        if reaches {
            return Ok(());
        }
        Err(Error::refused(
            Code::RightMissing,
            format!("the token reaches only a part of this {what}: it can not change it"),
        ))
    }

    fn put_company(&mut self, name: &CompanyName, body: &Map<String, Value>, pointer: &str) -> Result<()> {
        let scope = &self.caller.scope;
        self.inside(scope.sees_company(name))?;
        if self.catalogue.companies.contains_key(name) {
            self.reaches(scope.org.is_none(), "company")?;
        } else {
            self.inside(scope.company.is_none())?;
            let id = CompanyId(self.catalogue.take_id());
            let fresh = company::new(id, name, self.context.now);
            self.catalogue.companies.insert(name.clone(), Arc::new(fresh));
        }
        company::overlay(self.company_mut(name)?, body, pointer)
    }

    fn put_org(
        &mut self,
        company: &CompanyName,
        name: &OrgName,
        body: &Map<String, Value>,
        pointer: &str,
    ) -> Result<()> {
        let scope = &self.caller.scope;
        self.inside(scope.sees_org(company, name))?;
        if self.catalogue.org(company, name).is_some() {
            self.reaches(scope.folder.is_none(), "organisation")?;
        } else {
            self.inside(scope.org.is_none())?;
            let id = OrgId(self.catalogue.take_id());
            let fresh = org::new(id, company, name, self.context.now);
            self.company_mut(company)?.orgs.insert(name.clone(), Arc::new(fresh));
        }
        let context = self.context;
        let fields = context.fields();
        let rules = org::Rules { company, fields, holds_transcripts: context.holds_transcripts };
        let (org, next) = self.org_mut(company, name)?;
        org::overlay(org, body, pointer, &rules, next)
    }

    fn put_folder(
        &mut self,
        (company, org): (&CompanyName, &OrgName),
        name: &FolderName,
        body: &Map<String, Value>,
        pointer: &str,
    ) -> Result<()> {
        let scope = &self.caller.scope;
        self.inside(scope.sees_folder(company, org, name))?;
        let alter = scope.folder.is_none();
        let context = self.context;
        let (org, next) = self.org_mut(company, org)?;
        if !org.folders.contains_key(name) {
            if !alter {
                return Err(Error::absent());
            }
            let fresh = folder::new(FolderId(take_number(next)), org, name, context.now);
            org.folders.insert(name.clone(), Arc::new(fresh));
        }
        let listed = match body.get("custom_meta") {
            Some(sent) => {
                Some(fields::listed(org, sent, &below(pointer, "custom_meta"), (context.fields(), alter), next)?)
            }
            None => None,
        };
        let folder = org.folders.get_mut(name).ok_or_else(Error::absent)?;
        folder::overlay(Arc::make_mut(folder), body, listed, pointer)
    }

    fn company_mut(&mut self, name: &CompanyName) -> Result<&mut Company> {
        self.catalogue.companies.get_mut(name).map(Arc::make_mut).ok_or_else(Error::absent)
    }

    /// The organisation, and the counter of numbers beside it.
    fn org_mut(&mut self, company: &CompanyName, org: &OrgName) -> Result<(&mut Org, &mut u32)> {
        let Catalogue { companies, next_id } = &mut self.catalogue;
        let company = companies.get_mut(company).map(Arc::make_mut).ok_or_else(Error::absent)?;
        let org = company.orgs.get_mut(org).map(Arc::make_mut).ok_or_else(Error::absent)?;
        Ok((org, next_id))
    }
}
