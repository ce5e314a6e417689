//! Locks of many transcripts at once, taken in the order of their ids, so that no two takers wait for each other.
use crate::domain::identity::{OrgId, Tid};
use crate::domain::refusal::Refusal;
use crate::engine::core::Core;
use crate::engine::edit::locks::Guard;
use std::collections::{BTreeSet, HashMap};

/// Locks taken, and the transcripts whose turn did not come.
#[derive(Default)]
pub struct Locked {
    /// Held until dropped.
    pub guards: Vec<Guard>,
    /// Who waited in vain, and why.
    pub failed: HashMap<Tid, Refusal>,
}

/// Takes the locks of different transcripts; one named twice is locked once.
pub async fn lock_all<'t>(core: &Core, org: OrgId, tids: impl Iterator<Item = &'t Tid>) -> Locked {
    let order: BTreeSet<&Tid> = tids.collect();
    let mut locked = Locked::default();
    for tid in order {
        match core.locks.lock(org, tid).await {
            Ok(guard) => locked.guards.push(guard),
            Err(refusal) => {
                locked.failed.insert(tid.clone(), refusal);
            }
        }
    }
    locked
}
