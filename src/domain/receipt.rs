//! What became of each field in each store: the answer to `?receipt=true` (contract section 4).
use super::identity::FieldName;

/// What an edit did with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Configured and stored in database, index and archive.
    Stored,
    /// Configured, and its value is gone from all three.
    Removed,
    /// Not configured: in the archive only.
    NotConfigured,
    /// Not configured, and removed from the archive.
    NotConfiguredRemoved,
    /// Configured, but the value does not fit its type and the folder says `"on_mismatch": "store"`.
    CoercionFailed,
    /// A reserved or rule-breaking name, kept untouched in the archive.
    KeptUntouched,
}

/// One field's line of the receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldOutcome {
    /// The field.
    pub name: FieldName,
    /// What became of it.
    pub outcome: Outcome,
    /// Words for a person, where there are any.
    pub note: Option<String>,
}

impl Outcome {
    /// The words for database, index and archive.
    pub fn words(self) -> [&'static str; 3] {
        match self {
            Outcome::Stored => ["stored", "stored", "stored"],
            Outcome::Removed => ["removed", "removed", "removed"],
            Outcome::NotConfigured | Outcome::KeptUntouched => ["not_configured", "not_configured", "stored"],
            Outcome::NotConfiguredRemoved => ["not_configured", "not_configured", "removed"],
            Outcome::CoercionFailed => ["coercion_failed", "coercion_failed", "stored"],
        }
    }
}
