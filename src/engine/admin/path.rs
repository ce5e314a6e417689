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

/// The kind of objects a path speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Keyed by company.
    Company,
    /// Keyed by company and organisation.
    Org,
    /// Keyed by company, organisation and folder.
    Folder,
    /// Keyed by company, organisation and application.
    App,
    /// Keyed by company and user.
    User,
}

impl Subject {
    /// How many names lead to one such object.
    pub fn levels(self) -> usize {
        match self {
            Subject::Company => 1,
            Subject::Org | Subject::User => 2,
            Subject::Folder | Subject::App => 3,
        }
    }

    /// As plans and answers call it.
    pub fn text(self) -> &'static str {
        match self {
            Subject::Company => "company",
            Subject::Org => "org",
            Subject::Folder => "folder",
            Subject::App => "app",
            Subject::User => "user",
        }
    }
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
    /// Reads the decoded segments after `/config` or `/list`; `None` when there is no such path, and when a name in
    /// it could not exist: both answer as what is absent.
    ///
    /// # Errors
    /// None today; the signature leaves room for paths whose names must be told from unknown ones.
    pub fn parse(segments: &[&str]) -> Result<Option<Self>, Refusal> {
        Ok(Self::read(segments))
    }

    fn read(segments: &[&str]) -> Option<Self> {
        match segments {
            [] => Some(Self::default()),
            ["orgs"] => Some(Self::default().ending(Collection::Orgs)),
            ["folders"] => Some(Self::default().ending(Collection::Folders)),
            ["apps"] => Some(Self::default().ending(Collection::Apps)),
            ["users"] => Some(Self::default().ending(Collection::Users)),
            [company, rest @ ..] => {
                let company = Some(CompanyName::parse(company).ok()?);
                Self { company, ..Self::default() }.below_company(rest)
            }
        }
    }

    fn below_company(self, segments: &[&str]) -> Option<Self> {
        match segments {
            [] => Some(self),
            ["orgs"] => Some(self.ending(Collection::Orgs)),
            ["folders"] => Some(self.ending(Collection::Folders)),
            ["apps"] => Some(self.ending(Collection::Apps)),
            ["users"] => Some(self.ending(Collection::Users)),
            ["users", user] => Some(self.ending(Collection::Users).naming(user)?),
            [org, rest @ ..] => {
                let org = Some(OrgName::parse(org).ok()?);
                Self { org, ..self }.below_org(rest)
            }
        }
    }

    fn below_org(self, segments: &[&str]) -> Option<Self> {
        match segments {
            [] => Some(self),
            ["folders"] => Some(self.ending(Collection::Folders)),
            ["apps"] => Some(self.ending(Collection::Apps)),
            ["apps", app] => Some(self.ending(Collection::Apps).naming(app)?),
            [folder] => Some(Self { folder: Some(FolderName::parse(folder).ok()?), ..self }),
            _ => None,
        }
    }

    fn ending(self, collection: Collection) -> Self {
        Self { collection: Some(collection), ..self }
    }

    /// Names of users and applications follow the rules of folder names.
    fn naming(self, item: &str) -> Option<Self> {
        FolderName::parse(item).ok()?;
        Some(Self { item: Some(item.to_owned()), ..self })
    }

    /// The kind of objects it speaks of.
    pub fn subject(&self) -> Subject {
        match self.collection {
            Some(Collection::Orgs) => Subject::Org,
            Some(Collection::Folders) => Subject::Folder,
            Some(Collection::Apps) => Subject::App,
            Some(Collection::Users) => Subject::User,
            None if self.folder.is_some() => Subject::Folder,
            None if self.org.is_some() => Subject::Org,
            None => Subject::Company,
        }
    }

    /// The names it gives, from the company down: the levels that drop out of the JSON.
    pub fn names(&self) -> Vec<&str> {
        let hierarchy = [
            self.company.as_ref().map(CompanyName::as_str),
            self.org.as_ref().map(OrgName::as_str),
            self.folder.as_ref().map(FolderName::as_str),
            self.item.as_deref(),
        ];
        hierarchy.into_iter().flatten().collect()
    }

    /// Whether it names one object, not a collection.
    pub fn is_single(&self) -> bool {
        self.names().len() == self.subject().levels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<ConfigPath> {
        let segments: Vec<&str> = text.split('/').filter(|s| !s.is_empty()).collect();
        ConfigPath::parse(&segments).unwrap()
    }

    #[test]
    fn every_documented_path_is_read() {
        let table = [
            ("", Subject::Company, 0),
            ("orgs", Subject::Org, 0),
            ("folders", Subject::Folder, 0),
            ("apps", Subject::App, 0),
            ("users", Subject::User, 0),
            ("Acme", Subject::Company, 1),
            ("Acme/orgs", Subject::Org, 1),
            ("Acme/folders", Subject::Folder, 1),
            ("Acme/apps", Subject::App, 1),
            ("Acme/users", Subject::User, 1),
            ("Acme/users/pat.doe", Subject::User, 2),
            ("Acme/Acme-Sales", Subject::Org, 2),
            ("Acme/Acme-Sales/folders", Subject::Folder, 2),
            ("Acme/Acme-Sales/apps", Subject::App, 2),
            ("Acme/Acme-Sales/apps/Call Drivers", Subject::App, 3),
            ("Acme/Acme-Sales/In bound?", Subject::Folder, 3),
        ];
        for (text, subject, named) in table {
            let read = path(text).unwrap();
            assert_eq!((read.subject(), read.names().len()), (subject, named), "{text}");
            assert_eq!(read.is_single(), named == subject.levels(), "{text}");
        }
    }

    #[test]
    fn what_cannot_exist_is_absent() {
        for text in [
            "system",
            "system/readonly",
            "A b",
            "orgs/Acme",
            "Acme/system",
            "Acme/orgs/X",
            "Acme/apps/X",
            "Acme/users/a/b",
            "Acme/Acme-Sales/users",
            "Acme/Acme-Sales/fields",
            "Acme/Acme-Sales/Inbound/x",
            "Acme/ X",
            "Acme/users/..",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
        assert_eq!(ConfigPath::parse(&["Acme", ""]).unwrap(), None, "an empty variable in a script is no company");
    }
}
