//! Names and numbers that identify things. A constructor is the only door: what exists is valid.
pub mod field_name;
pub mod mark;
pub mod name;
pub mod numbers;

pub use field_name::FieldName;
pub use mark::Mark;
pub use name::{CompanyName, FolderName, OrgName, Place, Tid};
pub use numbers::{CompanyId, FieldId, FolderId, Key, OrgId, Revision};
