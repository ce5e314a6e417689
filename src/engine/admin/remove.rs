//! `DELETE /config/…`: what goes, what must be erased with it.
use super::path::{ConfigPath, Subject};
use super::plan::{self, Step};
use super::stored;
use super::visible::{Object, entries};
use crate::domain::access::{Right, Scope};
use crate::domain::catalogue::{Catalogue, Company, Folder, Org};
use crate::domain::identity::{CompanyName, FolderId, FolderName, OrgId, OrgName};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::error::{Error, Result};
use crate::stores::database::rows::{ObjectKind, StoredObject};
use serde_json::Value;
use std::sync::Arc;

/// `DELETE` parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Several objects may go.
    pub multi: bool,
    /// Non-empty objects may go (with `multi`, where several go).
    pub tree: bool,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// Answer the plan, change nothing.
    pub dry_run: bool,
}

/// A folder that goes: its transcripts must be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedFolder {
    /// The company it was in.
    pub company: CompanyName,
    /// The organisation it was in.
    pub org: OrgName,
    /// Its name.
    pub name: FolderName,
    /// Its number.
    pub id: FolderId,
    /// The number of its organisation.
    pub org_id: OrgId,
}

/// An organisation that goes whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedOrg {
    /// The company it was in.
    pub company: CompanyName,
    /// Its name.
    pub name: OrgName,
    /// Its number.
    pub id: OrgId,
}

/// A deletion that is allowed.
#[derive(Debug, Default)]
pub struct Removal {
    /// The configuration after it.
    pub catalogue: Catalogue,
    /// Objects that go.
    pub delete: Vec<(ObjectKind, u32)>,
    /// Objects that stay, less the users or applications that go.
    pub put: Vec<StoredObject>,
    /// Every folder that goes, those of whole organisations included.
    pub folders: Vec<RemovedFolder>,
    /// Organisations that go whole.
    pub orgs: Vec<RemovedOrg>,
    /// What goes (with `dry_run`: what would go).
    pub answer: Value,
}

