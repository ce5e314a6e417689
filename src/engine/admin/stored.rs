//! Configuration objects as the database keeps them, and back.
use super::fields::{index, resolve};
use super::org::timezone;
use crate::domain::catalogue::{Catalogue, Company, DeletedField, Folder, Org};
use crate::domain::fields::schema::Next;
use crate::domain::fields::{ConfiguredField, Definition, FolderSchema, OnMismatch, SpeakerMap};
use crate::domain::identity::{CompanyId, CompanyName, FieldId, FieldName, FolderId, FolderName, OrgId, OrgName};
use crate::engine::error::{Error, Result};
use crate::stores::StoreError;
use crate::stores::database::rows::{ObjectKind, StoredObject};
use crate::stores::error::{Kind, Store};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

type Settings = Map<String, Value>;

#[derive(Serialize, Deserialize)]
struct CompanyBody<'a> {
    settings: Cow<'a, Settings>,
    #[serde(default)]
    users: Cow<'a, BTreeMap<String, Settings>>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct OrgBody<'a> {
    settings: Cow<'a, Settings>,
    timezone: Cow<'a, str>,
    #[serde(default)]
    fields: Vec<FieldBody<'a>>,
    #[serde(default)]
    apps: Cow<'a, BTreeMap<String, Settings>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<DeletedBody<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    barred: Vec<Cow<'a, str>>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct FieldBody<'a> {
    id: FieldId,
    name: Cow<'a, str>,
    definition: Cow<'a, Definition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Cow<'a, Next>>,
}

#[derive(Serialize, Deserialize)]
struct DeletedBody<'a> {
    field: FieldBody<'a>,
    folders: Vec<FolderId>,
}

impl<'a> FieldBody<'a> {
    fn of(field: &'a ConfiguredField) -> Self {
        Self {
            id: field.id,
            name: Cow::Borrowed(field.name.shown()),
            definition: Cow::Borrowed(&field.definition),
            next: field.next.as_deref().map(Cow::Borrowed),
        }
    }

    fn read(self) -> Arc<ConfiguredField> {
        let next = self.next.map(|next| Arc::new(next.into_owned()));
        let name = FieldName::lenient(&self.name);
        Arc::new(ConfiguredField { id: self.id, name, definition: self.definition.into_owned(), next })
    }
}

#[derive(Serialize, Deserialize)]
struct FolderBody<'a> {
    settings: Cow<'a, Settings>,
    #[serde(default)]
    secrets: Cow<'a, Settings>,
    #[serde(default)]
    custom_meta: Vec<Cow<'a, str>>,
    #[serde(default)]
    on_mismatch: OnMismatch,
    #[serde(default)]
    speakers: Cow<'a, SpeakerMap>,
    schema_version: u64,
    version: u64,
}

/// A company with its users, without its organisations.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn company(company: &Company) -> Result<StoredObject> {
    let body = CompanyBody {
        settings: Cow::Borrowed(&company.settings),
        users: Cow::Borrowed(&company.users),
        version: company.version,
    };
    let name = company.name.as_str().to_owned();
    Ok(StoredObject { kind: ObjectKind::Company, id: company.id.0, parent: 0, name, body: spell(&body)? })
}

/// An organisation with its schema and applications, without its folders.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn org(org: &Org, company: CompanyId) -> Result<StoredObject> {
    let body = OrgBody {
        settings: Cow::Borrowed(&org.settings),
        timezone: Cow::Borrowed(&org.timezone),
        fields: org.fields.iter().map(|field| FieldBody::of(field)).collect(),
        apps: Cow::Borrowed(&org.apps),
        deleted: org
            .deleted
            .iter()
            .map(|gone| DeletedBody { field: FieldBody::of(&gone.field), folders: gone.folders.clone() })
            .collect(),
        barred: org.barred.iter().map(|name| Cow::Borrowed(name.shown())).collect(),
        version: org.version,
    };
    let name = org.name.as_str().to_owned();
    Ok(StoredObject { kind: ObjectKind::Org, id: org.id.0, parent: company.0, name, body: spell(&body)? })
}

/// A folder, its credentials and the version of its schema included.
///
/// # Errors
/// A defect of ours: what JSON cannot spell.
pub fn folder(folder: &Folder) -> Result<StoredObject> {
    let body = FolderBody {
        settings: Cow::Borrowed(&folder.settings),
        secrets: Cow::Borrowed(&folder.secrets),
        custom_meta: folder.custom_meta.iter().map(|name| Cow::Borrowed(name.shown())).collect(),
        on_mismatch: folder.on_mismatch,
        speakers: Cow::Borrowed(&folder.speakers),
        schema_version: folder.schema.version,
        version: folder.version,
    };
    let name = folder.name.as_str().to_owned();
    Ok(StoredObject { kind: ObjectKind::Folder, id: folder.id.0, parent: folder.org.0, name, body: spell(&body)? })
}

fn spell<T: Serialize>(body: &T) -> Result<String> {
    serde_json::to_string(body).map_err(|error| {
        Error::Store(StoreError::new(Store::Database, Kind::Bug, "spell a configuration object as JSON", error))
    })
}

