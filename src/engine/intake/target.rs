//! Where transcripts are brought in, with the names resolved once for all of them.
use crate::domain::access::Right;
use crate::domain::catalogue::{Company, Org};
use crate::domain::identity::{CompanyName, FolderId, OrgId, OrgName, Place, Tid};
use crate::domain::refusal::Code;
use crate::engine::access::Caller;
use crate::engine::core::Core;
use crate::engine::error::{Error, Result};
use crate::engine::types::IngestOptions;
use crate::engine::world::World;
use std::sync::Arc;

/// Where transcripts go and how.
#[derive(Clone)]
pub struct Target {
    /// The company's name.
    pub company: CompanyName,
    /// The organisation's name.
    pub org_name: OrgName,
    /// The organisation.
    pub org: OrgId,
    /// The folder asked for.
    pub folder: Option<FolderId>,
    /// What becomes of metadata, and where ids are found.
    pub options: IngestOptions,
}

impl Target {
    /// Resolves names, as far as the caller may see and write them.
    ///
    /// # Errors
    /// `not_found`, `right_missing`.
    pub fn resolve(
        core: &Core,
        caller: &Caller,
        company: &CompanyName,
        org: &OrgName,
        options: &IngestOptions,
    ) -> Result<Self> {
        let world = core.world();
        let found: &Arc<Org> = caller.org(&world.catalogue, company, org)?;
        let folder = match &options.folder {
            Some(name) => Some(caller.folder(found, name)?.id),
            None => None,
        };
        caller.demand(Right::Write)?;
        Ok(Self { company: company.clone(), org_name: org.clone(), org: found.id, folder, options: options.clone() })
    }

    /// The place of an id in this organisation.
    pub fn place(&self, tid: &Tid) -> Place {
        Place { company: self.company.clone(), org: self.org_name.clone(), tid: tid.clone() }
    }
}

/// The organisation of this name among those the caller sees.
///
/// # Errors
/// `not_found`; `org_ambiguous`, naming the companies.
pub fn find_org<'w>(world: &'w World, caller: &Caller, name: &OrgName) -> Result<(&'w Arc<Company>, &'w Arc<Org>)> {
    let mut found = Vec::new();
    for company in world.catalogue.companies.values() {
        if let Ok(org) = caller.org(&world.catalogue, &company.name, name) {
            found.push((company, org));
        }
    }
    match found.as_slice() {
        [] => Err(Error::refused(Code::NotFound, format!("Organization {} not found", name.as_str()))),
        [one] => Ok(*one),
        several => {
            let companies: Vec<_> = several.iter().map(|(company, _)| company.name.as_str()).collect();
            let detail = format!(
                "Organization {} is found in several companies: {}; use a token of one of them",
                name.as_str(),
                companies.join(", ")
            );
            Err(Error::refused(Code::OrgAmbiguous, detail))
        }
    }
}
