//! Configuration: paths, reading, additive change, deletion (contract section 5).
pub mod path;
pub use path::{Collection, ConfigPath};

/// `DELETE` parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Several objects may go.
    pub multi: bool,
    /// Non-empty objects may go (with `multi`, where several go).
    pub tree: bool,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// Answer the plan, change nothing.
    pub dry_run: bool,
}
