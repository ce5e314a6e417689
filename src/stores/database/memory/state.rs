//! What the reference model holds.
use crate::base::digest;
use crate::domain::identity::{FolderId, Key, OrgId, Tid};
use crate::stores::database::Sink;
use crate::stores::database::rows::{Identity, Job, ObjectKind, PastJob, Row, StoredObject, StoredToken};
use crate::stores::database::writes::Remembered;
use std::collections::{BTreeMap, BTreeSet};

/// Every table as a map.
pub struct State {
    /// Transcripts.
    pub rows: BTreeMap<Key, Row>,
    /// Transcripts by name.
    pub ids: BTreeMap<(OrgId, Tid), Key>,
    /// Revisions of erased ids.
    pub tombstones: BTreeMap<(OrgId, Tid), u64>,
    /// Idempotency keys, each with the microsecond at which it is forgotten.
    pub remembered: BTreeMap<[u8; 32], (Remembered, i64)>,
    /// Configuration.
    pub objects: BTreeMap<(ObjectKind, u32), StoredObject>,
    /// Tokens by id.
    pub tokens: BTreeMap<String, StoredToken>,
    /// Jobs by id.
    pub jobs: BTreeMap<String, Job>,
    /// Ended jobs by id.
    pub past_jobs: BTreeMap<String, PastJob>,
    /// Names seen without being configured.
    pub seen: BTreeSet<(FolderId, String)>,
    /// Who the store is.
    pub identity: Identity,
}

impl Default for State {
    fn default() -> Self {
        let epoch = digest::random().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
        let identity = Identity {
            epoch: epoch >> 1,
            secret: digest::random(),
            commit: 0,
            last_key: 0,
            last_object: 0,
            index_batch: 0,
        };
        Self {
            rows: BTreeMap::new(),
            ids: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            remembered: BTreeMap::new(),
            objects: BTreeMap::new(),
            tokens: BTreeMap::new(),
            jobs: BTreeMap::new(),
            past_jobs: BTreeMap::new(),
            seen: BTreeSet::new(),
            identity,
        }
    }
}

/// Whether the sink has not settled the row.
pub fn owes(row: &Row, sink: Sink) -> bool {
    let settled = match sink {
        Sink::Index if row.indexed.schema_version < row.schema_version => return true,
        Sink::Index => row.indexed,
        Sink::Archive => row.archived,
    };
    settled.revision < row.revision.0 || settled.words_revision < row.words_revision.0
}
