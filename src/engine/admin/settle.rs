//! The last step of a change: schemas are resolved anew, versions grow where something changed, and what must be
//! stored is told by comparing with the catalogue before.
use super::fields::{index, resolve};
use super::path::Subject;
use super::plan::{FieldChanges, Step};
use super::stored;
use crate::domain::catalogue::{Catalogue, Company, Folder, Org};
use crate::domain::fields::{ConfiguredField, FolderSchema};
use crate::domain::identity::{CompanyId, FolderId};
use crate::engine::error::Result;
use crate::stores::database::rows::StoredObject;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a change comes to.
#[derive(Debug, Default)]
pub struct Settled {
    /// Objects to store.
    pub put: Vec<StoredObject>,
    /// What was made or changed.
    pub steps: Vec<Step>,
    /// Folders whose schema version was raised, and their names.
    pub reprojected: Vec<(FolderId, String)>,
}

/// Brings `new` in order and says how it differs from `old`. Objects still shared with `old` are not looked at.
///
/// # Errors
/// A defect of ours: an object that JSON cannot spell.
pub fn settle(old: &Catalogue, new: &mut Catalogue) -> Result<Settled> {
    let mut settled = Settled::default();
    for company in new.companies.values_mut() {
        let before = old.companies.get(&company.name);
        if before.is_some_and(|before| Arc::ptr_eq(before, company)) {
            continue;
        }
        settled.company(before.map(AsRef::as_ref), Arc::make_mut(company))?;
    }
    Ok(settled)
}

impl Settled {
    fn company(&mut self, before: Option<&Company>, company: &mut Company) -> Result<()> {
        let place = company.name.to_string();
        let stands = before.map(stored::company).transpose()?;
        if stands.as_ref() != Some(&stored::company(company)?) {
            company.version = before.map_or(1, |before| before.version + 1);
            self.put.push(stored::company(company)?);
        }
        if before.is_none_or(|before| before.settings != company.settings) {
            self.steps.push(Step::new(Subject::Company, place.clone(), before.is_none()));
        }
        self.members(Subject::User, &place, before.map(|before| &before.users), &company.users);
        for org in company.orgs.values_mut() {
            let before = before.and_then(|before| before.orgs.get(&org.name));
            if before.is_some_and(|before| Arc::ptr_eq(before, org)) {
                continue;
            }
            self.org(before.map(AsRef::as_ref), Arc::make_mut(org), company.id, &place)?;
        }
        Ok(())
    }

    fn org(&mut self, before: Option<&Org>, org: &mut Org, company: CompanyId, above: &str) -> Result<()> {
        let place = format!("{above}/{}", org.name);
        let stands = before.map(|before| stored::org(before, company)).transpose()?;
        if stands.as_ref() != Some(&stored::org(org, company)?) {
            org.version = before.map_or(1, |before| before.version + 1);
            self.put.push(stored::org(org, company)?);
        }
        let fields = changes(before.map_or(&[], |before| &before.fields), &org.fields, |a, b| {
            a == b && a.name.shown() == b.name.shown()
        });
        let same = |before: &Org| before.settings == org.settings && before.timezone == org.timezone;
        if !before.is_some_and(same) || fields != FieldChanges::default() {
            let step = Step::new(Subject::Org, place.clone(), before.is_none());
            self.steps.push(Step { fields, ..step });
        }
        self.members(Subject::App, &place, before.map(|before| &before.apps), &org.apps);
        let Org { fields, zone, folders, barred, .. } = org;
        let schema = index(fields);
        for folder in folders.values_mut() {
            let before = before.and_then(|before| before.folders.get(&folder.name));
            let resolved = resolve(&schema, &folder.custom_meta);
            let untouched = before.is_some_and(|before| Arc::ptr_eq(before, folder));
            let same = identical(&folder.schema.fields, &resolved) && folder.schema.barred == *barred;
            if untouched && same && folder.schema.zone == *zone {
                continue;
            }
            let folder = Arc::make_mut(folder);
            let zone = zone.clone();
            let version = folder.schema.version;
            let schema = FolderSchema::new(folder.id, version, zone, folder.on_mismatch, resolved);
            folder.schema = Arc::new(schema.barring(barred.clone()));
            self.folder(before.map(AsRef::as_ref), folder, &place)?;
        }
        Ok(())
    }

    fn folder(&mut self, before: Option<&Folder>, folder: &mut Folder, above: &str) -> Result<()> {
        let place = format!("{above}/{}", folder.name);
        if before.is_some_and(|before| alters(&before.schema, &folder.schema)) {
            let raised = folder.schema.version + 1;
            folder.schema = Arc::new(FolderSchema::clone(&folder.schema).at(raised));
            self.reprojected.push((folder.id, place.clone()));
        }
        let stands = before.map(stored::folder).transpose()?;
        if stands.as_ref() == Some(&stored::folder(folder)?) {
            return Ok(());
        }
        folder.version = before.map_or(1, |before| before.version + 1);
        self.put.push(stored::folder(folder)?);
        let fields = changes(before.map_or(&[], |before| &before.schema.fields), &folder.schema.fields, alike);
        let step = Step::new(Subject::Folder, place, before.is_none());
        self.steps.push(Step { fields, ..step });
        Ok(())
    }

    /// Users and applications, which are stored with what they belong to.
    fn members(
        &mut self,
        subject: Subject,
        above: &str,
        before: Option<&BTreeMap<String, Map<String, Value>>>,
        now: &BTreeMap<String, Map<String, Value>>,
    ) {
        for (name, settings) in now {
            let stands = before.and_then(|before| before.get(name));
            if stands != Some(settings) {
                self.steps.push(Step::new(subject, format!("{above}/{name}"), stands.is_none()));
            }
        }
    }
}

/// Whether values projected with one would be the values projected with the other.
fn alike(a: &ConfiguredField, b: &ConfiguredField) -> bool {
    let (left, right) = (&a.definition, &b.definition);
    a.id == b.id
        && a.name.shown() == b.name.shown()
        && a.next == b.next
        && (left.kind, left.multi) == (right.kind, right.multi)
        && (&left.values, &left.retired, &left.renamed) == (&right.values, &right.retired, &right.renamed)
}

/// Whether stored values may differ under the new schema. The order of the list does not matter to them, nor do
/// `on_mismatch` and the speakers; the zone does, for instants without one.
fn alters(before: &FolderSchema, now: &FolderSchema) -> bool {
    before.zone != now.zone
        || before.fields.len() != now.fields.len()
        // An edit that was computed before a name was barred must be computed again.
        || !now.barred.is_subset(&before.barred)
        || now.fields.iter().any(|field| before.field(&field.name).is_none_or(|old| !alike(old, field)))
}

/// Whether two resolved lists are the same to the letter.
fn identical(a: &[Arc<ConfiguredField>], b: &[Arc<ConfiguredField>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b && a.name.shown() == b.name.shown())
}

fn changes(
    before: &[Arc<ConfiguredField>],
    now: &[Arc<ConfiguredField>],
    same: fn(&ConfiguredField, &ConfiguredField) -> bool,
) -> FieldChanges {
    let (old, new) = (index(before), index(now));
    let mut changes = FieldChanges::default();
    for field in now {
        match old.get(&field.name) {
            None => changes.added.push(field.name.shown().to_owned()),
            Some(old) if !same(old, field) => changes.changed.push(field.name.shown().to_owned()),
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|field| !new.contains_key(&field.name));
    changes.removed = gone.map(|field| field.name.shown().to_owned()).collect();
    changes
}