/// The catalogue of what is stored. `last_object` is the greatest number ever given, also to objects since removed.
///
/// # Errors
/// `Corrupt`, naming the object: a name or body that cannot be read, a parent that is not there.
pub fn from_stored(objects: Vec<StoredObject>, last_object: u32) -> Result<Catalogue> {
    let mut last = last_object;
    let (mut companies, mut orgs, mut folders) = (Vec::new(), BTreeMap::new(), BTreeMap::<u32, Vec<_>>::new());
    for object in objects {
        last = last.max(object.id);
        match object.kind {
            ObjectKind::Company => companies.push(read_company(&object)?),
            ObjectKind::Org => {
                let org = read_org(&object)?;
                let fields = org.fields.iter().chain(org.deleted.iter().map(|gone| &gone.field));
                let numbers = fields.flat_map(|field| [Some(field.id), field.next.as_ref().map(|next| next.id)]);
                last = numbers.flatten().map(|id| id.0).fold(last, u32::max);
                orgs.insert(org.id.0, (object.parent, org));
            }
            ObjectKind::Folder => folders.entry(object.parent).or_default().push(object),
        }
    }
    for (parent, children) in folders {
        for object in children {
            let Some((_, org)) = orgs.get_mut(&parent) else { return Err(orphan(&object)) };
            let folder = read_folder(&object, org)?;
            org.folders.insert(folder.name.clone(), Arc::new(folder));
        }
    }
    for (parent, org) in orgs.into_values() {
        let Some(company) = companies.iter_mut().find(|company: &&mut Company| company.id.0 == parent) else {
            return Err(corrupt(format!("organisation {} ({}) has no company {parent}", org.id.0, org.name)));
        };
        company.orgs.insert(org.name.clone(), Arc::new(org));
    }
    let companies = companies.into_iter().map(|company| (company.name.clone(), Arc::new(company))).collect();
    Ok(Catalogue { companies, next_id: last.saturating_add(1) })
}

fn read_company(object: &StoredObject) -> Result<Company> {
    let body: CompanyBody<'_> = parse(object)?;
    Ok(Company {
        id: CompanyId(object.id),
        name: named(object, CompanyName::parse)?,
        settings: body.settings.into_owned(),
        users: body.users.into_owned(),
        orgs: BTreeMap::new(),
        version: body.version,
    })
}

fn read_org(object: &StoredObject) -> Result<Org> {
    let body: OrgBody<'_> = parse(object)?;
    let Some((name, zone)) = timezone(&body.timezone) else {
        return Err(corrupt(format!("organisation {} names the unknown time zone {:?}", object.name, body.timezone)));
    };
    Ok(Org {
        id: OrgId(object.id),
        name: named(object, OrgName::parse)?,
        settings: body.settings.into_owned(),
        timezone: name,
        zone,
        fields: body.fields.into_iter().map(FieldBody::read).collect(),
        apps: body.apps.into_owned(),
        deleted: body
            .deleted
            .into_iter()
            .map(|gone| DeletedField { field: gone.field.read(), folders: gone.folders })
            .collect(),
        barred: Arc::new(body.barred.iter().map(|name| FieldName::lenient(name)).collect()),
        folders: BTreeMap::new(),
        version: body.version,
    })
}

fn read_folder(object: &StoredObject, org: &Org) -> Result<Folder> {
    let body: FolderBody<'_> = parse(object)?;
    let custom_meta: Vec<FieldName> = body.custom_meta.iter().map(|name| FieldName::lenient(name)).collect();
    let fields = resolve(&index(&org.fields), &custom_meta);
    if fields.len() != custom_meta.len() {
        return Err(corrupt(format!("folder {} ({}) lists a field its organisation lacks", object.id, object.name)));
    }
    let id = FolderId(object.id);
    let schema = FolderSchema::new(id, body.schema_version, org.zone.clone(), body.on_mismatch, fields);
    let schema = schema.barring(org.barred.clone());
    Ok(Folder {
        id,
        org: org.id,
        name: named(object, FolderName::parse)?,
        settings: body.settings.into_owned(),
        secrets: body.secrets.into_owned(),
        custom_meta,
        on_mismatch: body.on_mismatch,
        speakers: body.speakers.into_owned(),
        schema: Arc::new(schema),
        version: body.version,
    })
}

fn parse<T: DeserializeOwned>(object: &StoredObject) -> Result<T> {
    serde_json::from_str(&object.body).map_err(|error| {
        let operation = format!("read configuration object {} ({})", object.id, object.name);
        Error::Store(StoreError::new(Store::Database, Kind::Corrupt, operation, error))
    })
}

fn named<T>(
    object: &StoredObject,
    parse: fn(&str) -> std::result::Result<T, crate::domain::refusal::Refusal>,
) -> Result<T> {
    parse(&object.name).map_err(|refusal| {
        let operation = format!("read the name of configuration object {}", object.id);
        Error::Store(StoreError::new(Store::Database, Kind::Corrupt, operation, refusal))
    })
}

fn orphan(object: &StoredObject) -> Error {
    corrupt(format!("folder {} ({}) has no organisation {}", object.id, object.name, object.parent))
}

fn corrupt(what: String) -> Error {
    Error::Store(StoreError::plain(Store::Database, Kind::Corrupt, format!("read the configuration: {what}")))
}
