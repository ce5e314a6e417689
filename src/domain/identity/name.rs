//! Names of companies, organisations and folders, and transcript ids (contract section 1).
use crate::domain::refusal::{Code, Refusal};
use std::fmt;
use std::sync::Arc;

/// Words of the API's own paths that cannot name an object on a level where they stand.
const PATH_WORDS: [&str; 6] = ["orgs", "folders", "apps", "users", "system", "fields"];

/// One that stands where folders do: `/config/CO/ORG/unconfigured`.
const FOLDER_WORD: &str = "unconfigured";

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes `text` as a name.
            ///
            /// # Errors
            /// `name_invalid`, saying which rule is broken.
            pub fn parse(text: &str) -> Result<Self, Refusal> {
                $check($what, text)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(/// A company's short name: no blanks.
    CompanyName, "company", check_company);
name!(/// An organisation's short name, usually `Company-Org`.
    OrgName, "organisation", check_level);
name!(/// A folder's name.
    FolderName, "folder", check_folder);
name!(/// A transcript's id, unique within its organisation.
    Tid, "transcript id", check_tid);

/// Where a transcript lives by name: what a path says, and where its archive files are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The company.
    pub company: CompanyName,
    /// The organisation.
    pub org: OrgName,
    /// The transcript.
    pub tid: Tid,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.company, self.org, self.tid)
    }
}

fn check_company(what: &str, text: &str) -> Result<(), Refusal> {
    check_level(what, text)?;
    if text.chars().any(char::is_whitespace) {
        return Err(broken(what, text, "has a blank in it"));
    }
    Ok(())
}

fn check_level(what: &str, text: &str) -> Result<(), Refusal> {
    if PATH_WORDS.contains(&text) {
        return Err(broken(what, text, "is a word of the API's own paths"));
    }
    if text.trim() != text {
        return Err(broken(what, text, "begins or ends with a blank"));
    }
    check_common(what, text, 100)
}

fn check_folder(what: &str, text: &str) -> Result<(), Refusal> {
    if text == FOLDER_WORD {
        return Err(broken(what, text, "is a word of the API's own paths"));
    }
    check_level(what, text)
}

fn check_tid(what: &str, text: &str) -> Result<(), Refusal> {
    check_common(what, text, 256)
}

fn check_common(what: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length == 0 || length > longest {
        return Err(broken(what, text, &format!("has {length} characters; allowed are 1 to {longest}")));
    }
    if text == "." || text == ".." {
        return Err(broken(what, text, "is a path of its own"));
    }
    if text.chars().any(|c| c == '/' || c == ',' || c.is_control()) {
        return Err(broken(what, text, "holds `/`, `,` or a control character"));
    }
    Ok(())
}

fn broken(what: &str, text: &str, why: &str) -> Refusal {
    let shown: String = text.chars().take(60).collect();
    Refusal::new(Code::NameInvalid, format!("the {what} name {shown:?} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for good in ["Acme", "a", "Zürich", "A.B", "x?y"] {
            assert!(CompanyName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a,b", "orgs", "a\u{0}", " a", &"x".repeat(101)] {
            assert!(CompanyName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(OrgName::parse("Call Centre").is_ok());
        assert!(FolderName::parse("Unconfigured").is_ok() && FolderName::parse("unconfigured").is_err());
        assert!(OrgName::parse("unconfigured").is_ok());
        assert!(Tid::parse("orgs").is_ok());
        assert!(Tid::parse(" 3 ").is_ok());
        assert!(Tid::parse(&"é".repeat(256)).is_ok());
        assert!(Tid::parse(&"é".repeat(257)).is_err());
    }
}
