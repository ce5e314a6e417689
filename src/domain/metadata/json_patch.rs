//! RFC 6902 JSON Patch over metadata; values no operation touches stay as spelled.

/// A well-formed patch.
#[derive(Clone, Debug)]
pub struct JsonPatch {}
