//! Rights and scopes: what a token may see and do (contract section 3).
use super::identity::{CompanyName, FolderName, OrgName};
use serde::{Deserialize, Serialize};

/// One right of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Read metadata, transcripts, search.
    Read,
    /// Edit metadata, bring and erase transcripts.
    Write,
    /// Change companies, organisations, folders, fields.
    Config,
    /// Tokens and metrics.
    Admin,
    /// See values of fields marked `pii`.
    Pii,
}

impl Right {
    /// All rights.
    pub const ALL: [Right; 5] = [Right::Read, Right::Write, Right::Config, Right::Admin, Right::Pii];

    /// As it is spelled in JSON.
    pub fn text(self) -> &'static str {
        match self {
            Right::Read => "read",
            Right::Write => "write",
            Right::Config => "config",
            Right::Admin => "admin",
            Right::Pii => "pii",
        }
    }
}

/// The part of the world a token reaches: a missing level means all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Only this company.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub company: Option<CompanyName>,
    /// Only this organisation (then `company` is set).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org: Option<OrgName>,
    /// Only this folder (then `org` is set).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub folder: Option<FolderName>,
}

impl Scope {
    /// Whether something of the company may be seen.
    pub fn sees_company(&self, company: &CompanyName) -> bool {
        self.company.as_ref().is_none_or(|own| own == company)
    }

    /// Whether something of the organisation may be seen.
    pub fn sees_org(&self, company: &CompanyName, org: &OrgName) -> bool {
        self.sees_company(company) && self.org.as_ref().is_none_or(|own| own == org)
    }

    /// Whether the folder may be seen.
    pub fn sees_folder(&self, company: &CompanyName, org: &OrgName, folder: &FolderName) -> bool {
        self.sees_org(company, org) && self.folder.as_ref().is_none_or(|own| own == folder)
    }

    /// Whether everything `other` reaches lies within this scope.
    pub fn covers(&self, other: &Scope) -> bool {
        fn within<T: PartialEq>(own: Option<&T>, asked: Option<&T>) -> bool {
            own.is_none() || own == asked
        }
        within(self.company.as_ref(), other.company.as_ref())
            && within(self.org.as_ref(), other.org.as_ref())
            && within(self.folder.as_ref(), other.folder.as_ref())
    }
}
