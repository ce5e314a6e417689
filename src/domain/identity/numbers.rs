//! The numbers behind the names: given by the database, never reused.
use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    };
}

number!(/// A company.
    CompanyId, u32);
number!(/// An organisation.
    OrgId, u32);
number!(/// A folder.
    FolderId, u32);
number!(/// A field of an organisation's schema: one name with one type.
    FieldId, u32);
number!(/// One incarnation of a transcript; dense, so that sets of them are bit arrays. Never reused.
    Key, u32);
number!(/// How many accepted writes a transcript has seen; its strong entity tag.
    Revision, u64);
