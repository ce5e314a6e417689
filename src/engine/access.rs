//! Tokens and callers: what is out of scope answers exactly as what does not exist (contract section 3).
use super::error::{Error, Result};
use crate::domain::access::{Right, Scope};
use crate::domain::catalogue::{Catalogue, Company, Folder, Org};
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::Code;
use std::sync::Arc;

/// Who asks. Made by [`super::Engine::authenticate`], and for a stopped folder by [`Caller::owner`].
#[derive(Clone, Debug)]
pub struct Caller {
    pub(in crate::engine) token_id: Arc<str>,
    pub(in crate::engine) scope: Scope,
    pub(in crate::engine) rights: Arc<[Right]>,
}

impl Caller {
    /// The owner of the data folder: whoever can open its files may do everything. For the command line on a stopped
    /// folder and the demo; never for a request from outside.
    pub fn owner() -> Self {
        Self { token_id: Arc::from("owner"), scope: Scope::default(), rights: Arc::from(Right::ALL) }
    }

    /// The token's id, for logs and idempotency; not the token.
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// What it reaches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether it has the right.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Demands the right. Call it after the thing was found visible, so that hidden things stay unknown.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn demand(&self, right: Right) -> Result<()> {
        if self.may(right) {
            return Ok(());
        }
        Err(Error::refused(Code::RightMissing, format!("the token lacks the right {:?}", right.text())))
    }

    /// Demands the right on everything there is: for what concerns the store as a whole.
    ///
    /// # Errors
    /// `right_missing`.
    pub fn demand_everything(&self, right: Right) -> Result<()> {
        self.demand(right)?;
        if self.scope.company.is_none() {
            return Ok(());
        }
        Err(Error::refused(Code::RightMissing, "this concerns the whole store: the token must reach every company"))
    }

    /// The company, if it is there and may be seen.
    ///
    /// # Errors
    /// `not_found`.
    pub fn company<'c>(&self, catalogue: &'c Catalogue, company: &CompanyName) -> Result<&'c Arc<Company>> {
        if !self.scope.sees_company(company) {
            return Err(Error::absent());
        }
        catalogue.company(company).ok_or_else(Error::absent)
    }

    /// The organisation, if it is there and may be seen.
    ///
    /// # Errors
    /// `not_found`.
    pub fn org<'c>(&self, catalogue: &'c Catalogue, company: &CompanyName, org: &OrgName) -> Result<&'c Arc<Org>> {
        if !self.scope.sees_org(company, org) {
            return Err(Error::absent());
        }
        catalogue.org(company, org).ok_or_else(Error::absent)
    }

    /// Whether a folder of an organisation that may be seen may be seen too.
    pub fn sees_folder(&self, folder: &Folder) -> bool {
        self.scope.folder.as_ref().is_none_or(|own| *own == folder.name)
    }

    /// The folder, if it is there and may be seen.
    ///
    /// # Errors
    /// `not_found`.
    pub fn folder<'o>(&self, org: &'o Org, folder: &FolderName) -> Result<&'o Arc<Folder>> {
        let found = org.folders.get(folder).ok_or_else(Error::absent)?;
        if self.sees_folder(found) { Ok(found) } else { Err(Error::absent()) }
    }
}