/// Works out what a deletion takes along.
///
/// # Errors
/// `not_found`, `right_missing`; `multiple_items` and `not_empty` when `multi` and `tree` do not allow it.
pub fn delete(
    catalogue: &Catalogue,
    caller: &Caller,
    path: &ConfigPath,
    options: &DeleteOptions,
    folder_is_empty: &dyn Fn(FolderId) -> bool,
) -> Result<Removal> {
    let found = entries(catalogue, caller, path)?;
    caller.demand(Right::Config)?;
    let targets: Vec<(Vec<&str>, Object<'_>)> =
        found.into_iter().filter_map(|entry| Some((entry.keys, entry.object?))).collect();
    for (_, object) in &targets {
        demand_reach(caller.scope(), object)?;
    }
    if targets.len() > 1 && !options.multi {
        return Err(multiple(targets.len()));
    }
    let mut removal = Work { next: catalogue.clone(), removal: Removal::default(), steps: Vec::new() };
    for (keys, object) in &targets {
        let whole_trees = options.tree && options.multi;
        if !whole_trees && !is_empty(object, folder_is_empty) {
            return Err(full(&keys.join("/"), options.tree));
        }
        removal.take(object, keys.last().copied().unwrap_or_default())?;
    }
    if removal.steps.len() > 1 && !options.multi {
        return Err(multiple(removal.steps.len()));
    }
    Ok(removal.finish())
}

/// What holds others, transcripts too, goes only with `tree`, which counts only together with `multi`.
fn full(name: &str, tree: bool) -> Error {
    if tree {
        let detail =
            format!("Can not delete multiple items: {name:?} holds others; multi=true&tree=true deletes them too");
        return Error::refused(Code::ConfigMultiple, detail);
    }
    let detail =
        format!("Can not delete non-empty object: {name:?} holds others; multi=true&tree=true deletes them too");
    Error::refused(Code::ConfigNotEmpty, detail)
}

fn multiple(count: usize) -> Error {
    let detail = format!("Can not delete multiple items: this would delete {count}; multi=true allows it");
    Error::refused(Code::ConfigMultiple, detail)
}

/// An object that holds the caller's scope may be seen, but not deleted.
fn demand_reach(scope: &Scope, object: &Object<'_>) -> Result<()> {
    let (reaches, what) = match object {
        Object::Company(_) => (scope.org.is_none(), "company"),
        Object::Org(..) => (scope.folder.is_none(), "organisation"),
        Object::Folder(..) | Object::App(..) | Object::User(..) => (true, ""),
    };
    if reaches {
        return Ok(());
    }
    let detail = format!("the token reaches only a part of this {what}: it can not delete it");
    Err(Error::refused(Code::RightMissing, detail))
}

fn is_empty(object: &Object<'_>, folder_is_empty: &dyn Fn(FolderId) -> bool) -> bool {
    match object {
        Object::Company(company) => company.orgs.is_empty() && company.users.is_empty(),
        Object::Org(_, org) => org.folders.is_empty() && org.apps.is_empty(),
        Object::Folder(_, _, folder) => folder_is_empty(folder.id),
        Object::App(..) | Object::User(..) => true,
    }
}

struct Work {
    next: Catalogue,
    removal: Removal,
    steps: Vec<Step>,
}

impl Work {
    fn take(&mut self, object: &Object<'_>, name: &str) -> Result<()> {
        match object {
            Object::Company(company) => {
                self.next.companies.remove(&company.name);
                self.company(company);
            }
            Object::Org(company, org) => {
                self.company_mut(&company.name)?.orgs.remove(&org.name);
                self.org(company, org);
            }
            Object::Folder(company, org, folder) => {
                self.org_mut(company, org.id)?.folders.remove(&folder.name);
                self.folder(company, org, folder);
            }
            Object::App(company, org, _) => {
                let changed = self.org_mut(company, org.id)?;
                changed.apps.remove(name);
                changed.version = org.version + 1;
                let anew = stored::org(changed, company.id)?;
                self.restore(anew);
                self.step(Subject::App, format!("{}/{}/{name}", company.name, org.name));
            }
            Object::User(company, _) => {
                let changed = self.company_mut(&company.name)?;
                changed.users.remove(name);
                changed.version = company.version + 1;
                let anew = stored::company(changed)?;
                self.restore(anew);
                self.step(Subject::User, format!("{}/{name}", company.name));
            }
        }
        Ok(())
    }

    fn company(&mut self, company: &Company) {
        self.removal.delete.push((ObjectKind::Company, company.id.0));
        self.step(Subject::Company, company.name.to_string());
        for user in company.users.keys() {
            self.step(Subject::User, format!("{}/{user}", company.name));
        }
        for org in company.orgs.values() {
            self.org(company, org);
        }
    }

    fn org(&mut self, company: &Company, org: &Org) {
        self.removal.delete.push((ObjectKind::Org, org.id.0));
        self.removal.orgs.push(RemovedOrg { company: company.name.clone(), name: org.name.clone(), id: org.id });
        self.step(Subject::Org, format!("{}/{}", company.name, org.name));
        for app in org.apps.keys() {
            self.step(Subject::App, format!("{}/{}/{app}", company.name, org.name));
        }
        for folder in org.folders.values() {
            self.folder(company, org, folder);
        }
    }

    fn folder(&mut self, company: &Company, org: &Org, folder: &Folder) {
        self.removal.delete.push((ObjectKind::Folder, folder.id.0));
        self.removal.folders.push(RemovedFolder {
            company: company.name.clone(),
            org: org.name.clone(),
            name: folder.name.clone(),
            id: folder.id,
            org_id: org.id,
        });
        self.step(Subject::Folder, format!("{}/{}/{}", company.name, org.name, folder.name));
    }

    fn step(&mut self, subject: Subject, name: String) {
        self.steps.push(Step::new(subject, name, false));
    }

    /// One object loses several users or applications: it is stored once, as it stands at the end.
    fn restore(&mut self, anew: StoredObject) {
        self.removal.put.retain(|object| (object.kind, object.id) != (anew.kind, anew.id));
        self.removal.put.push(anew);
    }

    fn company_mut(&mut self, name: &CompanyName) -> Result<&mut Company> {
        self.next.companies.get_mut(name).map(Arc::make_mut).ok_or_else(Error::absent)
    }

    fn org_mut(&mut self, company: &Company, id: OrgId) -> Result<&mut Org> {
        let orgs = &mut self.company_mut(&company.name)?.orgs;
        orgs.values_mut().find(|org| org.id == id).map(Arc::make_mut).ok_or_else(Error::absent)
    }

    fn finish(self) -> Removal {
        Removal { catalogue: self.next, answer: plan::deleted(&self.steps), ..self.removal }
    }
}
