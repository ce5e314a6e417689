//! The environment, read once and at one place.
use crate::base::secret::Secret;
use std::path::PathBuf;

/// What begins the names of all our variables.
pub const PREFIX: &str = "LINERNOTES_";

/// Our variables as found.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `LINERNOTES_SECTION__KEY` and whatever else begins like ours, by name.
    pub variables: Vec<(String, String)>,
    /// `LINERNOTES_TOKEN`: the token commands with `--url` send.
    pub token: Option<Secret>,
    /// `LINERNOTES_CONFIG`: the configuration file, where no flag names one.
    pub config_file: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment. Text that is not UTF-8 is taken with replacement characters, so that a check
    /// can complain of it.
    pub fn read() -> Self {
        Self::of(
            std::env::vars_os()
                .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())),
        )
    }

    /// Sorts variables given as pairs.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut found = Self::default();
        for (name, value) in pairs {
            match name.strip_prefix(PREFIX) {
                Some("TOKEN") => found.token = (!value.is_empty()).then(|| Secret::new(value)),
                Some("CONFIG") => found.config_file = (!value.is_empty()).then(|| PathBuf::from(value)),
                Some(_) => found.variables.push((name, value)),
                None => {}
            }
        }
        found.variables.sort();
        found
    }
}
