//! `CO/ORG/FOLDER` as it is typed.
use crate::domain::identity::{CompanyName, FolderName, OrgName, Place, Tid};
use crate::engine::upkeep::ErasureScope;
use std::fmt;
use std::str::FromStr;

/// A folder by its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPath {
    /// The company.
    pub company: CompanyName,
    /// The organisation.
    pub org: OrgName,
    /// The folder.
    pub folder: FolderName,
}

impl FromStr for FolderPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[company, org, folder] = parts.as_slice() else {
            return Err(String::from("write COMPANY/ORG/FOLDER, for example Acme/Acme-Sales/Inbound"));
        };
        Ok(Self {
            company: CompanyName::parse(company).map_err(|refusal| refusal.detail)?,
            org: OrgName::parse(org).map_err(|refusal| refusal.detail)?,
            folder: FolderName::parse(folder).map_err(|refusal| refusal.detail)?,
        })
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.company, self.org, self.folder)
    }
}

/// An organisation, or a folder of it, by its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopePath(pub ErasureScope);

impl FromStr for ScopePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (company, org, folder) = match parts.as_slice() {
            [company, org] => (*company, *org, None),
            [company, org, folder] => (*company, *org, Some(*folder)),
            _ => return Err(String::from("write COMPANY/ORG or COMPANY/ORG/FOLDER, for example Acme/Acme-Sales")),
        };
        Ok(Self(ErasureScope {
            company: CompanyName::parse(company).map_err(|refusal| refusal.detail)?,
            org: OrgName::parse(org).map_err(|refusal| refusal.detail)?,
            folder: folder.map(FolderName::parse).transpose().map_err(|refusal| refusal.detail)?,
        }))
    }
}

/// Where a search looks: a company, an organisation, or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    /// The company.
    pub company: CompanyName,
    /// The organisation; all of the company without.
    pub org: Option<OrgName>,
    /// The folder; all of the organisation without.
    pub folder: Option<FolderName>,
}

impl FromStr for SearchPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (company, org, folder) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(String::from("write COMPANY, COMPANY/ORG or COMPANY/ORG/FOLDER, for example Acme/Acme-Sales"));
        }
        Ok(Self {
            company: CompanyName::parse(company).map_err(|refusal| refusal.detail)?,
            org: org.map(OrgName::parse).transpose().map_err(|refusal| refusal.detail)?,
            folder: folder.map(FolderName::parse).transpose().map_err(|refusal| refusal.detail)?,
        })
    }
}

impl From<&ScopePath> for SearchPath {
    fn from(ScopePath(scope): &ScopePath) -> Self {
        Self { company: scope.company.clone(), org: Some(scope.org.clone()), folder: scope.folder.clone() }
    }
}

impl fmt::Display for SearchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.company)?;
        let below = [self.org.as_ref().map(OrgName::as_str), self.folder.as_ref().map(FolderName::as_str)];
        below.into_iter().flatten().try_for_each(|name| write!(f, "/{name}"))
    }
}

/// A transcript by its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptPath(pub Place);

impl FromStr for TranscriptPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[company, org, tid] = parts.as_slice() else {
            return Err(String::from("write COMPANY/ORG/ID, for example Acme/Acme-Sales/call-1"));
        };
        Ok(Self(Place {
            company: CompanyName::parse(company).map_err(|refusal| refusal.detail)?,
            org: OrgName::parse(org).map_err(|refusal| refusal.detail)?,
            tid: Tid::parse(tid).map_err(|refusal| refusal.detail)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_in_one_to_three_levels() {
        for good in ["Acme", "Acme/Call Centre", "Acme/Sales/In bound"] {
            assert_eq!(good.parse::<SearchPath>().unwrap().to_string(), good);
        }
        for bad in ["", "a/b/c/d", "a//b", "A b"] {
            assert!(bad.parse::<SearchPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_folder_has_three_names() {
        let path: FolderPath = "Acme/Call Centre/In bound".parse().unwrap();
        assert_eq!(path.to_string(), "Acme/Call Centre/In bound");
        for bad in ["Acme", "Acme/Sales", "a/b/c/d", "A b/c/d", "//", "a//b"] {
            assert!(bad.parse::<FolderPath>().is_err(), "{bad}");
        }
    }
}
