//! Companies, organisations, folders: what is configured. One immutable value; a change makes a new one.
use super::fields::{ConfiguredField, FolderSchema, OnMismatch, SpeakerMap};
use super::identity::{CompanyId, CompanyName, FieldName, FolderId, FolderName, OrgId, OrgName};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most days of `retention` that are believed: a century.
pub const RETENTION_DAYS_MAX: i64 = 36_500;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// By name.
    pub companies: BTreeMap<CompanyName, Arc<Company>>,
    /// The next number for a company, organisation, folder or field; never goes back.
    pub next_id: u32,
}

/// A company.
#[derive(Clone, Debug)]
pub struct Company {
    /// Its number.
    pub id: CompanyId,
    /// Its short name.
    pub name: CompanyName,
    /// `name`, `uuid`, `created`, `limithours`, … and every key we do not use, as shown.
    pub settings: Map<String, Value>,
    /// Users by name, as given (without passwords).
    pub users: BTreeMap<String, Map<String, Value>>,
    /// Its organisations.
    pub orgs: BTreeMap<OrgName, Arc<Org>>,
    /// Grows with every change of the company itself, its users included: part of its ETag.
    pub version: u64,
}

/// An organisation.
#[derive(Clone, Debug)]
pub struct Org {
    /// Its number.
    pub id: OrgId,
    /// Its short name.
    pub name: OrgName,
    /// Everything shown that has no member of its own here.
    pub settings: Map<String, Value>,
    /// IANA name, e.g. `Europe/Berlin`.
    pub timezone: String,
    /// The same, ready to use.
    pub zone: TimeZone,
    /// The one schema of names in the order defined.
    pub fields: Vec<Arc<ConfiguredField>>,
    /// Applications by name, as given.
    pub apps: BTreeMap<String, Map<String, Value>>,
    /// Fields deleted softly: their values stay in the archive.
    pub deleted: Vec<DeletedField>,
    /// Names deleted for good: nothing may be stored under them.
    pub barred: Arc<BTreeSet<FieldName>>,
    /// Its folders.
    pub folders: BTreeMap<FolderName, Arc<Folder>>,
    /// Grows with every change of the organisation itself.
    pub version: u64,
}

/// A field that was deleted softly, with what brings it back.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletedField {
    /// The field as it was.
    pub field: Arc<ConfiguredField>,
    /// The folders that listed it.
    pub folders: Vec<FolderId>,
}

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its number.
    pub id: FolderId,
    /// The organisation it belongs to.
    pub org: OrgId,
    /// Its name.
    pub name: FolderName,
    /// Everything shown that has no member of its own here; secrets of `callback` are kept apart.
    pub settings: Map<String, Value>,
    /// Secrets of `callback`, never shown again.
    pub secrets: Map<String, Value>,
    /// The configured names in the order given, each defined in the organisation's schema.
    pub custom_meta: Vec<FieldName>,
    /// What becomes of misfits.
    pub on_mismatch: OnMismatch,
    /// Who is agent, who client.
    pub speakers: SpeakerMap,
    /// `custom_meta` resolved; its `version` says which rows are projected with it.
    pub schema: Arc<FolderSchema>,
    /// Grows with every change of the folder itself.
    pub version: u64,
}

impl Catalogue {
    /// The company of that name.
    pub fn company(&self, company: &CompanyName) -> Option<&Arc<Company>> {
        self.companies.get(company)
    }

    /// The organisation of that name.
    pub fn org(&self, company: &CompanyName, org: &OrgName) -> Option<&Arc<Org>> {
        self.companies.get(company)?.orgs.get(org)
    }

    /// All organisations with their companies.
    pub fn orgs(&self) -> impl Iterator<Item = (&Arc<Company>, &Arc<Org>)> {
        self.companies.values().flat_map(|company| company.orgs.values().map(move |org| (company, org)))
    }

    /// Takes the next free number.
    pub fn take_id(&mut self) -> u32 {
        take_number(&mut self.next_id)
    }

    /// The greatest number given so far; 0 when none was.
    pub fn last_id(&self) -> u32 {
        self.next_id.saturating_sub(1)
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { companies: BTreeMap::new(), next_id: 1 }
    }
}

/// Takes a number from a counter that holds the next free one, for callers that have the rest of the catalogue
/// borrowed. Numbers begin at 1: 0 is the parent of companies.
pub fn take_number(next: &mut u32) -> u32 {
    let taken = (*next).max(1);
    *next = taken.saturating_add(1);
    taken
}
