//! Looking after the stores: comparison, figures, jobs.
pub mod adopt;
pub mod backup;
pub mod backup_board;
pub mod behind;
pub mod catalogue;
pub mod figures;
pub mod reindex;
pub mod repair;
pub mod report;
pub mod verify;
pub use backup_board::BackupStanding;
pub use behind::Behind;
pub use figures::Figures;
pub use reindex::{Reindexing, SetAside};
pub use report::{RepairOptions, RepairReport};
pub use verify::VerifyReport;
