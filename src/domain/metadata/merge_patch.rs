//! RFC 7396 JSON Merge Patch over metadata.
