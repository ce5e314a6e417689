//! Paths below `/config` and `/list`: which level, which collection, which object.
use crate::domain::identity::{CompanyName, FolderName, OrgName};
use crate::domain::refusal::Refusal;

/// What a path ends with instead of an object of the hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// `/orgs`
    Orgs,
    /// `/folders`
    Folders,
    /// `/apps`
    Apps,
    /// `/users`
    Users,
}

/// A path: the levels it names, and the collection it ends in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigPath {
    /// Named company.
    pub company: Option<CompanyName>,
    /// Named organisation.
    pub org: Option<OrgName>,
    /// Named folder.
    pub folder: Option<FolderName>,
    /// Collection.
    pub collection: Option<Collection>,
    /// Named member of `apps` or `users`.
    pub item: Option<String>,
}

impl ConfigPath {
    /// Reads the decoded segments after `/config` or `/list`; `None` when there is no such path.
    ///
    /// # Errors
    /// `name_invalid` for a name that could not exist.
    pub fn parse(segments: &[&str]) -> Result<Option<Self>, Refusal> {
        let _ = segments;
        todo!()
    }
}
