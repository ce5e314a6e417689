//! One field of an organisation: deleted softly or for good, brought back, its name freed, switched to the definition it
//! was given. Pure changes of an organisation; the folders' schemas follow when the change is settled.
use crate::domain::catalogue::{Catalogue, Company, DeletedField, Org};
use crate::domain::fields::ConfiguredField;
use crate::domain::identity::{CompanyName, FieldName, FolderId, OrgName};
use crate::domain::refusal::Code;
use crate::engine::error::{Error, Result};
use std::sync::Arc;

/// The organisation in a catalogue that is being changed, and the counter of numbers.
///
/// # Errors
/// `not_found`.
pub fn org_mut<'c>(
    catalogue: &'c mut Catalogue,
    company: &CompanyName,
    org: &OrgName,
) -> Result<(&'c mut Org, &'c mut u32)> {
    let Catalogue { companies, next_id } = catalogue;
    let company: &mut Company = companies.get_mut(company).map(Arc::make_mut).ok_or_else(Error::absent)?;
    let org = company.orgs.get_mut(org).map(Arc::make_mut).ok_or_else(Error::absent)?;
    Ok((org, next_id))
}

/// The field of that name.
pub fn find<'o>(org: &'o Org, name: &FieldName) -> Option<&'o Arc<ConfiguredField>> {
    org.fields.iter().find(|field| field.name == *name)
}

/// The field of that name among those deleted softly.
pub fn gone<'o>(org: &'o Org, name: &FieldName) -> Option<&'o DeletedField> {
    org.deleted.iter().find(|gone| gone.field.name == *name)
}

/// The folders that list it.
pub fn listing(org: &Org, name: &FieldName) -> Vec<FolderId> {
    org.folders.values().filter(|folder| folder.custom_meta.contains(name)).map(|folder| folder.id).collect()
}

/// Takes a field out of the schema and of all folders' lists. Softly, it is remembered with the folders that listed it;
/// `hard` bars its name instead, also that of one deleted softly before.
///
/// # Errors
/// `not_found`.
pub fn delete(org: &mut Org, name: &FieldName, hard: bool) -> Result<()> {
    let folders = listing(org, name);
    let field = find(org, name).cloned();
    if field.is_none() && !(hard && gone(org, name).is_some()) {
        return Err(Error::absent());
    }
    org.fields.retain(|field| field.name != *name);
    org.deleted.retain(|gone| gone.field.name != *name);
    for folder in org.folders.values_mut().filter(|folder| folders.contains(&folder.id)) {
        Arc::make_mut(folder).custom_meta.retain(|own| own != name);
    }
    match field {
        _ if hard => drop(Arc::make_mut(&mut org.barred).insert(name.clone())),
        Some(field) => org.deleted.push(DeletedField { field, folders }),
        None => {}
    }
    Ok(())
}

/// Brings a softly deleted field back, with the definition it was given last, into the folders that listed it.
///
/// # Errors
/// `not_found`; `field_exists` when a field has that name now.
pub fn restore(org: &mut Org, name: &FieldName) -> Result<()> {
    if find(org, name).is_some() {
        let detail = format!("there is a field {:?}: nothing is to be restored", name.shown());
        return Err(Error::refused(Code::FieldExists, detail));
    }
    let DeletedField { field, folders } = gone(org, name).cloned().ok_or_else(Error::absent)?;
    org.deleted.retain(|gone| gone.field.name != *name);
    for folder in org.folders.values_mut().filter(|folder| folders.contains(&folder.id)) {
        Arc::make_mut(folder).custom_meta.push(field.name.clone());
    }
    org.fields.push(Arc::new(switched(&field)));
    Ok(())
}

/// Frees a barred name; whether it was barred.
pub fn unbar(org: &mut Org, name: &FieldName) -> bool {
    org.barred.contains(name) && Arc::make_mut(&mut org.barred).remove(name)
}

/// The field under the definition it was given last.
pub fn switched(field: &ConfiguredField) -> ConfiguredField {
    match &field.next {
        Some(next) => ConfiguredField::new(next.id, field.name.clone(), next.definition.clone()),
        None => field.clone(),
    }
}
