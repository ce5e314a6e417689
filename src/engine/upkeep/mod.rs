//! Looking after the stores: comparison, figures, jobs.
pub mod figures;
pub mod reindex;
pub mod verify;
pub use figures::Figures;
pub use reindex::{Reindexing, SetAside};
pub use verify::VerifyReport;
