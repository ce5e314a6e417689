//! What the engine is told at start; the sections of the configuration file that concern it.
pub use crate::config::{Backup, Compat, Retention, Workers};
use crate::domain::fields::value::ValueBounds;
use crate::domain::identity::field_name::NameRules;
use crate::domain::limits::Limits;
use crate::domain::metadata::edit::EditRules;

/// Everything the engine is told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `[limits]`
    pub limits: Limits,
    /// `[compat]`
    pub compat: Compat,
    /// `[workers]`
    pub workers: Workers,
    /// `[backup]`
    pub backup: Backup,
    /// The folder on whose disk uploads wait until they are taken in; empty: the system's for temporary files.
    pub spool: std::path::PathBuf,
    /// `[retention]`
    pub retention: Retention,
    /// The folder for rows that wait for their jobs; without one there are no imports.
    pub staging: Option<std::path::PathBuf>,
}

impl Settings {
    /// The rules edits are read and applied under.
    pub fn edit_rules(&self) -> EditRules<'_> {
        let names = if self.compat.vspark_names { NameRules::VSpark } else { NameRules::Free };
        EditRules { limits: &self.limits, names, dash_to_hash: self.compat.dash_to_hash }
    }

    /// The bounds of values.
    pub fn value_bounds(&self) -> ValueBounds {
        ValueBounds { value_bytes: self.limits.indexed_value_bytes, text_bytes: self.limits.indexed_text_bytes }
    }
}
