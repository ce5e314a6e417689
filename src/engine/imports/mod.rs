//! Imports: values for many transcripts, declared, sent as rows, applied by a job (contract section 8).
pub mod csv;
pub mod declare;
pub mod header;
pub mod json;
pub mod lookup;
pub mod rows;
pub mod scrub;
pub mod show;
pub mod staged;
pub mod take;
