//! Looking after the stores: comparison, figures, jobs.
pub mod figures;
pub mod verify;
pub use figures::Figures;
pub use verify::VerifyReport;
